// Addresses of applications as text: `IP:PORT/PROTOCOL`, or the bare `IP` without a port.

#pragma once

#include "pnrp/cpa.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kith::api {

/// The protocol is `tcp`, `udp` or a number up to 65535; the port is 1 to 65535; an IPv6 address
/// has brackets exactly where a port follows.
std::optional<pnrp::AppEndpoint> parse_app_address(std::string_view text);

/// What `parse_app_address` reads. A peer may sign an endpoint that has no such form (a protocol
/// without a port): it is printed with port 0.
std::string to_string(const pnrp::AppEndpoint& endpoint);

} // namespace kith::api
