#include "sim/nat_scenario.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

namespace kith::sim {
namespace {

class NatScenario : public ::testing::TestWithParam<NatKind> {
protected:
    static NatReport run(std::size_t nodes, std::uint64_t seed, NatKind kind) {
        NamesOptions options;
        options.nodes = nodes;
        options.seed = seed;
        options.nat = kind;
        NoProgress progress;
        const auto report = run_nat_twice(options, progress);
        EXPECT_TRUE(report.has_value()) << report.error();
        return report.value_or(NatReport{});
    }
};

INSTANTIATE_TEST_SUITE_P(
    Kinds,
    NatScenario,
    ::testing::Values(
        NatKind::none,
        NatKind::full_cone,
        NatKind::address_restricted,
        NatKind::port_restricted,
        NatKind::symmetric),
    [](const auto& test) {
        std::string text(to_string(test.param));
        std::replace(text.begin(), text.end(), '-', '_');
        return text;
    });

// Issue of reach: each says rightly what it can do, and resolves everything, from a private IPv4
// address only.
TEST_P(NatScenario, a_node_says_what_it_can_do_and_resolves_everything) {
    const NatReport report = run(32, 7, GetParam());
    EXPECT_EQ(report.what_is_wrong(), std::nullopt);
    EXPECT_EQ(report.behind, 8U);
    EXPECT_GE(report.resolves, 64U);
}

TEST_P(NatScenario, also_in_a_cloud_of_six_others) {
    const NatReport report = run(8, 3, GetParam());
    EXPECT_EQ(report.behind, 2U);
    if (GetParam() == NatKind::none) {
        // At an address of its own it contacts everybody, and no stranger is left to come: it
        // cannot know, says so, and publishes.
        EXPECT_EQ(report.unknown, 2U);
        EXPECT_EQ(report.what_is_wrong(), std::nullopt);
        EXPECT_EQ(report.published, 2U);
        EXPECT_EQ(report.published_succeeded, report.published_resolves);
        return;
    }
    EXPECT_EQ(report.what_is_wrong(), std::nullopt);
}

TEST(NatReport, tells_what_is_wrong) {
    NatReport report;
    report.kind = NatKind::symmetric;
    report.behind = 2;
    report.publish = 2;
    report.published = 2;
    EXPECT_TRUE(report.what_is_wrong()); // what it is behind lets nobody in
    report.publish = 0;
    report.resolve_only = 2;
    EXPECT_TRUE(report.what_is_wrong()); // and they published all the same
    report.published = 0;
    report.refused = 2;
    EXPECT_FALSE(report.what_is_wrong());
    report.resolves = 3;
    EXPECT_TRUE(report.what_is_wrong());

    NatReport open;
    open.kind = NatKind::none;
    open.behind = open.published = 2;
    open.publish = open.unknown = 1;
    EXPECT_FALSE(open.what_is_wrong());
    open.unknown = 0;
    open.resolve_only = 1;
    EXPECT_TRUE(open.what_is_wrong());
}

} // namespace
} // namespace kith::sim
