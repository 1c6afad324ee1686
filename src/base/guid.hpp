// 128-bit identifiers as the published formats have them: 16 bytes in the order in which their text
// form prints them (docs/protocol/graph.md, GA-05).

#pragma once

#include "base/bytes.hpp"

#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace kith {

struct Guid {
    ByteArray<16> bytes{};

    // By halves: ids are compared all the time, and the library compares arrays byte by byte.
    friend bool operator==(const Guid& left, const Guid& right) {
        return left.high() == right.high() && left.low() == right.low();
    }
    friend std::strong_ordering operator<=>(const Guid& left, const Guid& right) {
        const auto order = left.high() <=> right.high();
        return order == 0 ? left.low() <=> right.low() : order;
    }

    bool is_nil() const { return *this == Guid{}; }

    /// The first and the last 64 bits as big-endian numbers.
    std::uint64_t high() const { return half(0); }
    std::uint64_t low() const { return half(8); }
    static Guid from_halves(std::uint64_t high, std::uint64_t low);

private:
    std::uint64_t half(std::size_t at) const {
        std::uint64_t value = 0;
        std::memcpy(&value, bytes.data() + at, sizeof value);
        if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap64(value);
        return value;
    }
};

/// `12345678-1234-1234-1234-123456789abc`, with or without braces, in either case.
std::optional<Guid> parse_guid(std::string_view text);

/// Lower case, without braces.
std::string to_string(const Guid& guid);

} // namespace kith
