// What one owner has of the address space: who has one address there may have as many as he likes.

#pragma once

#include "base/endpoint.hpp"

namespace kith::pnrp {

/// The /48 of an IPv6 address, the /24 of an IPv4 address: equal for addresses of one network, and
/// never for an address of either kind.
inline Address network_of(const Address& address) {
    constexpr unsigned kV4Bits = 24;
    constexpr unsigned kV6Bits = 48;
    return address.prefix(address.is_v4() ? kV4Bits : kV6Bits);
}

/// The /64 of an IPv6 address, the /24 of an IPv4 address: what one link has.
inline Address narrow_network_of(const Address& address) {
    constexpr unsigned kV4Bits = 24;
    constexpr unsigned kV6Bits = 64;
    return address.prefix(address.is_v4() ? kV4Bits : kV6Bits);
}

/// True where a prefix says whose an address is: not on a link, where all have the same, nor on
/// loopback.
inline bool has_telling_network(const Address& address) {
    const Scope scope = address.scope();
    return scope == Scope::global || scope == Scope::site;
}

} // namespace kith::pnrp
