// What a small cloud goes through. Every story is told twice and must be the same to the byte; the
// contract is checked at every step and every answer against what its owner published.

#include "sim/addresses.hpp"
#include "sim/testing/small_cloud.hpp"

#include <gtest/gtest.h>

namespace kith::sim {
namespace {

using namespace std::chrono_literals;
using testing::SmallCloud;
using testing::tell_twice;

FleetConfig config_of(std::uint64_t seed) {
    FleetConfig config;
    config.seed = seed;
    return config;
}

// PNRP-240: who publishes resolves as well, and gets the endpoints that were published.
TEST(CloudStory, two_nodes_find_each_other) {
    tell_twice(config_of(1), 2, [](SmallCloud& cloud) {
        cloud.join();
        EXPECT_EQ(cloud.ask_all_for(cloud.hosts[0]), 1U);
        EXPECT_EQ(cloud.ask_all_for(cloud.hosts[1]), 1U);
    });
}

// PNRP-242: everybody finds everybody, in few LOOKUPs.
TEST(CloudStory, sixteen_nodes_all_find_all) {
    tell_twice(config_of(2), 16, [](SmallCloud& cloud) {
        cloud.join();
        for (const HostId host : cloud.hosts)
            EXPECT_EQ(cloud.ask_all_for(host), 15U);
    });
}

// A name that nobody has published is not found, by anybody.
TEST(CloudStory, a_name_that_nobody_published_is_not_found) {
    tell_twice(config_of(3), 8, [](SmallCloud& cloud) {
        cloud.join();
        std::uint32_t serial = 0;
        for (const HostId host : cloud.hosts)
            cloud.fleet.ask_unpublished(host, serial++);
        cloud.pass(kResolveTimeout + 1s);
        EXPECT_EQ(cloud.count(Verdict::not_found), 8U);
        EXPECT_EQ(cloud.fleet.ledger().answers().size(), 8U);
    });
}

TEST(CloudStory, a_lan_answers_within_milliseconds) {
    FleetConfig config = config_of(4);
    config.link.latency = Latency::lan;
    config.link.loss = 0;
    config.scope = Scope::link;
    tell_twice(config, 16, [](SmallCloud& cloud) {
        cloud.join();
        EXPECT_EQ(cloud.ask_around(64), 64U);
        for (const Answer& answer : cloud.fleet.ledger().answers())
            EXPECT_LT(answer.took, 100ms);
    });
}

// Nodes of one link find each other without a seed.
TEST(CloudStory, a_link_without_seeds_is_found_by_multicast) {
    FleetConfig config = config_of(5);
    config.link.latency = Latency::lan;
    config.link.loss = 0;
    config.scope = Scope::link;
    config.uses_multicast = true;
    tell_twice(config, 8, [](SmallCloud& cloud) {
        for (const HostId host : cloud.hosts) {
            cloud.fleet.start(host, {});
            cloud.pass(1s);
            cloud.publish(host);
        }
        cloud.pass(2min);
        EXPECT_EQ(cloud.ask_around(32), 32U);
    });
}

TEST(CloudStory, five_percent_of_loss_hides_no_name) {
    FleetConfig config = config_of(6);
    config.link.loss = 0.05;
    tell_twice(config, 32, [](SmallCloud& cloud) {
        cloud.join();
        EXPECT_EQ(cloud.ask_around(64), 64U);
    });
}

TEST(CloudStory, bursts_of_loss_hide_hardly_any_name) {
    FleetConfig config = config_of(7);
    config.link.burst = BurstLoss{20s, 500ms, 0.9};
    tell_twice(config, 32, [](SmallCloud& cloud) {
        cloud.join();
        EXPECT_GE(cloud.ask_around(64), 62U);
    });
}

TEST(CloudStory, duplicates_and_disorder_change_nothing) {
    FleetConfig config = config_of(8);
    config.link.duplication = 0.2;
    config.link.reordering = 0.2;
    tell_twice(config, 32, [](SmallCloud& cloud) {
        cloud.join();
        EXPECT_EQ(cloud.ask_around(64), 64U);
        EXPECT_GT(cloud.fleet.world().traffic().duplicated, 1000U);
    });
}

// PNRP-281: both halves live on, and are one again after the cut.
TEST(CloudStory, a_split_cloud_heals) {
    tell_twice(config_of(9), 24, [](SmallCloud& cloud) {
        cloud.join();
        for (std::size_t i = 0; i < cloud.hosts.size(); i += 2)
            cloud.fleet.world().partition().put(cloud.hosts[i], 1);
        cloud.fleet.world().partition().cut(0, 1);
        cloud.pass(10min);
        // Each half still finds its own.
        cloud.fleet.ask(cloud.hosts[1], cloud.names[3]);
        cloud.fleet.ask(cloud.hosts[0], cloud.names[2]);
        cloud.fleet.ask(cloud.hosts[0], cloud.names[3]);
        cloud.pass(kResolveTimeout + 1s);
        EXPECT_EQ(cloud.count(Verdict::correct), 2U);
        cloud.fleet.world().partition().heal();
        cloud.pass(8min);
        EXPECT_EQ(cloud.ask_around(64), 64U);
    });
}

// Answers that never arrive are no reason for a breach, and the end of the cut is noticed.
TEST(CloudStory, a_one_way_cut_is_survived) {
    tell_twice(config_of(10), 12, [](SmallCloud& cloud) {
        cloud.join();
        cloud.fleet.world().partition().put(cloud.hosts[5], 1);
        cloud.fleet.world().partition().cut_one_way(1, 0);
        cloud.pass(5min);
        cloud.fleet.world().partition().heal();
        cloud.pass(5min);
        EXPECT_EQ(cloud.ask_around(32), 32U);
    });
}

// PNRP-174: the nodes that are left are found, and the dead are not.
TEST(CloudStory, a_quarter_dies_silently_and_the_rest_is_found) {
    tell_twice(config_of(11), 32, [](SmallCloud& cloud) {
        cloud.join();
        for (std::size_t i = 1; i < 32; i += 4)
            cloud.fleet.crash(cloud.hosts[i]);
        cloud.pass(5min);
        EXPECT_EQ(cloud.ask_around(64), 64U);
        cloud.fleet.ledger().forget_answers();
        cloud.fleet.ask(cloud.hosts[0], cloud.names[1]);
        cloud.pass(kResolveTimeout + 1s);
        EXPECT_EQ(cloud.count(Verdict::correct), 0U);
    });
}

TEST(CloudStory, a_cloud_outlives_its_seed) {
    tell_twice(config_of(12), 16, [](SmallCloud& cloud) {
        cloud.join();
        cloud.fleet.crash(cloud.hosts[0]);
        cloud.pass(3min);
        EXPECT_EQ(cloud.ask_around(32), 32U);
    });
}

// PNRP-136, PNRP-137: what was remembered is enough to come back, though the seed is dead.
TEST(CloudStory, a_node_comes_back_by_what_it_remembers) {
    tell_twice(config_of(13), 12, [](SmallCloud& cloud) {
        cloud.join();
        cloud.fleet.crash(cloud.hosts[0]);
        cloud.fleet.crash(cloud.hosts[7]);
        cloud.pass(1min);
        const std::vector<HostId> dead_seed{cloud.hosts[0]};
        cloud.fleet.start(cloud.hosts[7], dead_seed, Memory::kept);
        cloud.pass(2s);
        cloud.publish(cloud.hosts[7]);
        cloud.pass(1min);
        EXPECT_EQ(cloud.ask_all_for(cloud.hosts[7]), 10U);
        EXPECT_EQ(cloud.ask_around(32), 32U);
    });
}

TEST(CloudStory, a_node_without_memory_comes_back_by_its_seed) {
    tell_twice(config_of(14), 12, [](SmallCloud& cloud) {
        cloud.join();
        cloud.fleet.crash(cloud.hosts[7]);
        cloud.pass(1min);
        const std::vector<HostId> seed{cloud.hosts[0]};
        cloud.fleet.start(cloud.hosts[7], seed, Memory::lost);
        cloud.pass(2s);
        cloud.publish(cloud.hosts[7]);
        cloud.pass(1min);
        EXPECT_EQ(cloud.ask_all_for(cloud.hosts[7]), 11U);
    });
}

// PNRP-257: who leaves is not found any more, at once.
TEST(CloudStory, a_polite_leave_is_noticed_at_once) {
    tell_twice(config_of(15), 16, [](SmallCloud& cloud) {
        cloud.join();
        cloud.fleet.leave(cloud.hosts[5]);
        cloud.pass(2s);
        cloud.fleet.crash(cloud.hosts[5]);
        EXPECT_EQ(cloud.ask_all_for(cloud.hosts[5]), 0U);
        EXPECT_EQ(cloud.count(Verdict::not_found), 15U);
        for (const Answer& answer : cloud.fleet.ledger().answers())
            EXPECT_LT(answer.took, 5s);
        EXPECT_EQ(cloud.ask_around(32), 32U);
    });
}

// PNRP-253: an unpublished name is not found, and its owner's other name still is.
TEST(CloudStory, an_unpublished_name_is_not_found_and_the_other_one_is) {
    tell_twice(config_of(16), 12, [](SmallCloud& cloud) {
        cloud.join();
        const PublicationId first = cloud.names[4];
        cloud.publish(cloud.hosts[4]);
        cloud.pass(30s);
        cloud.fleet.unpublish(first);
        cloud.pass(5s);
        EXPECT_EQ(cloud.ask_all_for(cloud.hosts[4]), 11U);
        cloud.names[4] = first;
        EXPECT_EQ(cloud.ask_all_for(cloud.hosts[4]), 0U);
        EXPECT_EQ(cloud.count(Verdict::not_found), 11U);
    });
}

TEST(CloudStory, a_node_that_moves_is_found_again) {
    tell_twice(config_of(17), 12, [](SmallCloud& cloud) {
        cloud.join();
        cloud.fleet.move(cloud.hosts[6]);
        cloud.pass(30s);
        EXPECT_EQ(cloud.ask_all_for(cloud.hosts[6]), 11U);
    });
}

// A node that resolves and publishes nothing is nobody's neighbour; it finds all the same.
TEST(CloudStory, a_node_without_names_resolves) {
    tell_twice(config_of(18), 12, [](SmallCloud& cloud) {
        cloud.join();
        const HostId guest = cloud.fleet.add();
        const std::vector<HostId> seed{cloud.hosts[0]};
        cloud.fleet.start(guest, seed);
        cloud.pass(10s);
        for (const HostId host : cloud.hosts)
            cloud.fleet.ask(guest, cloud.names[index_of(host)]);
        cloud.pass(kResolveTimeout + 1s);
        EXPECT_EQ(cloud.count(Verdict::correct), 12U);
    });
}

// Not After is a date: a clock that jumps by less than its lifetime harms nobody.
TEST(CloudStory, clocks_that_step_by_hours_change_nothing) {
    tell_twice(config_of(19), 12, [](SmallCloud& cloud) {
        cloud.join();
        cloud.fleet.world().step_clock(cloud.hosts[3], 5h);
        cloud.fleet.world().step_clock(cloud.hosts[4], -5h);
        EXPECT_EQ(cloud.ask_all_for(cloud.hosts[3]), 11U);
        EXPECT_EQ(cloud.ask_all_for(cloud.hosts[4]), 11U);
        cloud.pass(30min); // announced again, by the clock that never jumps
        EXPECT_EQ(cloud.ask_around(32), 32U);
    });
}

// PNRP-217: what a clock of last week signs is over, until the clock is set right.
TEST(CloudStory, a_clock_that_falls_back_by_days_hides_its_names_until_it_is_right) {
    tell_twice(config_of(20), 12, [](SmallCloud& cloud) {
        cloud.join();
        cloud.fleet.world().step_clock(cloud.hosts[3], -72h);
        EXPECT_EQ(cloud.ask_all_for(cloud.hosts[3]), 0U);
        EXPECT_EQ(cloud.count(Verdict::no_valid_answer), 11U);
        cloud.fleet.world().step_clock(cloud.hosts[3], 72h);
        cloud.pass(25min); // who could not certify it has dropped it: announced anew by then
        EXPECT_EQ(cloud.ask_all_for(cloud.hosts[3]), 11U);
    });
}

} // namespace
} // namespace kith::sim
