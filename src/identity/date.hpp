// Dates in identity documents: RFC 3339, always UTC and always with all seven digits of a tick of
// 100 ns, as in 2026-01-31T23:59:59.0000000Z. One date has one spelling.

#pragma once

#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kith::identity {

/// Dates before the year 1601 or after 9999 are written as the nearest one within.
std::string to_date(WallTime time);

/// Nothing unless `text` is what `to_date` prints for some time.
std::optional<WallTime> parse_date(std::string_view text);

} // namespace kith::identity
