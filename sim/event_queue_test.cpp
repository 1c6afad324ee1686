#include "base/random.hpp"
#include "sim/event_queue.hpp"

#include <cstdint>
#include <gtest/gtest.h>
#include <map>

namespace kith::sim {
namespace {

using namespace std::chrono_literals;

TEST(EventQueue, simultaneous_events_keep_the_order_of_pushing) {
    EventQueue<int> queue;
    for (int i = 0; i < 1000; ++i)
        queue.push(Instant(i % 2 == 0 ? 5s : 3s), i);
    for (int i = 1; i < 1000; i += 2)
        EXPECT_EQ(queue.pop().event, i);
    for (int i = 0; i < 1000; i += 2)
        EXPECT_EQ(queue.pop().event, i);
    EXPECT_TRUE(queue.empty());
}

// Against the obvious structure: a map ordered by (time, sequence).
TEST(EventQueue, agrees_with_an_ordered_map) {
    EventQueue<std::uint64_t> queue;
    std::map<std::pair<Instant, std::uint64_t>, std::uint64_t> model;
    SeededRandom random(7);
    std::uint64_t pushed = 0;
    for (int i = 0; i < 20'000; ++i) {
        if (model.empty() || random.below(5) < 3) {
            const Instant at{std::chrono::milliseconds(random.below(50))};
            queue.push(at, pushed);
            model.emplace(std::pair(at, pushed), pushed);
            ++pushed;
        } else {
            ASSERT_EQ(queue.next_at(), model.begin()->first.first);
            ASSERT_EQ(queue.pop().event, model.begin()->second);
            model.erase(model.begin());
        }
        ASSERT_EQ(queue.size(), model.size());
    }
}

} // namespace
} // namespace kith::sim
