#include "base/bytes.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

namespace kith {
namespace {

TEST(Bytes, HexIsTwoLowerCaseDigitsAByte) {
    EXPECT_EQ(to_hex({}), "");
    EXPECT_EQ(to_hex(as_bytes(std::string_view("\x00\x0f\xa0\xff", 4))), "000fa0ff");
}

TEST(Bytes, HexIsReadInEitherCase) {
    EXPECT_EQ(from_hex(""), Bytes{});
    EXPECT_EQ(from_hex("000fA0Ff"), from_hex("000fa0ff"));
    EXPECT_EQ(to_hex(from_hex("DEADbeef").value_or(Bytes{})), "deadbeef");
}

// All pairs of characters: the 22 * 22 of digits are read, no other.
TEST(Bytes, HexIsDigitsOnly) {
    const std::string_view digits = "0123456789abcdefABCDEF";
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            const char text[] = {static_cast<char>(first), static_cast<char>(second)};
            const bool is_hex = digits.find(text[0]) != std::string_view::npos &&
                                digits.find(text[1]) != std::string_view::npos;
            ASSERT_EQ(from_hex({text, 2}).has_value(), is_hex) << first << " " << second;
        }
    }
}

TEST(Bytes, HexHasAnEvenNumberOfDigits) {
    EXPECT_FALSE(from_hex("0").has_value());
    EXPECT_FALSE(from_hex("012").has_value());
    EXPECT_FALSE(from_hex("0x12").has_value());
}

TEST(Bytes, EveryByteSurvivesHex) {
    Bytes all;
    for (unsigned value = 0; value < 256; ++value)
        all.push_back(static_cast<std::byte>(value));
    EXPECT_EQ(from_hex(to_hex(all)), all);
}

TEST(Bytes, TextAndBytesAreTheSameMemory) {
    const std::string text("a\0\xff", 3);
    const ByteView bytes = as_bytes(text);
    EXPECT_EQ(static_cast<const void*>(bytes.data()), static_cast<const void*>(text.data()));
    EXPECT_EQ(as_text(bytes), text);
    const Bytes owned = to_owned(bytes);
    EXPECT_NE(owned.data(), bytes.data());
    EXPECT_EQ(as_text(owned), text);
}

TEST(Bytes, WipingLeavesZerosAndTouchesNothingElse) {
    Bytes bytes(64, std::byte{0xaa});
    wipe(std::span(bytes).subspan(8, 32));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const bool is_wiped = i >= 8 && i < 40;
        EXPECT_EQ(bytes[i], is_wiped ? std::byte{0} : std::byte{0xaa}) << i;
    }
    wipe({});
}

} // namespace
} // namespace kith
