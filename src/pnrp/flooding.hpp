// Spreading what the neighbours must know (MS-PNRP 3.2.5.11, 3.2.4.2, 4.3, 4.4): a new entry of a
// leaf set, and the end of one.

#pragma once

#include "base/time.hpp"
#include "pnrp/admission.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/registry.hpp"
#include "pnrp/route_cache.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace kith::pnrp {

class Flooding {
public:
    Flooding(Exchange& exchange, RouteCache& cache, const Registry& registry)
        : exchange_(exchange),
          cache_(cache),
          registry_(registry) {}

    /// Tells the nearest nodes on both sides of a newly admitted entry of it, the newcomer and the
    /// informant of us.
    void spread(Now now, const Admitted& admitted);

    /// Tells the neighbours of `own` that it is no more, and the far ends of its leaf set of each
    /// other (MS-PNRP 3.2.4.2).
    void revoke(Now now, const PnrpId& own, const Bytes& revocation);

    /// Hands a revocation on, away from the revoked id, if that was in a leaf set of ours (4.3).
    /// Called before the entry leaves the cache.
    void pass_on(Now now, const PnrpId& revoked, const Bytes& revocation, const Flood& received);

    /// Sends one entry to a node, to be acknowledged. `validate` is an id of that node.
    void send_entry(
        Now now,
        const RouteEntry& to,
        const RouteEntry& entry,
        std::span<const Endpoint> already_flooded);

private:
    void send(Now now, std::vector<Endpoint> destinations, const PnrpId& validate, Flood flood);
    enum class Side : std::uint8_t { above, below };
    const CachedRoute*
    nearest_unflooded(const PnrpId& id, Side side, std::span<const Endpoint> seen) const;
    std::optional<PnrpId> id_at(const Endpoint& endpoint) const;

    Exchange& exchange_;
    RouteCache& cache_;
    const Registry& registry_;
};

} // namespace kith::pnrp
