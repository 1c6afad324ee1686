#include "graph/peer_clock.hpp"

#include <chrono>
#include <gtest/gtest.h>

namespace kith::graph {
namespace {

using namespace std::chrono_literals;
using Ticks = PeerClock::Ticks;

constexpr std::int64_t kStart = 133'000'000'000'000'000;

Now after(Duration elapsed) {
    return {
        Instant(1h + elapsed),
        WallTime(
            WallTime::duration(kStart) + std::chrono::duration_cast<WallTime::duration>(elapsed))};
}

store::PeerTime utc_plus(Duration elapsed, Ticks off) {
    return store::PeerTime{static_cast<std::uint64_t>(kStart)}.plus(
        std::chrono::duration_cast<Ticks>(elapsed) + off);
}

double seconds(Ticks ticks) {
    return std::chrono::duration<double>(ticks).count();
}

// GRAPH-086, GRAPH-103: peer time is UTC less the difference, which is 0 at first.
TEST(PeerClock, IsUtcAtFirst) {
    const PeerClock clock(false);
    EXPECT_EQ(clock.at(after(0s).wall), utc_plus(0s, 0s));
    PeerClock moved(false);
    moved.restore(Ticks(30s)); // GRAPH-112
    EXPECT_EQ(moved.at(after(0s).wall), utc_plus(0s, -30s));
}

// GRAPH-162, GRAPH-164: the only neighbour's time is ours, half the round trip later.
TEST(PeerClock, FollowsTheOnlyNeighbour) {
    PeerClock clock(false);
    clock.correct(after(10s), utc_plus(10s, -40s), 2s, true, false);
    EXPECT_NEAR(seconds(clock.difference()), 39.0, 1e-6);
}

// GRAPH-164, GRAPH-007: among others a fifth of the way, also backwards.
TEST(PeerClock, AveragesAmongSeveral) {
    PeerClock clock(false);
    clock.correct(after(0s), utc_plus(0s, -10s), 0s, false, false);
    EXPECT_NEAR(seconds(clock.difference()), 2.0, 1e-6);
    clock.correct(after(1s), utc_plus(1s, 10s), 0s, false, false);
    EXPECT_NEAR(seconds(clock.difference()), 0.8 * 2.0 + 0.2 * -10.0, 1e-6);
}

// GRAPH-163: too far off is not believed, but by whoever comes for the first time (GA-34).
TEST(PeerClock, IgnoresTimesFarOff) {
    PeerClock clock(false);
    clock.correct(after(0s), utc_plus(0s, 21min), 0s, true, false);
    EXPECT_EQ(clock.difference(), Ticks(0));
    clock.correct(after(0s), utc_plus(0s, 3h), 0s, true, true);
    EXPECT_NEAR(seconds(clock.difference()), -3 * 3600.0, 1e-6);
}

// Modernization 4.9: one liar among five moves nothing, and nobody moves us by 20 minutes.
TEST(PeerClock, ModerateClockFollowsTheMedianSlowly) {
    PeerClock clock(true);
    clock.correct(after(0s), utc_plus(0s, -5s), 0s, true, true);
    EXPECT_NEAR(seconds(clock.difference()), 5.0, 1e-6);
    for (int i = 1; i <= 3; ++i) {
        const Duration at = i * 1min;
        clock.correct(after(at), utc_plus(at, -5s), 0s, false, false);
    }
    clock.correct(after(4min), utc_plus(4min, 19min), 0s, false, false);
    EXPECT_NEAR(seconds(clock.difference()), 5.0, 1e-6);
    clock.correct(after(5min), utc_plus(5min, 3h), 0s, false, false);
    EXPECT_NEAR(seconds(clock.difference()), 5.0, 1e-6);
    // When most agree on another time it moves by a second a minute.
    for (int i = 6; i <= 10; ++i) {
        const Duration at = i * 1min;
        clock.correct(after(at), utc_plus(at, -60s), 0s, false, false);
    }
    EXPECT_GT(seconds(clock.difference()), 6.0);
    EXPECT_LT(seconds(clock.difference()), 5.0 + 6.0 + 0.1);
}

TEST(PeerClock, ExtremeTimesDoNotWrap) {
    PeerClock clock(false);
    clock.correct(after(0s), store::PeerTime::max(), 0s, true, true);
    const auto far = clock.at(after(0s).wall);
    EXPECT_GT(far, utc_plus(0s, 1h));
    PeerClock modern(true);
    modern.correct(after(0s), store::PeerTime{0}, 0s, true, true);
    EXPECT_EQ(modern.difference(), Ticks(0));
}

} // namespace
} // namespace kith::graph
