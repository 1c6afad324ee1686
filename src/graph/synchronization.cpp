#include "graph/synchronization.hpp"

#include "base/check.hpp"
#include "crypto/digest.hpp"
#include "graph/flooding.hpp"
#include "graph/record_codec.hpp"
#include "graph/wire_limits.hpp"
#include "wire/writer.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace kith::graph {

using store::IndexEntry;
using store::RangeSum;
using store::RecordId;
using store::SyncKey;

namespace {

/// The key before `key`: 192-bit subtraction over (time, id). Requires: not the lowest.
SyncKey predecessor(SyncKey key) {
    for (std::size_t i = key.id.bytes.size(); i-- > 0;) {
        const bool borrows = key.id.bytes[i] == std::byte{0};
        key.id.bytes[i] = static_cast<std::byte>(std::to_integer<unsigned>(key.id.bytes[i]) - 1U);
        if (!borrows) return key;
    }
    --key.modified.ticks;
    return key;
}

/// The boundaries of an answer as far as they are in order and apart, and no more than an answer
/// has: ranges that overlap would make one message work without end.
std::span<const Boundary> in_order(const Advertise& advert) {
    const std::size_t most = kHashEntriesMax + 2;
    const std::span all(advert.boundaries);
    std::size_t count = 0;
    for (const SyncKey* last = nullptr; count < std::min(most, all.size()); ++count) {
        const Boundary& boundary = all[count];
        if (boundary.upper < boundary.lower || (last != nullptr && boundary.lower < *last)) break;
        last = &boundary.upper;
    }
    return all.first(count);
}

} // namespace

ByteArray<16>
published_hash(const store::RecordIndex& index, const SyncKey& first, const SyncKey& last) {
    Bytes input;
    wire::Writer writer(input);
    index.visit(first, last, [&](const IndexEntry& entry) {
        writer(entry.id.bytes, entry.version);
        return true;
    });
    return crypto::md5({input});
}

ByteArray<16> sum_hash(const RangeSum& sum) {
    Bytes input;
    wire::Writer writer(input);
    writer(sum.sum, sum.count);
    const auto digest = crypto::sha256({input});
    ByteArray<16> hash;
    std::copy_n(digest.begin(), hash.size(), hash.begin());
    return hash;
}

SyncRange sum_range(const store::RecordIndex& index, const SyncKey& lower, const SyncKey& upper) {
    return {RangeKind::sum, upper, sum_hash(index.sum(lower, upper))};
}

RangeSum Synchronization::root() const {
    return context_.store.index().sum(SyncKey::lowest(), SyncKey::highest());
}

void Synchronization::send(Link& link, const Message& message) {
    Bytes bytes = encode(message);
    count(bytes.size());
    link.writer.push(std::move(bytes), Stream::small, Load::answer);
}

// The asking end ----------------------------------------------------------------------------------

void Synchronization::begin(Now now, Link& link) {
    if (link.sync.type != SyncType::none) return;
    const bool is_first = !std::exchange(had_neighbour_, true);
    link.sync = {};
    link.sync.patience = now.instant + kSyncPatience;
    ++context_.counters.syncs_started;
    if (!context_.is_synchronized) {
        link.sync.was_first = true;
        begin_types(now, link, SyncType::all);
    } else if (link.can.sums && link.their_root == root()) {
        complete(now, link); // equal already
    } else if (is_first && left_at_) {
        link.sync.then_ranges = true;
        link.sync.since = *left_at_;
        begin_types(now, link, SyncType::since);
    } else {
        begin_ranges(now, link);
    }
}

void Synchronization::begin_types(Now now, Link& link, SyncType type) {
    SyncSession& sync = link.sync;
    sync.type = type;
    sync.types = {kGraphInfoType, kPresenceType};
    for (const auto& first : context_.config.sync_first) {
        if (sync.types.size() >= kFilterTypesMax) break; // the last question excludes them all
        if (std::ranges::find(sync.types, first) == sync.types.end()) sync.types.push_back(first);
    }
    sync.next_type = 0;
    sync.all_types = false;
    ask_next_type(now, link);
}

void Synchronization::ask_next_type(Now now, Link& link) {
    SyncSession& sync = link.sync;
    sync.patience = now.instant + kSyncPatience;
    ++context_.counters.sync_rounds;
    TypeFilter types;
    if (sync.next_type < sync.types.size()) {
        types.included = {sync.types[sync.next_type++]};
    } else {
        types.excluded = sync.types;
        sync.all_types = true;
    }
    if (sync.type == SyncType::all) {
        send(link, SolicitNew{std::move(types)});
    } else {
        send(link, SolicitTime{std::move(types), sync.since});
    }
}

void Synchronization::begin_ranges(Now now, Link& link) {
    link.sync.type = SyncType::ranges;
    link.sync.then_ranges = false;
    if (!link.can.sums) {
        ask_flat(now, link);
        return;
    }
    const bool is_flat = context_.store.index().size() <= kFlatBelow;
    link.sync.open = {OpenRange{SyncKey::lowest(), SyncKey::highest()}};
    ask_ranges(now, link, is_flat ? kFlatBelow : kFanOut);
}

void Synchronization::ask_flat(Now now, Link& link) {
    const store::RecordIndex& index = context_.store.index();
    if (index.size() == 0 || index.size() / kFlatRange >= kHashEntriesMax) {
        // A hash count of zero is not allowed (GA-28).
        begin_types(now, link, SyncType::all);
        return;
    }
    SolicitHash solicit;
    Bytes input;
    std::size_t in_range = 0;
    SyncKey last;
    const auto end_range = [&] {
        solicit.entries.push_back({crypto::md5({input}), last});
        input.clear();
        in_range = 0;
    };
    index.visit(SyncKey::lowest(), SyncKey::highest(), [&](const IndexEntry& entry) {
        wire::Writer writer(input);
        writer(entry.id.bytes, entry.version);
        last = entry.key();
        if (++in_range == kFlatRange) end_range();
        return true;
    });
    if (in_range != 0) end_range();
    link.sync.patience = now.instant + kSyncPatience;
    ++context_.counters.sync_rounds;
    send(link, solicit);
}

std::vector<OpenRange>
Synchronization::cut(const SyncKey& lower, const SyncKey& upper, std::size_t parts_max) const {
    const store::RecordIndex& index = context_.store.index();
    const std::uint64_t held = index.sum(lower, upper).count;
    if (held <= kPart) return {{lower, upper, true}};
    const std::uint64_t parts = std::min<std::uint64_t>(parts_max, (held + kPart - 1) / kPart);
    std::vector<OpenRange> ranges;
    SyncKey from = lower;
    for (std::uint64_t part = 1; part < parts; ++part) {
        const std::uint64_t size = held * part / parts - held * (part - 1) / parts;
        const auto last = index.key_at(from, size - 1);
        const auto next = index.key_at(from, size);
        KITH_CHECK(last && next); // `held` counted them
        ranges.push_back({from, separator(*last, *next), false});
        from = ranges.back().upper.successor();
    }
    ranges.push_back({from, upper, false});
    return ranges;
}

// Asks for the first open ranges, each cut into `parts_max` parts at most.
void Synchronization::ask_ranges(Now now, Link& link, std::size_t parts_max) {
    const store::RecordIndex& index = context_.store.index();
    SyncSession& sync = link.sync;
    sync.asked.clear();
    auto taken = sync.open.begin();
    for (; taken != sync.open.end() && sync.asked.size() < kRangesMax; ++taken) {
        if (taken->wants_list) {
            sync.asked.push_back(*taken);
            continue;
        }
        for (const OpenRange& part : cut(taken->lower, taken->upper, parts_max))
            sync.asked.push_back(part);
    }
    sync.open.erase(sync.open.begin(), taken);

    SolicitHash solicit;
    solicit.flags = kSumsFlag;
    SyncKey next = SyncKey::lowest();
    for (const OpenRange& range : sync.asked) {
        if (range.lower > next)
            solicit.ranges.push_back({RangeKind::settled, predecessor(range.lower)});
        if (range.wants_list)
            solicit.ranges.push_back({RangeKind::list, range.upper});
        else
            solicit.ranges.push_back(sum_range(index, range.lower, range.upper));
        next = range.upper.successor();
    }
    sync.patience = now.instant + kSyncPatience;
    ++sync.rounds;
    ++context_.counters.sync_rounds;
    send(link, solicit);
}

void Synchronization::handle(Now now, Link& link, const Advertise& advert) {
    SyncSession& sync = link.sync;
    if (sync.type != SyncType::ranges || sync.has_requested) {
        context_.close(link, DropReason::stale_sync);
        return;
    }
    if ((advert.flags & kRangesFlag) == 0) {
        take_boundaries(link, advert); // a published answer is the last
    } else if (!take_ranges(link, advert)) {
        context_.close(link, DropReason::bad_message);
        return;
    }
    if (sync.open.empty() || sync.rounds >= kRoundsMax ||
        sync.to_request.size() + sync.to_send.size() > kDifferencesMax) {
        request(now, link);
        return;
    }
    ask_ranges(now, link, kFanOut);
}

void Synchronization::take_boundaries(Link& link, const Advertise& advert) const {
    std::span<const RecordAbstract> left(advert.abstracts);
    for (const Boundary& boundary : in_order(advert)) {
        const auto listed = left.first(std::min<std::size_t>(left.size(), boundary.count));
        left = left.subspan(listed.size());
        compare(link, boundary.lower, boundary.upper, listed);
    }
}

// Compares what was listed, and leaves in `open` what is to be looked into, first of all what this
// answer found and then what it did not come to.
bool Synchronization::take_ranges(Link& link, const Advertise& advert) const {
    SyncSession& sync = link.sync;
    std::span<const RecordAbstract> abstracts(advert.abstracts);
    std::vector<OpenRange> open;
    auto asked = sync.asked.cbegin();
    SyncKey next = SyncKey::lowest();
    for (const SyncRange& range : advert.ranges) {
        const SyncKey lower = std::exchange(next, range.upper.successor());
        if (range.kind == RangeKind::settled) continue;
        while (asked != sync.asked.cend() && asked->upper < lower)
            ++asked;
        // Nobody says anything about what was not asked.
        if (asked == sync.asked.cend() || lower < asked->lower || asked->upper < range.upper)
            return false;
        if (range.kind == RangeKind::list) {
            if (range.count > abstracts.size()) return false;
            compare(link, lower, range.upper, abstracts.first(range.count));
            abstracts = abstracts.subspan(range.count);
        } else if (sum_range(context_.store.index(), lower, range.upper) != range) {
            open.push_back({lower, range.upper});
        }
    }
    // Nothing at all, or a range up to the highest key, leaves nothing without an answer.
    const bool is_whole = advert.ranges.empty() || advert.ranges.back().upper == SyncKey::highest();
    for (; !is_whole && asked != sync.asked.cend(); ++asked) {
        if (asked->upper < next) continue;
        open.push_back({std::max(asked->lower, next), asked->upper, asked->wants_list});
    }
    sync.open.insert(sync.open.begin(), open.begin(), open.end());
    return true;
}

void Synchronization::compare(
    Link& link,
    const SyncKey& lower,
    const SyncKey& upper,
    std::span<const RecordAbstract> theirs) const {
    const store::RecordIndex& index = context_.store.index();
    SyncSession& sync = link.sync;
    std::vector<RecordId> listed;
    for (const RecordAbstract& abstract : theirs) {
        listed.push_back(abstract.id);
        const IndexEntry* ours = index.find(abstract.id);
        if (is_wanted(abstract, ours)) {
            sync.to_request.push_back({abstract.id, abstract.version, std::nullopt});
        } else if (ours->version > abstract.version) {
            sync.to_send.push_back(abstract.id);
        }
    }
    std::ranges::sort(listed);
    index.visit(lower, upper, [&](const IndexEntry& entry) {
        if (!std::ranges::binary_search(listed, entry.id)) sync.to_send.push_back(entry.id);
        return true;
    });
}

void Synchronization::request(Now now, Link& link) {
    SyncSession& sync = link.sync;
    sync.has_requested = true;
    sync.patience = now.instant + kSyncPatience;
    Request request;
    request.abstracts = std::exchange(sync.to_request, {});
    send(link, request);
}

void Synchronization::handle(Now now, Link& link, const SyncEnd& end) {
    SyncSession& sync = link.sync;
    if (sync.type == SyncType::none || !end.is_final) return;
    if (sync.type == SyncType::ranges) {
        if (!sync.has_requested) return;
        for (const RecordId& id : sync.to_send)
            link.backlog.push_back(id);
        complete(now, link);
        return;
    }
    if (sync.all_types) {
        context_.tell(Synchronized{});
        if (sync.then_ranges && !sync.was_first) {
            sync.all_types = false;
            begin_ranges(now, link);
            return;
        }
        complete(now, link);
        return;
    }
    if (sync.next_type > 0) context_.tell(Synchronized{sync.types[sync.next_type - 1]});
    ask_next_type(now, link);
}

void Synchronization::complete(Now now, Link& link) {
    // Who has given us nothing is no member yet: somebody else is asked.
    if (link.sync.was_first && !has_something()) {
        context_.close(link, DropReason::stale_sync);
        return;
    }
    // What is still open is asked for when we may ask that much again.
    if (!link.sync.open.empty()) link.sync_again = now.instant + kSolicitsTime;
    link.sync = {};
    ++context_.counters.syncs_completed;
    become_synchronized();
    if (context_.info.defers_expiration) database_.expire_soon(now);
}

/// The properties of the graph, which bound what is taken in the modern rules. In the published
/// ones they last as long as their creator is there (GA-15), and any record will do.
bool Synchronization::has_something() const {
    const store::RecordIndex& index = context_.store.index();
    const bool is_published = context_.config.rules == store::Rules::published;
    return is_published ? index.size() != 0 : index.find(kGraphInfoId) != nullptr;
}

void Synchronization::become_synchronized() {
    context_.is_synchronized = true;
}

// The answering end -------------------------------------------------------------------------------

bool Synchronization::may_solicit(Now now, Link& link, std::size_t cost) {
    while (!link.solicits.empty() && link.solicits.front() + kSolicitsTime <= now.instant) {
        link.solicits.pop_front();
    }
    // Who asks before it has read the answers keeps them here.
    const bool is_unheard =
        link.sources.size() >= kQuestionsMax || link.writer.waiting(Load::answer) > kAnswersMax;
    if (is_unheard || link.solicits.size() + cost > kSolicitsMax) {
        context_.close(link, DropReason::too_many_syncs);
        return false;
    }
    link.solicits.insert(link.solicits.end(), cost, now.instant);
    return true;
}

void Synchronization::handle(Now now, Link& link, const SolicitNew& solicit) {
    if (!may_solicit(now, link)) return;
    link.sources.push_back({solicit.types, SyncKey::lowest(), SyncKey::highest()});
}

void Synchronization::handle(Now now, Link& link, const SolicitTime& solicit) {
    if (!may_solicit(now, link)) return;
    link.sources.push_back(
        {solicit.types, SyncKey{solicit.modified_since, RecordId{}}, SyncKey::highest()});
}

void Synchronization::handle(Now now, Link& link, const SolicitHash& solicit) {
    const bool is_modern = link.can.sums && (solicit.flags & kSumsFlag) != 0;
    // A published question is work for every record; two a minute are enough for anybody.
    const std::size_t size = context_.store.index().size();
    const std::size_t cost = is_modern ? 1 : std::min(1 + size / kFlatBelow, kSolicitsMax / 2);
    if (!may_solicit(now, link, cost)) return;
    if (solicit.entries.size() > kHashEntriesMax + 1) {
        context_.close(link, DropReason::too_many_syncs);
        return;
    }
    link.is_asked_for_ranges = true;
    send(link, is_modern ? answer_sums(solicit) : answer_published(solicit));
}

Advertise Synchronization::answer_published(const SolicitHash& solicit) const {
    const store::RecordIndex& index = context_.store.index();
    Advertise advert;
    const auto list = [&](const SyncKey& lower, const SyncKey& upper) {
        Boundary boundary{lower, upper, 0};
        index.visit(lower, upper, [&](const IndexEntry& entry) {
            advert.abstracts.push_back(abstract_of(entry, false));
            ++boundary.count;
            return true;
        });
        advert.boundaries.push_back(boundary);
    };
    SyncKey lower = SyncKey::lowest();
    bool is_covered = false;
    for (const HashEntry& entry : solicit.entries) {
        if (is_covered || entry.upper < lower) break; // not in order: the rest says nothing
        if (published_hash(index, lower, entry.upper) != entry.hash) list(lower, entry.upper);
        is_covered = entry.upper == SyncKey::highest();
        lower = entry.upper.successor();
    }
    // What lies beyond the last range (GA-27).
    if (!is_covered && index.sum(lower, SyncKey::highest()).count != 0) {
        list(lower, SyncKey::highest());
    }
    return advert;
}

// The records of a range; false if not all of them have room: the answer ends there.
bool Synchronization::list_range(
    Advertise& advert, const SyncKey& lower, const SyncKey& upper) const {
    SyncRange range{RangeKind::list, upper};
    bool is_whole = true;
    context_.store.index().visit(lower, upper, [&](const IndexEntry& entry) {
        is_whole = advert.abstracts.size() < kListedMax;
        if (!is_whole) return false;
        advert.abstracts.push_back(abstract_of(entry, true));
        ++range.count;
        range.upper = entry.key();
        return true;
    });
    if (is_whole) range.upper = upper;
    if (is_whole || range.count > 0) advert.ranges.push_back(range);
    return is_whole;
}

Advertise Synchronization::answer_sums(const SolicitHash& solicit) const {
    const store::RecordIndex& index = context_.store.index();
    Advertise advert;
    advert.flags = kWideFlag | kRangesFlag;
    const auto settle = [&](const SyncKey& upper) {
        const bool goes_on =
            !advert.ranges.empty() && advert.ranges.back().kind == RangeKind::settled;
        if (goes_on)
            advert.ranges.back().upper = upper;
        else
            advert.ranges.push_back({RangeKind::settled, upper});
    };
    SyncKey next = SyncKey::lowest();
    for (const SyncRange& range : solicit.ranges) {
        const SyncKey lower = std::exchange(next, range.upper.successor());
        if (range.kind == RangeKind::settled || range == sum_range(index, lower, range.upper)) {
            settle(range.upper);
            continue;
        }
        if (advert.ranges.size() >= kRangesMax) return advert;
        if (range.kind == RangeKind::list || index.sum(lower, range.upper).count <= kLeaf) {
            if (!list_range(advert, lower, range.upper)) return advert;
            continue;
        }
        for (const OpenRange& part : cut(lower, range.upper, kFanOut))
            advert.ranges.push_back(sum_range(index, part.lower, part.upper));
    }
    const bool is_open = !advert.ranges.empty() && advert.ranges.back().upper != SyncKey::highest();
    if (is_open) settle(SyncKey::highest()); // nothing else was asked
    return advert;
}

void Synchronization::handle(Now, Link& link, const Request& request) {
    if (!link.is_asked_for_ranges) {
        context_.close(link, DropReason::stale_sync);
        return;
    }
    link.is_asked_for_ranges = false;
    for (const RecordAbstract& abstract : request.abstracts) {
        if (link.backlog.size() >= kDifferencesMax) break;
        link.backlog.push_back(abstract.id);
    }
    link.owes_end = true;
}

// Time --------------------------------------------------------------------------------------------

void Synchronization::go_on(Now now, Link& link) {
    link.sync_again = Instant::max();
    if (!link.is_neighbour() || link.sync.type != SyncType::none) return;
    ++context_.counters.syncs_started;
    begin_ranges(now, link);
}

void Synchronization::hear(Now now, Link& link) {
    if (link.sync.type == SyncType::none) return;
    link.sync.arrived = 0;
    link.sync.patience = now.instant + kSyncPatience;
}

void Synchronization::hear_part(Now now, Link& link, std::size_t size) {
    link.sync.arrived += size;
    if (link.sync.arrived >= kSyncProgress) hear(now, link);
}

void Synchronization::forget(const Link& link) {
    if (context_.links.neighbours() == 0 && !link.is_incoming && link.sync.was_first) {
        had_neighbour_ = false;
    }
}

void Synchronization::handle_timeout(Now now) {
    for (auto& [id, link] : context_.links) {
        if (link.sync_again <= now.instant) go_on(now, link);
        if (link.sync.type == SyncType::none || link.sync.patience > now.instant) continue;
        context_.close(link, DropReason::timed_out); // another neighbour may answer
    }
}

std::optional<Instant> Synchronization::next_timeout() const {
    std::optional<Instant> next;
    for (const auto& [id, link] : context_.links) {
        if (!link.is_dead() && link.sync_again != Instant::max()) {
            keep_earlier(next, link.sync_again);
        }
        if (link.sync.type != SyncType::none && !link.is_dead()) {
            keep_earlier(next, link.sync.patience);
        }
    }
    return next;
}

} // namespace kith::graph
