// What graphs have as text: record types, ids, attributes.

#pragma once

#include "graph/message.hpp"
#include "store/attributes.hpp"
#include "store/record.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kith::api {

inline constexpr std::size_t kTypeWordMax = 64; // characters of a word that stands for a type

/// A type as users write it: a GUID, or a word of 1 to 64 characters of [0-9A-Za-z._-]. A word is
/// the first 16 bytes of SHA-256 of "kith record type " and the word, with the version 8 and the
/// variant of RFC 9562. Nothing if it is neither.
std::optional<store::RecordType> parse_record_type(std::string_view text);

/// The type that `word` stands for. Requires: a word as `parse_record_type` takes it.
store::RecordType record_type_of(std::string_view word);

/// `NAME=VALUE` or `NAME:TYPE=VALUE` with the types `string`, `int` and `date`. Nothing if it has
/// not that form; whether name and value are good ones is for store::attributes_document.
std::optional<store::Attribute> parse_attribute(std::string_view text);

/// `string`, `int` or `date`.
std::string_view to_string(store::AttributeType type);

/// 16 hexadecimal digits.
std::string node_text(graph::NodeId node);
std::optional<graph::NodeId> parse_node(std::string_view text);

} // namespace kith::api
