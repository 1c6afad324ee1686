// The fields of endpoints and route entries, for every message that carries them
// (MS-PNRP 2.2.3.4, 2.2.3.6).

#pragma once

#include "pnrp/element.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/profile.hpp"
#include "pnrp/route_entry.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace kith::pnrp {

inline constexpr std::uint16_t kEndpointSize = 18; // 2.2.3.6

/// 18 bytes. Which ports and addresses can be a peer's is not syntax: the core judges it.
template<class Io, ConstOr<Endpoint> Value>
void endpoint_fields(Io& io, Value& endpoint) {
    io(endpoint.port, endpoint.address.bytes);
}

inline std::size_t route_entry_size(const RouteEntry& entry) {
    return 38 + 16 * entry.addresses.size();
}

/// An optional ROUTING_ENTRY with its padding. A port of 1024 or less is no error of syntax: the
/// entry is to be ignored, not its message (decision A8).
template<class Io, ConstOr<std::optional<RouteEntry>> Value>
void route_entry_element(Io& io, const Profile& profile, Value& optional) {
    auto* entry = present(io, FieldId::routing_entry, optional);
    if (entry == nullptr) return;
    const std::size_t length =
        element_of_size(io, FieldId::routing_entry, kElementHeaderSize + route_entry_size(*entry));
    auto count = static_cast<std::uint8_t>(entry->addresses.size());
    io(entry->id.bytes,
       wire::constant(profile.pnrp.major),
       wire::constant(profile.pnrp.minor),
       entry->port,
       wire::Zeros{1},
       count);
    io.require(count >= 1 && count <= kRouteAddressesMax);
    if constexpr (kIsReader<Io>) {
        if (io.failed()) return;
        entry->addresses.resize(count);
    }
    io.require(length == kElementHeaderSize + route_entry_size(*entry));
    for (auto& address : entry->addresses)
        io(address.bytes);
    pad(io);
}

} // namespace kith::pnrp
