#include "base/fifo.hpp"

#include <gtest/gtest.h>
#include <memory>
#include <vector>

namespace kith {
namespace {

TEST(FifoTest, GivesItemsInTheOrderTheyCame) {
    Fifo<int> queue;
    std::vector<int> taken;
    int next = 0;
    for (int round = 0; round < 50; ++round) {
        for (int i = 0; i < 3; ++i)
            queue.push_back(next++);
        for (int i = 0; i < 2; ++i) {
            taken.push_back(queue.front());
            queue.pop_front();
        }
    }
    for (; !queue.empty(); queue.pop_front())
        taken.push_back(queue.front());
    ASSERT_EQ(taken.size(), 150U);
    for (int i = 0; i < next; ++i)
        EXPECT_EQ(taken[static_cast<std::size_t>(i)], i);
}

TEST(FifoTest, OwnsNothingWhileEmpty) {
    Fifo<int> queue;
    EXPECT_EQ(queue.state_bytes(), 0U);
    for (int i = 0; i < 100; ++i)
        queue.push_back(i);
    EXPECT_GE(queue.state_bytes(), 100 * sizeof(int));
    while (!queue.empty())
        queue.pop_front();
    EXPECT_EQ(queue.state_bytes(), 0U);
}

TEST(FifoTest, StaysSmallWhereItIsNeverEmpty) {
    Fifo<int> queue;
    queue.push_back(0);
    for (int i = 1; i < 10'000; ++i) {
        queue.push_back(i);
        queue.pop_front();
    }
    EXPECT_LE(queue.state_bytes(), 16 * sizeof(int));
}

TEST(FifoTest, RemovesWhatIsUnwanted) {
    Fifo<std::unique_ptr<int>> queue;
    for (int i = 0; i < 6; ++i)
        queue.emplace_back(std::make_unique<int>(i));
    queue.pop_front();
    queue.remove_if([](const std::unique_ptr<int>& item) { return *item % 2 == 0; });
    std::vector<int> left;
    for (const auto& item : queue)
        left.push_back(*item);
    EXPECT_EQ(left, (std::vector{1, 3, 5}));
}

} // namespace
} // namespace kith
