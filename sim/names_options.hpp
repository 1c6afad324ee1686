// What `kith-sim names` is asked to do.

#pragma once

#include "pnrp/profile.hpp"
#include "sim/link.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace kith::sim {

inline constexpr std::size_t kNodesMin = 2;
inline constexpr std::size_t kNodesMax = 100'000;      // about 30 GB in two runs
inline constexpr std::size_t kResolvesMax = 1'000'000; // of one run
inline constexpr double kPercentMax = 90;              // lost datagrams, killed nodes

struct NamesOptions {
    std::size_t nodes = 1000;
    std::uint64_t seed = 1;
    Latency latency = Latency::wan;
    std::optional<double> loss_percent; // nothing: 1 on a WAN, 0 on a LAN
    double kill_percent = 0;
    bool has_partition = false;
    bool has_churn = false;
    std::optional<std::size_t> resolves; // nothing: as many as nodes
    const pnrp::Profile* profile = &pnrp::modern_profile();

    std::size_t killed() const {
        return static_cast<std::size_t>(static_cast<double>(nodes) * kill_percent / 100.0);
    }
};

} // namespace kith::sim
