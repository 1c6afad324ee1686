// The command line of kith-sim.

#pragma once

#include "sim/graph_options.hpp"
#include "sim/names_options.hpp"

#include <expected>
#include <optional>
#include <span>
#include <string>

namespace kith::sim {

struct Arguments {
    NamesOptions names;
    std::optional<GraphOptions> graph; // instead of `names`
    bool wants_json = false;
};

/// What to print instead of running: help on standard output, or a mistake on standard error.
struct Refusal {
    std::string text;
    int exit_code = 2; // 0 for help
};

/// `arguments` without the program's name.
std::expected<Arguments, Refusal> parse_arguments(std::span<char* const> arguments);

/// The command that repeats `options`, with every option that differs from its default.
std::string command_of(const NamesOptions& options);

} // namespace kith::sim
