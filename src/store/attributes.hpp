// The attributes of a record (MS-PPGRH 2.2.3.5): a small document of named, typed values.

#pragma once

#include "store/query.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::store {

struct Attribute {
    std::string name; // 1 to 40 of [0-9A-Za-z]; may repeat
    AttributeType type = AttributeType::string;
    std::string value; // UTF-8; integer: digits; date: ISO 8601

    bool operator==(const Attribute&) const = default;
};

/// The names that stand for fields of a record in a query, and that no attribute may have.
bool is_reserved_name(std::string_view name);

/// 1 to 40 of [0-9A-Za-z].
bool is_attribute_name(std::string_view name);

/// `string`, `int` or `date`, as documents have it.
std::optional<AttributeType> parse_attribute_type(std::string_view text);

enum class AttributesErrc : std::uint8_t {
    not_attributes, // the document does not follow the schema
    bad_name,       // not 1 to 40 alphanumeric characters
    reserved_name,  // one of the names that stand for fields of the record
    bad_value,      // a number or date that is none
    too_large,      // more or longer than the limits allow
};

/// Reads an `<attributes>` document (MS-PPGRH 2.2.3.5; limits.hpp); empty text is a record without
/// attributes.
std::expected<std::vector<Attribute>, AttributesErrc> parse_attributes(std::string_view xml);

/// The document for `attributes`, empty text for none. What is written reads back the same.
std::expected<std::string, AttributesErrc>
attributes_document(const std::vector<Attribute>& attributes);

} // namespace kith::store
