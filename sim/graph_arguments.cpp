#include "sim/graph_arguments.hpp"

#include "sim/number_option.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <cstdint>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace kith::sim {

struct GraphArguments::Texts {
    std::optional<std::string> nodes;
    std::optional<std::string> seed;
    std::optional<std::string> publish;
    std::optional<std::string> size;
    std::optional<std::string> records;
    std::optional<std::string> split;
    std::optional<std::string> kill;
    std::optional<std::string> hours;
    std::optional<std::string> liars;
    std::optional<std::string> neighbours;
    std::optional<std::string> timers;
    std::optional<std::string> lies;
    std::string network = "wan";
    std::string rules = "modern";
    GraphOptions flags; // those that are read by the library
};

namespace {

// MIN/IDEAL/MAX
std::optional<std::string>
read_neighbours(const std::string& text, std::optional<Neighbours>& out) {
    Neighbours wanted;
    const std::array<unsigned*, 3> places{&wanted.min, &wanted.ideal, &wanted.max};
    std::string_view left = text;
    for (std::size_t i = 0; i < places.size(); ++i) {
        const std::size_t end = left.find('/');
        const bool is_last = i + 1 == places.size();
        if (is_last != (end == std::string_view::npos)) {
            return fmt::format("kith-sim: --neighbours: {} is not MIN/IDEAL/MAX\n", text);
        }
        const Range<unsigned> range{"--neighbours", 1U, kNeighboursMax};
        const std::string part(left.substr(0, end));
        if (auto no = read_number(part, range, *places[i])) return no;
        if (!is_last) left.remove_prefix(end + 1);
    }
    if (wanted.min > wanted.ideal || wanted.ideal > wanted.max) {
        return fmt::format("kith-sim: --neighbours: {} is not in order\n", text);
    }
    out = wanted;
    return std::nullopt;
}

} // namespace

GraphArguments::GraphArguments(CLI::App& command, bool& wants_json)
    : texts_(std::make_unique<Texts>()) {
    Texts& texts = *texts_;
    command.add_option("--nodes", texts.nodes, "Nodes of the graph (100)");
    command.add_option("--seed", texts.seed, "What decides every chance of the run (1)");
    command.add_option("--publish", texts.publish, "Changes of records per second, by all (2)");
    command.add_option("--size", texts.size, "Bytes of a record's payload (1024)");
    command.add_option("--records", texts.records, "Changes to publish and count (100)");
    command.add_flag("--partition", texts.flags.has_partition, "Split in halves for a while");
    command.add_option("--split", texts.split, "How long, in seconds (300)");
    command.add_option("--kill", texts.kill, "Percent of nodes that stop at once (0)");
    command.add_flag("--churn", texts.flags.has_churn, "Nodes come and go for hours");
    command.add_option("--hours", texts.hours, "How many (24)");
    command.add_flag("--shrink", texts.flags.shrinks, "At the end all but ten leave");
    command.add_option("--liars", texts.liars, "Percent of nodes that mean ill (0)");
    command.add_option("--lies", texts.lies, "Their manners, with commas (all)");
    command.add_option("--network", texts.network, "lan, wan or cellular")
        ->check(CLI::IsMember({"lan", "wan", "cellular"}))
        ->capture_default_str();
    command.add_option("--neighbours", texts.neighbours, "MIN/IDEAL/MAX (the graph's choice)");
    command.add_option("--timers", texts.timers, "Factor of all intervals (1)");
    command.add_option("--rules", texts.rules, "modern or published")
        ->check(CLI::IsMember({"modern", "published"}))
        ->capture_default_str();
    command.add_flag("--secured", texts.flags.is_secured, "A security provider takes part");
    command.add_flag("--json", wants_json, "One JSON object instead of a table");
}

GraphArguments::~GraphArguments() = default;

std::expected<GraphOptions, std::string> GraphArguments::read() const {
    const Texts& texts = *texts_;
    GraphOptions out = texts.flags;
    out.network = texts.network == "lan"   ? Latency::lan
                  : texts.network == "wan" ? Latency::wan
                                           : Latency::cellular;
    out.rules = texts.rules == "modern" ? store::Rules::modern : store::Rules::published;
    if (out.has_churn) out.publish_per_second = kChurnPublish;
    constexpr std::size_t kOne = 1;
    constexpr double kLeast = 0.001;
    std::optional<std::string> no;
    const auto take = [&](const auto& text, const auto& range, auto& place) {
        if (!no) no = read_number(text, range, place);
    };
    take(texts.nodes, Range{"--nodes", kGraphNodesMin, kGraphNodesMax}, out.nodes);
    take(texts.seed, Range{"--seed", std::uint64_t{0}, UINT64_MAX}, out.seed);
    take(texts.publish, Range{"--publish", kLeast, kPublishMax}, out.publish_per_second);
    take(texts.size, Range{"--size", std::size_t{0}, kRecordSizeMax}, out.size);
    take(texts.records, Range{"--records", kOne, kRecordsPublishedMax}, out.records);
    take(texts.split, Range{"--split", 1U, kSplitMax}, out.split_seconds);
    take(texts.kill, Range{"--kill", 0.0, kGraphKillMax}, out.kill_percent);
    take(texts.hours, Range{"--hours", 1U, kChurnHoursMax}, out.churn_hours);
    take(texts.liars, Range{"--liars", 0.0, kLiarsMax}, out.liar_percent);
    take(texts.timers, Range{"--timers", kTimersMin, kTimersMax}, out.timers);
    if (!no && texts.neighbours) no = read_neighbours(*texts.neighbours, out.neighbours);
    if (no) return std::unexpected(*no);
    if (texts.lies) {
        auto lies = parse_graph_lies(*texts.lies);
        if (!lies) {
            return std::unexpected(
                fmt::format("kith-sim: --lies: {} is not a list of manners\n", *texts.lies));
        }
        out.lies = *std::move(lies);
    }
    if (texts.hours && !out.has_churn) {
        return std::unexpected("kith-sim: --hours goes with --churn\n");
    }
    if (texts.split && !out.has_partition) {
        return std::unexpected("kith-sim: --split goes with --partition\n");
    }
    if (texts.lies && !texts.liars) {
        return std::unexpected("kith-sim: --lies goes with --liars\n");
    }
    if (out.has_churn && (out.has_partition || out.kill_percent > 0)) {
        return std::unexpected("kith-sim: --churn excludes --partition and --kill\n");
    }
    if (out.nodes - out.killed() - out.liars() < kGraphNodesMin) {
        return std::unexpected(
            fmt::format("kith-sim: fewer than {} honest nodes are left\n", kGraphNodesMin));
    }
    return out;
}

std::string command_of(const GraphOptions& options) {
    const GraphOptions usual;
    std::string command =
        fmt::format("kith-sim graph --nodes {} --seed {}", options.nodes, options.seed);
    const double rate = options.has_churn ? kChurnPublish : usual.publish_per_second;
    if (options.publish_per_second != rate) {
        command += " --publish " + number_text(options.publish_per_second);
    }
    if (options.size != usual.size) command += fmt::format(" --size {}", options.size);
    if (options.records != usual.records) command += fmt::format(" --records {}", options.records);
    if (options.has_partition) command += " --partition";
    if (options.split_seconds != usual.split_seconds) {
        command += fmt::format(" --split {}", options.split_seconds);
    }
    if (options.kill_percent > 0) command += " --kill " + number_text(options.kill_percent);
    if (options.has_churn) command += " --churn";
    if (options.churn_hours != usual.churn_hours) {
        command += fmt::format(" --hours {}", options.churn_hours);
    }
    if (options.shrinks) command += " --shrink";
    if (options.liar_percent > 0) command += " --liars " + number_text(options.liar_percent);
    if (options.liar_percent > 0 && options.lies != usual.lies) {
        command += " --lies " + to_string(options.lies);
    }
    if (options.network != usual.network) {
        command += fmt::format(" --network {}", name_of(options.network));
    }
    if (const auto& wanted = options.neighbours) {
        command += fmt::format(" --neighbours {}/{}/{}", wanted->min, wanted->ideal, wanted->max);
    }
    if (options.timers) command += " --timers " + number_text(*options.timers);
    if (options.rules != usual.rules) command += " --rules published";
    if (options.is_secured) command += " --secured";
    return command;
}

} // namespace kith::sim
