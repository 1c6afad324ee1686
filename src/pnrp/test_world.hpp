// A world for tests of the core: a few clouds, one virtual clock, a network that delays every
// datagram by the same time and drops those that a test tells it to. The simulator (sim/) is the
// one with weather.

#pragma once

#include "pnrp/cloud.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <vector>

namespace kith::pnrp::test {

inline constexpr WallTime kStartWall = wall_from_unix(std::chrono::seconds(1'800'000'000));

inline Endpoint endpoint_of(unsigned index) {
    Endpoint endpoint = *parse_endpoint("[2001:db8::1]:3540");
    endpoint.address.bytes[5] = static_cast<std::byte>(index >> 8U);
    endpoint.address.bytes[6] = static_cast<std::byte>(index & 0xffU);
    return endpoint;
}

class World {
public:
    explicit World(std::uint64_t seed = 1, const Profile& profile = modern_profile())
        : seed_(seed),
          profile_(profile) {}

    struct Node {
        Node(const CloudConfig& config, std::uint64_t seed)
            : secure(seed),
              plain(seed + 1),
              cloud(config, secure, plain) {}

        SeededSecureRandom secure;
        SeededRandom plain;
        Cloud cloud;
        Endpoint endpoint;
        bool is_up = true;
        std::deque<Event> events;
    };

    Node& add() { return add(CloudConfig{.profile = &profile_}); }

    Node& add(const CloudConfig& config) {
        nodes_.push_back(std::make_unique<Node>(config, seed_ * 1000 + nodes_.size() * 2));
        Node& node = *nodes_.back();
        node.endpoint = endpoint_of(static_cast<unsigned>(nodes_.size()));
        node.cloud.set_endpoints(now(), std::span(&node.endpoint, 1));
        drain(node);
        return node;
    }

    Now now() const {
        return {
            instant_,
            kStartWall +
                std::chrono::duration_cast<WallClock::duration>(instant_.time_since_epoch())};
    }

    /// Takes what `node` wants to send and say. Called by the world after everything it does; a
    /// test calls it after its own commands.
    void drain(Node& node) {
        while (auto event = node.cloud.poll_event()) {
            // What discovery is to a node: the first of the world is everybody's seed.
            const bool is_lonely = std::holds_alternative<MembersNeeded>(*event);
            const Endpoint& seed = nodes_.front()->endpoint;
            if (is_lonely && node.endpoint != seed) node.cloud.synchronize(now(), seed);
            node.events.push_back(std::move(*event));
        }
        while (auto datagram = node.cloud.poll_datagram()) {
            ++sent_;
            if (tap) tap(node.endpoint, *datagram);
            if (is_lost && is_lost(node.endpoint, *datagram)) continue;
            const Duration late = extra_delay ? extra_delay(datagram->remote) : Duration::zero();
            in_flight_.emplace(
                instant_ + delay + late,
                Flight{node.endpoint, datagram->remote, std::move(datagram->payload)});
        }
    }

    /// Runs until `span` has passed.
    void run(Duration span) {
        const Instant end = instant_ + span;
        // Far more steps than any test needs; a core that never rests fails instead of hanging.
        for (int steps = 0; steps < 2'000'000; ++steps) {
            const auto next = next_instant();
            if (!next || *next > end) {
                instant_ = end;
                return;
            }
            instant_ = std::max(instant_, *next);
            step();
        }
        FAIL() << "the world does not come to rest";
    }

    /// Runs until `done()` or until `limit` has passed; true if done.
    bool run_until(Duration limit, const std::function<bool()>& done) {
        const Instant end = instant_ + limit;
        while (instant_ < end && !done())
            run(std::chrono::milliseconds(10));
        return done();
    }

    void send(const Endpoint& from, const Endpoint& to, Bytes payload) {
        in_flight_.emplace(instant_ + delay, Flight{from, to, std::move(payload)});
    }

    std::vector<std::unique_ptr<Node>>& nodes() { return nodes_; }
    std::uint64_t sent() const { return sent_; }

    Duration delay = std::chrono::milliseconds(20);
    std::function<bool(const Endpoint& from, const Datagram&)> is_lost;
    std::function<Duration(const Endpoint& to)> extra_delay;
    std::function<void(const Endpoint& from, const Datagram&)> tap;

private:
    struct Flight {
        Endpoint from;
        Endpoint to;
        Bytes payload;
    };

    std::optional<Instant> next_instant() const {
        std::optional<Instant> next;
        if (!in_flight_.empty()) next = in_flight_.begin()->first;
        for (const auto& node : nodes_) {
            if (!node->is_up) continue;
            const auto due = node->cloud.next_timeout();
            if (due && (!next || *due < *next)) next = due;
        }
        return next;
    }

    void step() {
        while (!in_flight_.empty() && in_flight_.begin()->first <= instant_) {
            const Flight flight = std::move(in_flight_.begin()->second);
            in_flight_.erase(in_flight_.begin());
            for (const auto& node : nodes_) {
                if (!node->is_up || node->endpoint != flight.to) continue;
                node->cloud.handle_datagram(now(), node->endpoint, flight.from, flight.payload);
                drain(*node);
            }
        }
        for (const auto& node : nodes_) {
            if (!node->is_up) continue;
            const auto due = node->cloud.next_timeout();
            if (!due || *due > instant_) continue;
            node->cloud.handle_timeout(now());
            drain(*node);
            const auto after = node->cloud.next_timeout();
            EXPECT_TRUE(!after || *after > instant_) << "a timeout that was handled is due again";
        }
    }

    std::uint64_t seed_;
    const Profile& profile_;
    Instant instant_{std::chrono::seconds(1)};
    std::vector<std::unique_ptr<Node>> nodes_;
    std::multimap<Instant, Flight> in_flight_;
    std::uint64_t sent_ = 0;
};

/// A key that depends on nothing but `number` and its algorithm. Made once: RSA takes a while.
inline std::shared_ptr<const crypto::PrivateKey>
test_key(unsigned number, crypto::KeyAlgorithm algorithm = crypto::KeyAlgorithm::ed25519) {
    using Key = std::shared_ptr<const crypto::PrivateKey>;
    static std::map<std::pair<unsigned, crypto::KeyAlgorithm>, Key> keys;
    Key& key = keys[{number, algorithm}];
    if (key == nullptr) {
        SeededSecureRandom random(7'000'000 + number);
        key = std::make_shared<const crypto::PrivateKey>(
            crypto::PrivateKey::generate(algorithm, random));
    }
    return key;
}

inline Registration secure_registration(
    unsigned number,
    std::string_view classifier = "web",
    crypto::KeyAlgorithm algorithm = crypto::KeyAlgorithm::ed25519) {
    auto key = test_key(number, algorithm);
    const auto authority = identity::authority_of(key->public_key());
    AppEndpoint endpoint;
    endpoint.address = endpoint_of(number).address;
    endpoint.port = static_cast<std::uint16_t>(8000 + number % 1000);
    endpoint.protocol = 6;
    return Registration{
        *identity::PeerName::secure(authority, classifier),
        std::move(key),
        {endpoint},
        "host " + std::to_string(number),
        std::nullopt};
}

/// The outcome of `id`, once it is among the node's events.
inline const ResolveDone* find_done(const World::Node& node, ResolveId id) {
    for (const Event& event : node.events) {
        const auto* done = std::get_if<ResolveDone>(&event);
        if (done != nullptr && done->id == id) return done;
    }
    return nullptr;
}

} // namespace kith::pnrp::test
