#include "sim/stream_world.hpp"

#include "base/check.hpp"
#include "sim/drain.hpp"
#include "sim/graph_trace.hpp"
#include "sim/seed.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <utility>
#include <variant>

namespace kith::sim {

namespace {

constexpr std::size_t kFlightMax = 32 << 10;  // bytes; more is cut, or its first byte would be late
constexpr std::size_t kWaitingMax = 2 << 20;  // bytes that a core hands over without being asked
constexpr std::size_t kCommandsMax = 100'000; // of one step, or it is taken for an endless one
constexpr unsigned kRoundsMax = 1000;         // of sending and being told so, in one step
constexpr Duration kKnockAgain = std::chrono::seconds(1); // doubled each time, RFC 6298 2.1
constexpr std::uint16_t kEphemeralPort = 49152;           // and above, RFC 6335 6

LinkConfig link_config(const StreamConfig& config) {
    LinkConfig link;
    link.latency = config.latency;
    return link;
}

} // namespace

StreamWorld::StreamWorld(const StreamConfig& config, std::uint64_t seed, StreamSink& sink)
    : config_(config),
      sink_(sink),
      link_(link_config(config), seed),
      loss_(config.loss, seed),
      random_(derive_seed(seed, Stream::link, 2)) {}

StreamWorld::~StreamWorld() = default;

// Hosts ------------------------------------------------------------------------------------------

HostId StreamWorld::add_host(const Endpoint& endpoint, const HostClock& clock) {
    const HostId id = host_id(hosts_.size());
    Host& host = hosts_.emplace_back();
    host.endpoint = endpoint;
    host.clock = clock;
    const bool is_new = owners_.emplace(endpoint, id).second;
    KITH_CHECK(is_new);
    return id;
}

void StreamWorld::boot(HostId id, std::unique_ptr<StreamCore> core) {
    KITH_CHECK(core && !is_up(id));
    host_at(id).core = std::move(core);
    host_at(id).stopped.reset();
}

void StreamWorld::halt(HostId id, Stop how) {
    Host& host = host_at(id);
    if (!host.core) return;
    host.timer.forget();
    host.dirty.clear();
    host.inboxes = 0;
    host.stopped = how;
    host.core.reset();
    const auto links = std::exchange(host.links, {});
    for (const auto& [link, place] : links) {
        End& end = connections_[place.connection].ends[place.side];
        end.is_open = false;
        end.is_dark = how == Stop::power;
        forget_unsent(end);
        if (how == Stop::process) end_stream(place.connection, place.side);
        free_if_over(place.connection);
    }
}

std::optional<HostId> StreamWorld::owner_of(const Endpoint& endpoint) const {
    const auto found = owners_.find(endpoint);
    if (found == owners_.end()) return std::nullopt;
    return found->second;
}

StreamCore& StreamWorld::core(HostId id) {
    KITH_CHECK(is_up(id));
    return *host_at(id).core;
}

void StreamWorld::drain(HostId id) {
    KITH_CHECK(is_up(id));
    settle(id, Cause::command, std::nullopt);
}

// After every mutation ---------------------------------------------------------------------------

void StreamWorld::settle(HostId id, Cause cause, std::optional<HostId> from) {
    if (breach_) return;
    ++steps_;
    Complaint complaint = say_all(id, from);
    if (!complaint) complaint = check_rest(id, cause);
    if (complaint) return report_breach(id, *std::move(complaint));
    if (host_at(id).inboxes > 0) reread(id);
    set_timer(id);
}

Complaint StreamWorld::say_all(HostId id, std::optional<HostId> from) {
    for (unsigned round = 0; round < kRoundsMax; ++round) {
        host_at(id).core->commit(now_at(id));
        if (Complaint complaint = obey_all(id)) return complaint;
        if (Complaint complaint = tell_all(id, from)) return complaint;
        if (!flush(id)) return std::nullopt;
    }
    return "sends whenever it is told that it has sent";
}

Complaint StreamWorld::obey_all(HostId id) {
    StreamCore& core = *host_at(id).core;
    return drain_all(
        kCommandsMax,
        "commands without end",
        [&] { return core.poll_link(); },
        [&](graph::LinkCommand& command) {
            return std::visit([&](auto& each) { return take(id, std::move(each)); }, command);
        });
}

Complaint StreamWorld::tell_all(HostId id, std::optional<HostId> from) {
    StreamCore& core = *host_at(id).core;
    return drain_all(
        kCommandsMax,
        "reports without end",
        [&] { return core.poll_event(); },
        [&](const graph::Event& event) {
            trace_.mix(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
            trace_.mix(index_of(id));
            mix_event(trace_, event);
            return sink_.handle_event(now_, id, from, event);
        });
}

Complaint StreamWorld::check_rest(HostId id, Cause cause) {
    Host& host = host_at(id);
    if (host.core->poll_link() || host.core->poll_event()) {
        return "had more to say after it was drained";
    }
    host.timer.ask(host.core->next_timeout());
    if (cause == Cause::timeout && host.timer.is_due(now_)) {
        return "asks for a timeout that it has just been given";
    }
    return std::nullopt;
}

Complaint StreamWorld::take(HostId id, const graph::OpenLink& open) {
    Host& host = host_at(id);
    const std::uint32_t index = make_connection();
    if (!host.links.emplace(open.link, Place{index, 0}).second) {
        return fmt::format("opens link {}, which it has", open.link);
    }
    Connection& connection = connections_[index];
    connection.begun = now_;
    connection.to = open.to;
    connection.ends[0].host = id;
    connection.ends[0].link = open.link;
    connection.ends[0].is_open = true;
    push_at(now_, Kind::knock, index);
    return std::nullopt;
}

Complaint StreamWorld::take(HostId id, graph::SendBytes send) {
    Host& host = host_at(id);
    const auto found = host.links.find(send.link);
    if (found == host.links.end()) {
        return fmt::format("sends on link {}, which it does not have", send.link);
    }
    Connection& connection = connections_[found->second.connection];
    if (!connection.is_established) {
        return fmt::format("sends on link {} before it is open", send.link);
    }
    if (send.bytes.empty()) return std::nullopt;
    End& end = connection.ends[found->second.side];
    if (end.waiting_bytes > kWaitingMax) {
        return fmt::format("hands over without end on link {}", send.link);
    }
    end.waiting_bytes += send.bytes.size();
    end.waiting.push_back(std::move(send.bytes));
    const auto at = std::ranges::find(host.dirty, send.link);
    if (at == host.dirty.end()) host.dirty.push_back(send.link);
    return std::nullopt;
}

Complaint StreamWorld::take(HostId id, const graph::CloseLink& close) {
    Host& host = host_at(id);
    const auto found = host.links.find(close.link);
    if (found == host.links.end()) {
        return fmt::format("closes link {}, which it does not have", close.link);
    }
    const Place place = found->second;
    End& end = connections_[place.connection].ends[place.side];
    if (!close.drains) forget_unsent(end);
    shut(place.connection, place.side);
    end.wants_end = true;
    pump(place.connection, place.side);
    free_if_over(place.connection);
    return std::nullopt;
}

// Gives the kernel what the core has handed over; true if the core was told of it.
bool StreamWorld::flush(HostId id) {
    Host& host = host_at(id);
    bool has_told = false;
    const auto dirty = std::exchange(host.dirty, {});
    for (const graph::LinkId link : dirty) {
        const auto found = host.links.find(link);
        if (found == host.links.end()) continue;
        const std::size_t size = pump(found->second.connection, found->second.side);
        if (size == 0) continue;
        host.core->handle_sent(now_at(id), link, size);
        has_told = true;
    }
    return has_told;
}

void StreamWorld::reread(HostId id) {
    Host& host = host_at(id);
    for (const auto& [link, place] : host.links) {
        const End& end = connections_[place.connection].ends[place.side];
        const bool has_some = !end.inbox.empty() || end.inbox_ended;
        if (has_some && host.core->is_reading(link)) {
            push_at(now_, Kind::readable, place.connection, place.side);
        }
    }
}

void StreamWorld::set_timer(HostId id) {
    HostTimer& timer = host_at(id).timer;
    if (const auto at = timer.arm(now_)) {
        queue_.push(*at, {Kind::timer, 0, static_cast<std::uint32_t>(id), timer.generation()});
    }
}

// Connections ------------------------------------------------------------------------------------

std::uint32_t StreamWorld::make_connection() {
    std::uint32_t index = 0;
    if (free_connections_.empty()) {
        index = static_cast<std::uint32_t>(connections_.size());
        connections_.emplace_back();
    } else {
        index = free_connections_.back();
        free_connections_.pop_back();
        const std::uint32_t generation = connections_[index].generation;
        connections_[index] = Connection{};
        connections_[index].generation = generation;
    }
    connections_[index].is_used = true;
    return index;
}

void StreamWorld::free_if_over(std::uint32_t index) {
    Connection& connection = connections_[index];
    if (!connection.is_used || connection.flights > 0) return;
    for (const End& end : connection.ends) {
        if (end.is_open || !end.waiting.empty() || !end.held.empty()) return;
    }
    connection.is_used = false;
    ++connection.generation;
    free_connections_.push_back(index);
}

Duration StreamWorld::one_way(const Connection& connection) {
    const auto to = owner_of(connection.to);
    return link_.draw_delay(connection.ends[0].host, to.value_or(connection.ends[0].host));
}

void StreamWorld::knock(std::uint32_t index) {
    Connection& connection = connections_[index];
    const End& opener = connection.ends[0];
    if (!opener.is_open) return;
    if (now_ - connection.begun >= config_.connects_within) {
        ++traffic_.unopened;
        lose(index, 0);
        return;
    }
    const auto to = owner_of(connection.to);
    const bool is_there = to && host_at(*to).stopped != Stop::power;
    const double arrives = (1 - config_.loss) * (1 - config_.loss); // and so does the answer
    const bool is_lost = random_.unit() >= arrives;
    if (is_there && !is_lost && !partition_.is_cut(opener.host, *to)) {
        push_at(now_ + one_way(connection), Kind::knocked, index);
        return;
    }
    const Instant again = now_ + kKnockAgain * (1 << std::min(connection.attempts++, 6U));
    push_at(std::min(again, connection.begun + config_.connects_within), Kind::knock, index);
}

void StreamWorld::knocked(std::uint32_t index) {
    Connection& connection = connections_[index];
    const HostId to = *owner_of(connection.to);
    const Host& host = host_at(to);
    const Instant answered = now_ + one_way(connection);
    if (host.stopped == Stop::power) {
        push_at(connection.begun + config_.connects_within, Kind::knock, index);
    } else if (!host.core || !host.core->is_listening() || to == connection.ends[0].host) {
        push_at(answered, Kind::refused, index);
    } else {
        const Instant accepted = answered + one_way(connection);
        connection.ends[1].host = to;
        connection.ends[0].path.hold_until(accepted);
        push_at(answered, Kind::opened, index);
        push_at(accepted, Kind::accepted, index);
    }
}

void StreamWorld::opened(std::uint32_t index) {
    Connection& connection = connections_[index];
    connection.is_established = true;
    const End& opener = connection.ends[0];
    if (!opener.is_open) return;
    ++traffic_.opened;
    core_of(opener).handle_opened(now_at(opener.host), opener.link);
    settle(opener.host, Cause::arrival, std::nullopt);
}

void StreamWorld::accepted(std::uint32_t index) {
    Connection& connection = connections_[index];
    End& end = connection.ends[1];
    Host& host = host_at(end.host);
    if (!host.core || !host.core->is_listening()) {
        end.is_dark = host.stopped == Stop::power;
        if (!end.is_dark) end_stream(index, 1);
        return;
    }
    if (!connection.ends[0].is_open && connection.flights == 0) return;
    end.link = host.core->take_link_id();
    end.is_open = true;
    const bool is_new = host.links.emplace(end.link, Place{index, 1}).second;
    if (!is_new) {
        report_breach(end.host, fmt::format("gives link {} away twice", end.link));
        return;
    }
    Endpoint from = host_at(connection.ends[0].host).endpoint;
    from.port = static_cast<std::uint16_t>(kEphemeralPort + index % (65536U - kEphemeralPort));
    host.core->handle_accepted(now_at(end.host), end.link, from);
    settle(end.host, Cause::arrival, std::nullopt);
}

void StreamWorld::forget_unsent(End& end) {
    end.waiting.clear();
    end.waiting_bytes = 0;
}

/// The core does not have this end any more.
void StreamWorld::shut(std::uint32_t index, std::uint8_t side) {
    End& end = connections_[index].ends[side];
    Host& host = host_at(end.host);
    host.links.erase(end.link);
    end.is_open = false;
    if (!end.inbox.empty() || end.inbox_ended) {
        --host.inboxes;
        end.inbox.clear();
        end.inbox_ended = false;
        connections_[index].ends[1 - side].is_stalled = false;
    }
}

/// The connection is gone for this end, which hears of it.
void StreamWorld::lose(std::uint32_t index, std::uint8_t side) {
    End& end = connections_[index].ends[side];
    if (!end.is_open) return;
    shut(index, side);
    forget_unsent(end);
    const HostId id = end.host;
    host_at(id).core->handle_closed(now_at(id), end.link);
    free_if_over(index);
    settle(id, Cause::arrival, std::nullopt);
}

void StreamWorld::end_stream(std::uint32_t index, std::uint8_t side) {
    Connection& connection = connections_[index];
    End& end = connection.ends[side];
    if (end.has_ended || (!connection.is_established && side == 0)) return;
    end.has_ended = true;
    const std::uint32_t flight = make_flight(index, static_cast<std::uint8_t>(1 - side));
    flights_[flight].is_end = true;
    transmit(flight);
}

// Bytes ------------------------------------------------------------------------------------------

std::size_t StreamWorld::pump(std::uint32_t index, std::uint8_t side) {
    Connection& connection = connections_[index];
    End& end = connection.ends[side];
    while (!end.is_stalled && !end.is_unheard && !end.acknowledged.empty() &&
           end.acknowledged.front().at <= now_) {
        end.buffered -= end.acknowledged.front().size;
        end.acknowledged.pop_front();
    }
    std::size_t moved = 0;
    while (!end.waiting.empty() && end.buffered < config_.buffer) {
        const std::uint32_t number = make_flight(index, static_cast<std::uint8_t>(1 - side));
        Flight& flight = flights_[number];
        while (!end.waiting.empty() && flight.size < kFlightMax) {
            flight.size += end.waiting.front().size();
            flight.chunks.push_back(std::move(end.waiting.front()));
            end.waiting.pop_front();
        }
        moved += flight.size;
        end.waiting_bytes -= flight.size;
        end.buffered += flight.size;
        transmit(number);
    }
    if (!end.waiting.empty() && !end.awaits_room && !end.is_stalled && !end.is_unheard &&
        !end.acknowledged.empty()) {
        end.awaits_room = true;
        push_at(end.acknowledged.front().at, Kind::writable, index, side);
    }
    if (end.waiting.empty() && end.wants_end) end_stream(index, side);
    return moved;
}

std::uint32_t StreamWorld::make_flight(std::uint32_t index, std::uint8_t to) {
    std::uint32_t number = 0;
    if (free_flights_.empty()) {
        number = static_cast<std::uint32_t>(flights_.size());
        flights_.emplace_back();
    } else {
        number = free_flights_.back();
        free_flights_.pop_back();
    }
    Flight& flight = flights_[number];
    flight.connection = index;
    flight.generation = connections_[index].generation;
    flight.to = to;
    flight.is_end = false;
    flight.size = 0;
    ++connections_[index].flights;
    return number;
}

void StreamWorld::transmit(std::uint32_t number) {
    const Flight& flight = flights_[number];
    Connection& connection = connections_[flight.connection];
    const auto side = static_cast<std::uint8_t>(1 - flight.to);
    End& end = connection.ends[side];
    const HostId to = connection.ends[flight.to].host;
    if (!end.held_since && !partition_.is_cut(end.host, to)) {
        launch(number);
        return;
    }
    end.held.push_back(number);
    if (end.held_since) return;
    end.held_since = now_;
    push_at(now_ + config_.gives_up_after, Kind::give_up, flight.connection, side);
}

void StreamWorld::launch(std::uint32_t number) {
    const Flight& flight = flights_[number];
    Connection& connection = connections_[flight.connection];
    End& end = connection.ends[1 - flight.to];
    const HostId to = connection.ends[flight.to].host;
    const Duration base = link_.base_delay(end.host, to);
    const std::size_t segments = flight.size / kSegmentSize + 1;
    const Duration delay = link_.draw_delay(end.host, to) + loss_.delay_of(segments, 2 * base);
    const Instant at = end.path.send(now_, flight.size, delay, config_.bytes_per_second);
    if (flight.size > 0) end.acknowledged.push_back({at + base, flight.size});
    queue_.push(at, {Kind::arrival, 0, number, 0});
}

void StreamWorld::land(std::uint32_t number) {
    Flight flight = std::move(flights_[number]);
    flights_[number].chunks.clear();
    free_flights_.push_back(number);
    Connection& connection = connections_[flight.connection];
    KITH_CHECK(connection.generation == flight.generation);
    --connection.flights;
    End& end = connection.ends[flight.to];
    if (!end.is_open) {
        land_nowhere(flight);
        free_if_over(flight.connection);
        return;
    }
    Host& host = host_at(end.host);
    End& sender = connection.ends[1 - flight.to];
    const bool has_some = !end.inbox.empty() || end.inbox_ended;
    if (has_some || !host.core->is_reading(end.link)) {
        if (!has_some) ++host.inboxes;
        std::ranges::move(flight.chunks, std::back_inserter(end.inbox));
        end.inbox_ended = end.inbox_ended || flight.is_end;
        sender.is_stalled = true;
        return;
    }
    for (const Bytes& chunk : flight.chunks)
        hand_over(end, chunk);
    if (flight.is_end) {
        if (!sender.wants_end) ++traffic_.broken;
        lose(flight.connection, flight.to);
        return;
    }
    settle(end.host, Cause::arrival, sender.host);
}

// The host answers what belongs to no connection of its own, if it can.
void StreamWorld::land_nowhere(const Flight& flight) {
    if (flight.is_end) return;
    Connection& connection = connections_[flight.connection];
    const End& end = connection.ends[flight.to];
    End& sender = connection.ends[1 - flight.to];
    const bool is_back = !host_at(end.host).stopped || host_at(end.host).stopped == Stop::process;
    if (!end.is_dark || is_back) {
        connections_[flight.connection].ends[flight.to].has_ended = false; // said again
        if (sender.is_open) end_stream(flight.connection, flight.to);
    } else if (!sender.is_unheard) {
        sender.is_unheard = true;
        const auto side = static_cast<std::uint8_t>(1 - flight.to);
        push_at(now_ + config_.gives_up_after, Kind::give_up, flight.connection, side);
    }
}

void StreamWorld::hand_over(const End& end, const Bytes& chunk) {
    ++traffic_.writes;
    traffic_.bytes += chunk.size();
    trace_.mix(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
    trace_.mix(index_of(end.host));
    trace_.mix(end.link);
    trace_.mix(ByteView(chunk));
    // A stream keeps no boundaries: now and then a write arrives in two pieces.
    constexpr std::uint64_t kSplitOneIn = 16;
    const Now now = now_at(end.host);
    StreamCore& core = *host_at(end.host).core;
    if (chunk.size() > 1 && random_.below(kSplitOneIn) == 0) {
        const std::size_t first = 1 + random_.below(chunk.size() - 1);
        core.handle_bytes(now, end.link, ByteView(chunk).first(first));
        core.handle_bytes(now, end.link, ByteView(chunk).subspan(first));
        return;
    }
    core.handle_bytes(now, end.link, chunk);
}

void StreamWorld::read(std::uint32_t index, std::uint8_t side) {
    Connection& connection = connections_[index];
    End& end = connection.ends[side];
    if (!end.is_open || (end.inbox.empty() && !end.inbox_ended)) return;
    if (!core_of(end).is_reading(end.link)) return;
    const auto chunks = std::exchange(end.inbox, {});
    const bool has_ended = std::exchange(end.inbox_ended, false);
    --host_at(end.host).inboxes;
    End& sender = connection.ends[1 - side];
    sender.is_stalled = false;
    push_at(now_, Kind::writable, index, static_cast<std::uint8_t>(1 - side));
    for (const Bytes& chunk : chunks)
        hand_over(end, chunk);
    // What the core says to that may be that it closes: the end is another event. Connections may
    // move while it says it.
    settle(end.host, Cause::arrival, sender.host);
    if (has_ended) lose(index, side);
}

void StreamWorld::give_up(std::uint32_t index, std::uint8_t side) {
    End& end = connections_[index].ends[side];
    if (!end.held_since && !end.is_unheard) return;
    const bool is_late = end.is_unheard || now_ - *end.held_since >= config_.gives_up_after;
    if (!is_late) return; // of an earlier cut; this one has its own
    for (const std::uint32_t number : end.held) {
        flights_[number].chunks.clear();
        free_flights_.push_back(number);
        --connections_[index].flights;
    }
    end.held.clear();
    end.held_since.reset();
    forget_unsent(end);
    end.has_ended = true; // whoever is at the other end is not told
    if (end.is_open) ++traffic_.broken;
    lose(index, side);
    free_if_over(index);
}

void StreamWorld::heal() {
    partition_.heal();
    for (std::uint32_t index = 0; index < connections_.size(); ++index) {
        for (End& end : connections_[index].ends) {
            if (!end.held_since) continue;
            // The repetition that is due next, of those whose distance doubles.
            const End& other = &end == connections_[index].ends ? connections_[index].ends[1]
                                                                : connections_[index].ends[0];
            const Duration base = link_.base_delay(end.host, other.host);
            Instant at = *end.held_since;
            Duration step = 2 * base + kRetransmitMin;
            while (at < now_) {
                at += step;
                step = std::min<Duration>(2 * step, std::chrono::seconds(60));
            }
            end.path.hold_until(at + base);
            end.held_since.reset();
            for (const std::uint32_t number : std::exchange(end.held, {}))
                launch(number);
        }
    }
}

// Time -------------------------------------------------------------------------------------------

void StreamWorld::push_at(Instant at, Kind kind, std::uint32_t connection, std::uint8_t side) {
    queue_.push(at, {kind, side, connection, connections_[connection].generation});
}

bool StreamWorld::run_until(Instant until) {
    while (!breach_ && !queue_.empty() && queue_.next_at() <= until) {
        const auto item = queue_.pop();
        now_ = item.at;
        handle(item.event);
    }
    if (breach_) return false;
    now_ = std::max(now_, until);
    return true;
}

void StreamWorld::handle(const Event& event) {
    if (event.kind == Kind::timer) {
        fire(event);
        return;
    }
    if (event.kind == Kind::arrival) {
        land(event.subject);
        return;
    }
    const std::uint32_t index = event.subject;
    Connection& connection = connections_[index];
    if (connection.generation != event.generation || !connection.is_used) return;
    End& end = connection.ends[event.side];
    switch (event.kind) {
    case Kind::knock:
        knock(index);
        break;
    case Kind::knocked:
        if (end.is_open) knocked(index);
        break;
    case Kind::opened:
        opened(index);
        break;
    case Kind::accepted:
        accepted(index);
        break;
    case Kind::refused:
        ++traffic_.refused;
        lose(index, 0);
        break;
    case Kind::writable: {
        end.awaits_room = false;
        const std::size_t size = pump(index, event.side);
        if (end.is_open && size > 0) {
            core_of(end).handle_sent(now_at(end.host), end.link, size);
            settle(end.host, Cause::arrival, std::nullopt);
        }
        free_if_over(index);
        break;
    }
    case Kind::readable:
        read(index, event.side);
        break;
    case Kind::give_up:
        give_up(index, event.side);
        break;
    case Kind::timer:
    case Kind::arrival:
        break; // above
    }
}

void StreamWorld::fire(const Event& event) {
    const auto id = static_cast<HostId>(event.subject);
    Host& host = host_at(id);
    if (!host.timer.fire(event.generation) || !host.core) return;
    if (!host.timer.is_due(now_)) {
        set_timer(id);
        return;
    }
    host.core->handle_timeout(now_at(id));
    settle(id, Cause::timeout, std::nullopt);
}

void StreamWorld::report_breach(std::optional<HostId> host, std::string what) {
    if (!breach_) breach_ = Breach{now_, host, std::move(what)};
}

} // namespace kith::sim
