#include "sim/addresses.hpp"
#include "sim/testing/ping_core.hpp"
#include "sim/world.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kith::sim {
namespace {

using namespace std::chrono_literals;
using testing::Fault;
using testing::PingCore;

class DeafSink final : public EventSink {
public:
    Complaint handle_event(Instant, HostId, const node::Event&) override { return std::nullopt; }
};

// Two hosts: the first asks the second every second.
class PingWorld {
public:
    explicit PingWorld(
        const WorldConfig& config, Fault asker = Fault::none, Fault other = Fault::none)
        : world_(config, sink_) {
        for (std::size_t i = 0; i < 2; ++i) {
            HostConfig host;
            host.endpoints = {endpoint_of(Scope::global, host_id(i))};
            host.link_group = 1;
            world_.add_host(host);
        }
        boot(1, other);
        boot(0, asker);
    }

    void boot(std::size_t index, Fault fault = Fault::none) {
        PingCore::Setup setup;
        setup.own = endpoint_of(Scope::global, host_id(index));
        setup.seed = index;
        setup.fault = fault;
        if (index == 0) setup.peer = endpoint_of(Scope::global, host_id(1));
        auto core = std::make_unique<PingCore>(setup);
        cores_[index] = core.get();
        world_.boot(host_id(index), std::move(core));
        if (index == 0) cores_[index]->start(world_.now());
        world_.drain(host_id(index));
    }

    World& world() { return world_; }
    PingCore& core(std::size_t index) { return *cores_[index]; }

    std::string complaint() {
        const auto& breach = world_.breach();
        return breach ? breach->what : "none";
    }

private:
    DeafSink sink_;
    World world_;
    PingCore* cores_[2] = {};
};

WorldConfig quiet() {
    WorldConfig config;
    config.link.loss = 0;
    return config;
}

TEST(World, carries_questions_and_answers_in_virtual_time) {
    PingWorld ping(quiet());
    ASSERT_TRUE(ping.world().run_for(10s + 999ms));
    EXPECT_EQ(ping.core(1).asked(), 11U); // at 0 s, 1 s ... 10 s
    EXPECT_EQ(ping.core(0).answered(), 11U);
    const Duration one_way = ping.world().link().base_delay(host_id(0), host_id(1));
    const Duration first = ping.core(1).heard().front() - kStart;
    EXPECT_GE(first, one_way);
    EXPECT_LE(first, 2 * one_way);
    EXPECT_EQ(ping.world().traffic().datagrams, 22U);
    EXPECT_EQ(ping.world().traffic().bytes, 11U * 400);
}

TEST(World, repeats_itself_from_the_seed_and_only_from_the_seed) {
    WorldConfig config;
    config.link.loss = 0.1;
    config.link.duplication = 0.1;
    config.link.reordering = 0.1;
    const auto trace = [&](std::uint64_t seed) {
        config.seed = seed;
        PingWorld ping(config);
        EXPECT_TRUE(ping.world().run_for(5min));
        return ping.world().trace_hash();
    };
    EXPECT_EQ(trace(7), trace(7));
    EXPECT_NE(trace(7), trace(8));
}

TEST(World, a_halted_host_neither_hears_nor_speaks_and_comes_back) {
    PingWorld ping(quiet());
    ASSERT_TRUE(ping.world().run_for(10s));
    ping.world().halt(host_id(1));
    ASSERT_TRUE(ping.world().run_for(10s));
    const auto lost = ping.world().traffic().lost[static_cast<std::size_t>(Loss::host_down)];
    EXPECT_GE(lost, 9U);
    const unsigned answered = ping.core(0).answered();
    ping.boot(1);
    ASSERT_TRUE(ping.world().run_for(10s));
    EXPECT_GE(ping.core(0).answered(), answered + 9);
}

TEST(World, a_timer_of_a_former_core_does_not_fire_for_its_successor) {
    PingWorld ping(quiet());
    ASSERT_TRUE(ping.world().run_for(500ms));
    ping.world().halt(host_id(0));
    ping.boot(0); // asks at 0.5 s, 1.5 s ...: at 1.0 s nothing is due
    const auto steps = ping.world().steps();
    ASSERT_TRUE(ping.world().run_until(kStart + 1s));
    EXPECT_LE(ping.world().steps(), steps + 3); // its own timeout, the question, the answer
    EXPECT_EQ(ping.core(1).asked(), 2U);
}

TEST(World, a_one_way_cut_stops_answers_only) {
    PingWorld ping(quiet());
    ping.world().partition().put(host_id(1), 1);
    ping.world().partition().cut_one_way(1, 0);
    ASSERT_TRUE(ping.world().run_for(5500ms));
    EXPECT_EQ(ping.core(1).asked(), 6U);
    EXPECT_EQ(ping.core(0).answered(), 0U);
    ping.world().partition().heal();
    ASSERT_TRUE(ping.world().run_for(5s));
    EXPECT_EQ(ping.core(0).answered(), 5U);
}

TEST(World, a_moved_host_is_at_its_new_address_only) {
    PingWorld ping(quiet());
    ASSERT_TRUE(ping.world().run_for(2500ms));
    const unsigned asked = ping.core(1).asked();
    ping.world().move(host_id(1), {moved_endpoint_of(Scope::global, host_id(1))});
    ASSERT_TRUE(ping.world().run_for(5s));
    EXPECT_EQ(ping.core(1).asked(), asked);
    Forgery forgery;
    forgery.source = endpoint_of(Scope::global, host_id(0));
    forgery.destination = moved_endpoint_of(Scope::global, host_id(1));
    forgery.payload = testing::make_message(11, 100);
    ping.world().inject(std::move(forgery));
    ASSERT_TRUE(ping.world().run_for(1s));
    EXPECT_EQ(ping.core(1).asked(), asked + 1);
}

class Saboteur final : public Tap {
public:
    TapVerdict pass(const Passage& passage, std::vector<Forgery>& forgeries) override {
        ++seen;
        if (passage.from == host_id(1)) return TapVerdict::swallowed;
        forgeries.push_back(
            {passage.channel, passage.source, passage.destination, passage.payload, 1ms});
        return TapVerdict::passes;
    }

    unsigned seen = 0;
};

TEST(World, a_tap_sees_swallows_and_forges) {
    PingWorld ping(quiet());
    Saboteur saboteur;
    ping.world().set_tap(&saboteur);
    ASSERT_TRUE(ping.world().run_for(4500ms));
    EXPECT_EQ(ping.core(1).asked(), 10U); // each twice
    EXPECT_EQ(ping.core(0).answered(), 0U);
    EXPECT_EQ(saboteur.seen, 15U); // five questions, ten answers; not its own forgeries
    EXPECT_EQ(ping.world().traffic().forged, 5U);
}

TEST(World, multicast_reaches_the_link_and_not_its_sender) {
    DeafSink sink;
    World world(quiet(), sink);
    std::vector<PingCore*> cores;
    for (std::size_t i = 0; i < 4; ++i) {
        HostConfig config;
        config.endpoints = {endpoint_of(Scope::global, host_id(i))};
        config.link_group = i == 3 ? 2 : 1;
        const HostId id = world.add_host(config);
        PingCore::Setup setup;
        setup.own = config.endpoints.front();
        if (i == 0) setup.peer = Endpoint{parse_address("ff02::c").value_or(Address{}), 1900};
        auto core = std::make_unique<PingCore>(setup);
        cores.push_back(core.get());
        world.boot(id, std::move(core));
    }
    // The contract forbids multicast on the channel of messages: a forger is not bound by it.
    class ToSsdp final : public Core {
    public:
        void handle_datagram(Now, const Arrival&) override {}
        void handle_timeout(Now) override {}
        std::optional<node::Datagram> poll_datagram() override { return std::exchange(out, {}); }
        std::optional<node::Event> poll_event() override { return std::nullopt; }
        std::optional<Instant> next_timeout() const override { return std::nullopt; }
        std::size_t state_bytes(Now) const override { return 0; }
        std::optional<node::Datagram> out;
    };
    world.halt(host_id(0));
    auto searcher = std::make_unique<ToSsdp>();
    searcher->out = node::Datagram{
        node::Channel::ssdp,
        {},
        Endpoint{parse_address("ff02::c").value_or(Address{}), 1900},
        Bytes(20)};
    world.boot(host_id(0), std::move(searcher));
    world.drain(host_id(0));
    ASSERT_TRUE(world.run_for(10s));
    EXPECT_EQ(cores[1]->heard().size(), 1U);
    EXPECT_EQ(cores[2]->heard().size(), 1U);
    EXPECT_EQ(cores[3]->heard().size(), 0U);
}

struct Planted {
    Fault fault;
    const char* complaint;
};

class PlantedFault : public ::testing::TestWithParam<Planted> {};

// Every rule of the contract is broken once, and each is seen.
TEST_P(PlantedFault, is_caught) {
    PingWorld ping(quiet(), GetParam().fault, GetParam().fault);
    EXPECT_FALSE(ping.world().run_for(2min));
    EXPECT_NE(ping.complaint().find(GetParam().complaint), std::string::npos) << ping.complaint();
    const Instant stopped = ping.world().now();
    EXPECT_FALSE(ping.world().run_for(1s)); // time stands still after a breach
    EXPECT_EQ(ping.world().now(), stopped);
}

INSTANTIATE_TEST_SUITE_P(
    World,
    PlantedFault,
    ::testing::Values(
        Planted{Fault::hides_output, "had more to say after it was drained"},
        Planted{Fault::repeats_timeout, "asks for a timeout that it has just been given"},
        Planted{Fault::endless_datagrams, "sends without end"},
        Planted{Fault::empty_datagram, "an empty datagram"},
        Planted{Fault::oversized_datagram, "a datagram of 1217 bytes"},
        Planted{Fault::talks_to_itself, "a datagram to itself"},
        Planted{Fault::leaves_scope, "outside the cloud's scope"},
        Planted{Fault::reserved_port, "to the reserved port"},
        Planted{Fault::borrows_source, "not its own"},
        Planted{Fault::amplifies, "400 bytes of answer to a message 11 of 100 bytes"},
        Planted{Fault::amplifies_piecemeal, "400 bytes of answer to a message 11 of 100 bytes"},
        Planted{Fault::hoards, "bytes of state"}));

} // namespace
} // namespace kith::sim
