#include "identity/identity.hpp"
#include "identity/test_text.hpp"

#include <gtest/gtest.h>
#include <string>

namespace kith::identity {
namespace {

TEST(Label, IsTextForPeople) {
    for (const std::string_view text :
         {"alice", "Zo\xc3\xab at home", " ", ".", "\xf0\x9f\x98\x80"})
        EXPECT_EQ(parse_label(text).value(), text);
}

TEST(Label, IsNeverEmpty) {
    EXPECT_EQ(parse_label("").error(), LabelErrc::empty);
}

// spec/api 1.1: at most 255 UTF-16 units.
TEST(Label, HasAtMost255Units) {
    const std::string pair = "\xf0\x9f\x98\x80";
    EXPECT_TRUE(parse_label(std::string(255, 'x')).has_value());
    EXPECT_EQ(parse_label(std::string(256, 'x')).error(), LabelErrc::too_long);
    EXPECT_TRUE(parse_label(repeated("\xe2\x82\xac", 255)).has_value());
    EXPECT_EQ(parse_label(repeated("\xe2\x82\xac", 256)).error(), LabelErrc::too_long);
    EXPECT_TRUE(parse_label(repeated(pair, 127) + "x").has_value());
    EXPECT_EQ(parse_label(repeated(pair, 128)).error(), LabelErrc::too_long);
    EXPECT_EQ(parse_label(std::string(1'000'000, 'x')).error(), LabelErrc::too_long);
}

TEST(Label, IsNormalisedBeforeItIsCounted) {
    EXPECT_EQ(parse_label("Zoe\xcc\x88").value(), "Zo\xc3\xab");
    EXPECT_TRUE(parse_label(repeated("e\xcc\x88", 255)).has_value());
    EXPECT_EQ(parse_label(repeated("e\xcc\x88", 256)).error(), LabelErrc::too_long);
}

// Every character of Unicode's category Cc, and its neighbours, which are none.
TEST(Label, HasNoControlCharacters) {
    for (char c = 0; c < ' '; ++c)
        EXPECT_EQ(parse_label(std::string("a") + c + "b").error(), LabelErrc::bad_text) << int{c};
    EXPECT_EQ(parse_label("\x7f").error(), LabelErrc::bad_text);
    for (int second = 0x80; second < 0xa0; ++second) {
        const std::string text{'\xc2', static_cast<char>(second)};
        EXPECT_EQ(parse_label(text).error(), LabelErrc::bad_text) << second;
    }
    EXPECT_TRUE(parse_label("~").has_value());
    EXPECT_TRUE(parse_label("\xc2\xa0").has_value());
    EXPECT_TRUE(
        parse_label("\xc3\x80").has_value()); // a second byte of 0x80 after another first one
}

TEST(Label, IsUtf8) {
    for (const std::string_view text : {"\xff", "\xc2", "a\xc0\x80", "\xed\xa0\x80"})
        EXPECT_EQ(parse_label(text).error(), LabelErrc::bad_text);
}

} // namespace
} // namespace kith::identity
