#include "pnrp/limits.hpp"
#include "pnrp/next_hop_stack.hpp"
#include "pnrp/test_stage.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

using test::Bench;

class NextHops : public testing::Test {
protected:
    static Hop hop_of(unsigned byte) { return Hop{Bench::entry_of_byte(byte)}; }

    std::vector<RouteEntry> taken() {
        std::vector<RouteEntry> entries;
        while (const auto hop = stack.take())
            entries.push_back(hop->entry);
        return entries;
    }

    static std::vector<RouteEntry> entries(std::initializer_list<unsigned> bytes) {
        std::vector<RouteEntry> entries;
        for (const unsigned byte : bytes)
            entries.push_back(Bench::entry_of_byte(byte));
        return entries;
    }

    NextHopStack stack;
};

TEST_F(NextHops, AreTakenFromTheTop) {
    stack.push_all({hop_of(3), hop_of(2), hop_of(1)});
    stack.push(hop_of(4));
    stack.push_below({hop_of(6), hop_of(5)});
    EXPECT_EQ(taken(), entries({4, 3, 2, 1, 6, 5}));
    EXPECT_FALSE(stack.take());
}

TEST_F(NextHops, AreTakenAsWanted) {
    stack.push_all({hop_of(3), hop_of(2), hop_of(1)});
    const auto is_odd = [](const Hop& hop) { return hop.entry != Bench::entry_of_byte(2); };
    EXPECT_EQ(stack.take(is_odd)->entry, Bench::entry_of_byte(3));
    EXPECT_EQ(stack.take(is_odd)->entry, Bench::entry_of_byte(1));
    EXPECT_FALSE(stack.take(is_odd));
    EXPECT_EQ(stack.size(), 1U);
}

TEST_F(NextHops, MakeRoomAtTheBottom) {
    for (unsigned i = 1; i <= kNextHopsMax; ++i) {
        EXPECT_FALSE(stack.is_full());
        stack.push(hop_of(i));
    }
    EXPECT_TRUE(stack.is_full());
    stack.push(hop_of(200));
    EXPECT_EQ(stack.size(), kNextHopsMax);
    EXPECT_FALSE(stack.contains(Bench::entry_of_byte(1)));
    EXPECT_TRUE(stack.contains(Bench::entry_of_byte(2)));
    EXPECT_EQ(stack.take()->entry, Bench::entry_of_byte(200));
}

TEST_F(NextHops, LoseTheirTopOnlyByItsId) { // PNRP-206
    stack.pop_if(Bench::id_of_byte(1));
    stack.push_all({hop_of(2), hop_of(1)});
    stack.pop_if(Bench::id_of_byte(1));
    EXPECT_EQ(stack.size(), 2U);
    stack.pop_if(Bench::id_of_byte(2));
    EXPECT_EQ(taken(), entries({1}));
}

TEST_F(NextHops, TakeAUseBack) {
    Hop hop = hop_of(1);
    hop.uses = 1;
    stack.push(hop);
    stack.take_use_back(Bench::entry_of_byte(2));
    EXPECT_EQ(stack.begin()->uses, 1U);
    stack.take_use_back(hop.entry);
    stack.take_use_back(hop.entry);
    EXPECT_EQ(stack.begin()->uses, 0U);
}

} // namespace
} // namespace kith::pnrp
