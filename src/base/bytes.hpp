// Bytes, borrowed and owned, and their hexadecimal form.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kith {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

template<std::size_t N>
using ByteArray = std::array<std::byte, N>;

/// The bytes of `text`, borrowed.
inline ByteView as_bytes(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

/// `bytes` read as characters, borrowed. No validation: the caller knows what they are.
inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline Bytes to_owned(ByteView bytes) {
    return {bytes.begin(), bytes.end()};
}

/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(ByteView bytes);

/// Nothing unless `text` is an even number of hexadecimal digits (either case).
std::optional<Bytes> from_hex(std::string_view text);

/// Overwrites `bytes` with zeros in a way that the compiler may not leave out.
void wipe(std::span<std::byte> bytes);

} // namespace kith
