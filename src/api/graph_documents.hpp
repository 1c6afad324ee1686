// The documents of docs/api.md about graphs and records, and the errors of the graph core in words.

#pragma once

#include "api/call.hpp"
#include "api/graph_service.hpp"
#include "graph/graph.hpp"
#include "node/graphs.hpp"
#include "store/attributes.hpp"
#include "store/query.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <vector>

namespace kith::api {

Error to_error(node::GraphsErrc error);
Error to_error(graph::GraphErrc error);
Error to_error(store::QueryErrc error);
Error to_error(store::AttributesErrc error);

/// The document for attributes that are written `NAME=VALUE` or `NAME:TYPE=VALUE`; a refusal says
/// which of them it is about.
std::expected<std::string, Error> read_attributes(const std::vector<std::string>& texts);

/// Requires: a graph that is open.
Json graph_document(GraphService& service, const std::string& name);
/// One that cannot be opened.
Json unopened_document(const std::string& name, node::GraphsErrc why);
Json graph_node_document(const graph::NodeInfo& node, graph::NodeId own);
Json neighbour_document(const graph::LinkInfo& link);

/// With the payload if the head has it.
Json record_document(const std::string& graph, const store::RecordHead& head);

Json attributes_json(const std::string& document);

/// One line of an event stream. Looks up the record that an event is about.
Json event_document(
    const std::string& name, graph::Graph& graph, Now now, const graph::Event& event);

} // namespace kith::api
