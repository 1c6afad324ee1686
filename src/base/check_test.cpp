#include "base/check.hpp"

#include <gtest/gtest.h>

namespace kith {
namespace {

TEST(Check, ATrueBeliefCostsNothing) {
    int evaluations = 0;
    KITH_CHECK(++evaluations == 1);
    EXPECT_EQ(evaluations, 1);
}

TEST(CheckDeathTest, AFalseBeliefEndsTheProcessWithOneLine) {
    EXPECT_DEATH(
        KITH_CHECK(1 + 1 == 3),
        "^kith: internal error: 1 \\+ 1 == 3 at .*check_test.cpp:[0-9]+\n$");
}

TEST(CheckDeathTest, AnAssumptionIsCheckedOnlyWhereAssumptionsAre) {
#ifdef KITH_CHECK_ASSUMPTIONS
    EXPECT_DEATH(KITH_ASSUME(1 + 1 == 3), "internal error");
#else
    int evaluations = 0;
    KITH_ASSUME(++evaluations == 7);
    EXPECT_EQ(evaluations, 0);
#endif
}

} // namespace
} // namespace kith
