// Route entries: who is said to hold a PNRP ID, and where (MS-PNRP 2.2.3.4).

#pragma once

#include "base/endpoint.hpp"
#include "pnrp/id.hpp"

#include <cstdint>
#include <vector>

namespace kith::pnrp {

/// All addresses of a node share its port. 1 to `kRouteAddressesMax` addresses, port above 1024.
struct RouteEntry {
    PnrpId id;
    std::uint16_t port = 0;
    std::vector<Address> addresses;

    bool operator==(const RouteEntry&) const = default;

    bool has_endpoint(const Endpoint& endpoint) const;
};

} // namespace kith::pnrp
