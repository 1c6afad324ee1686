#include "pnrp/counters.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <string>

namespace kith::pnrp {
namespace {

TEST(CountersTest, EveryReasonHasANameOfItsOwn) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < kDropReasons; ++i) {
        const std::string_view name = to_string(static_cast<Drop>(i));
        EXPECT_FALSE(name.empty()) << i;
        EXPECT_TRUE(std::ranges::all_of(name, [](char c) {
            return c == '_' || (c >= 'a' && c <= 'z');
        })) << name;
        EXPECT_TRUE(names.insert(name).second) << name;
    }
    EXPECT_EQ(to_string(Drop::bad_padding), "bad_padding");
    EXPECT_EQ(to_string(Drop::amplification), "amplification");
}

TEST(CountersTest, ADropIsCountedUnderItsReasonOnly) {
    Counters counters;
    counters.drop(Drop::cpa_nonce);
    counters.drop(Drop::cpa_nonce);
    EXPECT_EQ(counters.dropped_for(Drop::cpa_nonce), 2U);
    EXPECT_EQ(counters.dropped_for(Drop::cpa_id), 0U);
}

} // namespace
} // namespace kith::pnrp
