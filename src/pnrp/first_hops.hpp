// Where a search begins: the cached entries nearest to its target, and those beyond them should
// they not lead there (docs/protocol/pnrp.md, Resolving).

#pragma once

#include "base/time.hpp"
#include "pnrp/doubts.hpp"
#include "pnrp/hop.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/route_cache.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace kith::pnrp {

struct FirstHops {
    std::vector<Hop> timely; // nearest first
    std::vector<Hop> late;   // the same: who let others wait is asked when there is nobody else
};

/// Up to `wanted` of either. A network that had its turn among the timely ones counts as late.
FirstHops choose_first_hops(
    Now now,
    const RouteCache& cache,
    const Doubts& doubts,
    const PnrpId& target,
    std::size_t wanted);

struct FurtherHops {
    std::vector<Hop> fresh; // nearest first
    std::vector<Hop> spent; // the same, of networks that have had their turn
};

/// Up to `kFirstHopsMax` of either for which `is_new(entry)`, and of whom nobody is known to lie or
/// to be silent.
template<class Predicate>
FurtherHops choose_further_hops(
    Now now,
    const RouteCache& cache,
    const Doubts& doubts,
    const PnrpId& target,
    Predicate&& is_new) {
    FurtherHops chosen;
    cache.visit_outward(target, [&](const CachedRoute& route) {
        const RouteEntry& entry = route.entry;
        if (is_new(entry) && !doubts.is_liar_or_silent(now, entry))
            (doubts.is_spent(entry) ? chosen.spent : chosen.fresh).push_back(Hop{entry});
        return chosen.fresh.size() < kFirstHopsMax;
    });
    chosen.spent.resize(std::min(chosen.spent.size(), kFirstHopsMax));
    return chosen;
}

} // namespace kith::pnrp
