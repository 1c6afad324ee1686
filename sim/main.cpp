// kith-sim: runs a scenario twice and reports. Exit codes: 0 done, 1 something was broken (one line
// says what, and how to see it again), 2 a mistake in the command line.

#include "kith_version.hpp"
#include "sim/arguments.hpp"
#include "sim/graph_arguments.hpp"
#include "sim/graph_report.hpp"
#include "sim/graph_scenario.hpp"
#include "sim/names_report.hpp"
#include "sim/names_scenario.hpp"
#include "sim/nat_scenario.hpp"
#include "sim/progress.hpp"

#include <unistd.h>

#include <cstdio>
#include <fmt/format.h>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace kith::sim {
namespace {

std::unique_ptr<Progress> make_progress() {
    if (::isatty(STDERR_FILENO) == 1) return std::make_unique<TerminalProgress>();
    return std::make_unique<NoProgress>();
}

template<class Options>
int complain(const Options& options, const std::string& what) {
    fmt::print(
        stderr,
        "kith-sim: FAILED: {}: {} (seed {}, commit {})\n",
        what,
        command_of(options),
        options.seed,
        kKithCommit);
    return 1;
}

int run_nat(const Arguments& arguments, std::unique_ptr<Progress> progress) {
    const auto report = run_nat_twice(arguments.names, *progress);
    progress.reset();
    if (!report) return complain(arguments.names, report.error());
    fmt::print("{}", arguments.wants_json ? to_json(*report) + "\n" : to_text(*report));
    if (const auto wrong = report->what_is_wrong()) return complain(arguments.names, *wrong);
    return 0;
}

int run_names(const Arguments& arguments) {
    auto progress = make_progress();
    if (arguments.names.nat) return run_nat(arguments, std::move(progress));
    const auto report = run_names_twice(arguments.names, *progress);
    progress.reset();
    if (!report) return complain(arguments.names, report.error());
    fmt::print("{}", arguments.wants_json ? to_json(*report) + "\n" : to_text(*report));
    if (report->forged != 0) {
        return complain(arguments.names, fmt::format("{} forged results", report->forged));
    }
    const auto needed = static_cast<double>(report->resolves) * kSuccessMin / 100;
    if (arguments.names.has_adversary() && static_cast<double>(report->succeeded) < needed) {
        return complain(
            arguments.names,
            fmt::format("only {} of {} resolves succeeded", report->succeeded, report->resolves));
    }
    return 0;
}

int run_graph(const GraphOptions& options, bool wants_json) {
    auto progress = make_progress();
    const auto report = run_graph_twice(options, *progress);
    progress.reset();
    if (!report) return complain(options, report.error());
    fmt::print("{}", wants_json ? to_json(*report) + "\n" : to_text(*report));
    if (report->missed == 0) return 0;
    return complain(
        options, fmt::format("{} of {} deliveries missed", report->missed, report->expected));
}

} // namespace

int run(std::span<char*> all) {
    const auto arguments = parse_arguments(all.subspan(all.empty() ? 0 : 1));
    if (!arguments) {
        const bool is_help = arguments.error().exit_code == 0;
        fmt::print(is_help ? stdout : stderr, "{}", arguments.error().text);
        return arguments.error().exit_code;
    }
    if (arguments->graph) return run_graph(*arguments->graph, arguments->wants_json);
    return run_names(*arguments);
}

} // namespace kith::sim

int main(int argc, char** argv) {
    return kith::sim::run({argv, static_cast<std::size_t>(argc)});
}
