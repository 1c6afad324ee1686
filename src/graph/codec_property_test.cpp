#include "graph/frame.hpp"
#include "graph/message.hpp"
#include "graph/record_codec.hpp"
#include "graph/test_messages.hpp"
#include "graph/wire_limits.hpp"

#include <gtest/gtest.h>

namespace kith::graph {
namespace {

constexpr Agreed kAll{.sums = true, .wide = true, .lazy = true};

// GRAPH-015, GRAPH-017, GRAPH-145
TEST(GraphMessageProperty, WhatIsEncodedDecodesToTheSame) {
    RandomMessages random(21);
    for (std::size_t i = 0; i < 14 * 300; ++i) {
        const Message message = random.message(i % 14);
        const Bytes bytes = encode(message);
        const auto decoded = decode(bytes, kAll);
        ASSERT_TRUE(decoded.has_value()) << to_hex(bytes);
        ASSERT_EQ(*decoded, message) << to_hex(bytes);
        ASSERT_EQ(to_hex(encode(*decoded)), to_hex(bytes));
        ASSERT_EQ(static_cast<std::size_t>(type_of(message)), i % 14 + 1);
    }
}

// GRAPH-145: whatever arrives, its meaning survives being written again.
TEST(GraphMessageProperty, DamagedMessagesAreRefusedOrMeanWhatTheyMean) {
    RandomMessages random(22);
    std::size_t accepted = 0;
    std::size_t refused = 0;
    for (std::size_t i = 0; i < 14 * 400; ++i) {
        Bytes bytes = encode(random.message(i % 14));
        for (std::size_t hits = 1 + random.below(3); hits > 0; --hits)
            bytes[4 + random.below(std::min<std::size_t>(bytes.size() - 4, 40))] ^=
                static_cast<std::byte>(1U << random.below(8));
        const auto decoded = decode(bytes, kAll);
        ++(decoded ? accepted : refused);
        if (!decoded) continue;
        const auto again = decode(encode(*decoded), kAll);
        ASSERT_TRUE(again.has_value()) << to_hex(bytes);
        ASSERT_EQ(*again, *decoded) << to_hex(bytes);
    }
    EXPECT_GT(accepted, 0U);
    EXPECT_GT(refused, 0U);
}

// GRAPH-025, GRAPH-262
TEST(RecordCodecProperty, WhatIsEncodedDecodesToTheSameAndIsValid) {
    RandomMessages random(23);
    for (int i = 0; i < 2000; ++i) {
        const auto rules = i % 2 == 0 ? store::Rules::published : store::Rules::modern;
        const store::Record record = random.record(rules);
        const Bytes bytes = encode_record(record, "a graph", rules);
        const auto decoded = decode_record(bytes, "a graph", rules);
        ASSERT_TRUE(decoded.has_value()) << to_hex(bytes);
        ASSERT_EQ(*decoded, record);
        ASSERT_TRUE(validate_record(*decoded, 0, rules).has_value());
    }
}

// GRAPH-013, GRAPH-014: however the bytes are cut on their way.
TEST(FrameProperty, MessagesComeOutAsTheyWentIn) {
    RandomMessages random(24);
    for (int round = 0; round < 60; ++round) {
        const bool streams = random.coin();
        FrameWriter writer;
        FrameReader reader(200'000);
        if (streams) {
            writer.use_streams();
            reader.use_streams();
        }
        std::vector<Bytes> in[2];
        Bytes line;
        for (int i = 0; i < 20; ++i) {
            const Stream stream = random.coin() ? Stream::small : Stream::bulk;
            const std::size_t size = random.below(stream == Stream::bulk ? 100'000 : 500);
            const Bytes message = encode(Pt2pt{random.guid(), random.bytes(size)});
            in[static_cast<std::size_t>(stream)].push_back(message);
            writer.push(message, stream);
            if (random.coin()) writer.poll_into(line, line.size() + 20'000);
        }
        while (const auto frame = writer.poll())
            line.insert(line.end(), frame->begin(), frame->end());
        EXPECT_EQ(writer.queued(), 0U);

        std::vector<Bytes> out;
        for (ByteView rest = line; !rest.empty();) {
            const std::size_t size = 1 + random.below(std::min<std::size_t>(rest.size(), 40'000));
            ASSERT_TRUE(reader.feed(rest.first(size)).has_value());
            while (auto message = reader.poll())
                out.push_back(std::move(*message));
            ASSERT_FALSE(reader.error().has_value());
            rest = rest.subspan(size);
        }
        EXPECT_EQ(reader.buffered(), 0U);
        // Each stream keeps its order.
        std::size_t next[2]{};
        for (const Bytes& message : out) {
            const std::size_t stream = next[0] < in[0].size() && in[0][next[0]] == message ? 0 : 1;
            ASSERT_LT(next[stream], in[stream].size());
            ASSERT_EQ(in[stream][next[stream]], message);
            ++next[stream];
        }
        EXPECT_EQ(out.size(), in[0].size() + in[1].size());
    }
}

} // namespace
} // namespace kith::graph
