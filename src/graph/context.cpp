#include "graph/context.hpp"

#include "graph/wire_limits.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

namespace kith::graph {

Duration authentication_time(std::size_t connections) {
    const double seconds = 20.0 + 280.0 * std::exp(-static_cast<double>(connections) / 10.0);
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

Link& Links::add(LinkId id) {
    Link& link = links_[id];
    link.id = id;
    last_id_ = std::max(last_id_, id);
    return link;
}

Link* Links::find(LinkId id) {
    const auto at = links_.find(id);
    return at == links_.end() ? nullptr : &at->second;
}

const Link* Links::find(LinkId id) const {
    const auto at = links_.find(id);
    return at == links_.end() ? nullptr : &at->second;
}

std::size_t Links::neighbours() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(links_, [](const auto& item) { return item.second.is_neighbour(); }));
}

Link* Links::neighbour(NodeId node) {
    for (auto& [id, link] : links_) {
        if (link.is_neighbour() && link.node == node) return &link;
    }
    return nullptr;
}

std::size_t Links::pending_accepts() const {
    return static_cast<std::size_t>(std::ranges::count_if(links_, [](const auto& item) {
        const Link& link = item.second;
        return link.is_incoming &&
               (link.state == LinkState::accepted || link.state == LinkState::negotiating ||
                link.state == LinkState::authenticated);
    }));
}

std::size_t Context::record_max() const {
    return info.record_max == 0 ? kRecordMaxDefault : info.record_max;
}

Duration Context::scaled(Duration interval) const {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double, Duration::period>(
        static_cast<double>(interval.count()) * config.tuning.timer_scale));
}

Duration Context::between(Duration low, Duration high) {
    const auto span = static_cast<std::uint64_t>((high - low).count());
    return low + Duration(static_cast<Duration::rep>(plain.below(span + 1)));
}

void Context::tell(Event event) {
    events.push_back(std::move(event));
    if (events.size() > kEventsMax) lose_oldest_event();
}

void Context::lose_oldest_event() {
    const auto* before = std::get_if<EventsLost>(&events.front());
    const std::uint64_t count = before == nullptr ? 1 : before->count;
    events.pop_front();
    events.front() = EventsLost{count + 1};
    if (committed_events > 1) --committed_events;
}

void Context::close(Link& link, bool drains, FailureReason why) {
    if (link.is_dead()) return;
    ended.emplace_back(link.id, why);
    if (drains && link.is_opened) {
        link.state = LinkState::draining;
        return;
    }
    link.state = LinkState::ended;
    commands.emplace_back(CloseLink{link.id, false});
}

void Context::close(Link& link, DropReason why) {
    counters.drop(why);
    const bool is_access = why == DropReason::not_authenticated;
    const bool is_silence = why == DropReason::timed_out;
    close(
        link,
        false,
        is_access    ? FailureReason::not_authenticated
        : is_silence ? FailureReason::unreachable
                     : FailureReason::protocol);
}

} // namespace kith::graph
