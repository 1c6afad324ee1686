#include "sim/arguments.hpp"
#include "sim/graph_arguments.hpp"

#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <vector>

namespace kith::sim {
namespace {

std::expected<Arguments, Refusal> parse_line(const std::string& line) {
    std::istringstream in(line);
    std::vector<std::string> words;
    for (std::string word; in >> word;)
        words.push_back(word);
    std::vector<char*> pointers;
    pointers.reserve(words.size());
    for (std::string& word : words)
        pointers.push_back(word.data());
    return parse_arguments(pointers);
}

TEST(GraphArguments, the_command_of_options_gives_them_back) {
    for (const std::string line :
         {"graph --nodes 100 --seed 1",
          "graph --nodes 64 --seed 9 --publish 5 --size 256 --records 20 --partition --split 60 "
          "--kill 25 --shrink --liars 10 --lies slow,holds "
          "--network cellular --neighbours 3/4/8 --timers 0.5 "
          "--rules published --secured",
          "graph --nodes 30 --seed 2 --churn --hours 2",
          "graph --nodes 30 --seed 2 --publish 2 --churn"}) {
        const auto arguments = parse_line(line);
        ASSERT_TRUE(arguments && arguments->graph) << line << ": " << arguments.error().text;
        EXPECT_EQ(command_of(*arguments->graph), "kith-sim " + line);
    }
}

TEST(GraphArguments, what_makes_no_sense_is_refused) {
    for (const std::string line :
         {"graph --nodes 1",
          "graph --nodes 010x",
          "graph --kill 95",
          "graph --nodes 4 --kill 50 --liars 25",
          "graph --neighbours 3/4",
          "graph --neighbours 4/3/8",
          "graph --neighbours 1/2/3/4",
          "graph --neighbours a/b/c",
          "graph --timers 0",
          "graph --liars 10 --lies",
          "graph --liars 10 --lies slow,slow",
          "graph --liars 10 --lies white",
          "graph --lies slow",
          "graph --hours 5",
          "graph --split 5",
          "graph --churn --partition",
          "graph --network moon",
          "graph --rules old"}) {
        const auto arguments = parse_line(line);
        ASSERT_FALSE(arguments) << line;
        EXPECT_EQ(arguments.error().exit_code, 2) << line;
    }
}

TEST(GraphArguments, churn_publishes_slowly_unless_told_otherwise) {
    EXPECT_EQ(parse_line("graph --churn")->graph->publish_per_second, kChurnPublish);
    EXPECT_EQ(parse_line("graph --churn --publish 1")->graph->publish_per_second, 1.0);
}

} // namespace
} // namespace kith::sim
