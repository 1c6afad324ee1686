// The graphs that were open when the process ended, who we are in them, and the port that they were
// listened for on: a file of JSON, so that all of it is the same after a restart.

#pragma once

#include "host/private_directory.hpp"
#include "node/graphs.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <set>
#include <string>

namespace kith::host {

/// Closed graphs that are remembered, so that the list stays below what is read of it (1 MiB).
inline constexpr std::size_t kClosedGraphsMax = 500;

struct GraphList {
    std::string peer_id;    // 32 hexadecimal digits, made at the first start
    std::uint16_t port = 0; // 0: none yet
    std::map<std::string, node::GraphOptions> graphs;
    std::set<std::string> closed; // of which there is a file: without it they are not new ones

    bool operator==(const GraphList&) const = default;
};

/// An empty list if there is no file. `damaged` for a file that is damaged or of a later
/// version: to go on without it would be to found graphs under another peer id.
std::expected<GraphList, FileError> load_graph_list(const PrivateDirectory& directory);

std::expected<void, FileError>
save_graph_list(const PrivateDirectory& directory, const GraphList& list);

} // namespace kith::host
