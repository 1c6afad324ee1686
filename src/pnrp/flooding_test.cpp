// The waves of a new leaf set member and of a revocation (MS-PNRP 4.3, 4.4): one node's part in
// each.

#include "pnrp/flooding.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/test_stage.hpp"

#include <cstdlib>
#include <gmock/gmock.h>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::Bench;
using test::endpoint_of;
using test::secure_registration;
using testing::IsSupersetOf;
using testing::UnorderedElementsAre;

// A row of nodes around Y, which is us: -5 to 5 are B to K of the example, X lies between 0 and 1.
class FloodingTest : public testing::Test {
protected:
    FloodingTest()
        : flooding(bench.exchange, bench.cache, bench.registry),
          own(bench.add_name(secure_registration(1)).id) {}

    // Steps of 2^200 up or down the circle, and half a step more for X.
    PnrpId id_at(int step, bool is_half = false) const {
        PnrpId id = own;
        for (int i = 0; i < std::abs(step); ++i)
            id = step > 0 ? id + power_of_two(200) : id - power_of_two(200);
        return is_half ? id + power_of_two(199) : id;
    }

    static Endpoint endpoint_at(int step) {
        return endpoint_of(static_cast<unsigned>(256 * (step + 100)));
    }

    RouteEntry entry_at(int step, bool is_half = false) const {
        const Endpoint endpoint = endpoint_at(is_half ? step + 50 : step);
        return {id_at(step, is_half), endpoint.port, {endpoint.address}};
    }

    void know(const RouteEntry& entry) {
        CachedRoute route;
        route.entry = entry;
        bench.cache.insert(std::move(route));
    }

    void know_neighbours(int each_side = 5) {
        for (int step = 1; step <= each_side; ++step) {
            know(entry_at(step));
            know(entry_at(-step));
        }
    }

    std::vector<test::Heard<Flood>> floods_to(int step) {
        return bench.sent().to<Flood>(endpoint_at(step));
    }

    void spread(const Admitted& admitted) { flooding.spread(at({}), admitted); }

    Bench bench;
    Flooding flooding;
    PnrpId own;
};

TEST_F(FloodingTest, TellsTheNearestOnBothSides) { // PNRP-026, PNRP-276, PNRP-277: first wave
    know_neighbours();
    const RouteEntry x = entry_at(0, true);
    know(x);
    spread({{x, {}, std::nullopt}, {own}});
    for (const int step : {1, -1}) { // G and F
        const auto told = floods_to(step);
        ASSERT_EQ(told.size(), 1U) << step;
        EXPECT_FALSE(told[0].body.no_ack);
        EXPECT_EQ(told[0].body.validate, id_at(step));
        EXPECT_EQ(told[0].body.entry, x);
        EXPECT_THAT(
            told[0].body.already_flooded,
            UnorderedElementsAre(endpoint_at(1), endpoint_at(-1), bench.own));
        EXPECT_TRUE(bench.exchange.pending().contains(told[0].id)); // PNRP-256
    }
    // X learns who has it in a leaf set.
    const auto back = floods_to(50);
    ASSERT_EQ(back.size(), 1U);
    EXPECT_EQ(back[0].body.entry, bench.registry.entry_of(own));
    EXPECT_EQ(back[0].body.validate, x.id);
    EXPECT_EQ(bench.sent().all<Flood>().size(), 3U);
}

TEST_F(
    FloodingTest, PassesOverWhoHasSeenIt) { // PNRP-276 to PNRP-278: the second wave, as F sees it
    know_neighbours();
    const RouteEntry x = entry_at(1, true); // between our neighbours 1 (Y) and 2 (G)
    know(x);
    const Endpoint y = endpoint_at(1);
    const std::vector<Endpoint> seen{bench.own, endpoint_at(2), y};
    spread({{x, y, seen}, {own}});
    EXPECT_TRUE(floods_to(2).empty());
    for (const int step : {3, -1}) { // H and E
        ASSERT_EQ(floods_to(step).size(), 1U) << step;
        EXPECT_THAT(
            floods_to(step)[0].body.already_flooded,
            UnorderedElementsAre(bench.own, endpoint_at(2), y, endpoint_at(3), endpoint_at(-1)));
    }
    // The informant is told of us as well: it is not X.
    ASSERT_EQ(floods_to(1).size(), 1U);
    EXPECT_EQ(floods_to(1)[0].body.entry, bench.registry.entry_of(own));
    EXPECT_EQ(floods_to(1)[0].body.validate, id_at(1));
}

TEST_F(FloodingTest, TellsNobodyTwiceInASmallCloud) {
    know(entry_at(3));
    const RouteEntry x = entry_at(0, true);
    know(x);
    spread({{x, {}, std::nullopt}, {own}});
    EXPECT_EQ(floods_to(3).size(), 1U); // next above and next below
    EXPECT_EQ(bench.sent().all<Flood>().size(), 2U);
}

TEST_F(FloodingTest, AnswersTheNewcomerOnceWhenItToldOfItself) { // PNRP-278
    const RouteEntry x = entry_at(0, true);
    know(x);
    const Endpoint from{x.addresses[0], x.port};
    spread({{x, from, std::vector<Endpoint>{}}, {own}});
    EXPECT_EQ(floods_to(50).size(), 1U);
    EXPECT_EQ(bench.sent().all<Flood>().size(), 1U);
}

TEST_F(FloodingTest, RepeatsNothingToAnInformantThatNeverAnswered) {
    know_neighbours();
    const RouteEntry x = entry_at(0, true);
    know(x);
    const Endpoint informant = endpoint_of(7);
    spread({{x, informant, std::vector<Endpoint>{}}, {own}});
    ASSERT_EQ(bench.sent().to<Flood>(informant).size(), 1U);
    EXPECT_TRUE(bench.sent().to<Flood>(informant)[0].body.validate.is_zero()); // decision A20
    EXPECT_EQ(bench.exchange.pending().unrepeated(), 1U);
    bench.exchange.proven().prove(at({}), informant);
    spread({{x, informant, std::vector<Endpoint>{}}, {own}});
    EXPECT_EQ(bench.exchange.pending().unrepeated(), 1U);
}

TEST_F(FloodingTest, KeepsTheNewestOfAFullList) {
    know_neighbours();
    const RouteEntry x = entry_at(0, true);
    know(x);
    std::vector<Endpoint> seen;
    seen.reserve(kPathEndpointsMax);
    for (unsigned i = 0; i < kPathEndpointsMax; ++i)
        seen.push_back(endpoint_of(20 + i));
    spread({{x, {}, seen}, {own}});
    const auto list = floods_to(1).at(0).body.already_flooded;
    EXPECT_EQ(list.size(), kPathEndpointsMax);
    EXPECT_THAT(list, IsSupersetOf({bench.own, endpoint_at(1), endpoint_at(-1), seen[3]}));
    EXPECT_THAT(list, testing::Not(testing::Contains(seen[2])));
}

// PNRP-253, PNRP-254, PNRP-258: the figure of 4.3, seen from node 6.
TEST_F(FloodingTest, TellsBothNeighboursThatANameIsGone) {
    know_neighbours();
    const Bytes revocation(20, std::byte{1});
    flooding.revoke(at({}), own, revocation);
    for (const int step : {1, -1}) {
        ASSERT_EQ(floods_to(step).size(), 1U) << step;
        EXPECT_EQ(floods_to(step)[0].body.revoke_cpa, revocation);
        EXPECT_FALSE(floods_to(step)[0].body.no_ack);
        EXPECT_FALSE(floods_to(step)[0].body.entry);
    }
    ASSERT_EQ(floods_to(-5).size(), 1U);
    EXPECT_EQ(floods_to(-5)[0].body.entry, entry_at(1));
    ASSERT_EQ(floods_to(5).size(), 1U);
    EXPECT_EQ(floods_to(5)[0].body.entry, entry_at(-1));
    EXPECT_EQ(bench.sent().size(), 4U);
}

TEST_F(FloodingTest, PassesARevocationOnInItsDirection) { // PNRP-258, decision A21
    know_neighbours();
    const Bytes revocation(20, std::byte{1});
    const Flood received{false, own, revocation, {}, {endpoint_at(2)}};
    flooding.pass_on(at({}), id_at(2), revocation, received); // from above: on to the next below
    ASSERT_EQ(floods_to(-1).size(), 1U);
    EXPECT_EQ(floods_to(-1)[0].body.revoke_cpa, revocation);
    EXPECT_THAT(
        floods_to(-1)[0].body.already_flooded, testing::ElementsAre(endpoint_at(2), bench.own));
    flooding.pass_on(at({}), id_at(-2), revocation, received);
    EXPECT_EQ(floods_to(1).size(), 1U);
    EXPECT_EQ(bench.sent().size(), 2U);
}

TEST_F(FloodingTest, EndsARevocationWhereItHasBeen) { // PNRP-258
    know_neighbours(7);
    const Bytes revocation(20, std::byte{1});
    const Flood seen{false, own, revocation, {}, {endpoint_at(-1)}};
    flooding.pass_on(at({}), id_at(2), revocation, seen);
    EXPECT_TRUE(bench.sent().empty());
    // What was in no leaf set of ours concerns nobody beyond us.
    flooding.pass_on(at({}), id_at(7), revocation, {});
    EXPECT_TRUE(bench.sent().empty());
}

} // namespace
} // namespace kith::pnrp
