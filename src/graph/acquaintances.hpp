// Where this node's neighbours have been, kept with the records: members that all restart at once
// find each other again without anybody who knows them (docs/protocol/graph.md, Repair).

#pragma once

#include "base/endpoint.hpp"
#include "graph/message.hpp"
#include "store/record_store.hpp"

#include <deque>
#include <span>

namespace kith::graph {

class Acquaintances {
public:
    /// `store` outlives this object.
    explicit Acquaintances(store::RecordStore& store) : store_(store) {}

    /// What was kept; nothing if the store has none or cannot be read.
    void load();

    /// A neighbour listens at these, and no longer where it said before; kept with the open batch
    /// of the store. Of each neighbour only the first few count, and who was met longest ago gives
    /// way.
    void meet(NodeId node, std::span<const Endpoint> addresses);

    /// The last met first.
    std::deque<Endpoint> addresses() const;

private:
    struct Met {
        Endpoint address;
        NodeId node = 0; // that said so first; 0: before we started
    };

    bool note(NodeId node, const Endpoint& address);

    store::RecordStore& store_;
    std::deque<Met> met_;
};

} // namespace kith::graph
