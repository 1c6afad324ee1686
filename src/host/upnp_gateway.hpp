// One exchange with a gateway by UPnP IGD. Blocks: for kUpnpSearchTime, and for as long as the
// gateway's HTTP takes.

#pragma once

#include "host/port_forwarding.hpp"

#include <cstdint>
#include <optional>

namespace kith::host {

/// Asks for UDP `port`, under the same number outside.
std::optional<Forwarding> forward_by_upnp(std::uint16_t port);

/// Takes it back.
void unforward_by_upnp(std::uint16_t port);

} // namespace kith::host
