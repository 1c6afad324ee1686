// A node of a graph and what its host keeps for it: chance, security, and names that are resolved
// when the graph asks for somebody.

#pragma once

#include "base/random.hpp"
#include "graph/graph.hpp"
#include "sim/graph_security.hpp"
#include "sim/host_id.hpp"
#include "sim/stream_core.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace kith::sim {

/// Stands for the name of the graph: who is there to connect to.
class Directory {
public:
    virtual ~Directory() = default;
    Directory() = default;
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;

    /// Somebody else who can be reached, by `random`; nothing if there is nobody.
    virtual std::optional<Endpoint> somebody(HostId asker, PlainRandom& random) = 0;
};

inline constexpr Duration kNameLookupDelay = std::chrono::milliseconds(500);
inline constexpr Duration kJoinRetry = std::chrono::seconds(5); // who is not in tries again
inline constexpr Duration kRipening = std::chrono::seconds(1);  // of deferred records

class GraphNode final : public StreamCore {
public:
    struct Origin {
        std::uint64_t seed = 0;        // of the world
        HostId host{};                 // with `incarnation`: which node of the world
        std::uint32_t incarnation = 0; // a node that starts again draws other numbers
        bool is_secured = false;
    };

    /// `store` and `directory` outlive the node.
    GraphNode(
        const graph::GraphConfig& config,
        const Origin& origin,
        store::RecordStore& store,
        Directory& directory);

    graph::Graph& graph() { return graph_; }
    const graph::Graph& graph() const { return graph_; }
    const SealProvider* security() const { return security_ ? &*security_ : nullptr; }

    /// Looks somebody up and connects, as often as it takes.
    void join(Now now);

    bool is_listening() const override { return graph_.status().is_listening; }
    graph::LinkId take_link_id() override { return graph_.take_link_id(); }
    void handle_accepted(Now now, graph::LinkId link, const Endpoint& from) override;
    void handle_opened(Now now, graph::LinkId link) override;
    void handle_bytes(Now now, graph::LinkId link, ByteView bytes) override;
    void handle_sent(Now now, graph::LinkId link, std::size_t size) override;
    void handle_closed(Now now, graph::LinkId link) override;
    void handle_timeout(Now now) override;
    void commit(Now now) override;
    std::optional<graph::LinkCommand> poll_link() override { return graph_.poll_link(); }
    std::optional<graph::Event> poll_event() override;
    std::optional<Instant> next_timeout() const override;
    std::size_t state_bytes() const override { return graph_.memory(); }

private:
    void look_up(Now now);

    HostId host_;
    Directory& directory_;
    SeededSecureRandom secure_;
    SeededRandom plain_;
    SeededRandom names_; // the choices of the directory
    std::optional<SealProvider> security_;
    graph::Graph graph_;
    Instant last_{};                  // the latest instant that the node was given
    std::optional<Instant> found_at_; // when the directory answers
    std::optional<Instant> join_at_;  // when to try again, while not synchronised
    std::optional<Instant> ripe_at_;
};

} // namespace kith::sim
