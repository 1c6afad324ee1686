// A world of nodes of one graph, with the ledger of its records.

#pragma once

#include "base/random.hpp"
#include "graph/graph.hpp"
#include "sim/graph_node.hpp"
#include "sim/record_ledger.hpp"
#include "sim/stream_world.hpp"
#include "store/record_store.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kith::sim {

struct GraphFleetConfig {
    std::uint64_t seed = 1;
    StreamConfig stream;
    store::Rules rules = store::Rules::modern;
    std::optional<graph::Tuning> tuning; // nothing: nodes tune themselves
    bool is_secured = false;
    bool defers_expiration = false;
    std::chrono::seconds clock_offset_max{30};            // of each host's wall clock
    std::size_t state_bytes_max = std::size_t{16} << 20U; // of one node, its store left out
};

enum class Database : std::uint8_t {
    kept, // the node starts with the records that it had
    lost,
};

inline constexpr std::string_view kSimulatedGraph = "simulated";
extern const store::RecordType kSimulatedType;

class GraphFleet final : private StreamSink, public Directory {
public:
    explicit GraphFleet(const GraphFleetConfig& config);
    ~GraphFleet() override;

    StreamWorld& world() { return world_; }
    const StreamWorld& world() const { return world_; }
    RecordLedger& ledger() { return ledger_; }
    const RecordLedger& ledger() const { return ledger_; }

    // Hosts --------------------------------------------------------------------------------------

    HostId add();

    /// Switches `host` on: it founds the graph. Once, before all others.
    void found(HostId host);

    /// Switches `host` on: it joins by somebody whom it looks up.
    void start(HostId host, Database database = Database::lost);

    /// Somebody who is no honest node; nothing of what he does is checked.
    void start_liar(HostId host, std::unique_ptr<StreamCore> liar);

    void crash(HostId host, Stop how);

    /// Says goodbye, and is off.
    void leave(HostId host);

    /// Requires: the host is on, and honest.
    graph::Graph& graph(HostId host);
    const graph::Graph& graph(HostId host) const;
    const store::RecordStore& database(HostId host) const;
    bool is_honest(HostId host) const { return machines_[index_of(host)].node != nullptr; }

    /// Honest hosts that are on, in their order.
    std::vector<HostId> live() const;

    /// A host that listens and is on the asker's side of a cut.
    std::optional<Endpoint> somebody(HostId asker, PlainRandom& random) override;

    // Records ------------------------------------------------------------------------------------

    graph::GraphResult<store::RecordId>
    add_record(HostId by, std::size_t size, std::chrono::seconds lifetime);
    graph::GraphResult<void> update_record(HostId by, const store::RecordId& id, std::size_t size);
    graph::GraphResult<void> remove_record(HostId by, const store::RecordId& id);

    // Observation --------------------------------------------------------------------------------

    bool all_synchronized() const;

    /// Of all live honest nodes, or of some.
    bool has_equal_databases() const;
    static bool has_equal_databases(const GraphFleet& fleet, std::span<const HostId> hosts);

    /// How the database of one live node differs from the first one's; for people.
    std::string difference() const;

    /// Difference of the latest and the earliest peer time of synchronised nodes.
    std::chrono::milliseconds peer_time_spread() const;
    store::PeerTime peer_time() const;

    /// What has to hold at any time and is too dear to be looked at after each step.
    Complaint check();

    /// The counters of all honest nodes that ever were, added up.
    graph::Counters counters() const;

private:
    struct Machine {
        GraphNode* node = nullptr; // the world's; null while off, or of a liar
        std::unique_ptr<store::RecordStore> store;
        std::uint32_t incarnation = 0;
        bool is_liar = false;
        graph::Counters gone; // of its nodes that are no more
    };

    Machine& machine(HostId host) { return machines_[index_of(host)]; }
    GraphNode& boot(HostId host, Database database);
    void listen(HostId host);
    void forget(HostId host);
    Bytes content(std::size_t size);
    void tell_ledger(HostId by, const store::RecordId& id);

    Complaint handle_event(
        Instant now, HostId host, std::optional<HostId> from, const graph::Event& event) override;
    Complaint handle_record(
        Instant now, HostId host, std::optional<HostId> from, const graph::RecordChanged& changed);
    Complaint check_counters(const graph::Counters& counters) const;

    GraphFleetConfig config_;
    RecordLedger ledger_;
    std::deque<Machine> machines_; // the stores outlive the world's nodes
    StreamWorld world_;
    SeededRandom content_;
    std::vector<HostId> listening_; // liars and honest nodes, in order
    std::size_t liars_ = 0;
};

} // namespace kith::sim
