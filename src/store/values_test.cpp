#include "base/random.hpp"
#include "store/values.hpp"

#include <gtest/gtest.h>
#include <string>

namespace kith::store {
namespace {

constexpr std::int64_t kSecond = 10'000'000;

TEST(NumberKey, OrdersNumbersOfAnyLength) {
    const char* ascending[] = {
        "0",
        "1",
        "9",
        "10",
        "18446744073709551615",
        "18446744073709551616",
        "100000000000000000000000000000000000000000000"};
    for (std::size_t i = 0; i + 1 < std::size(ascending); ++i) {
        EXPECT_LT(*number_key(ascending[i]), *number_key(ascending[i + 1]));
    }
    EXPECT_EQ(number_key("0"), number_key("000"));
    EXPECT_EQ(number_key("42"), number_key("0042"));
    for (const char* text : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "\xD9\xA1"}) {
        EXPECT_FALSE(number_key(text)) << text;
    }
}

TEST(Date, IsTheFirstInstantOfWhatItNames) {
    EXPECT_EQ(parse_date("1601"), 0);
    EXPECT_EQ(parse_date("1601-01"), 0);
    EXPECT_EQ(parse_date("1601-01-02"), 86'400 * kSecond);
    EXPECT_EQ(parse_date("1970-01-01T00:00Z"), 11'644'473'600 * kSecond);
    EXPECT_EQ(parse_date("2003-01-31T23:59:30.25Z"), 126'885'311'702'500'000);
    EXPECT_EQ(parse_date("1600-12-31T23:59:59.9Z"), -1'000'000);
    EXPECT_EQ(parse_date("2000-02-29"), parse_date("2000-02-29T00:00:00.000Z"));
}

TEST(Date, CountsInTheZoneItNames) {
    EXPECT_EQ(parse_date("1994-11-05T08:15:30-05:00"), parse_date("1994-11-05T13:15:30Z"));
    EXPECT_EQ(parse_date("1994-11-05T00:15+01:30"), parse_date("1994-11-04T22:45Z"));
}

TEST(Date, DropsDigitsBeyondItsTicks) {
    EXPECT_EQ(
        parse_date("2003-01-31T00:00:00.12345678Z"), parse_date("2003-01-31T00:00:00.1234567Z"));
}

TEST(Date, RefusesWhatIsNone) {
    for (const char* text :
         {"",
          "203",
          "20030",
          "2003-",
          "2003-1",
          "2003-00",
          "2003-13",
          "2003-02-29",
          "2003-02-328",
          "2003-04-31",
          "2003-01-31T",
          "2003-01-31T10:00",
          "2003-01-31T24:00Z",
          "2003-01-31T10Z",
          "2003-01-31T10:60Z",
          "2003-01-31T10:00:60Z",
          "2003-01-31T10:00:00.Z",
          " 2003",
          "2003 ",
          "2003-01-31T10:00:00",
          "2003-01-31T10:00z",
          "2003-01-31t10:00Z",
          "2003-01-31T10:00+1:00",
          "2003-01T10:00Z",
          "-2003",
          "2003-01-31T10:00Z+01:00"}) {
        EXPECT_FALSE(parse_date(text)) << text;
    }
}

bool is_match(std::string_view pattern, std::string_view text) {
    const auto parsed = TextPattern::parse(pattern);
    return parsed && parsed->matches(text);
}

TEST(TextPattern, HasWildcardsAndEscapes) {
    EXPECT_TRUE(is_match("", ""));
    EXPECT_FALSE(is_match("", "a"));
    EXPECT_TRUE(is_match("abc", "abc"));
    EXPECT_FALSE(is_match("abc", "ABC"));
    EXPECT_TRUE(is_match("*", ""));
    EXPECT_TRUE(is_match("a*c", "ac"));
    EXPECT_TRUE(is_match("a*c", "abcbc"));
    EXPECT_FALSE(is_match("a*c", "abcb"));
    EXPECT_TRUE(is_match("?", "\xF0\x9F\x98\x80")) << "one character, whatever its bytes";
    EXPECT_FALSE(is_match("??", "\xC3\xB6"));
    EXPECT_TRUE(is_match("*?\xC3\xB6", "\xC3\xA4\xC3\xB6"));
    EXPECT_FALSE(is_match("?", ""));
    EXPECT_TRUE(is_match("a\\*b\\?\\\\", "a*b?\\"));
    EXPECT_FALSE(is_match("a\\*b", "axb"));
}

TEST(TextPattern, RefusesABackslashBeforeAnythingElse) {
    for (const char* pattern : {"\\", "a\\", "\\a", "*\\n", "\\\\\\"}) {
        EXPECT_FALSE(TextPattern::parse(pattern)) << pattern;
    }
}

/// The meaning of a pattern without escapes, told in the plainest way.
bool plainly(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return text.empty();
    if (pattern[0] == '*') {
        return plainly(pattern.substr(1), text) ||
               (!text.empty() && plainly(pattern, text.substr(1)));
    }
    return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) &&
           plainly(pattern.substr(1), text.substr(1));
}

TEST(TextPattern, MatchesAsItsPlainDefinition) {
    SeededRandom random(1);
    const auto word = [&](std::string_view letters, std::size_t longest) {
        std::string out(random.below(longest + 1), ' ');
        for (char& c : out)
            c = letters[random.below(letters.size())];
        return out;
    };
    for (int i = 0; i < 200'000; ++i) {
        const std::string pattern = word("ab*?", 7);
        const std::string text = word("ab", 8);
        ASSERT_EQ(is_match(pattern, text), plainly(pattern, text)) << pattern << " " << text;
    }
}

TEST(TextPattern, ManyWildcardsTakeNoExponentialTime) {
    std::string pattern;
    for (int i = 0; i < 200; ++i)
        pattern += "a*";
    EXPECT_FALSE(is_match(pattern + "b", std::string(20'000, 'a')));
}

} // namespace
} // namespace kith::store
