// The simulated world: hosts, the network between them, and one clock that all of them obey.
//
// A world is single-threaded and has no other source of chance than its seed: the same calls in the
// same order make the same run, byte for byte, which `trace_hash()` proves. Time passes only in
// `run_until()`; between its calls the scenario switches hosts on and off, cuts the network, and
// gives commands to cores (then `drain()`).
//
// The first breach of a contract ends the run: `breach()` says what and who, and time stands still.

#pragma once

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "sim/contract.hpp"
#include "sim/core.hpp"
#include "sim/endpoint_hash.hpp"
#include "sim/event_queue.hpp"
#include "sim/host_clock.hpp"
#include "sim/host_id.hpp"
#include "sim/host_timer.hpp"
#include "sim/link.hpp"
#include "sim/nat.hpp"
#include "sim/partition.hpp"
#include "sim/tap.hpp"
#include "sim/trace.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace kith::sim {

struct WorldConfig {
    std::uint64_t seed = 1;
    LinkConfig link;
    ContractLimits contract;
    Duration state_check_every = std::chrono::seconds(60); // of all nodes' bytes of state
};

struct HostConfig {
    std::vector<Endpoint> endpoints; // one port; the first is the source where a core names none
    std::uint32_t link_group = 0;    // hosts of one group hear each other's multicast; 0: alone
    HostClock clock;
    std::optional<NatId> nat; // behind which it is; its endpoints are then of the inside
};

/// What a host did wrong.
struct Breach {
    Instant at;
    std::optional<HostId> host; // nothing: the world as a whole
    std::string what;
};

struct Traffic {
    std::uint64_t datagrams = 0; // handed to the network by cores, once for each destination
    std::uint64_t bytes = 0;     // their payloads
    std::uint64_t delivered = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t forged = 0;  // put there by a tap
    std::uint64_t wakeups = 0; // instants at which a host had to run for a datagram or its timer
    std::array<std::uint64_t, kLossReasons> lost{};
};

/// Takes the events of all cores. It may not call back into the world.
class EventSink {
public:
    virtual ~EventSink() = default;
    EventSink() = default;
    EventSink(const EventSink&) = delete;
    EventSink& operator=(const EventSink&) = delete;

    /// Nothing, or what this event proves to be wrong.
    virtual Complaint handle_event(Instant now, HostId host, const node::Event& event) = 0;
};

class World {
public:
    /// `sink` outlives the world.
    World(const WorldConfig& config, EventSink& sink);

    // Hosts --------------------------------------------------------------------------------------

    /// A translator, to be named in the configuration of the hosts behind it. Its outside address
    /// belongs to nobody else. Requires: its kind is not none.
    NatId add_nat(const NatConfig& config);
    Nat& nat(NatId id) { return nats_[static_cast<std::size_t>(id)]; }

    /// A machine that is switched off. Its endpoints belong to nobody else.
    HostId add_host(const HostConfig& config);

    /// Switches a host on. Requires: it is off. Give the core its commands, then `drain()`.
    void boot(HostId id, std::unique_ptr<Core> core);

    /// Switches a host off at once, as a power cut does: what is not drained is lost. No-op if off.
    void halt(HostId id);

    /// The host has other addresses from now on; what is under way to the old ones is lost.
    void move(HostId id, std::vector<Endpoint> endpoints);

    /// The host's wall clock is set: it jumps by `by`, forwards or back.
    void step_clock(HostId id, std::chrono::milliseconds by) { host_at(id).clock.offset += by; }

    bool is_up(HostId host) const { return host_at(host).core != nullptr; }
    std::size_t hosts() const { return hosts_.size(); }
    const std::vector<Endpoint>& endpoints(HostId host) const { return host_at(host).endpoints; }

    /// Requires: the host is on. Call `drain()` after every mutation.
    Core& core(HostId id);

    /// Sends what a command made host `id` say, and sets its timer.
    void drain(HostId id);

    // Time ---------------------------------------------------------------------------------------

    Instant now() const { return now_; }
    Now now_at(HostId host) const { return {now_, host_at(host).clock.at(now_)}; }

    /// Lets everything happen up to `until`. False if a contract was broken, now or before.
    bool run_until(Instant until);
    bool run_for(Duration duration) { return run_until(now_ + duration); }

    // The network --------------------------------------------------------------------------------

    Partition& partition() { return partition_; }
    Link& link() { return link_; }
    const Link& link() const { return link_; }

    /// Nobody is on the path where `tap` is null. It outlives the world or its replacement.
    void set_tap(Tap* tap) { tap_ = tap; }

    /// A datagram out of nowhere, as `Forgery` says.
    void inject(Forgery forgery);

    // Observation --------------------------------------------------------------------------------

    const Traffic& traffic() const { return traffic_; }
    const std::optional<Breach>& breach() const { return breach_; }
    std::uint64_t trace_hash() const { return trace_.value(); }
    std::uint64_t steps() const { return steps_; }

    /// Records a breach that was seen outside; the first one stays.
    void report_breach(std::optional<HostId> host, std::string what);

private:
    enum class Kind : std::uint8_t { arrival, timer, state_check };
    enum class Cause : std::uint8_t { command, arrival, timeout };

    struct Event {
        Kind kind{};
        std::uint32_t subject = 0;    // a flight or a host
        std::uint32_t generation = 0; // of the host's timer: an older one is stale
    };

    struct Host {
        std::vector<Endpoint> endpoints;
        std::uint32_t link_group = 0;
        HostClock clock;
        std::optional<NatId> nat;
        std::unique_ptr<Core> core;
        HostTimer timer;
        std::optional<Instant> woken; // when it last ran
    };

    /// A datagram under way; its place is used again after it arrived.
    struct Flight {
        node::Channel channel{};
        HostId to{};
        Endpoint source;
        Endpoint destination;
        Bytes payload;
    };

    Host& host_at(HostId id) { return hosts_[index_of(id)]; }
    const Host& host_at(HostId id) const { return hosts_[index_of(id)]; }

    void settle(HostId id, Cause cause);
    Complaint send_all(HostId id);
    Complaint tell_all(HostId id);
    Complaint check_rest(HostId id, Cause cause);
    void set_timer(HostId id);

    static Endpoint source_for(const Host& host, const Endpoint& to);
    void send(HostId from, node::Datagram datagram);
    void send_to_link(HostId from, const Flight& flight);
    void send_to(HostId from, HostId to, Flight flight);
    std::optional<HostId> translate(std::optional<NatId> from, Flight& flight);
    std::optional<NatId> nat_at(const Address& outside) const;
    void lose(Loss reason) { ++traffic_.lost[static_cast<std::size_t>(reason)]; }
    void launch(Duration delay, Flight flight);

    void handle(const Event& event);
    void wake(Host& host);
    void land(std::uint32_t flight_index);
    void fire(const Event& event);
    void check_states();

    void claim(HostId id);
    void release(HostId id);
    std::optional<HostId> owner_of(const Endpoint& endpoint) const;

    WorldConfig config_;
    EventSink& sink_;
    Instant now_ = kStart;
    EventQueue<Event> queue_;
    std::vector<Host> hosts_;
    std::vector<std::vector<HostId>> link_groups_;
    std::unordered_map<Endpoint, HostId, EndpointHash> owners_;
    std::vector<Nat> nats_;
    std::vector<Flight> flights_;
    std::vector<std::uint32_t> free_flights_;
    Link link_;
    Partition partition_;
    ContractChecker contract_;
    TraceHash trace_;
    Traffic traffic_;
    Tap* tap_ = nullptr;
    std::uint64_t steps_ = 0;
    std::optional<Breach> breach_;
};

} // namespace kith::sim
