#include "pnrp/best_matches.hpp"
#include "pnrp/test_stage.hpp"

#include <gmock/gmock.h>

namespace kith::pnrp {
namespace {

using test::Bench;

class Matches : public testing::Test {
protected:
    void offer(unsigned byte) { best.offer(Hop{Bench::entry_of_byte(byte)}); }

    // What is the current one now: its byte, or nothing.
    std::optional<unsigned> current() const {
        if (!best.current()) return std::nullopt;
        return std::to_integer<unsigned>(best.current()->entry.id.bytes[0]);
    }

    BestMatches best;
};

TEST_F(Matches, GiveWayToTheOneBefore) { // PNRP-203, PNRP-207
    EXPECT_EQ(current(), std::nullopt);
    offer(1);
    offer(2);
    offer(3);
    EXPECT_EQ(current(), 3U);
    best.give_way(Bench::id_of_byte(2)); // it is not the current one
    EXPECT_EQ(current(), 3U);
    best.give_way(Bench::id_of_byte(3));
    EXPECT_EQ(current(), 2U);
    best.reject(Bench::entry_of_byte(1));
    EXPECT_EQ(current(), 2U);
    best.give_way(Bench::id_of_byte(2));
    EXPECT_EQ(current(), std::nullopt); // what was rejected takes nobody's place
}

TEST_F(Matches, AreRejectedAtTheirAddresses) {
    RouteEntry moved = Bench::entry_of_byte(1);
    best.reject(moved);
    EXPECT_TRUE(best.is_rejected(moved));
    ++moved.port;
    EXPECT_FALSE(best.is_rejected(moved));
}

TEST_F(Matches, AreTakenOffTheStack) {
    offer(1);
    offer(2);
    offer(3);
    const auto is = [](unsigned byte) {
        return [byte](const Hop& hop) { return hop.entry.id == Bench::id_of_byte(byte); };
    };
    EXPECT_TRUE(best.take(is(3))); // the current one stays
    EXPECT_EQ(current(), 3U);
    EXPECT_TRUE(best.take(is(2)));
    EXPECT_FALSE(best.take(is(2)));
    best.drop_if(is(3));
    EXPECT_EQ(current(), 1U);
}

TEST_F(Matches, AreALastResortWhereTheyWereSilent) {
    EXPECT_FALSE(best.take_silent());
    best.note_silent(Hop{Bench::entry_of_byte(1)});
    best.note_silent(Hop{Bench::entry_of_byte(2)});
    EXPECT_EQ(best.take_silent()->entry, Bench::entry_of_byte(2));
    EXPECT_EQ(best.take_silent()->entry, Bench::entry_of_byte(1));
    EXPECT_FALSE(best.take_silent());
}

TEST_F(Matches, AreNamedTheNearestLast) {
    SearchGoal goal;
    goal.criteria = Criteria::upper_bits;
    goal.precision = 1;
    goal.target = Bench::id_of_byte(0x80);
    for (const unsigned byte : {0x90U, 0x10U, 0x81U, 0x90U, 0xA0U}) // one of them twice
        best.reject(Bench::entry_of_byte(byte));
    std::vector<unsigned> bytes;
    for (const RouteEntry* entry : best.rejected_matches(goal, goal.target))
        bytes.push_back(std::to_integer<unsigned>(entry->id.bytes[0]));
    EXPECT_THAT(bytes, testing::ElementsAre(0xA0U, 0x90U, 0x81U));
}

} // namespace
} // namespace kith::pnrp
