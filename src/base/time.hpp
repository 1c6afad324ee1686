// Two kinds of time, neither of which can be read here.
//
// An `Instant` orders events and measures delays; it never jumps. A `WallTime` is a date that other
// machines agree on: certificates and certified addresses expire by it. Core code receives both as
// an argument (`Now`) and has no way to obtain them, so the same code runs under the real host and
// under the simulator.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <ratio>

namespace kith {

struct MonotonicClock {
    // The names that the standard library wants of a clock.
    // NOLINTBEGIN(readability-identifier-naming)
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<MonotonicClock, duration>;
    static constexpr bool is_steady = true;
    // NOLINTEND(readability-identifier-naming)
};
using Duration = MonotonicClock::duration;
using Instant = MonotonicClock::time_point;

/// Ticks of 100 ns since 1601-01-01 00:00 UTC, the FILETIME of the published formats
/// (MS-PNRP 2.2.3.1, Not After).
struct WallClock {
    // NOLINTBEGIN(readability-identifier-naming)
    using rep = std::int64_t;
    using period = std::ratio<1, 10'000'000>;
    using duration = std::chrono::duration<rep, period>;
    using time_point = std::chrono::time_point<WallClock, duration>;
    static constexpr bool is_steady = false;
    // NOLINTEND(readability-identifier-naming)
};
using WallTime = WallClock::time_point;

/// Seconds from 1601-01-01 to 1970-01-01.
inline constexpr std::chrono::seconds kUnixEpochAfter1601{11'644'473'600};

constexpr WallTime wall_from_unix(std::chrono::nanoseconds since_1970) {
    return WallTime(
        std::chrono::duration_cast<WallClock::duration>(since_1970) + kUnixEpochAfter1601);
}

/// Whole seconds since 1970-01-01 UTC, rounded towards the past.
constexpr std::int64_t unix_seconds(WallTime wall) {
    return std::chrono::floor<std::chrono::seconds>(wall.time_since_epoch() - kUnixEpochAfter1601)
        .count();
}

/// The moment at which something happens, on both clocks.
struct Now {
    Instant instant;
    WallTime wall;
};

/// For the next timeout of several parts: the earlier of those that there are.
inline void keep_earlier(std::optional<Instant>& earliest, const std::optional<Instant>& other) {
    if (other && (!earliest || *other < *earliest)) earliest = other;
}

} // namespace kith
