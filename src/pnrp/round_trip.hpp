// How long a peer takes to answer: smoothed round trip and deviation (RFC 6298 2, without its
// minimum), and what they are for the whole cloud.

#pragma once

#include "base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace kith::pnrp {

/// One peer's estimate, in 8 bytes, as there is one in every cached entry.
class RoundTrip {
public:
    void sample(Duration round_trip);

    /// Nothing before the first sample.
    std::optional<Duration> smoothed() const;

    /// Smoothed round trip plus 4 deviations: later than that is late.
    std::optional<Duration> late_after() const;

private:
    static constexpr float kUnknown = -1.0F;
    float smoothed_us_ = kUnknown;
    float deviation_us_ = 0.0F;
};

/// The median of the latest round trips to anybody: the guess for a peer not heard yet.
class CloudRoundTrip {
public:
    void sample(Duration round_trip);

    std::optional<Duration> median() const;

private:
    static constexpr std::size_t kSamples = 31; // odd, so that the median is one of them
    std::array<std::uint32_t, kSamples> latest_us_{};
    std::uint16_t next_ = 0;
    std::uint16_t count_ = 0;
    mutable std::uint32_t median_us_ = 0;
    mutable bool is_current_ = false;
};

} // namespace kith::pnrp
