// Endpoints as keys of look-up tables that are never walked: their order decides nothing.

#pragma once

#include "base/endpoint.hpp"
#include "sim/seed.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kith::sim {

inline std::uint64_t hash_of(const Endpoint& endpoint) {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::memcpy(&high, endpoint.address.bytes.data(), sizeof high);
    std::memcpy(&low, endpoint.address.bytes.data() + sizeof high, sizeof low);
    return mix_bits(mix_bits(high) ^ low ^ (std::uint64_t{endpoint.port} << 48U));
}

struct EndpointHash {
    std::size_t operator()(const Endpoint& endpoint) const { return hash_of(endpoint); }
};

} // namespace kith::sim
