#include "pnrp/search_goal.hpp"
#include "pnrp/test_stage.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

using test::Bench;

// An id that shares exactly `bits` with 0x80...
PnrpId sharing(unsigned bits) {
    PnrpId id = Bench::id_of_byte(0x80);
    if (bits < 256) id.bytes[bits / 8] ^= static_cast<std::byte>(0x80U >> bits % 8);
    return id;
}

TEST(SearchGoal, MatchesByEachCriterion) { // PNRP-055, PNRP-056
    struct Row {
        Criteria criteria;
        unsigned stops_at;
        unsigned acceptable_from;
    };
    for (const Row& row :
         {Row{Criteria::none, 256, 256},
          Row{Criteria::any_peer_name, 128, 128},
          Row{Criteria::nearest_peer_name, 256, 128},
          Row{Criteria::nearest64_peer_name, 192, 128},
          Row{Criteria::upper_bits, 19, 19}}) {
        SearchGoal goal;
        goal.target = Bench::id_of_byte(0x80);
        goal.criteria = row.criteria;
        goal.precision = 19;
        for (const unsigned bits : {0U, 18U, 19U, 127U, 128U, 191U, 192U, 255U, 256U}) {
            EXPECT_EQ(satisfies(goal, sharing(bits)), bits >= row.stops_at) << bits;
            EXPECT_EQ(is_acceptable(goal, sharing(bits)), bits >= row.acceptable_from) << bits;
        }
    }
}

TEST(SearchGoal, OfASplitTestTakesAnybodyInTheEnd) {
    SearchGoal goal;
    goal.target = Bench::id_of_byte(0x80);
    goal.reason = Reason::split_detection;
    EXPECT_FALSE(satisfies(goal, Bench::id_of_byte(1)));
    EXPECT_TRUE(is_acceptable(goal, Bench::id_of_byte(1))); // decision A12
}

} // namespace
} // namespace kith::pnrp
