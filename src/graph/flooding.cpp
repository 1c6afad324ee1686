#include "graph/flooding.hpp"

#include "graph/record_codec.hpp"
#include "graph/wire_limits.hpp"

#include <algorithm>
#include <utility>

namespace kith::graph {

using store::IndexEntry;
using store::RecordId;

static_assert(kAckBatch <= kAckEntriesMax);

RecordAbstract abstract_of(const IndexEntry& entry, bool is_wide) {
    RecordAbstract abstract;
    abstract.id = entry.id;
    abstract.version = entry.version;
    if (is_wide) {
        abstract.digest.emplace();
        std::copy_n(entry.digest.begin(), abstract.digest->size(), abstract.digest->begin());
    }
    return abstract;
}

bool is_wanted(const RecordAbstract& abstract, const IndexEntry* ours) {
    if (ours == nullptr || abstract.version > ours->version) return true;
    if (abstract.version < ours->version || !abstract.digest) return false;
    return !std::ranges::equal(*abstract.digest, ByteView(ours->digest).first<16>());
}

// Out ---------------------------------------------------------------------------------------------

void Flooding::spread(Now now, const Change& change) {
    const IndexEntry* entry = context_.store.index().find(change.id);
    missing_.erase(change.id);
    if (entry == nullptr) return; // expired: nobody needs to be told
    for (auto& [id, link] : context_.links) {
        if (!link.is_neighbour() || id == change.from) continue;
        offer(now, link, *entry, change.size);
    }
}

void Flooding::offer(Now now, Link& link, const IndexEntry& entry, std::size_t size) {
    if (link.can.lazy_push && !link.is_eager && size >= kAlwaysEagerBelow) {
        if (link.adverts.empty()) link.adverts_due = now.instant + kAdvertDelay;
        link.adverts.push_back(abstract_of(entry, link.can.sums));
        if (link.adverts.size() >= kAdvertBatch) flush_adverts(link);
        return;
    }
    if (link.enqueue(entry.id)) return;
    // It is too slow to follow. It synchronises when it comes back.
    link.send(Disconnect{DisconnectReason::least_useful, {}});
    context_.close(link, true);
}

void Flooding::flush_adverts(Link& link) {
    link.adverts_due = Instant::max();
    if (link.adverts.empty()) return;
    Advertise advert;
    advert.abstracts = std::exchange(link.adverts, {});
    advert.flags = link.can.sums ? kWideFlag : std::uint16_t{0};
    context_.counters.adverts_sent += advert.abstracts.size();
    link.send(advert);
}

void Flooding::flush_acks(Link& link) {
    link.acks_due = Instant::max();
    if (link.acks.empty()) return;
    link.send(Ack{std::exchange(link.acks, {})});
}

void Flooding::fill(Now now, Link& link) {
    constexpr std::size_t kTurns = 64; // of each kind before the next kind has its chance
    const auto has_room = [&] {
        return !link.is_dead() && link.writer.queued() < kFillBelow && link.in_flight < kWindow;
    };
    bool did_something = true;
    while (did_something && has_room()) {
        did_something = false;
        for (std::size_t i = 0; i < kTurns && !link.queue.empty() && has_room(); ++i) {
            const RecordId id = link.queue.front();
            link.queue.pop_front();
            if (link.queued.erase(id) != 0) send_record(now, link, id);
            did_something = true;
        }
        for (std::size_t i = 0; i < kTurns && !link.backlog.empty() && has_room(); ++i) {
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
        if (!link.sources.empty() && has_room()) did_something |= fill_from_source(now, link);
    }
}

bool Flooding::fill_from_source(Now now, Link& link) {
    SyncSource& source = link.sources.front();
    std::vector<RecordId> found;
    std::size_t looked_at = 0;
    std::optional<store::SyncKey> stopped;
    constexpr std::size_t kFound = 64;
    context_.store.index().visit(source.next, source.last, [&](const IndexEntry& entry) {
        if (found.size() >= kFound || ++looked_at > kSlice) {
            stopped = entry.key();
            return false;
        }
        if (source.types.covers(entry.type)) found.push_back(entry.id);
        return true;
    });
    if (stopped) source.next = *stopped;
    for (const RecordId& id : found)
        send_record(now, link, id);
    if (!stopped) {
        link.sources.pop_front();
        link.send(SyncEnd{true});
    }
    return true;
}

bool Flooding::send_record(Now now, Link& link, const RecordId& id) {
    const IndexEntry* entry = context_.store.index().find(id);
    if (entry == nullptr || entry->expires <= database_.reading_time(now)) return false;
    const Encoded* found = encoded(*entry);
    if (found == nullptr) return false;
    const bool is_bulk = link.can.streams && found->message.size() > kBulkAbove;
    ++context_.counters.floods_sent;
    link.writer.push(found->message, is_bulk ? Stream::bulk : Stream::small);
    return true;
}

const Flooding::Encoded* Flooding::encoded(const IndexEntry& entry) {
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
    fresh.id = entry.id;
    fresh.version = entry.version;
    fresh.digest = entry.digest;
    fresh.message =
        encode(Flood{encode_record(**record, context_.config.graph_id, context_.config.rules)});
    encoded_bytes_ += fresh.message.size();
    encoded_.push_front(std::move(fresh));
    encoded_by_id_[entry.id] = encoded_.begin();
    while (encoded_bytes_ > kEncodedCacheMax && encoded_.size() > 1) {
        encoded_bytes_ -= encoded_.back().message.size();
        encoded_by_id_.erase(encoded_.back().id);
        encoded_.pop_back();
    }
    return &encoded_.front();
}

// In ----------------------------------------------------------------------------------------------

void Flooding::handle(Now now, Link& link, const Flood& flood) {
    if (link.sync.type != SyncType::none) link.sync.patience = now.instant + kSyncPatience;
    const Received received = database_.receive(now, link.id, flood.record);
    switch (received.outcome) {
    case Reception::rejected:
        if (received.reason && !spend_invalid(now, link)) {
            context_.close(link, DropReason::too_many_invalid);
        }
        return;
    case Reception::deferred:
        return;
    case Reception::fresh:
        ++context_.counters.floods_useful;
        break;
    case Reception::present:
    case Reception::older:
        ++context_.counters.floods_redundant;
        break;
    }
    const bool is_fresh = received.outcome == Reception::fresh;
    const bool is_present = received.outcome == Reception::present;
    missing_.erase(received.id);
    link.queued.erase(received.id); // it has it
    AckEntry entry{received.id, is_fresh, false};
    // Small records come over lazy links as well, and say nothing about the tree.
    const IndexEntry* held = context_.store.index().find(received.id);
    const bool tells_of_tree = held != nullptr && held->bytes >= kAlwaysEagerBelow;
    if (tells_of_tree && is_fresh) link.is_eager = true; // the tree leads here over this link
    if (tells_of_tree && is_present && may_be_lazy(link)) {
        entry.prunes = true;
        prune(link);
    }
    acknowledge(now, link, entry);
    rate(link, is_fresh);
    if (received.outcome == Reception::older) answer_older(now, link, received.id);
}

bool Flooding::may_be_lazy(const Link& link) const {
    // While one end synchronises, a known record says nothing about the tree.
    return link.can.lazy_push && link.is_neighbour() && link.sync.type == SyncType::none &&
           link.sources.empty() && link.backlog.empty();
}

void Flooding::prune(Link& link) {
    if (!link.is_eager) return;
    link.is_eager = false;
    ++context_.counters.prunes;
}

void Flooding::acknowledge(Now now, Link& link, AckEntry entry) {
    if (link.acks.empty()) link.acks_due = now.instant + kAckDelay;
    // A prune saves copies of the very next records.
    if (entry.prunes) link.acks_due = now.instant;
    link.acks.push_back(entry);
    if (link.acks.size() >= kAckBatch) flush_acks(link);
}

void Flooding::rate(Link& link, bool was_useful) {
    link.utility = link.utility * 31 / 32 + (was_useful ? kUtilityMax / 32 : 0);
}

void Flooding::handle(Now, Link& link, const Ack& ack) {
    for (const AckEntry& entry : ack.entries) {
        rate(link, entry.was_useful);
        if (entry.prunes && link.can.lazy_push) prune(link);
    }
}

void Flooding::answer_older(Now now, Link& link, const RecordId& id) const {
    const IndexEntry* entry = context_.store.index().find(id);
    if (entry == nullptr) return;
    if (entry->bytes > kOldAnswerMax && link.can.lazy_push) {
        if (link.adverts.empty()) link.adverts_due = now.instant + kAdvertDelay;
        link.adverts.push_back(abstract_of(*entry, link.can.sums));
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

// Lazy push ---------------------------------------------------------------------------------------

void Flooding::handle_advert(Now now, Link& link, const Advertise& advert) {
    for (const RecordAbstract& abstract : advert.abstracts) {
        if (!is_wanted(abstract, context_.store.index().find(abstract.id))) {
            link.queued.erase(abstract.id);
            continue;
        }
        auto at = missing_.find(abstract.id);
        if (at == missing_.end() || at->second.version < abstract.version) {
            if (missing_.size() >= kMissingMax) return; // synchronisation finds it
            Missing wanted;
            wanted.version = abstract.version;
            wanted.due =
                now.instant + std::clamp(link.round_trip * 2, kGraftDelayMin, kGraftDelayMax);
            graft_due_ = std::min(graft_due_, wanted.due);
            at = missing_.insert_or_assign(abstract.id, std::move(wanted)).first;
        }
        auto& sources = at->second.sources;
        if (sources.size() < kSourcesMax && std::ranges::find(sources, link.id) == sources.end()) {
            sources.push_back(link.id);
        }
    }
}

void Flooding::graft(Now now) {
    if (graft_due_ > now.instant) return;
    graft_due_ = Instant::max();
    std::map<LinkId, Request> requests;
    for (auto at = missing_.begin(); at != missing_.end();) {
        Missing& wanted = at->second;
        if (wanted.due > now.instant) {
            graft_due_ = std::min(graft_due_, wanted.due);
            ++at;
            continue;
        }
        Link* source = nullptr;
        while (source == nullptr && !wanted.sources.empty()) {
            source = context_.links.find(wanted.sources.front());
            wanted.sources.erase(wanted.sources.begin());
            if (source != nullptr && !source->is_neighbour()) source = nullptr;
        }
        if (source == nullptr) {
            at = missing_.erase(at); // whoever had it is gone, or did not send it
            continue;
        }
        requests[source->id].abstracts.push_back({at->first, wanted.version, std::nullopt});
        wanted.due = now.instant +
                     std::clamp(source->round_trip * 3, kGraftDelayMin * 2, kGraftDelayMax * 4);
        graft_due_ = std::min(graft_due_, wanted.due);
        ++at;
    }
    for (auto& [id, request] : requests) {
        Link* link = context_.links.find(id);
        if (link == nullptr) continue;
        request.is_graft = true;
        link->is_eager = true;
        context_.counters.grafts += request.abstracts.size();
        link->send(request);
    }
}

void Flooding::handle_graft(Now, Link& link, const Request& request) {
    link.is_eager = true;
    for (const RecordAbstract& abstract : request.abstracts)
        link.enqueue(abstract.id);
}

void Flooding::forget(const Link& gone) {
    for (auto& [id, wanted] : missing_)
        std::erase(wanted.sources, gone.id);
    // The tree may have hung on it: the link that was most often first takes its place.
    Link* best = nullptr;
    for (auto& [id, link] : context_.links) {
        if (!link.is_neighbour() || id == gone.id) continue;
        if (link.is_eager) return;
        if (best == nullptr || link.utility > best->utility) best = &link;
    }
    if (best != nullptr) best->is_eager = true;
}

// Time --------------------------------------------------------------------------------------------

void Flooding::handle_timeout(Now now) {
    for (auto& [id, link] : context_.links) {
        if (link.acks_due <= now.instant) flush_acks(link);
        if (link.adverts_due <= now.instant) flush_adverts(link);
    }
    graft(now);
}

std::optional<Instant> Flooding::next_timeout() const {
    std::optional<Instant> next;
    for (const auto& [id, link] : context_.links) {
        if (link.is_dead()) continue;
        if (link.acks_due != Instant::max()) keep_earlier(next, link.acks_due);
        if (link.adverts_due != Instant::max()) keep_earlier(next, link.adverts_due);
    }
    if (graft_due_ != Instant::max()) keep_earlier(next, graft_due_);
    return next;
}

std::size_t Flooding::memory() const {
    return encoded_bytes_ + encoded_.size() * (sizeof(Encoded) + 96) +
           missing_.size() * (sizeof(Missing) + 96);
}

} // namespace kith::graph
