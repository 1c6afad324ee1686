// A machine of the simulated world, numbered from zero in the order of adding.

#pragma once

#include <cstddef>
#include <cstdint>

namespace kith::sim {

enum class HostId : std::uint32_t {};

constexpr std::size_t index_of(HostId id) {
    return static_cast<std::size_t>(id);
}

constexpr HostId host_id(std::size_t index) {
    return static_cast<HostId>(index);
}

} // namespace kith::sim
