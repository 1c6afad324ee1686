// What came of `kith-sim names`, for people and as one JSON object.

#pragma once

#include "pnrp/counters.hpp"
#include "sim/lies.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace kith::sim {

struct NamesReport {
    std::size_t nodes = 0;
    std::size_t live_nodes = 0; // when the last resolve ended
    std::uint64_t seed = 0;
    std::string profile = "modern";

    std::size_t resolves = 0;
    std::size_t succeeded = 0;
    std::size_t not_found = 0;
    std::size_t no_valid_answer = 0;
    std::size_t timed_out = 0;
    std::size_t refused = 0;
    std::size_t forged = 0; // found what its owner had not published, or no longer

    double lookups_mean = 0; // LOOKUP messages of the path that won
    unsigned lookups_p99 = 0;
    unsigned lookups_max = 0;
    double rtt_ms = 0; // median round trip between two hosts, without jitter
    double latency_p50_ms = 0;
    double latency_p99_ms = 0;

    double messages_per_resolve = 0; // net of the idle traffic before
    double bytes_per_resolve = 0;
    double idle_bytes_per_node_minute = 0;
    double wakeups_per_node_minute = 0; // of idle nodes: for a datagram or a timer
    double state_bytes_per_node = 0;
    std::size_t state_bytes_max = 0; // of any node, when the last resolve ended

    std::size_t liars = 0; // not among the live nodes
    std::array<std::uint64_t, kLies> lies_told{};

    pnrp::Counters counters; // of all nodes that ever were, over the whole run
    std::uint64_t trace_hash = 0;
    double virtual_s = 0;
    double wall_s = 0; // both runs
};

std::string to_text(const NamesReport& report);

/// One object on one line. Keys are never renamed; new ones may be added.
std::string to_json(const NamesReport& report);

} // namespace kith::sim
