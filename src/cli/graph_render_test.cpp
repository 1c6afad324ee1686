#include "cli/graph_render.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::cli {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

Json record(const char* payload_base64, std::size_t size) {
    Json out{{"id", "1"}, {"size", size}, {"payload_base64", nullptr}};
    if (payload_base64 != nullptr) out["payload_base64"] = payload_base64;
    return out;
}

TEST(GraphRender, TheLongestEventKeepsAGapBehindIt) {
    const Json event{{"event", "node_disconnected"}, {"node", "9c3a"}, {"peer_id", "a"}};
    EXPECT_THAT(render_event(event, {}), StartsWith("node_disconnected  9c3a  a"));
}

TEST(GraphRender, ARecordShowsItsTextWithItsLines) {
    EXPECT_THAT(
        render_record(record("aGVsbG8KdGhlcmU=", 11), {}),
        EndsWith("payload  11 bytes of text\n         hello\n         there\n"));
    EXPECT_THAT(
        render_record(record("AAE=", 2), {}), ::testing::HasSubstr("2 bytes of binary data\n"));
}

TEST(GraphRender, ARecordWithoutItsPayloadHasItsSize) {
    EXPECT_THAT(render_record(record(nullptr, 500'000), {}), EndsWith("(500000 bytes)\n"));
}

} // namespace
} // namespace kith::cli
