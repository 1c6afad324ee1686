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
    met.meet(std::vector{at(1), at(2)});
    met.meet(std::vector{at(3)});
    met.meet(std::vector{at(1)});
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
    met.meet(many); // of one that claims a hundred
    EXPECT_EQ(met.addresses().size(), 4U);
    for (const Endpoint& address : many)
        met.meet(std::vector{address});
    EXPECT_EQ(met.addresses().size(), kMetMax);
    EXPECT_EQ(met.addresses().front(), at(99));
    EXPECT_EQ(met.addresses().back(), at(100 - kMetMax));
}

TEST(Acquaintances, DamageIsNobody) {
    store::MemoryStore store(store::Rules::modern);
    ASSERT_TRUE(store.set_property("met", Bytes(18 + 7, std::byte{1})));
    Acquaintances met(store);
    met.load();
    EXPECT_TRUE(met.addresses().empty());
    met.meet(std::vector{at(1)});
    Acquaintances again(store);
    again.load();
    EXPECT_EQ(again.addresses(), std::deque{at(1)});
}

} // namespace
} // namespace kith::graph
