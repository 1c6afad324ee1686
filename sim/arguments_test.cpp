#include "sim/arguments.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace kith::sim {
namespace {

std::expected<Arguments, Refusal> parse(std::vector<std::string> words) {
    std::vector<char*> pointers;
    pointers.reserve(words.size());
    for (std::string& word : words)
        pointers.push_back(word.data());
    return parse_arguments(pointers);
}

TEST(Arguments, every_option_arrives) {
    const auto parsed = parse(
        {"names",
         "--nodes",
         "64",
         "--seed",
         "7",
         "--latency",
         "lan",
         "--loss",
         "5.5",
         "--kill",
         "25",
         "--partition",
         "--churn",
         "--resolves",
         "300",
         "--profile",
         "windows",
         "--json"});
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ(parsed->names.nodes, 64U);
    EXPECT_EQ(parsed->names.seed, 7U);
    EXPECT_EQ(parsed->names.latency, Latency::lan);
    EXPECT_EQ(parsed->names.loss_percent, 5.5);
    EXPECT_EQ(parsed->names.killed(), 16U);
    EXPECT_TRUE(parsed->names.has_partition);
    EXPECT_TRUE(parsed->names.has_churn);
    EXPECT_EQ(parsed->names.resolves, 300U);
    EXPECT_EQ(parsed->names.profile, &pnrp::windows_profile());
    EXPECT_NE(command_of(parsed->names).find(" --profile windows"), std::string::npos);
    EXPECT_TRUE(parsed->wants_json);
}

TEST(Arguments, the_command_of_a_failure_parses_back) {
    const auto parsed =
        parse({"names", "--nodes", "9", "--loss", "0", "--kill", "12.5", "--churn", "--seed", "3"});
    ASSERT_TRUE(parsed);
    EXPECT_EQ(
        command_of(parsed->names),
        "kith-sim names --nodes 9 --seed 3 --loss 0 --kill 12.5 --churn");
}

TEST(Arguments, the_adversary_and_his_lies_arrive) {
    const auto parsed = parse({"names", "--adversary", "20", "--lies", "forged,silence"});
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ(parsed->names.adversary_percent, 20.0);
    EXPECT_TRUE(parsed->names.has_adversary());
    EXPECT_TRUE(parsed->names.lies.has(Lie::silence));
    EXPECT_FALSE(parsed->names.lies.has(Lie::floods));
    EXPECT_EQ(
        command_of(parsed->names),
        "kith-sim names --nodes 1000 --seed 1 --adversary 20 --lies forged,silence");
    const auto attack = parse({"names", "--attack"});
    ASSERT_TRUE(attack);
    EXPECT_TRUE(attack->names.has_attack && attack->names.has_adversary());
    EXPECT_EQ(command_of(attack->names), "kith-sim names --nodes 1000 --seed 1 --attack");
}

TEST(Arguments, numbers_are_decimal) {
    const auto parsed = parse({"names", "--nodes", "010"});
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->names.nodes, 10U);
    EXPECT_FALSE(parse({"names", "--nodes", "0x10"}));
}

TEST(Arguments, what_is_not_said_has_its_default) {
    const auto parsed = parse({"names"});
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->names.nodes, 1000U);
    EXPECT_EQ(parsed->names.latency, Latency::wan);
    EXPECT_FALSE(parsed->names.loss_percent);
    EXPECT_FALSE(parsed->names.resolves);
    EXPECT_FALSE(parsed->wants_json);
}

class Mistake : public ::testing::TestWithParam<std::vector<std::string>> {};

TEST_P(Mistake, ends_with_exit_code_2_and_a_line_that_says_why) {
    const auto parsed = parse(GetParam());
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().exit_code, 2);
    EXPECT_TRUE(parsed.error().text.starts_with("kith-sim: "));
    EXPECT_TRUE(parsed.error().text.ends_with("\n"));
    EXPECT_GT(parsed.error().text.size(), std::string("kith-sim: \n").size());
}

INSTANTIATE_TEST_SUITE_P(
    Arguments,
    Mistake,
    ::testing::Values(
        std::vector<std::string>{},
        std::vector<std::string>{"graphs"},
        std::vector<std::string>{"names", "--nodes", "1"},
        std::vector<std::string>{"names", "--nodes", "100001"},
        std::vector<std::string>{"names", "--nodes", "-5"},
        std::vector<std::string>{"names", "--nodes", "many"},
        std::vector<std::string>{"names", "--nodes"},
        std::vector<std::string>{"names", "--nodes", "18446744073709551618"},
        std::vector<std::string>{"names", "--nodes", "10 "},
        std::vector<std::string>{"names", "--nodes", ""},
        std::vector<std::string>{"names", "--seed", "-1"},
        std::vector<std::string>{"names", "--seed", "18446744073709551616"},
        std::vector<std::string>{"names", "--latency", "moon"},
        std::vector<std::string>{"names", "--loss", "-1"},
        std::vector<std::string>{"names", "--loss", "90.1"},
        std::vector<std::string>{"names", "--loss", "nan"},
        std::vector<std::string>{"names", "--kill", "91"},
        std::vector<std::string>{"names", "--nodes", "10", "--kill", "90"},
        std::vector<std::string>{"names", "--resolves", "0"},
        std::vector<std::string>{"names", "--resolves", "1000001"},
        std::vector<std::string>{"names", "--adversary", "51"},
        std::vector<std::string>{"names", "--adversary", "20", "--lies", "truth"},
        std::vector<std::string>{"names", "--lies", "silence"},
        std::vector<std::string>{"names", "--adversary", "20", "--attack"},
        std::vector<std::string>{"names", "--adversary", "20", "--churn"},
        std::vector<std::string>{"names", "--attack", "--kill", "10"},
        std::vector<std::string>{"names", "--unknown"},
        std::vector<std::string>{"names", "surplus"}));

TEST(Arguments, what_is_no_scenario_is_named) {
    EXPECT_NE(parse({"foo"}).error().text.find("no scenario foo"), std::string::npos);
    EXPECT_NE(parse({"--foo"}).error().text.find("no option --foo"), std::string::npos);
}

TEST(Arguments, help_is_no_mistake) {
    for (const auto& words : {std::vector<std::string>{"--help"}, {"names", "--help"}}) {
        const auto parsed = parse(words);
        ASSERT_FALSE(parsed);
        EXPECT_EQ(parsed.error().exit_code, 0);
        EXPECT_NE(parsed.error().text.find("names"), std::string::npos);
    }
}

} // namespace
} // namespace kith::sim
