#include "cli/terminal_text.hpp"

#include <gtest/gtest.h>
#include <string>

namespace kith::cli {
namespace {

using namespace std::string_literals;

TEST(Printable, LeavesWhatPeopleWriteAlone) {
    EXPECT_EQ(printable("my site, C:\\temp \"50 %\""), "my site, C:\\temp \"50 %\"");
    EXPECT_EQ(printable("Grüße 東京 🐘"), "Grüße 東京 🐘");
    EXPECT_EQ(printable(""), "");
}

TEST(Printable, NeverLetsATerminalEscapePass) {
    EXPECT_EQ(printable("\x1b[2J\x1b]0;owned\x07"), "\\x1b[2J\\x1b]0;owned\\x07");
    // CSI as one C1 character, which some terminals obey.
    EXPECT_EQ(
        printable("\xc2\x9b"
                  "31m"),
        "\\u{9b}31m");
    EXPECT_EQ(printable("a\rb\x08\x7f"), "a\\x0db\\x08\\x7f");
    EXPECT_EQ(printable("nul\0!"s), "nul\\x00!");
}

TEST(Printable, KeepsOneTextOnOneLine) {
    EXPECT_EQ(printable("a\nb\tc"), "a\\nb\\tc");
    EXPECT_EQ(printable("a\u2028b\u2029c"), "a\\u{2028}b\\u{2029}c");
}

TEST(Printable, ShowsWhatWouldReorderOrHideText) {
    EXPECT_EQ(printable("abc\u202egnp.exe"), "abc\\u{202e}gnp.exe");
    EXPECT_EQ(printable("pay\u200bpal"), "pay\\u{200b}pal");
    EXPECT_EQ(printable("\ufeff"), "\\u{feff}");
}

TEST(Printable, ShowsBytesThatAreNotUtf8) {
    EXPECT_EQ(printable("a\xff\xfe"), "a\\xff\\xfe");
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80"); // a surrogate
    EXPECT_EQ(printable("\xe6\x9d"), "\\xe6\\x9d");          // cut off
}

TEST(Printable, LeavesNoControlByteForAnyInput) {
    for (unsigned first = 0; first < 256; ++first) {
        for (unsigned second = 0; second < 256; ++second) {
            const std::string shown =
                printable(std::string{static_cast<char>(first), static_cast<char>(second)});
            for (const char c : shown) {
                ASSERT_GE(static_cast<unsigned char>(c), 0x20) << first << " " << second;
                ASSERT_NE(c, 0x7f) << first << " " << second;
            }
            ASSERT_EQ(printable(shown), shown); // shown again it is the same
        }
    }
}

TEST(IsPlainText, AllowsLinesAndTabsAndNoOtherControls) {
    EXPECT_TRUE(is_plain_text("two\nlines\tand ü"));
    EXPECT_TRUE(is_plain_text(""));
    EXPECT_FALSE(is_plain_text("\x1b[0m"));
    EXPECT_FALSE(is_plain_text("\x80"));
    EXPECT_FALSE(is_plain_text("\u202e"));
}

TEST(ColumnsOf, CountsWhatATerminalShows) {
    EXPECT_EQ(columns_of("abc"), 3U);
    EXPECT_EQ(columns_of("ü"), 1U);
    EXPECT_EQ(columns_of("u\u0308"), 1U); // combining
    EXPECT_EQ(columns_of("東京"), 4U);
    EXPECT_EQ(columns_of(""), 0U);
}

} // namespace
} // namespace kith::cli
