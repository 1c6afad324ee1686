// What came of `kith-sim graph`, for people and as one JSON object.

#pragma once

#include "graph/counters.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace kith::sim {

struct GraphReport {
    std::size_t nodes = 0;
    std::size_t live_nodes = 0; // at the end
    std::uint64_t seed = 0;
    std::string network;
    std::string rules;

    std::size_t published = 0; // changes that count: added, updated and deleted records
    std::size_t expected = 0;  // pairs of a change and a node that should know it
    std::size_t missed = 0;
    double delivered_pct = 0;
    unsigned last_delivery_hops_max = 0;
    double hops_mean = 0;
    double latency_p50_ms = 0;
    double latency_p99_ms = 0;
    double latency_max_ms = 0;

    double redundant_copies_per_node = 0;  // full copies that were known, for each that was not
    double bytes_per_record_per_node = 0;  // received, everything counted
    double idle_bytes_per_node_minute = 0; // received
    double joined_s = 0;                   // from the first start to equal databases everywhere
    std::optional<double> converged_after_heal_s;
    std::optional<double> converged_after_kill_s;
    std::optional<bool> halves_converged; // each for itself, before the end of the cut

    double neighbours_mean = 0;
    std::size_t neighbours_min = 0;
    std::size_t neighbours_max = 0;
    std::size_t contacts = 0; // as most nodes see it: the first live one
    double peer_time_spread_ms = 0;
    double rtt_ms = 0; // median round trip between two hosts, without jitter

    double state_bytes_per_node = 0; // the stores left out
    std::size_t state_bytes_max = 0;
    std::size_t store_records = 0; // of the first live node, tombstones included
    std::uint64_t crashes = 0;     // of a churn
    std::uint64_t leaves = 0;
    std::uint64_t returns = 0;

    std::size_t liars = 0; // not among the live nodes
    std::uint64_t lies_told = 0;

    graph::Counters counters; // of all honest nodes that ever were, over the whole run
    std::uint64_t connections_opened = 0;
    std::uint64_t connections_broken = 0;
    std::uint64_t trace_hash = 0;
    double virtual_s = 0;
    double wall_s = 0; // both runs
};

std::string to_text(const GraphReport& report);

/// One object on one line. Keys are never renamed; new ones may be added.
std::string to_json(const GraphReport& report);

} // namespace kith::sim
