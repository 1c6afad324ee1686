#include "base/unicode.hpp"

#include "base/check.hpp"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utf8proc.h>

namespace kith {

namespace {

// One code point off the front of `text`, or nothing where it is not well-formed there.
std::optional<char32_t> take_code_point(std::string_view& text) {
    utf8proc_int32_t point = -1;
    const utf8proc_ssize_t used = utf8proc_iterate(
        reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
        static_cast<utf8proc_ssize_t>(text.size()),
        &point);
    if (used <= 0 || point < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(used));
    return static_cast<char32_t>(point);
}

template<class Kind>
bool has_any(std::string_view text, Kind is_of_kind) {
    while (!text.empty()) {
        const auto point = take_code_point(text);
        KITH_CHECK(point.has_value());
        if (is_of_kind(*point)) return true;
    }
    return false;
}

void append_utf8(std::string& out, char32_t point) {
    utf8proc_uint8_t buffer[4];
    const utf8proc_ssize_t size =
        utf8proc_encode_char(static_cast<utf8proc_int32_t>(point), buffer);
    out.append(reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(size));
}

} // namespace

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        if (!take_code_point(text)) return false;
    }
    return true;
}

std::optional<std::u16string> utf8_to_utf16(std::string_view text) {
    std::u16string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto point = take_code_point(text);
        if (!point) return std::nullopt;
        if (*point < 0x10000) {
            out.push_back(static_cast<char16_t>(*point));
        } else {
            const char32_t offset = *point - 0x10000;
            out.push_back(static_cast<char16_t>(0xd800U + (offset >> 10U)));
            out.push_back(static_cast<char16_t>(0xdc00U + (offset & 0x3ffU)));
        }
    }
    return out;
}

std::optional<std::string> utf16_to_utf8(std::u16string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char32_t unit = text[i];
        if (unit < 0xd800 || unit > 0xdfff) {
            append_utf8(out, unit);
            continue;
        }
        if (unit > 0xdbff || i + 1 == text.size()) return std::nullopt;
        const char32_t low = text[++i];
        if (low < 0xdc00 || low > 0xdfff) return std::nullopt;
        append_utf8(out, 0x10000 + ((unit - 0xd800) << 10U) + (low - 0xdc00));
    }
    return out;
}

std::size_t utf16_length(std::string_view text) {
    std::size_t units = 0;
    while (!text.empty()) {
        const auto point = take_code_point(text);
        KITH_CHECK(point.has_value());
        units += *point < 0x10000 ? 1U : 2U;
    }
    return units;
}

bool has_control_character(std::string_view text) {
    return has_any(
        text, [](char32_t point) { return point < 0x20 || (point >= 0x7f && point < 0xa0); });
}

bool has_direction_control(std::string_view text) {
    return has_any(text, [](char32_t point) {
        return (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
    });
}

std::optional<std::string> to_nfc(std::string_view text) {
    if (!is_utf8(text)) return std::nullopt;
    utf8proc_uint8_t* mapped = nullptr;
    const utf8proc_ssize_t size = utf8proc_map(
        reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
        static_cast<utf8proc_ssize_t>(text.size()),
        &mapped,
        static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(mapped, &std::free);
    if (size < 0) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size));
}

} // namespace kith
