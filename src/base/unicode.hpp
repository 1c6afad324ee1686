// UTF-8 and UTF-16, and the normal form in which names are compared (NFC, Unicode TR 15).

#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kith {

/// True if `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// Nothing if `text` is not well-formed UTF-8.
std::optional<std::u16string> utf8_to_utf16(std::string_view text);

/// Nothing if `text` has an unpaired surrogate.
std::optional<std::string> utf16_to_utf8(std::u16string_view text);

/// The number of UTF-16 code units that `text` has. Requires: `is_utf8(text)`.
std::size_t utf16_length(std::string_view text);

/// True if `text` has a control character (category Cc, C1 among them). Requires: `is_utf8(text)`.
bool has_control_character(std::string_view text);

/// True if `text` has a character that turns the direction of what is around it: an embedding, an
/// override or an isolate (Unicode TR 9). Requires: `is_utf8(text)`.
bool has_direction_control(std::string_view text);

/// `text` in Normalization Form C. Nothing if it is not well-formed UTF-8.
std::optional<std::string> to_nfc(std::string_view text);

} // namespace kith
