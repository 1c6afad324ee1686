// The graphs of this daemon, as the API wants them: those that are open are so again after a
// restart, on the same port and under the same peer id.

#pragma once

#include "api/graph_service.hpp"
#include "daemon/config.hpp"
#include "host/graph_driver.hpp"
#include "host/graph_list.hpp"
#include "host/graph_stores.hpp"

#include <expected>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace kith::daemon {

/// What is on the disk, read before anything else happens.
struct GraphHoldings {
    host::GraphList list; // with a peer id
    host::GraphStores stores;
};

std::expected<GraphHoldings, ConfigError>
take_graphs(const Config& config, const host::PrivateDirectory& data, SecureRandom& random);

/// What it means for a graph, without a capital and a full stop.
std::string_view to_text(node::GraphsErrc code);
std::string_view to_text(store::StoreErrc code);

class GraphKeeper final : public api::GraphService {
public:
    /// All but `holdings` outlive the keeper.
    GraphKeeper(
        boost::asio::io_context& loop,
        const Config& config,
        const host::PrivateDirectory& data,
        GraphHoldings holdings,
        host::NodeDriver& names,
        SecureRandom& secure,
        PlainRandom& plain);

    /// Listens, and opens the graphs of the last run. What fails there is logged, and keeps its
    /// place for the next start; only a port that was asked for and cannot be had is an error.
    std::expected<void, ConfigError> start();

    void refresh_addresses() { driver_.refresh_addresses(); }
    void leave(std::function<void()> done) { driver_.leave(std::move(done)); }

    Now now() const override;
    node::Graphs& graphs() override { return driver_.graphs(); }
    std::span<const Endpoint> listening() const override { return driver_.listening(); }

    std::expected<void, node::GraphsErrc> create(
        const std::string& name,
        const node::GraphOptions& options,
        const graph::GraphInfo& info) override;
    std::expected<void, node::GraphsErrc>
    open(const std::string& name, const node::GraphOptions& options) override;
    std::expected<void, node::GraphsErrc> close(const std::string& name) override;
    std::expected<void, node::GraphsErrc> remove(const std::string& name) override;
    bool knows(const std::string& name) override;
    const std::map<std::string, node::GraphsErrc>& unopened() const override { return unopened_; }
    std::expected<void, node::GraphsErrc>
    rework(const std::string& name, const std::function<void(store::RecordStore&)>& act) override;
    void change(const std::string& name, const Change& act, Done done) override;
    WatchId watch(const std::string& name, Watcher watcher) override;
    void unwatch(WatchId id) override;

private:
    static host::GraphHooks hooks();
    std::error_code listen(std::uint16_t port);
    std::expected<void, node::GraphsErrc>
    open_kept(const std::string& name, const node::GraphOptions& options);
    bool is_lost(const std::string& name, const node::GraphOptions& options) const;
    std::expected<void, node::GraphsErrc> keep(const std::string& name);
    void note_closed(const std::string& name);
    void forget(const std::string& name);
    std::expected<void, host::FileError> save();

    const Config& config_;
    const host::PrivateDirectory& data_;
    host::GraphList list_;
    host::GraphStores stores_;
    std::map<std::string, node::GraphsErrc> unopened_;
    host::GraphDriver driver_;
};

} // namespace kith::daemon
