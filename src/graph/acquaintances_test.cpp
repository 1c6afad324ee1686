#include "base/bytes.hpp"
#include "graph/acquaintances.hpp"
#include "graph/limits.hpp"
#include "store/memory_store.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace kith::graph {
namespace {

Endpoint at(std::uint32_t number) {
    return {Address::v4(0x0A00'0000U + number), 4000};
}

TEST(Acquaintances, OutliveARestart) {
    store::MemoryStore store(store::Rules::modern);
    Acquaintances met(store);
    met.meet(1, std::vector{at(1), at(2)});
    met.meet(2, std::vector{at(3)});
    met.meet(3, std::vector{at(1)});
    Acquaintances again(store);
    again.load();
    EXPECT_EQ(again.addresses(), (std::deque{at(3), at(2), at(1)})) << "as last written";
    EXPECT_EQ(met.addresses(), (std::deque{at(1), at(3), at(2)}));
}

TEST(Acquaintances, AreBounded) {
    store::MemoryStore store(store::Rules::modern);
    Acquaintances met(store);
    std::vector<Endpoint> many;
    for (std::uint32_t i = 0; i < 100; ++i)
        many.push_back(at(i));
    met.meet(1, many); // of one that claims a hundred
    EXPECT_EQ(met.addresses().size(), 4U);
    for (std::uint32_t i = 0; i < many.size(); ++i)
        met.meet(i + 2, std::vector{many[i]});
    EXPECT_EQ(met.addresses().size(), kMetMax);
    EXPECT_EQ(met.addresses().front(), at(99));
    EXPECT_EQ(met.addresses().back(), at(100 - kMetMax));
}

// A neighbour that moves, or says that it does, is where it said last and nowhere else.
TEST(Acquaintances, OneThatMovesDisplacesNobody) {
    store::MemoryStore store(store::Rules::modern);
    Acquaintances met(store);
    met.meet(1, std::vector{at(1)});
    for (std::uint32_t i = 0; i < 100; ++i)
        met.meet(2, std::vector{at(100 + 2 * i), at(101 + 2 * i)});
    EXPECT_EQ(met.addresses(), (std::deque{at(299), at(298), at(1)}));
    // Nor does it by naming the address of another one, and then not.
    met.meet(2, std::vector{at(1)});
    met.meet(2, std::vector{at(2)});
    EXPECT_EQ(met.addresses(), (std::deque{at(2), at(1)}));
}

TEST(Acquaintances, DamageIsNobody) {
    store::MemoryStore store(store::Rules::modern);
    ASSERT_TRUE(store.set_property("met", Bytes(18 + 7, std::byte{1})));
    Acquaintances met(store);
    met.load();
    EXPECT_TRUE(met.addresses().empty());
    met.meet(1, std::vector{at(1)});
    Acquaintances again(store);
    again.load();
    EXPECT_EQ(again.addresses(), std::deque{at(1)});
}

} // namespace
} // namespace kith::graph
