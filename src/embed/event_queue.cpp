#include "embed/event_queue.hpp"

#include <cstdint>
#include <utility>
#include <variant>

namespace kith::embed {

void EventQueue::push(GraphEvent event) {
    if (const auto* data = std::get_if<DataReceived>(&event)) {
        if (data_ >= kQueuedDataMax) {
            event = EventsLost{1};
        } else {
            data_ += data->data.size();
        }
    }
    const auto* lost = std::get_if<EventsLost>(&event);
    auto* before = events_.empty() ? nullptr : std::get_if<EventsLost>(&events_.back());
    if (lost != nullptr && before != nullptr) {
        before->count += lost->count;
        return;
    }
    events_.push_back(std::move(event));
    if (events_.size() > kQueuedEventsMax) lose_front();
}

std::optional<GraphEvent> EventQueue::pop() {
    if (events_.empty()) return std::nullopt;
    return take_front();
}

GraphEvent EventQueue::take_front() {
    GraphEvent event = std::move(events_.front());
    events_.pop_front();
    if (const auto* data = std::get_if<DataReceived>(&event)) data_ -= data->data.size();
    return event;
}

/// The two oldest ones, whose place is where it is said.
void EventQueue::lose_front() {
    EventsLost lost;
    for (int i = 0; i < 2; ++i) {
        const GraphEvent event = take_front();
        const auto* earlier = std::get_if<EventsLost>(&event);
        lost.count += earlier == nullptr ? 1 : earlier->count;
    }
    events_.emplace_front(lost);
}

} // namespace kith::embed
