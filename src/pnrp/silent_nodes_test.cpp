#include "pnrp/limits.hpp"
#include "pnrp/silent_nodes.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

Endpoint node(std::size_t number) {
    return {*parse_address("2001:db8::1"), static_cast<std::uint16_t>(2000 + number)};
}

Now after(Duration time) {
    return {Instant{} + time, WallTime{}};
}

TEST(SilentNodes, are_remembered_until_they_answer_or_their_time_is_over) {
    SilentNodes silent;
    EXPECT_FALSE(silent.contains(after({}), node(1)));
    silent.note(after({}), node(1));
    silent.note(after({}), node(2));
    EXPECT_TRUE(silent.contains(after(kSilentNodeLifetime / 2), node(1)));
    silent.clear(node(1));
    EXPECT_FALSE(silent.contains(after({}), node(1)));
    EXPECT_TRUE(silent.contains(after({}), node(2)));
    EXPECT_FALSE(silent.contains(after(kSilentNodeLifetime), node(2)));
}

TEST(SilentNodes, are_few) {
    SilentNodes silent;
    for (std::size_t i = 0; i <= kSilentNodesMax; ++i)
        silent.note(after({}), node(i));
    EXPECT_FALSE(silent.contains(after({}), node(0)));
    EXPECT_TRUE(silent.contains(after({}), node(1)));
    EXPECT_TRUE(silent.contains(after({}), node(kSilentNodesMax)));
}

} // namespace
} // namespace kith::pnrp
