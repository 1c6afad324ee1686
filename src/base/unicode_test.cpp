#include "base/unicode.hpp"

#include <gtest/gtest.h>
#include <string>
#include <utility>

namespace kith {
namespace {

// RFC 3629 3 and 4: what each row of the table allows, first and last.
TEST(Utf8, IsWhatRfc3629Allows) {
    for (const std::string_view text :
         {"",
          "a",
          "\x7f",
          "\xc2\x80",
          "\xdf\xbf",
          "\xe0\xa0\x80",
          "\xed\x9f\xbf",
          "\xee\x80\x80",
          "\xef\xbf\xbd",
          "\xef\xbf\xbe",
          "\xef\xbf\xbf",
          "\xf0\x90\x80\x80",
          "\xf4\x8f\xbf\xbf"})
        EXPECT_TRUE(is_utf8(text)) << text;
    EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
}

TEST(Utf8, IsNothingElse) {
    for (const std::string_view text :
         {"\x80", // a continuation alone
          "\xbf",
          "\xc0\x80", // overlong
          "\xc1\xbf",
          "\xe0\x80\x80",
          "\xe0\x9f\xbf",
          "\xf0\x80\x80\x80",
          "\xf0\x8f\xbf\xbf",
          "\xed\xa0\x80", // surrogates
          "\xed\xbf\xbf",
          "\xf4\x90\x80\x80", // beyond U+10FFFF
          "\xf5\x80\x80\x80",
          "\xff",
          "\xc2", // cut short
          "\xe2\x82",
          "\xf0\x9f\x98",
          "\xc2z", // not continued
          "\xe2\x82z",
          "z\xffz"}) {
        EXPECT_FALSE(is_utf8(text));
        EXPECT_FALSE(utf8_to_utf16(text).has_value());
        EXPECT_FALSE(to_nfc(text).has_value());
    }
}

TEST(Utf16, HasPairsBeyondTheFirstPlane) {
    for (const auto& [text, units] :
         {std::pair<std::string_view, std::u16string_view>{"", u""},
          {"a", u"a"},
          {"\xc3\xab", u"\u00eb"},
          {"\xe2\x82\xac", u"\u20ac"},
          {"\xee\x80\x80", u"\ue000"},
          {"\xef\xbf\xbf", u"\uffff"},
          {"\xf0\x90\x80\x80", u"\U00010000"},
          {"\xf0\x9f\x98\x80", u"\U0001f600"},
          {"\xf4\x8f\xbf\xbf", u"\U0010ffff"}}) {
        EXPECT_EQ(utf8_to_utf16(text), units);
        EXPECT_EQ(utf16_to_utf8(units), text);
        EXPECT_EQ(utf16_length(text), units.size());
    }
}

TEST(Utf16, RefusesUnpairedSurrogates) {
    for (const std::u16string& units :
         {std::u16string{0xd800},
          std::u16string{0xdbff, u'a'},
          std::u16string{0xdc00},
          std::u16string{0xdfff, 0xd800},
          std::u16string{0xd800, 0xd800, 0xdc00},
          std::u16string{u'a', 0xd83d}})
        EXPECT_FALSE(utf16_to_utf8(units).has_value());
}

// Every character there is, both ways.
TEST(Utf16, HoldsEveryCharacter) {
    for (char32_t point = 0; point <= 0x10ffff; ++point) {
        if (point >= 0xd800 && point <= 0xdfff) continue;
        std::u16string units;
        if (point < 0x10000) {
            units.push_back(static_cast<char16_t>(point));
        } else {
            units.push_back(static_cast<char16_t>(0xd7c0U + (point >> 10U)));
            units.push_back(static_cast<char16_t>(0xdc00U + (point & 0x3ffU)));
        }
        const auto text = utf16_to_utf8(units);
        ASSERT_EQ(utf8_to_utf16(text.value_or("")), units);
    }
}

TEST(Utf16DeathTest, TheLengthIsThatOfText) {
    EXPECT_DEATH(static_cast<void>(utf16_length("\xff")), "internal error");
}

// Unicode TR 15, figures 3 to 6, and the rules that surprise.
TEST(Controls, AreThoseOfBothRangesAndNoOthers) {
    for (const char* text : {"\n", "a\x1f", "\x7f", "a\u0080", "\u0085", "\u009fz"})
        EXPECT_TRUE(has_control_character(text)) << text;
    for (const char* text : {"", " ", "~", "\u00a0", "\u200e", "\u202e"})
        EXPECT_FALSE(has_control_character(text)) << text;
}

TEST(Controls, OfDirectionAreEmbeddingsOverridesAndIsolates) {
    for (const char* text : {"\u202a", "a\u202e", "\u2066b", "\u2069"})
        EXPECT_TRUE(has_direction_control(text)) << text;
    for (const char* text : {"", "\u2029", "\u202f", "\u2065", "\u206a", "\u200f"})
        EXPECT_FALSE(has_direction_control(text)) << text;
}

TEST(Nfc, ComposesAsTr15Says) {
    for (const auto& [text, composed] :
         {std::pair<std::string_view, std::string_view>{"", ""},
          {"abc", "abc"},
          {"e\xcc\x88", "\xc3\xab"},
          {"\xe2\x84\xab", "\xc3\x85"},                     // Angstrom sign
          {"\xe2\x84\xa6", "\xce\xa9"},                     // Ohm sign
          {"\xef\xac\x81", "\xef\xac\x81"},                 // fi ligature: compatibility only
          {"2\xe2\x81\xb5", "2\xe2\x81\xb5"},               // superscript five: the same
          {"\xe1\xba\x9b\xcc\xa3", "\xe1\xba\x9b\xcc\xa3"}, // long s, dots: composed already
          {"s\xcc\x87\xcc\xa3", "\xe1\xb9\xa9"},            // reordered, then composed
          {"\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", "\xea\xb0\x81"}, // Hangul
          {"\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc"}}) {          // U+0958: excluded, so it grows
        EXPECT_EQ(to_nfc(text), composed) << text;
        EXPECT_EQ(to_nfc(composed), composed) << text;
    }
}

TEST(Nfc, KeepsNulAndControlCharacters) {
    const std::string_view text("a\0\x01\n\x7f", 5);
    EXPECT_EQ(to_nfc(text), text);
}

} // namespace
} // namespace kith
