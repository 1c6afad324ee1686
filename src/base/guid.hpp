// 128-bit identifiers as the published formats have them: 16 bytes in the order in which their text
// form prints them (docs/protocol/graph.md, GA-05).

#pragma once

#include "base/bytes.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kith {

struct Guid {
    ByteArray<16> bytes{};

    auto operator<=>(const Guid&) const = default;

    bool is_nil() const { return *this == Guid{}; }

    /// The first and the last 64 bits as big-endian numbers.
    std::uint64_t high() const;
    std::uint64_t low() const;
    static Guid from_halves(std::uint64_t high, std::uint64_t low);
};

/// `12345678-1234-1234-1234-123456789abc`, with or without braces, in either case.
std::optional<Guid> parse_guid(std::string_view text);

/// Lower case, without braces.
std::string to_string(const Guid& guid);

} // namespace kith
