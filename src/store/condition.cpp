#include "store/condition.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace kith::store {
namespace {

Field field_of(std::string_view name) {
    if (name == "peercreatorid") return Field::creator;
    if (name == "peerlastmodifiedby") return Field::modifier;
    if (name == "peercreationtime") return Field::created;
    if (name == "peerlastmodificationtime") return Field::modified;
    if (name == "peerrecordid") return Field::id;
    if (name == "peerrecordtype") return Field::type;
    return Field::attribute;
}

/// An id as `to_string(Guid)` writes it, wildcards left alone.
std::string plain_guid(std::string_view text) {
    if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() - 2);
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

bool text_holds(const Term& term, std::string_view value) {
    if (term.comparison == Comparison::equal) return term.text.matches(value);
    if (term.comparison == Comparison::not_equal) return !term.text.matches(value);
    return satisfies(value <=> term.text.prefix(), term.comparison);
}

bool time_holds(const Term& term, PeerTime time) {
    if (term.date < 0) return satisfies(std::strong_ordering::greater, term.comparison);
    return satisfies(time.ticks <=> static_cast<std::uint64_t>(term.date), term.comparison);
}

bool attribute_holds(const Term& term, const Attribute& attribute) {
    if (attribute.name != term.name || attribute.type != term.type) return false;
    switch (term.type) {
    case AttributeType::string:
        return text_holds(term, attribute.value);
    case AttributeType::integer: {
        const auto number = number_key(attribute.value);
        return number && satisfies(*number <=> term.number, term.comparison);
    }
    case AttributeType::date: {
        const auto date = parse_date(attribute.value);
        return date && satisfies(*date <=> term.date, term.comparison);
    }
    }
    return false;
}

bool term_holds(const Term& term, const Record& record, const std::vector<Attribute>& attributes) {
    switch (term.field) {
    case Field::creator:
        return text_holds(term, record.creator);
    case Field::modifier:
        return !record.modifier.empty() && text_holds(term, record.modifier);
    case Field::created:
        return time_holds(term, record.created);
    case Field::modified:
        return time_holds(term, record.modified);
    case Field::id:
        return text_holds(term, to_string(record.id));
    case Field::type:
        return text_holds(term, to_string(record.type));
    case Field::attribute:
        break;
    }
    return std::any_of(attributes.begin(), attributes.end(), [&](const Attribute& attribute) {
        return attribute_holds(term, attribute);
    });
}

} // namespace

bool satisfies(std::strong_ordering order, Comparison comparison) {
    switch (comparison) {
    case Comparison::equal:
        return order == 0;
    case Comparison::not_equal:
        return order != 0;
    case Comparison::greater:
        return order > 0;
    case Comparison::less:
        return order < 0;
    case Comparison::greater_or_equal:
        return order >= 0;
    case Comparison::less_or_equal:
        return order <= 0;
    }
    return false;
}

std::expected<Term, QueryErrc> make_term(const Query& clause) {
    Term term;
    term.field = field_of(clause.attribute);
    term.name = clause.attribute;
    term.type = clause.type;
    term.comparison = clause.comparison;
    const bool is_time = term.field == Field::created || term.field == Field::modified;
    if (term.field != Field::attribute &&
        term.type != (is_time ? AttributeType::date : AttributeType::string)) {
        return std::unexpected(QueryErrc::reserved_type);
    }
    if (term.type == AttributeType::integer) {
        auto number = number_key(clause.value);
        if (!number) return std::unexpected(QueryErrc::bad_value);
        term.number = std::move(*number);
    } else if (term.type == AttributeType::date) {
        const auto date = parse_date(clause.value);
        if (!date) return std::unexpected(QueryErrc::bad_value);
        term.date = *date;
    } else {
        const bool is_guid = term.field == Field::id || term.field == Field::type;
        auto text = TextPattern::parse(is_guid ? plain_guid(clause.value) : clause.value);
        if (!text) return std::unexpected(QueryErrc::bad_escape);
        const bool is_ordering =
            term.comparison != Comparison::equal && term.comparison != Comparison::not_equal;
        if (is_ordering && text->has_wildcards()) {
            return std::unexpected(QueryErrc::ordered_wildcard);
        }
        term.text = std::move(*text);
    }
    return term;
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as `parse_query` lets a query be
bool matches(const Query& query, const Record& record, const std::vector<Attribute>& attributes) {
    // NOLINTNEXTLINE(misc-no-recursion): the same
    const auto part_matches = [&](const Query& part) { return matches(part, record, attributes); };
    switch (query.kind) {
    case Query::Kind::all_of:
        return std::all_of(query.parts.begin(), query.parts.end(), part_matches);
    case Query::Kind::any_of:
        return std::any_of(query.parts.begin(), query.parts.end(), part_matches);
    case Query::Kind::clause:
        break;
    }
    const auto term = make_term(query);
    KITH_ASSUME(term.has_value());
    return term && term_holds(*term, record, attributes);
}

} // namespace kith::store
