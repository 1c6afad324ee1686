// The route cache: the other nodes' registrations that this node knows (MS-PNRP 3.2.1).
//
// Entries lie sorted on the circle. Around every own id the five next below and the five next above
// are its leaf set: what makes every name findable. Beyond it the circle is cut into levels, each
// twice as wide as the one inside it and each with room for the same few entries (more in the
// outermost), so that every hop of a search can at least halve the distance several times over:
// what makes names findable fast. Without an own id a random point takes its place, without a leaf
// set.

#pragma once

#include "base/time.hpp"
#include "pnrp/id.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/round_trip.hpp"
#include "pnrp/route_entry.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace kith::pnrp {

/// SHA-256 over the key that signed an entry's CPA, cut to what continuity needs: another key with
/// the same 128 bits cannot be found.
using KeyFingerprint = ByteArray<16>;

struct CachedRoute {
    RouteEntry entry;
    Instant heard; // the last time its node proved to hold the id
    RoundTrip round_trip;
    std::optional<KeyFingerprint> key; // present once its CPA was verified
    bool is_late = false;              // an answer is overdue: others are asked first
};

class RouteCache {
public:
    /// `fallback_anchor` is where the levels lie while there is no own id.
    explicit RouteCache(const PnrpId& fallback_anchor) : fallback_anchor_{fallback_anchor} {}

    /// From now on ids of one network that huddle take the room of two in a leaf set: it has more
    /// than five on a side where there are more of them.
    void limit_networks() { limits_networks_ = true; }

    /// The own ids, in any order.
    void set_own_ids(std::vector<PnrpId> ids);

    std::span<const CachedRoute> entries() const { return entries_; }
    std::size_t size() const { return entries_.size(); }
    bool empty() const { return entries_.empty(); }

    const CachedRoute* find(const PnrpId& id) const;
    CachedRoute* find(const PnrpId& id);

    /// The own ids in whose leaf set `id` is, or would be if it were cached.
    std::vector<PnrpId> leaf_sets_of(const PnrpId& id) const;
    bool is_in_leaf_set(const PnrpId& id) const;

    /// True if there is a place for `id`: in a leaf set or in a level that is not full.
    bool has_room_for(const PnrpId& id) const;

    /// True if the level of `entry` is half full and has as many entries of its address or network
    /// as one owner of a network should fill (docs/protocol/pnrp.md, Limits against abuse). In a
    /// leaf set, where a false refusal would hide a name, only if ids of its network huddle around
    /// it as no chance would have it.
    bool has_too_many_like(const RouteEntry& entry) const;

    /// Adds or replaces the entry of `route.entry.id`. What no longer fits its level leaves, the
    /// longest unheard first; leaf sets never lose an entry to a level.
    void insert(CachedRoute route);

    /// True if there was one.
    bool erase(const PnrpId& id);

    /// The leaf set of `own`, nearest first (MS-PNRP 3.2.1). In a cloud of few ids an entry may be
    /// on both sides.
    std::vector<const CachedRoute*> below(const PnrpId& own) const;
    std::vector<const CachedRoute*> above(const PnrpId& own) const;

    /// The nearest cached entry strictly above or below `id` on the circle, other than `id`'s own.
    const CachedRoute* next_above(const PnrpId& id) const;
    const CachedRoute* next_below(const PnrpId& id) const;

    /// Calls `visit(route)` in order of distance to `target` until it returns false.
    template<class Visit>
    void visit_outward(const PnrpId& target, Visit&& visit) const;

    /// The entry whose node has been silent for longest; nothing if empty.
    const CachedRoute* least_recently_heard() const;

    /// The middle of the widest stretch without an entry in a level that is not full, and how many
    /// leading bits an id shares with it at least if it lies in that stretch (MS-PNRP 3.2.6.2 note
    /// 6).
    struct Gap {
        PnrpId target;
        std::uint16_t precision = 0; // bits
        unsigned level = 0;
    };

    /// The gaps of one own id (or of the fallback anchor), the `turn`-th going round, outermost
    /// level first; none inside the leaf set.
    std::vector<Gap> gaps(std::uint64_t turn) const;

    /// IDs in the cloud, the own ones included, from how densely the leaf sets lie (MS-PNRP
    /// 3.2.6.2.1.1 takes their nearest two entries only). Nothing without an own id, without an
    /// entry, or where every estimate is 2^32 or more.
    std::optional<double> estimated_ids() const;

    std::size_t own_id_count() const { return own_ids_.size(); }
    bool is_own_id(const PnrpId& id) const;

    std::size_t state_bytes() const;

private:
    using Position = std::size_t;

    Position lower_bound(const PnrpId& id) const;
    const PnrpId& nearest_anchor(const PnrpId& id) const;
    std::size_t count_between(const PnrpId& first, const PnrpId& last) const;
    std::size_t level_population(const PnrpId& anchor, unsigned level) const;
    Gap widest_gap(const PnrpId& first, const PnrpId& last, unsigned level) const;
    enum class Side : std::uint8_t { below, above };
    const CachedRoute& route_beside(Position nearest, Side side, std::size_t steps) const;
    const PnrpId& edge_of_side(const PnrpId& id, Position nearest, Side side) const;
    std::optional<double> span_of_others(const RouteEntry& entry) const;
    std::span<const PnrpId>
    own_ids_between(const PnrpId& low, const PnrpId& high, std::vector<PnrpId>& wrapped) const;
    std::span<const PnrpId> own_ids_near(const PnrpId& id, std::vector<PnrpId>& wrapped) const;
    bool is_in_huddle(const RouteEntry& entry) const;
    void trim_level_of(const PnrpId& id);

    PnrpId fallback_anchor_;
    bool limits_networks_ = false;
    std::vector<PnrpId> own_ids_;      // sorted
    std::vector<CachedRoute> entries_; // sorted by id
};

/// How many entries level `level` holds: floor(log2(distance to the anchor)).
std::size_t level_capacity(unsigned level);

template<class Visit>
void RouteCache::visit_outward(const PnrpId& target, Visit&& visit) const {
    const std::size_t count = entries_.size();
    if (count == 0) return;
    const Position start = lower_bound(target);
    Position up = start % count;
    Position down = (start + count - 1) % count;
    for (std::size_t seen = 0; seen < count; ++seen) {
        const bool take_up =
            up == down || !is_closer(entries_[down].entry.id, entries_[up].entry.id, target);
        const CachedRoute& route = entries_[take_up ? up : down];
        if (take_up) {
            up = (up + 1) % count;
        } else {
            down = (down + count - 1) % count;
        }
        if (!visit(route)) return;
    }
}

} // namespace kith::pnrp
