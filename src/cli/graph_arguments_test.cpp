#include "cli/graph_arguments.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace kith::cli {
namespace {

using namespace std::chrono_literals;

template<class T>
T parsed(const std::vector<std::string>& arguments) {
    const auto result = parse_arguments(arguments);
    EXPECT_TRUE(result) << (result ? "" : result.error().sentence);
    return std::get<T>(std::get<Invocation>(result.value()).command);
}

TEST(GraphArguments, read_spans_of_time) {
    EXPECT_EQ(parse_span("90s"), 90s);
    EXPECT_EQ(parse_span("10m"), 10min);
    EXPECT_EQ(parse_span("1h"), 1h);
    EXPECT_EQ(parse_span("30d"), std::chrono::days(30));
    EXPECT_EQ(parse_span("366d"), std::chrono::days(366));
    for (const char* text :
         {"", "s", "0s", "1", "1w", "-1s", "1.5h", "367d", "99999999999s", "1 s"})
        EXPECT_FALSE(parse_span(text)) << text;
}

TEST(GraphArguments, read_a_record_to_add) {
    const auto add = parsed<RecordAdd>(
        {"record",
         "add",
         "plans",
         "--type",
         "chat",
         "--attr",
         "a=b",
         "--attr",
         "n:int=3",
         "--expires",
         "1h",
         "-"});
    EXPECT_EQ(add.graph, "plans");
    EXPECT_EQ(add.type, "chat");
    EXPECT_EQ(add.attributes, (std::vector<std::string>{"a=b", "n:int=3"}));
    EXPECT_EQ(add.lifetime, 1h);
    EXPECT_EQ(add.file, "-");
    EXPECT_EQ(
        parsed<RecordAdd>({"record", "add", "g", "--type", "t"}).lifetime, std::chrono::days(30));
}

TEST(GraphArguments, say_by_which_rules_a_graph_is_founded_and_opened) {
    EXPECT_FALSE(parsed<GraphCreate>({"graph", "create", "g"}).wish.published_rules);
    EXPECT_FALSE(parsed<GraphOpen>({"graph", "open", "g"}).wish.published_rules);
    EXPECT_TRUE(
        parsed<GraphCreate>({"graph", "create", "g", "--published-rules"}).wish.published_rules);
    EXPECT_TRUE(
        parsed<GraphOpen>({"graph", "open", "g", "--published-rules"}).wish.published_rules);
}

TEST(GraphArguments, are_known_by_their_place) {
    EXPECT_FALSE(is_about_graphs(DaemonStatus{}));
    EXPECT_FALSE(is_about_graphs(NameList{}));
    EXPECT_TRUE(is_about_graphs(GraphCreate{}));
    EXPECT_TRUE(is_about_graphs(Chat{}));
}

TEST(GraphArguments, need_what_a_command_needs) {
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
             {"graph", "create"},
             {"graph", "connect", "g"},
             {"graph", "create", "g", "--scope", "moon"},
             {"record", "add", "g"},
             {"record", "add", "g", "--type", "t", "--expires", "soon"},
             {"record", "list", "g", "--limit", "0"},
             {"record", "search", "g"},
             {"chat"},
             {"watch"}}) {
        const auto result = parse_arguments(arguments);
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().exit_code, kExitUsage);
    }
}

} // namespace
} // namespace kith::cli
