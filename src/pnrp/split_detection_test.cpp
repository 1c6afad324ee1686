// Whether a cloud is whole (docs/protocol/pnrp.md, Maintenance, Split detection).

#include "pnrp/limits.hpp"
#include "pnrp/split_detection.hpp"
#include "pnrp/test_stage.hpp"

#include <gmock/gmock.h>
#include <map>
#include <set>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::Bench;
using test::endpoint_of;
using test::secure_registration;
using test::World;

const Endpoint kSeed = endpoint_of(256 * 240);

class SplitDetectionTest : public testing::Test {
protected:
    PnrpId add_name(unsigned number) { return bench.add_name(secure_registration(number)).id; }

    // An entry `steps` times 2^200 above the own id.
    RouteEntry beyond(const PnrpId& own, unsigned steps) {
        RouteEntry entry = Bench::entry_of_byte(steps);
        entry.id = own;
        for (unsigned i = 0; i < steps; ++i)
            entry.id = entry.id + power_of_two(200);
        return entry;
    }

    RouteEntry know(const RouteEntry& entry) {
        CachedRoute route;
        route.entry = entry;
        bench.cache.insert(std::move(route));
        return entry;
    }

    static SearchResult met(const RouteEntry& entry) {
        SearchResult result{SearchResult::Kind::found};
        result.entry = entry;
        return result;
    }

    // One test of one id that leads to `entry`.
    std::optional<SplitVerdict> verdict_on(const PnrpId& own, const RouteEntry& entry) {
        detection.start(kSeed);
        KITH_CHECK(detection.poll_test(at({}))->own_id == own);
        detection.handle_done(own, met(entry));
        return detection.verdict();
    }

    Bench bench;
    SplitDetection detection{bench.exchange, bench.cache, bench.registry};
};

TEST_F(SplitDetectionTest, SearchesForANeighbourFromTheSeed) { // PNRP-285
    const PnrpId own = add_name(1);
    know(beyond(own, 3));
    detection.start(kSeed);
    const auto test = detection.poll_test(at({}));
    ASSERT_TRUE(test);
    EXPECT_EQ(test->own_id, own);
    EXPECT_EQ(test->goal.target, successor(own));
    EXPECT_EQ(test->goal.criteria, Criteria::none);
    EXPECT_EQ(test->goal.reason, Reason::split_detection);
    EXPECT_EQ(test->goal.initial_hop, kSeed);
    EXPECT_FALSE(test->goal.initial_best);
    detection.start(kSeed); // one at a time
    EXPECT_FALSE(detection.poll_test(at({})));
}

TEST_F(SplitDetectionTest, TestsAnyOfTheOwnIds) { // PNRP-285
    std::set<PnrpId> tested;
    add_name(1);
    know(beyond(add_name(2), 3));
    for (int i = 0; i < 30; ++i) {
        detection.start(kSeed);
        tested.insert(detection.poll_test(at({}))->own_id);
        detection.handle_done(*tested.begin(), {});
        detection.handle_done(*tested.rbegin(), {});
    }
    EXPECT_EQ(tested.size(), 2U);
}

TEST_F(SplitDetectionTest, TestsNothingWithoutSomethingToCompare) {
    detection.start(kSeed);
    EXPECT_FALSE(detection.poll_test(at({}))); // no own id
    const PnrpId own = add_name(1);
    detection.start(kSeed);
    EXPECT_FALSE(detection.poll_test(at({}))); // nobody cached
    know(beyond(own, 3));
    detection.start(bench.own); // a seed does not ask itself
    EXPECT_FALSE(detection.poll_test(at({})));
    detection.start(*parse_endpoint("[fe80::1]:3540")); // of another scope
    EXPECT_FALSE(detection.poll_test(at({})));
    detection.start(kSeed);
    EXPECT_TRUE(detection.poll_test(at({})));
}

TEST_F(SplitDetectionTest, IsWholeWhereTheSeedLeadsToOurNeighbour) { // PNRP-286
    const PnrpId own = add_name(1);
    const RouteEntry neighbour = know(beyond(own, 3));
    know(beyond(own, 5));
    EXPECT_EQ(verdict_on(own, neighbour), SplitVerdict::whole);
}

TEST_F(SplitDetectionTest, IsInTheBiggerPartWhereOurNeighbourIsNearer) { // PNRP-287, PNRP-288
    const PnrpId own = add_name(1);
    know(beyond(own, 3));
    const RouteEntry cached = know(beyond(own, 5));
    EXPECT_EQ(verdict_on(own, cached), SplitVerdict::bigger_part);
    EXPECT_EQ(verdict_on(own, beyond(own, 4)), SplitVerdict::bigger_part); // not cached
}

TEST_F(SplitDetectionTest, IsInTheSmallerPartWhereTheSeedKnowsANearerOne) { // PNRP-288
    const PnrpId own = add_name(1);
    know(beyond(own, 3));
    EXPECT_EQ(verdict_on(own, beyond(own, 2)), SplitVerdict::smaller_part);
}

// Whom the search meets is cached before it ends: that must not hide the split.
TEST_F(SplitDetectionTest, ComparesWithWhatWasKnownBefore) {
    const PnrpId own = add_name(1);
    know(beyond(own, 3));
    detection.start(kSeed);
    ASSERT_TRUE(detection.poll_test(at({})));
    const RouteEntry nearer = know(beyond(own, 2));
    detection.handle_done(own, met(nearer));
    EXPECT_EQ(detection.verdict(), SplitVerdict::smaller_part);
    // And who has gone in the meantime is no neighbour any more.
    detection.start(kSeed);
    ASSERT_TRUE(detection.poll_test(at({})));
    bench.cache.erase(nearer.id);
    detection.handle_done(own, met(beyond(own, 3)));
    EXPECT_EQ(detection.verdict(), SplitVerdict::whole);
}

TEST_F(SplitDetectionTest, TestsTheOtherIdsInTheSmallerPart) { // PNRP-289
    for (unsigned i = 1; i <= 3; ++i)
        know(beyond(add_name(i), 3));
    detection.start(kSeed);
    const PnrpId first = detection.poll_test(at({}))->own_id;
    detection.handle_done(first, met(beyond(first, 1)));
    std::set<PnrpId> tested{first};
    for (int i = 0; i < 2; ++i) {
        const auto next = detection.poll_test(at({}));
        ASSERT_TRUE(next);
        EXPECT_EQ(next->goal.initial_hop, kSeed);
        tested.insert(next->own_id);
        detection.handle_done(next->own_id, met(beyond(next->own_id, 1)));
    }
    EXPECT_EQ(tested.size(), 3U);
    EXPECT_FALSE(detection.poll_test(at({}))); // each once
    // In the bigger part one is enough.
    detection.start(kSeed);
    const PnrpId again = detection.poll_test(at({}))->own_id;
    detection.handle_done(again, met(beyond(again, 9)));
    EXPECT_FALSE(detection.poll_test(at({})));
}

TEST_F(SplitDetectionTest, SaysNothingWhenNobodyAnswers) {
    const PnrpId own = add_name(1);
    know(beyond(own, 3));
    detection.start(kSeed);
    ASSERT_TRUE(detection.poll_test(at({})));
    detection.handle_done(own, {SearchResult::Kind::not_found});
    EXPECT_FALSE(detection.verdict());
    detection.start(kSeed); // and the next test may begin
    EXPECT_TRUE(detection.poll_test(at({})));
}

// PNRP-283: two clouds that never heard of each other become one by the tests alone.
TEST(SplitDetection, MergesTwoClouds) {
    World world;
    constexpr unsigned kHalf = 8;
    std::map<Endpoint, unsigned> part;
    bool is_cut = true;
    world.is_lost = [&](const Endpoint& from, const Datagram& datagram) {
        return is_cut && part[from] != part[datagram.remote];
    };
    for (unsigned i = 0; i < 2 * kHalf; ++i) {
        World::Node& node = world.add();
        part[node.endpoint] = i / kHalf;
        ASSERT_TRUE(node.cloud.register_name(world.now(), secure_registration(i)));
        const auto& first = *world.nodes()[i / kHalf * kHalf];
        if (first.endpoint != node.endpoint) node.cloud.synchronize(world.now(), first.endpoint);
        world.drain(node);
        world.run(2s);
    }
    world.run(60s);
    is_cut = false;
    world.run(60s);
    const auto asks = [&](unsigned from, unsigned target) {
        World::Node& node = *world.nodes()[from];
        ResolveQuery query{.name = secure_registration(target).name};
        const auto id = node.cloud.start_resolve(world.now(), query);
        world.drain(node);
        world.run_until(11s, [&] { return test::find_done(node, *id) != nullptr; });
        return test::find_done(node, *id)->outcome.has_value();
    };
    EXPECT_FALSE(asks(2, kHalf + 3)); // nothing else brings them together
    EXPECT_FALSE(asks(kHalf + 3, 2));
    unsigned split = 0;
    for (unsigned i = kHalf; i < 2 * kHalf; ++i) {
        World::Node& node = *world.nodes()[i];
        node.cloud.test_for_split(world.now(), world.nodes()[0]->endpoint);
        world.drain(node);
        world.run(5s);
        if (node.cloud.split_verdict().value_or(SplitVerdict::whole) != SplitVerdict::whole)
            ++split;
    }
    EXPECT_GT(split, 0U);
    for (unsigned from = 0; from < 2 * kHalf; ++from) {
        for (unsigned target = 0; target < 2 * kHalf; ++target)
            EXPECT_TRUE(asks(from, target)) << from << " -> " << target;
    }
    // What was two is whole now.
    World::Node& last = *world.nodes().back();
    last.cloud.test_for_split(world.now(), world.nodes()[0]->endpoint);
    world.drain(last);
    world.run(5s);
    EXPECT_EQ(last.cloud.split_verdict(), SplitVerdict::whole);
}

} // namespace
} // namespace kith::pnrp
