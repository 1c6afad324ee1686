// What is behind `Graph`: the machines of one graph, and how what one of them has reaches the
// others.

#pragma once

#include "graph/context.hpp"
#include "graph/database.hpp"
#include "graph/flooding.hpp"
#include "graph/graph.hpp"
#include "graph/handshake.hpp"
#include "graph/liveness.hpp"
#include "graph/synchronization.hpp"
#include "graph/topology.hpp"

#include <cstdint>
#include <optional>

namespace kith::graph {

class Graph::State {
public:
    State(
        const GraphConfig& config,
        store::RecordStore& store,
        SecurityProvider* security,
        SecureRandom& secure,
        PlainRandom& plain);

    GraphResult<void> load(Now now);
    GraphResult<std::optional<GraphInfo>> stored_info();
    void mark(Now now);
    void settle(Now now);
    bool settle_one(Now now);
    void begin(Now now, Link& link);
    void handle_bytes(Now now, Link& link, ByteView bytes);
    void bound_unfinished(const Link& link);
    void end_slow_readers(Now now);
    void handle_message(Now now, Link& link, const Message& message);
    void handle(Now now, Link& link, const Advertise& advert);
    void handle(Now now, Link& link, const Request& request);
    void handle(Now now, Link& link, const Disconnect& disconnect);
    void handle(Now now, Link& link, const Pt2pt& data);
    void end(Now now, LinkId id, FailureReason why);
    void tell_status();
    std::optional<LinkCommand> poll_bytes(Now now);
    GraphResult<void> usable() const;
    StatusChanged status() const;
    GraphResult<void> publish_info(Now now, const GraphInfo& info);
    GraphResult<void> commit(Now now);
    void undo(Now now, store::StoreErrc why);

    Context context;
    Database database;
    Flooding flooding;
    Synchronization synchronization;
    Handshake handshake;
    Topology topology;
    Liveness liveness;
    std::optional<StatusChanged> told = StatusChanged{}; // nothing: what was told is undone
    bool was_synchronized = false;
    bool is_dirty = false; // something happened since the last commit
    Instant marked_at{};
    Now last_now{};
    LinkId next_served = 0; // links take turns
};

} // namespace kith::graph
