#include "sim/host_clock.hpp"

#include "base/random.hpp"
#include "sim/seed.hpp"

namespace kith::sim {

namespace {

constexpr std::int32_t kDriftMaxPpm = 50; // a common quartz

} // namespace

HostClock make_host_clock(std::uint64_t seed, std::uint32_t host, std::chrono::seconds offset_max) {
    SeededRandom random(derive_seed(seed, Stream::wall_clock, host));
    const auto range_ms = static_cast<std::uint64_t>(std::chrono::milliseconds(offset_max).count());
    const auto offset = static_cast<std::int64_t>(random.below(2 * range_ms + 1)) -
                        static_cast<std::int64_t>(range_ms);
    const auto drift = static_cast<std::int32_t>(random.below(2 * kDriftMaxPpm + 1)) - kDriftMaxPpm;
    return {std::chrono::milliseconds(offset), drift};
}

} // namespace kith::sim
