#include "sim/names_report.hpp"

#include "sim/text_table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string>

namespace kith::sim {

namespace {

std::string hash_text(std::uint64_t hash) {
    return fmt::format("{:016x}", hash);
}

} // namespace

std::string to_text(const NamesReport& report) {
    TextTable table;
    table.row("nodes", report.nodes);
    table.row("live nodes", report.live_nodes);
    table.row("seed", report.seed);
    table.row("profile", report.profile);
    table.row("resolves", report.resolves);
    table.row("  succeeded", report.succeeded);
    if (report.not_found != 0) table.row("  not found", report.not_found);
    if (report.no_valid_answer != 0) table.row("  no valid answer", report.no_valid_answer);
    if (report.timed_out != 0) table.row("  timed out", report.timed_out);
    if (report.refused != 0) table.row("  refused", report.refused);
    table.row("  forged", report.forged);
    table.row(
        "lookups",
        fmt::format(
            "{:.2f} mean, {} p99, {} max",
            report.lookups_mean,
            report.lookups_p99,
            report.lookups_max));
    table.figure("round trip, median", report.rtt_ms, "ms");
    table.row(
        "latency",
        fmt::format("{:.1f} ms p50, {:.1f} ms p99", report.latency_p50_ms, report.latency_p99_ms));
    table.figure("messages per resolve", report.messages_per_resolve, "");
    table.figure("bytes per resolve", report.bytes_per_resolve, "B");
    table.figure("idle traffic", report.idle_bytes_per_node_minute, "B per node and minute");
    table.figure("idle wake-ups", report.wakeups_per_node_minute, "per node and minute");
    table.figure("state", report.state_bytes_per_node, "B per node");
    table.row("state, largest", fmt::format("{} B", report.state_bytes_max));
    if (report.liars != 0) table.row("liars", report.liars);
    for (std::size_t i = 0; i < kLies; ++i) {
        if (report.lies_told[i] == 0) continue;
        table.row(fmt::format("  {}", to_string(static_cast<Lie>(i))), report.lies_told[i]);
    }
    table.row("signatures", "real");
    table.row("trace hash", hash_text(report.trace_hash) + ", twice");
    table.figure("virtual time", report.virtual_s, "s");
    table.figure("wall time", report.wall_s, "s, both runs");
    for (std::size_t i = 0; i < pnrp::kDropReasons; ++i) {
        if (report.counters.dropped[i] == 0) continue;
        const auto reason = static_cast<pnrp::Drop>(i);
        table.row(fmt::format("dropped {}", to_string(reason)), report.counters.dropped[i]);
    }
    return table.take();
}

std::string to_json(const NamesReport& report) {
    nlohmann::ordered_json dropped = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < pnrp::kDropReasons; ++i) {
        dropped[std::string(to_string(static_cast<pnrp::Drop>(i)))] = report.counters.dropped[i];
    }
    nlohmann::ordered_json lies = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < kLies; ++i)
        lies[std::string(to_string(static_cast<Lie>(i)))] = report.lies_told[i];
    const nlohmann::ordered_json json = {
        {"nodes", report.nodes},
        {"live_nodes", report.live_nodes},
        {"seed", report.seed},
        {"profile", report.profile},
        {"resolves", report.resolves},
        {"succeeded", report.succeeded},
        {"not_found", report.not_found},
        {"no_valid_answer", report.no_valid_answer},
        {"timed_out", report.timed_out},
        {"refused", report.refused},
        {"lookups_mean", report.lookups_mean},
        {"lookups_p99", report.lookups_p99},
        {"lookups_max", report.lookups_max},
        {"rtt_ms", report.rtt_ms},
        {"latency_ms", {{"p50", report.latency_p50_ms}, {"p99", report.latency_p99_ms}}},
        {"messages_per_resolve", report.messages_per_resolve},
        {"bytes_per_resolve", report.bytes_per_resolve},
        {"idle_bytes_per_node_minute", report.idle_bytes_per_node_minute},
        {"wakeups_per_node_minute", report.wakeups_per_node_minute},
        {"state_bytes_per_node", report.state_bytes_per_node},
        {"state_bytes_max", report.state_bytes_max},
        {"forged", report.forged},
        {"liars", report.liars},
        {"lies_told", lies},
        {"signatures", "real"},
        {"signatures_made", report.counters.signatures_made},
        {"signatures_checked", report.counters.signatures_checked},
        {"resent", report.counters.resent},
        {"dropped", dropped},
        {"trace_hash", hash_text(report.trace_hash)},
        {"virtual_s", report.virtual_s},
        {"wall_s", report.wall_s},
    };
    return json.dump();
}

} // namespace kith::sim
