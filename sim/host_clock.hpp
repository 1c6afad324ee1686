// The wall clock of one host: nobody's is exactly right.

#pragma once

#include "base/time.hpp"

#include <cstdint>

namespace kith::sim {

/// When every run begins. Not zero, so that a core that mistakes the origin for "never" is caught.
inline constexpr Instant kStart{std::chrono::hours(1)};

/// The true date at `kStart`: 2025-01-01 00:00 UTC.
inline constexpr WallTime kStartDate = wall_from_unix(std::chrono::seconds(1'735'689'600));

struct HostClock {
    std::chrono::milliseconds offset{0}; // ahead of the true date at `kStart`
    std::int32_t drift_ppm = 0;          // gained per second, in microseconds

    constexpr WallTime at(Instant instant) const {
        const auto elapsed = instant - kStart;
        const auto gained = elapsed / 1'000'000 * drift_ppm;
        return kStartDate + std::chrono::duration_cast<WallClock::duration>(offset) +
               std::chrono::duration_cast<WallClock::duration>(elapsed + gained);
    }
};

/// A clock of the world as it is: within `offset_max` of the true date, up to 50 ppm fast or slow.
HostClock make_host_clock(std::uint64_t seed, std::uint32_t host, std::chrono::seconds offset_max);

} // namespace kith::sim
