// The loop around the graphs of a host: connections, timers and commands go in, and at the end of
// each turn of the loop everything is committed at once and taken out.
//
// Everything here runs on the thread of the io_context, which may go on when the driver has gone.
// Outcomes and events come from the loop, never from inside the call that caused them.

#pragma once

#include "base/random.hpp"
#include "host/node_driver.hpp"
#include "host/tcp_links.hpp"
#include "node/graphs.hpp"

#include <system_error>

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace kith::host {

struct GraphDriverConfig {
    node::GraphsConfig graphs;
    bool allow_loopback = false; // then all that is listened on are loopback addresses
    NodeDriver* names = nullptr; // publishes and resolves the names of graphs
    const pnrp::Profile* profile = &pnrp::modern_profile(); // of `names`
};

/// What a driver tells of itself, for a log. Any of them may be empty.
struct GraphHooks {
    /// A graph without a security provider can be reached from outside this machine; once for each.
    std::function<void(const std::string& graph, std::uint16_t port)> exposed;
    std::function<void(const std::string& graph, store::StoreErrc why)> store_failed;
    /// A member has a graph of this name with other rules than ours here; once until it is closed.
    std::function<void(const std::string& graph, store::Rules ours)> other_rules;
};

/// What graphs take from their host.
struct GraphMeans {
    node::StoreFactory& stores;
    SecureRandom& secure;
    PlainRandom& plain;
};

class GraphDriver {
public:
    using Change = std::function<graph::GraphResult<void>(graph::Graph&, Now)>;
    using Done = std::function<void(graph::GraphResult<void>)>;
    using Watcher = std::function<void(const graph::Event&)>;
    enum class WatchId : std::uint64_t {};

    /// `config.names` and `means` outlive the driver.
    GraphDriver(
        boost::asio::io_context& loop,
        const GraphDriverConfig& config,
        GraphHooks hooks,
        GraphMeans means);
    ~GraphDriver();
    GraphDriver(const GraphDriver&) = delete;
    GraphDriver& operator=(const GraphDriver&) = delete;

    /// Listens at `at` as well; port 0: any. Without it nobody can connect to this host.
    std::error_code listen(const Endpoint& at);

    void stop_listening();

    // As node::Graphs has them; committed when they return.
    std::expected<void, node::GraphsErrc> create(
        const std::string& name,
        const node::GraphOptions& options,
        const graph::GraphInfo& info,
        std::shared_ptr<graph::SecurityProvider> security = {});
    std::expected<void, node::GraphsErrc> open(
        const std::string& name,
        const node::GraphOptions& options,
        std::shared_ptr<graph::SecurityProvider> security = {});
    std::expected<void, node::GraphsErrc> close(const std::string& name);
    std::expected<void, node::GraphsErrc> remove(const std::string& name);

    /// Calls `act` at once, and `done` exactly once from the loop (unless the driver goes first)
    /// when what `act` did is committed, or with why it failed. All changes of one turn of the loop
    /// share a commit. `closed` for a graph that is not open.
    void change(const std::string& name, const Change& act, Done done);

    /// Calls `watcher` for every event of the graph of that name, also of one opened later, after
    /// the commit that made it true.
    WatchId watch(const std::string& name, Watcher watcher);
    void unwatch(WatchId id);

    /// Looks at the machine's addresses again; otherwise that happens every 30 seconds.
    void refresh_addresses();

    /// Closes every graph; `done` when their goodbyes have left, after two seconds at most.
    void leave(std::function<void()> done);

    /// The addresses that are listened on, with their ports.
    std::span<const Endpoint> listening() const;

    /// To look at; changes go through `change()`.
    node::Graphs& graphs();

    const TcpLinks& links() const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace kith::host
