// The whole program but for its streams: arguments in, texts and an exit code out.

#pragma once

#include "cli/environment.hpp"

#include <functional>
#include <span>
#include <string>

namespace kith::cli {

struct Outcome {
    int exit_code = 0;
    std::string out; // for standard output
    std::string err; // for standard error: empty, or one sentence on one line
    /// What is still to be done once `out` is written; its result is the exit code. Empty: nothing.
    std::function<int()> afterwards{};
};

/// Runs the command that `arguments` (without the program's name) ask for. Prompts and progress go
/// to the terminal while it runs; everything else is in the outcome.
Outcome run(std::span<const std::string> arguments, const Environment& env);

} // namespace kith::cli
