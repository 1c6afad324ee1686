#include "sim/world.hpp"

#include "base/check.hpp"
#include "sim/addresses.hpp"
#include "sim/drain.hpp"

#include <algorithm>
#include <utility>

namespace kith::sim {

namespace {

constexpr std::uint16_t kSsdpPort = 1900; // UDA 1.0 1.1; a host sends from it as well

} // namespace

World::World(const WorldConfig& config, EventSink& sink)
    : config_(config),
      sink_(sink),
      link_(config.link, config.seed),
      contract_(config.contract) {
    queue_.push(now_ + config_.state_check_every, {Kind::state_check, 0, 0});
}

// Hosts ------------------------------------------------------------------------------------------

NatId World::add_nat(const NatConfig& config) {
    KITH_CHECK(config.kind != NatKind::none && !nat_at(config.outside));
    nats_.emplace_back(config);
    return static_cast<NatId>(nats_.size() - 1);
}

HostId World::add_host(const HostConfig& config) {
    KITH_CHECK(!config.endpoints.empty());
    const HostId id = host_id(hosts_.size());
    Host& host = hosts_.emplace_back();
    host.endpoints = config.endpoints;
    host.link_group = config.link_group;
    host.clock = config.clock;
    host.nat = config.nat;
    if (config.link_group != 0) {
        if (config.link_group >= link_groups_.size()) link_groups_.resize(config.link_group + 1);
        link_groups_[config.link_group].push_back(id);
    }
    claim(id);
    return id;
}

void World::boot(HostId id, std::unique_ptr<Core> core) {
    KITH_CHECK(core && !is_up(id));
    contract_.booted(id);
    host_at(id).core = std::move(core);
}

void World::halt(HostId id) {
    Host& host = host_at(id);
    host.timer.forget();
    host.core.reset();
}

void World::move(HostId id, std::vector<Endpoint> endpoints) {
    KITH_CHECK(!endpoints.empty());
    release(id);
    host_at(id).endpoints = std::move(endpoints);
    claim(id);
}

Core& World::core(HostId id) {
    KITH_CHECK(is_up(id));
    return *host_at(id).core;
}

void World::drain(HostId id) {
    KITH_CHECK(is_up(id));
    contract_.began();
    settle(id, Cause::command);
}

void World::claim(HostId id) {
    for (const Endpoint& endpoint : host_at(id).endpoints) {
        const bool is_new = owners_.emplace(endpoint, id).second;
        KITH_CHECK(is_new);
        owners_.emplace(Endpoint{endpoint.address, kSsdpPort}, id);
    }
}

void World::release(HostId id) {
    for (const Endpoint& endpoint : host_at(id).endpoints) {
        owners_.erase(endpoint);
        owners_.erase(Endpoint{endpoint.address, kSsdpPort});
    }
}

std::optional<HostId> World::owner_of(const Endpoint& endpoint) const {
    const auto found = owners_.find(endpoint);
    if (found == owners_.end()) return std::nullopt;
    return found->second;
}

// After every mutation ---------------------------------------------------------------------------

void World::settle(HostId id, Cause cause) {
    if (breach_) return;
    ++steps_;
    Complaint complaint = send_all(id);
    if (!complaint) complaint = tell_all(id);
    if (!complaint) complaint = check_rest(id, cause);
    if (complaint) return report_breach(id, *std::move(complaint));
    set_timer(id);
}

Complaint World::send_all(HostId id) {
    Core& core = *host_at(id).core;
    return drain_all(
        kOutputsPerStepMax,
        "sends without end",
        [&] { return core.poll_datagram(); },
        [&](node::Datagram& datagram) {
            Complaint complaint = contract_.sent(id, host_at(id).endpoints, datagram);
            if (!complaint) send(id, std::move(datagram));
            return complaint;
        });
}

Complaint World::tell_all(HostId id) {
    Core& core = *host_at(id).core;
    return drain_all(
        kOutputsPerStepMax,
        "reports without end",
        [&] { return core.poll_event(); },
        [&](const node::Event& event) {
            trace_.mix(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
            trace_.mix(index_of(id));
            trace_.mix(event);
            return sink_.handle_event(now_, id, event);
        });
}

Complaint World::check_rest(HostId id, Cause cause) {
    Host& host = host_at(id);
    if (host.core->poll_datagram() || host.core->poll_event()) {
        return "had more to say after it was drained";
    }
    host.timer.ask(host.core->next_timeout());
    if (cause == Cause::timeout && host.timer.is_due(now_)) {
        return "asks for a timeout that it has just been given";
    }
    return std::nullopt;
}

void World::set_timer(HostId id) {
    HostTimer& timer = host_at(id).timer;
    if (const auto at = timer.arm(now_)) {
        queue_.push(*at, {Kind::timer, static_cast<std::uint32_t>(id), timer.generation()});
    }
}

// The network ------------------------------------------------------------------------------------

// The first of the destination's family, as a machine would choose.
Endpoint World::source_for(const Host& host, const Endpoint& to) {
    const auto like = std::ranges::find_if(host.endpoints, [&](const Endpoint& own) {
        return own.address.is_v4() == to.address.is_v4();
    });
    return like == host.endpoints.end() ? host.endpoints.front() : *like;
}

void World::send(HostId from, node::Datagram datagram) {
    Flight flight;
    flight.channel = datagram.channel;
    flight.source = datagram.local.address.is_unspecified()
                        ? source_for(host_at(from), datagram.remote)
                        : datagram.local;
    if (datagram.channel == node::Channel::ssdp) flight.source.port = kSsdpPort;
    flight.destination = datagram.remote;
    flight.payload = std::move(datagram.payload);
    ++traffic_.datagrams;
    traffic_.bytes += flight.payload.size();
    if (tap_ != nullptr) {
        std::vector<Forgery> forgeries;
        const Passage passage{
            now_, from, flight.channel, flight.source, flight.destination, flight.payload};
        const TapVerdict verdict = tap_->pass(passage, forgeries);
        for (Forgery& forgery : forgeries)
            inject(std::move(forgery));
        if (verdict == TapVerdict::swallowed) {
            lose(Loss::swallowed);
            return;
        }
    }
    if (is_multicast(flight.destination.address)) {
        send_to_link(from, flight);
    } else if (flight.source.address.is_v4() != flight.destination.address.is_v4()) {
        lose(Loss::nobody); // there is no way from one family to the other
    } else if (const auto to = translate(host_at(from).nat, flight)) {
        send_to(from, *to, std::move(flight));
    }
}

// What the translators on the way make of a datagram, and who gets it; nobody: it is lost.
std::optional<HostId> World::translate(std::optional<NatId> from, Flight& flight) {
    const auto is_behind = [&](HostId host, std::optional<NatId> whose) {
        return host_at(host).nat == whose;
    };
    auto to = owner_of(flight.destination);
    // Within one home, and among those who are behind no translator.
    if (to && is_behind(*to, from)) return to;
    if (from) {
        const auto shown = nat(*from).leave(now_, flight.source, flight.destination);
        if (!shown) {
            lose(Loss::translator);
            return std::nullopt;
        }
        flight.source = *shown;
    }
    if (const auto at = nat_at(flight.destination.address)) {
        const bool comes_back = at == from;
        const auto inside = comes_back && !nat(*at).config().has_hairpin
                                ? std::nullopt
                                : nat(*at).enter(now_, flight.source, flight.destination);
        if (!inside) {
            lose(Loss::translator);
            return std::nullopt;
        }
        flight.destination = *inside;
        to = owner_of(*inside);
    } else if (to && !is_behind(*to, std::nullopt)) {
        to.reset(); // an address of somebody else's inside means nothing here
    }
    if (!to) lose(Loss::nobody);
    return to;
}

std::optional<NatId> World::nat_at(const Address& outside) const {
    for (std::size_t i = 0; i < nats_.size(); ++i) {
        if (nats_[i].config().outside == outside) return static_cast<NatId>(i);
    }
    return std::nullopt;
}

void World::send_to_link(HostId from, const Flight& flight) {
    const std::uint32_t group = host_at(from).link_group;
    if (group == 0) {
        lose(Loss::nobody);
        return;
    }
    for (const HostId to : link_groups_[group]) {
        if (to != from) send_to(from, to, flight);
    }
}

void World::send_to(HostId from, HostId to, Flight flight) {
    if (partition_.is_cut(from, to)) {
        lose(Loss::partition);
        return;
    }
    const Fate fate = link_.decide(now_, from, to, flight.payload.size());
    if (fate.loss) {
        lose(*fate.loss);
        return;
    }
    flight.to = to;
    if (fate.copies == 2) {
        ++traffic_.duplicated;
        launch(fate.delays[1], flight);
    }
    launch(fate.delays[0], std::move(flight));
}

void World::inject(Forgery forgery) {
    ++traffic_.forged;
    Flight flight{
        forgery.channel, {}, forgery.source, forgery.destination, std::move(forgery.payload)};
    const auto to = translate(std::nullopt, flight);
    if (!to) return;
    flight.to = *to;
    launch(forgery.delay, std::move(flight));
}

void World::launch(Duration delay, Flight flight) {
    std::uint32_t index = 0;
    if (free_flights_.empty()) {
        index = static_cast<std::uint32_t>(flights_.size());
        flights_.push_back(std::move(flight));
    } else {
        index = free_flights_.back();
        free_flights_.pop_back();
        flights_[index] = std::move(flight);
    }
    queue_.push(now_ + delay, {Kind::arrival, index, 0});
}

// Time -------------------------------------------------------------------------------------------

bool World::run_until(Instant until) {
    while (!breach_ && !queue_.empty() && queue_.next_at() <= until) {
        const auto item = queue_.pop();
        now_ = item.at;
        handle(item.event);
    }
    if (!breach_) now_ = std::max(now_, until);
    return !breach_;
}

void World::handle(const Event& event) {
    switch (event.kind) {
    case Kind::arrival:
        land(event.subject);
        return;
    case Kind::timer:
        fire(event);
        return;
    case Kind::state_check:
        check_states();
        return;
    }
}

// What happens to a host in one instant wakes it once.
void World::wake(Host& host) {
    if (host.woken == now_) return;
    host.woken = now_;
    ++traffic_.wakeups;
}

void World::land(std::uint32_t flight_index) {
    const Flight flight = std::move(flights_[flight_index]);
    free_flights_.push_back(flight_index);
    // The host may have been switched off, moved or replaced since the datagram left.
    const bool is_multicast_flight = is_multicast(flight.destination.address);
    if (!is_multicast_flight && owner_of(flight.destination) != flight.to) {
        lose(Loss::nobody);
        return;
    }
    Host& host = host_at(flight.to);
    if (!host.core) {
        lose(Loss::host_down);
        return;
    }
    ++traffic_.delivered;
    trace_.mix(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
    trace_.mix(flight.source);
    trace_.mix(flight.destination);
    trace_.mix(index_of(flight.to));
    trace_.mix(ByteView(flight.payload));
    const Endpoint local = is_multicast_flight ? Endpoint{host.endpoints.front().address, kSsdpPort}
                                               : flight.destination;
    const Arrival arrival{flight.channel, local, flight.source, flight.payload};
    contract_.arrived(flight.to, arrival);
    wake(host);
    host.core->handle_datagram(now_at(flight.to), arrival);
    settle(flight.to, Cause::arrival);
}

void World::fire(const Event& event) {
    const auto id = static_cast<HostId>(event.subject);
    Host& host = host_at(id);
    if (!host.timer.fire(event.generation) || !host.core) return;
    if (!host.timer.is_due(now_)) {
        set_timer(id);
        return;
    }
    contract_.began();
    wake(host);
    host.core->handle_timeout(now_at(id));
    settle(id, Cause::timeout);
}

void World::check_states() {
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
        const HostId id = host_id(i);
        if (!is_up(id)) continue;
        const std::size_t bytes = hosts_[i].core->state_bytes(now_at(id));
        if (auto complaint = contract_.check_state_bytes(bytes)) {
            report_breach(id, *std::move(complaint));
            return;
        }
    }
    queue_.push(now_ + config_.state_check_every, {Kind::state_check, 0, 0});
}

void World::report_breach(std::optional<HostId> host, std::string what) {
    if (!breach_) breach_ = Breach{now_, host, std::move(what)};
}

} // namespace kith::sim
