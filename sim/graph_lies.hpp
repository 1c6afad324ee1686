// The manners in which a neighbour in a graph may mean ill.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::sim {

enum class GraphLie : std::uint8_t {
    floods,  // records without end, most of them again and again or against the rules
    sizes,   // messages and frames that are not as large as they say, counts that lead nowhere
    replays, // old versions of records of others
    future,  // records dated ahead, and versions that leave no room
    holds,   // begins synchronisations and does not go on, never answers one
    slow,    // reads seldom, and speaks byte by byte
    count,   // not a lie
};

inline constexpr std::size_t kGraphLies = static_cast<std::size_t>(GraphLie::count);

std::string_view to_string(GraphLie lie);

/// All of them, in their order.
std::vector<GraphLie> all_graph_lies();

/// Names with commas between them; nothing if it is no such list, or has one twice.
std::optional<std::vector<GraphLie>> parse_graph_lies(std::string_view list);
std::string to_string(const std::vector<GraphLie>& lies);

} // namespace kith::sim
