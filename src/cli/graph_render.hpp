// The documents of graphs and records as text for people; see render.hpp.

#pragma once

#include "cli/document.hpp"
#include "cli/page.hpp"

#include <string>

namespace kith::cli {

std::string render_graphs(const Json& graphs, const Page& page);
std::string render_graph(const Json& graph, const Page& page);
std::string render_nodes(const Json& nodes, const Page& page);
std::string render_neighbours(const Json& neighbours, const Page& page);
std::string render_records(const Json& records, const Page& page);
std::string render_record(const Json& record, const Page& page);

/// One line, with its end.
std::string render_event(const Json& event, const Page& page);

/// `name=value`, separated by spaces.
std::string attributes_text(const Json& document);

/// The value of the first attribute of that name, or "".
std::string attribute_of(const Json& document, std::string_view name);

/// A payload on one line: what there is to read of it.
std::string payload_line(const Json& record);

} // namespace kith::cli
