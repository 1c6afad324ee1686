// The sockets of a node.

#pragma once

#include "daemon/config.hpp"
#include "host/local_addresses.hpp"
#include "host/udp_socket.hpp"

#include <expected>
#include <span>
#include <string>
#include <vector>

namespace kith::daemon {

struct Sockets {
    std::vector<host::UdpSocket> sockets; // of one port
    bool changed_port = false;            // another than the default one, which is taken
    bool lacks_family = false;            // of `::` and `0.0.0.0` only one works on this machine
};

/// Binds every address of `config.listen`, all to one port. Where the user named none, a family
/// that the machine does not have is left out.
std::expected<Sockets, ConfigError>
open_sockets(const Config& config, std::span<const host::LocalAddress> machine);

} // namespace kith::daemon
