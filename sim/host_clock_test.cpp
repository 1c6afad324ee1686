#include "sim/host_clock.hpp"

#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>
#include <set>

namespace kith::sim {
namespace {

using namespace std::chrono_literals;

TEST(HostClock, runs_with_its_offset_and_drift) {
    const HostClock exact;
    EXPECT_EQ(exact.at(kStart), kStartDate);
    EXPECT_EQ(exact.at(kStart + 24h), kStartDate + 24h);
    const HostClock fast{1500ms, 50};
    EXPECT_EQ(fast.at(kStart), kStartDate + 1500ms);
    EXPECT_EQ(fast.at(kStart + 1'000'000s), kStartDate + 1500ms + 1'000'050s);
    const HostClock slow{-1s, -50};
    EXPECT_EQ(slow.at(kStart + 1'000'000s), kStartDate - 1s + 999'950s);
}

TEST(HostClock, clocks_of_a_world_differ_within_their_bounds) {
    std::set<std::int64_t> offsets;
    for (std::uint32_t host = 0; host < 200; ++host) {
        const HostClock clock = make_host_clock(7, host, 30s);
        EXPECT_LE(std::chrono::abs(clock.offset), 30s);
        EXPECT_LE(std::abs(clock.drift_ppm), 50);
        offsets.insert(clock.offset.count());
    }
    EXPECT_GT(offsets.size(), 150U);
    EXPECT_EQ(make_host_clock(7, 5, 30s).offset, make_host_clock(7, 5, 30s).offset);
    EXPECT_NE(make_host_clock(7, 5, 30s).offset, make_host_clock(8, 5, 30s).offset);
}

} // namespace
} // namespace kith::sim
