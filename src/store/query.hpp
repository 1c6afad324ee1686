// A search over records (spec: the record search document): conditions on attributes and on the
// reserved names, joined by `and` and `or`.

#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace kith::store {

enum class AttributeType : std::uint8_t { string, integer, date };

enum class Comparison : std::uint8_t {
    equal,
    not_equal,
    greater,
    less,
    greater_or_equal,
    less_or_equal,
};

struct Query {
    enum class Kind : std::uint8_t { clause, all_of, any_of };

    Kind kind = Kind::clause;
    std::vector<Query> parts; // of all_of and any_of: at least one

    // Of a clause.
    std::string attribute;
    AttributeType type = AttributeType::string;
    Comparison comparison = Comparison::equal;
    std::string value; // as in the document, wildcards and escapes included
};

enum class QueryErrc : std::uint8_t {
    // The document does not follow the schema (PEER_E_INVALID_SEARCH):
    not_xml,     // it is no XML, or has more than xml.hpp takes
    bad_root,    // another root than `<peersearch>`, or anything but one element in it
    bad_element, // another element than `clause`, `and` and `or`
    bad_joint,   // an `and` or `or` with attributes or a text, or without elements
    bad_clause,  // not the attributes that a clause has, each once; an element in it
    bad_name,    // `attrib` is no name of an attribute
    // It does, and means nothing:
    bad_escape,       // a backslash before anything but `*`, `?` and itself (E_INVALIDARG)
    bad_value,        // a number or date that is none
    ordered_wildcard, // an ordering of texts by one with wildcards
    reserved_type,    // a reserved name with a type that it does not have
    too_large,        // longer, deeper or with more clauses than the limits allow
};

/// Reads a `<peersearch>` document: UTF-8, without document type, entities or external references;
/// see limits.hpp for how large it may be.
///
/// What a clause means:
/// * It holds for a record if it holds for any attribute of that name and type; never, if there is
///   none. So `notequal` is not the opposite of `equal`.
/// * Texts compare by code point, and the case matters. `*` and `?` are allowed with `equal` and
///   `notequal`.
/// * A date is the first instant of what it names: 2003-02 is 2003-02-01T00:00Z.
/// * The reserved names stand for the record's fields: peercreatorid, peerlastmodifiedby (none on a
///   record never changed), peerrecordid and peerrecordtype (`string`; ids with or without braces,
///   in either case), peercreationtime and peerlastmodificationtime (`date`).
std::expected<Query, QueryErrc> parse_query(std::string_view xml);

} // namespace kith::store
