#include "base/guid.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace kith {

namespace {

/// Where the text form has its dashes.
constexpr std::array<std::size_t, 4> kDashes{8, 13, 18, 23};
constexpr std::size_t kTextLength = 36;

} // namespace

Guid Guid::from_halves(std::uint64_t high, std::uint64_t low) {
    Guid guid;
    for (std::size_t i = 8; i-- > 0; high >>= 8U, low >>= 8U) {
        guid.bytes[i] = static_cast<std::byte>(high);
        guid.bytes[8 + i] = static_cast<std::byte>(low);
    }
    return guid;
}

std::optional<Guid> parse_guid(std::string_view text) {
    if (text.size() == kTextLength + 2 && text.front() == '{' && text.back() == '}') {
        text = text.substr(1, kTextLength);
    }
    if (text.size() != kTextLength) return std::nullopt;
    std::string digits;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_dash = std::ranges::find(kDashes, i) != kDashes.end();
        if (is_dash != (text[i] == '-')) return std::nullopt;
        if (!is_dash) digits += text[i];
    }
    const auto bytes = from_hex(digits);
    if (!bytes) return std::nullopt;
    Guid guid;
    std::ranges::copy(*bytes, guid.bytes.begin());
    return guid;
}

std::string to_string(const Guid& guid) {
    std::string text = to_hex(guid.bytes);
    for (const std::size_t dash : kDashes)
        text.insert(dash, 1, '-');
    return text;
}

} // namespace kith
