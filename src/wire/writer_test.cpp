#include "wire/writer.hpp"

#include <gtest/gtest.h>

namespace kith::wire {
namespace {

// PNRP-007
TEST(WriterTest, WritesNumbersInBothOrders) {
    Bytes out;
    Writer writer(out);
    const std::uint32_t number = 0x01020304;
    writer(std::uint8_t{0xaa}, number, le(number), std::uint16_t{0x0506});
    EXPECT_EQ(to_hex(out), "aa01020304040302010506");
}

TEST(WriterTest, WritesConstantsArraysAndZeros) {
    Bytes out;
    Writer writer(out);
    const ByteArray<3> array{std::byte{1}, std::byte{2}, std::byte{3}};
    writer(
        constant(std::uint16_t{0x1122}),
        le_constant(std::uint16_t{0x1122}),
        array,
        reversed(array),
        Zeros{2});
    EXPECT_EQ(to_hex(out), "112222110102030302010000");
}

// An AUTHORITY_BUFFER may be written behind something else: its alignment is its own.
TEST(WriterTest, AppendsAndAlignsFromWhereItBegan) {
    Bytes out = from_hex("ffffff").value();
    Writer writer(out);
    writer(std::uint8_t{1});
    writer.align(4);
    writer.align(4);
    EXPECT_EQ(writer.position(), 4U);
    EXPECT_EQ(to_hex(out), "ffffff01000000");
}

} // namespace
} // namespace kith::wire
