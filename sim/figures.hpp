// Durations and samples as the numbers of a report.

#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "sim/host_id.hpp"
#include "sim/link.hpp"
#include "sim/seed.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kith::sim {

inline double seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

inline double milliseconds(Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

/// The smallest value that `share` of the values do not exceed. Requires: sorted.
template<class Value>
Value percentile(const std::vector<Value>& sorted, double share) {
    if (sorted.empty()) return Value{};
    const auto rank = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
    return sorted[std::min(rank, sorted.size() - 1)];
}

/// Median round trip between two of `hosts`, without jitter, in milliseconds.
inline double median_round_trip_ms(const Link& link, std::uint64_t seed, std::size_t hosts) {
    constexpr std::size_t kSamples = 1001;
    SeededRandom random(derive_seed(seed, Stream::scenario, 1));
    std::vector<double> samples;
    for (std::size_t i = 0; i < kSamples; ++i) {
        const std::size_t a = random.below(hosts);
        const std::size_t b = (a + 1 + random.below(hosts - 1)) % hosts;
        samples.push_back(2 * milliseconds(link.base_delay(host_id(a), host_id(b))));
    }
    std::ranges::sort(samples);
    return percentile(samples, 0.5);
}

} // namespace kith::sim
