// What the API needs of the graphs of the running node. The loop around them implements it;
// everything happens on that loop's thread.

#pragma once

#include "base/time.hpp"
#include "node/graphs.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <span>
#include <string>

namespace kith::api {

class GraphService {
public:
    virtual ~GraphService() = default;

    virtual Now now() const = 0;

    /// To look at; what changes a graph goes through `change()`. The functions of a graph that read
    /// (`get`, `head`, `list`, `search`) may be called on what `find()` returns.
    virtual node::Graphs& graphs() = 0;

    /// Where graphs are listened for.
    virtual std::span<const Endpoint> listening() const = 0;

    // Done, kept for the next start and durable when they return.
    virtual std::expected<void, node::GraphsErrc> create(
        const std::string& name,
        const node::GraphOptions& options,
        const graph::GraphInfo& info) = 0;
    virtual std::expected<void, node::GraphsErrc>
    open(const std::string& name, const node::GraphOptions& options) = 0;
    virtual std::expected<void, node::GraphsErrc> close(const std::string& name) = 0;
    /// `not_open` if nothing of this graph is here.
    virtual std::expected<void, node::GraphsErrc> remove(const std::string& name) = 0;

    /// Whether anything of a graph of this name is here, open or not.
    virtual bool knows(const std::string& name) = 0;

    /// The graphs that were open before and cannot be opened any more, and why. They are `close()`d
    /// and `remove()`d as others are, and `open()` tries again.
    virtual const std::map<std::string, node::GraphsErrc>& unopened() const = 0;

    using Change = std::function<graph::GraphResult<void>(graph::Graph&, Now)>;
    using Done = std::function<void(graph::GraphResult<void>)>;

    /// Calls `act` at once, and `done` exactly once from the loop, when what `act` did is committed
    /// (with `Durability::full`: is on the disk), or with why it failed. All changes of one turn of
    /// the loop share a commit. `closed` for a graph that is not open.
    virtual void change(const std::string& name, const Change& act, Done done) = 0;

    using Watcher = std::function<void(const graph::Event&)>;
    enum class WatchId : std::uint64_t {};

    /// Calls `watcher` for every event of the graph of that name, also of one opened later, after
    /// the commit that made it true.
    virtual WatchId watch(const std::string& name, Watcher watcher) = 0;
    virtual void unwatch(WatchId id) = 0;

    /// Closes the graph for `act`, which may put anything into its store and commits that itself,
    /// and opens it again as it was. `not_open` for a graph that is not open. Where there is an
    /// error, `act` may not have been called.
    virtual std::expected<void, node::GraphsErrc>
    rework(const std::string& name, const std::function<void(store::RecordStore&)>& act) = 0;

protected:
    GraphService() = default;
    GraphService(const GraphService&) = default;
    GraphService& operator=(const GraphService&) = default;
};

} // namespace kith::api
