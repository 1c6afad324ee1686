// What the machines of one graph share.

#pragma once

#include "base/random.hpp"
#include "graph/counters.hpp"
#include "graph/graph.hpp"
#include "graph/limits.hpp"
#include "graph/link.hpp"
#include "graph/peer_clock.hpp"
#include "store/record_store.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace kith::graph {

/// All connections, in the order of their ids.
class Links {
public:
    Link& add(LinkId id);
    LinkId take_id() { return ++last_id_; }
    Link* find(LinkId id);
    const Link* find(LinkId id) const;
    void erase(LinkId id) { links_.erase(id); }
    std::size_t size() const { return links_.size(); }

    auto begin() { return links_.begin(); }
    auto end() { return links_.end(); }
    auto begin() const { return links_.begin(); }
    auto end() const { return links_.end(); }

    std::size_t neighbours() const;
    Link* neighbour(NodeId node);
    std::size_t pending_accepts() const;

private:
    std::map<LinkId, Link> links_;
    LinkId last_id_ = 0;
};

struct Context {
    Context(
        const GraphConfig& config_in,
        store::RecordStore& store_in,
        SecurityProvider* security_in,
        SecureRandom& secure_in,
        PlainRandom& plain_in)
        : config(config_in),
          store(store_in),
          security(security_in),
          secure(secure_in),
          plain(plain_in),
          clock(config_in.offers_capabilities) {}

    GraphConfig config;
    store::RecordStore& store;
    SecurityProvider* security;
    SecureRandom& secure;
    PlainRandom& plain;
    PeerClock clock;
    Links links;
    Counters counters;
    NodeId node = 0;
    GraphInfo info;                  // as last seen; defaults before
    std::vector<Endpoint> addresses; // where we may be reached
    bool is_synchronized = false;
    bool is_open = false;
    std::deque<LinkCommand> commands;
    std::deque<Event> events;
    std::size_t committed_events = 0;                   // of those, from the front
    std::deque<std::pair<LinkId, FailureReason>> ended; // links that ended in this turn

    store::PeerTime peer_now(Now now) const { return clock.at(now.wall); }
    bool is_listening() const { return is_synchronized && !addresses.empty(); }
    std::size_t record_max() const;
    Duration scaled(Duration interval) const;
    /// Uniform in [low, high].
    Duration between(Duration low, Duration high);
    void tell(Event event);
    void lose_oldest_event();

    /// Ends a link, now or once what waits has left. The graph takes it out of its machines before
    /// the turn is over.
    void close(Link& link, bool drains, FailureReason why = FailureReason::none);
    void close(Link& link, DropReason why);
};

} // namespace kith::graph
