#include "cli/terminal_text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <utf8proc.h>

namespace kith::cli {

namespace {

struct CodePoint {
    utf8proc_int32_t value = -1; // negative: the first byte is not well-formed UTF-8
    std::size_t size = 1;        // bytes taken
};

// Requires: `text` is not empty.
CodePoint first_code_point(std::string_view text) {
    CodePoint point;
    const utf8proc_ssize_t used = utf8proc_iterate(
        reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
        static_cast<utf8proc_ssize_t>(text.size()),
        &point.value);
    if (used > 0) {
        point.size = static_cast<std::size_t>(used);
    } else {
        point.value = -1;
    }
    return point;
}

bool is_visible(const CodePoint& point) {
    if (point.value < 0) return false;
    switch (utf8proc_category(point.value)) {
    case UTF8PROC_CATEGORY_CC: // terminal escapes, C1 among them
    case UTF8PROC_CATEGORY_CF: // bidirectional overrides, zero-width characters, tags
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CN:
        return false;
    default:
        return true;
    }
}

void append_escape(std::string& out, const CodePoint& point, std::string_view bytes) {
    if (point.value == '\n') {
        out += "\\n";
    } else if (point.value == '\t') {
        out += "\\t";
    } else if (point.value < 0x80) {
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(bytes[0]));
    } else {
        fmt::format_to(std::back_inserter(out), "\\u{{{:x}}}", point.value);
    }
}

} // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const CodePoint point = first_code_point(text);
        if (is_visible(point)) {
            out += text.substr(0, point.size);
        } else {
            append_escape(out, point, text);
        }
        text.remove_prefix(point.size);
    }
    return out;
}

bool is_plain_text(std::string_view text) {
    while (!text.empty()) {
        const CodePoint point = first_code_point(text);
        if (!is_visible(point) && point.value != '\n' && point.value != '\t') return false;
        text.remove_prefix(point.size);
    }
    return true;
}

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        const CodePoint point = first_code_point(text);
        const int width = point.value < 0 ? 1 : utf8proc_charwidth(point.value);
        columns += static_cast<std::size_t>(std::max(width, 0));
        text.remove_prefix(point.size);
    }
    return columns;
}

} // namespace kith::cli
