#include "sim/host_clock.hpp"
#include "sim/link.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <gtest/gtest.h>
#include <vector>

namespace kith::sim {
namespace {

using namespace std::chrono_literals;

constexpr HostId kA{3};
constexpr HostId kB{17};
constexpr std::size_t kSize = 200;
constexpr int kMany = 20'000;

LinkConfig clean(Latency latency = Latency::wan) {
    LinkConfig config;
    config.latency = latency;
    config.loss = 0;
    return config;
}

double lost_share(Link& link, Loss reason, Duration spacing = 1ms) {
    int lost = 0;
    Instant now = kStart;
    for (int i = 0; i < kMany; ++i) {
        const Fate fate = link.decide(now, kA, kB, kSize);
        if (fate.loss) {
            EXPECT_EQ(*fate.loss, reason);
            ++lost;
        }
        now += spacing;
    }
    return static_cast<double>(lost) / kMany;
}

TEST(Link, wan_round_trips_are_lognormal_around_80_ms) {
    const Link link(clean(), 7);
    std::vector<double> logs;
    for (std::size_t i = 0; i < 5000; ++i) {
        const Duration one_way = link.base_delay(host_id(i), host_id(i + 1));
        logs.push_back(std::log(2e-6 * static_cast<double>(one_way.count())));
    }
    std::ranges::sort(logs);
    EXPECT_NEAR(std::exp(logs[2500]), 80.0, 3.0);
    // One sigma to each side: 15.9 % and 84.1 %.
    EXPECT_NEAR(logs[4205] - logs[2500], 0.5, 0.05);
    EXPECT_NEAR(logs[2500] - logs[795], 0.5, 0.05);
}

TEST(Link, the_delay_of_a_pair_is_fixed_symmetric_and_of_the_seed) {
    const Link link(clean(), 7);
    EXPECT_EQ(link.base_delay(kA, kB), link.base_delay(kA, kB));
    EXPECT_EQ(link.base_delay(kA, kB), link.base_delay(kB, kA));
    EXPECT_NE(link.base_delay(kA, kB), link.base_delay(kA, HostId{18}));
    EXPECT_NE(link.base_delay(kA, kB), Link(clean(), 8).base_delay(kA, kB));
}

TEST(Link, jitter_only_adds_and_at_most_doubles) {
    Link link(clean(), 7);
    const Duration base = link.base_delay(kA, kB);
    double sum = 0;
    for (int i = 0; i < kMany; ++i) {
        const Fate fate = link.decide(kStart, kA, kB, kSize);
        ASSERT_GE(fate.delays[0], base);
        ASSERT_LE(fate.delays[0], 2 * base);
        sum += static_cast<double>((fate.delays[0] - base).count());
    }
    EXPECT_NEAR(sum / kMany / static_cast<double>(base.count()), kWanJitterShare, 0.003);
}

TEST(Link, lan_takes_0_2_to_1_ms) {
    Link link(clean(Latency::lan), 7);
    for (std::size_t i = 0; i < 1000; ++i) {
        const Fate fate = link.decide(kStart, host_id(i), kB, kSize);
        ASSERT_FALSE(fate.loss);
        ASSERT_GE(fate.delays[0], 200us);
        ASSERT_LE(fate.delays[0], 1ms);
    }
}

TEST(Link, loses_the_share_it_is_told_to) {
    LinkConfig config = clean();
    config.loss = 0.05;
    Link link(config, 7);
    EXPECT_NEAR(lost_share(link, Loss::random), 0.05, 0.005);
}

TEST(Link, bursts_come_in_their_share_and_stay_for_their_time) {
    LinkConfig config = clean();
    config.burst = BurstLoss{9s, 1s, 1.0};
    Link link(config, 7);
    EXPECT_NEAR(lost_share(link, Loss::burst, 100ms), 0.1, 0.03);
    // Within a burst the next datagram of a millisecond later is nearly always lost as well.
    int bursts = 0;
    int followed = 0;
    Instant now = kStart + 1h;
    for (int i = 0; i < kMany; ++i, now += 20s) {
        if (!link.decide(now, kA, kB, kSize).loss) continue;
        ++bursts;
        if (link.decide(now + 1ms, kA, kB, kSize).loss) ++followed;
    }
    ASSERT_GT(bursts, 1000);
    EXPECT_GT(followed, bursts * 99 / 100);
}

TEST(Link, duplicates_and_disorder_come_in_their_share) {
    LinkConfig config = clean(Latency::lan);
    config.duplication = 0.2;
    config.reordering = 0.1;
    config.reorder_delay_max = 100ms;
    Link link(config, 7);
    int twice = 0;
    int late = 0;
    for (int i = 0; i < kMany; ++i) {
        const Fate fate = link.decide(kStart, kA, kB, kSize);
        twice += fate.copies == 2 ? 1 : 0;
        late += fate.delays[0] > 1ms ? 1 : 0;
    }
    EXPECT_NEAR(static_cast<double>(twice) / kMany, 0.2, 0.02);
    EXPECT_NEAR(static_cast<double>(late) / kMany, 0.1, 0.015);
}

TEST(Link, packets_above_the_mtu_are_lost) {
    LinkConfig config = clean();
    config.mtu = 1280; // IPv6's minimum: exactly a message of 1216 bytes and its 64 bytes of room
    Link link(config, 7);
    EXPECT_FALSE(link.decide(kStart, kA, kB, 1232).loss);
    EXPECT_EQ(link.decide(kStart, kA, kB, 1233).loss, Loss::too_big);
}

} // namespace
} // namespace kith::sim
