// Network addresses as values: 16 bytes, IPv4 as ::ffff:a.b.c.d, and the scope that each belongs
// to. Which interface a link-local address is on (its zone) stands beside it where it matters: a
// cloud has one zone.

#pragma once

#include "base/bytes.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kith {

/// How far an address reaches (design: "scope of an IPv4 address"). Clouds have the same scopes.
enum class Scope : std::uint8_t {
    none, // unspecified, multicast, reserved: never a peer
    loopback,
    link,
    site,
    global,
};

/// An interface index of this machine, which a link-local address needs to mean something; 0: none.
using Zone = unsigned;

struct Address {
    ByteArray<16> bytes{};

    auto operator<=>(const Address&) const = default;

    bool is_v4() const;
    bool is_unspecified() const;
    Scope scope() const;

    /// `length` leading bits, the rest zero; for IPv4 the length counts from the mapped address's
    /// first bit. Requires: length <= 128 (IPv6), <= 32 (IPv4).
    Address prefix(unsigned length) const;

    static Address v4(std::uint32_t host_order);
};

struct Endpoint {
    Address address;
    std::uint16_t port = 0; // host order

    auto operator<=>(const Endpoint&) const = default;
};

/// An IPv4 or IPv6 literal without port, brackets or zone.
std::optional<Address> parse_address(std::string_view text);

/// `a.b.c.d:port` or `[v6]:port`, without zone; the port is 1 to 65535.
std::optional<Endpoint> parse_endpoint(std::string_view text);

std::string to_string(const Address& address);
std::string to_string(const Endpoint& endpoint);
std::string_view to_string(Scope scope);

} // namespace kith
