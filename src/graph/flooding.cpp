#include "graph/flooding.hpp"

#include "graph/record_codec.hpp"
#include "graph/synchronization.hpp"
#include "graph/wire_limits.hpp"

#include <algorithm>
#include <utility>

namespace kith::graph {

using store::IndexEntry;
using store::RecordId;

static_assert(kAckBatch <= kAckEntriesMax);

namespace {

/// What our clock, or what is here already, decides may be sound where it comes from.
bool is_senders_fault(DropReason reason) {
    return reason != DropReason::expired_record && reason != DropReason::from_the_future &&
           reason != DropReason::over_quota;
}

} // namespace

// Out ---------------------------------------------------------------------------------------------

void Flooding::spread(Now now, const Change& change) {
    const IndexEntry* entry = context_.store.index().find(change.id);
    tree_.settle(change.id);
    if (change.id == kSignatureId && change.from == 0) tree_.take_root();
    if (entry == nullptr) return; // expired: nobody needs to be told
    for (auto& [id, link] : context_.links) {
        if (!link.is_neighbour() || id == change.from) continue;
        offer(now, link, *entry);
    }
}

void Flooding::offer(Now now, Link& link, const IndexEntry& entry) {
    if (!PushTree::is_whole(link, entry)) return PushTree::advertise(now, link, entry);
    if (link.enqueue(entry.id)) return;
    // It is too slow to follow. It synchronises when it comes back.
    link.send(Disconnect{DisconnectReason::least_useful, {}});
    context_.close(link, true);
}

void Flooding::flush_acks(Link& link) {
    link.acks_due = Instant::max();
    if (link.acks.empty()) return;
    link.send(Ack{std::exchange(link.acks, {})});
}

bool Flooding::has_room(const Link& link) {
    return !link.is_dead() && link.writer.queued() < kFillBelow && link.in_flight < kWindow;
}

void Flooding::fill(Now now, Link& link) {
    constexpr std::size_t kTurns = 64; // of each kind before the next kind has its chance
    std::size_t work = 0;
    bool did_something = true;
    while (did_something && has_room(link)) {
        if (work >= kFillWork) {
            more_due_ = now.instant + kFillPause;
            return;
        }
        did_something = false;
        work += 2 * kTurns;
        for (std::size_t i = 0; i < kTurns && !link.queue.empty() && has_room(link); ++i) {
            const RecordId id = link.queue.front();
            link.queue.pop_front();
            if (link.queued.erase(id) != 0) send_record(now, link, id);
            did_something = true;
        }
        for (std::size_t i = 0; i < kTurns && !link.backlog.empty() && has_room(link); ++i) {
            const RecordId id = link.backlog.front();
            link.backlog.pop_front();
            send_record(now, link, id);
            did_something = true;
        }
        if (link.backlog.empty() && link.owes_end) {
            link.owes_end = false;
            link.send(SyncEnd{true});
            did_something = true;
        }
        if (!link.sources.empty() && has_room(link)) {
            work += fill_from_source(now, link);
            did_something = true;
        }
    }
}

/// A slice of the first question. Returns its work, as a number of records looked at.
std::size_t Flooding::fill_from_source(Now now, Link& link) {
    SyncSource& source = link.sources.front();
    constexpr std::size_t kFound = 64;
    // A filter of many types costs more for each record.
    const std::size_t each = 1 + (source.types.included.size() + source.types.excluded.size()) / 16;
    std::vector<std::pair<store::SyncKey, RecordId>> found;
    std::size_t work = 0;
    std::optional<store::SyncKey> stopped;
    context_.store.index().visit(source.next, source.last, [&](const IndexEntry& entry) {
        if (found.size() >= kFound || work >= kSlice) {
            stopped = entry.key();
            return false;
        }
        work += each;
        if (source.types.covers(entry.type)) found.emplace_back(entry.key(), entry.id);
        return true;
    });
    // Records may be large: after each one there may be no room for the next.
    for (const auto& [key, id] : found) {
        if (!has_room(link)) {
            stopped = key;
            break;
        }
        send_record(now, link, id);
    }
    if (stopped) {
        source.next = *stopped;
    } else {
        link.sources.pop_front();
        link.send(SyncEnd{true});
    }
    return work;
}

bool Flooding::send_record(Now now, Link& link, const RecordId& id) {
    const IndexEntry* entry = context_.store.index().find(id);
    if (entry == nullptr || entry->expires <= database_.reading_time(now)) return false;
    const Encoded* found = encoded(now, *entry);
    if (found == nullptr) return false;
    const bool is_bulk = link.can.streams && found->message.size() > kBulkAbove;
    ++context_.counters.floods_sent;
    link.writer.push(found->message, is_bulk ? Stream::bulk : Stream::small);
    return true;
}

const Flooding::Encoded* Flooding::encoded(Now now, const IndexEntry& entry) {
    if (const auto at = encoded_by_id_.find(entry.id); at != encoded_by_id_.end()) {
        const Encoded& known = *at->second;
        if (known.version == entry.version && known.digest == entry.digest) return &known;
        encoded_bytes_ -= known.message.size();
        encoded_.erase(at->second);
        encoded_by_id_.erase(at);
    }
    const auto record = context_.store.get(entry.id);
    if (!record || !*record) return nullptr; // reported when it is read for somebody who waits
    Encoded fresh;
    fresh.made = now.instant;
    fresh.id = entry.id;
    fresh.version = entry.version;
    fresh.digest = entry.digest;
    fresh.message =
        encode(Flood{encode_record(**record, context_.config.graph_id, context_.config.rules)});
    encoded_bytes_ += fresh.message.size();
    encoded_.push_front(std::move(fresh));
    encoded_by_id_[entry.id] = encoded_.begin();
    forget_encoded(now);
    return &encoded_.front();
}

// Those that were made last serve all neighbours; what is older has served.
void Flooding::forget_encoded(Now now) {
    while (encoded_.size() > 1 && (encoded_bytes_ > kEncodedCacheMax ||
                                   now.instant - encoded_.back().made > kEncodedTime)) {
        encoded_bytes_ -= encoded_.back().message.size();
        encoded_by_id_.erase(encoded_.back().id);
        encoded_.pop_back();
    }
}

// In ----------------------------------------------------------------------------------------------

void Flooding::handle(Now now, Link& link, const Flood& flood) {
    const Received received = database_.receive(now, link.id, flood.record);
    switch (received.outcome) {
    case Reception::rejected:
        if (received.reason == DropReason::other_rules) {
            // Everything that it has is like that: a neighbour keeps no records of other rules.
            link.has_other_rules = true;
            context_.close(link, false, FailureReason::other_rules);
            return;
        }
        if (received.reason && is_senders_fault(*received.reason) && !spend_invalid(now, link)) {
            context_.close(link, DropReason::too_many_invalid);
        }
        return;
    case Reception::deferred:
        Synchronization::hear(now, link);
        return;
    case Reception::fresh:
        Synchronization::hear(now, link);
        ++context_.counters.floods_useful;
        break;
    case Reception::present:
        Synchronization::hear(now, link);
        [[fallthrough]];
    case Reception::older:
        ++context_.counters.floods_redundant;
        break;
    }
    const bool is_fresh = received.outcome == Reception::fresh;
    link.queued.erase(received.id); // it has it
    AckEntry entry{received.id, is_fresh, false};
    const IndexEntry* held = context_.store.index().find(received.id);
    if (held != nullptr && received.outcome != Reception::older) {
        entry.prunes = tree_.receive(now, link, *held, is_fresh);
    }
    tree_.settle(received.id);
    // What shapes the tree saves copies of the very next records.
    const bool is_urgent = entry.prunes || (is_fresh && received.id == kSignatureId);
    acknowledge(link, entry, is_urgent ? now.instant : now.instant + kAckDelay);
    if (link.acks.size() >= kAckBatch) flush_acks(link);
    rate(link, is_fresh);
    if (received.outcome == Reception::older) answer_older(now, link, received.id);
}

void Flooding::rate(Link& link, bool was_useful) {
    link.utility = link.utility * 31 / 32 + (was_useful ? kUtilityMax / 32 : 0);
}

void Flooding::handle(Link& link, const Ack& ack) {
    for (const AckEntry& entry : ack.entries) {
        rate(link, entry.was_useful);
        tree_.handle(link, entry);
    }
}

void Flooding::answer_older(Now now, Link& link, const RecordId& id) const {
    const IndexEntry* entry = context_.store.index().find(id);
    if (entry == nullptr) return;
    if (entry->bytes > kOldAnswerMax && link.can.lazy_push) {
        PushTree::advertise(now, link, *entry);
        return;
    }
    link.enqueue(id);
}

bool Flooding::spend_invalid(Now now, Link& link) {
    const double seconds =
        std::chrono::duration<double>(now.instant - link.invalid_refilled).count();
    link.invalid_refilled = now.instant;
    link.invalid_tokens =
        std::min(kInvalidBurst, link.invalid_tokens + seconds * kInvalidPerSecond) - 1;
    return link.invalid_tokens >= 0;
}

// Time --------------------------------------------------------------------------------------------

void Flooding::handle_timeout(Now now) {
    if (more_due_ <= now.instant) more_due_ = Instant::max(); // links are filled after this
    for (auto& [id, link] : context_.links) {
        if (link.acks_due <= now.instant) flush_acks(link);
    }
    tree_.handle_timeout(now);
    forget_encoded(now);
}

std::optional<Instant> Flooding::next_timeout() const {
    std::optional<Instant> next = tree_.next_timeout();
    if (more_due_ != Instant::max()) keep_earlier(next, more_due_);
    for (const auto& [id, link] : context_.links) {
        if (!link.is_dead() && link.acks_due != Instant::max()) keep_earlier(next, link.acks_due);
    }
    return next;
}

std::size_t Flooding::memory() const {
    return encoded_bytes_ + encoded_.size() * (sizeof(Encoded) + 96) + tree_.memory();
}

} // namespace kith::graph
