#include "identity/identity.hpp"

#include "base/unicode.hpp"

namespace kith::identity {

namespace {

// 3 bytes of UTF-8 a UTF-16 unit, and at most 4 times as much before composing: longer input is
// refused before anything is spent on it.
constexpr std::size_t kLabelBytesMax = 3 * kFriendlyNameUnitsMax * 4;

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
