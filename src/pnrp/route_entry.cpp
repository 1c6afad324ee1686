#include "pnrp/route_entry.hpp"

#include <algorithm>

namespace kith::pnrp {

bool RouteEntry::has_endpoint(const Endpoint& endpoint) const {
    return endpoint.port == port &&
           std::ranges::find(addresses, endpoint.address) != addresses.end();
}

} // namespace kith::pnrp
