#include "node/node.hpp"
#include "pnrp/test_world.hpp"

#include <gtest/gtest.h>

namespace kith::node {
namespace {

using namespace std::chrono_literals;
using pnrp::test::endpoint_of;
using pnrp::test::secure_registration;

// Whole nodes on a network that delivers everything after 10 ms.
class NodeWorld {
public:
    struct Host {
        Host(const NodeConfig& config, std::uint64_t seed)
            : secure(seed),
              plain(seed + 1),
              node(config, secure, plain) {}

        SeededSecureRandom secure;
        SeededRandom plain;
        Node node;
        Endpoint endpoint;
        std::vector<Event> events;
    };

    Host& add(NodeConfig config = {}, std::span<const Endpoint> seeds = {}) {
        config.use_ssdp = false;
        hosts_.push_back(std::make_unique<Host>(config, 100 + 2 * hosts_.size()));
        Host& host = *hosts_.back();
        host.endpoint = endpoint_of(static_cast<unsigned>(hosts_.size()));
        host.node.set_seeds(now(), seeds);
        host.node.set_endpoints(now(), std::span(&host.endpoint, 1));
        drain(host);
        return host;
    }

    Now now() const { return {instant_, pnrp::test::kStartWall}; }

    void drain(Host& host) {
        while (auto datagram = host.node.poll_datagram()) {
            flights_.emplace(instant_ + 10ms, Flight{host.endpoint, std::move(*datagram)});
        }
        while (auto event = host.node.poll_event())
            host.events.push_back(std::move(*event));
    }

    void run(Duration span) {
        const Instant end = instant_ + span;
        for (int steps = 0; steps < 1'000'000; ++steps) {
            std::optional<Instant> next;
            if (!flights_.empty()) next = flights_.begin()->first;
            for (const auto& host : hosts_) {
                const auto due = host->node.next_timeout();
                if (due && (!next || *due < *next)) next = due;
            }
            if (!next || *next > end) break;
            instant_ = std::max(instant_, *next);
            step();
        }
        instant_ = end;
    }

private:
    struct Flight {
        Endpoint from;
        Datagram datagram;
    };

    void step() {
        while (!flights_.empty() && flights_.begin()->first <= instant_) {
            const Flight flight = std::move(flights_.begin()->second);
            flights_.erase(flights_.begin());
            for (const auto& host : hosts_) {
                if (host->endpoint != flight.datagram.remote) continue;
                host->node.handle_datagram(
                    now(),
                    flight.datagram.channel,
                    host->endpoint,
                    flight.from,
                    flight.datagram.payload);
                drain(*host);
            }
        }
        for (const auto& host : hosts_) {
            const auto due = host->node.next_timeout();
            if (!due || *due > instant_) continue;
            host->node.handle_timeout(now());
            drain(*host);
        }
    }

    Instant instant_{1s};
    std::vector<std::unique_ptr<Host>> hosts_;
    std::multimap<Instant, Flight> flights_;
};

const pnrp::ResolveDone* resolve(NodeWorld& world, NodeWorld::Host& host, unsigned number) {
    const pnrp::ResolveQuery query{.name = secure_registration(number).name};
    EXPECT_TRUE(host.node.resolve(world.now(), query));
    world.drain(host);
    world.run(3s);
    for (const Event& event : host.events) {
        if (const auto* done = std::get_if<pnrp::ResolveDone>(&event)) return done;
    }
    return nullptr;
}

// A bug once: both had met the seed before there was any name, and neither met it again for ten
// seconds, so a name published at once was found by nobody.
TEST(Node, ANamePublishedLaterIsFoundAtOnce) {
    NodeWorld world;
    const Endpoint seed = world.add().endpoint;
    NodeWorld::Host& publisher = world.add({}, std::span(&seed, 1));
    NodeWorld::Host& resolver = world.add({}, std::span(&seed, 1));
    world.run(500ms); // their rounds of discovery still run
    ASSERT_TRUE(publisher.node.publish(world.now(), secure_registration(1)));
    world.drain(publisher);
    world.run(200ms);
    const auto* done = resolve(world, resolver, 1);
    ASSERT_NE(done, nullptr);
    ASSERT_TRUE(done->outcome);
    EXPECT_LT(done->outcome->took, 500ms);
}

// The same while the first conversation with the seed is still under way.
TEST(Node, ANamePublishedDuringTheFirstConversationIsFound) {
    NodeWorld world;
    const Endpoint seed = world.add().endpoint;
    NodeWorld::Host& publisher = world.add({}, std::span(&seed, 1));
    ASSERT_TRUE(publisher.node.publish(world.now(), secure_registration(1)));
    world.drain(publisher);
    world.run(300ms);
    NodeWorld::Host& resolver = world.add({}, std::span(&seed, 1));
    const auto* done = resolve(world, resolver, 1);
    ASSERT_NE(done, nullptr);
    EXPECT_TRUE(done->outcome);
}

// Two halves of a cloud, of which one remembers a node of the other, and no seed.
TEST(Node, HalvesWithoutASeedMeetByWhatTheyRemember) {
    NodeWorld world;
    std::vector<NodeWorld::Host*> hosts;
    const auto add = [&](std::vector<unsigned> remembered) {
        NodeConfig config;
        for (const unsigned other : remembered)
            config.remembered.push_back(endpoint_of(other));
        hosts.push_back(&world.add(config));
        const auto number = static_cast<unsigned>(hosts.size());
        ASSERT_TRUE(hosts.back()->node.publish(world.now(), secure_registration(number)));
        world.drain(*hosts.back());
        world.run(30s);
    };
    add({2, 3});
    add({1});
    add({4}); // nobody of the first half hears of these
    add({3});
    world.run(20min);
    const auto* done = resolve(world, *hosts[1], 4);
    ASSERT_NE(done, nullptr);
    EXPECT_TRUE(done->outcome);
}

TEST(Node, KnowsTheScopeOfACloudByItsName) { // grammar of MS-PPSEC 2.2.1.1
    EXPECT_EQ(scope_of_cloud("Global_"), Scope::global);
    EXPECT_EQ(scope_of_cloud("SiteLocal_%4"), Scope::site);
    EXPECT_EQ(scope_of_cloud("LinkLocal_2001:4898:28:2::/64"), Scope::link);
    for (const char* bad :
         {"", "Global", "Global_x", "global_", "LinkLocal", "LinkLocal_a b", "X_"}) {
        EXPECT_FALSE(scope_of_cloud(bad)) << bad;
    }
    EXPECT_FALSE(scope_of_cloud("LinkLocal_" + std::string(300, 'a')));
}

} // namespace
} // namespace kith::node
