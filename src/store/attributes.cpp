#include "store/attributes.hpp"

#include "base/unicode.hpp"
#include "store/limits.hpp"
#include "store/values.hpp"
#include "store/xml.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace kith::store {
namespace {

constexpr std::array<std::string_view, 6> kReservedNames{
    "peerlastmodifiedby",
    "peercreatorid",
    "peerlastmodificationtime",
    "peerrecordid",
    "peerrecordtype",
    "peercreationtime"};

constexpr std::array<std::string_view, 3> kTypeNames{"string", "int", "date"};

std::expected<void, AttributesErrc> check(const Attribute& attribute) {
    if (!is_attribute_name(attribute.name)) return std::unexpected(AttributesErrc::bad_name);
    if (is_reserved_name(attribute.name)) return std::unexpected(AttributesErrc::reserved_name);
    if (attribute.type == AttributeType::integer && !number_key(attribute.value)) {
        return std::unexpected(AttributesErrc::bad_value);
    }
    if (attribute.type == AttributeType::date && !parse_date(attribute.value)) {
        return std::unexpected(AttributesErrc::bad_value);
    }
    return {};
}

std::expected<Attribute, AttributesErrc> read_attribute(pugi::xml_node element) {
    Attribute attribute;
    std::optional<std::string_view> name;
    std::optional<AttributeType> type;
    for (const pugi::xml_attribute part : element.attributes()) {
        const std::string_view key = part.name();
        if (key == "name" && !name) {
            name = part.value();
        } else if (key == "type" && !type && parse_attribute_type(part.value())) {
            type = parse_attribute_type(part.value());
        } else {
            return std::unexpected(AttributesErrc::not_attributes);
        }
    }
    std::optional<std::string> value = text_of(element);
    if (!name || !type || !value) return std::unexpected(AttributesErrc::not_attributes);
    attribute.name = *name;
    attribute.type = *type;
    attribute.value = std::move(*value);
    if (auto good = check(attribute); !good) return std::unexpected(good.error());
    return attribute;
}

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '\r':
            out += "&#13;";
            break; // as itself it would be read as a line feed
        default:
            out += c;
        }
    }
}

} // namespace

bool is_reserved_name(std::string_view name) {
    return std::find(kReservedNames.begin(), kReservedNames.end(), name) != kReservedNames.end();
}

bool is_attribute_name(std::string_view name) {
    return !name.empty() && name.size() <= kAttributeNameMax &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
           });
}

std::optional<AttributeType> parse_attribute_type(std::string_view text) {
    const auto found = std::find(kTypeNames.begin(), kTypeNames.end(), text);
    if (found == kTypeNames.end()) return std::nullopt;
    return static_cast<AttributeType>(found - kTypeNames.begin());
}

std::expected<std::vector<Attribute>, AttributesErrc> parse_attributes(std::string_view xml) {
    if (xml.empty()) return {};
    if (xml.size() > kAttributesDocumentMax) return std::unexpected(AttributesErrc::too_large);
    pugi::xml_document document;
    const auto root = read_xml(xml, document);
    if (!root || std::string_view(root->name()) != "attributes" || root->first_attribute() ||
        !has_only_elements(*root)) {
        return std::unexpected(AttributesErrc::not_attributes);
    }
    std::vector<Attribute> attributes;
    for (const pugi::xml_node child : root->children()) {
        if (child.type() != pugi::node_element) continue;
        if (std::string_view(child.name()) != "attribute") {
            return std::unexpected(AttributesErrc::not_attributes);
        }
        if (attributes.size() == kAttributesMax) return std::unexpected(AttributesErrc::too_large);
        auto attribute = read_attribute(child);
        if (!attribute) return std::unexpected(attribute.error());
        attributes.push_back(std::move(*attribute));
    }
    return attributes;
}

std::expected<std::string, AttributesErrc>
attributes_document(const std::vector<Attribute>& attributes) {
    if (attributes.empty()) return {};
    if (attributes.size() > kAttributesMax) return std::unexpected(AttributesErrc::too_large);
    std::string out = "<attributes>";
    for (const Attribute& attribute : attributes) {
        if (auto good = check(attribute); !good) return std::unexpected(good.error());
        out += "<attribute name=\"" + attribute.name + "\" type=\"";
        out += kTypeNames[static_cast<std::size_t>(attribute.type)];
        out += "\">";
        append_escaped(out, attribute.value);
        out += "</attribute>";
    }
    out += "</attributes>";
    if (out.size() > kAttributesDocumentMax) return std::unexpected(AttributesErrc::too_large);
    // What XML cannot say at all: other control characters, ill-formed UTF-8.
    if (pugi::xml_document document; !read_xml(out, document)) {
        return std::unexpected(AttributesErrc::bad_value);
    }
    return out;
}

} // namespace kith::store
