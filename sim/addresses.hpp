// Where simulated hosts live.

#pragma once

#include "base/endpoint.hpp"
#include "sim/host_id.hpp"

#include <cstdint>

namespace kith::sim {

inline constexpr std::uint16_t kPnrpPort = 3540; // MS-PNRP 1.9

/// One endpoint for each host of a cloud. Global ones have a /48 each, as homes have; those of a
/// link share its /64; those of a site have a /64 each.
///
/// Requires: `scope` is link, site or global; the host's number is below 2^24.
Endpoint endpoint_of(Scope scope, HostId host, std::uint16_t port = kPnrpPort);

/// A second place for a host that moves: another address of the same kind, nobody else's.
Endpoint moved_endpoint_of(Scope scope, HostId host, std::uint16_t port = kPnrpPort);

/// A place for `host` beside `neighbour`: in the same /48, in a /64 of its own. Requires: the
/// host's number is below 2^16.
Endpoint global_endpoint_beside(HostId neighbour, HostId host, std::uint16_t port = kPnrpPort);

/// The same host's IPv4 endpoint of global scope, in a /24 of its own. Requires: its number is
/// below 2^16.
Endpoint v4_endpoint_of(HostId host, std::uint16_t port = kPnrpPort);

/// An endpoint of RFC 1918 for a host behind a translator. Requires: as above.
Endpoint private_endpoint_of(HostId host, std::uint16_t port = kPnrpPort);

/// What the `number`th translator shows, in a /24 of its own. Requires: below 2^16.
Address nat_address(std::uint32_t number);

bool is_multicast(const Address& address);

} // namespace kith::sim
