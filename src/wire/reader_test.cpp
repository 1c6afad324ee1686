#include "base/random.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

#include <gtest/gtest.h>

namespace kith::wire {
namespace {

Bytes hex(std::string_view digits) {
    return from_hex(digits).value();
}

// PNRP-007: big-endian unless a field says otherwise.
TEST(ReaderTest, ReadsBigAndLittleEndianNumbers) {
    const Bytes input = hex("0102030405060708090a0b0c0d0e0f");
    Reader reader(input);
    std::uint8_t a = 0;
    std::uint16_t b = 0;
    std::uint32_t c = 0;
    std::uint64_t d = 0;
    reader(a, b, le(c), d);
    EXPECT_EQ(a, 0x01);
    EXPECT_EQ(b, 0x0203);
    EXPECT_EQ(c, 0x07060504U);
    EXPECT_EQ(d, 0x08090a0b0c0d0e0fU);
    EXPECT_TRUE(reader.finish().has_value());
}

TEST(ReaderTest, ReadsArraysForwardsAndReversed) {
    const Bytes input = hex("010203040506");
    Reader reader(input);
    ByteArray<3> forwards{};
    ByteArray<3> backwards{};
    reader(forwards, reversed(backwards));
    EXPECT_EQ(to_hex(forwards), "010203");
    EXPECT_EQ(to_hex(backwards), "060504");
}

TEST(ReaderTest, FailureIsStickyAndYieldsZeros) {
    const Bytes input = hex("ffffff");
    Reader reader(input);
    std::uint16_t first = 0;
    std::uint32_t missing = 1;
    std::uint8_t after = 1;
    ByteArray<2> array{std::byte{1}, std::byte{1}};
    reader(first, missing, after, array);
    EXPECT_EQ(first, 0xffff);
    EXPECT_EQ(missing, 0U);
    EXPECT_EQ(after, 0);
    EXPECT_EQ(array, (ByteArray<2>{}));
    EXPECT_TRUE(reader.failed());
    EXPECT_TRUE(reader.take_bytes(1).empty());
    EXPECT_EQ(reader.finish().error(), Errc::truncated);
}

TEST(ReaderTest, TheFirstFailureIsTheOneTold) {
    const Bytes input = hex("0102");
    Reader reader(input);
    reader.require(false);
    std::uint64_t missing = 0;
    reader(missing);
    EXPECT_EQ(reader.finish().error(), Errc::bad_value);
}

TEST(ReaderTest, WhatIsLeftOverIsAnError) {
    const Bytes input = hex("0102");
    Reader reader(input);
    EXPECT_EQ(reader.take<std::uint8_t>(), 1);
    EXPECT_EQ(reader.remaining(), 1U);
    EXPECT_EQ(reader.finish().error(), Errc::trailing_bytes);
}

TEST(ReaderTest, ConstantsMustBeTheirValue) {
    const Bytes input = hex("00100c00");
    Reader right(input);
    right(constant(std::uint16_t{0x0010}), le_constant(std::uint16_t{0x000c}));
    EXPECT_TRUE(right.finish().has_value());
    Reader wrong(input);
    wrong(constant(std::uint16_t{0x0010}), constant(std::uint16_t{0x000c}));
    EXPECT_EQ(wrong.finish().error(), Errc::bad_value);
}

TEST(ReaderTest, PaddingIsZeroOrIgnoredAsTheProfileSays) {
    const Bytes clean = hex("01000000");
    const Bytes dirty = hex("01000100");
    const auto outcome = [](ByteView input, Reserved reserved) {
        Reader reader(input, reserved);
        reader.take<std::uint8_t>();
        reader.align(4);
        return reader.finish();
    };
    EXPECT_TRUE(outcome(clean, Reserved::must_be_zero).has_value());
    EXPECT_TRUE(outcome(clean, Reserved::ignored).has_value());
    EXPECT_EQ(outcome(dirty, Reserved::must_be_zero).error(), Errc::bad_padding);
    EXPECT_TRUE(outcome(dirty, Reserved::ignored).has_value());
}

TEST(ReaderTest, AlignmentCountsFromTheBeginning) {
    const Bytes input = hex("0100000002");
    Reader reader(input);
    reader.align(4); // nothing to do
    EXPECT_EQ(reader.position(), 0U);
    reader.take<std::uint8_t>();
    reader.align(4);
    EXPECT_EQ(reader.position(), 4U);
    EXPECT_EQ(reader.take<std::uint8_t>(), 2);
}

TEST(ReaderTest, PeekingConsumesNothingAndNeedsBothBytes) {
    const Bytes input = hex("010203");
    Reader reader(input);
    EXPECT_EQ(reader.peek_u16(), 0x0102);
    EXPECT_EQ(reader.peek_u16(1), 0x0203);
    EXPECT_EQ(reader.peek_u16(2), 0);
    EXPECT_EQ(reader.peek_u16(9), 0);
    EXPECT_EQ(reader.position(), 0U);
}

TEST(ReaderTest, HugeSizesAreTruncationNotOverflow) {
    const Bytes input = hex("0102");
    Reader reader(input);
    EXPECT_TRUE(reader.take_bytes(std::numeric_limits<std::size_t>::max()).empty());
    EXPECT_EQ(reader.finish().error(), Errc::truncated);
}

// A message with every kind of field: one list is both directions.
struct Sample {
    std::uint8_t tiny = 0;
    std::uint64_t large = 0;
    std::uint32_t small_end = 0;
    ByteArray<5> array{};
    ByteArray<3> mirrored{};

    bool operator==(const Sample&) const = default;

    template<class Self, class Io>
    static void fields(Self& m, Io& io) {
        io(constant(std::uint16_t{0xbeef}), m.tiny);
        io.align(4);
        io(m.large, le(m.small_end), m.array, reversed(m.mirrored), Zeros{2});
        io(le_constant(std::uint16_t{0x1234}));
    }
};

TEST(ReaderTest, WhatIsWrittenIsRead) {
    SeededRandom random(7);
    SeededSecureRandom bytes(8);
    for (int i = 0; i < 1000; ++i) {
        Sample sample;
        sample.tiny = static_cast<std::uint8_t>(random.next());
        sample.large = random.next();
        sample.small_end = static_cast<std::uint32_t>(random.next());
        bytes.fill(sample.array);
        bytes.fill(sample.mirrored);
        const Bytes out = encode(sample);
        ASSERT_EQ(out.size(), 4U + 8 + 4 + 5 + 3 + 2 + 2);
        ASSERT_EQ(decode<Sample>(out), sample);
        for (std::size_t size = 0; size < out.size(); ++size) {
            ASSERT_EQ(decode<Sample>(ByteView(out).first(size)).error(), Errc::truncated);
        }
    }
}

} // namespace
} // namespace kith::wire
