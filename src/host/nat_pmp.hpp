// One exchange with the default gateway by NAT-PMP (RFC 6886). Blocks for at most kNatPmpTime.

#pragma once

#include "host/port_forwarding.hpp"

#include <cstdint>
#include <optional>

namespace kith::host {

/// Asks for UDP `port`, preferably under the same number outside.
std::optional<Forwarding> forward_by_nat_pmp(std::uint16_t port);

/// Takes it back.
void unforward_by_nat_pmp(std::uint16_t port);

} // namespace kith::host
