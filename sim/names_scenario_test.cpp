#include "sim/names_scenario.hpp"

#include <gtest/gtest.h>

namespace kith::sim {
namespace {

NamesOptions small(std::size_t nodes, std::uint64_t seed) {
    NamesOptions options;
    options.nodes = nodes;
    options.seed = seed;
    return options;
}

NamesReport run(const NamesOptions& options) {
    NoProgress progress;
    const auto report = run_names_twice(options, progress);
    EXPECT_TRUE(report.has_value()) << report.error();
    return report.value_or(NamesReport{});
}

/// Where it takes long: that a run can be repeated is shown by others.
NamesReport run_once(const NamesOptions& options) {
    NoProgress progress;
    const auto report = run_names_once(options, progress);
    EXPECT_TRUE(report.has_value()) << report.error();
    return report.value_or(NamesReport{});
}

// PNRP-242
TEST(NamesScenario, every_live_name_resolves) {
    const NamesReport report = run(small(48, 7));
    EXPECT_EQ(report.resolves, 48U);
    EXPECT_EQ(report.succeeded, 48U);
    EXPECT_EQ(report.forged, 0U);
    EXPECT_EQ(report.live_nodes, 48U);
    EXPECT_GT(report.lookups_max, 0U);
    EXPECT_GT(report.latency_p50_ms, 0.0);
    EXPECT_LE(report.latency_p50_ms, report.latency_p99_ms);
    EXPECT_GT(report.messages_per_resolve, 0.0); // resolves save some of the idle probes
    EXPECT_GT(report.idle_bytes_per_node_minute, 0.0);
    EXPECT_GT(report.wakeups_per_node_minute, 0.0);
    EXPECT_GT(report.state_bytes_per_node, 0.0);
    EXPECT_GT(report.counters.signatures_checked, 0U);
}

TEST(NamesScenario, the_windows_profile_resolves_with_real_signatures) {
    NamesOptions options = small(24, 11);
    options.profile = &pnrp::windows_profile();
    const NamesReport report = run(options);
    EXPECT_EQ(report.profile, "windows");
    EXPECT_EQ(report.succeeded, 24U);
    EXPECT_EQ(report.forged, 0U);
    EXPECT_GT(report.counters.signatures_checked, 0U);
    EXPECT_EQ(report.counters.dropped_for(pnrp::Drop::cpa_signature), 0U);
}

TEST(NamesScenario, survivors_of_a_kill_resolve) {
    NamesOptions options = small(40, 8);
    options.kill_percent = 25;
    options.resolves = 60;
    const NamesReport report = run(options);
    EXPECT_EQ(report.live_nodes, 30U);
    EXPECT_EQ(report.resolves, 60U);
    EXPECT_EQ(report.succeeded, 60U);
}

TEST(NamesScenario, a_healed_partition_resolves) {
    NamesOptions options = small(24, 9);
    options.has_partition = true;
    const NamesReport report = run(options);
    EXPECT_EQ(report.succeeded, report.resolves);
}

TEST(NamesScenario, churn_on_a_lan_forges_nothing) {
    NamesOptions options = small(32, 10);
    options.latency = Latency::lan;
    options.has_churn = true;
    options.resolves = 320;
    const NamesReport report = run(options);
    EXPECT_EQ(report.forged, 0U);
    EXPECT_GE(report.succeeded * 100, report.resolves * 98);
    EXPECT_LT(report.resolves, 321U);
}

TEST(NamesScenario, different_seeds_are_different_runs) {
    NoProgress progress;
    const auto a = run_names_once(small(4, 1), progress);
    const auto b = run_names_once(small(4, 2), progress);
    ASSERT_TRUE(a && b);
    EXPECT_NE(a->trace_hash, b->trace_hash);
}

// PNRP-207, PNRP-212, PNRP-217: a fifth of the nodes lies in every way for an hour.
TEST(NamesScenario, liars_forge_nothing_and_hide_little) {
    NamesOptions options = small(40, 11);
    options.adversary_percent = 20;
    options.resolves = 200;
    const NamesReport report = run_once(options);
    EXPECT_EQ(report.liars, 8U);
    EXPECT_EQ(report.live_nodes, 32U);
    EXPECT_EQ(report.resolves, 200U);
    EXPECT_EQ(report.forged, 0U);
    EXPECT_GE(report.succeeded, 198U);
    EXPECT_LT(report.state_bytes_max, 256U * 1024);
    EXPECT_NEAR(report.virtual_s, 3600, 60);
    for (std::size_t i = 0; i < kLies; ++i)
        EXPECT_GT(report.lies_told[i], 0U) << to_string(static_cast<Lie>(i));
}

TEST(NamesScenario, an_adversary_who_does_not_lie_changes_nothing) {
    NamesOptions options = small(24, 12);
    options.adversary_percent = 20;
    options.lies = Lies::none();
    options.resolves = 48;
    const NamesReport report = run(options);
    EXPECT_EQ(report.succeeded, 48U);
    EXPECT_EQ(report.lies_told, (std::array<std::uint64_t, kLies>{}));
}

// Ids that lie closer to a name than any honest one, and a hostile seed: it is found all the same.
TEST(NamesScenario, a_surrounded_name_resolves) {
    NamesOptions options = small(56, 13);
    options.has_attack = true;
    options.resolves = 100;
    const NamesReport report = run(options);
    EXPECT_EQ(report.liars, 9U); // eight ground ids, and a seed
    EXPECT_EQ(report.forged, 0U);
    EXPECT_GE(report.succeeded, 99U);
    EXPECT_GT(report.lies_told[static_cast<std::size_t>(Lie::claims)], 0U);
}

// All of them are one network's, so that they hold up a search for as long as one of them could.
TEST(NamesScenario, a_surrounded_name_resolves_soon) {
    NamesOptions options = small(96, 2);
    options.has_attack = true;
    options.resolves = 60;
    const NamesReport report = run_once(options);
    EXPECT_EQ(report.succeeded, 60U);
    EXPECT_LT(report.latency_p50_ms, 500.0);
    EXPECT_LT(report.latency_p99_ms, 2500.0);
}

} // namespace
} // namespace kith::sim
