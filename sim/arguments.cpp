#include "sim/arguments.hpp"

#include "base/argument_words.hpp"
#include "sim/graph_arguments.hpp"
#include "sim/number_option.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::sim {

namespace {

// The texts of the options.
struct Texts {
    std::optional<std::string> nodes;
    std::optional<std::string> seed;
    std::string latency = "wan";
    std::optional<std::string> loss;
    std::optional<std::string> kill;
    std::optional<std::string> resolves;
    std::string profile = "modern";
    std::optional<std::string> adversary;
    std::optional<std::string> lies;
    std::optional<std::string> nat;
};

template<class Number, class Out>
std::optional<Refusal>
read(const std::optional<std::string>& text, const Range<Number>& range, Out& out) {
    if (auto wrong = read_number(text, range, out)) return Refusal{*std::move(wrong)};
    return std::nullopt;
}

void add_names_options(CLI::App& names, Arguments& out, Texts& texts) {
    names.add_option("--nodes", texts.nodes, "Nodes of the cloud (1000)");
    names.add_option("--seed", texts.seed, "What decides every chance of the run (1)");
    names.add_option("--latency", texts.latency, "wan or lan")
        ->check(CLI::IsMember({"wan", "lan"}))
        ->capture_default_str();
    names.add_option("--loss", texts.loss, "Percent of datagrams lost (wan 1, lan 0)");
    names.add_option("--kill", texts.kill, "Percent of nodes that stop silently (0)");
    names.add_flag("--partition", out.names.has_partition, "Split in halves for 10 minutes");
    names.add_flag("--churn", out.names.has_churn, "Nodes crash and return meanwhile");
    names.add_option("--adversary", texts.adversary, "Percent of nodes that lie, for an hour (0)");
    names.add_flag("--attack", out.names.has_attack, "Ids next to one name's, and a hostile seed");
    names.add_option("--lies", texts.lies, "all, none, or some of the lies, with commas (all)");
    names
        .add_option(
            "--nat", texts.nat, "Translators before a quarter of the nodes, and of what kind")
        ->check(CLI::IsMember(
            {"none", "full-cone", "address-restricted", "port-restricted", "symmetric"}));
    names.add_option("--resolves", texts.resolves, "Resolves to count (as many as nodes)");
    names.add_option("--profile", texts.profile, "modern or windows")
        ->check(CLI::IsMember({"modern", "windows"}))
        ->capture_default_str();
    names.add_flag("--json", out.wants_json, "One JSON object instead of a table");
}

std::optional<Refusal> read_lies(const Texts& texts, NamesOptions& out) {
    if (!texts.lies) return std::nullopt;
    const auto lies = Lies::parse(*texts.lies);
    if (!lies) {
        return Refusal{fmt::format("kith-sim: --lies: {} is not a list of lies\n", *texts.lies)};
    }
    if (!texts.adversary && !out.has_attack) {
        return Refusal{"kith-sim: --lies goes with --adversary or --attack\n"};
    }
    out.lies = *lies;
    return std::nullopt;
}

std::optional<Refusal> read_names_options(const Texts& texts, NamesOptions& out) {
    out.latency = texts.latency == "lan" ? Latency::lan : Latency::wan;
    out.profile = pnrp::find_profile(texts.profile);
    constexpr std::size_t kOne = 1;
    const Range<double> percent{"--loss", 0.0, kPercentMax};
    if (auto no = read(texts.nodes, Range{"--nodes", kNodesMin, kNodesMax}, out.nodes)) return no;
    if (auto no = read(texts.seed, Range{"--seed", std::uint64_t{0}, UINT64_MAX}, out.seed))
        return no;
    if (auto no = read(texts.loss, percent, out.loss_percent)) return no;
    if (auto no = read(texts.kill, Range{"--kill", 0.0, kPercentMax}, out.kill_percent)) return no;
    if (auto no = read(texts.resolves, Range{"--resolves", kOne, kResolvesMax}, out.resolves))
        return no;
    const Range<double> adversary{"--adversary", 0.0, kAdversaryMax};
    if (auto no = read(texts.adversary, adversary, out.adversary_percent)) return no;
    if (auto no = read_lies(texts, out)) return no;
    if (out.has_attack && out.adversary_percent > 0) {
        return Refusal{"kith-sim: --attack and --adversary exclude each other\n"};
    }
    if (out.has_adversary() && (out.kill_percent > 0 || out.has_churn || out.has_partition)) {
        return Refusal{"kith-sim: an adversary excludes --kill, --churn and --partition\n"};
    }
    if (out.has_adversary() && texts.profile != "modern") {
        return Refusal{"kith-sim: an adversary speaks the modern profile only\n"};
    }
    if (texts.nat) {
        out.nat = find_nat_kind(*texts.nat);
        const bool is_mixed = out.has_adversary() || out.kill_percent > 0 || out.has_churn ||
                              out.has_partition || out.resolves;
        if (is_mixed || texts.latency != "wan" || texts.profile != "modern") {
            return Refusal{"kith-sim: --nat goes with --nodes, --seed, --loss and --json only\n"};
        }
        if (out.nodes < kNatNodesMin || out.nodes > kNatNodesMax) {
            return Refusal{
                fmt::format("kith-sim: --nat wants {} to {} nodes\n", kNatNodesMin, kNatNodesMax)};
        }
    }
    if (out.nodes - out.killed() >= kNodesMin) return std::nullopt;
    return Refusal{fmt::format(
        "kith-sim: --kill {} leaves fewer than {} of {} nodes\n",
        number_text(out.kill_percent),
        kNodesMin,
        out.nodes)};
}

} // namespace

std::expected<Arguments, Refusal> parse_arguments(std::span<char* const> arguments) {
    CLI::App app("Deterministic simulator of Kith", "kith-sim");
    app.require_subcommand(1);
    CLI::App* names = app.add_subcommand(
        "names", "A cloud of nodes that publish and resolve names; everything runs twice");
    CLI::App* graph = app.add_subcommand(
        "graph", "Nodes of one graph that publish records; everything runs twice");
    Arguments out;
    Texts texts;
    add_names_options(*names, out, texts);
    const GraphArguments graph_arguments(*graph, out.wants_json);
    auto reversed = split_empty_values({arguments.begin(), arguments.end()});
    std::ranges::reverse(reversed);
    // The library reports by exceptions; they end here.
    try {
        app.parse(reversed);
    } catch (const CLI::CallForHelp&) {
        const CLI::App& shown = names->parsed() ? *names : graph->parsed() ? *graph : app;
        return std::unexpected(Refusal{shown.help(), 0});
    } catch (const CLI::Error& error) {
        const std::vector<std::string> strangers = app.remaining();
        if (names->parsed() || graph->parsed() || strangers.empty()) {
            return std::unexpected(Refusal{fmt::format("kith-sim: {}\n", error.what()), 2});
        }
        const std::string& first = strangers.front();
        return std::unexpected(Refusal{
            fmt::format(
                "kith-sim: there is no {} {}; the scenarios are names and graph\n",
                first.starts_with('-') ? "option" : "scenario",
                first.empty() ? "\"\"" : first),
            2});
    }
    if (graph->parsed()) {
        auto options = graph_arguments.read();
        if (!options) return std::unexpected(Refusal{options.error()});
        out.graph = *options;
        return out;
    }
    if (auto refusal = read_names_options(texts, out.names)) {
        return std::unexpected(*std::move(refusal));
    }
    return out;
}

std::string command_of(const NamesOptions& options) {
    std::string command =
        fmt::format("kith-sim names --nodes {} --seed {}", options.nodes, options.seed);
    if (options.latency == Latency::lan) command += " --latency lan";
    if (options.loss_percent) command += " --loss " + number_text(*options.loss_percent);
    if (options.kill_percent > 0) command += " --kill " + number_text(options.kill_percent);
    if (options.has_partition) command += " --partition";
    if (options.has_churn) command += " --churn";
    if (options.adversary_percent > 0) {
        command += " --adversary " + number_text(options.adversary_percent);
    }
    if (options.has_attack) command += " --attack";
    if (options.has_adversary() && options.lies != Lies::all()) {
        command += " --lies " + to_string(options.lies);
    }
    if (options.nat) command += fmt::format(" --nat {}", to_string(*options.nat));
    if (options.resolves) command += fmt::format(" --resolves {}", *options.resolves);
    if (options.profile != &pnrp::modern_profile()) {
        command += fmt::format(" --profile {}", options.profile->name);
    }
    return command;
}

} // namespace kith::sim
