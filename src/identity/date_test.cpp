#include "base/random.hpp"
#include "identity/date.hpp"

#include <chrono>
#include <gtest/gtest.h>

namespace kith::identity {
namespace {

using std::chrono::seconds;

WallTime unix_time(std::int64_t since_1970) {
    return wall_from_unix(seconds(since_1970));
}

// The seconds are those of Python's calendar.timegm.
TEST(Date, AgreesWithKnownDates) {
    EXPECT_EQ(to_date(WallTime{}), "1601-01-01T00:00:00.0000000Z");
    EXPECT_EQ(to_date(unix_time(0)), "1970-01-01T00:00:00.0000000Z");
    EXPECT_EQ(to_date(unix_time(951'782'400)), "2000-02-29T00:00:00.0000000Z");
    EXPECT_EQ(to_date(unix_time(1'769'862'896)), "2026-01-31T12:34:56.0000000Z");
    EXPECT_EQ(
        to_date(unix_time(1'769'862'896) + WallClock::duration(7'890'123)),
        "2026-01-31T12:34:56.7890123Z");
}

TEST(Date, StaysWithinFourDigitsOfYear) {
    EXPECT_EQ(to_date(WallTime::min()), "1601-01-01T00:00:00.0000000Z");
    EXPECT_EQ(to_date(WallTime::max()), "9999-12-31T23:59:59.9999999Z");
    EXPECT_TRUE(parse_date("9999-12-31T23:59:59.9999999Z").has_value());
}

TEST(Date, ReadsEveryTimeThatItWrites) {
    SeededRandom random(1);
    const auto end = parse_date("9999-12-31T23:59:59.9999999Z").value_or(WallTime{});
    const auto ticks = static_cast<std::uint64_t>(end.time_since_epoch().count()) + 1;
    EXPECT_EQ(ticks, 2'650'467'744'000'000'000U); // 3,067,671 days
    for (int i = 0; i < 10'000; ++i) {
        const WallTime time{WallClock::duration(static_cast<std::int64_t>(random.below(ticks)))};
        EXPECT_EQ(parse_date(to_date(time)), time) << to_date(time);
    }
}

TEST(Date, RefusesEveryOtherSpelling) {
    for (const std::string_view text :
         {"",
          "2026-01-31T12:34:56Z",
          "2026-01-31T12:34:56.789Z",
          "2026-01-31T12:34:56.78901234Z",
          "2026-01-31 12:34:56.7890123Z",
          "2026-01-31t12:34:56.7890123z",
          "2026-01-31T12:34:56.7890123+00:00",
          "2026-01-31T12:34:56.7890123",
          "2026-01-31T12:34:56.7890123Z ",
          "+026-01-31T12:34:56.7890123Z",
          "2026-1 -31T12:34:56.7890123Z"}) {
        EXPECT_FALSE(parse_date(text).has_value()) << text;
    }
}

TEST(Date, RefusesTimesThatDoNotExist) {
    for (const std::string_view text :
         {"2026-00-31T00:00:00.0000000Z",
          "2026-13-31T00:00:00.0000000Z",
          "2026-01-00T00:00:00.0000000Z",
          "2026-01-32T00:00:00.0000000Z",
          "2026-02-29T00:00:00.0000000Z",
          "1900-02-29T00:00:00.0000000Z",
          "2026-01-31T24:00:00.0000000Z",
          "2026-01-31T00:60:00.0000000Z",
          "2016-12-31T23:59:60.0000000Z",
          "1600-12-31T23:59:59.9999999Z",
          "0000-01-01T00:00:00.0000000Z"}) {
        EXPECT_FALSE(parse_date(text).has_value()) << text;
    }
    EXPECT_TRUE(parse_date("2024-02-29T23:59:59.9999999Z").has_value());
}

} // namespace
} // namespace kith::identity
