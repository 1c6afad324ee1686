// A network for tests of nodes in several clouds: hosts with interfaces on wires, in virtual time.
// Link-local and multicast datagrams stay on the wire of the interface that they leave by;
// everything else finds its way to whoever has the address.

#pragma once

#include "node/clouds.hpp"
#include "node/discovery.hpp"
#include "pnrp/test_world.hpp"

#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kith::node::test {

inline constexpr std::uint16_t kSearchPort = 50'000; // from which hosts speak SSDP

struct Port {
    Zone zone = 0;
    std::string wire;
    std::vector<Address> addresses{};
};

class Ether {
public:
    struct Host {
        Host(CloudsConfig config, std::uint64_t seed)
            : secure(seed),
              plain(seed + 1),
              clouds(std::move(config), secure, plain) {}

        const CloudStatus& status(Now now, std::string_view cloud) {
            statuses = clouds.status(now);
            const auto found = std::ranges::find(statuses, cloud, &CloudStatus::name);
            EXPECT_NE(found, statuses.end()) << cloud;
            return *found;
        }

        SeededSecureRandom secure;
        SeededRandom plain;
        Clouds clouds;
        std::vector<Port> ports;
        std::vector<CloudsEvent> events;
        std::vector<CloudStatus> statuses;
        bool is_up = true;
    };

    Host& add(std::vector<Port> ports, CloudsConfig config = {}) {
        hosts_.push_back(std::make_unique<Host>(std::move(config), 500 + 2 * hosts_.size()));
        Host& host = *hosts_.back();
        plug(host, std::move(ports));
        return host;
    }

    /// Gives `host` these interfaces and addresses, as the host layer would.
    void plug(Host& host, std::vector<Port> ports) {
        host.ports = std::move(ports);
        std::map<std::string, Place> places;
        for (const Port& port : host.ports) {
            for (const Address& address : port.addresses) {
                const bool is_link = address.scope() == Scope::link;
                const std::string name = is_link ? "LinkLocal_%if" + std::to_string(port.zone)
                                         : address.scope() == Scope::site ? "SiteLocal_"
                                                                          : "Global_";
                Place& place = places[name];
                place.cloud = name;
                place.zone = is_link ? port.zone : 0;
                place.endpoints.push_back({address, 3540});
            }
        }
        std::vector<Place> all;
        for (auto& [name, place] : places)
            all.push_back(std::move(place));
        host.clouds.set_places(now(), all);
        drain(host);
    }

    Now now() const {
        return {
            instant_,
            pnrp::test::kStartWall +
                std::chrono::duration_cast<WallClock::duration>(instant_.time_since_epoch())};
    }

    void drain(Host& host) {
        while (auto event = host.clouds.poll_event())
            host.events.push_back(std::move(*event));
        while (auto datagram = host.clouds.poll_datagram())
            send(host, *datagram);
    }

    void run(Duration span) {
        const Instant end = instant_ + span;
        for (int steps = 0; steps < 1'000'000; ++steps) {
            const auto next = next_instant();
            if (!next || *next > end) {
                instant_ = end;
                return;
            }
            instant_ = std::max(instant_, *next);
            step();
        }
        FAIL() << "the ether does not come to rest";
    }

    /// A datagram of a stranger, as `to` sees it.
    void deliver(Host& to, const Arrival& arrival) {
        to.clouds.handle_datagram(now(), arrival);
        drain(to);
    }

    /// The outcome of a question, within `limit`.
    std::optional<QueryDone>
    ask(Host& host,
        const identity::PeerName& name,
        const std::optional<std::string>& cloud = std::nullopt,
        Duration limit = std::chrono::seconds(15)) {
        const auto id = host.clouds.resolve(now(), {.name = name}, cloud);
        drain(host);
        if (!id) return std::nullopt;
        for (Duration waited{}; waited <= limit; waited += std::chrono::milliseconds(20)) {
            for (const CloudsEvent& event : host.events) {
                const auto* done = std::get_if<QueryDone>(&event);
                if (done != nullptr && done->id == *id) return *done;
            }
            run(std::chrono::milliseconds(20));
        }
        return std::nullopt;
    }

    std::map<std::string, Duration> delays; // of a wire; "" is between wires
    std::size_t sent_over(const std::string& wire) { return sent_[wire]; }

private:
    struct Flight {
        Host* to = nullptr;
        Channel channel{};
        Endpoint local;
        Zone zone = 0;
        Endpoint from;
        Bytes payload;
    };

    static const Port*
    port_with(const Host& host, const Address& address, const std::string* wire) {
        for (const Port& port : host.ports) {
            const bool is_there = wire == nullptr || port.wire == *wire;
            if (is_there && std::ranges::find(port.addresses, address) != port.addresses.end())
                return &port;
        }
        return nullptr;
    }

    static Address source_on(const Port& port, bool is_v4) {
        for (const Address& address : port.addresses) {
            if (address.is_v4() == is_v4 && address.scope() == Scope::link) return address;
        }
        for (const Address& address : port.addresses) {
            if (address.is_v4() == is_v4) return address;
        }
        return {};
    }

    void send(const Host& host, const Datagram& datagram) {
        const Address& remote = datagram.remote.address;
        const bool is_group =
            remote == ssdp_group_v6().address || remote == ssdp_group_v4().address;
        const bool stays_on_wire = is_group || remote.scope() == Scope::link;
        for (const Port& port : host.ports) {
            if (!stays_on_wire) break;
            if (datagram.zone != 0 && port.zone != datagram.zone) continue;
            for (const auto& other : hosts_) {
                if (other.get() == &host || !other->is_up) continue;
                for (const Port& there : other->ports) {
                    if (there.wire != port.wire) continue;
                    const bool has_it = is_group || std::ranges::find(there.addresses, remote) !=
                                                        there.addresses.end();
                    if (has_it) launch(*other, port, there.zone, datagram);
                }
            }
        }
        if (stays_on_wire) return;
        for (const auto& other : hosts_) {
            const Port* const there = port_with(*other, remote, nullptr);
            if (!other->is_up || there == nullptr) continue;
            Port elsewhere;
            elsewhere.addresses = {from_of(host, datagram)};
            launch(*other, elsewhere, there->zone, datagram);
        }
    }

    static Address from_of(const Host& host, const Datagram& datagram) {
        if (!datagram.local.address.is_unspecified()) return datagram.local.address;
        const Scope scope = datagram.remote.address.scope();
        for (const Port& port : host.ports) {
            for (const Address& address : port.addresses) {
                const bool fits = address.is_v4() == datagram.remote.address.is_v4();
                if (fits && address.scope() == scope) return address;
            }
        }
        return {};
    }

    void launch(Host& to, const Port& from, Zone zone, const Datagram& datagram) {
        const bool is_search = datagram.channel == Channel::ssdp;
        ++sent_[from.wire];
        Flight flight;
        flight.to = &to;
        flight.channel = datagram.channel;
        flight.local = datagram.remote;
        flight.zone = zone;
        flight.from = {
            source_on(from, datagram.remote.address.is_v4()),
            is_search ? kSearchPort : std::uint16_t{3540}};
        flight.payload = datagram.payload;
        const auto delay = delays.find(from.wire);
        const Duration takes =
            delay == delays.end() ? Duration(std::chrono::milliseconds(10)) : delay->second;
        flights_.emplace(instant_ + takes, std::move(flight));
    }

    std::optional<Instant> next_instant() const {
        std::optional<Instant> next;
        if (!flights_.empty()) next = flights_.begin()->first;
        for (const auto& host : hosts_) {
            if (!host->is_up) continue;
            const auto due = host->clouds.next_timeout();
            if (due && (!next || *due < *next)) next = due;
        }
        return next;
    }

    void step() {
        while (!flights_.empty() && flights_.begin()->first <= instant_) {
            const Flight flight = std::move(flights_.begin()->second);
            flights_.erase(flights_.begin());
            Host& to = *flight.to;
            const bool is_group = flight.channel == Channel::ssdp;
            // The address may have gone while the datagram was under way.
            if (!to.is_up || (!is_group && !port_with(to, flight.local.address, nullptr))) continue;
            deliver(to, {flight.channel, flight.local, flight.zone, flight.from, flight.payload});
        }
        for (const auto& host : hosts_) {
            if (!host->is_up) continue;
            const auto due = host->clouds.next_timeout();
            if (!due || *due > instant_) continue;
            host->clouds.handle_timeout(now());
            drain(*host);
            const auto after = host->clouds.next_timeout();
            EXPECT_TRUE(!after || *after > instant_) << "a timeout that was handled is due again";
        }
    }

    Instant instant_{std::chrono::seconds(1)};
    std::vector<std::unique_ptr<Host>> hosts_;
    std::multimap<Instant, Flight> flights_;
    std::map<std::string, std::size_t> sent_;
};

} // namespace kith::node::test
