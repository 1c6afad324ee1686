#include "api/graph_text.hpp"

#include "crypto/digest.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace kith::api {

namespace {

constexpr std::size_t kNodeDigits = 16;

// ASCII, whatever the locale of this process is.
bool is_word_character(char c) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

} // namespace

store::RecordType record_type_of(std::string_view word) {
    const auto digest = crypto::sha256({as_bytes("kith record type "), as_bytes(word)});
    store::RecordType type;
    std::ranges::copy_n(digest.begin(), type.bytes.size(), type.bytes.begin());
    type.bytes[6] = (type.bytes[6] & std::byte{0x0F}) | std::byte{0x80}; // version 8: our own rule
    type.bytes[8] = (type.bytes[8] & std::byte{0x3F}) | std::byte{0x80};
    return type;
}

std::optional<store::RecordType> parse_record_type(std::string_view text) {
    if (const auto guid = parse_guid(text)) return guid;
    const bool is_word = !text.empty() && text.size() <= kTypeWordMax &&
                         std::ranges::all_of(text, is_word_character);
    if (!is_word) return std::nullopt;
    return record_type_of(text);
}

std::optional<store::Attribute> parse_attribute(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view left = text.substr(0, equals);
    const std::size_t colon = left.find(':');
    store::Attribute out;
    out.name = left.substr(0, colon);
    out.value = text.substr(equals + 1);
    if (colon == std::string_view::npos) return out;
    const auto type = store::parse_attribute_type(left.substr(colon + 1));
    if (!type) return std::nullopt;
    out.type = *type;
    return out;
}

std::string_view to_string(store::AttributeType type) {
    switch (type) {
    case store::AttributeType::string:
        return "string";
    case store::AttributeType::integer:
        return "int";
    case store::AttributeType::date:
        return "date";
    }
    return "string";
}

std::string node_text(graph::NodeId node) {
    return fmt::format("{:016x}", node);
}

std::optional<graph::NodeId> parse_node(std::string_view text) {
    graph::NodeId node = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), node, 16);
    const bool is_whole = error == std::errc{} && stop == text.data() + text.size();
    if (!is_whole || text.size() != kNodeDigits) return std::nullopt;
    return node;
}

} // namespace kith::api
