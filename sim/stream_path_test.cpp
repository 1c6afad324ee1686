#include "sim/host_clock.hpp"
#include "sim/stream_path.hpp"

#include <gtest/gtest.h>

namespace kith::sim {
namespace {

using namespace std::chrono_literals;

TEST(StreamPath, what_is_sent_later_never_arrives_earlier) {
    StreamPath path;
    const Instant late = path.send(kStart, 100, 500ms, 1e9);
    EXPECT_GE(path.send(kStart + 1ms, 100, 10ms, 1e9), late);
}

TEST(StreamPath, bytes_take_the_time_that_the_bandwidth_gives_them) {
    StreamPath path;
    EXPECT_EQ(path.send(kStart, 1'000'000, 10ms, 1e6), kStart + 1s + 10ms);
    EXPECT_EQ(path.send(kStart, 500'000, 10ms, 1e6), kStart + 1500ms + 10ms);
}

TEST(SegmentLoss, no_loss_costs_nothing) {
    SegmentLoss loss(0, 1);
    for (int i = 0; i < 1000; ++i)
        EXPECT_EQ(loss.delay_of(10, 80ms), 0ms);
}

TEST(SegmentLoss, its_share_of_single_segments_waits_for_the_timer) {
    SegmentLoss loss(0.08, 2);
    constexpr int kWrites = 20'000;
    int late = 0;
    for (int i = 0; i < kWrites; ++i) {
        const Duration delay = loss.delay_of(1, 450ms);
        if (delay > Duration(0)) {
            ++late;
            EXPECT_GE(delay, 450ms + kRetransmitMin);
        }
    }
    EXPECT_NEAR(late, kWrites * 0.08, kWrites * 0.01);
}

TEST(SegmentLoss, a_loss_that_others_follow_costs_a_round_trip) {
    SegmentLoss loss(0.01, 3);
    unsigned fast = 0;
    for (int i = 0; i < 1000; ++i) {
        if (loss.delay_of(50, 80ms) == Duration(80ms)) ++fast;
    }
    EXPECT_GT(fast, 200U);
}

} // namespace
} // namespace kith::sim
