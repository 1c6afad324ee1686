#include "api/graph_documents.hpp"

#include "api/encoding.hpp"
#include "api/graph_text.hpp"
#include "base/overload.hpp"
#include "store/limits.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <variant>

namespace kith::api {

namespace {

// The payloads that are part of an event; larger ones are asked for.
constexpr std::size_t kEventPayloadMax = 4096;

WallTime to_wall(store::PeerTime time) {
    constexpr auto kMost = static_cast<std::uint64_t>(WallTime::max().time_since_epoch().count());
    return WallTime(WallClock::duration(static_cast<std::int64_t>(std::min(time.ticks, kMost))));
}

Json endpoints_json(const std::vector<Endpoint>& endpoints) {
    Json out = Json::array();
    for (const Endpoint& endpoint : endpoints)
        out.push_back(to_string(endpoint));
    return out;
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

std::string_view kind_text(graph::RecordChangeKind kind) {
    switch (kind) {
    case graph::RecordChangeKind::added:
        return "record_added";
    case graph::RecordChangeKind::updated:
        return "record_updated";
    case graph::RecordChangeKind::deleted:
        return "record_deleted";
    case graph::RecordChangeKind::expired:
        return "record_expired";
    }
    return "record_added";
}

std::string_view status_text(graph::ConnectionStatus status) {
    switch (status) {
    case graph::ConnectionStatus::connected:
        return "connected";
    case graph::ConnectionStatus::disconnected:
        return "disconnected";
    case graph::ConnectionStatus::failed:
        return "failed";
    }
    return "failed";
}

std::string_view reason_text(graph::FailureReason reason) {
    switch (reason) {
    case graph::FailureReason::none:
        return "none";
    case graph::FailureReason::unreachable:
        return "unreachable";
    case graph::FailureReason::refused:
        return "refused";
    case graph::FailureReason::not_authenticated:
        return "not_authenticated";
    case graph::FailureReason::protocol:
        return "protocol";
    case graph::FailureReason::duplicate:
        return "duplicate";
    case graph::FailureReason::other_rules:
        return "other_rules";
    }
    return "none";
}

std::string_view node_change_text(graph::NodeChangeKind kind) {
    switch (kind) {
    case graph::NodeChangeKind::connected:
        return "node_connected";
    case graph::NodeChangeKind::disconnected:
        return "node_disconnected";
    case graph::NodeChangeKind::updated:
        return "node_updated";
    }
    return "node_updated";
}

// A nil type in `Synchronized` stands for all other types.
Json type_or_null(const store::RecordType& type) {
    return type.is_nil() ? Json(nullptr) : Json(to_string(type));
}

Json quotas_json(const graph::Quotas& quotas) {
    const auto bound = [](std::uint64_t value) { return value == 0 ? Json(nullptr) : Json(value); };
    return {
        {"records_max", bound(quotas.records)},
        {"records_each_max", bound(quotas.records_each)},
        {"bytes_each_max", bound(quotas.bytes_each)}};
}

Json counters_json(const graph::Graph& graph) {
    const graph::Counters& counters = graph.counters();
    Json dropped = Json::object();
    for (std::size_t i = 0; i < counters.dropped.size(); ++i) {
        if (counters.dropped[i] == 0) continue;
        dropped[std::string(graph::to_string(static_cast<graph::DropReason>(i)))] =
            counters.dropped[i];
    }
    return {
        {"bytes_sent", counters.bytes_sent},
        {"bytes_received", counters.bytes_received},
        {"dropped", std::move(dropped)}};
}

// Enough of a text to know it again.
std::string_view beginning_of(std::string_view text) {
    constexpr std::size_t kShownMax = 60;
    return text.substr(0, std::min(text.size(), kShownMax));
}

} // namespace

Error to_error(node::GraphsErrc error) {
    using node::GraphsErrc;
    switch (error) {
    case GraphsErrc::bad_name:
        return {
            ErrorCode::bad_graph,
            fmt::format(
                "the name of a graph is text of 1 to {} characters", node::kGraphNameUnitsMax)};
    case GraphsErrc::bad_argument:
        return {ErrorCode::bad_request, "the graph does not take these properties"};
    case GraphsErrc::already_open:
        return {ErrorCode::already_exists, "a graph of this name is open here"};
    case GraphsErrc::already_exists:
        return {
            ErrorCode::already_exists,
            "there are records of a graph of this name here; open it, or delete it first"};
    case GraphsErrc::not_open:
        return {ErrorCode::not_found, "no graph of this name is open here"};
    case GraphsErrc::too_many:
        return {
            ErrorCode::too_many,
            fmt::format("at most {} graphs are open at once", node::kGraphsMax)};
    case GraphsErrc::store_full:
        return {ErrorCode::storage, "the disk is full; nothing was changed"};
    case GraphsErrc::store_read_only:
        return {ErrorCode::storage, "the graph's database may not be written"};
    case GraphsErrc::store_corrupt:
        return {ErrorCode::storage, "the graph's database is damaged, or is no database"};
    case GraphsErrc::store_locked:
        return {ErrorCode::storage, "another process has the graph's database open"};
    case GraphsErrc::store_newer:
        return {ErrorCode::storage, "a later version of Kith wrote the graph's database"};
    case GraphsErrc::store_wrong_graph:
        return {
            ErrorCode::storage, "the database there belongs to another graph or another peer id"};
    case GraphsErrc::store_missing:
        return {
            ErrorCode::storage,
            "the graph's database is gone or empty; put it back, or give its records up: kith "
            "graph "
            "delete, and then open it again"};
    case GraphsErrc::store_failed:
        return {ErrorCode::storage, "the disk refused; nothing stored was lost"};
    }
    return {ErrorCode::storage, "the disk refused; nothing stored was lost"};
}

Error to_error(graph::GraphErrc error) {
    using graph::GraphErrc;
    switch (error) {
    case GraphErrc::not_ready:
        return {
            ErrorCode::not_ready,
            "the graph is not synchronized yet: it needs a connection to one of its members"};
    case GraphErrc::closed:
        return {ErrorCode::not_found, "no graph of this name is open here"};
    case GraphErrc::not_found:
        return {ErrorCode::not_found, "there is no such record, or it was deleted"};
    case GraphErrc::bad_type:
        return {ErrorCode::bad_type, "this type is reserved for graphs and groups themselves"};
    case GraphErrc::bad_expiration:
        return {
            ErrorCode::bad_lifetime,
            "a record expires in the future, and no earlier than it would have before"};
    case GraphErrc::bad_attributes:
        return {ErrorCode::bad_attribute, "these are no attributes"};
    case GraphErrc::too_large:
        return {
            ErrorCode::too_large,
            "a record is smaller than the largest that this graph takes, 60 MiB unless it says "
            "less"};
    case GraphErrc::refused:
        return {ErrorCode::not_allowed, "the graph's security provider refused"};
    case GraphErrc::too_many:
        return {ErrorCode::too_many, "the graph has as many records, bytes or links as it takes"};
    case GraphErrc::not_allowed:
        return {ErrorCode::not_allowed, "only the creator of the graph may do this"};
    case GraphErrc::bad_argument:
        return {ErrorCode::bad_request, "too long, not text, or an address of this node"};
    case GraphErrc::store_full:
        return {ErrorCode::storage, "the disk is full; nothing was changed"};
    case GraphErrc::store_read_only:
        return {ErrorCode::storage, "the graph's database may not be written"};
    case GraphErrc::store_corrupt:
        return {ErrorCode::storage, "the graph's database is damaged"};
    case GraphErrc::store_failed:
        return {ErrorCode::storage, "the disk refused; nothing stored was lost"};
    }
    return {ErrorCode::storage, "the disk refused; nothing stored was lost"};
}

namespace {

std::string_view rule_of(store::QueryErrc error) {
    using store::QueryErrc;
    switch (error) {
    case QueryErrc::not_xml:
        return "this is no <peersearch> document: it is not well-formed XML, or has a document "
               "type, an entity or a processing instruction";
    case QueryErrc::bad_root:
        return "a search is one <peersearch> that holds one <clause>, <and> or <or> and nothing "
               "else";
    case QueryErrc::bad_element:
        return "a search has the elements <clause>, <and> and <or> only";
    case QueryErrc::bad_joint:
        return "in a search <and> and <or> hold at least one <clause>, <and> or <or>, and have "
               "neither attributes nor a text";
    case QueryErrc::bad_clause:
        return "a <clause> has attrib, type (string, int or date) and, where it is not equal, "
               "compare (equal, notequal, greater, less, greaterorequal or lessorequal), each "
               "once, and a text";
    case QueryErrc::bad_name:
        return "the attrib of a <clause> is 1 to 40 letters and digits";
    case QueryErrc::bad_escape:
        return "in a search a backslash stands only before *, ? and another backslash";
    case QueryErrc::bad_value:
        return "a value in the search is no number or date, as the type of its <clause> says";
    case QueryErrc::ordered_wildcard:
        return "a value with wildcards goes with = and != only";
    case QueryErrc::reserved_type:
        return "peercreationtime and peerlastmodificationtime are dates, and the other names of "
               "a record's fields are strings";
    case QueryErrc::too_large:
        return "the search is too long, too deep or has too many clauses";
    }
    return "this is no <peersearch> document";
}

} // namespace

Error to_error(store::QueryErrc error) {
    return {ErrorCode::bad_query, std::string(rule_of(error))};
}

Error to_error(store::AttributesErrc error) {
    using store::AttributesErrc;
    switch (error) {
    case AttributesErrc::not_attributes:
        return {ErrorCode::bad_attribute, "these are no attributes"};
    case AttributesErrc::bad_name:
        return {ErrorCode::bad_attribute, "the name of an attribute is 1 to 40 letters and digits"};
    case AttributesErrc::reserved_name:
        return {
            ErrorCode::bad_attribute,
            "this name stands for a field of the record and no attribute may have it"};
    case AttributesErrc::bad_value:
        return {
            ErrorCode::bad_attribute,
            "the value of an attribute is no number of digits, no ISO 8601 date, or not text"};
    case AttributesErrc::too_large:
        return {
            ErrorCode::bad_attribute,
            fmt::format(
                "a record has at most {} attributes, of {} KiB in all",
                store::kAttributesMax,
                store::kAttributesDocumentMax / 1024)};
    }
    return {ErrorCode::bad_attribute, "these are no attributes"};
}

namespace {

Error value_error(store::AttributeType type) {
    switch (type) {
    case store::AttributeType::string:
        break;
    case store::AttributeType::integer:
        return {ErrorCode::bad_attribute, "the value of an int is digits and nothing else"};
    case store::AttributeType::date:
        return {ErrorCode::bad_attribute, "the value of a date is one of ISO 8601: 2026-01-31"};
    }
    return {ErrorCode::bad_attribute, "the value of an attribute is text without controls"};
}

} // namespace

std::expected<std::string, Error> read_attributes(const std::vector<std::string>& texts) {
    std::vector<store::Attribute> attributes;
    for (const std::string& text : texts) {
        auto attribute = parse_attribute(text);
        if (!attribute) {
            return refuse(
                ErrorCode::bad_attribute,
                fmt::format(
                    "{} is no attribute of the form NAME=VALUE or NAME:TYPE=VALUE with the types "
                    "string, int and date",
                    beginning_of(text)));
        }
        attributes.push_back(std::move(*attribute));
    }
    auto document = store::attributes_document(attributes);
    if (document) return std::move(*document);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const auto alone = store::attributes_document({attributes[i]});
        if (alone) continue;
        Error error = alone.error() == store::AttributesErrc::bad_value
                          ? value_error(attributes[i].type)
                          : to_error(alone.error());
        error.message = fmt::format("{}: {}", beginning_of(texts[i]), error.message);
        return std::unexpected(std::move(error));
    }
    return std::unexpected(to_error(document.error()));
}

Json graph_document(GraphService& service, const std::string& name) {
    node::Graphs& graphs = service.graphs();
    const graph::Graph& graph = *graphs.find(name);
    const node::GraphOptions& options = *graphs.options(name);
    const graph::StatusChanged status = graph.status();
    const auto info = graph.properties();
    std::size_t neighbours = 0;
    for (const graph::LinkInfo& link : graph.links())
        neighbours += link.is_direct ? 0 : 1;
    const auto signature = graph.signature();
    Json listening = Json::array();
    for (const Endpoint& endpoint : service.listening())
        listening.push_back(to_string(endpoint));
    return {
        {"name", name},
        {"synchronized", status.is_synchronized},
        {"has_neighbours", status.has_neighbours},
        {"listening", status.is_listening},
        {"listen", options.listens ? listening : Json::array()},
        {"node", node_text(graph.node_id())},
        {"peer_id", text_or_null(options.peer_id)},
        {"friendly_name", info ? info->friendly_name : ""},
        {"comment", info ? info->comment : ""},
        {"creator", info ? Json(info->creator) : Json(nullptr)},
        {"scope", info ? Json(to_string(info->scope)) : Json(nullptr)},
        {"secured", graphs.is_secured(name)},
        {"in_memory", options.in_memory},
        {"durability", options.durability == store::Durability::full ? "full" : "relaxed"},
        {"rules", options.rules == store::Rules::modern ? "modern" : "published"},
        {"quotas", quotas_json(graph.quotas())},
        {"uses_names", options.uses_names},
        {"peer_name", node::graph_name(name).to_string()},
        {"nodes", graph.nodes().size()},
        {"neighbours", neighbours},
        {"contacts", graph.contacts()},
        {"signature", signature ? Json(node_text(*signature)) : Json(nullptr)},
        {"peer_time", to_rfc3339(to_wall(graph.peer_time(service.now().wall)))},
        {"state_bytes", graph.memory()},
        {"counters", counters_json(graph)}};
}

Json unopened_document(const std::string& name, node::GraphsErrc why) {
    const Error error = to_error(why);
    return {
        {"name", name}, {"error", {{"code", to_string(error.code)}, {"message", error.message}}}};
}

Json graph_node_document(const graph::NodeInfo& node, graph::NodeId own) {
    return {
        {"node", node_text(node.node)},
        {"own", node.node == own},
        {"peer_id", node.peer_id},
        {"attributes", attributes_json(node.attributes)},
        {"addresses", endpoints_json(node.addresses)}};
}

Json neighbour_document(const graph::LinkInfo& link) {
    return {
        {"node", node_text(link.node)},
        {"peer_id", link.peer_id},
        {"node_name", text_or_null(link.friendly_name)},
        {"address", to_string(link.address)},
        {"direct", link.is_direct},
        {"incoming", link.is_incoming},
        {"modern", link.is_modern},
        {"eager", link.is_eager},
        {"utility", link.utility},
        {"queued_bytes", link.queued}};
}

Json attributes_json(const std::string& document) {
    Json out = Json::array();
    const auto attributes = store::parse_attributes(document);
    if (!attributes) return out;
    for (const store::Attribute& attribute : *attributes) {
        out.push_back(
            {{"name", attribute.name},
             {"type", to_string(attribute.type)},
             {"value", attribute.value}});
    }
    return out;
}

Json record_document(const std::string& graph, const store::RecordHead& head) {
    const store::Record& record = head.record;
    return {
        {"id", to_string(record.id)},
        {"graph", graph},
        {"type", to_string(record.type)},
        {"version", record.version},
        {"creator", record.creator},
        {"modified_by", text_or_null(record.modifier)},
        {"created", to_rfc3339(to_wall(record.created))},
        {"modified", to_rfc3339(to_wall(record.modified))},
        {"expires", to_rfc3339(to_wall(record.expires))},
        {"attributes", attributes_json(record.attributes)},
        {"size", head.payload_size},
        {"payload_base64", head.has_payload() ? Json(to_base64(record.payload)) : Json(nullptr)}};
}

Json event_document(
    const std::string& name, graph::Graph& graph, Now now, const graph::Event& event) {
    return std::visit(
        Overload{
            [](const graph::StatusChanged& changed) -> Json {
                return {
                    {"event", "status"},
                    {"synchronized", changed.is_synchronized},
                    {"has_neighbours", changed.has_neighbours},
                    {"listening", changed.is_listening}};
            },
            [](const graph::PropertiesChanged&) -> Json { return {{"event", "properties"}}; },
            [&](const graph::RecordChanged& changed) -> Json {
                Json out{
                    {"event", kind_text(changed.kind)},
                    {"id", to_string(changed.id)},
                    {"type", to_string(changed.type)}};
                const auto record = graph.head(now, changed.id, kEventPayloadMax);
                out["record"] = record ? record_document(name, *record) : Json(nullptr);
                return out;
            },
            [](const graph::ConnectionChanged& changed) -> Json {
                return {
                    {"event", changed.is_direct ? "direct" : "neighbour"},
                    {"status", status_text(changed.status)},
                    {"node", changed.node == 0 ? Json(nullptr) : Json(node_text(changed.node))},
                    {"reason", reason_text(changed.reason)}};
            },
            [&](const graph::DataReceived& received) -> Json {
                const bool fits = received.data.size() <= kEventPayloadMax;
                return {
                    {"event", "data"},
                    {"type", to_string(received.type)},
                    {"size", received.data.size()},
                    {"data_base64", fits ? Json(to_base64(received.data)) : Json(nullptr)}};
            },
            [](const graph::PeersNeeded&) -> Json { return {{"event", "peers_needed"}}; },
            [](const graph::NodeChanged& changed) -> Json {
                return {
                    {"event", node_change_text(changed.kind)},
                    {"node", node_text(changed.node)},
                    {"peer_id", changed.peer_id}};
            },
            [](const graph::Synchronized& done) -> Json {
                return {{"event", "synchronized"}, {"type", type_or_null(done.type)}};
            },
            [](const graph::StoreFailed&) -> Json { return {{"event", "store_failed"}}; },
            [](const graph::EventsLost& lost) -> Json {
                return {{"event", "lost"}, {"count", lost.count}};
            }},
        event);
}

} // namespace kith::api
