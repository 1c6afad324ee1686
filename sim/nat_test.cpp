#include "sim/addresses.hpp"
#include "sim/nat.hpp"
#include "sim/testing/ping_core.hpp"
#include "sim/world.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <utility>
#include <vector>

namespace kith::sim {
namespace {

using namespace std::chrono_literals;

class NatTest : public ::testing::Test {
protected:
    static Nat make(NatKind kind) {
        NatConfig config;
        config.kind = kind;
        config.outside = nat_address(0);
        return Nat(config);
    }

    Endpoint inside = private_endpoint_of(host_id(1));
    Endpoint peer = v4_endpoint_of(host_id(2));
    Endpoint same_address = v4_endpoint_of(host_id(2), 4000);
    Endpoint stranger = v4_endpoint_of(host_id(3));
    Instant now = kStart;
};

TEST_F(NatTest, kinds_are_called_by_their_names) {
    for (std::size_t i = 0; i < kNatKinds; ++i) {
        const auto kind = static_cast<NatKind>(i);
        EXPECT_EQ(find_nat_kind(to_string(kind)), kind);
    }
    EXPECT_EQ(find_nat_kind("cone"), std::nullopt);
}

TEST_F(NatTest, only_a_symmetric_one_shows_each_peer_another_endpoint) {
    for (const NatKind kind :
         {NatKind::full_cone, NatKind::address_restricted, NatKind::port_restricted}) {
        Nat nat = make(kind);
        const auto shown = nat.leave(now, inside, peer);
        ASSERT_TRUE(shown);
        EXPECT_EQ(shown->address, nat_address(0));
        EXPECT_NE(shown->port, inside.port);
        EXPECT_EQ(nat.leave(now, inside, stranger), shown);
    }
    Nat symmetric = make(NatKind::symmetric);
    const auto shown = symmetric.leave(now, inside, peer);
    EXPECT_NE(symmetric.leave(now, inside, same_address), shown);
    EXPECT_EQ(symmetric.leave(now, inside, peer), shown);
}

TEST_F(NatTest, each_kind_lets_in_whom_its_name_says) {
    const auto lets_in = [&](NatKind kind) {
        Nat nat = make(kind);
        const auto shown = nat.leave(now, inside, peer);
        std::vector<bool> out;
        for (const Endpoint& from : {peer, same_address, stranger})
            out.push_back(nat.enter(now, from, *shown) == inside);
        return out;
    };
    EXPECT_EQ(lets_in(NatKind::full_cone), (std::vector{true, true, true}));
    EXPECT_EQ(lets_in(NatKind::address_restricted), (std::vector{true, true, false}));
    EXPECT_EQ(lets_in(NatKind::port_restricted), (std::vector{true, false, false}));
    EXPECT_EQ(lets_in(NatKind::symmetric), (std::vector{true, false, false}));
}

TEST_F(NatTest, a_mapping_lives_for_as_long_as_something_leaves_through_it) {
    Nat nat = make(NatKind::full_cone);
    const auto shown = nat.leave(now, inside, peer);
    now += 100s;
    EXPECT_EQ(nat.leave(now, inside, peer), shown);
    now += 119s;
    EXPECT_EQ(nat.enter(now, stranger, *shown), inside); // which keeps nothing alive
    now += 2s;
    EXPECT_EQ(nat.enter(now, stranger, *shown), std::nullopt);
    EXPECT_NE(nat.leave(now, inside, peer), shown);
}

TEST_F(NatTest, a_permission_ends_in_silence_though_the_mapping_lives) {
    Nat nat = make(NatKind::port_restricted);
    const auto shown = nat.leave(now, inside, peer);
    for (int i = 0; i < 3; ++i) {
        now += 50s;
        nat.leave(now, inside, stranger);
    }
    EXPECT_EQ(nat.enter(now, stranger, *shown), inside);
    EXPECT_EQ(nat.enter(now, peer, *shown), std::nullopt);
}

TEST_F(NatTest, is_bounded) {
    NatConfig config;
    config.kind = NatKind::symmetric;
    config.outside = nat_address(0);
    config.mappings_max = 2;
    Nat nat(config);
    EXPECT_TRUE(nat.leave(now, inside, peer));
    EXPECT_TRUE(nat.leave(now, inside, same_address));
    EXPECT_FALSE(nat.leave(now, inside, stranger));
    EXPECT_EQ(nat.mappings(), 2U);
    EXPECT_TRUE(nat.leave(now + 121s, inside, stranger));
}

TEST_F(NatTest, a_forwarded_port_is_open_to_everybody_and_stays) {
    Nat nat = make(NatKind::symmetric);
    const auto shown = nat.forward(now, inside);
    ASSERT_TRUE(shown);
    now += 1h;
    EXPECT_EQ(nat.enter(now, stranger, *shown), inside);
    EXPECT_EQ(nat.leave(now, inside, peer), shown);
    EXPECT_EQ(nat.enter(now, stranger, {nat_address(1), shown->port}), std::nullopt);
}

// In the world -----------------------------------------------------------------------------------

class NatSink final : public EventSink {
public:
    Complaint handle_event(Instant, HostId, const node::Event&) override { return std::nullopt; }
};

// Host 0 asks `peer` once a second; what comes of that after ten of them.
class Home {
public:
    explicit Home(NatKind kind, bool has_hairpin = false) : world_(config(), sink_) {
        NatConfig nat;
        nat.kind = kind;
        nat.outside = nat_address(0);
        nat.has_hairpin = has_hairpin;
        nat_ = world_.add_nat(nat);
        add(private_endpoint_of(host_id(0)), nat_);
        add(private_endpoint_of(host_id(1)), nat_);
        add(v4_endpoint_of(host_id(2)), std::nullopt);
        add(v4_endpoint_of(host_id(3)), std::nullopt);
    }

    void add(const Endpoint& endpoint, std::optional<NatId> nat) {
        HostConfig host;
        host.endpoints = {endpoint};
        host.nat = nat;
        world_.add_host(host);
        own_.push_back(endpoint);
    }

    testing::PingCore& boot(std::size_t index, std::optional<Endpoint> peer = std::nullopt) {
        testing::PingCore::Setup setup;
        setup.own = own_[index];
        setup.peer = peer;
        auto core = std::make_unique<testing::PingCore>(setup);
        testing::PingCore& out = *core;
        world_.boot(host_id(index), std::move(core));
        if (peer) out.start(world_.now());
        world_.drain(host_id(index));
        return out;
    }

    World& world() { return world_; }
    Nat& nat() { return world_.nat(nat_); }
    const Endpoint& own(std::size_t index) const { return own_[index]; }
    std::uint64_t stopped() const {
        return world_.traffic().lost[static_cast<std::size_t>(Loss::translator)];
    }

private:
    static WorldConfig config() {
        WorldConfig config;
        config.link.loss = 0;
        return config;
    }

    NatSink sink_;
    World world_;
    NatId nat_{};
    std::vector<Endpoint> own_;
};

TEST(NatWorld, a_host_behind_one_is_answered) {
    Home home(NatKind::symmetric);
    home.boot(2);
    const auto& asker = home.boot(0, home.own(2));
    ASSERT_TRUE(home.world().run_for(10s + 900ms));
    EXPECT_EQ(asker.answered(), 11U);
    EXPECT_EQ(home.stopped(), 0U);
}

TEST(NatWorld, a_stranger_reaches_a_full_cone_only) {
    for (const NatKind kind : {NatKind::full_cone, NatKind::address_restricted}) {
        Home home(kind);
        home.boot(2);
        home.boot(0, home.own(2));
        ASSERT_TRUE(home.world().run_for(3s));
        const auto outside = home.nat().leave(home.world().now(), home.own(0), home.own(2));
        const auto& stranger = home.boot(3, outside);
        ASSERT_TRUE(home.world().run_for(3s));
        EXPECT_EQ(stranger.answered() > 0, kind == NatKind::full_cone);
        EXPECT_EQ(home.stopped() > 0, kind != NatKind::full_cone);
    }
}

TEST(NatWorld, an_inside_address_means_nothing_outside) {
    Home home(NatKind::full_cone);
    home.boot(0);
    const auto& stranger = home.boot(3, v4_endpoint_of(host_id(2)));
    ASSERT_TRUE(home.world().run_for(1s));
    EXPECT_EQ(stranger.answered(), 0U); // nobody has been switched on there
    Forgery forgery;
    forgery.source = home.own(3);
    forgery.destination = home.own(0);
    forgery.payload = testing::make_message(4, 68);
    const auto before = home.world().traffic().delivered;
    home.world().inject(forgery);
    ASSERT_TRUE(home.world().run_for(100ms));
    EXPECT_EQ(home.world().traffic().delivered, before);
}

TEST(NatWorld, hosts_of_one_home_meet_outside_only_with_a_hairpin) {
    for (const bool has_hairpin : {false, true}) {
        Home home(NatKind::full_cone, has_hairpin);
        home.boot(1);
        const auto outside = home.nat().leave(home.world().now(), home.own(1), home.own(2));
        const auto& asker = home.boot(0, outside);
        ASSERT_TRUE(home.world().run_for(3s + 900ms));
        EXPECT_EQ(asker.answered(), has_hairpin ? 4U : 0U);
    }
}

} // namespace
} // namespace kith::sim
