#include "sim/graph_report.hpp"

#include "sim/text_table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string>

namespace kith::sim {

namespace {

using graph::DropReason;

constexpr auto kReasons = static_cast<std::size_t>(DropReason::count);

void add_stories(TextTable& table, const GraphReport& report) {
    if (report.converged_after_kill_s) {
        table.figure("converged after the kill", *report.converged_after_kill_s, "s");
    }
    if (report.halves_converged) {
        table.row("halves converged", *report.halves_converged ? "yes" : "no");
    }
    if (report.converged_after_heal_s) {
        table.figure("converged after healing", *report.converged_after_heal_s, "s");
    }
    if (report.returns != 0) {
        table.row(
            "churn",
            fmt::format(
                "{} left, {} crashed, {} came back",
                report.leaves,
                report.crashes,
                report.returns));
    }
    if (report.liars == 0) return;
    table.row("liars", report.liars);
    table.row("  lies told", report.lies_told);
}

} // namespace

std::string to_text(const GraphReport& report) {
    TextTable table;
    table.row("nodes", report.nodes);
    table.row("live nodes", report.live_nodes);
    table.row("seed", report.seed);
    table.row("network", report.network);
    table.row("rules", report.rules);
    table.row("published", report.published);
    table.row("delivered", fmt::format("{:.4f} %, {} missed", report.delivered_pct, report.missed));
    table.row(
        "hops",
        fmt::format("{:.1f} mean, {} max", report.hops_mean, report.last_delivery_hops_max));
    table.figure("round trip, median", report.rtt_ms, "ms");
    table.row(
        "latency",
        fmt::format(
            "{:.1f} ms p50, {:.1f} ms p99, {:.1f} ms max",
            report.latency_p50_ms,
            report.latency_p99_ms,
            report.latency_max_ms));
    table.row("redundant copies", fmt::format("{:.3f} per node", report.redundant_copies_per_node));
    table.figure("bytes per record", report.bytes_per_record_per_node, "B per node");
    table.figure("idle traffic", report.idle_bytes_per_node_minute, "B per node and minute");
    table.figure("joined after", report.joined_s, "s");
    add_stories(table, report);
    table.row(
        "neighbours",
        fmt::format(
            "{:.2f} mean, {} to {}",
            report.neighbours_mean,
            report.neighbours_min,
            report.neighbours_max));
    table.row("contacts", report.contacts);
    table.figure("peer times within", report.peer_time_spread_ms, "ms");
    table.figure("state", report.state_bytes_per_node, "B per node");
    table.row("state, largest", fmt::format("{} B", report.state_bytes_max));
    table.row("records kept", report.store_records);
    table.row(
        "floods",
        fmt::format(
            "{} sent, {} new, {} known",
            report.counters.floods_sent,
            report.counters.floods_useful,
            report.counters.floods_redundant));
    table.row(
        "trees",
        fmt::format("{} grafts, {} prunes", report.counters.grafts, report.counters.prunes));
    table.row(
        "synchronisations",
        fmt::format(
            "{} begun, {} done", report.counters.syncs_started, report.counters.syncs_completed));
    table.row(
        "connections",
        fmt::format("{} opened, {} broken", report.connections_opened, report.connections_broken));
    table.row("trace hash", fmt::format("{:016x}, twice", report.trace_hash));
    table.figure("virtual time", report.virtual_s, "s");
    table.figure("wall time", report.wall_s, "s, both runs");
    for (std::size_t i = 0; i < kReasons; ++i) {
        if (report.counters.dropped[i] == 0) continue;
        const auto reason = static_cast<DropReason>(i);
        table.row(fmt::format("dropped {}", to_string(reason)), report.counters.dropped[i]);
    }
    return table.take();
}

std::string to_json(const GraphReport& report) {
    nlohmann::ordered_json dropped = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < kReasons; ++i) {
        const auto reason = static_cast<DropReason>(i);
        dropped[std::string(to_string(reason))] = report.counters.dropped[i];
    }
    const auto optional = [](const auto& value) {
        return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
    };
    const graph::Counters& counters = report.counters;
    const nlohmann::ordered_json json = {
        {"nodes", report.nodes},
        {"live_nodes", report.live_nodes},
        {"seed", report.seed},
        {"network", report.network},
        {"rules", report.rules},
        {"published", report.published},
        {"delivered_pct", report.delivered_pct},
        {"missed", report.missed},
        {"last_delivery_hops_max", report.last_delivery_hops_max},
        {"hops_mean", report.hops_mean},
        {"redundant_copies_per_node", report.redundant_copies_per_node},
        {"bytes_per_record_per_node", report.bytes_per_record_per_node},
        {"idle_bytes_per_node_minute", report.idle_bytes_per_node_minute},
        {"joined_s", report.joined_s},
        {"converged_after_kill_s", optional(report.converged_after_kill_s)},
        {"halves_converged", optional(report.halves_converged)},
        {"converged_after_heal_s", optional(report.converged_after_heal_s)},
        {"rtt_ms", report.rtt_ms},
        {"latency_ms",
         {{"p50", report.latency_p50_ms},
          {"p99", report.latency_p99_ms},
          {"max", report.latency_max_ms}}},
        {"neighbours_mean", report.neighbours_mean},
        {"neighbours_min", report.neighbours_min},
        {"neighbours_max", report.neighbours_max},
        {"contacts", report.contacts},
        {"peer_time_spread_ms", report.peer_time_spread_ms},
        {"state_bytes_per_node", report.state_bytes_per_node},
        {"state_bytes_max", report.state_bytes_max},
        {"store_records", report.store_records},
        {"leaves", report.leaves},
        {"crashes", report.crashes},
        {"returns", report.returns},
        {"liars", report.liars},
        {"lies_told", report.lies_told},
        {"floods_sent", counters.floods_sent},
        {"floods_useful", counters.floods_useful},
        {"floods_redundant", counters.floods_redundant},
        {"adverts_sent", counters.adverts_sent},
        {"grafts", counters.grafts},
        {"prunes", counters.prunes},
        {"syncs_started", counters.syncs_started},
        {"syncs_completed", counters.syncs_completed},
        {"sync_rounds", counters.sync_rounds},
        {"sync_bytes", counters.sync_bytes},
        {"bytes_sent", counters.bytes_sent},
        {"bytes_received", counters.bytes_received},
        {"connections_opened", report.connections_opened},
        {"connections_broken", report.connections_broken},
        {"dropped", dropped},
        {"trace_hash", fmt::format("{:016x}", report.trace_hash)},
        {"virtual_s", report.virtual_s},
        {"wall_s", report.wall_s},
    };
    return json.dump();
}

} // namespace kith::sim
