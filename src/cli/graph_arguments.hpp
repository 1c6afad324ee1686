// The arguments of the commands of graphs and records.

#pragma once

#include "cli/arguments.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace CLI { // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace kith::cli {

void add_graph_commands(CLI::App& root, Command& chosen);

/// True for the commands that `add_graph_commands()` adds: they need a kithd that stays.
bool is_about_graphs(const Command& command);

/// A whole number and its unit, "90s", "10m", "1h" or "30d"; nothing for anything else, for zero
/// and above 366 days.
std::optional<std::chrono::milliseconds> parse_span(std::string_view text);

} // namespace kith::cli
