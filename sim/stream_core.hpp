// What a world of streams drives: a node of a graph, or somebody who pretends to be one.

#pragma once

#include "base/bytes.hpp"
#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "graph/graph.hpp"

#include <cstddef>
#include <optional>

namespace kith::sim {

/// The host's side of `graph::Graph`: see there for what each call means.
class StreamCore {
public:
    virtual ~StreamCore() = default;
    StreamCore() = default;
    StreamCore(const StreamCore&) = delete;
    StreamCore& operator=(const StreamCore&) = delete;

    /// Connections are accepted at present; others are refused by the host.
    virtual bool is_listening() const = 0;

    /// Takes bytes of `link` now; else they wait, and with them the sender.
    virtual bool is_reading(graph::LinkId /*link*/) const { return true; }

    virtual graph::LinkId take_link_id() = 0;
    virtual void handle_accepted(Now now, graph::LinkId link, const Endpoint& from) = 0;
    virtual void handle_opened(Now now, graph::LinkId link) = 0;
    virtual void handle_bytes(Now now, graph::LinkId link, ByteView bytes) = 0;
    virtual void handle_sent(Now now, graph::LinkId link, std::size_t size) = 0;
    virtual void handle_closed(Now now, graph::LinkId link) = 0;
    virtual void handle_timeout(Now now) = 0;

    /// Ends the turn; the polls follow.
    virtual void commit(Now now) = 0;
    virtual std::optional<graph::LinkCommand> poll_link() = 0;
    virtual std::optional<graph::Event> poll_event() = 0;
    virtual std::optional<Instant> next_timeout() const = 0;
    virtual std::size_t state_bytes() const = 0;
};

} // namespace kith::sim
