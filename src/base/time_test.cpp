#include "base/time.hpp"

#include <gtest/gtest.h>

namespace kith {
namespace {

using namespace std::chrono_literals;

// MS-DTYP 2.3.3: ticks of 100 ns since 1601-01-01; 116444736000000000 of them to 1970.
TEST(WallTime, CountsAsAFiletimeDoes) {
    EXPECT_EQ(wall_from_unix(0s).time_since_epoch().count(), 116'444'736'000'000'000);
    EXPECT_EQ(wall_from_unix(1s) - wall_from_unix(0s), WallClock::duration(10'000'000));
    EXPECT_EQ(wall_from_unix(199ns) - wall_from_unix(0s), WallClock::duration(1));
}

TEST(WallTime, RoundsSecondsTowardsThePast) {
    EXPECT_EQ(unix_seconds(wall_from_unix(0s)), 0);
    EXPECT_EQ(unix_seconds(wall_from_unix(1'999ms)), 1);
    EXPECT_EQ(unix_seconds(wall_from_unix(-1ms)), -1);
    EXPECT_EQ(unix_seconds(WallTime{}), -11'644'473'600);
}

} // namespace
} // namespace kith
