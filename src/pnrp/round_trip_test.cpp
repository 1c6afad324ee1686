#include "pnrp/round_trip.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;

std::int64_t us(std::optional<Duration> duration) {
    return duration ? std::chrono::duration_cast<std::chrono::microseconds>(*duration).count() : -1;
}

TEST(RoundTrip, KnowsNothingAtFirst) {
    const RoundTrip round_trip;
    EXPECT_FALSE(round_trip.smoothed());
    EXPECT_FALSE(round_trip.late_after());
}

// RFC 6298 2.2 and 2.3, by hand: SRTT 100, RTTVAR 50; then 0.75*50 + 0.25*|100-180| = 57.5 and
// 0.875*100 + 0.125*180 = 110.
TEST(RoundTrip, SmoothsAsTheRfcSays) {
    RoundTrip round_trip;
    round_trip.sample(100ms);
    EXPECT_EQ(us(round_trip.smoothed()), 100'000);
    EXPECT_EQ(us(round_trip.late_after()), 300'000);
    round_trip.sample(180ms);
    EXPECT_NEAR(static_cast<double>(us(round_trip.smoothed())), 110'000, 2);
    EXPECT_NEAR(static_cast<double>(us(round_trip.late_after())), 340'000, 2);
}

TEST(RoundTrip, ComesCloserToASteadyPeer) {
    RoundTrip round_trip;
    round_trip.sample(1s);
    for (int i = 0; i < 100; ++i)
        round_trip.sample(20ms);
    EXPECT_NEAR(static_cast<double>(us(round_trip.smoothed())), 20'000, 100);
    EXPECT_LT(us(round_trip.late_after()), 21'000);
}

TEST(CloudRoundTrip, IsTheMedianOfTheLatest) {
    CloudRoundTrip cloud;
    EXPECT_FALSE(cloud.median());
    cloud.sample(30ms);
    EXPECT_EQ(us(cloud.median()), 30'000);
    cloud.sample(10ms);
    cloud.sample(20ms);
    EXPECT_EQ(us(cloud.median()), 20'000);
    cloud.sample(10s); // one that is out of the way moves nothing
    cloud.sample(15ms);
    EXPECT_EQ(us(cloud.median()), 20'000);
    for (int i = 0; i < 31; ++i)
        cloud.sample(70ms); // the old ones are forgotten
    EXPECT_EQ(us(cloud.median()), 70'000);
}

TEST(CloudRoundTrip, BearsWhatCannotBe) {
    CloudRoundTrip cloud;
    cloud.sample(-5ms);
    EXPECT_EQ(us(cloud.median()), 0);
    CloudRoundTrip slow;
    slow.sample(std::chrono::hours(10));
    EXPECT_EQ(us(slow.median()), UINT32_MAX);
}

} // namespace
} // namespace kith::pnrp
