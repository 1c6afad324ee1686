#include "cli/page.hpp"

#include <gtest/gtest.h>

namespace kith::cli {
namespace {

Table make_table() {
    Table table({{.title = "NAME"}, {.title = "SIZE", .align = Align::right}, {.title = "NOTE"}});
    table.add_row({{"東京"}, {"7"}, {"wide"}});
    table.add_row({{"ab"}, {"1000"}, {""}});
    return table;
}

TEST(Table, AlignsColumnsByWhatTheTerminalShows) {
    EXPECT_EQ(
        make_table().render({}),
        "NAME  SIZE  NOTE\n"
        "東京     7  wide\n"
        "ab    1000\n");
}

TEST(Table, WithoutRowsIsItsTitles) {
    EXPECT_EQ(Table({{.title = "A"}, {.title = "B"}}).render({}), "A  B\n");
}

TEST(Table, FitsExactlyInItsWidth) {
    EXPECT_TRUE(make_table().render({.columns_max = 16}).starts_with("NAME  SIZE  NOTE\n"));
}

TEST(Table, OnANarrowTerminalIsListedWithoutLosingAnything) {
    EXPECT_EQ(
        make_table().render({.columns_max = 15}),
        "NAME  東京\n"
        "SIZE  7\n"
        "NOTE  wide\n"
        "\n"
        "NAME  ab\n"
        "SIZE  1000\n");
}

TEST(Table, MakesCellsPrintable) {
    Table table({{.title = "A"}});
    table.add_row({{"\x1b[31m\n"}});
    EXPECT_EQ(table.render({}), "A\n\\x1b[31m\\n\n");
}

TEST(Table, PaintsOnlyAPageWithColors) {
    Table table({{.title = "A"}, {.title = "B"}});
    table.add_row({{"x", Tone::good}, {"y"}});
    EXPECT_EQ(
        table.render({.colors = Colors::on}),
        "\x1b[1mA\x1b[0m  \x1b[1mB\x1b[0m\n\x1b[32mx\x1b[0m  y\n");
    EXPECT_EQ(table.render({.colors = Colors::off}), "A  B\nx  y\n");
}

TEST(Facts, AlignValuesAndLeaveAbsentOnesOut) {
    Facts facts;
    facts.add("name", "a");
    facts.add("absent", "");
    facts.add_lines("addresses", {"1", "2"});
    facts.add_lines("none", {});
    EXPECT_EQ(
        facts.render({}),
        "name       a\n"
        "addresses  1\n"
        "           2\n");
}

TEST(Facts, AValueCannotForgeAFact) {
    Facts facts;
    facts.add("comment", "x\nverified  yes");
    EXPECT_EQ(facts.render({}), "comment  x\\nverified  yes\n");
}

} // namespace
} // namespace kith::cli
