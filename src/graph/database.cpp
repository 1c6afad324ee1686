#include "graph/database.hpp"

#include "base/unicode.hpp"
#include "graph/wire_limits.hpp"
#include "store/attributes.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::graph {

using store::IndexEntry;
using store::PeerTime;
using store::Record;
using store::RecordId;

namespace {

using Ticks = PeerTime::Ticks;

/// What an application may not ask to be renewed more often than (spec: api 2.1).
constexpr std::chrono::minutes kRefreshLifetimeMin{4};

std::size_t stored_size(const Record& record) {
    return record.payload.size() + record.attributes.size();
}

/// What quotas look at, without the digest.
IndexEntry weighed(const Record& record) {
    IndexEntry entry;
    entry.type = record.type;
    entry.id = record.id;
    entry.modified = record.modified;
    entry.bytes = static_cast<std::uint32_t>(stored_size(record));
    return entry;
}

constexpr std::string_view kQuotasKey = "quotas"; // property of the store

DropReason reason_for(RecordErrc why) {
    switch (why) {
    case RecordErrc::other_graph:
        return DropReason::other_graph;
    case RecordErrc::other_rules:
        return DropReason::other_rules;
    case RecordErrc::too_large:
        return DropReason::over_quota;
    default:
        return DropReason::bad_record;
    }
}

/// What this node's application has renewed stays so when another member changes it. The graph's
/// own records are renewed by whoever published them last.
bool keeps_refreshing(const IndexEntry& known, const Record& next) {
    return known.refreshes && !next.is_deleted && !is_internal(next.type);
}

/// What an application saw of it before and sees of it now.
std::optional<RecordChangeKind> kind_of(bool was_seen, bool is_seen) {
    if (is_seen) return was_seen ? RecordChangeKind::updated : RecordChangeKind::added;
    if (was_seen) return RecordChangeKind::deleted;
    return std::nullopt;
}

} // namespace

GraphErrc graph_error(store::StoreErrc why) {
    switch (why) {
    case store::StoreErrc::full:
        return GraphErrc::store_full;
    case store::StoreErrc::read_only:
        return GraphErrc::store_read_only;
    case store::StoreErrc::corrupt:
        return GraphErrc::store_corrupt;
    default:
        return GraphErrc::store_failed;
    }
}

// Publication -------------------------------------------------------------------------------------

GraphResult<void> Database::load(Now now) {
    std::vector<RecordId> forgotten;
    GraphResult<void> read;
    context_.store.index().visit(
        store::SyncKey::lowest(), store::SyncKey::highest(), [&](const IndexEntry& entry) {
            const bool is_passing = is_internal(entry.type) && entry.type != kGraphInfoType;
            const auto verdict = is_passing ? Verdict::invalid : judge_stored(entry.id);
            if (!verdict) {
                read = std::unexpected(verdict.error());
                return false;
            }
            if (*verdict == Verdict::invalid) {
                forgotten.push_back(entry.id);
                return true;
            }
            if (*verdict == Verdict::defer) unjudged_.push_back(entry.id);
            track(entry);
            return true;
        });
    if (!read) return read;
    for (const RecordId& id : forgotten) {
        if (auto done = context_.store.erase(id); !done) {
            return std::unexpected(graph_error(done.error()));
        }
    }
    if (const auto* first = context_.store.index().first_to_expire()) {
        plan_expiry(now, first->expires);
    }
    plan_refresh(now);
    return {};
}

void Database::restore(Now now) {
    changes_.clear();
    recount();
    // What the graph allows was seen, whatever became of the record that said so.
    const auto quotas = context_.store.property(kQuotasKey);
    if (has_quotas_ && quotas && !*quotas) {
        (void)context_.store.set_property(kQuotasKey, write_quotas(use_.quotas()).value);
    }
    expiry_due_ = Instant::max();
    if (const auto* first = context_.store.index().first_to_expire()) {
        plan_expiry(now, first->expires);
    }
    plan_refresh(now);
}

// The security provider's rules may have changed since the record was stored (MS-PPGRH 3.1.4.2).
GraphResult<Verdict> Database::judge_stored(const RecordId& id) {
    if (context_.security == nullptr) return Verdict::valid;
    const auto record = context_.store.get(id);
    if (!record) return std::unexpected(graph_error(record.error()));
    return *record ? context_.security->validate(**record) : Verdict::invalid;
}

GraphResult<void> Database::check_size(const Record& record) const {
    const std::size_t size = counted_size(record);
    const std::size_t quota = use_.quotas().record_max;
    const bool fits = size < context_.record_max() && (quota == 0 || size <= quota); // GA-39
    if (!fits) return std::unexpected(GraphErrc::too_large);
    return {};
}

GraphResult<void> Database::check(Now now, const Record& record, bool is_new) const {
    if (record.expires <= context_.peer_now(now)) return std::unexpected(GraphErrc::bad_expiration);
    if (auto fits = check_size(record); !fits) return fits;
    if (!use_.quotas().allows(record)) return std::unexpected(GraphErrc::bad_expiration);
    if (!store::parse_attributes(record.attributes)) {
        return std::unexpected(GraphErrc::bad_attributes);
    }
    if (is_new && is_full(use_.quotas())) return std::unexpected(GraphErrc::too_many);
    const IndexEntry* known = context_.store.index().find(record.id);
    if (use_.is_used_up(weighed(record), known)) return std::unexpected(GraphErrc::too_many);
    return {};
}

bool Database::is_full(const Quotas& quotas) const {
    const std::size_t records = context_.store.index().size();
    return (quotas.records != 0 && records >= quotas.records) || records >= kRecordsMax ||
           bytes_ >= kBytesMax;
}

// Quotas ------------------------------------------------------------------------------------------

void Database::adopt(Now now, const GraphInfo& info) {
    if (has_quotas_ || context_.config.rules != store::Rules::modern) return;
    has_quotas_ = true;
    Quotas quotas = read_quotas(info.extras);
    if (auto kept = context_.store.property(kQuotasKey); kept && *kept) {
        Capability known = write_quotas({});
        known.value = **kept;
        quotas = read_quotas({known});
    } else {
        (void)context_.store.set_property(kQuotasKey, write_quotas(quotas).value);
    }
    use_ = QuotaUse(quotas);
    if (!quotas.any()) return;
    recount();
    std::vector<RecordId> over;
    const store::RecordIndex& index = context_.store.index();
    index.visit(store::SyncKey::lowest(), store::SyncKey::highest(), [&](const IndexEntry& entry) {
        if (!keeps_to(quotas, entry) || use_.excess(entry)) over.push_back(entry.id);
        return true;
    });
    for (const RecordId& id : over) {
        const IndexEntry* entry = index.find(id);
        if (entry == nullptr) continue; // gone with another one
        if (!keeps_to(quotas, *entry) && !drop(*entry, RecordChangeKind::deleted)) return;
        keep_quota(id);
    }
    plan_refresh(now);
}

// Reads no more than it has to: a graph with quotas is judged whenever it is opened.
bool Database::keeps_to(const Quotas& quotas, const IndexEntry& entry) {
    if (const auto known = quotas.allows(entry)) return *known;
    const auto head = context_.store.head(entry.id, 0);
    if (!head || !*head) return true;
    const std::string& attributes = (*head)->record.attributes;
    return (*head)->payload_size + counted_size(attributes) <= quotas.record_max;
}

void Database::recount() {
    bytes_ = 0;
    refreshing_.clear();
    use_ = QuotaUse(use_.quotas());
    context_.store.index().visit(
        store::SyncKey::lowest(), store::SyncKey::highest(), [&](const IndexEntry& entry) {
            track(entry);
            return true;
        });
}

/// What of its creator's is last in the order gives way.
void Database::keep_quota(const RecordId& id) {
    const IndexEntry* found = context_.store.index().find(id);
    if (found == nullptr) return;
    const IndexEntry added = *found; // it may be the one that goes
    while (const auto last = use_.excess(added)) {
        const IndexEntry* entry = context_.store.index().find(*last);
        if (entry == nullptr || !drop(*entry, RecordChangeKind::deleted)) return;
    }
}

/// Removes a record from the store; false if that failed.
bool Database::drop(const IndexEntry& stored, RecordChangeKind kind) {
    const IndexEntry entry = stored; // the store's own is about to go
    Change change;
    change.id = entry.id;
    change.type = entry.type;
    change.version = entry.version;
    if (!entry.is_deleted) change.kind = is_internal(entry.type) ? RecordChangeKind::expired : kind;
    if (is_internal(entry.type)) {
        auto record = context_.store.get(entry.id);
        if (record && *record) change.internal = std::move(**record);
    }
    if (!context_.store.erase(entry.id)) return false; // the commit will say why
    bytes_ -= std::min<std::uint64_t>(bytes_, entry.bytes);
    refreshing_.erase({entry.expires, entry.id});
    use_.remove(entry);
    changes_.push_back(std::move(change));
    return true;
}

GraphResult<RecordId> Database::add(Now now, const NewRecord& wish) {
    if (is_reserved(wish.type) || wish.type.is_nil()) return std::unexpected(GraphErrc::bad_type);
    if (wish.lifetime <= std::chrono::seconds(0) || wish.lifetime > kLifetimeMax ||
        (wish.refreshes && wish.lifetime < kRefreshLifetimeMin)) {
        return std::unexpected(GraphErrc::bad_expiration);
    }
    Record record;
    record.type = wish.type;
    record.id = make_record_id(
        context_.config.peer_id, Guid{context_.secure.bytes<16>()}, context_.config.rules);
    record.refreshes = wish.refreshes;
    record.creator = context_.config.peer_id;
    record.created = context_.peer_now(now);
    record.modified = record.created;
    record.expires = record.created.plus(wish.lifetime);
    record.payload = wish.payload;
    record.attributes = wish.attributes;
    if (auto fits = check(now, record, true); !fits) return std::unexpected(fits.error());
    const RecordId id = record.id;
    if (auto done = put(now, std::move(record), 0); !done) return std::unexpected(done.error());
    return id;
}

GraphResult<Record> Database::get_for_change(Now now, const RecordId& id) {
    auto old = get_live(now, id);
    if (old && is_internal(old->type)) return std::unexpected(GraphErrc::bad_type);
    if (old && old->version >= kVersionMax) {
        return std::unexpected(GraphErrc::too_many); // its versions are used up
    }
    return old;
}

GraphResult<void> Database::replace(Now now, const Record& old, Record next) {
    next.version = old.version + 1;
    next.modifier = context_.config.peer_id;
    // Peer time may have stepped back since; a change is still later than the creation.
    next.modified = std::max(context_.peer_now(now), old.created.plus(Ticks(1)));
    // What deferred expiration shows past its time can be deleted: the deletion is valid, and over.
    if (next.is_deleted) next.expires = std::max(next.expires, next.modified.plus(Ticks(1)));
    if (next.expires <= next.modified || next.expires < old.expires) {
        return std::unexpected(GraphErrc::bad_expiration);
    }
    return put(now, std::move(next), 0);
}

GraphResult<void> Database::update(Now now, const RecordId& id, const RecordChange& change) {
    const auto old = get_for_change(now, id);
    if (!old) return std::unexpected(old.error());
    Record next = *old;
    if (change.payload) next.payload = *change.payload;
    if (change.attributes) next.attributes = *change.attributes;
    if (change.lifetime) {
        if (*change.lifetime <= std::chrono::seconds(0) || *change.lifetime > kLifetimeMax) {
            return std::unexpected(GraphErrc::bad_expiration);
        }
        next.expires = context_.peer_now(now).plus(*change.lifetime);
    }
    if (auto fits = check(now, next, false); !fits) return fits;
    return replace(now, *old, std::move(next));
}

GraphResult<void> Database::remove(Now now, const RecordId& id) {
    const auto old = get_for_change(now, id);
    if (!old) return std::unexpected(old.error());
    Record next = *old;
    next.is_deleted = true;
    next.refreshes = false;
    next.payload.clear();
    next.attributes.clear();
    return replace(now, *old, std::move(next));
}

GraphResult<RecordId> Database::publish(Now now, InternalWish wish) {
    Record next;
    std::optional<Record> old;
    if (wish.id) {
        auto stored = context_.store.get(*wish.id);
        if (!stored) return std::unexpected(graph_error(stored.error()));
        old = std::move(*stored);
    }
    const PeerTime peer_now = context_.peer_now(now);
    if (old) {
        next = *old;
        next.is_deleted = false;
        next.version = old->version + 1; // also over a tombstone (GA-14)
        next.modifier = context_.config.peer_id;
        next.modified = std::max(peer_now, old->created.plus(Ticks(1)));
    } else {
        next.type = wish.type;
        next.id = wish.id ? *wish.id
                          : make_record_id(
                                context_.config.peer_id,
                                Guid{context_.secure.bytes<16>()},
                                context_.config.rules);
        next.creator = context_.config.peer_id;
        next.created = peer_now;
        next.modified = peer_now;
    }
    next.payload = std::move(wish.payload);
    next.refreshes = wish.refreshes;
    next.expires = std::max(
        next.expires, next.modified.plus(std::chrono::duration_cast<Ticks>(wish.lifetime)));
    if (auto fits = check_size(next); !fits) return std::unexpected(fits.error());
    const RecordId id = next.id;
    const IndexEntry* known = context_.store.index().find(id);
    if (use_.is_used_up(weighed(next), known)) return std::unexpected(GraphErrc::too_many);
    if (auto done = put(now, std::move(next), 0); !done) return std::unexpected(done.error());
    return id;
}

GraphResult<void> Database::remove_internal(Now now, const RecordId& id) {
    const auto old = get_live(now, id);
    if (!old) return std::unexpected(old.error());
    Record next = *old;
    next.is_deleted = true;
    next.refreshes = false;
    next.payload.clear();
    return replace(now, *old, std::move(next));
}

GraphResult<void> Database::put(Now now, Record record, LinkId from) {
    if (from == 0 && context_.security != nullptr) {
        auto security = context_.security->secure(record);
        if (!security || security->size() > kSecurityDataMax) {
            return std::unexpected(GraphErrc::refused);
        }
        record.security = std::move(*security);
    }
    bool was_seen = false;
    std::optional<Change> gone;
    if (const IndexEntry* known = context_.store.index().find(record.id)) {
        if (known->type != record.type) gone = disappearance(now, *known);
        bytes_ -= std::min<std::uint64_t>(bytes_, known->bytes);
        was_seen = is_live(*known, now) && !gone;
        record.refreshes |= from != 0 && keeps_refreshing(*known, record);
        refreshing_.erase({known->expires, known->id});
        use_.remove(*known);
    }
    if (auto done = context_.store.put(record); !done) {
        return std::unexpected(graph_error(done.error()));
    }
    if (gone) changes_.push_back(std::move(*gone));
    if (const IndexEntry* entry = context_.store.index().find(record.id)) track(*entry);
    plan_expiry(now, record.expires);
    if (record.refreshes) plan_refresh(now);

    Change change;
    change.id = record.id;
    change.type = record.type;
    change.version = record.version;
    change.kind = kind_of(was_seen, !record.is_deleted);
    change.from = from;
    change.size = stored_size(record);
    if (is_internal(record.type)) change.internal = std::move(record);
    const RecordId id = change.id;
    changes_.push_back(std::move(change));
    keep_quota(id);
    return {};
}

/// What a record was, to whoever knew it as that, when it becomes one of another type.
std::optional<Change> Database::disappearance(Now now, const IndexEntry& known) {
    if (!is_internal(known.type) && !is_live(known, now)) return std::nullopt;
    Change change;
    change.id = known.id;
    change.type = known.type;
    change.version = known.version;
    change.kind = RecordChangeKind::expired; // nobody floods that
    if (is_internal(known.type)) {
        auto record = context_.store.get(known.id);
        if (record && *record) change.internal = std::move(**record);
    }
    return change;
}

void Database::track(const IndexEntry& entry) {
    bytes_ += entry.bytes;
    if (entry.refreshes && !entry.is_deleted) refreshing_.emplace(entry.expires, entry.id);
    use_.add(entry);
}

// What peers send ---------------------------------------------------------------------------------

Received Database::refuse(DropReason reason) {
    context_.counters.drop(reason);
    return {Reception::rejected, {}, 0, reason};
}

Received Database::receive(Now now, LinkId from, ByteView encoded) {
    auto record = decode_record(encoded, context_.config.graph_id, context_.config.rules);
    if (!record) return refuse(reason_for(record.error()));
    const IndexEntry* known = context_.store.index().find(record->id);
    const RecordId id = record->id;
    const std::uint32_t version = record->version;
    // What we have is not judged again: most floods are of that kind.
    if (known != nullptr && version <= known->version) {
        const Reception outcome = classify(*record, *known);
        if (outcome != Reception::fresh) return {outcome, id, version, std::nullopt};
    }
    const std::size_t most = context_.record_max();
    if (auto valid = validate_record(*record, most, context_.config.rules); !valid) {
        return refuse(reason_for(valid.error()));
    }
    if (const auto reason = judge(now, *record, known)) return refuse(*reason);
    if (context_.security != nullptr) {
        switch (context_.security->validate(*record)) {
        case Verdict::valid:
            break;
        case Verdict::invalid:
            return refuse(DropReason::rejected_record);
        case Verdict::defer:
            defer(now, from, encoded);
            return {Reception::deferred, id, version, std::nullopt};
        }
    }
    if (!put(now, std::move(*record), from)) return {};
    return {Reception::fresh, id, version, std::nullopt};
}

std::optional<DropReason>
Database::judge(Now now, const Record& record, const IndexEntry* known) const {
    const PeerTime peer_now = context_.peer_now(now);
    if (record.expires <= peer_now) return DropReason::expired_record;
    if (record.type == kGraphInfoType && !is_of_the_creator(record)) {
        return DropReason::foreign_properties;
    }
    if (known == nullptr && is_full(use_.quotas())) return DropReason::over_quota;
    if (!use_.quotas().allows(record) || use_.is_over(weighed(record), known)) {
        return DropReason::over_quota;
    }
    if (context_.config.rules == store::Rules::published) return std::nullopt;
    if (record.modified.since(peer_now) > kFutureMax) return DropReason::from_the_future;
    if (record.expires.since(peer_now) > kLifetimeMax + kFutureMax) return DropReason::over_quota;
    if (record.version > kVersionMax) return DropReason::version_jump;
    return std::nullopt;
}

// A graph has one creator, who alone changes its properties and never deletes them (MS-PPGRH
// 2.2.3.1, 3.1.4.1); whoever was seen first in that role keeps it.
bool Database::is_of_the_creator(const Record& record) const {
    const auto info = decode_graph_info(record.payload);
    if (!info || info->creator != record.creator) return false;
    if (info->graph_id != context_.config.graph_id) return false;
    if (!record.modifier.empty() && record.modifier != record.creator) return false;
    return context_.info.creator.empty() || context_.info.creator == record.creator;
}

Reception Database::classify(const Record& record, const IndexEntry& known) {
    if (record.version < known.version) return Reception::older;
    // Nothing that a neighbour may repeat costs as much as what it repeats.
    const auto stored = context_.store.age(record.id);
    if (!stored || !*stored) return Reception::present; // the next synchronisation finds it
    const auto order = store::compare_age(record, **stored, context_.config.rules);
    if (order == std::strong_ordering::equal) return Reception::present;
    return order == std::strong_ordering::greater ? Reception::fresh : Reception::older;
}

void Database::defer(Now now, LinkId from, ByteView encoded) {
    const auto of_link = static_cast<std::size_t>(
        std::ranges::count_if(deferred_, [&](const Deferred& item) { return item.from == from; }));
    if (deferred_.size() >= kDeferredMax || of_link >= kDeferredPerLink ||
        deferred_bytes_ + encoded.size() > kDeferredBytesMax) {
        context_.counters.drop(DropReason::deferred_overflow);
        return;
    }
    deferred_bytes_ += encoded.size();
    deferred_.push_back({to_owned(encoded), from, now.instant + kDeferredTime});
}

void Database::validate_deferred(Now now) {
    for (const RecordId& id : std::exchange(unjudged_, {})) {
        const auto verdict = judge_stored(id);
        if (!verdict || *verdict == Verdict::defer) unjudged_.push_back(id);
        if (!verdict || *verdict != Verdict::invalid) continue;
        const IndexEntry* entry = context_.store.index().find(id);
        if (entry != nullptr) (void)drop(*entry, RecordChangeKind::deleted);
    }
    auto again = std::exchange(deferred_, {});
    deferred_bytes_ = 0;
    for (Deferred& item : again) {
        if (item.until <= now.instant) continue;
        receive(now, item.from, item.encoded);
    }
}

// Reading -----------------------------------------------------------------------------------------

PeerTime Database::reading_time(Now now) const {
    if (context_.info.defers_expiration && context_.links.neighbours() == 0) return {};
    return context_.peer_now(now);
}

bool Database::is_live(const IndexEntry& entry, Now now) const {
    return !entry.is_deleted && entry.expires > reading_time(now);
}

GraphResult<Record> Database::get_live(Now now, const RecordId& id) {
    const IndexEntry* entry = context_.store.index().find(id);
    if (entry == nullptr || !is_live(*entry, now)) return std::unexpected(GraphErrc::not_found);
    auto record = context_.store.get(id);
    if (!record) return std::unexpected(graph_error(record.error()));
    if (!*record) return std::unexpected(GraphErrc::not_found);
    return std::move(**record);
}

GraphResult<store::RecordHead>
Database::head_live(Now now, const RecordId& id, std::size_t payload_max) {
    const IndexEntry* entry = context_.store.index().find(id);
    if (entry == nullptr || !is_live(*entry, now)) return std::unexpected(GraphErrc::not_found);
    auto head = context_.store.head(id, payload_max);
    if (!head) return std::unexpected(graph_error(head.error()));
    if (!*head) return std::unexpected(GraphErrc::not_found);
    return std::move(**head);
}

// Time --------------------------------------------------------------------------------------------

void Database::handle_timeout(Now now) {
    if (expiry_due_ <= now.instant) expire(now);
    if (refresh_due_ <= now.instant) (void)refresh(now);
    while (!deferred_.empty() && deferred_.front().until <= now.instant) {
        deferred_bytes_ -= deferred_.front().encoded.size();
        deferred_.pop_front();
    }
}

std::optional<Instant> Database::next_timeout() const {
    std::optional<Instant> next;
    if (expiry_due_ != Instant::max()) keep_earlier(next, expiry_due_);
    if (refresh_due_ != Instant::max()) keep_earlier(next, refresh_due_);
    if (!deferred_.empty()) keep_earlier(next, deferred_.front().until);
    return next;
}

void Database::expire(Now now) {
    expiry_due_ = Instant::max();
    if (context_.info.defers_expiration && context_.links.neighbours() == 0) return;
    const PeerTime peer_now = context_.peer_now(now);
    // The clock may have jumped over the time of renewal, as it does in a machine that sleeps.
    // Otherwise renewals keep to their own time: all nodes scan in the same instant.
    const bool is_overdue = !refreshing_.empty() && refreshing_.begin()->first <= peer_now;
    if (is_overdue && !refresh(now)) {
        expiry_due_ = now.instant;
        return;
    }
    std::uint64_t bytes = 0;
    for (std::size_t done = 0; done < kSlice && bytes < kExpiryBytesMax; ++done) {
        const IndexEntry* first = context_.store.index().first_to_expire();
        if (first == nullptr) return;
        if (first->expires > peer_now) {
            plan_expiry(now, first->expires);
            return;
        }
        bytes += first->bytes;
        if (!drop(*first, RecordChangeKind::expired)) {
            expiry_due_ = now.instant + kExpiryScanMin;
            return;
        }
    }
    expiry_due_ = now.instant; // more next turn
}

void Database::plan_expiry(Now now, PeerTime expires) {
    const Ticks left = expires.since(context_.peer_now(now));
    const Ticks wait = std::clamp<Ticks>(left, kExpiryScanMin, kExpiryScanMax);
    expiry_due_ = std::min(expiry_due_, now.instant + std::chrono::duration_cast<Duration>(wait));
}

void Database::plan_refresh(Now now) {
    refresh_due_ = Instant::max();
    if (refreshing_.empty()) return;
    const Ticks left =
        refreshing_.begin()->first.since(context_.peer_now(now)) - Ticks(kRefreshWindow);
    const Ticks wait = std::clamp<Ticks>(left, Ticks(0), kExpiryScanMax);
    refresh_due_ =
        now.instant + std::max(std::chrono::duration_cast<Duration>(wait), kRefreshTimerMin);
}

/// False if more are due than one turn takes. Who cannot be renewed is in nobody's way: the next
/// turn goes on behind it.
bool Database::refresh(Now now) {
    const PeerTime peer_now = context_.peer_now(now);
    const PeerTime horizon = peer_now.plus(kRefreshWindow);
    std::vector<std::pair<PeerTime, RecordId>> due;
    for (auto at = refreshing_.upper_bound(refreshed_to_); at != refreshing_.end(); ++at) {
        if (at->first > horizon || due.size() >= kSlice) break;
        due.push_back(*at);
    }
    bool is_whole = due.size() < kSlice;
    refreshed_to_ = is_whole ? std::pair<PeerTime, RecordId>{} : due.back();
    for (const auto& [expires, id] : due) {
        auto stored = context_.store.get(id);
        if (!stored || !*stored) continue;
        Record next = **stored;
        const Ticks lifetime = next.expires.since(next.modified);
        next.version += 1;
        next.modifier = context_.config.peer_id;
        next.modified = std::max(peer_now, next.created.plus(Ticks(1)));
        next.expires = std::max(
            next.expires,
            next.modified.plus(lifetime > Ticks(0) ? lifetime : Ticks(std::chrono::seconds(300))));
        const auto done = put(now, std::move(next), 0);
        if (!done && done.error() != GraphErrc::refused) {
            is_whole = true; // the store fails: no more of them this time
            refreshed_to_ = {};
            break;
        }
    }
    plan_refresh(now);
    return is_whole;
}

std::optional<Change> Database::poll_change() {
    if (changes_.empty()) return std::nullopt;
    Change change = std::move(changes_.front());
    changes_.pop_front();
    return change;
}

std::size_t Database::memory() const {
    return deferred_bytes_ + deferred_.size() * sizeof(Deferred) + use_.memory() +
           unjudged_.size() * sizeof(RecordId) +
           refreshing_.size() * (sizeof(std::pair<PeerTime, RecordId>) + 32) +
           changes_.size() * sizeof(Change);
}

} // namespace kith::graph
