#include "embed/event_queue.hpp"

#include <cstddef>
#include <gtest/gtest.h>
#include <variant>
#include <vector>

namespace kith::embed {
namespace {

DataReceived data(std::size_t size) {
    return {.link = 1, .type = "", .data = std::vector<std::byte>(size)};
}

TEST(EventQueue, LosesDataBeyondItsBytesAndNothingElse) {
    EventQueue queue;
    constexpr std::size_t kEach = std::size_t{1} << 20U;
    for (std::size_t i = 0; i < kQueuedDataMax / kEach; ++i)
        queue.push(data(kEach));
    queue.push(data(1));
    queue.push(data(1));
    queue.push(NodeChanged{});
    queue.push(data(1));
    std::size_t taken = 0;
    auto event = queue.pop();
    for (; event && std::holds_alternative<DataReceived>(*event); event = queue.pop())
        ++taken;
    EXPECT_EQ(taken, kQueuedDataMax / kEach);
    ASSERT_TRUE(event);
    EXPECT_EQ(std::get<EventsLost>(*event).count, 2U) << "said where they are missing";
    EXPECT_TRUE(std::holds_alternative<NodeChanged>(*queue.pop()));
    EXPECT_EQ(std::get<EventsLost>(*queue.pop()).count, 1U);
    EXPECT_TRUE(queue.empty());
    queue.push(data(1));
    EXPECT_TRUE(std::holds_alternative<DataReceived>(*queue.pop())) << "there is room again";
}

TEST(EventQueue, LosesTheOldestBeyondItsNumber) {
    EventQueue queue;
    for (std::size_t i = 0; i < kQueuedEventsMax + 5; ++i)
        queue.push(NodeChanged{.kind = {}, .node = i, .peer_id = ""});
    const auto lost = std::get<EventsLost>(*queue.pop()).count;
    std::size_t rest = 0;
    while (const auto event = queue.pop()) {
        EXPECT_EQ(std::get<NodeChanged>(*event).node, lost + rest);
        ++rest;
    }
    EXPECT_EQ(lost + rest, kQueuedEventsMax + 5);
    EXPECT_LE(rest, kQueuedEventsMax);
}

} // namespace
} // namespace kith::embed
