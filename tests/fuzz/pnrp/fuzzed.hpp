// What every fuzz target of this folder says of a codec: what decodes encodes to the same bytes.

#pragma once

#include "base/bytes.hpp"
#include "base/check.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

namespace kith::fuzz {

inline ByteView input(const std::uint8_t* data, std::size_t size) {
    return std::as_bytes(std::span(data, size));
}

inline void check_same(ByteView a, ByteView b) {
    KITH_CHECK(std::ranges::equal(a, b));
}

} // namespace kith::fuzz
