// The part of the command line that `kith-sim graph` has for itself.

#pragma once

#include "sim/graph_options.hpp"

#include <expected>
#include <memory>
#include <string>

namespace CLI { // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace kith::sim {

/// Adds the subcommand's options and reads them afterwards.
class GraphArguments {
public:
    /// `command` is `kith-sim graph`; `wants_json` is set by it. Both outlive this object.
    GraphArguments(CLI::App& command, bool& wants_json);
    ~GraphArguments();

    /// After parsing: the options, or what is wrong with them.
    std::expected<GraphOptions, std::string> read() const;

private:
    struct Texts;
    std::unique_ptr<Texts> texts_;
};

/// The command that repeats `options`, with every option that differs from its default.
std::string command_of(const GraphOptions& options);

} // namespace kith::sim
