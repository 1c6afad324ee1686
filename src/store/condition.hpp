// One clause of a query, ready to be compared, and what a query says of a record.

#pragma once

#include "store/attributes.hpp"
#include "store/query.hpp"
#include "store/record.hpp"
#include "store/values.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace kith::store {

/// What a clause looks at.
enum class Field : std::uint8_t { attribute, creator, modifier, created, modified, id, type };

struct Term {
    Field field = Field::attribute;
    std::string name; // of an attribute
    AttributeType type = AttributeType::string;
    Comparison comparison = Comparison::equal;
    TextPattern text;      // of a string
    std::string number;    // of an integer: `number_key`
    std::int64_t date = 0; // as `parse_date` has it
};

/// The term of a clause (`query.parts` is not looked at).
std::expected<Term, QueryErrc> make_term(const Query& clause);

/// True if what has the order `order` to a clause's value satisfies its comparison.
bool satisfies(std::strong_ordering order, Comparison comparison);

/// True if `query` holds for the record, whose attributes are `attributes`. Requires: a query as
/// `parse_query` gives it.
bool matches(const Query& query, const Record& record, const std::vector<Attribute>& attributes);

} // namespace kith::store
