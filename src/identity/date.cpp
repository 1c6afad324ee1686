#include "identity/date.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fmt/format.h>

namespace kith::identity {

namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr std::string_view kShape = "0000-00-00T00:00:00.0000000Z";

// A `WallTime` counts from 1601-01-01.
constexpr sys_days kFirstDay{year{1601} / 1 / 1};
constexpr sys_days kEndDay{year{10000} / 1 / 1};
constexpr WallTime kFirst{};
constexpr WallTime kLast{WallClock::duration(kEndDay - kFirstDay) - WallClock::duration(1)};

static_assert(-kFirstDay.time_since_epoch() == kUnixEpochAfter1601);

bool has_shape(std::string_view text) {
    return std::ranges::equal(text, kShape, [](char c, char shape) {
        return shape == '0' ? c >= '0' && c <= '9' : c == shape;
    });
}

// Requires: digits only, as `has_shape` saw to.
int number(std::string_view text, std::size_t at, std::size_t size) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + size, value);
    return value;
}

} // namespace

std::string to_date(WallTime time) {
    const auto since_first = std::clamp(time, kFirst, kLast).time_since_epoch();
    const auto whole_days = floor<days>(since_first);
    const year_month_day date(kFirstDay + whole_days);
    const std::chrono::hh_mm_ss clock(since_first - whole_days);
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}Z",
        static_cast<int>(date.year()),
        static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()),
        clock.hours().count(),
        clock.minutes().count(),
        clock.seconds().count(),
        clock.subseconds().count());
}

std::optional<WallTime> parse_date(std::string_view text) {
    if (!has_shape(text)) return std::nullopt;
    const year_month_day date(
        year(number(text, 0, 4)),
        std::chrono::month(static_cast<unsigned>(number(text, 5, 2))),
        std::chrono::day(static_cast<unsigned>(number(text, 8, 2))));
    const int hour = number(text, 11, 2);
    const int minute = number(text, 14, 2);
    const int second = number(text, 17, 2);
    if (!date.ok() || sys_days(date) < kFirstDay) return std::nullopt;
    if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
    const WallClock::duration ticks(number(text, 20, 7));
    return WallTime(
        (sys_days(date) - kFirstDay) + hours(hour) + minutes(minute) + seconds(second) + ticks);
}

} // namespace kith::identity
