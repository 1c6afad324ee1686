// Bytes of test vectors.

#pragma once

#include "base/bytes.hpp"

#include <string_view>

namespace kith::crypto {

/// Nothing if `text` is not hexadecimal.
inline Bytes hex(std::string_view text) {
    return from_hex(text).value_or(Bytes{});
}

} // namespace kith::crypto
