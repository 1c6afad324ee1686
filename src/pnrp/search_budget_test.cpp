// How far a search goes; search_test.cpp shows the same on whole walks.

#include "pnrp/search_budget.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

TEST(SearchBudget, LastsForTwentyTwoUsefulHops) { // PNRP-174
    SearchBudget budget;
    for (unsigned i = 0; i < kUsefulHopsMax; ++i)
        budget.note_useful();
    EXPECT_FALSE(budget.is_used_up());
    budget.note_useful();
    EXPECT_TRUE(budget.is_used_up());
    EXPECT_FALSE(budget.is_worn_out()); // whom it found may still be asked for those beside him
}

TEST(SearchBudget, LastsForSixSuspiciousHops) { // PNRP-174
    SearchBudget budget;
    for (unsigned i = 0; i < kSuspiciousMax; ++i)
        budget.note_suspicious();
    EXPECT_FALSE(budget.is_used_up());
    budget.note_suspicious();
    EXPECT_TRUE(budget.is_used_up());
}

TEST(SearchBudget, LastsForSixteenSilentHops) {
    SearchBudget budget;
    for (unsigned i = 1; i < kDeadHopsMax; ++i)
        budget.note_dead();
    EXPECT_FALSE(budget.is_used_up());
    budget.note_dead();
    EXPECT_TRUE(budget.is_used_up() && budget.is_worn_out() && budget.has_met_the_dead());
    EXPECT_FALSE(budget.take_widening());
    EXPECT_FALSE(budget.take_restart());
}

TEST(SearchBudget, GrowsByWhatIsNotTheFaultOfTheHonest) {
    SearchBudget budget;
    budget.note_lie();
    budget.note_passed_over();
    for (unsigned i = 0; i < kUsefulHopsMax + kHopsPerLie + 1; ++i)
        budget.note_useful();
    EXPECT_FALSE(budget.is_used_up());
    budget.note_useful();
    EXPECT_TRUE(budget.is_used_up());
}

TEST(SearchBudget, IsWornOutByLiars) {
    SearchBudget budget;
    for (unsigned i = 0; i < kLiesMax; ++i)
        budget.note_lie();
    EXPECT_FALSE(budget.is_worn_out());
    budget.note_lie();
    EXPECT_TRUE(budget.is_worn_out());
}

TEST(SearchBudget, MeetsFalsehoodInALieOrInTooManyOfANetwork) {
    SearchBudget lied_to;
    EXPECT_FALSE(lied_to.met_falsehood());
    lied_to.note_lie();
    EXPECT_TRUE(lied_to.met_falsehood());
    SearchBudget crowded;
    for (unsigned i = 1; i < kPassedOverSuspicious; ++i)
        crowded.note_passed_over();
    EXPECT_FALSE(crowded.met_falsehood());
    crowded.note_passed_over();
    EXPECT_TRUE(crowded.met_falsehood());
}

TEST(SearchBudget, WidensThreeTimesWhereItHasReasonTo) {
    SearchBudget budget;
    EXPECT_FALSE(budget.take_widening());
    budget.note_late();
    for (unsigned i = 0; i < kWideningsMax; ++i)
        EXPECT_TRUE(budget.take_widening()) << i;
    EXPECT_FALSE(budget.take_widening());
}

TEST(SearchBudget, BeginsAgainOnceAfterSilenceAndTwiceAmongLies) {
    SearchBudget budget;
    EXPECT_FALSE(budget.take_restart());
    budget.note_late();
    EXPECT_FALSE(budget.has_begun_again());
    EXPECT_TRUE(budget.take_restart());
    EXPECT_TRUE(budget.has_begun_again());
    EXPECT_FALSE(budget.take_restart());
    budget.note_lie();
    EXPECT_TRUE(budget.take_restart());
    EXPECT_FALSE(budget.take_restart());
}

TEST(SearchBudget, IsAsNewAfterARestart) {
    SearchBudget budget;
    budget.note_lie();
    for (unsigned i = 0; i < kDeadHopsMax; ++i)
        budget.note_dead();
    for (unsigned i = 0; i <= kSuspiciousMax; ++i)
        budget.note_suspicious();
    ASSERT_TRUE(budget.is_used_up());
    ASSERT_TRUE(budget.take_restart());
    EXPECT_FALSE(budget.is_used_up());
    EXPECT_TRUE(budget.take_widening());
}

} // namespace
} // namespace kith::pnrp
