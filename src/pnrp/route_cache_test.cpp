#include "base/random.hpp"
#include "pnrp/route_cache.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <set>

namespace kith::pnrp {
namespace {

PnrpId random_id(SeededSecureRandom& random) {
    return PnrpId{random.bytes<32>()};
}

CachedRoute route_to(const PnrpId& id, int heard_s = 0) {
    CachedRoute route;
    route.entry.id = id;
    route.entry.port = 3540;
    route.entry.addresses = {Address::v4(0x0a000001)};
    route.heard = Instant(std::chrono::seconds(heard_s));
    return route;
}

// The leaf set by definition: all ids sorted, five steps each way (MS-PNRP 3.2.1).
std::set<PnrpId> leaf_set_by_definition(const PnrpId& own, std::vector<PnrpId> others) {
    std::erase(others, own);
    std::set<PnrpId> leaf_set;
    std::sort(others.begin(), others.end(), [&](const PnrpId& a, const PnrpId& b) {
        return a - own < b - own;
    });
    for (std::size_t i = 0; i < std::min(kLeafSetSide, others.size()); ++i) {
        leaf_set.insert(others[i]);
        leaf_set.insert(others[others.size() - 1 - i]);
    }
    return leaf_set;
}

// PNRP-241, PNRP-243, PNRP-275: whatever comes and goes, the leaf sets are the nearest five known
// on each side.
// NOLINTNEXTLINE(readability-function-size): GoogleTest counts its macros in
TEST(RouteCache, LeafSetsMatchTheirDefinition) {
    for (std::uint64_t seed = 0; seed < 16; ++seed) {
        SeededSecureRandom random(seed);
        SeededRandom dice(seed);
        RouteCache cache(random_id(random));
        std::vector<PnrpId> own_ids;
        for (std::uint64_t i = 0; i <= seed % 4; ++i)
            own_ids.push_back(random_id(random));
        cache.set_own_ids(own_ids);
        std::vector<PnrpId> known; // leaf set members may not be lost, others may
        for (int step = 0; step < 80; ++step) {
            if (dice.below(5) == 0 && !known.empty()) {
                const auto gone =
                    known.begin() + static_cast<std::ptrdiff_t>(dice.below(known.size()));
                cache.erase(*gone);
                known.erase(gone);
            } else {
                known.push_back(random_id(random));
                cache.insert(route_to(known.back(), step));
            }
            std::erase_if(known, [&](const PnrpId& id) { return cache.find(id) == nullptr; });
            for (const PnrpId& own : own_ids) {
                const auto expected = leaf_set_by_definition(own, known);
                std::set<PnrpId> sides;
                for (const auto* route : cache.below(own))
                    sides.insert(route->entry.id);
                for (const auto* route : cache.above(own))
                    sides.insert(route->entry.id);
                ASSERT_EQ(sides, expected) << "seed " << seed << " step " << step;
                for (const PnrpId& id : known) {
                    const auto of = cache.leaf_sets_of(id);
                    ASSERT_EQ(
                        std::find(of.begin(), of.end(), own) != of.end(), expected.contains(id))
                        << "seed " << seed << " step " << step;
                }
            }
        }
    }
}

// Several own ids at all distances from each other: a newcomer pushes somebody out on both sides of
// one of them, and each counts in a level from then on. Where that is too full somebody leaves.
TEST(RouteCache, TrimsEachLevelThatSomebodyIsPushedOutTo) {
    for (std::uint64_t seed = 0; seed < 16; ++seed) {
        SeededSecureRandom random(seed);
        SeededRandom dice(seed);
        RouteCache cache(random_id(random));
        const PnrpId centre = random_id(random);
        const auto beside_centre = [&] {
            PnrpId offset = random_id(random);
            std::fill_n(offset.bytes.begin(), dice.below(6), std::byte{});
            return dice.below(2) == 0 ? centre + offset : centre - offset;
        };
        const std::vector own_ids{
            beside_centre(), beside_centre(), beside_centre(), beside_centre()};
        cache.set_own_ids(own_ids);
        const auto level_of = [&](const PnrpId& own, const PnrpId& id) {
            return std::min(floor_log2(distance(own, id)).value_or(0), 254U);
        };
        for (int step = 0; step < 100; ++step) {
            const std::vector<CachedRoute> before(cache.entries().begin(), cache.entries().end());
            std::vector<PnrpId> neighbours;
            for (const CachedRoute& route : before) {
                if (cache.is_in_leaf_set(route.entry.id)) neighbours.push_back(route.entry.id);
            }
            cache.insert(route_to(beside_centre(), static_cast<int>(dice.below(1000))));
            for (const PnrpId& id : neighbours) {
                if (cache.find(id) == nullptr || cache.is_in_leaf_set(id)) continue;
                const PnrpId own = *std::ranges::min_element(
                    own_ids, {}, [&](const PnrpId& each) { return distance(each, id); });
                const unsigned level = level_of(own, id);
                const auto is_of_level = [&](const CachedRoute& route) {
                    return level_of(own, route.entry.id) == level;
                };
                const auto has_left = [&](const CachedRoute& route) {
                    return is_of_level(route) && cache.find(route.entry.id) == nullptr;
                };
                const auto count = std::ranges::count_if(cache.entries(), is_of_level);
                EXPECT_TRUE(
                    static_cast<std::size_t>(count) <= level_capacity(level) ||
                    std::ranges::any_of(before, has_left))
                    << "seed " << seed << " step " << step;
            }
        }
    }
}

TEST(RouteCache, KnowsWhetherANewcomerWouldEnterALeafSet) { // PNRP-231
    SeededSecureRandom random(5);
    RouteCache cache(random_id(random));
    const PnrpId own = random_id(random);
    cache.set_own_ids({own});
    std::vector<PnrpId> known;
    for (int i = 0; i < 30; ++i) {
        known.push_back(random_id(random));
        cache.insert(route_to(known.back()));
    }
    for (int i = 0; i < 200; ++i) {
        const PnrpId candidate = random_id(random);
        auto with = known;
        std::erase_if(with, [&](const PnrpId& id) { return cache.find(id) == nullptr; });
        with.push_back(candidate);
        EXPECT_EQ(
            cache.is_in_leaf_set(candidate), leaf_set_by_definition(own, with).contains(candidate));
    }
}

TEST(RouteCache, NeverHoldsItsOwnIds) {
    SeededSecureRandom random(6);
    RouteCache cache(random_id(random));
    const PnrpId id = random_id(random);
    cache.insert(route_to(id));
    cache.set_own_ids({id});
    EXPECT_EQ(cache.find(id), nullptr);
}

// PNRP-244, PNRP-245: levels fill up to their size and no further; a leaf set never gives way.
TEST(RouteCache, LevelsAreBounded) {
    SeededSecureRandom random(7);
    RouteCache cache(random_id(random));
    const PnrpId own = random_id(random);
    cache.set_own_ids({own});
    for (int i = 0; i < 3000; ++i) {
        const PnrpId id = random_id(random);
        if (cache.has_room_for(id)) cache.insert(route_to(id, i));
    }
    std::map<unsigned, std::size_t> population;
    for (const CachedRoute& route : cache.entries()) {
        if (cache.is_in_leaf_set(route.entry.id)) continue;
        ++population[*floor_log2(distance(own, route.entry.id))];
    }
    for (const auto& [level, count] : population) {
        EXPECT_LE(count, level_capacity(std::min(level, 254U))) << level;
    }
    EXPECT_EQ(population[254], kOuterLevelEntries);
    EXPECT_EQ(population[253], kOuterLevelEntries / 2);
    EXPECT_LT(cache.size(), 150U);
    EXPECT_GT(cache.size(), 80U);
}

TEST(RouteCache, VisitsInOrderOfDistance) {
    SeededSecureRandom random(8);
    RouteCache cache(random_id(random));
    for (int i = 0; i < 50; ++i)
        cache.insert(route_to(random_id(random)));
    for (int i = 0; i < 50; ++i) {
        const PnrpId target = i == 0 ? PnrpId{} : random_id(random);
        std::vector<PnrpId> order;
        cache.visit_outward(target, [&](const CachedRoute& route) {
            order.push_back(route.entry.id);
            return true;
        });
        EXPECT_EQ(order.size(), cache.size());
        EXPECT_TRUE(std::is_sorted(order.begin(), order.end(), [&](const auto& a, const auto& b) {
            return is_closer(a, b, target);
        }));
    }
}

// PNRP-282: a gap is inside its level, holds no entry, and its precision stays inside it.
TEST(RouteCache, GapsHoldNothing) {
    SeededSecureRandom random(9);
    RouteCache cache(random_id(random));
    const PnrpId own = random_id(random);
    cache.set_own_ids({own});
    for (int i = 0; i < 40; ++i)
        cache.insert(route_to(random_id(random)));
    const auto gaps = cache.gaps(0);
    ASSERT_FALSE(gaps.empty());
    for (const auto& gap : gaps) {
        for (const CachedRoute& route : cache.entries()) {
            EXPECT_LT(common_prefix_bits(route.entry.id, gap.target), gap.precision);
        }
        EXPECT_EQ(*floor_log2(distance(own, gap.target)), gap.level);
    }
}

TEST(RouteCache, OneNetworkFillsNoLevel) {
    SeededSecureRandom random(11);
    RouteCache cache(random_id(random));
    const PnrpId own = random_id(random);
    cache.set_own_ids({own});
    const auto offer = [&](const std::string& address) {
        CachedRoute route = route_to(random_id(random));
        route.entry.addresses = {*parse_address(address)};
        if (!cache.has_room_for(route.entry.id) || cache.has_too_many_like(route.entry)) return;
        cache.insert(std::move(route));
    };
    // Many networks fill half of the outermost level, then one of them tries to have the rest.
    for (int i = 0; i < 40; ++i)
        offer(fmt::format("2a00:{:x}::1", i + 1));
    for (int i = 0; i < 2000; ++i)
        offer(fmt::format("2001:db8:0:{:x}::1", i + 1));
    std::map<unsigned, std::size_t> of_one_network;
    for (const CachedRoute& route : cache.entries()) {
        if (cache.is_in_leaf_set(route.entry.id)) continue;
        if (to_string(route.entry.addresses.front()).starts_with("2001:db8:")) {
            ++of_one_network[*floor_log2(distance(own, route.entry.id))];
        }
    }
    // Inner levels also hold whoever was pushed out of the leaf set, which has another limit.
    EXPECT_LE(of_one_network[254], kLevelPerWideMax);
    EXPECT_GT(of_one_network[254], 0U);
}

// 64 ids of one network around a name that has not come yet: it has its place in the leaf set all
// the same, where its neighbours look for it.
TEST(RouteCache, OneNetworkSurroundsNobody) {
    SeededSecureRandom random(12);
    RouteCache cache(random_id(random));
    const PnrpId own = random_id(random);
    cache.set_own_ids({own});
    const auto offer = [&](const PnrpId& id, const std::string& address) {
        CachedRoute route = route_to(id);
        route.entry.addresses = {*parse_address(address)};
        if (!cache.has_room_for(id) || cache.has_too_many_like(route.entry)) return false;
        cache.insert(std::move(route));
        return true;
    };
    for (int i = 0; i < 1000; ++i)
        offer(random_id(random), fmt::format("2a00:{:x}::1", i + 1));
    const PnrpId gap = cache.next_above(own)->entry.id - own;
    const PnrpId step = power_of_two(*floor_log2(gap) - 12);
    const PnrpId victim = own + power_of_two(*floor_log2(gap) - 1);
    PnrpId below = victim;
    PnrpId above = victim;
    unsigned let_in = 0;
    for (int i = 0; i < 32; ++i) {
        below = below - step;
        above = above + step;
        for (const PnrpId& id : {below, above})
            let_in += offer(id, fmt::format("2001:db8:0:{:x}::1", let_in)) ? 1U : 0U;
    }
    EXPECT_GT(let_in, 0);
    EXPECT_LE(let_in, 2 * kHuddleMax);
    EXPECT_TRUE(offer(victim, "2a01::1"));
    EXPECT_TRUE(cache.is_in_leaf_set(victim));
}

// Whoever was there first and holds the whole leaf set has no say in how wide it ought to be.
TEST(RouteCache, WhoFillsALeafSetIsInAHuddle) {
    SeededSecureRandom random(14);
    RouteCache cache(random_id(random));
    const PnrpId own = random_id(random);
    cache.set_own_ids({own});
    PnrpId apart;
    for (unsigned i = 0; i < 2 * kLeafSetSide; ++i) {
        if (i % 2 == 0) apart = apart + power_of_two(220);
        CachedRoute route = route_to(i % 2 == 0 ? own + apart : own - apart);
        route.entry.addresses = {*parse_address(fmt::format("2001:db8:0:{:x}::1", i + 1))};
        cache.insert(std::move(route));
    }
    for (int i = 0; i < 60; ++i) {
        CachedRoute route = route_to(random_id(random));
        route.entry.addresses = {*parse_address(fmt::format("2a00:{:x}::1", i + 1))};
        cache.insert(std::move(route));
    }
    CachedRoute next = route_to(own + power_of_two(219));
    ASSERT_TRUE(cache.is_in_leaf_set(next.entry.id));
    EXPECT_FALSE(cache.has_too_many_like(next.entry));
    next.entry.addresses = {*parse_address("2001:db8:0:ff::1")};
    EXPECT_TRUE(cache.has_too_many_like(next.entry));
}

// As many of one network as a leaf set lets in stand before a name: they take the room of two, so
// the name has its place behind them, and the fifth honest neighbour is not in it any more.
TEST(RouteCache, AHuddleTakesTheRoomOfTwo) {
    for (const bool is_limited : {false, true}) {
        SeededSecureRandom random(15);
        RouteCache cache(random_id(random));
        if (is_limited) cache.limit_networks();
        const PnrpId own = random_id(random);
        cache.set_own_ids({own});
        for (int i = 0; i < 1000; ++i) {
            CachedRoute route = route_to(random_id(random));
            route.entry.addresses = {*parse_address(fmt::format("2a00:{:x}::1", i + 1))};
            if (cache.has_room_for(route.entry.id)) cache.insert(std::move(route));
        }
        const auto honest = cache.above(own);
        const PnrpId third = honest[2]->entry.id;
        const PnrpId fourth = honest[3]->entry.id;
        const PnrpId gap = honest[0]->entry.id - own;
        PnrpId id = own + power_of_two(*floor_log2(gap) - 1);
        for (unsigned i = 0; i < kLeafSetSide; ++i) {
            id = id + power_of_two(*floor_log2(gap) - 12);
            CachedRoute route = route_to(id);
            route.entry.addresses = {*parse_address(fmt::format("2001:db8:0:{:x}::1", i + 1))};
            cache.insert(std::move(route));
        }
        const PnrpId behind = id + power_of_two(*floor_log2(gap) - 12);
        EXPECT_EQ(cache.is_in_leaf_set(behind), is_limited);
        EXPECT_EQ(cache.is_in_leaf_set(third), is_limited);
        EXPECT_FALSE(cache.is_in_leaf_set(fourth));
    }
}

// A cloud of one network is no attack: a name that were refused would be hidden.
TEST(RouteCache, OneNetworkMayBeTheWholeCloud) {
    SeededSecureRandom random(13);
    RouteCache cache(random_id(random));
    cache.set_own_ids({random_id(random), random_id(random)});
    for (int i = 0; i < 4000; ++i) {
        CachedRoute route = route_to(random_id(random));
        route.entry.addresses = {*parse_address(fmt::format("2001:db8:0:{:x}::1", i + 1))};
        if (!cache.is_in_leaf_set(route.entry.id)) continue;
        ASSERT_FALSE(cache.has_too_many_like(route.entry)) << i;
        cache.insert(std::move(route));
    }
}

// PNRP-291: each leaf set gives an estimate, and the absurd ones are ignored.
TEST(RouteCache, EstimatesTheCloudFromItsLeafSets) {
    SeededSecureRandom random(10);
    const PnrpId own = random_id(random);
    RouteCache cache(random_id(random));
    EXPECT_FALSE(cache.estimated_ids());
    cache.insert(route_to(own + power_of_two(250)));
    EXPECT_FALSE(cache.estimated_ids()); // without an own id
    cache.set_own_ids({own});
    EXPECT_EQ(cache.estimated_ids(), 2.0); // whoever knows fewer than ten knows all
    const auto surround = [&](RouteCache& with, const PnrpId& centre, unsigned bit) {
        PnrpId apart;
        for (std::size_t i = 0; i < kLeafSetSide; ++i) {
            apart = apart + power_of_two(bit);
            with.insert(route_to(centre + apart));
            with.insert(route_to(centre - apart));
        }
    };
    surround(cache, own, 250); // ten gaps of 2^250
    EXPECT_DOUBLE_EQ(*cache.estimated_ids(), 9 * 64 / 10.0 + 1);
    RouteCache crowded(random_id(random));
    crowded.set_own_ids({own});
    surround(crowded, own, 220);
    EXPECT_FALSE(crowded.estimated_ids()); // above 2^32: ignored
    const PnrpId far = own + power_of_two(255);
    crowded.set_own_ids({own, far});
    surround(crowded, far, 250);
    EXPECT_DOUBLE_EQ(*crowded.estimated_ids(), 9 * 64 / 10.0 + 2); // the other one is not
}

// Over many clouds the estimate is right on average, whatever their size.
TEST(RouteCache, EstimatesWithoutBias) {
    SeededSecureRandom random(11);
    for (const std::size_t others : {12U, 64U, 256U, 1000U}) {
        constexpr int kClouds = 400; // the mean of as many is off by two percent, usually
        double sum = 0;
        for (int i = 0; i < kClouds; ++i) {
            const PnrpId own = random_id(random);
            std::vector<PnrpId> ids;
            for (std::size_t k = 0; k < others; ++k)
                ids.push_back(random_id(random));
            RouteCache cache(own);
            cache.set_own_ids({own});
            for (const PnrpId& id : leaf_set_by_definition(own, ids))
                cache.insert(route_to(id));
            sum += *cache.estimated_ids();
        }
        EXPECT_NEAR(sum / kClouds / static_cast<double>(others + 1), 1.0, 0.08) << others;
    }
}

} // namespace
} // namespace kith::pnrp
