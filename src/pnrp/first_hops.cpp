#include "pnrp/first_hops.hpp"

#include "pnrp/networks_met.hpp"

namespace kith::pnrp {

FirstHops choose_first_hops(
    Now now,
    const RouteCache& cache,
    const Doubts& doubts,
    const PnrpId& target,
    std::size_t wanted) {
    FirstHops chosen;
    NetworksMet taken;
    cache.visit_outward(target, [&](const CachedRoute& route) {
        const auto network = doubts.limited_network_of(route.entry);
        const bool is_last = route.is_late || doubts.is_liar_or_silent(now, route.entry) ||
                             (network && taken.is_spent(*network));
        if (network && !is_last) taken.note_asked(*network);
        (is_last ? chosen.late : chosen.timely).push_back(Hop{route.entry});
        return chosen.timely.size() < wanted;
    });
    chosen.late.resize(std::min(chosen.late.size(), wanted));
    return chosen;
}

} // namespace kith::pnrp
