// What `kith-sim graph` is asked to do.

#pragma once

#include "sim/graph_lies.hpp"
#include "sim/link.hpp"
#include "store/record.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace kith::sim {

inline constexpr std::size_t kGraphNodesMin = 2;
inline constexpr std::size_t kGraphNodesMax = 20'000;
inline constexpr double kPublishMax = 10'000;          // per second
inline constexpr std::size_t kRecordSizeMax = 8 << 20; // bytes
inline constexpr std::size_t kRecordsPublishedMax = 100'000;
inline constexpr double kGraphKillMax = 90;   // percent of the nodes
inline constexpr double kChurnPublish = 0.05; // per second, if nothing else is said
inline constexpr double kLiarsMax = 50;       // percent of the nodes
inline constexpr double kTimersMin = 0.1;
inline constexpr double kTimersMax = 10;
inline constexpr unsigned kNeighboursMax = 100;
inline constexpr unsigned kChurnHoursMax = 240;
inline constexpr unsigned kSplitMax = 24 * 3600; // seconds

struct Neighbours {
    unsigned min = 2;
    unsigned ideal = 3;
    unsigned max = 7;

    bool operator==(const Neighbours&) const = default;
};

constexpr std::string_view name_of(Latency network) {
    return network == Latency::lan ? "lan" : network == Latency::wan ? "wan" : "cellular";
}

struct GraphOptions {
    std::size_t nodes = 100;
    std::uint64_t seed = 1;
    double publish_per_second = 2; // by all nodes together
    std::size_t size = 1024;       // bytes of a record's payload
    std::size_t records = 100;     // published and measured
    bool has_partition = false;
    unsigned split_seconds = 300; // how long the partition lasts
    double kill_percent = 0;
    bool has_churn = false;
    unsigned churn_hours = 24;
    bool shrinks = false; // at the end all but ten leave
    double liar_percent = 0;
    std::vector<GraphLie> lies = all_graph_lies(); // manners of the liars, in turn
    Latency network = Latency::wan;
    std::optional<Neighbours> neighbours; // nothing: the graph's own choice
    std::optional<double> timers;         // a factor; nothing: the graph's own choice
    store::Rules rules = store::Rules::modern;
    bool is_secured = false; // a security provider takes part

    std::size_t killed() const {
        return static_cast<std::size_t>(static_cast<double>(nodes) * kill_percent / 100.0);
    }

    std::size_t liars() const {
        return static_cast<std::size_t>(static_cast<double>(nodes) * liar_percent / 100.0);
    }
};

} // namespace kith::sim
