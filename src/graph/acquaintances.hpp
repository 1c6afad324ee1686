// Where this node's neighbours have been, kept with the records: members that all restart at once
// find each other again without anybody who knows them (docs/protocol/graph.md, Repair).

#pragma once

#include "base/endpoint.hpp"
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

    /// A neighbour listens at these; kept with the open batch of the store. Of each neighbour only
    /// the first few count, and who was met longest ago gives way.
    void meet(std::span<const Endpoint> addresses);

    /// The last met first.
    const std::deque<Endpoint>& addresses() const { return addresses_; }

private:
    bool note(const Endpoint& address);

    store::RecordStore& store_;
    std::deque<Endpoint> addresses_;
};

} // namespace kith::graph
