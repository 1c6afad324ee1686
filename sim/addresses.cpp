#include "sim/addresses.hpp"

#include "base/check.hpp"

#include <cstddef>

namespace kith::sim {

namespace {

constexpr std::uint32_t kHostsMax = 1U << 24U;

void put(Address& address, std::size_t at, std::uint32_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        address.bytes[at + i] = static_cast<std::byte>(value >> (8 * (size - 1 - i)) & 0xffU);
    }
}

// `number` is the host's, or one that no host has.
Address address_of(Scope scope, std::uint32_t number) {
    KITH_CHECK(scope == Scope::link || scope == Scope::site || scope == Scope::global);
    Address address;
    if (scope == Scope::global) {
        put(address, 0, 0x2a00, 2);
        put(address, 2, number, 4);
        put(address, 14, 1, 2);
    } else if (scope == Scope::site) {
        put(address, 0, 0xfd4b, 2); // a unique local /32, RFC 4193
        put(address, 4, number, 4);
        put(address, 14, 1, 2);
    } else {
        put(address, 0, 0xfe80, 2);
        put(address, 12, number + 1, 4); // fe80:: itself is the routers' anycast address
    }
    return address;
}

} // namespace

Endpoint endpoint_of(Scope scope, HostId host, std::uint16_t port) {
    const auto number = static_cast<std::uint32_t>(host);
    KITH_CHECK(number < kHostsMax);
    return {address_of(scope, number), port};
}

Endpoint moved_endpoint_of(Scope scope, HostId host, std::uint16_t port) {
    const auto number = static_cast<std::uint32_t>(host);
    KITH_CHECK(number < kHostsMax);
    return {address_of(scope, number + kHostsMax), port};
}

Endpoint global_endpoint_beside(HostId neighbour, HostId host, std::uint16_t port) {
    const auto number = static_cast<std::uint32_t>(host);
    KITH_CHECK(number < 1U << 16U);
    Endpoint endpoint = endpoint_of(Scope::global, neighbour, port);
    put(endpoint.address, 6, number, 2);
    put(endpoint.address, 14, 2, 2);
    return endpoint;
}

Endpoint v4_endpoint_of(HostId host, std::uint16_t port) {
    const auto number = static_cast<std::uint32_t>(host);
    KITH_CHECK(number < 1U << 16U);
    return {Address::v4(0x1400'0001U + (number << 8U)), port};
}

Endpoint private_endpoint_of(HostId host, std::uint16_t port) {
    const auto number = static_cast<std::uint32_t>(host);
    KITH_CHECK(number < 1U << 16U);
    return {Address::v4(0x0a00'0001U + (number << 8U)), port};
}

Address nat_address(std::uint32_t number) {
    KITH_CHECK(number < 1U << 16U);
    return Address::v4(0x5000'0001U + (number << 8U));
}

bool is_multicast(const Address& address) {
    if (address.is_v4()) return (address.bytes[12] & std::byte{0xf0}) == std::byte{0xe0};
    return address.bytes[0] == std::byte{0xff};
}

} // namespace kith::sim
