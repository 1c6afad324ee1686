#include "graph/frame.hpp"
#include "graph/wire_limits.hpp"

#include <gtest/gtest.h>

namespace kith::graph {
namespace {

Bytes bytes(std::string_view hex) {
    return from_hex(hex).value();
}

// What a reader that was given these bytes says at last.
std::optional<FrameErrc> why(std::string_view hex, std::size_t message_max = 1000) {
    FrameReader reader(message_max);
    EXPECT_TRUE(reader.feed(bytes(hex)).has_value());
    while (reader.poll()) {
    }
    return reader.error();
}

Bytes message(std::size_t size, std::byte filling = std::byte{0}) {
    Bytes out(size, filling);
    for (std::size_t i = 0; i < 4; ++i)
        out[i] = static_cast<std::byte>(size >> (8U * (3 - i)));
    return out;
}

// GRAPH-012, GRAPH-014, GRAPH-084
TEST(FrameReader, AFrameHasOneTo32768Bytes) {
    EXPECT_EQ(why("0000"), FrameErrc::empty_frame);
    EXPECT_EQ(why("8001"), FrameErrc::frame_too_large); // before its payload is there
    EXPECT_EQ(why("ffff"), FrameErrc::frame_too_large);
    EXPECT_EQ(why("8000"), std::nullopt);
    FrameReader reader(kMessageSizeMax);
    const Bytes largest = message(kFrameAccepted);
    ASSERT_TRUE(reader.feed(frame_of(largest)).has_value());
    EXPECT_EQ(reader.poll(), largest);
}

// GRAPH-012, GRAPH-015: before anything is kept of it.
TEST(FrameReader, AMessageIsAsLargeAsAHeaderAndNotAboveTheMaximum) {
    EXPECT_EQ(why("000400000007"), FrameErrc::message_too_small);
    EXPECT_EQ(why("000400000000"), FrameErrc::message_too_small);
    EXPECT_EQ(why("0004000003e9"), FrameErrc::message_too_large);
    EXPECT_EQ(why("0004ffffffff"), FrameErrc::message_too_large);
    EXPECT_EQ(why("0004000003e8"), std::nullopt);
    // Its size may come in pieces.
    EXPECT_EQ(why("0001000001000001030001e9"), FrameErrc::message_too_large);
    EXPECT_EQ(why("0004ffffffff", 0xFFFFFFFF), std::nullopt);
}

TEST(FrameReader, AnAnnouncedSizeTakesNoMemory) {
    FrameReader reader(kMessageSizeMax);
    ASSERT_TRUE(reader.feed(bytes("000403c00000")).has_value());
    EXPECT_EQ(reader.poll(), std::nullopt);
    EXPECT_EQ(reader.buffered(), 4U);
}

// GRAPH-013
TEST(FrameReader, ALastFrameEndsWithItsMessage) {
    EXPECT_EQ(why("0009000000081000000000"), FrameErrc::surplus);
    EXPECT_EQ(
        why("000600000008"
            "1000"
            "0003"
            "000000"),
        FrameErrc::surplus);
    EXPECT_EQ(why("0008000000081000000000"), std::nullopt);
}

TEST(FrameReader, StaysFailed) {
    FrameReader reader(1000);
    ASSERT_TRUE(reader.feed(bytes("0000")).has_value());
    EXPECT_EQ(reader.poll(), std::nullopt);
    EXPECT_EQ(reader.feed(frame_of(message(8))), std::unexpected(FrameErrc::empty_frame));
    EXPECT_EQ(reader.poll(), std::nullopt);
    EXPECT_EQ(reader.buffered(), 0U);
}

TEST(FrameReader, AStreamIsOneOfTwo) {
    const auto why_with_streams = [](std::string_view hex) {
        FrameReader reader(1000);
        reader.use_streams();
        EXPECT_TRUE(reader.feed(bytes(hex)).has_value());
        while (reader.poll()) {
        }
        return reader.error();
    };
    EXPECT_EQ(why_with_streams("0009020000000810000000"), FrameErrc::unknown_stream);
    EXPECT_EQ(why_with_streams("000100"), FrameErrc::empty_frame);
    EXPECT_EQ(why_with_streams("0009010000000810000000"), std::nullopt);
}

// What follows a message in the same bytes is read as that message made it: the frames after a
// WELCOME that agreed on streams carry their number.
TEST(FrameReader, ReadsNothingAheadOfTheMessageThatItYields) {
    FrameWriter writer;
    writer.push(message(100), Stream::small);
    writer.use_streams();
    writer.push(message(200), Stream::bulk);
    writer.push(message(300), Stream::small);
    Bytes line;
    ASSERT_TRUE(writer.poll_into(line, 10'000));
    EXPECT_EQ(line.size(), 102U + 203 + 303);

    FrameReader reader(1000);
    ASSERT_TRUE(reader.feed(line).has_value());
    EXPECT_EQ(reader.poll(), message(100));
    reader.use_streams();
    EXPECT_EQ(reader.poll(), message(300));
    EXPECT_EQ(reader.poll(), message(200));
    EXPECT_EQ(reader.poll(), std::nullopt);
    EXPECT_FALSE(reader.error().has_value());
}

TEST(FrameReader, TheMaximumMayChangeBetweenMessages) {
    FrameReader reader(100);
    Bytes line = frame_of(message(100));
    const Bytes second = frame_of(message(500));
    line.insert(line.end(), second.begin(), second.end());
    ASSERT_TRUE(reader.feed(line).has_value());
    EXPECT_EQ(reader.poll(), message(100));
    reader.set_message_max(500);
    EXPECT_EQ(reader.poll(), message(500));
}

// GRAPH-012, GRAPH-014
TEST(FrameWriter, SendsFramesOfAtMost16379Bytes) {
    for (const bool streams : {false, true}) {
        FrameWriter writer;
        if (streams) writer.use_streams();
        writer.push(message(50'000), Stream::bulk);
        std::size_t whole = 0;
        while (const auto frame = writer.poll()) {
            EXPECT_LE(frame->size(), kFrameSizeField + kFrameSent);
            whole += frame->size() - kFrameSizeField - (streams ? 1 : 0);
        }
        EXPECT_EQ(whole, 50'000U);
    }
}

TEST(FrameWriter, WithoutStreamsASmallMessageWaitsForTheOneUnderWayOnly) {
    FrameWriter writer;
    writer.push(message(40'000, std::byte{1}), Stream::bulk);
    writer.push(message(40'000, std::byte{2}), Stream::bulk);
    Bytes line = writer.poll().value();
    writer.push(message(50), Stream::small);
    while (writer.poll_into(line, line.size() + 40'000)) {
    }

    FrameReader reader(50'000);
    ASSERT_TRUE(reader.feed(line).has_value());
    EXPECT_EQ(reader.poll(), message(40'000, std::byte{1}));
    EXPECT_EQ(reader.poll(), message(50));
    EXPECT_EQ(reader.poll(), message(40'000, std::byte{2}));
}

TEST(FrameWriter, BothStreamsGetOn) {
    FrameWriter writer;
    writer.use_streams();
    writer.push(message(100'000), Stream::bulk);
    for (int i = 0; i < 1000; ++i)
        writer.push(message(1000), Stream::small);
    std::size_t small_before = 0;
    std::size_t longest_run = 0;
    while (writer.queued(Stream::bulk) > 0) {
        const std::size_t before = writer.queued(Stream::bulk);
        ASSERT_TRUE(writer.poll().has_value());
        small_before = writer.queued(Stream::bulk) == before ? small_before + 1000 : 0;
        longest_run = std::max(longest_run, small_before);
    }
    EXPECT_GT(writer.queued(Stream::small), 400'000U);
    EXPECT_LE(longest_run, 66'000U);
    EXPECT_GT(longest_run, 60'000U);
}

TEST(FrameWriter, CountsWhatWaits) {
    FrameWriter writer;
    EXPECT_EQ(writer.queued(), 0U);
    EXPECT_EQ(writer.poll(), std::nullopt);
    Bytes none;
    EXPECT_FALSE(writer.poll_into(none, 1000));
    writer.push(message(20'000), Stream::bulk);
    writer.push(message(100), Stream::small);
    EXPECT_EQ(writer.queued(Stream::small), 100U);
    EXPECT_EQ(writer.queued(), 20'100U);
    EXPECT_FALSE(writer.poll_into(none, 101)); // a frame is not cut
    EXPECT_TRUE(writer.poll_into(none, 102));
    EXPECT_EQ(writer.queued(), 20'000U);
    writer.poll();
    EXPECT_EQ(writer.queued(), 20'000U - kFrameSent);
}

// Each frame is protected on its own (GA-02), and those of a negotiation are
// no messages.
TEST(Frames, CarryWhatASecurityProviderMakesOfThem) {
    const auto scramble = [](ByteView in) {
        Bytes out = to_owned(in);
        for (std::byte& b : out)
            b ^= std::byte{0x5A};
        out.push_back(std::byte{0xEE}); // longer than what it protects
        return out;
    };
    Bytes line = frame_of(bytes("aabbcc"));
    FrameWriter writer;
    writer.push(message(40'000), Stream::bulk);
    while (const auto payload = writer.poll_payload()) {
        EXPECT_LE(payload->size(), kFrameSent);
        const Bytes frame = frame_of(scramble(*payload));
        line.insert(line.end(), frame.begin(), frame.end());
    }

    FrameReader reader(40'000);
    ASSERT_TRUE(reader.feed(line).has_value());
    const auto negotiation = reader.poll_frame();
    ASSERT_TRUE(negotiation.has_value());
    EXPECT_EQ(to_hex(*negotiation), "aabbcc");
    std::optional<Bytes> whole;
    while (const auto payload = reader.poll_frame()) {
        ASSERT_FALSE(whole.has_value());
        Bytes plain = scramble(*payload);
        plain.resize(payload->size() - 1);
        whole = reader.take_payload(plain);
    }
    EXPECT_EQ(whole, message(40'000));
}

// The path of 60 MiB: no byte is moved more often the larger its message is.
TEST(Frames, CarryTheLargestMessage) {
    FrameWriter writer;
    writer.use_streams();
    FrameReader reader(kMessageSizeMax);
    reader.use_streams();
    writer.push(message(kMessageSizeMax), Stream::bulk);
    std::size_t frames = 0;
    std::optional<Bytes> got;
    while (const auto frame = writer.poll()) {
        ASSERT_TRUE(reader.feed(*frame).has_value());
        got = reader.poll();
        ++frames;
    }
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(got->size(), kMessageSizeMax);
    EXPECT_EQ(frames, (kMessageSizeMax + kFrameSent - 2) / (kFrameSent - 1));
}

} // namespace
} // namespace kith::graph
