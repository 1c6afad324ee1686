// Base32 as host names need it: RFC 4648 6, lower case, no padding.

#pragma once

#include "base/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kith::identity {

std::string to_base32(ByteView bytes);

/// Nothing unless `text` is exactly what `to_base32` prints for some bytes: lower case, a possible
/// length, unused bits zero.
std::optional<Bytes> from_base32(std::string_view text);

} // namespace kith::identity
