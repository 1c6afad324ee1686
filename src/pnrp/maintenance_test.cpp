// What falls due without anybody asking (docs/protocol/pnrp.md, Maintenance).

#include "pnrp/maintenance.hpp"
#include "pnrp/test_stage.hpp"

#include <gmock/gmock.h>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::Bench;
using testing::AllOf;
using testing::Ge;
using testing::Le;

constexpr std::size_t kRoom = 32;

class MaintenanceTest : public testing::Test {
protected:
    // Does what falls due until `until`, and returns the chores that are of type `Kind`.
    template<class Kind>
    std::vector<Kind> chores_until(Duration until, std::size_t room = kRoom) {
        std::vector<Kind> found;
        for (int steps = 0; steps < 10'000; ++steps) {
            const auto due = maintenance.next_timeout(room);
            if (!due || *due > at(until).instant) break;
            now_ = std::max(now_, *due - at({}).instant);
            maintenance.handle_timeout(at(now_), room);
            ++rounds_;
            while (auto chore = maintenance.poll_chore()) {
                if (const auto* kind = std::get_if<Kind>(&*chore)) found.push_back(*kind);
            }
        }
        now_ = until;
        return found;
    }

    Duration next() const { return *maintenance.next_timeout(kRoom) - at({}).instant; }

    Bench bench;
    Maintenance maintenance{bench.cache, bench.plain};
    int rounds_ = 0;

private:
    Duration now_{};
};

TEST_F(MaintenanceTest, RestsUntilItIsStarted) {
    EXPECT_FALSE(maintenance.next_timeout(kRoom));
    maintenance.start(at({}));
    const Duration first = next();
    maintenance.start(at(5s)); // again: no-op
    EXPECT_EQ(next(), first);
}

TEST_F(MaintenanceTest, LooksForMembersEveryTenSeconds) { // PNRP-233, PNRP-281
    Maintenance published{bench.cache, bench.plain, windows_profile()};
    published.start(at({}));
    unsigned found = 0;
    for (auto due = published.next_timeout(kRoom); *due <= at(100s).instant;
         due = published.next_timeout(kRoom)) {
        published.handle_timeout(at(*due - at({}).instant), kRoom);
        while (const auto chore = published.poll_chore())
            found += std::holds_alternative<FindMembersChore>(*chore) ? 1U : 0U;
    }
    EXPECT_THAT(found, AllOf(Ge(9U), Le(11U)));
}

// An idle machine that is alone on its link wakes up seldom.
TEST_F(MaintenanceTest, LooksForMembersLessAndLessOften) { // PNRP-233
    maintenance.start(at({}));
    EXPECT_THAT(next(), AllOf(Ge(9s), Le(11s)));
    EXPECT_EQ(chores_until<FindMembersChore>(25s).size(), 2U); // 10, 20, then 40 s
    EXPECT_THAT(chores_until<FindMembersChore>(15min).size(), AllOf(Ge(5U), Le(7U)));
    EXPECT_THAT(chores_until<FindMembersChore>(75min).size(), AllOf(Ge(13U), Le(17U)));
}

TEST_F(MaintenanceTest, LooksForMembersSoonWhereThePlaceIsAnother) {
    maintenance.look_again(at({})); // not started: no-op
    EXPECT_FALSE(maintenance.next_timeout(kRoom));
    maintenance.start(at({}));
    chores_until<FindMembersChore>(1h);
    maintenance.look_again(at(1h));
    EXPECT_LE(next() - 1h, 11s);
    EXPECT_EQ(chores_until<FindMembersChore>(1h + 25s).size(), 2U);
}

// One search for one heard, and not for each: two who are alone would wake each other for ever.
TEST_F(MaintenanceTest, LooksForMembersSoonWhenSomebodyIsHeard) {
    maintenance.start(at({}));
    chores_until<FindMembersChore>(1h);
    maintenance.heard(at(1h));
    EXPECT_LE(next() - 1h, 11s);
    EXPECT_EQ(chores_until<FindMembersChore>(1h + 15s).size(), 1U);
    maintenance.heard(at(1h + 15s));
    EXPECT_GE(next() - 1h, 200s);
    maintenance.heard(at(1h + 4min));
    EXPECT_LE(next() - 1h, 4min + 11s);
}

TEST_F(MaintenanceTest, RunsEveryTenSecondsWithTwoEntries) { // PNRP-126
    bench.cache_byte(0x10);
    bench.cache_byte(0x90);
    maintenance.start(at({}));
    EXPECT_TRUE(chores_until<FindMembersChore>(300s).empty());
    EXPECT_THAT(rounds_, AllOf(Ge(27), Le(33)));
}

TEST_F(MaintenanceTest, RunsEveryFifteenSecondsWithMore) { // PNRP-125, PNRP-126
    bench.cache_byte(0x10);
    bench.cache_byte(0x50);
    bench.cache_byte(0x90);
    maintenance.start(at({}));
    EXPECT_TRUE(chores_until<FindMembersChore>(310s).empty());
    EXPECT_THAT(rounds_, AllOf(Ge(19), Le(23)));
}

// Where no level has room that somebody could fill, and no neighbour lacks its CPA, half as often.
TEST_F(MaintenanceTest, RunsEveryThirtySecondsWhereNothingIsMissing) {
    bench.cache_byte(0x10);
    bench.cache_byte(0x50);
    bench.cache_byte(0x90);
    maintenance.start(at({}));
    chores_until<FillChore>(60s);
    for (const RouteCache::Gap& gap : bench.cache.gaps(0))
        maintenance.filled(at(60s), gap, false);
    for (const RouteCache::Gap& gap : bench.cache.gaps(1))
        maintenance.filled(at(60s), gap, false);
    rounds_ = 0;
    EXPECT_TRUE(chores_until<FillChore>(420s).empty());
    EXPECT_THAT(rounds_, AllOf(Ge(10), Le(14)));
}

// One probe per round, of whoever is silent longest; late ones first.
TEST_F(MaintenanceTest, ProbesTheLeastRecentlyHeard) {
    for (unsigned i = 0; i < 6; ++i) {
        bench.cache_byte(0x10 + i * 40);
        bench.cache.find(Bench::id_of_byte(0x10 + i * 40))->heard = at(i * 1s).instant;
    }
    maintenance.start(at({}));
    auto probes = chores_until<ProbeChore>(40s);
    ASSERT_GE(probes.size(), 1U);
    EXPECT_LE(probes.size(), 3U);
    EXPECT_EQ(probes[0].id, Bench::id_of_byte(0x10));
    bench.cache.find(Bench::id_of_byte(0x10))->heard = at(40s).instant;
    bench.cache.find(Bench::id_of_byte(0x10 + 5 * 40))->is_late = true;
    probes = chores_until<ProbeChore>(60s);
    ASSERT_GE(probes.size(), 1U);
    EXPECT_EQ(probes[0].id, Bench::id_of_byte(0x10 + 5 * 40));
}

TEST_F(MaintenanceTest, ProbesNobodyWhoWasJustHeard) {
    for (unsigned i = 0; i < 6; ++i) {
        bench.cache_byte(0x10 + i * 40);
        bench.cache.find(Bench::id_of_byte(0x10 + i * 40))->heard = at(10s).instant;
    }
    maintenance.start(at({}));
    EXPECT_TRUE(chores_until<ProbeChore>(12s).empty());
}

TEST_F(MaintenanceTest, AsksLeavesForTheCpaTheyNeverShowed) { // PNRP-231
    bench.add_name(test::secure_registration(1));
    for (unsigned i = 0; i < 4; ++i)
        bench.cache_byte(0x10 + i * 40);
    bench.cache.find(Bench::id_of_byte(0x10))->key.emplace();
    maintenance.start(at({}));
    const auto asked = chores_until<CertifyChore>(12s);
    EXPECT_EQ(asked.size(), 3U);
    for (const CertifyChore& chore : asked)
        EXPECT_NE(chore.id, Bench::id_of_byte(0x10));
}

TEST_F(MaintenanceTest, FillsGapsAllAtOnceAtFirst) { // PNRP-234, PNRP-282
    for (unsigned i = 0; i < 6; ++i)
        bench.cache_byte(0x10 + i * 4);
    maintenance.joined(at({}));
    const auto at_first = chores_until<FillChore>(Duration{});
    EXPECT_GT(at_first.size(), kFillsPerMaintenance);
    EXPECT_LE(at_first.size(), kFillsAtStart);
    rounds_ = 0;
    const auto later = chores_until<FillChore>(200s);
    EXPECT_EQ(later.size(), kFillsPerMaintenance * static_cast<unsigned>(rounds_));
    EXPECT_TRUE(chores_until<FillChore>(400s, 0).empty()); // no room for another search
}

TEST_F(MaintenanceTest, LeavesALevelAloneWhereNothingNewWasFound) {
    for (unsigned i = 0; i < 6; ++i)
        bench.cache_byte(0x10 + i * 4);
    maintenance.joined(at({}));
    chores_until<FillChore>(Duration{});
    for (const auto& gap : bench.cache.gaps(0))
        maintenance.filled(at({}), gap, false);
    EXPECT_TRUE(chores_until<FillChore>(kFillPause - 1s).empty());
    EXPECT_FALSE(chores_until<FillChore>(kFillPause + 30s).empty());
}

TEST_F(MaintenanceTest, AnnouncesAgainEveryTwentyMinutes) {
    const PnrpId own = Bench::id_of_byte(9);
    maintenance.announce(at({}).instant, own);
    EXPECT_EQ(chores_until<AnnounceChore>(1s).size(), 1U);
    EXPECT_THAT(next(), AllOf(Ge(18min), Le(22min)));
    EXPECT_EQ(chores_until<AnnounceChore>(24min).size(), 1U);
    maintenance.forget(own);
    EXPECT_FALSE(maintenance.next_timeout(kRoom));
    EXPECT_EQ(maintenance.state_bytes(), 0U);
}

TEST_F(MaintenanceTest, AnnouncesAsManyAsThereIsRoomFor) {
    for (unsigned i = 0; i < 10; ++i)
        maintenance.announce(at({}).instant, Bench::id_of_byte(i));
    EXPECT_FALSE(maintenance.next_timeout(0)); // without room it is not woken
    maintenance.handle_timeout(at({}), 4);
    int announced = 0;
    while (maintenance.poll_chore())
        ++announced;
    EXPECT_EQ(announced, 4);
    EXPECT_EQ(next(), Duration{});
    EXPECT_EQ(chores_until<AnnounceChore>(1s).size(), 6U);
}

TEST_F(MaintenanceTest, AnnouncesSoonWhenANeighbourIsGone) {
    const std::vector<PnrpId> own{Bench::id_of_byte(9)};
    maintenance.announce(at({}).instant, own[0]);
    chores_until<AnnounceChore>(1s);
    maintenance.neighbour_gone(at(100s), own);
    EXPECT_EQ(chores_until<AnnounceChore>(100s + kLeafRepairDelayMax).size(), 1U);
    // Many that go at once make no storm.
    for (int i = 0; i < 20; ++i)
        maintenance.neighbour_gone(at(105s), own);
    EXPECT_LE(chores_until<AnnounceChore>(140s).size(), 1U);
    // An id that is not announced is nobody's concern.
    const std::vector<PnrpId> stranger{Bench::id_of_byte(10)};
    maintenance.neighbour_gone(at(140s), stranger);
    maintenance.forget(own[0]);
    EXPECT_FALSE(maintenance.next_timeout(kRoom));
}

TEST_F(MaintenanceTest, BeginsAnewWithTheFirstMember) {
    maintenance.announce(at({}).instant, Bench::id_of_byte(9));
    chores_until<AnnounceChore>(1s);
    bench.cache_byte(0x40);
    maintenance.joined(at(50s));
    EXPECT_EQ(next(), Duration(50s));
    EXPECT_EQ(chores_until<AnnounceChore>(51s).size(), 1U);
}

} // namespace
} // namespace kith::pnrp
