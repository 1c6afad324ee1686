// Nodes of a graph that come and go all the time.

#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "sim/graph_fleet.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace kith::sim {

inline constexpr Duration kSessionMean = std::chrono::hours(2); // of a node
inline constexpr Duration kAwayMin = std::chrono::minutes(1);
inline constexpr Duration kAwayMax = std::chrono::hours(1);

/// A third of those that go leave politely, a third of the processes end, and a third lose their
/// power. Two of three that come back have their database.
class GraphChurn {
public:
    /// `hosts` take part. All arguments outlive the churn.
    GraphChurn(GraphFleet& fleet, std::vector<HostId> hosts, PlainRandom& random);

    Instant next_at() const;

    /// Requires: the world's time is `next_at()`.
    void turn();

    /// Everybody who is away comes back, now.
    void recall();

    std::uint64_t crashes() const { return crashes_; }
    std::uint64_t leaves() const { return leaves_; }
    std::uint64_t returns() const { return returns_; }

private:
    void stop_one();
    void bring_back(HostId host);

    GraphFleet& fleet_;
    std::vector<HostId> hosts_;
    PlainRandom& random_;
    Duration spacing_;
    Instant next_stop_;
    std::set<std::pair<Instant, HostId>> away_;
    std::uint64_t crashes_ = 0;
    std::uint64_t leaves_ = 0;
    std::uint64_t returns_ = 0;
};

} // namespace kith::sim
