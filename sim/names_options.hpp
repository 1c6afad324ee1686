// What `kith-sim names` is asked to do.

#pragma once

#include "pnrp/profile.hpp"
#include "sim/lies.hpp"
#include "sim/link.hpp"
#include "sim/nat.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace kith::sim {

inline constexpr std::size_t kNodesMin = 2;
inline constexpr std::size_t kNodesMax = 100'000;      // about 30 GB in two runs
inline constexpr std::size_t kResolvesMax = 1'000'000; // of one run
inline constexpr double kPercentMax = 90;              // lost datagrams, killed nodes
inline constexpr double kAdversaryMax = 50;            // percent of the nodes
inline constexpr std::size_t kNatNodesMin = 8;         // of the scenario with translators
inline constexpr std::size_t kNatNodesMax = 10'000;
inline constexpr std::size_t kGroundIdsMax = 64; // of a directed attack, one node each
inline constexpr double kSuccessMin = 99;        // percent, in spite of an adversary

struct NamesOptions {
    std::size_t nodes = 1000;
    std::uint64_t seed = 1;
    Latency latency = Latency::wan;
    std::optional<double> loss_percent; // nothing: 1 on a WAN, 0 on a LAN
    double kill_percent = 0;
    bool has_partition = false;
    bool has_churn = false;
    double adversary_percent = 0; // of the nodes are his
    bool has_attack = false; // he has one of two seeds, and ids ground to lie next to one name's
    Lies lies = Lies::all(); // of the adversary
    std::optional<std::size_t> resolves; // nothing: as many as nodes
    std::optional<NatKind> nat;          // of a quarter of the nodes: another scenario
    const pnrp::Profile* profile = &pnrp::modern_profile();

    /// Ids ground for the attack, beside the nodes: never so many that they are the cloud.
    std::size_t ground() const { return has_attack ? std::min(kGroundIdsMax, nodes / 8 + 1) : 0; }

    bool has_adversary() const { return adversary_percent > 0 || has_attack; }

    std::size_t killed() const {
        return static_cast<std::size_t>(static_cast<double>(nodes) * kill_percent / 100.0);
    }
};

} // namespace kith::sim
