#include "identity/identity.hpp"

#include "base/unicode.hpp"

namespace kith::identity {

namespace {

// 3 bytes of UTF-8 a UTF-16 unit, and at most 4 times as much before composing: longer input is
// refused before anything is spent on it.
constexpr std::size_t kLabelBytesMax = 3 * kFriendlyNameUnitsMax * 4;

// Unicode's category Cc: U+0000 to U+001F and U+007F to U+009F, the latter two bytes in UTF-8.
bool has_control_character(std::string_view text) {
    const auto byte_at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (byte_at(i) < 0x20 || byte_at(i) == 0x7f) return true;
        if (byte_at(i) == 0xc2 && i + 1 < text.size() && byte_at(i + 1) < 0xa0) return true;
    }
    return false;
}

} // namespace

std::expected<std::string, LabelErrc> parse_label(std::string_view text) {
    if (text.empty()) return std::unexpected(LabelErrc::empty);
    if (text.size() > kLabelBytesMax) return std::unexpected(LabelErrc::too_long);
    auto label = to_nfc(text);
    if (!label || has_control_character(*label)) return std::unexpected(LabelErrc::bad_text);
    if (utf16_length(*label) > kFriendlyNameUnitsMax) return std::unexpected(LabelErrc::too_long);
    return std::move(*label);
}

} // namespace kith::identity
