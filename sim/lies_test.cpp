#include "sim/lies.hpp"

#include <gtest/gtest.h>

namespace kith::sim {
namespace {

TEST(Lies, read_what_they_write) {
    Lies some;
    some.add(Lie::forged);
    some.add(Lie::dead_ends);
    for (const Lies& lies : {Lies::all(), Lies::none(), some})
        EXPECT_EQ(Lies::parse(to_string(lies)), lies);
    EXPECT_EQ(to_string(some), "forged,dead-ends");
    EXPECT_TRUE(some.has(Lie::forged) && !some.has(Lie::silence));
}

TEST(Lies, are_known_by_name) {
    for (const auto* text : {"", "forged,", ",forged", "forged silence", "truth", "all,forged"})
        EXPECT_FALSE(Lies::parse(text)) << text;
}

} // namespace
} // namespace kith::sim
