#include "identity/base32.hpp"

#include <cstdint>

namespace kith::identity {

namespace {

constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
constexpr unsigned kDigitBits = 5;

} // namespace

std::string to_base32(ByteView bytes) {
    std::string text;
    text.reserve((bytes.size() * 8 + kDigitBits - 1) / kDigitBits);
    std::uint32_t pending = 0; // at most 4 bits of earlier bytes and 8 of this one
    unsigned pending_bits = 0;
    for (const std::byte b : bytes) {
        pending = pending << 8U | std::to_integer<std::uint32_t>(b);
        pending_bits += 8;
        while (pending_bits >= kDigitBits) {
            pending_bits -= kDigitBits;
            text.push_back(kAlphabet[pending >> pending_bits]);
            pending &= (1U << pending_bits) - 1;
        }
    }
    if (pending_bits > 0) text.push_back(kAlphabet[pending << (kDigitBits - pending_bits)]);
    return text;
}

std::optional<Bytes> from_base32(std::string_view text) {
    Bytes bytes;
    bytes.reserve(text.size() * kDigitBits / 8);
    std::uint32_t pending = 0; // at most 7 bits of earlier digits and 5 of this one
    unsigned pending_bits = 0;
    for (const char c : text) {
        const std::size_t digit = kAlphabet.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        pending = pending << kDigitBits | static_cast<std::uint32_t>(digit);
        pending_bits += kDigitBits;
        if (pending_bits >= 8) {
            pending_bits -= 8;
            bytes.push_back(static_cast<std::byte>(pending >> pending_bits));
            pending &= (1U << pending_bits) - 1;
        }
    }
    // A whole unused digit, or unused bits that are set, would be a second spelling.
    if (pending_bits >= kDigitBits || pending != 0) return std::nullopt;
    return bytes;
}

} // namespace kith::identity
