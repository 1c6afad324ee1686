#include "sim/graph_scenario.hpp"

#include <gtest/gtest.h>
#include <string>

namespace kith::sim {
namespace {

GraphOptions small(std::size_t nodes, std::uint64_t seed) {
    GraphOptions options;
    options.nodes = nodes;
    options.seed = seed;
    options.records = 40;
    return options;
}

GraphReport run(const GraphOptions& options) {
    NoProgress progress;
    const auto report = run_graph_twice(options, progress);
    EXPECT_TRUE(report.has_value()) << report.error();
    return report.value_or(GraphReport{});
}

/// Where it takes long: that a run can be repeated is shown by others.
GraphReport run_once(const GraphOptions& options) {
    NoProgress progress;
    const auto report = run_graph_once(options, progress);
    EXPECT_TRUE(report.has_value()) << report.error();
    return report.value_or(GraphReport{});
}

TEST(GraphScenario, every_change_reaches_everybody) {
    const GraphReport report = run(small(24, 1));
    EXPECT_EQ(report.live_nodes, 24U);
    EXPECT_EQ(report.published, 40U);
    EXPECT_EQ(report.missed, 0U);
    EXPECT_EQ(report.expected, 40U * 24);
    EXPECT_GT(report.last_delivery_hops_max, 0U);
    EXPECT_LE(report.last_delivery_hops_max, 24U);
    EXPECT_GT(report.latency_p50_ms, 0.0);
    EXPECT_LE(report.latency_p50_ms, report.latency_p99_ms);
    EXPECT_GE(report.neighbours_min, 1U);
    EXPECT_GT(report.state_bytes_per_node, 0.0);
}

// What modernization is for: hardly anybody is sent what it has.
TEST(GraphScenario, modern_nodes_send_hardly_anything_twice) {
    GraphOptions options = small(24, 2);
    options.records = 80;
    EXPECT_LE(run(options).redundant_copies_per_node, 0.3);
}

TEST(GraphScenario, published_rules_deliver_as_well) {
    GraphOptions options = small(16, 3);
    options.rules = store::Rules::published;
    const GraphReport report = run(options);
    EXPECT_EQ(report.missed, 0U);
    EXPECT_EQ(report.counters.adverts_sent, 0U);
    EXPECT_GT(report.redundant_copies_per_node, 0.3);
}

TEST(GraphScenario, a_lossy_cellular_network_delivers_everything) {
    GraphOptions options = small(12, 4);
    options.network = Latency::cellular;
    EXPECT_EQ(run(options).missed, 0U);
}

TEST(GraphScenario, halves_go_on_and_are_equal_soon_after_the_cut) {
    GraphOptions options = small(16, 5);
    options.has_partition = true;
    const GraphReport report = run(options);
    EXPECT_EQ(report.missed, 0U);
    EXPECT_TRUE(report.halves_converged.value_or(false));
    EXPECT_LE(report.converged_after_heal_s.value_or(1e9), 60.0);
}

TEST(GraphScenario, half_of_the_nodes_die_and_the_rest_goes_on) {
    GraphOptions options = small(24, 6);
    options.kill_percent = 50;
    const GraphReport report = run(options);
    EXPECT_EQ(report.live_nodes, 12U);
    EXPECT_EQ(report.missed, 0U);
    EXPECT_TRUE(report.converged_after_kill_s.has_value());
}

TEST(GraphScenario, two_hours_of_churn_lose_nothing_and_keep_nothing) {
    GraphOptions options = small(12, 7);
    options.has_churn = true;
    options.churn_hours = 2;
    options.publish_per_second = kChurnPublish;
    options.size = 256;
    const GraphReport report = run(options);
    EXPECT_EQ(report.missed, 0U);
    EXPECT_GT(report.returns, 0U);
    EXPECT_GT(report.crashes, 0U);
}

// A provider that defers, too: nothing is shown before it is judged.
TEST(GraphScenario, a_security_provider_is_asked_before_anything_is_shown) {
    GraphOptions options = small(12, 8);
    options.is_secured = true;
    EXPECT_EQ(run(options).missed, 0U);
}

TEST(GraphScenario, a_graph_that_shrinks_to_ten_loses_nothing) {
    GraphOptions options = small(24, 9);
    options.shrinks = true;
    const GraphReport report = run(options);
    EXPECT_EQ(report.live_nodes, 10U);
    EXPECT_EQ(report.missed, 0U);
}

// Two of twelve nodes mean ill, each time in another manner.
class GraphLies : public ::testing::TestWithParam<GraphLie> {};

TEST_P(GraphLies, neither_grow_nor_stall_nor_lose_anything) {
    GraphOptions options = small(12, 10);
    options.network = Latency::lan;
    options.liar_percent = 17;
    options.lies = {GetParam()};
    const bool is_long = GetParam() == GraphLie::floods || GetParam() == GraphLie::replays;
    const GraphReport report = is_long ? run_once(options) : run(options);
    EXPECT_EQ(report.liars, 2U);
    EXPECT_EQ(report.live_nodes, 10U);
    EXPECT_GT(report.lies_told, 1000U);
    EXPECT_EQ(report.missed, 0U);
    EXPECT_LT(report.latency_max_ms, 1000.0);
    EXPECT_LT(report.state_bytes_max, 4U << 20U);
}

INSTANTIATE_TEST_SUITE_P(
    All,
    GraphLies,
    ::testing::ValuesIn(all_graph_lies()),
    [](const ::testing::TestParamInfo<GraphLie>& each) {
        return std::string(to_string(each.param));
    });

// All manners at once, one node of three: what honest nodes notice of it is less than a second.
TEST(GraphScenario, liars_of_all_manners_hold_nothing_up) {
    GraphOptions options = small(18, 11);
    options.network = Latency::lan;
    const GraphReport calm = run_once(options);
    options.liar_percent = 34;
    options.lies = all_graph_lies();
    const GraphReport report = run_once(options);
    EXPECT_EQ(report.liars, 6U);
    EXPECT_EQ(report.missed, 0U);
    EXPECT_LT(report.latency_max_ms, calm.latency_max_ms + 1000.0);
    EXPECT_LT(report.state_bytes_max, 4U << 20U);
}

TEST(GraphScenario, different_seeds_are_different_runs) {
    NoProgress progress;
    const auto a = run_graph_once(small(4, 1), progress);
    const auto b = run_graph_once(small(4, 2), progress);
    ASSERT_TRUE(a && b);
    EXPECT_NE(a->trace_hash, b->trace_hash);
}

} // namespace
} // namespace kith::sim
