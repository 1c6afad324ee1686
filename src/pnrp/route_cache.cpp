#include "pnrp/route_cache.hpp"

#include "base/check.hpp"
#include "pnrp/network.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace kith::pnrp {

namespace {

// Distances reach 2^255, so the outermost level is the one of distances from 2^254 on.
constexpr unsigned kOutermostLevel = 254;
constexpr std::size_t kGrowth = 8; // entries

unsigned level_of(const PnrpId& anchor, const PnrpId& id) {
    return std::min(floor_log2(distance(anchor, id)).value_or(0), kOutermostLevel);
}

bool is_same_network(const RouteEntry& a, const RouteEntry& b) {
    const Address& one = a.addresses.front();
    const Address& other = b.addresses.front();
    // Asked often, and mostly answered by these.
    const bool may_be = std::equal(one.bytes.begin(), one.bytes.begin() + 6, other.bytes.begin());
    return may_be && network_of(one) == network_of(other);
}

} // namespace

std::size_t level_capacity(unsigned level) {
    const unsigned depth = kOutermostLevel - level;
    return std::max(kLevelEntries, kOuterLevelEntries >> std::min(depth, 63U));
}

void RouteCache::set_own_ids(std::vector<PnrpId> ids) {
    std::sort(ids.begin(), ids.end());
    own_ids_ = std::move(ids);
    for (const PnrpId& own : own_ids_)
        erase(own);
}

bool RouteCache::is_own_id(const PnrpId& id) const {
    return std::binary_search(own_ids_.begin(), own_ids_.end(), id);
}

RouteCache::Position RouteCache::lower_bound(const PnrpId& id) const {
    const auto at = std::lower_bound(
        entries_.begin(), entries_.end(), id, [](const CachedRoute& route, const PnrpId& wanted) {
            return route.entry.id < wanted;
        });
    return static_cast<Position>(at - entries_.begin());
}

const CachedRoute* RouteCache::find(const PnrpId& id) const {
    const Position at = lower_bound(id);
    return at < entries_.size() && entries_[at].entry.id == id ? &entries_[at] : nullptr;
}

CachedRoute* RouteCache::find(const PnrpId& id) {
    return const_cast<CachedRoute*>(std::as_const(*this).find(id));
}

const PnrpId& RouteCache::nearest_anchor(const PnrpId& id) const {
    if (own_ids_.empty()) return fallback_anchor_;
    const auto above = std::lower_bound(own_ids_.begin(), own_ids_.end(), id);
    const PnrpId& up = above == own_ids_.end() ? own_ids_.front() : *above;
    const PnrpId& down = above == own_ids_.begin() ? own_ids_.back() : *std::prev(above);
    return is_closer(down, up, id) ? down : up;
}

// Entries with an id in [first, last] going up the circle from `first`.
std::size_t RouteCache::count_between(const PnrpId& first, const PnrpId& last) const {
    const Position from = lower_bound(first);
    Position to = lower_bound(last);
    if (to < entries_.size() && entries_[to].entry.id == last) ++to;
    if (first <= last) return to - from;
    return entries_.size() - from + to;
}

std::size_t RouteCache::level_population(const PnrpId& anchor, unsigned level) const {
    const PnrpId near = power_of_two(level);
    if (level == kOutermostLevel) return count_between(anchor + near, anchor - near);
    const PnrpId far = power_of_two(level + 1) - successor({});
    return count_between(anchor + near, anchor + far) + count_between(anchor - far, anchor - near);
}

// The entry `steps` further on that side; `nearest` is the first, with 0.
const CachedRoute& RouteCache::route_beside(Position nearest, Side side, std::size_t steps) const {
    const std::size_t count = entries_.size();
    return entries_[(nearest + (side == Side::above ? steps : count - steps)) % count];
}

// How far from `id`, on one side of it, an own id may be in whose leaf set it is: to the fifth
// entry, where of those of one network that huddle two count.
const PnrpId& RouteCache::edge_of_side(const PnrpId& id, Position nearest, Side side) const {
    const PnrpId& farthest = route_beside(nearest, side, kSideReachMax - 1).entry.id;
    const double radius = circle_fraction(distance(farthest, id)) * kHuddleRadius;
    std::array<const CachedRoute*, kLeafSetSide> counted{};
    std::size_t found = 0;
    for (std::size_t i = 0; i < kSideReachMax; ++i) {
        const CachedRoute& route = route_beside(nearest, side, i);
        const auto alike = std::count_if(
            counted.begin(),
            counted.begin() + static_cast<std::ptrdiff_t>(found),
            [&](const CachedRoute* other) {
                return is_same_network(other->entry, route.entry) &&
                       circle_fraction(distance(other->entry.id, route.entry.id)) <= radius;
            });
        if (alike >= kHuddleRoom) continue;
        counted[found++] = &route;
        if (found == kLeafSetSide) return route.entry.id;
    }
    return farthest;
}

// Own ids going up the circle from `low` to `high`, without these two.
std::span<const PnrpId> RouteCache::own_ids_between(
    const PnrpId& low, const PnrpId& high, std::vector<PnrpId>& wrapped) const {
    const auto from = std::upper_bound(own_ids_.begin(), own_ids_.end(), low);
    const auto to = std::lower_bound(own_ids_.begin(), own_ids_.end(), high);
    if (low < high) return {from, to};
    wrapped.assign(from, own_ids_.end());
    wrapped.insert(wrapped.end(), own_ids_.begin(), to);
    return wrapped;
}

// An own id has `id` in its leaf set if it lies on the arc between the fifth entry below `id` and
// the fifth above: if fewer than five entries lie between the two on one side.
std::span<const PnrpId>
RouteCache::own_ids_near(const PnrpId& id, std::vector<PnrpId>& wrapped) const {
    const std::size_t count = entries_.size();
    const bool is_cached = find(id) != nullptr;
    const std::size_t others = count - (is_cached ? 1 : 0);
    if (others < 2 * kLeafSetSide) return own_ids_;
    const Position start = lower_bound(id);
    const Position below = (start + count - 1) % count;
    const Position above = (is_cached ? start + 1 : start) % count;
    const bool may_huddle = limits_networks_ && count >= kHuddleCacheMin;
    const std::size_t reach = may_huddle ? kSideReachMax : kLeafSetSide;
    const auto widest = own_ids_between(
        route_beside(below, Side::below, reach - 1).entry.id,
        route_beside(above, Side::above, reach - 1).entry.id,
        wrapped);
    if (!may_huddle || widest.empty()) return widest; // most are near no own id at all
    const PnrpId& low = edge_of_side(id, below, Side::below);
    const PnrpId& high = edge_of_side(id, above, Side::above);
    return own_ids_between(low, high, wrapped);
}

std::vector<PnrpId> RouteCache::leaf_sets_of(const PnrpId& id) const {
    std::vector<PnrpId> wrapped;
    const auto near = own_ids_near(id, wrapped);
    std::vector<PnrpId> found(near.begin(), near.end());
    std::erase(found, id);
    return found;
}

bool RouteCache::is_in_leaf_set(const PnrpId& id) const {
    std::vector<PnrpId> wrapped;
    const auto near = own_ids_near(id, wrapped);
    return !near.empty() && !(near.size() == 1 && near.front() == id);
}

bool RouteCache::has_room_for(const PnrpId& id) const {
    if (is_in_leaf_set(id)) return true;
    if (entries_.size() >= kCacheEntriesMax) return false;
    const PnrpId& anchor = nearest_anchor(id);
    const unsigned level = level_of(anchor, id);
    return level_population(anchor, level) < level_capacity(level);
}

bool RouteCache::has_too_many_like(const RouteEntry& entry) const {
    if (is_in_leaf_set(entry.id)) return is_in_huddle(entry);
    const PnrpId& anchor = nearest_anchor(entry.id);
    const unsigned level = level_of(anchor, entry.id);
    if (level_population(anchor, level) < level_capacity(level) / 2) return false;
    std::size_t same_address = 0;
    std::size_t same_narrow = 0;
    std::size_t same_wide = 0;
    const Address& address = entry.addresses.front();
    const bool is_v4 = address.is_v4();
    for (const CachedRoute& route : entries_) {
        const Address& other = route.entry.addresses.front();
        if (other.is_v4() != is_v4 || level_of(anchor, route.entry.id) != level) continue;
        if (other == address) ++same_address;
        if (!is_v4 && other.prefix(64) == address.prefix(64)) ++same_narrow;
        const unsigned wide = is_v4 ? 24 : 48;
        if (other.prefix(wide) == address.prefix(wide)) ++same_wide;
    }
    return same_address >= kLevelPerAddressMax || same_narrow >= kLevelPerNarrowMax ||
           same_wide >= kLevelPerWideMax;
}

// The arc around the own id next to `entry` that holds five entries on each side which are not of
// its network: whoever fills a leaf set has no say in how wide it ought to be.
std::optional<double> RouteCache::span_of_others(const RouteEntry& entry) const {
    const PnrpId& own = nearest_anchor(entry.id);
    const std::size_t count = entries_.size();
    const Position start = lower_bound(own);
    const auto edge = [&](Side side) -> const PnrpId* {
        std::size_t found = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const Position at = side == Side::above ? start + i : start + 2 * count - 1 - i;
            const CachedRoute& route = entries_[at % count];
            if (is_same_network(route.entry, entry)) continue;
            if (++found == kLeafSetSide) return &route.entry.id;
        }
        return nullptr;
    };
    const PnrpId* low = edge(Side::below);
    const PnrpId* high = edge(Side::above);
    if (low == nullptr || high == nullptr) return std::nullopt;
    return circle_fraction(*high - *low);
}

// Ids are spread evenly. Whoever ground his to lie around somebody else's has more of them in a
// small part of the circle than his share of all ids explains.
bool RouteCache::is_in_huddle(const RouteEntry& entry) const {
    if (entries_.size() < kHuddleCacheMin) return false;
    const auto span = span_of_others(entry);
    if (!span) return false;
    const double radius = *span * kHuddleRadius;
    std::size_t alike = 0;
    std::size_t near = 0;
    for (const CachedRoute& route : entries_) {
        if (!is_same_network(route.entry, entry)) continue;
        ++alike;
        if (circle_fraction(distance(route.entry.id, entry.id)) <= radius) ++near;
    }
    const double share = static_cast<double>(alike) / static_cast<double>(entries_.size());
    const double expected = 2 * kHuddleRadius * (2 * kLeafSetSide + 1) * share / (1 - share);
    return static_cast<double>(near) >= kHuddleMax * (1 + expected);
}

void RouteCache::insert(CachedRoute route) {
    const PnrpId id = route.entry.id;
    const Position at = lower_bound(id);
    if (at < entries_.size() && entries_[at].entry.id == id) {
        entries_[at] = std::move(route);
        return;
    }
    // Growing by half would leave a third of the largest part of a node's memory unused.
    if (entries_.size() == entries_.capacity()) entries_.reserve(entries_.size() + kGrowth);
    entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(at), std::move(route));
    // Whoever was pushed out of a leaf set now counts in its level.
    for (const PnrpId& own : leaf_sets_of(id)) {
        const auto low = below(own);
        const auto high = above(own);
        // Both are found before either level is trimmed: that moves the entries.
        std::vector<PnrpId> pushed_out;
        if (low.size() == kLeafSetSide) {
            if (const CachedRoute* next = next_below(low.back()->entry.id))
                pushed_out.push_back(next->entry.id);
        }
        if (high.size() == kLeafSetSide) {
            if (const CachedRoute* next = next_above(high.back()->entry.id))
                pushed_out.push_back(next->entry.id);
        }
        for (const PnrpId& next : pushed_out)
            trim_level_of(next);
    }
    trim_level_of(id);
}

void RouteCache::trim_level_of(const PnrpId& id) {
    const PnrpId anchor = nearest_anchor(id);
    const unsigned level = level_of(anchor, id);
    const bool is_crowded = level_population(anchor, level) > level_capacity(level);
    if (!is_crowded && entries_.size() <= kCacheEntriesMax) return;
    const CachedRoute* oldest = nullptr;
    for (const CachedRoute& route : entries_) {
        if (is_crowded && level_of(anchor, route.entry.id) != level) continue;
        if (oldest != nullptr && route.heard >= oldest->heard) continue;
        if (is_in_leaf_set(route.entry.id)) continue;
        oldest = &route;
    }
    if (oldest != nullptr) erase(PnrpId(oldest->entry.id));
}

bool RouteCache::erase(const PnrpId& id) {
    const Position at = lower_bound(id);
    if (at >= entries_.size() || entries_[at].entry.id != id) return false;
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(at));
    return true;
}

std::vector<const CachedRoute*> RouteCache::above(const PnrpId& own) const {
    std::vector<const CachedRoute*> side;
    const std::size_t count = entries_.size();
    const Position start = lower_bound(own);
    for (std::size_t i = 0; i < count && side.size() < kLeafSetSide; ++i) {
        side.push_back(&entries_[(start + i) % count]);
    }
    return side;
}

std::vector<const CachedRoute*> RouteCache::below(const PnrpId& own) const {
    std::vector<const CachedRoute*> side;
    const std::size_t count = entries_.size();
    const Position start = lower_bound(own);
    for (std::size_t i = 1; i <= count && side.size() < kLeafSetSide; ++i) {
        side.push_back(&entries_[(start + count - i) % count]);
    }
    return side;
}

const CachedRoute* RouteCache::next_above(const PnrpId& id) const {
    const std::size_t count = entries_.size();
    if (count == 0) return nullptr;
    const Position start = lower_bound(successor(id));
    const CachedRoute& found = entries_[start % count];
    return found.entry.id == id ? nullptr : &found;
}

const CachedRoute* RouteCache::next_below(const PnrpId& id) const {
    const std::size_t count = entries_.size();
    if (count == 0) return nullptr;
    const Position start = lower_bound(id);
    const CachedRoute& found = entries_[(start + count - 1) % count];
    return found.entry.id == id ? nullptr : &found;
}

const CachedRoute* RouteCache::least_recently_heard() const {
    const auto oldest = std::min_element(
        entries_.begin(), entries_.end(), [](const CachedRoute& a, const CachedRoute& b) {
            return a.heard < b.heard;
        });
    return oldest == entries_.end() ? nullptr : &*oldest;
}

// The widest stretch between neighbouring ids on the arc from `first` up to `last`, both included.
RouteCache::Gap
RouteCache::widest_gap(const PnrpId& first, const PnrpId& last, unsigned level) const {
    const std::size_t between = count_between(first, last);
    const Position start = lower_bound(first);
    PnrpId low = first;
    PnrpId gap_low = first;
    PnrpId gap_size;
    for (std::size_t i = 0; i <= between; ++i) {
        const PnrpId& high = i < between ? entries_[(start + i) % entries_.size()].entry.id : last;
        if (high - low > gap_size) {
            gap_size = high - low;
            gap_low = low;
        }
        low = high;
    }
    const unsigned width = floor_log2(gap_size).value_or(0);
    // Half of the gap, and an aligned block around its middle that does not reach beyond it.
    const PnrpId middle = width > 0 ? gap_low + power_of_two(width - 1) : gap_low;
    return {middle, static_cast<std::uint16_t>(std::min(257 - width, 256U)), level};
}

std::vector<RouteCache::Gap> RouteCache::gaps(std::uint64_t turn) const {
    const PnrpId& anchor = own_ids_.empty()
                               ? fallback_anchor_
                               : own_ids_[static_cast<std::size_t>(turn % own_ids_.size())];
    // Inside the leaf set there is nothing left to learn: stop at the farthest neighbour.
    unsigned innermost = kOutermostLevel;
    if (!own_ids_.empty() && entries_.size() > 2 * kLeafSetSide) {
        for (const auto* edge : {above(anchor).back(), below(anchor).back()}) {
            innermost = std::min(innermost, level_of(anchor, edge->entry.id));
        }
    } else if (own_ids_.empty() && !entries_.empty()) {
        // Without a leaf set a few levels are enough: the hops asked know the rest.
        innermost = kOutermostLevel - kLevelsWithoutOwnId + 1;
    }
    std::vector<Gap> found;
    for (unsigned level = kOutermostLevel; level >= innermost; --level) {
        if (level_population(anchor, level) >= level_capacity(level)) continue;
        const PnrpId near = power_of_two(level);
        const PnrpId far = power_of_two(level + 1);
        if (level == kOutermostLevel) {
            found.push_back(widest_gap(anchor + near, anchor - near, level));
        } else {
            found.push_back(widest_gap(anchor + near, anchor + far, level));
            found.push_back(widest_gap(anchor - far, anchor - near, level));
        }
    }
    return found;
}

std::optional<double> RouteCache::estimated_ids() const {
    if (own_ids_.empty() || entries_.empty()) return std::nullopt;
    const auto own = static_cast<double>(own_ids_.size());
    // With room left in the leaf sets they hold everybody there is.
    if (entries_.size() < 2 * kLeafSetSide) return static_cast<double>(entries_.size()) + own;
    double sum = 0;
    unsigned estimates = 0;
    for (const PnrpId& id : own_ids_) {
        // The arc of n other ids between the farthest two of a leaf set is ten gaps long, and the
        // mean of 1 / arc is n / 9: with 10 above it, as with the published 2 for the nearest two,
        // the average would be too high, and that by twice.
        const PnrpId& low = below(id).back()->entry.id;
        const PnrpId& high = above(id).back()->entry.id;
        const double arc = circle_fraction(high - low);
        const double estimate = arc > 0 ? (2 * kLeafSetSide - 1) / arc : kSizeEstimateMax;
        if (estimate >= kSizeEstimateMax) continue;
        sum += estimate;
        ++estimates;
    }
    if (estimates == 0) return std::nullopt;
    return sum / estimates + own;
}

std::size_t RouteCache::state_bytes() const {
    std::size_t bytes = own_ids_.capacity() * sizeof(PnrpId);
    bytes += entries_.capacity() * sizeof(CachedRoute);
    for (const CachedRoute& route : entries_) {
        bytes += route.entry.addresses.capacity() * sizeof(Address);
    }
    return bytes;
}

} // namespace kith::pnrp
