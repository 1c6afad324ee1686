// Graphs of one name where one end has published rules and the other one modern ones, and members
// that have nothing.

#include "graph/graph.hpp"
#include "graph/limits.hpp"
#include "graph/test_world.hpp"

#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>
#include <string>

namespace kith::graph {
namespace {

using namespace std::chrono_literals;

GraphConfig of_rules(const std::string& peer_id, store::Rules rules) {
    GraphConfig config = World::config(peer_id);
    config.rules = rules;
    return config;
}

Peer& found_with(World& world, store::Rules rules) {
    Peer& peer = world.add(of_rules("peer 0", rules));
    EXPECT_TRUE(peer.graph.create(world.now(), {}));
    world.listen(peer);
    for (int i = 0; i < 50; ++i)
        EXPECT_TRUE(peer.graph.add(world.now(), note(std::string(2000, 'x'), 24h)));
    return peer;
}

std::size_t connections(const Peer& peer) {
    return static_cast<std::size_t>(
        std::ranges::count_if(peer.told<ConnectionChanged>(), [](const ConnectionChanged& it) {
            return it.status == ConnectionStatus::connected;
        }));
}

std::size_t ended_by_rules(const Peer& peer) {
    return static_cast<std::size_t>(
        std::ranges::count_if(peer.told<ConnectionChanged>(), [](const ConnectionChanged& it) {
            return it.status == ConnectionStatus::disconnected &&
                   it.reason == FailureReason::other_rules;
        }));
}

class OtherRules : public testing::TestWithParam<store::Rules> {
protected:
    static store::Rules other() {
        return GetParam() == store::Rules::modern ? store::Rules::published : store::Rules::modern;
    }
};

TEST_P(OtherRules, are_recognised_by_the_first_record_and_asked_for_ever_more_seldom) {
    World world;
    const Peer& founder = found_with(world, GetParam());
    Peer& joiner = world.add(of_rules("peer 1", other()));
    world.open(joiner, founder);
    world.run(1s);
    EXPECT_FALSE(joiner.graph.status().is_synchronized);
    EXPECT_EQ(connections(joiner), 1U);
    EXPECT_EQ(ended_by_rules(joiner), 1U);
    EXPECT_EQ(drops(joiner, DropReason::other_rules), 1U);
    EXPECT_EQ(drops(joiner, DropReason::bad_record), 0U);
    world.run(1h);
    // 15 s, 30 s and so on up to an hour: never everything, and never every few seconds.
    EXPECT_LE(connections(joiner), 10U);
    EXPECT_GE(connections(joiner), 4U);
    EXPECT_EQ(ended_by_rules(joiner), connections(joiner));
    EXPECT_LT(founder.graph.counters().floods_sent, 3 * connections(joiner));
    world.run(3h);
    EXPECT_LE(connections(joiner), 13U);
}

TEST_P(OtherRules, are_asked_for_again_by_hand) {
    World world;
    const Peer& founder = found_with(world, GetParam());
    Peer& joiner = world.add(of_rules("peer 1", other()));
    world.open(joiner, founder);
    world.run(1s);
    ASSERT_TRUE(joiner.graph.connect(world.now(), World::address(founder.index), std::nullopt));
    world.run(1s);
    EXPECT_EQ(ended_by_rules(joiner), 2U);
}

TEST_P(OtherRules, part_two_founders_of_one_name) {
    World world;
    found_with(world, GetParam());
    Peer& second = world.add(of_rules("peer 1", other()));
    ASSERT_TRUE(second.graph.create(world.now(), {}));
    world.listen(second);
    for (int i = 0; i < 50; ++i)
        ASSERT_TRUE(second.graph.add(world.now(), note("mine", 24h)));
    ASSERT_TRUE(second.graph.connect(world.now(), World::address(0), std::nullopt));
    world.run(1h);
    EXPECT_TRUE(second.graph.status().is_synchronized);
    EXPECT_EQ(second.graph.status().has_neighbours, false);
    EXPECT_GE(connections(second), 1U);
    EXPECT_LE(connections(second), 20U);
    EXPECT_EQ(live(second, kNotes).size(), 50U);
}

INSTANTIATE_TEST_SUITE_P(
    Both, OtherRules, testing::Values(store::Rules::modern, store::Rules::published));

// A member that has not even the graph's properties is asked for everything, and ever more seldom.
TEST(BarrenNeighbour, is_asked_ever_more_seldom) {
    World world;
    Peer& hollow = world.add(World::config("peer 0"));
    ASSERT_TRUE(hollow.store.set_property("synchronized", Bytes(8)));
    ASSERT_TRUE(hollow.graph.open(world.now()));
    world.listen(hollow);
    Peer& joiner = world.join(hollow);
    world.run(1h);
    EXPECT_FALSE(joiner.graph.status().is_synchronized);
    EXPECT_GE(connections(joiner), 4U);
    EXPECT_LE(connections(joiner), 10U);
    EXPECT_EQ(drops(joiner, DropReason::stale_sync), connections(joiner));
}

} // namespace
} // namespace kith::graph
