// A world whose hosts talk over streams (TCP connections): what `World` is for datagrams.
//
// A connection takes a round trip to open. Each direction keeps its order, has a bandwidth and a
// buffer of the sender's kernel; loss shows as delay. A process that ends has its connections
// reset; a host without power leaves its peers in the dark until their time-out. While the network
// is cut bytes wait for their repetition, and a connection that waits too long breaks, at the end
// that waits and not at the other.
//
// Single-threaded, with no chance but the seed's; the first breach of a contract ends the run.

#pragma once

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "graph/graph.hpp"
#include "sim/contract.hpp"
#include "sim/endpoint_hash.hpp"
#include "sim/event_queue.hpp"
#include "sim/host_clock.hpp"
#include "sim/host_id.hpp"
#include "sim/host_timer.hpp"
#include "sim/link.hpp"
#include "sim/partition.hpp"
#include "sim/stream_core.hpp"
#include "sim/stream_path.hpp"
#include "sim/trace.hpp"
#include "sim/world.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace kith::sim {

/// How a host stops.
enum class Stop : std::uint8_t {
    process, // the machine stays: peers are told, new connections are refused
    power,   // nobody is told anything
};

struct StreamTraffic {
    std::uint64_t bytes = 0;  // delivered
    std::uint64_t writes = 0; // delivered
    std::uint64_t opened = 0;
    std::uint64_t refused = 0;  // nobody listened
    std::uint64_t unopened = 0; // no answer in time
    std::uint64_t broken = 0;   // ends that lost their connection without a farewell
};

/// Takes the events of all cores. It may not call back into the world.
class StreamSink {
public:
    virtual ~StreamSink() = default;
    StreamSink() = default;
    StreamSink(const StreamSink&) = delete;
    StreamSink& operator=(const StreamSink&) = delete;

    /// `from` sent the bytes that the event came of; nothing: a command, a timeout, a connection.
    virtual Complaint handle_event(
        Instant now, HostId host, std::optional<HostId> from, const graph::Event& event) = 0;
};

class StreamWorld {
public:
    /// `sink` outlives the world.
    StreamWorld(const StreamConfig& config, std::uint64_t seed, StreamSink& sink);
    ~StreamWorld();

    // Hosts --------------------------------------------------------------------------------------

    /// A machine that is switched off. Its endpoint belongs to nobody else.
    HostId add_host(const Endpoint& endpoint, const HostClock& clock);

    /// Requires: it is off. Give the core its commands, then `drain()`.
    void boot(HostId id, std::unique_ptr<StreamCore> core);

    /// No-op if off. What the core closed before still leaves, unless its power is gone.
    void halt(HostId id, Stop how);

    bool is_up(HostId host) const { return host_at(host).core != nullptr; }
    std::size_t hosts() const { return hosts_.size(); }
    const Endpoint& endpoint(HostId host) const { return host_at(host).endpoint; }
    std::optional<HostId> owner_of(const Endpoint& endpoint) const;

    /// Requires: the host is on. Call `drain()` after every mutation.
    StreamCore& core(HostId id);
    void drain(HostId id);

    // Time ---------------------------------------------------------------------------------------

    Instant now() const { return now_; }
    Now now_at(HostId host) const { return {now_, host_at(host).clock.at(now_)}; }

    /// Lets everything happen up to `until`. False if a contract was broken, now or before.
    bool run_until(Instant until);
    bool run_for(Duration duration) { return run_until(now_ + duration); }

    // The network --------------------------------------------------------------------------------

    /// Nothing passes between sides 0 and 1 any more; `put()` says who is on which.
    void put(HostId host, unsigned side) { partition_.put(host, side); }
    void cut() { partition_.cut(0, 1); }
    void heal();
    bool is_cut(HostId a, HostId b) const { return partition_.is_cut(a, b); }

    // Observation --------------------------------------------------------------------------------

    const StreamTraffic& traffic() const { return traffic_; }
    const Link& link() const { return link_; }
    const std::optional<Breach>& breach() const { return breach_; }
    std::uint64_t trace_hash() const { return trace_.value(); }
    std::uint64_t steps() const { return steps_; }
    std::size_t connections() const { return connections_.size() - free_connections_.size(); }

    /// Records a breach that was seen outside; the first one stays.
    void report_breach(std::optional<HostId> host, std::string what);

private:
    enum class Kind : std::uint8_t {
        timer,    // of a host
        knock,    // an attempt to connect leaves
        knocked,  // and is there
        opened,   // the opener knows
        accepted, // the other end knows
        refused,
        arrival,
        writable, // room in the kernel's buffer
        readable, // the core reads again
        give_up,  // too long without an acknowledgement
    };
    enum class Cause : std::uint8_t { command, arrival, timeout };

    struct Event {
        Kind kind{};
        std::uint8_t side = 0;
        std::uint32_t subject = 0; // a host, a connection, a flight
        std::uint32_t generation =
            0; // of the host's timer or the connection: an older one is stale
    };

    /// An end of a connection with the direction that leads away from it.
    struct End {
        HostId host{};
        graph::LinkId link = 0;
        bool is_open = false;      // the core has it
        bool is_dark = false;      // its host lost its power with it
        bool wants_end = false;    // the core closed it; what waits leaves first
        bool has_ended = false;    // the end is on its way to the other side
        bool is_stalled = false;   // the other core does not read
        bool is_unheard = false;   // the other host does not answer
        bool awaits_room = false;  // an event `writable` is due
        std::deque<Bytes> waiting; // no room in the kernel's buffer
        std::size_t waiting_bytes = 0;
        std::size_t buffered = 0; // in the kernel's buffer
        struct Acknowledged {
            Instant at;
            std::size_t size = 0;
        };
        std::deque<Acknowledged> acknowledged; // to be
        StreamPath path;
        std::vector<std::uint32_t> held; // flights that wait for the end of a cut
        std::optional<Instant> held_since;
        std::deque<Bytes> inbox; // arrived, and the core does not read
        bool inbox_ended = false;
    };

    struct Connection {
        End ends[2]; // the opener's, and the other
        std::uint32_t generation = 0;
        std::uint32_t flights = 0;
        unsigned attempts = 0;
        Instant begun;
        Endpoint to;
        bool is_used = false;
        bool is_established = false;
    };

    struct Flight {
        std::uint32_t connection = 0;
        std::uint32_t generation = 0;
        std::uint8_t to = 0;
        bool is_end = false;
        std::vector<Bytes> chunks;
        std::size_t size = 0;
    };

    struct Place {
        std::uint32_t connection = 0;
        std::uint8_t side = 0;
    };

    struct Host {
        Endpoint endpoint;
        HostClock clock;
        std::unique_ptr<StreamCore> core;
        std::optional<Stop> stopped;
        std::map<graph::LinkId, Place> links;
        std::vector<graph::LinkId> dirty; // with bytes that have not been given to the kernel
        std::size_t inboxes = 0;
        HostTimer timer;
    };

    Host& host_at(HostId id) { return hosts_[index_of(id)]; }
    const Host& host_at(HostId id) const { return hosts_[index_of(id)]; }
    StreamCore& core_of(const End& end) { return *host_at(end.host).core; }

    // After every mutation.
    void settle(HostId id, Cause cause, std::optional<HostId> from);
    Complaint say_all(HostId id, std::optional<HostId> from);
    Complaint obey_all(HostId id);
    Complaint tell_all(HostId id, std::optional<HostId> from);
    Complaint check_rest(HostId id, Cause cause);
    Complaint take(HostId id, const graph::OpenLink& open);
    Complaint take(HostId id, graph::SendBytes send);
    Complaint take(HostId id, const graph::CloseLink& close);
    bool flush(HostId id);
    void reread(HostId id);
    void set_timer(HostId id);

    // Connections.
    std::uint32_t make_connection();
    void free_if_over(std::uint32_t index);
    void knock(std::uint32_t index);
    void knocked(std::uint32_t index);
    void accepted(std::uint32_t index);
    void opened(std::uint32_t index);
    void lose(std::uint32_t index, std::uint8_t side);
    void shut(std::uint32_t index, std::uint8_t side);
    void end_stream(std::uint32_t index, std::uint8_t side);
    void forget_unsent(End& end);

    // Bytes.
    std::size_t pump(std::uint32_t index, std::uint8_t side);
    std::uint32_t make_flight(std::uint32_t index, std::uint8_t to);
    void transmit(std::uint32_t number);
    void launch(std::uint32_t number);
    void land(std::uint32_t number);
    void land_nowhere(const Flight& flight);
    void read(std::uint32_t index, std::uint8_t side);
    void hand_over(const End& end, const Bytes& chunk);
    void give_up(std::uint32_t index, std::uint8_t side);

    void handle(const Event& event);
    void fire(const Event& event);
    void push_at(Instant at, Kind kind, std::uint32_t connection, std::uint8_t side = 0);
    Duration one_way(const Connection& connection);

    StreamConfig config_;
    StreamSink& sink_;
    Instant now_ = kStart;
    EventQueue<Event> queue_;
    std::deque<Host> hosts_;
    std::unordered_map<Endpoint, HostId, EndpointHash> owners_;
    std::deque<Connection> connections_; // references stay good while new ones are made
    std::vector<std::uint32_t> free_connections_;
    std::deque<Flight> flights_;
    std::vector<std::uint32_t> free_flights_;
    Link link_;
    SegmentLoss loss_;
    SeededRandom random_;
    Partition partition_;
    TraceHash trace_;
    StreamTraffic traffic_;
    std::uint64_t steps_ = 0;
    std::optional<Breach> breach_;
};

} // namespace kith::sim
