#include "store/query.hpp"

#include "store/attributes.hpp"
#include "store/condition.hpp"
#include "store/limits.hpp"
#include "store/xml.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <utility>

namespace kith::store {
namespace {

std::optional<Comparison> parse_comparison(std::string_view text) {
    constexpr std::array<std::string_view, 6> kNames{
        "equal", "notequal", "greater", "less", "greaterorequal", "lessorequal"};
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (text == kNames[i]) return static_cast<Comparison>(i);
    }
    return std::nullopt;
}

std::expected<void, QueryErrc> read_clause(pugi::xml_node element, Query& query) {
    bool has_name = false;
    bool has_type = false;
    bool has_comparison = false;
    for (const pugi::xml_attribute part : element.attributes()) {
        const std::string_view key = part.name();
        if (key == "attrib" && !std::exchange(has_name, true)) {
            query.attribute = part.value();
            continue;
        }
        const auto type = parse_attribute_type(part.value());
        const auto comparison = parse_comparison(part.value());
        if (key == "type" && type && !std::exchange(has_type, true)) {
            query.type = *type;
        } else if (key == "compare" && comparison && !std::exchange(has_comparison, true)) {
            query.comparison = *comparison;
        } else {
            return std::unexpected(QueryErrc::bad_clause);
        }
    }
    std::optional<std::string> value = text_of(element);
    if (!has_name || !has_type || !value) return std::unexpected(QueryErrc::bad_clause);
    if (!is_attribute_name(query.attribute)) return std::unexpected(QueryErrc::bad_name);
    query.value = std::move(*value);
    if (const auto term = make_term(query); !term) return std::unexpected(term.error());
    return {};
}

struct OpenPart {
    pugi::xml_node element;
    Query* query;
    std::size_t depth;
};

/// `and` or `or`: its children become parts of their own.
std::expected<void, QueryErrc> read_joint(const OpenPart& part, std::vector<OpenPart>& open) {
    std::size_t count = 0;
    for (const pugi::xml_node child : part.element.children()) {
        if (child.type() == pugi::node_element) ++count;
    }
    if (count == 0 || part.element.first_attribute() || !has_only_elements(part.element)) {
        return std::unexpected(QueryErrc::bad_joint);
    }
    if (part.depth >= kQueryDepthMax || count > kQueryNodesMax) {
        return std::unexpected(QueryErrc::too_large);
    }
    part.query->parts.resize(count);
    std::size_t next = 0;
    for (const pugi::xml_node child : part.element.children()) {
        if (child.type() != pugi::node_element) continue;
        open.push_back({child, &part.query->parts[next++], part.depth + 1});
    }
    return {};
}

/// The one element below `<peersearch>`, which may declare namespaces and nothing else.
std::optional<pugi::xml_node> condition_of(pugi::xml_node root) {
    if (std::string_view(root.name()) != "peersearch" || !has_only_elements(root)) {
        return std::nullopt;
    }
    for (const pugi::xml_attribute part : root.attributes()) {
        const std::string_view key = part.name();
        if (key != "xmlns" && !key.starts_with("xmlns:")) return std::nullopt;
    }
    std::optional<pugi::xml_node> only;
    for (const pugi::xml_node child : root.children()) {
        if (child.type() != pugi::node_element) continue;
        if (only) return std::nullopt;
        only = child;
    }
    return only;
}

} // namespace

std::expected<Query, QueryErrc> parse_query(std::string_view xml) {
    if (xml.size() > kQueryDocumentMax) return std::unexpected(QueryErrc::too_large);
    pugi::xml_document document;
    const auto root = read_xml(xml, document);
    if (!root) return std::unexpected(QueryErrc::not_xml);
    const auto condition = condition_of(*root);
    if (!condition) return std::unexpected(QueryErrc::bad_root);

    Query query;
    std::vector<OpenPart> open{{*condition, &query, 1}};
    for (std::size_t done = 0; !open.empty(); ++done) {
        if (done + open.size() > kQueryNodesMax) return std::unexpected(QueryErrc::too_large);
        const OpenPart part = open.back();
        open.pop_back();
        const std::string_view name = part.element.name();
        std::expected<void, QueryErrc> read = std::unexpected(QueryErrc::bad_element);
        if (name == "clause") {
            read = read_clause(part.element, *part.query);
        } else if (name == "and" || name == "or") {
            part.query->kind = name == "and" ? Query::Kind::all_of : Query::Kind::any_of;
            read = read_joint(part, open);
        }
        if (!read) return std::unexpected(read.error());
    }
    return query;
}

} // namespace kith::store
