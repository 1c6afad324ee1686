#include "host/socket_address.hpp"

#include <netinet/in.h>

#include <cstring>

namespace kith::host {

SocketAddress to_socket_address(const Endpoint& endpoint, Zone zone) {
    SocketAddress out;
    if (endpoint.address.is_v4()) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(endpoint.port);
        std::memcpy(&v4.sin_addr, endpoint.address.bytes.data() + 12, 4);
        std::memcpy(&out.storage, &v4, sizeof v4);
        out.size = sizeof v4;
        return out;
    }
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.address.bytes.data(), 16);
    const bool zoned = endpoint.address.scope() == Scope::link || is_multicast(endpoint.address);
    if (zoned) v6.sin6_scope_id = zone;
    std::memcpy(&out.storage, &v6, sizeof v6);
    out.size = sizeof v6;
    return out;
}

std::optional<ZonedEndpoint> from_socket_address(const sockaddr_storage& storage) {
    ZonedEndpoint out;
    if (storage.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &storage, sizeof v4);
        out.endpoint.address = Address::v4(ntohl(v4.sin_addr.s_addr));
        out.endpoint.port = ntohs(v4.sin_port);
        return out;
    }
    if (storage.ss_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &storage, sizeof v6);
        std::memcpy(out.endpoint.address.bytes.data(), &v6.sin6_addr, 16);
        out.endpoint.port = ntohs(v6.sin6_port);
        out.zone = v6.sin6_scope_id;
        return out;
    }
    return std::nullopt;
}

bool is_multicast(const Address& address) {
    if (address.is_v4()) return (address.bytes[12] & std::byte{0xf0}) == std::byte{0xe0};
    return address.bytes[0] == std::byte{0xff};
}

} // namespace kith::host
