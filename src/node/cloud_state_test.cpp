// The states that a node's cloud goes through, whom it remembers, and how two nodes of one link
// find each other.

#include "node/discovery.hpp"
#include "node/node.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/test_world.hpp"

#include <gmock/gmock.h>

namespace kith::node {
namespace {

using namespace std::chrono_literals;
using pnrp::test::secure_registration;
using testing::ElementsAre;

NodeConfig cloud_named(const char* name) {
    NodeConfig config;
    config.cloud_name = name;
    return config;
}

// Nodes on one link: multicast reaches everybody else, everything takes 5 ms.
class Link {
public:
    struct Host {
        Host(const NodeConfig& config, std::uint64_t seed, const Endpoint& at)
            : secure(seed),
              plain(seed + 1),
              node(config, secure, plain),
              endpoint(at) {}

        std::vector<CloudState> states() const {
            std::vector<CloudState> found;
            for (const Event& event : events) {
                if (const auto* changed = std::get_if<CloudStateChanged>(&event))
                    found.push_back(changed->state);
            }
            return found;
        }

        SeededSecureRandom secure;
        SeededRandom plain;
        Node node;
        Endpoint endpoint;
        std::vector<Event> events;
        bool is_up = true;
    };

    Host& add(const NodeConfig& config = cloud_named("LinkLocal_1")) {
        const std::string text = "[fe80::" + std::to_string(hosts_.size() + 1) + "]:3540";
        hosts_.push_back(
            std::make_unique<Host>(config, 10 + 2 * hosts_.size(), *parse_endpoint(text)));
        return *hosts_.back();
    }

    void open(Host& host) {
        host.node.set_endpoints(now(), std::span(&host.endpoint, 1));
        drain(host);
    }

    void publish(Host& host, unsigned number) {
        ASSERT_TRUE(host.node.publish(now(), secure_registration(number)));
        drain(host);
    }

    void drain(Host& host) {
        while (auto datagram = host.node.poll_datagram())
            flights_.emplace(instant_ + 5ms, Flight{&host, std::move(*datagram)});
        while (auto event = host.node.poll_event())
            host.events.push_back(std::move(*event));
    }

    void run(Duration span) {
        const Instant end = instant_ + span;
        for (int steps = 0; steps < 100'000; ++steps) {
            std::optional<Instant> next;
            if (!flights_.empty()) next = flights_.begin()->first;
            for (const auto& host : hosts_) {
                const auto due = host->node.next_timeout();
                if (host->is_up && due && (!next || *due < *next)) next = due;
            }
            if (!next || *next > end) break;
            instant_ = std::max(instant_, *next);
            step();
        }
        instant_ = end;
    }

    Now now() const {
        return {
            instant_,
            pnrp::test::kStartWall +
                std::chrono::duration_cast<WallClock::duration>(instant_.time_since_epoch())};
    }

    std::size_t ssdp_sent = 0;

private:
    struct Flight {
        Host* from;
        Datagram datagram;
    };

    void step() {
        while (!flights_.empty() && flights_.begin()->first <= instant_) {
            const Flight flight = std::move(flights_.begin()->second);
            flights_.erase(flights_.begin());
            arrive(flight);
        }
        for (const auto& host : hosts_) {
            const auto due = host->node.next_timeout();
            if (!host->is_up || !due || *due > instant_) continue;
            host->node.handle_timeout(now());
            drain(*host);
        }
    }

    void arrive(const Flight& flight) {
        const Datagram& datagram = flight.datagram;
        const bool is_ssdp = datagram.channel == Channel::ssdp;
        const bool is_multicast = is_ssdp && datagram.remote == ssdp_group_v6();
        if (is_ssdp) ++ssdp_sent;
        for (const auto& host : hosts_) {
            if (!host->is_up || host.get() == flight.from) continue;
            // Searches leave from port 50000 of their node, and answers come back to it.
            const bool is_addressed =
                is_multicast || (is_ssdp ? datagram.remote.address == host->endpoint.address
                                         : datagram.remote == host->endpoint);
            if (!is_addressed) continue;
            Endpoint from = flight.from->endpoint;
            if (is_ssdp) from.port = 50000;
            host->node.handle_datagram(
                now(), datagram.channel, host->endpoint, from, datagram.payload);
            drain(*host);
        }
    }

    Instant instant_{1s};
    std::vector<std::unique_ptr<Host>> hosts_;
    std::multimap<Instant, Flight> flights_;
};

TEST(CloudState, IsVirtualUntilOpenedAndAloneWithoutOthers) {
    Link link;
    Link::Host& host = link.add();
    EXPECT_EQ(host.node.status(link.now()).state, CloudState::virtual_cloud);
    host.node.set_endpoints(link.now(), {});
    link.drain(host);
    EXPECT_EQ(host.node.status(link.now()).state, CloudState::no_net);
    link.open(host);
    EXPECT_EQ(host.node.status(link.now()).state, CloudState::synchronizing);
    link.run(60s); // it goes on looking, which is no news
    EXPECT_THAT(
        host.states(),
        ElementsAre(CloudState::no_net, CloudState::synchronizing, CloudState::alone));
    EXPECT_FALSE(host.node.status(link.now()).estimated_nodes);
}

TEST(CloudState, HasNoNetWithoutAnAddressOfItsScope) {
    Link link;
    Link::Host& host = link.add(cloud_named("Global_"));
    link.open(host); // a link-local address
    EXPECT_EQ(host.node.status(link.now()).state, CloudState::no_net);
    EXPECT_EQ(
        host.node.publish(link.now(), secure_registration(1)).error(),
        pnrp::RegisterErrc::no_addresses);
}

// MS-PNRP 3.1.4.2.2, PNRP-251: by SSDP alone, without a seed.
TEST(CloudState, IsActiveWhenTwoMeetOnALink) {
    Link link;
    Link::Host& first = link.add();
    link.open(first);
    link.publish(first, 1);
    link.run(10s);
    Link::Host& second = link.add();
    link.open(second);
    link.publish(second, 2);
    link.run(2s);
    for (Link::Host* host : {&first, &second}) {
        const CloudStatus status = host->node.status(link.now());
        EXPECT_EQ(status.state, CloudState::active);
        EXPECT_EQ(status.cached, 1U);
        EXPECT_EQ(status.leaf_set, 1U);
        EXPECT_EQ(status.names, 1U);
        EXPECT_EQ(status.name, "LinkLocal_1");
        EXPECT_GT(status.estimated_nodes.value_or(0), 0);
    }
    EXPECT_TRUE(second.node.knows(first.node.names()[0].pnrp_id));
    EXPECT_THAT(second.node.remembered(link.now()), ElementsAre(first.endpoint));
    EXPECT_GE(link.ssdp_sent, 2U);
}

// However seldom it looks for others by then.
TEST(CloudState, IsActiveSoonAfterSomebodySearchesTheLink) {
    Link link;
    Link::Host& first = link.add();
    link.open(first);
    link.run(1h);
    Link::Host& second = link.add();
    link.open(second);
    link.publish(second, 2);
    link.run(15s);
    EXPECT_EQ(first.node.status(link.now()).state, CloudState::active);
}

TEST(CloudState, SearchesTheLinkSeldomWhereNobodyIs) {
    Link link;
    for (int i = 0; i < 2; ++i)
        link.open(link.add()); // neither has a name, so neither answers
    link.run(1h);
    const std::size_t sent = link.ssdp_sent;
    link.run(1h);
    EXPECT_LE(link.ssdp_sent - sent, 2 * 60U / 2); // each once in two minutes at most
}

TEST(CloudState, IsDeadWhenTheOthersAreGone) {
    Link link;
    Link::Host& first = link.add();
    link.open(first);
    link.publish(first, 1);
    Link::Host& second = link.add();
    link.open(second);
    link.publish(second, 2);
    link.run(10s);
    ASSERT_EQ(second.node.status(link.now()).state, CloudState::active);
    first.is_up = false;
    link.run(2min);
    EXPECT_THAT(second.states(), testing::Contains(CloudState::dead));
    // It goes on looking, and finds whoever comes back.
    first.is_up = true;
    link.run(4min);
    EXPECT_EQ(second.node.status(link.now()).state, CloudState::active);
}

// PNRP-253, PNRP-255, PNRP-257
TEST(CloudState, ShowsNothingOfWhoHasLeft) {
    Link link;
    Link::Host& first = link.add();
    link.open(first);
    link.publish(first, 1);
    Link::Host& second = link.add();
    link.open(second);
    link.publish(second, 2);
    link.run(10s);
    first.node.leave(link.now());
    link.drain(first);
    link.run(1s);
    EXPECT_TRUE(first.node.names().empty());
    EXPECT_EQ(second.node.status(link.now()).cached, 0U);
    // Nobody answers a search for it any more.
    Link::Host& third = link.add();
    second.is_up = false;
    const auto before = link.ssdp_sent;
    link.open(third);
    link.run(2s);
    EXPECT_EQ(link.ssdp_sent, before + 1);
}

TEST(CloudState, RemembersTheLatestFirstAndOnlySoMany) {
    Link link;
    NodeConfig config = cloud_named("LinkLocal_1");
    for (unsigned i = 0; i < kRememberedMax + 20; ++i)
        config.remembered.push_back(
            *parse_endpoint("[fe80::9:" + std::to_string(i + 1) + "]:3540"));
    Link::Host& host = link.add(config);
    link.open(host);
    EXPECT_EQ(host.node.remembered(link.now()).size(), kRememberedMax);
    EXPECT_EQ(host.node.remembered(link.now()).front(), config.remembered.front());
    link.publish(host, 1);
    Link::Host& peer = link.add();
    link.open(peer);
    link.publish(peer, 2);
    link.run(15s);
    const auto remembered = host.node.remembered(link.now());
    EXPECT_EQ(remembered.size(), kRememberedMax);
    EXPECT_EQ(remembered.front(), peer.endpoint); // who is there comes before who was
    EXPECT_EQ(remembered[1], config.remembered.front());
}

} // namespace
} // namespace kith::node
