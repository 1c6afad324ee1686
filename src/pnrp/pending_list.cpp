#include "pnrp/pending_list.hpp"

#include "base/check.hpp"
#include "pnrp/limits.hpp"

#include <algorithm>
#include <utility>

namespace kith::pnrp {

bool PendingList::is_full() const {
    return requests_.size() >= kPendingMax;
}

// NOLINTNEXTLINE(readability-function-size): a request has this many parts
void PendingList::add(
    Now now,
    MessageId id,
    const Purpose& purpose,
    std::vector<Endpoint> destinations,
    Bytes datagram,
    std::optional<Duration> late_after) {
    KITH_ASSUME(!is_full() && !destinations.empty() && !contains(id));
    const Duration interval = std::clamp<Duration>(
        late_after.value_or(policy_->interval_max), policy_->interval_min, policy_->interval_max);
    Request request;
    request.purpose = purpose;
    request.destinations = std::move(destinations);
    request.datagram = std::move(datagram);
    request.interval = interval;
    request.first_sent = now.instant;
    request.due = now.instant + interval;
    requests_.insert_or_assign(id, std::move(request));
}

void PendingList::add_unrepeated(
    Now now, MessageId id, const Purpose& purpose, const Endpoint& destination) {
    add(now, id, purpose, {destination}, {}, std::nullopt);
    Request& request = requests_.at(id);
    request.is_repeated = false;
    request.due = now.instant + policy_->deadline;
    ++unrepeated_;
}

bool PendingList::contains(Errand errand, const PnrpId& subject) const {
    return std::any_of(requests_.begin(), requests_.end(), [&](const auto& item) {
        const Purpose& purpose = item.second.purpose;
        return purpose.errand == errand && purpose.subject == subject;
    });
}

PendingList::Place PendingList::forget(Place at) {
    if (!at->second.is_repeated) --unrepeated_;
    return requests_.erase(at);
}

// A request goes to its destinations in turn.
std::size_t PendingList::asked_count(const Request& request) {
    return std::min<std::size_t>(request.sends, request.destinations.size());
}

bool PendingList::expects(MessageId id, const Endpoint& from) const {
    const auto at = requests_.find(id);
    if (at == requests_.end()) return false;
    const Request& request = at->second;
    const auto end =
        request.destinations.begin() + static_cast<std::ptrdiff_t>(asked_count(request));
    return std::find(request.destinations.begin(), end, from) != end;
}

PendingList::Answered PendingList::peek(Now now, MessageId id, const Endpoint& from) const {
    const auto at = requests_.find(id);
    KITH_CHECK(at != requests_.end());
    Answered answered{at->second.purpose, from, std::nullopt};
    if (at->second.sends == 1) answered.round_trip = now.instant - at->second.first_sent;
    return answered;
}

PendingList::Answered PendingList::take(Now now, MessageId id, const Endpoint& from) {
    const Answered answered = peek(now, id, from);
    cancel(id);
    return answered;
}

const Purpose& PendingList::purpose(MessageId id) const {
    const auto at = requests_.find(id);
    KITH_CHECK(at != requests_.end());
    return at->second.purpose;
}

Reassembly::Outcome
PendingList::add_fragment(MessageId id, MessageId header_id, const Authority& fragment) {
    const auto at = requests_.find(id);
    KITH_CHECK(at != requests_.end());
    Request& request = at->second;
    if (!request.reassembly || request.answer_id != header_id) {
        request.reassembly.emplace();
        request.answer_id = header_id;
    }
    const Reassembly::Outcome outcome = request.reassembly->add(fragment);
    if (outcome == Reassembly::Outcome::complete) request.buffer = request.reassembly->take();
    if (outcome != Reassembly::Outcome::incomplete) request.reassembly.reset();
    return outcome;
}

Bytes PendingList::take_buffer(MessageId id) {
    const auto at = requests_.find(id);
    KITH_CHECK(at != requests_.end() && at->second.buffer.has_value());
    return std::exchange(at->second.buffer, std::nullopt).value();
}

void PendingList::reassign(MessageId id, Errand errand) {
    const auto at = requests_.find(id);
    if (at != requests_.end()) at->second.purpose.errand = errand;
}

void PendingList::cancel(MessageId id) {
    const auto at = requests_.find(id);
    if (at != requests_.end()) forget(at);
}

void PendingList::handle_timeout(Now now) {
    for (auto at = requests_.begin(); at != requests_.end();) {
        Request& request = at->second;
        if (request.due > now.instant) {
            ++at;
            continue;
        }
        if (!request.is_repeated) {
            at = forget(at);
            continue;
        }
        const Instant deadline = request.first_sent + policy_->deadline;
        if (request.sends >= policy_->sends_max || now.instant >= deadline) {
            request.destinations.resize(asked_count(request));
            failed_.push_back({at->first, request.purpose, std::move(request.destinations)});
            at = forget(at);
            continue;
        }
        const Endpoint& to = request.destinations[request.sends % request.destinations.size()];
        resends_.push_back({to, request.datagram});
        ++request.sends;
        // Each wait is twice the one before, and the last one ends at the deadline.
        const bool is_adaptive = policy_->interval_min < policy_->interval_max;
        if (is_adaptive) request.interval *= 2;
        request.due = std::min(now.instant + request.interval, deadline);
        ++at;
    }
}

std::optional<PendingList::Resend> PendingList::poll_resend() {
    if (resends_.empty()) return std::nullopt;
    Resend next = std::move(resends_.front());
    resends_.pop_front();
    return next;
}

std::optional<PendingList::Failed> PendingList::poll_failed() {
    if (failed_.empty()) return std::nullopt;
    Failed next = std::move(failed_.front());
    failed_.pop_front();
    return next;
}

std::optional<Instant> PendingList::next_timeout() const {
    std::optional<Instant> next;
    for (const auto& [id, request] : requests_) {
        if (!next || request.due < *next) next = request.due;
    }
    return next;
}

std::size_t PendingList::state_bytes() const {
    std::size_t bytes = 0;
    for (const auto& [id, request] : requests_) {
        bytes += sizeof(std::pair<const MessageId, Request>) + 4 * sizeof(void*);
        bytes += request.destinations.capacity() * sizeof(Endpoint) + request.datagram.capacity();
        if (request.reassembly) bytes += request.reassembly->state_bytes();
    }
    return bytes;
}

} // namespace kith::pnrp
