// The texts that JSON has no type for: bytes, dates, parts of a path.

#pragma once

#include "base/bytes.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kith::api {

/// RFC 4648 4, with padding.
std::string to_base64(ByteView bytes);

/// Nothing unless `text` is the one canonical form: padded, without spaces.
std::optional<Bytes> from_base64(std::string_view text);

/// RFC 3339 in UTC to the second, as in 2026-01-01T00:00:00Z; the nearest of the years 1601 to
/// 9999.
std::string to_rfc3339(WallTime time);

/// RFC 3986 2.1. Nothing for a `%` without two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

} // namespace kith::api
