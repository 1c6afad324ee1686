#include "store/xml.hpp"

#include "base/unicode.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace kith::store {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

/// XML 1.0, production 2.
bool is_xml_char(std::uint32_t c) {
    if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
    return c <= 0xD7FF || (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

bool has_only_xml_chars(std::string_view text) {
    if (!is_utf8(text)) return false;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 && !is_xml_char(byte)) return false;
    }
    return text.find("\xEF\xBF\xBE") == std::string_view::npos &&
           text.find("\xEF\xBF\xBF") == std::string_view::npos;
}

/// `reference` is what stands between `&` and `;`.
bool is_known_reference(std::string_view reference) {
    constexpr std::array<std::string_view, 5> kNamed{"amp", "lt", "gt", "quot", "apos"};
    for (const std::string_view name : kNamed) {
        if (reference == name) return true;
    }
    if (!reference.starts_with('#')) return false;
    reference.remove_prefix(1);
    const bool is_hex = reference.starts_with('x');
    if (is_hex) reference.remove_prefix(1);
    std::uint32_t code = 0;
    const char* end = reference.data() + reference.size();
    const auto [stopped, error] = std::from_chars(reference.data(), end, code, is_hex ? 16 : 10);
    return error == std::errc{} && stopped == end && is_xml_char(code);
}

/// What pugixml lets pass or drops without a word, and what documents must not have here.
bool is_plain(std::string_view text) {
    if (text.starts_with("<?xml") && text.size() > 5 &&
        kSpace.find(text[5]) != std::string_view::npos) {
        const std::size_t end = text.find("?>");
        if (end == std::string_view::npos) return false;
        text.remove_prefix(end + 2);
    }
    for (std::size_t at = text.find_first_of("<&"); at != std::string_view::npos;
         at = text.find_first_of("<&")) {
        text.remove_prefix(at);
        std::string_view end;
        if (text.starts_with("<!--")) {
            end = "-->";
        } else if (text.starts_with("<![CDATA[")) {
            end = "]]>";
        } else if (text.starts_with("<!") || text.starts_with("<?")) {
            return false;
        } else if (text.starts_with('&')) {
            end = ";";
        } else {
            text.remove_prefix(1);
            continue;
        }
        const std::size_t length = text.find(end);
        if (length == std::string_view::npos) return false;
        if (end == ";" && !is_known_reference(text.substr(1, length - 1))) return false;
        text.remove_prefix(length + end.size());
    }
    return true;
}

bool is_space(std::string_view text) {
    return text.find_first_not_of(kSpace) == std::string_view::npos;
}

} // namespace

std::optional<pugi::xml_node> read_xml(std::string_view text, pugi::xml_document& document) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (!has_only_xml_chars(text) || !is_plain(text)) return std::nullopt;
    constexpr unsigned kFlags = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol |
                                pugi::parse_wconv_attribute | pugi::parse_ws_pcdata |
                                pugi::parse_fragment;
    if (!document.load_buffer(text.data(), text.size(), kFlags, pugi::encoding_utf8)) {
        return std::nullopt;
    }
    if (!has_only_elements(document.root())) return std::nullopt;
    std::optional<pugi::xml_node> root;
    for (const pugi::xml_node child : document.children()) {
        if (child.type() != pugi::node_element) continue;
        if (root) return std::nullopt;
        root = child;
    }
    return root;
}

std::optional<std::string> text_of(pugi::xml_node element) {
    std::string text;
    for (const pugi::xml_node child : element.children()) {
        if (child.type() == pugi::node_element) return std::nullopt;
        text += child.value();
    }
    return text;
}

bool has_only_elements(pugi::xml_node element) {
    for (const pugi::xml_node child : element.children()) {
        if (child.type() != pugi::node_element && !is_space(child.value())) return false;
    }
    return true;
}

} // namespace kith::store
