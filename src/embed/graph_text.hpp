// Between the values of the inside and those of the public API of graphs.

#pragma once

#include "graph/graph.hpp"
#include "graph/security.hpp"
#include "node/graphs.hpp"
#include "store/record.hpp"

#include <kith/graph.hpp>

namespace kith::embed {

Error to_error(graph::GraphErrc code);
Error to_error(node::GraphsErrc code);

Result<Guid> to_guid(const Id& id);
Id to_id(const Guid& guid); // empty for nil

/// Requires a record whose attributes the core has let in.
Record to_record(const store::Record& record);
std::vector<Attribute> to_attributes(std::string_view document); // one that the core has let in
Result<std::string> to_document(const std::vector<Attribute>& attributes);
Result<graph::NewRecord> to_wish(const NewRecord& wish);
Result<graph::RecordChange> to_change(const RecordChange& change);
graph::GraphInfo to_info(const GraphProperties& properties);
GraphProperties to_properties(const graph::GraphInfo& info);

GraphEvent to_event(const graph::Event& event);
GraphStatus to_status(const graph::StatusChanged& status);

/// The application's provider as the core wants it. One that throws has said no.
std::shared_ptr<graph::SecurityProvider> adapt(std::shared_ptr<SecurityProvider> provider);

} // namespace kith::embed
