// A whole node and what its host keeps for it: its chance, and the answers of the name service.

#pragma once

#include "base/random.hpp"
#include "node/node.hpp"
#include "sim/core.hpp"
#include "sim/host_id.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace kith::sim {

/// How long the host's resolver takes to look the seeds up again.
inline constexpr Duration kSeedLookupDelay = std::chrono::milliseconds(50);

class NodeCore final : public Core {
public:
    struct Origin {
        std::uint64_t seed = 0;        // of the world
        HostId host{};                 // with `incarnation`: which node of the world
        std::uint32_t incarnation = 0; // a node that starts again draws other numbers
    };

    NodeCore(const node::NodeConfig& config, const Origin& origin);

    node::Node& node() { return node_; }
    const node::Node& node() const { return node_; }

    /// What the names of the seeds resolve to; given to the node now and whenever it asks again.
    void set_seeds(Now now, std::vector<Endpoint> seeds);

    void handle_datagram(Now now, const Arrival& arrival) override;
    void handle_timeout(Now now) override;
    std::optional<node::Datagram> poll_datagram() override { return node_.poll_datagram(); }
    std::optional<node::Event> poll_event() override;
    std::optional<Instant> next_timeout() const override;
    std::size_t state_bytes(Now /*now*/) const override { return node_.state_bytes(); }

private:
    SeededSecureRandom secure_;
    SeededRandom plain_;
    node::Node node_;
    std::vector<Endpoint> seeds_;
    Instant last_{};                   // the latest instant that the node was given
    std::optional<Instant> seeds_due_; // when the name service answers
};

} // namespace kith::sim
