// Endpoints as the kernel writes them, with the zone of a link-local address.

#pragma once

#include "base/endpoint.hpp"

#include <sys/socket.h>

#include <optional>

namespace kith::host {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

struct ZonedEndpoint {
    Endpoint endpoint;
    Zone zone = 0;
};

/// AF_INET for a mapped address, else AF_INET6; `zone` is written for link-local and multicast
/// only.
SocketAddress to_socket_address(const Endpoint& endpoint, Zone zone);

/// Nothing for another family than AF_INET and AF_INET6.
std::optional<ZonedEndpoint> from_socket_address(const sockaddr_storage& storage);

/// True for ff00::/8 and 224.0.0.0/4.
bool is_multicast(const Address& address);

} // namespace kith::host
