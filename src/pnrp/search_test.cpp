// One walk through the cloud, step by step (docs/protocol/pnrp.md, Resolving): the test answers as
// each node that is asked.

#include "pnrp/limits.hpp"
#include "pnrp/network.hpp"
#include "pnrp/search.hpp"
#include "pnrp/test_stage.hpp"

#include <gmock/gmock.h>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::Bench;
using test::endpoint_of_byte;
using test::Peer;
using Kind = SearchResult::Kind;

// The published behaviour: one LOOKUP at a time, and nothing is inquired unasked.
const Profile& one_at_a_time() {
    static const Profile profile = [] {
        Profile p = modern_profile();
        p.hedge.in_flight_max = 1;
        p.inquires_match_at_once = false;
        return p;
    }();
    return profile;
}

class Walk : public Bench {
public:
    explicit Walk(const Profile& profile = one_at_a_time()) : Bench({.profile = &profile}) {
        goal.target = id_of_byte(0x80);
        goal.criteria = Criteria::any_peer_name;
        goal.deadline = at(10s).instant;
    }

    void start() {
        search.emplace(1, goal, exchange, cache);
        search->start(at(now));
    }

    std::vector<test::Heard<Lookup>> lookups() { return sent().all<Lookup>(); }
    std::vector<test::Heard<Inquire>> inquiries() { return sent().all<Inquire>(); }

    template<class Asked>
    void answer(const Asked& asked, const AuthorityBuffer& buffer) {
        auto& pending = exchange.pending();
        const auto answered = pending.peek(at(now), asked.id, asked.to);
        if (search->handle_answer(at(now), asked.id, answered, buffer)) pending.cancel(asked.id);
    }

    void answer_last(const AuthorityBuffer& buffer) { answer(lookups().back(), buffer); }

    /// Those that wait for their answer, the first sent first.
    std::vector<test::Heard<Lookup>> open_lookups() {
        auto open = lookups();
        std::erase_if(
            open, [&](const auto& asked) { return !exchange.pending().contains(asked.id); });
        return open;
    }

    /// Nobody who is asked knows anybody, `rounds` times at most.
    void answer_all(unsigned rounds) {
        for (unsigned i = 0; i < rounds && !open_lookups().empty(); ++i)
            answer(open_lookups().front(), {});
    }

    template<class Asked>
    void fail(const Asked& asked) {
        exchange.pending().cancel(asked.id);
        search->handle_failure(at(now), {asked.id, {}, {asked.to}});
    }

    void fail_inquiries() {
        for (const auto& asked : inquiries()) {
            if (exchange.pending().contains(asked.id)) fail(asked);
        }
    }

    std::vector<SearchFinding> findings(SearchFinding::Kind kind) {
        while (auto finding = search->poll_finding())
            found_.push_back(std::move(*finding));
        auto of_kind = found_;
        std::erase_if(of_kind, [&](const SearchFinding& finding) { return finding.kind != kind; });
        return of_kind;
    }

    std::optional<Kind> result() const {
        return search->result() ? std::optional(search->result()->kind) : std::nullopt;
    }

    std::size_t lookups_to(const Endpoint& node) { return sent().to<Lookup>(node).size(); }

    SearchGoal goal;
    std::optional<Search> search;
    Duration now{};

private:
    std::vector<SearchFinding> found_;
};

AuthorityBuffer returning(const RouteEntry& entry) {
    AuthorityBuffer buffer;
    buffer.entry = entry;
    return buffer;
}

// The `step`-th of a row of nodes that come closer and closer to 0x80.
RouteEntry nearer(unsigned step) {
    RouteEntry entry = Bench::entry_of_byte(step + 1);
    entry.id = Bench::id_of_byte(0x80);
    entry.id.bytes[1] = static_cast<std::byte>(250 - step);
    return entry;
}

// Somebody at the address of 0x`first` who claims the target, under his `variant`-th id.
RouteEntry claim_of_byte(unsigned first, unsigned variant = 1) {
    RouteEntry claim = Bench::entry_of_byte(first);
    claim.id = Bench::id_of_byte(0x80);
    claim.id.bytes[31] = static_cast<std::byte>(variant);
    return claim;
}

TEST(Search, AsksTheNearestFirst) { // PNRP-059, PNRP-170, PNRP-171, PNRP-176 to PNRP-178, PNRP-180
    Walk walk;
    walk.cache_byte(0x10);
    walk.cache_byte(0x70);
    walk.cache_byte(0xf0);
    walk.goal.reason = Reason::cache_maintenance;
    walk.start();
    ASSERT_EQ(walk.lookups().size(), 1U);
    const auto asked = walk.lookups()[0];
    EXPECT_EQ(asked.to, endpoint_of_byte(0x70));
    EXPECT_EQ(asked.body.validate, Bench::id_of_byte(0x70));
    EXPECT_EQ(asked.body.target, walk.goal.target);
    EXPECT_EQ(asked.body.criteria, Criteria::any_peer_name);
    EXPECT_EQ(asked.body.reason, 2);
    EXPECT_EQ(asked.body.precision, 0);
    EXPECT_TRUE(asked.body.accept_any);
    EXPECT_FALSE(asked.body.best_match);
    EXPECT_THAT(asked.body.path, testing::ElementsAre(walk.own));
}

TEST(Search, AcceptsAnyOnlyWhileFewAreCached) { // PNRP-177
    for (const unsigned cached : {7U, 8U}) {
        Walk walk;
        for (unsigned i = 0; i < cached; ++i)
            walk.cache_byte(0x10 + i);
        walk.start();
        EXPECT_EQ(walk.lookups().at(0).body.accept_any, cached < 8) << cached;
    }
}

TEST(Search, CarriesTheBestMatchAlong) { // PNRP-250, PNRP-203
    Walk walk;
    walk.cache_byte(0x70);
    walk.goal.initial_best = Bench::entry_of_byte(0x60);
    walk.start();
    EXPECT_EQ(walk.lookups().at(0).body.best_match, Bench::entry_of_byte(0x60));
    walk.answer_last(returning(Bench::entry_of_byte(0x7f)));
    EXPECT_EQ(walk.lookups().at(1).body.best_match, Bench::entry_of_byte(0x70));
}

TEST(Search, EndsWithoutAnybodyToAsk) { // PNRP-174, PNRP-175
    Walk walk;
    walk.start();
    EXPECT_EQ(walk.result(), Kind::not_found);
}

// PNRP-201, PNRP-202: the path grows by whoever answered, and who denies its id is dropped.
TEST(Search, FollowsWhatItIsTold) {
    Walk walk;
    walk.cache_byte(0x10);
    walk.start();
    walk.answer_last(returning(Bench::entry_of_byte(0x70)));
    ASSERT_EQ(walk.lookups().size(), 2U);
    EXPECT_EQ(walk.lookups()[1].to, endpoint_of_byte(0x70));
    EXPECT_THAT(
        walk.lookups()[1].body.path, testing::ElementsAre(walk.own, endpoint_of_byte(0x10)));
    AuthorityBuffer denial = returning(Bench::entry_of_byte(0x7f));
    denial.not_found = true;
    walk.answer_last(denial);
    EXPECT_EQ(walk.findings(SearchFinding::Kind::gone).at(0).entry, Bench::entry_of_byte(0x70));
    EXPECT_EQ(
        walk.findings(SearchFinding::Kind::confirmed).at(0).entry, Bench::entry_of_byte(0x10));
    EXPECT_EQ(walk.lookups().back().to, endpoint_of_byte(0x7f)); // what it told counts all the same
    walk.answer_last({});
    walk.answer_last({}); // 0x10 again
    EXPECT_EQ(walk.lookups_to(endpoint_of_byte(0x70)), 1U);
    EXPECT_EQ(walk.result(), Kind::not_found);
}

// A node that came back publishes its name under another id, which nobody but itself may know yet.
TEST(Search, AsksWhoHasTheIdNoMoreForAnotherOne) {
    Walk walk(modern_profile());
    walk.cache_byte(0x80);
    walk.start();
    ASSERT_EQ(walk.inquiries().size(), 1U);
    AuthorityBuffer denial;
    denial.not_found = true;
    walk.answer(walk.inquiries().back(), denial);
    ASSERT_EQ(walk.lookups().size(), 1U);
    EXPECT_EQ(walk.lookups().back().to, endpoint_of_byte(0x80));
    RouteEntry successor_of_it = Bench::entry_of_byte(0x80);
    successor_of_it.id.bytes.back() = std::byte{9};
    denial.entry = successor_of_it;
    walk.answer_last(denial);
    ASSERT_EQ(walk.inquiries().size(), 2U);
    EXPECT_EQ(walk.inquiries().back().to, endpoint_of_byte(0x80));
    EXPECT_EQ(walk.inquiries().back().body.validate, successor_of_it.id);
}

TEST(Search, UsesAHopThreeTimes) { // PNRP-204
    Walk walk;
    walk.cache_byte(0x10);
    walk.start();
    for (unsigned i = 0; i < 3; ++i) {
        ASSERT_EQ(walk.lookups().back().to, endpoint_of_byte(0x10));
        walk.answer_last(returning(Bench::entry_of_byte(0x70 + i)));
        ASSERT_EQ(walk.lookups().back().to, endpoint_of_byte(0x70 + i));
        walk.fail(walk.lookups().back());
    }
    EXPECT_EQ(walk.lookups_to(endpoint_of_byte(0x10)), 3U);
    EXPECT_EQ(walk.result(), Kind::not_found);
    EXPECT_EQ(walk.findings(SearchFinding::Kind::gone).size(), 3U);
}

TEST(Search, StopsAboveTwentyTwoUsefulHops) { // PNRP-174
    Walk walk;
    walk.cache_byte(0x10);
    walk.start();
    for (unsigned step = 0; step < 40 && !walk.result(); ++step)
        walk.answer_last(returning(nearer(step)));
    EXPECT_EQ(walk.result(), Kind::not_found);
    EXPECT_EQ(walk.lookups().size(), 23U);
    EXPECT_EQ(walk.lookups().back().body.path.size(), kPathEndpointsMax);
    EXPECT_EQ(walk.lookups().back().body.path.front(), walk.own); // decision A15
}

TEST(Search, StopsAboveSixSuspiciousAnswers) { // PNRP-174, PNRP-201
    Walk walk;
    walk.cache_byte(0x10);
    walk.start();
    for (unsigned step = 0; step < 40 && !walk.result(); ++step) {
        AuthorityBuffer buffer = returning(nearer(step));
        buffer.suspicious = step % 2 == 0;
        walk.answer_last(buffer);
    }
    EXPECT_EQ(walk.result(), Kind::not_found);
    EXPECT_EQ(walk.lookups().size(), 13U); // the seventh L comes with the thirteenth answer
}

TEST(Search, CountsABusyHopForNothing) { // PNRP-041, decision A35
    Walk walk;
    for (unsigned i = 0; i < 30; ++i)
        walk.cache_byte(0x10 + i);
    walk.start();
    AuthorityBuffer busy;
    busy.busy = true;
    busy.suspicious = true;
    walk.answer_last(busy);
    EXPECT_EQ(walk.lookups_to(endpoint_of_byte(0x10 + 29)), 1U);
    EXPECT_TRUE(walk.findings(SearchFinding::Kind::gone).empty());
    EXPECT_EQ(walk.result(), Kind::not_found); // the published profile has one first hop
}

TEST(Search, IgnoresWhoWasAskedBefore) { // PNRP-205, decision A19
    Walk walk;
    walk.cache_byte(0x10);
    walk.start();
    walk.answer_last(returning(Bench::entry_of_byte(0x70)));
    RouteEntry again = Bench::entry_of_byte(0x7f);
    again.addresses = {endpoint_of_byte(0x10).address};
    walk.answer_last(returning(again));
    EXPECT_NE(walk.lookups().back().body.validate, again.id);
    EXPECT_TRUE(walk.findings(SearchFinding::Kind::heard_of).size() == 1);
    // Another port is another node.
    Walk other;
    other.cache_byte(0x10);
    other.start();
    other.answer_last(returning(Bench::entry_of_byte(0x70)));
    ++again.port;
    other.answer_last(returning(again));
    EXPECT_EQ(other.lookups().back().body.validate, again.id);
}

TEST(Search, LeavesAHopThatLeadsAway) { // PNRP-206, decision A16
    for (const unsigned cached : {7U, 8U, 9U}) {
        Walk walk;
        walk.cache_byte(0x70);
        for (unsigned i = 1; i < cached; ++i)
            walk.cache_byte(0xb0 + i);
        walk.start();
        walk.answer_last(returning(Bench::entry_of_byte(0x20)));
        if (cached == 7) {
            EXPECT_EQ(walk.lookups().back().to, endpoint_of_byte(0x20));
        } else if (cached == 8) { // neither pushed nor popped: the same node again
            EXPECT_EQ(walk.lookups_to(endpoint_of_byte(0x70)), 2U);
        } else {
            EXPECT_EQ(walk.lookups().size(), 1U);
            EXPECT_EQ(walk.result(), Kind::not_found);
        }
    }
}

// PNRP-285, decision A43: a seed is asked by its address alone. It is never the best match, nobody
// caches it, and whoever it returns is progress.
TEST(Search, BeginsAtASeed) {
    Walk walk;
    for (unsigned i = 0; i < 10; ++i)
        walk.cache_byte(0xe0 + i);
    walk.goal.criteria = Criteria::none;
    walk.goal.reason = Reason::split_detection;
    walk.goal.initial_hop = endpoint_of_byte(0x99);
    walk.start();
    ASSERT_EQ(walk.lookups().size(), 1U);
    const auto first = walk.lookups()[0];
    EXPECT_EQ(first.to, endpoint_of_byte(0x99));
    EXPECT_TRUE(first.body.validate.is_zero());
    EXPECT_TRUE(first.body.accept_any);
    EXPECT_FALSE(first.body.best_match);
    EXPECT_THAT(first.body.path, testing::ElementsAre(walk.own));
    EXPECT_EQ(first.body.reason, static_cast<std::uint8_t>(Reason::split_detection));
    walk.answer_last(
        returning(Bench::entry_of_byte(0xff))); // farther from 0x80 than zero is from it
    EXPECT_EQ(walk.lookups().back().to, endpoint_of_byte(0xff));
    EXPECT_FALSE(walk.lookups().back().body.accept_any);
    for (const SearchFinding& finding : walk.findings(SearchFinding::Kind::confirmed))
        EXPECT_FALSE(finding.entry.id.is_zero());
}

// A test whose seed is silent says nothing: our own cache would only say what we know.
TEST(Search, EndsWhereTheSeedOfASplitTestIsSilent) {
    Walk walk(modern_profile());
    for (unsigned i = 0; i < 10; ++i)
        walk.cache_byte(0xe0 + i);
    walk.goal.criteria = Criteria::none;
    walk.goal.reason = Reason::split_detection;
    walk.goal.initial_hop = endpoint_of_byte(0x99);
    walk.start();
    walk.fail(walk.lookups().at(0));
    EXPECT_EQ(walk.lookups().size(), 1U);
    EXPECT_EQ(walk.result(), Kind::not_found);
}

// Decision A12: what split detection ends with is inquired although it matches nothing.
TEST(Search, InquiresTheNearestOfASplitTest) {
    const Peer neighbour(7);
    Walk walk;
    walk.goal.target = successor(Peer(8).id);
    walk.goal.criteria = Criteria::none;
    walk.goal.reason = Reason::split_detection;
    walk.goal.initial_hop = endpoint_of_byte(0x99);
    walk.start();
    walk.answer_last(returning(neighbour.entry()));
    walk.answer_last({});
    for (int i = 0; i < 3 && walk.inquiries().empty(); ++i)
        walk.answer_last({});
    ASSERT_EQ(walk.inquiries().size(), 1U);
    EXPECT_EQ(walk.inquiries()[0].to, neighbour.endpoint);
    walk.answer(walk.inquiries()[0], neighbour.answer(at({}), walk.inquiries()[0].body));
    ASSERT_EQ(walk.result(), Kind::found);
    EXPECT_EQ(walk.search->result()->entry, neighbour.entry());
    EXPECT_TRUE(walk.search->result()->cpa);
}

TEST(Search, IgnoresAnEntryWhereNobodyCanBe) {
    Walk walk;
    walk.cache_byte(0x10);
    walk.start();
    RouteEntry entry = Bench::entry_of_byte(0x70);
    entry.addresses = {*parse_address("fe80::1")};
    walk.answer_last(returning(entry));
    EXPECT_EQ(walk.exchange.counters().dropped_for(Drop::bad_entry), 1U);
    EXPECT_EQ(walk.lookups_to({entry.addresses[0], entry.port}), 0U);
}

TEST(Search, EndsAfterSixteenSilentHops) {
    Walk walk(modern_profile());
    for (unsigned i = 0; i < kFirstHopsMax; ++i)
        walk.cache_byte(0x70 + i);
    walk.start();
    unsigned dead = 0;
    for (unsigned step = 0; step < 60 && !walk.result(); ++step) {
        const auto asked = walk.lookups().back();
        if (asked.body.validate.bytes[0] == std::byte{0x80}) {
            walk.fail(asked);
            ++dead;
        } else {
            walk.answer_last(returning(nearer(step)));
        }
    }
    EXPECT_EQ(walk.result(), Kind::not_found);
    EXPECT_EQ(dead, kDeadHopsMax);
}

TEST(Search, EndsByItsDeadline) {
    Walk walk;
    walk.cache_byte(0x10);
    walk.start();
    EXPECT_EQ(walk.search->next_timeout(), walk.goal.deadline);
    walk.search->handle_timeout(at(9999ms));
    EXPECT_FALSE(walk.result());
    walk.search->handle_timeout(at(10s));
    EXPECT_EQ(walk.result(), Kind::timed_out);
    EXPECT_FALSE(walk.search->next_timeout());
    // Whoever still owes an answer shows by it that it is alive.
    EXPECT_EQ(walk.exchange.pending().purpose(walk.lookups()[0].id).errand, Errand::probe);
    walk.search->cancel();
    EXPECT_EQ(walk.result(), Kind::timed_out);
}

TEST(Search, EndsWhenItIsCancelled) {
    Walk walk;
    walk.cache_byte(0x10);
    walk.start();
    walk.search->cancel();
    EXPECT_EQ(walk.result(), Kind::cancelled);
}

TEST(Search, FindsAnEntryForUpkeepWithoutAnInquire) {
    Walk walk;
    walk.goal.criteria = Criteria::upper_bits;
    walk.goal.precision = 6;
    walk.goal.reason = Reason::cache_maintenance;
    walk.cache_byte(0x10);
    walk.start();
    walk.answer_last(returning(Bench::entry_of_byte(0x82)));
    walk.answer_last({}); // 0x82 is there
    EXPECT_EQ(walk.result(), Kind::found);
    EXPECT_EQ(walk.search->result()->entry, Bench::entry_of_byte(0x82));
    EXPECT_TRUE(walk.inquiries().empty());
}

TEST(Search, HedgesUpToThree) {
    Walk walk(modern_profile());
    for (unsigned i = 0; i < 6; ++i)
        walk.cache_byte(0x70 + i);
    walk.start();
    const auto asked_at = [&](Duration when) {
        walk.now = when;
        walk.search->handle_timeout(at(when));
        return walk.lookups().size();
    };
    EXPECT_EQ(walk.lookups().size(), 1U);
    EXPECT_EQ(walk.search->next_timeout(), at(30ms).instant); // nobody was heard yet
    EXPECT_EQ(asked_at(29ms), 1U);
    EXPECT_EQ(asked_at(30ms), 2U);
    EXPECT_EQ(asked_at(45ms), 2U);
    // Now the second is late, and the first by twice its time: it counts no more.
    EXPECT_EQ(asked_at(60ms), 4U);
    EXPECT_EQ(asked_at(89ms), 4U);
    std::set<Endpoint> nodes;
    for (const auto& asked : walk.lookups())
        nodes.insert(asked.to);
    EXPECT_EQ(nodes.size(), 4U);
    EXPECT_EQ(walk.findings(SearchFinding::Kind::late).size(), 2U);
    // The first one's answer counts when it comes.
    walk.answer(walk.lookups()[0], returning(nearer(1)));
    EXPECT_EQ(walk.findings(SearchFinding::Kind::confirmed).size(), 1U);
    EXPECT_EQ(walk.findings(SearchFinding::Kind::heard_of).at(0).entry, nearer(1));
}

TEST(Search, NeverHedgesInThePublishedProfile) {
    Walk walk;
    for (unsigned i = 0; i < 6; ++i)
        walk.cache_byte(0x70 + i);
    walk.start();
    walk.search->handle_timeout(at(5s));
    EXPECT_EQ(walk.lookups().size(), 1U);
    EXPECT_EQ(walk.search->next_timeout(), walk.goal.deadline);
}

TEST(Search, WaitsForAPeerAsLongAsItUsuallyTakes) {
    Walk walk(modern_profile());
    walk.cache_byte(0x70);
    walk.cache_byte(0x71);
    walk.cache.find(Bench::id_of_byte(0x71))->round_trip.sample(50ms);
    walk.start();
    EXPECT_EQ(walk.search->next_timeout(), at(150ms).instant); // 50 ms and four deviations of 25
}

TEST(Search, AsksALateNodeLast) {
    Walk walk(modern_profile());
    walk.cache_byte(0x7f);
    walk.cache_byte(0x20);
    walk.cache.find(Bench::id_of_byte(0x7f))->is_late = true;
    walk.start();
    EXPECT_EQ(walk.lookups().back().to, endpoint_of_byte(0x20));
    walk.answer_last({});
    EXPECT_EQ(walk.lookups().back().to, endpoint_of_byte(0x7f));
}

TEST(Search, AsksTheOtherIdsOfASilentNodeLast) {
    Walk walk(modern_profile());
    walk.cache_byte(0x7f);
    walk.cache_byte(0x20);
    walk.exchange.silent().note(at({}), endpoint_of_byte(0x7f));
    walk.start();
    EXPECT_EQ(walk.lookups().back().to, endpoint_of_byte(0x20));
    RouteEntry other_id = nearer(1);
    other_id.addresses = {endpoint_of_byte(0x7f).address};
    other_id.port = endpoint_of_byte(0x7f).port;
    walk.answer_last(returning(other_id));
    EXPECT_EQ(walk.lookups().back().to, endpoint_of_byte(0x20)); // asked again instead
}

// After many went at once their ids are all that others tell of for a while.
TEST(Search, IsNotWornOutByReferralsToSilentNodes) { // PNRP-174 counts the useful hops
    Walk walk(modern_profile());
    walk.cache_byte(0x20);
    walk.start();
    for (unsigned i = 0; i < kPassedOverMax; ++i) {
        ASSERT_EQ(walk.lookups().back().to, endpoint_of_byte(0x20)) << i;
        RouteEntry gone = nearer(i);
        gone.addresses = {endpoint_of_byte(0x30 + i).address};
        gone.port = endpoint_of_byte(0x30 + i).port;
        walk.exchange.silent().note(at({}), endpoint_of_byte(0x30 + i));
        walk.answer_last(returning(gone));
        ASSERT_FALSE(walk.result()) << i;
        EXPECT_THAT(walk.lookups().back().body.path, testing::Contains(endpoint_of_byte(0x30 + i)));
    }
    walk.answer_last(returning(claim_of_byte(0x60)));
    ASSERT_EQ(walk.inquiries().size(), 1U);
    EXPECT_EQ(walk.inquiries().back().to, endpoint_of_byte(0x60));
}

TEST(Search, NotesWhoIsLate) {
    Walk walk(modern_profile());
    walk.cache_byte(0x7f);
    walk.start();
    walk.search->handle_timeout(at(29ms));
    EXPECT_FALSE(walk.exchange.silent().contains(at(29ms), endpoint_of_byte(0x7f)));
    walk.search->handle_timeout(at(30ms));
    EXPECT_TRUE(walk.exchange.silent().contains(at(30ms), endpoint_of_byte(0x7f)));
}

TEST(Search, WidensItsStartOnlyWhereNodesAreSilent) {
    for (const bool is_silent : {false, true}) {
        Walk walk(modern_profile());
        for (unsigned i = 0; i <= kFirstHopsMax; ++i)
            walk.cache_byte(0x70 + i);
        walk.start();
        for (std::size_t i = 0; i < kFirstHopsMax; ++i) {
            ASSERT_EQ(walk.lookups().size(), i + 1);
            if (is_silent && i == 0) {
                walk.fail(walk.lookups().back());
            } else {
                walk.answer_last({}); // knows nobody nearer
            }
        }
        // The ninth, farther than the first hops, is asked where one of those was silent.
        EXPECT_EQ(walk.lookups_to(endpoint_of_byte(0x70)), is_silent ? 1U : 0U);
        EXPECT_EQ(walk.result().has_value(), !is_silent);
    }
}

TEST(Search, BelievesALiarNothingElse) { // PNRP-207
    Walk walk(modern_profile());
    walk.cache_byte(0x7f);
    walk.cache_byte(0x20);
    walk.start();
    ASSERT_EQ(walk.lookups().back().to, endpoint_of_byte(0x7f));
    walk.answer_last(returning(claim_of_byte(0x7f)));
    ASSERT_EQ(walk.inquiries().size(), 1U);
    walk.answer(walk.inquiries().back(), {}); // and nothing to show for it
    EXPECT_TRUE(walk.exchange.liars().contains(at(9min), endpoint_of_byte(0x7f)));
    EXPECT_FALSE(walk.exchange.liars().contains(at(10min), endpoint_of_byte(0x7f)));
    // He is not asked again, and not believed either when somebody else refers to him.
    ASSERT_EQ(walk.lookups().back().to, endpoint_of_byte(0x20));
    walk.answer_last(returning(claim_of_byte(0x7f, 2)));
    EXPECT_EQ(walk.inquiries().size(), 1U);
    EXPECT_EQ(walk.lookups_to(endpoint_of_byte(0x7f)), 1U);
    // The next search begins elsewhere.
    walk.start();
    EXPECT_EQ(walk.lookups().back().to, endpoint_of_byte(0x20));
}

// An entry may name addresses of others: the lie is his who told it.
TEST(Search, AccusesNobodyBesideWhoeverAnswered) {
    Walk walk(modern_profile());
    walk.cache_byte(0x7f);
    walk.start();
    RouteEntry claim = claim_of_byte(0x60);
    claim.addresses.push_back(endpoint_of_byte(0x61).address);
    walk.answer_last(returning(claim));
    ASSERT_EQ(walk.inquiries().size(), 1U);
    const Endpoint liar = walk.inquiries().back().to;
    const bool is_first = liar == endpoint_of_byte(0x60);
    walk.answer(walk.inquiries().back(), {});
    EXPECT_TRUE(walk.exchange.liars().contains(at({}), liar));
    EXPECT_FALSE(walk.exchange.liars().contains(at({}), endpoint_of_byte(is_first ? 0x61 : 0x60)));
}

// Nor is whoever was not asked silent, or late.
TEST(Search, FindsNobodySilentWhoWasNotAsked) {
    Walk walk(modern_profile());
    walk.cache_byte(0x7f);
    walk.start();
    RouteEntry told = Bench::entry_of_byte(0x60);
    told.addresses.push_back(endpoint_of_byte(0x61).address);
    walk.answer_last(returning(told));
    const auto asked = walk.lookups().back();
    ASSERT_TRUE(told.has_endpoint(asked.to));
    walk.search->handle_timeout(at(30ms));
    const auto late = walk.findings(SearchFinding::Kind::late);
    ASSERT_EQ(late.size(), 1U);
    EXPECT_EQ(late[0].informant, asked.to);
    walk.fail(asked);
    const auto gone = walk.findings(SearchFinding::Kind::gone);
    ASSERT_EQ(gone.size(), 1U);
    EXPECT_EQ(gone[0].informant, asked.to);
    EXPECT_EQ(walk.exchange.silent().latest(at(30ms), 9), std::vector{asked.to});
}

TEST(Search, FollowsNoReferralOfWhoLedToALiar) {
    Walk walk(modern_profile());
    for (unsigned i = 0; i < kAcceptAnyBelow; ++i)
        walk.cache_byte(0x10 + i);
    walk.start();
    const Endpoint informant = walk.lookups().back().to;
    walk.answer_last(returning(claim_of_byte(0x60)));
    ASSERT_EQ(walk.inquiries().size(), 1U);
    walk.answer(walk.inquiries().back(), {});
    EXPECT_NE(walk.lookups().back().to, informant);
    EXPECT_EQ(walk.lookups_to(informant), 1U);
    EXPECT_FALSE(walk.exchange.liars().contains(at({}), informant)); // he may have been misled
}

TEST(Search, IsNotWornOutByLies) { // PNRP-174 counts the useful hops
    Walk walk(modern_profile());
    constexpr unsigned kCached = (kWideningsMax + 1) * kFirstHopsMax;
    for (unsigned i = 0; i < kCached; ++i)
        walk.cache_byte(0x20 + i);
    walk.start();
    for (unsigned step = 0; step < kCached; ++step) {
        ASSERT_FALSE(walk.result()) << step;
        ASSERT_FALSE(walk.open_lookups().empty()) << step;
        walk.answer(walk.open_lookups().front(), returning(claim_of_byte(0xa0 + step)));
        ASSERT_EQ(walk.inquiries().size(), step + 1);
        walk.answer(walk.inquiries().back(), {});
    }
    std::set<Endpoint> asked;
    for (const auto& lookup : walk.lookups())
        asked.insert(lookup.to);
    EXPECT_EQ(asked.size(), kCached);
    // They lied about nothing themselves: each is asked again, and told of those who did.
    EXPECT_FALSE(walk.result());
    EXPECT_EQ(walk.lookups().back().body.path.size(), kPathEndpointsMax);
    walk.answer_all(kCached * (kRestartsMax + 1));
    EXPECT_FALSE(walk.result()); // a valid answer may still come
    walk.fail_inquiries();
    EXPECT_EQ(walk.findings(SearchFinding::Kind::gone).size(), kCached);
    EXPECT_EQ(walk.result(), Kind::no_valid_answer);
}

// The `number`-th node of the network of 0x`first`, at the id 0x`id`.
RouteEntry in_network(unsigned first, unsigned number, unsigned id) {
    const Endpoint endpoint = test::endpoint_of(256 * first + 100 + number);
    return {Bench::id_of_byte(id), endpoint.port, {endpoint.address}};
}

// Whoever has many nodes in one network does not have the search to himself, however near they are.
TEST(Search, AsksTwoOfANetworkBeforeOthers) {
    Walk walk(modern_profile());
    for (unsigned i = 0; i < 4; ++i) {
        CachedRoute route;
        route.entry = in_network(0x7f, i, 0x7f - i);
        walk.cache.insert(std::move(route));
    }
    for (unsigned i = 0; i < kAcceptAnyBelow; ++i)
        walk.cache_byte(0x10 + i);
    walk.start();
    std::vector<Address> networks;
    while (!walk.open_lookups().empty()) {
        networks.push_back(network_of(walk.open_lookups().front().to.address));
        walk.answer(walk.open_lookups().front(), {});
    }
    const Address crowd = network_of(in_network(0x7f, 0, 0).addresses.front());
    ASSERT_GE(networks.size(), 10U);
    EXPECT_EQ(std::count(networks.begin(), networks.begin() + 2, crowd), 2);
    EXPECT_EQ(std::count(networks.begin() + 2, networks.begin() + 8, crowd), 0);
}

// 64 nodes of one network around a name: those whom an honest neighbour tells of are named to it in
// the path, one after another, until it tells of somebody else.
TEST(Search, PassesOverTheNetworkOfALiar) { // PNRP-204 counts the uses of a hop
    Walk walk(modern_profile());
    walk.cache_byte(0x20);
    const Endpoint neighbour = endpoint_of_byte(0x20);
    walk.start();
    walk.answer_last(returning(in_network(0x7f, 0, 0x7a)));
    ASSERT_EQ(walk.lookups().back().to.address, in_network(0x7f, 0, 0).addresses.front());
    RouteEntry claim = in_network(0x7f, 0, 0);
    claim.id = claim_of_byte(0x7f).id;
    walk.answer_last(returning(claim));
    ASSERT_EQ(walk.inquiries().size(), 1U);
    walk.answer(walk.inquiries().back(), {}); // and nothing to show for it
    // More of them than a hop has uses.
    for (unsigned i = 1; i <= 2 * kNextHopUsesMax; ++i) {
        ASSERT_EQ(walk.open_lookups().size(), 1U) << i;
        const auto asked = walk.open_lookups().front();
        ASSERT_EQ(asked.to, neighbour) << i;
        EXPECT_EQ(asked.body.path.size(), 2 + i); // own, the neighbour, and those of the liar
        walk.answer(asked, returning(in_network(0x7f, i, 0x7a + i % 5)));
    }
    ASSERT_EQ(walk.open_lookups().size(), 1U);
    walk.answer(walk.open_lookups().front(), returning(Bench::entry_of_byte(0x70)));
    EXPECT_EQ(walk.lookups_to(endpoint_of_byte(0x70)), 1U);
}

// A cloud that is one network is searched as any other, lies or not.
TEST(Search, AsksTheNetworkOfALiarWhereThereIsNoOther) {
    Walk walk(modern_profile());
    for (unsigned i = 0; i < 6; ++i) {
        CachedRoute route;
        route.entry = in_network(0x7f, i, 0x7f - i);
        walk.cache.insert(std::move(route));
    }
    walk.start();
    RouteEntry claim = in_network(0x7f, 0, 0);
    claim.id = claim_of_byte(0x7f).id;
    walk.answer_last(returning(claim));
    walk.answer(walk.inquiries().back(), {});
    walk.answer_all(10);
    for (unsigned i = 1; i < 6; ++i) {
        const RouteEntry entry = in_network(0x7f, i, 0);
        EXPECT_GE(walk.lookups_to({entry.addresses.front(), entry.port}), 1U) << i;
    }
}

// PNRP-201: whoever finds a search suspicious seven times over from one network says it once.
TEST(Search, CountsTheSuspicionOfANetworkOnce) {
    for (const bool is_one_network : {false, true}) {
        Walk walk;
        constexpr unsigned kSteps = kSuspiciousMax + 2;
        AuthorityBuffer suspicious;
        suspicious.suspicious = true;
        walk.cache_byte(0x10);
        walk.start();
        for (unsigned step = 0; step < kSteps && !walk.result(); ++step) {
            RouteEntry next = nearer(step);
            if (is_one_network) next.addresses = in_network(0x7f, step, 0).addresses;
            suspicious.entry = next;
            walk.answer_last(suspicious);
        }
        EXPECT_EQ(walk.result().has_value(), !is_one_network);
    }
}

// Where lies were told an INQUIRE may be one more question to a liar: nobody waits for it.
TEST(Search, GoesOnBesideAClaimWhereALieWasMet) {
    Walk walk(modern_profile());
    for (unsigned i = 0; i < 5; ++i)
        walk.cache_byte(0x7b + i);
    walk.start();
    walk.answer_last(returning(claim_of_byte(0x60)));
    ASSERT_EQ(walk.inquiries().size(), 1U);
    EXPECT_TRUE(walk.open_lookups().empty()); // it may well be true
    walk.answer(walk.inquiries().back(), {});
    EXPECT_EQ(walk.open_lookups().size(), kLookupsAmongLies);
    walk.answer(walk.open_lookups().front(), returning(claim_of_byte(0x61, 2)));
    EXPECT_EQ(walk.inquiries().size(), 2U);
    EXPECT_EQ(walk.open_lookups().size(), kLookupsAmongLies);
}

TEST(Search, GoesOnBesideAMatchThatIsLate) {
    Walk walk(modern_profile());
    walk.cache_byte(0x7f);
    walk.cache_byte(0x20);
    walk.start();
    walk.answer_last(returning(claim_of_byte(0x60)));
    ASSERT_EQ(walk.inquiries().size(), 1U);
    EXPECT_EQ(walk.lookups().size(), 1U);
    walk.now = 30ms; // nobody was heard yet
    walk.search->handle_timeout(at(30ms));
    ASSERT_EQ(walk.lookups().size(), 2U);
    walk.answer_last(returning(claim_of_byte(0x61, 2)));
    ASSERT_EQ(walk.inquiries().size(), 2U);
    EXPECT_EQ(walk.inquiries().back().to, endpoint_of_byte(0x61));
    // Where nobody else is left it is waited for.
    walk.answer(walk.inquiries().back(), {});
    walk.answer_all(9);
    EXPECT_FALSE(walk.result());
    walk.fail(walk.inquiries().front());
    ASSERT_EQ(walk.inquiries().size(), 3U); // once more, as the last resort
    walk.fail(walk.inquiries().back());
    EXPECT_FALSE(walk.result()); // a lie was met: who did not lie is asked once more
    walk.answer_all(9);
    walk.fail_inquiries();
    EXPECT_EQ(walk.result(), Kind::no_valid_answer);
}

} // namespace
} // namespace kith::pnrp
