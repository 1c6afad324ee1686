// Who is asked for the first members of a cloud, and when (docs/protocol/pnrp.md, Discovery).

#include "node/discovery.hpp"
#include "pnrp/profile.hpp"
#include "pnrp/ssdp.hpp"

#include <gmock/gmock.h>
#include <set>

namespace kith::node {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::UnorderedElementsAreArray;

Now at(Duration since_start) {
    return {Instant(1s) + since_start, wall_from_unix(1'800'000'000s)};
}

Endpoint endpoint(const std::string& text) {
    return *parse_endpoint(text);
}

std::vector<Endpoint> numbered(const std::string& prefix, int count) {
    std::vector<Endpoint> made;
    for (int i = 1; i <= count; ++i)
        made.push_back(endpoint("[" + prefix + std::to_string(i) + "]:3540"));
    return made;
}

class DiscoveryTest : public testing::Test {
protected:
    Discovery& make(std::vector<Endpoint> remembered = {}, Scope scope = Scope::global) {
        DiscoveryConfig config{scope, &pnrp::modern_profile(), true, std::move(remembered)};
        discovery_.emplace(config, plain);
        return *discovery_;
    }

    static std::vector<Endpoint> members(Discovery& discovery) {
        std::vector<Endpoint> found;
        while (const auto member = discovery.poll_member())
            found.push_back(*member);
        return found;
    }

    static std::vector<Discovery::Ssdp> ssdp(Discovery& discovery) {
        std::vector<Discovery::Ssdp> found;
        while (auto datagram = discovery.poll_ssdp())
            found.push_back(std::move(*datagram));
        return found;
    }

    void hear(
        Discovery& discovery,
        Duration when,
        const Endpoint& from,
        const std::string& text,
        std::size_t names = 1) {
        discovery.handle_ssdp(at(when), from, as_bytes(text), own, names);
    }

    static std::string answer_of(const Endpoint& member, Scope scope = Scope::global) {
        return pnrp::encode_ssdp_answer(pnrp::modern_profile(), scope, member);
    }

    static std::string search(Scope scope = Scope::global) {
        return pnrp::encode_ssdp_search(pnrp::modern_profile(), scope);
    }

    SeededRandom plain{5};
    std::vector<Endpoint> own{endpoint("[2001:db8::1]:3540")};

private:
    std::optional<Discovery> discovery_;
};

TEST_F(DiscoveryTest, AsksFiveOfThoseRememberedInEachRound) {
    const auto remembered = numbered("2001:db8:1::", 8);
    Discovery& discovery = make(remembered);
    discovery.start_round(at({}), own);
    EXPECT_THAT(
        members(discovery), testing::ElementsAreArray(remembered.begin(), remembered.begin() + 5));
    EXPECT_TRUE(discovery.is_searching());
    EXPECT_EQ(discovery.next_timeout(), at(kRoundTime).instant);
    discovery.start_round(at(1s), own); // one at a time
    EXPECT_TRUE(members(discovery).empty());
    discovery.handle_timeout(at(kRoundTime));
    EXPECT_FALSE(discovery.is_searching());
    discovery.start_round(at(10s), own); // goes on where it stopped, and round again
    EXPECT_THAT(
        members(discovery),
        ElementsAre(remembered[5], remembered[6], remembered[7], remembered[0], remembered[1]));
}

// The published order, one source each time (MS-PNRP 3.1.4.2).
// PNRP-134, PNRP-137, PNRP-138, PNRP-143
TEST_F(DiscoveryTest, AsksOneSourceAfterTheOtherWhereTheProfileSaysSo) {
    const pnrp::Profile& profile = pnrp::windows_profile();
    const auto remembered = numbered("2001:db8:1::", 2);
    const auto seeds = numbered("2001:db8:2::", 2);
    Discovery discovery({Scope::global, &profile, true, remembered}, plain);
    discovery.set_seeds(at({}), seeds);

    discovery.start_round(at({}), own);
    EXPECT_EQ(members(discovery), remembered);
    EXPECT_TRUE(ssdp(discovery).empty());
    discovery.continue_round(at(1s), own); // while it waits for their answers
    EXPECT_TRUE(ssdp(discovery).empty());

    discovery.handle_timeout(at(kRoundTime));
    discovery.continue_round(at(kRoundTime), own);
    EXPECT_EQ(ssdp(discovery).size(), 1U);
    EXPECT_TRUE(members(discovery).empty());

    discovery.handle_timeout(at(2 * kRoundTime));
    discovery.continue_round(at(2 * kRoundTime), own);
    const auto first = members(discovery);
    EXPECT_EQ(first.size(), 1U);
    EXPECT_TRUE(ssdp(discovery).empty());

    // Each was tried: the next step is for the next call.
    discovery.handle_timeout(at(3 * kRoundTime));
    discovery.continue_round(at(3 * kRoundTime), own);
    EXPECT_FALSE(discovery.is_searching());
    EXPECT_TRUE(members(discovery).empty());

    // The seeds take turns (decision A33).
    discovery.start_round(at(15s), own);
    EXPECT_EQ(members(discovery), remembered);
    for (int step = 1; step <= 2; ++step) {
        discovery.handle_timeout(at(15s + step * kRoundTime));
        discovery.continue_round(at(15s + step * kRoundTime), own);
    }
    const auto second = members(discovery);
    ASSERT_EQ(second.size(), 1U);
    EXPECT_NE(second, first);
}

// PNRP-137, PNRP-140: what has nothing to offer is passed over at once.
TEST_F(DiscoveryTest, StepsOverASourceThatHasNothing) {
    const pnrp::Profile& profile = pnrp::windows_profile();
    const auto seeds = numbered("2001:db8:2::", 1);
    Discovery discovery({Scope::global, &profile, false, {}}, plain);
    discovery.set_seeds(at({}), seeds);
    discovery.start_round(at({}), own);
    EXPECT_EQ(members(discovery), seeds);
}

TEST_F(DiscoveryTest, AsksNobodyWithoutAnAddress) {
    Discovery& discovery = make(numbered("2001:db8:1::", 8));
    discovery.start_round(at({}), {});
    EXPECT_TRUE(members(discovery).empty());
    EXPECT_FALSE(discovery.is_searching());
    EXPECT_TRUE(ssdp(discovery).empty());
}

TEST_F(DiscoveryTest, AsksTheSeedsInAnOrderOfItsOwn) { // decision A33
    const auto seeds = numbered("2001:db8:2::", 6);
    std::set<std::vector<Endpoint>> orders;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        plain = SeededRandom(seed);
        Discovery& discovery = make();
        discovery.set_seeds(at({}), seeds);
        std::vector<Endpoint> asked;
        for (int round = 0; round < 3; ++round) {
            discovery.start_round(at(round * 10s), own);
            const auto now = members(discovery);
            EXPECT_EQ(now.size(), kSeedsPerRound);
            asked.insert(asked.end(), now.begin(), now.end());
            discovery.handle_timeout(at(round * 10s + kRoundTime));
        }
        EXPECT_THAT(asked, UnorderedElementsAreArray(seeds));
        orders.insert(asked);
    }
    EXPECT_GT(orders.size(), 10U);
}

TEST_F(DiscoveryTest, AsksTheSeedsWhenTheirAddressesAreKnown) {
    Discovery& discovery = make();
    discovery.start_round(at({}), own);
    EXPECT_TRUE(discovery.poll_seeds_needed());
    EXPECT_FALSE(discovery.poll_seeds_needed());
    const auto seeds = numbered("2001:db8:2::", 1);
    discovery.set_seeds(at(1s), seeds);
    EXPECT_EQ(members(discovery), seeds);
    discovery.set_seeds(at(2s), seeds); // known already
    EXPECT_TRUE(members(discovery).empty());
}

TEST_F(DiscoveryTest, AsksAgainOnceASecond) {
    Discovery& discovery = make(numbered("2001:db8:1::", 1));
    discovery.start_round(at({}), own);
    EXPECT_EQ(members(discovery).size(), 1U);
    EXPECT_FALSE(ssdp(discovery).empty());
    discovery.ask_again(at(500ms), own);
    EXPECT_EQ(members(discovery).size(), 1U);
    EXPECT_FALSE(ssdp(discovery).empty()); // a name may have appeared on the link meanwhile
    discovery.ask_again(at(1499ms), own);
    EXPECT_TRUE(members(discovery).empty());
    discovery.ask_again(at(1500ms), own);
    EXPECT_EQ(members(discovery).size(), 1U);
}

TEST_F(DiscoveryTest, SearchesTheLinkInTheFamiliesItHas) {
    Discovery& discovery = make();
    discovery.start_round(at({}), own);
    const auto sent = ssdp(discovery);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].to, ssdp_group_v6());
    const auto message = pnrp::parse_ssdp(pnrp::modern_profile(), sent[0].payload);
    ASSERT_TRUE(message);
    EXPECT_FALSE(message->member);
    EXPECT_EQ(message->scope, Scope::global);
    own.push_back(endpoint("198.51.100.1:3540"));
    discovery.handle_timeout(at(kRoundTime));
    discovery.start_round(at(10s), own);
    EXPECT_EQ(ssdp(discovery).size(), 2U);
}

TEST_F(DiscoveryTest, UsesFiveAnswersOfASearch) { // PNRP-147
    Discovery& discovery = make();
    const auto answering = numbered("2001:db8:3::", 9);
    hear(discovery, {}, answering[0], answer_of(answering[0])); // nobody asked
    EXPECT_TRUE(members(discovery).empty());
    EXPECT_EQ(discovery.ssdp_dropped(), 1U);
    discovery.start_round(at({}), own);
    for (const Endpoint& member : answering)
        hear(discovery, 1s, member, answer_of(member));
    EXPECT_THAT(
        members(discovery), testing::ElementsAreArray(answering.begin(), answering.begin() + 5));
    EXPECT_EQ(discovery.ssdp_dropped(), 5U);
    discovery.handle_timeout(at(kRoundTime));
    discovery.start_round(at(10s), own); // another search, five others
    hear(discovery, 11s, answering[7], answer_of(answering[7]));
    EXPECT_THAT(members(discovery), ElementsAre(answering[7]));
}

TEST_F(DiscoveryTest, BelievesOnALinkOnlyWhoSpeaksOfItself) {
    own = {endpoint("[fe80::1]:3540")};
    Discovery& discovery = make({}, Scope::link);
    discovery.start_round(at({}), own);
    const Endpoint member = endpoint("[fe80::9]:3540");
    hear(discovery, 1s, endpoint("[fe80::8]:1900"), answer_of(member, Scope::link));
    EXPECT_TRUE(members(discovery).empty());
    EXPECT_EQ(discovery.ssdp_dropped(), 1U);
    hear(discovery, 1s, endpoint("[fe80::9]:1900"), answer_of(member, Scope::link));
    EXPECT_THAT(members(discovery), ElementsAre(member));
    hear(discovery, 1s, endpoint("[fe80::9]:1900"), answer_of(member, Scope::global));
    EXPECT_TRUE(members(discovery).empty());
}

TEST_F(DiscoveryTest, DropsWhatIsNoSsdp) {
    Discovery& discovery = make();
    discovery.start_round(at({}), own);
    ssdp(discovery);
    for (const std::string& text : {std::string(), std::string("hello"), std::string(2000, 'a')})
        hear(discovery, {}, endpoint("[2001:db8::9]:1900"), text);
    EXPECT_EQ(discovery.ssdp_dropped(), 3U);
    EXPECT_TRUE(ssdp(discovery).empty() && members(discovery).empty());
}

TEST_F(DiscoveryTest, AnswersSearchesWhileItHasNames) { // PNRP-251, PNRP-255
    Discovery& discovery = make();
    const Endpoint asker = endpoint("[2001:db8::9]:50000");
    hear(discovery, {}, asker, search(), 0);
    EXPECT_TRUE(ssdp(discovery).empty());
    hear(discovery, {}, asker, search(Scope::link));
    EXPECT_TRUE(ssdp(discovery).empty());
    hear(discovery, {}, asker, search());
    const auto sent = ssdp(discovery);
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].to, asker);
    EXPECT_LE(sent[0].payload.size(), 3 * search().size());
    const auto message = pnrp::parse_ssdp(pnrp::modern_profile(), sent[0].payload);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->member, own[0]);
    // Who asks over IPv4 has no use for an IPv6 address.
    hear(discovery, 1s, endpoint("198.51.100.9:50000"), search());
    EXPECT_TRUE(ssdp(discovery).empty());
}

TEST_F(DiscoveryTest, AnswersTenTimesASecondAtMost) {
    Discovery& discovery = make();
    std::size_t answers = 0;
    for (int ms = 0; ms < 1000; ms += 2) {
        hear(discovery, ms * 1ms, endpoint("[2001:db8::9]:50000"), search());
        answers += ssdp(discovery).size();
    }
    EXPECT_EQ(answers, 10U);
}

// Halves that a link kept apart meet again: what was remembered may be in the other one.
TEST_F(DiscoveryTest, WithoutASeedSearchesTheLinkNowAndThen) {
    const auto remembered = numbered("2001:db8:1::", 3);
    struct Row {
        double nodes;
        Duration from;
        Duration until;
    };
    for (const Row& row : {Row{1, 225s, 375s}, Row{40, 1h, 2h}, Row{1e6, 9h, 15h}}) {
        Discovery& discovery = make(remembered);
        discovery.schedule_refresh(at({}), row.nodes);
        const auto due = discovery.next_timeout();
        ASSERT_TRUE(due);
        EXPECT_GE(*due, at(row.from).instant);
        EXPECT_LE(*due, at(row.until).instant);
        const Now then{*due, {}};
        discovery.handle_timeout(then);
        EXPECT_TRUE(members(discovery).empty());
        EXPECT_TRUE(discovery.is_refresh_due());
        discovery.refresh(then, own);
        EXPECT_FALSE(discovery.is_refresh_due());
        EXPECT_EQ(members(discovery), std::vector{remembered[0]});
        EXPECT_EQ(ssdp(discovery).size(), 1U);
        const Endpoint found = endpoint("[2001:db8:7::1]:3540");
        discovery.handle_ssdp(then, found, as_bytes(answer_of(found)), own, 1);
        EXPECT_EQ(members(discovery), std::vector{found});
        discovery.refresh(then, own); // not again
        EXPECT_TRUE(ssdp(discovery).empty());
    }
}

TEST_F(DiscoveryTest, AsksASeedThatAppearsSoon) {
    Discovery& discovery = make();
    discovery.schedule_refresh(at({}), 1000);
    discovery.set_seeds(at(1s), numbered("2001:db8:2::", 1));
    EXPECT_FALSE(discovery.has_refresh());
    discovery.schedule_refresh(at(1s), 1000);
    EXPECT_LE(*discovery.next_timeout(), at(1h).instant);
}

// PNRP-284: about one node of the cloud in each 15 seconds, never more often than once a minute.
TEST_F(DiscoveryTest, MeetsASeedNowAndThen) {
    struct Row {
        double nodes;
        Duration from;
        Duration until;
    };
    for (const Row& row : {Row{1, 45s, 75s}, Row{40, 450s, 750s}, Row{1e6, 1350s, 2250s}}) {
        Discovery& discovery = make();
        const auto seeds = numbered("2001:db8:2::", 1);
        discovery.set_seeds(at({}), seeds);
        discovery.schedule_refresh(at({}), row.nodes);
        const auto due = discovery.next_timeout();
        ASSERT_TRUE(due);
        EXPECT_GE(*due, at(row.from).instant);
        EXPECT_LE(*due, at(row.until).instant);
        discovery.schedule_refresh(at(10s), row.nodes); // it is scheduled already
        EXPECT_EQ(discovery.next_timeout(), due);
        discovery.handle_timeout({*due, {}});
        EXPECT_EQ(members(discovery), seeds);
        EXPECT_EQ(discovery.poll_split_test(), seeds[0]); // and is the cloud whole?
        EXPECT_FALSE(discovery.poll_split_test());
        EXPECT_FALSE(discovery.next_timeout());
    }
}

} // namespace
} // namespace kith::node
