#include "pnrp/limits.hpp"
#include "pnrp/reach.hpp"
#include "pnrp/test_world.hpp"

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;

Endpoint from_text(const std::string& text) {
    return *parse_endpoint(text);
}

// docs/protocol/pnrp.md, Reach: the finder alone, with everybody else played by the test.
class ReachTest : public testing::Test {
protected:
    struct Asked {
        Endpoint to;
        std::uint32_t key = 0;
        Flood flood;
    };

    Now now() const { return {instant_, test::kStartWall}; }

    // Behind a translator.
    void hide() {
        exchange.set_ways_out(std::vector{from_text("192.168.1.5:3540")});
        finder.set_place(now(), {});
    }

    void live_at(const Endpoint& own) {
        finder.set_place(now(), std::vector{own});
        exchange.set_endpoints(finder.endpoints());
    }

    // A member of another network each: what answers first.
    void meet(unsigned count) {
        for (unsigned i = 0; i < count; ++i)
            finder.note_member(now(), helper(i));
    }

    static Endpoint helper(unsigned i) { return {Address::v4(0x0505'0001U + (i << 8U)), 3540}; }

    // What was asked since the last time.
    std::vector<Asked> drain() {
        std::vector<Asked> out;
        while (const auto sent = exchange.poll_datagram()) {
            const auto message = decode_message(exchange.profile(), sent->payload);
            const auto* flood = std::get_if<Flood>(&message->body);
            if (flood == nullptr || !flood->visit) continue;
            const auto& purpose = exchange.pending().purpose(message->id);
            out.push_back({sent->remote, purpose.key, *flood});
        }
        return out;
    }

    void pass(Duration span) {
        const Instant end = instant_ + span;
        for (int steps = 0; steps < 10'000; ++steps) {
            const auto due = finder.next_timeout();
            if (!due || *due > end) break;
            instant_ = std::max(instant_, *due);
            finder.handle_timeout(now());
            if (answers) {
                for (const Asked& asked : drain())
                    answers(asked);
            }
        }
        instant_ = end;
    }

    void ack(const Asked& asked, const Endpoint& seen, bool is_passed_on) {
        Ack ack;
        ack.passed_on = is_passed_on;
        ack.source = seen;
        finder.handle_ack(now(), asked.key, asked.to, ack);
    }

    void visit(const Asked& asked, const Endpoint& from) {
        finder.handle_question(now(), from, asked.flood.validate);
    }

    std::pair<Reach, ReachReason> verdict() const { return {finder.reach(), finder.reason()}; }

    const Endpoint outside = from_text("198.18.7.7:40001");
    const Endpoint stranger = from_text("198.51.100.99:3540");
    SeededSecureRandom secure{1};
    SeededRandom plain{2};
    CloudConfig config;
    Exchange exchange{config, secure, plain};
    ReachFinder finder{exchange};
    std::function<void(const Asked&)> answers;

private:
    Instant instant_{1s};
};

TEST_F(ReachTest, WhereSeveralSeeItAndAStrangerComesItPublishes) {
    hide();
    EXPECT_EQ(verdict(), std::pair(Reach::unknown, ReachReason::not_tested));
    answers = [&](const Asked& asked) {
        ack(asked, outside, true);
        visit(asked, stranger);
    };
    meet(3);
    pass(1s);
    EXPECT_EQ(verdict(), std::pair(Reach::publish, ReachReason::reached_translated));
    EXPECT_EQ(finder.endpoints(), std::vector{outside});
    EXPECT_TRUE(finder.poll_changed());
    EXPECT_FALSE(finder.poll_changed());
}

TEST_F(ReachTest, AVisitMayComeBeforeTheAck) {
    hide();
    answers = [&](const Asked& asked) {
        visit(asked, stranger);
        ack(asked, outside, true);
    };
    meet(2);
    pass(1s);
    EXPECT_EQ(finder.reach(), Reach::publish);
}

TEST_F(ReachTest, OneAloneIsNotBelievedWhereTheNodeIs) {
    hide();
    answers = [&](const Asked& asked) {
        ack(asked, outside, true);
        visit(asked, stranger);
    };
    meet(1);
    for (unsigned port = 1; port < 5; ++port) // more of its network have no voice of their own
        finder.note_member(now(), {helper(0).address, static_cast<std::uint16_t>(3540 + port)});
    pass(20s);
    EXPECT_EQ(verdict(), std::pair(Reach::resolve_only, ReachReason::unconfirmed));
    EXPECT_TRUE(finder.endpoints().empty());
}

// A liar says that the node is elsewhere, and sends a friend to where it really is.
TEST_F(ReachTest, ALiarAmongThreeMovesNobody) {
    hide();
    const Endpoint victim = from_text("203.0.113.66:5000");
    answers = [&](const Asked& asked) {
        const bool is_liar = asked.to == helper(1);
        ack(asked, is_liar ? victim : outside, true);
        visit(asked, stranger);
    };
    meet(3);
    pass(20s);
    EXPECT_EQ(finder.endpoints(), std::vector{outside});
    pass(20min);
    EXPECT_EQ(finder.endpoints(), std::vector{outside});
}

TEST_F(ReachTest, ALiarsVisitProvesNothingForWhereTheOthersSeeIt) {
    hide();
    answers = [&](const Asked& asked) {
        const bool is_liar = asked.to == helper(1);
        ack(asked, is_liar ? from_text("203.0.113.66:5000") : outside, true);
        if (is_liar) visit(asked, stranger);
    };
    meet(3);
    pass(20s);
    EXPECT_EQ(finder.reach(), Reach::resolve_only);
    EXPECT_TRUE(finder.endpoints().empty());
}

TEST_F(ReachTest, WhoIsSeenElsewhereByEverybodyResolvesOnly) {
    hide();
    std::uint16_t port = 40000;
    answers = [&](const Asked& asked) { ack(asked, {outside.address, ++port}, true); };
    meet(4);
    pass(20s);
    EXPECT_EQ(verdict(), std::pair(Reach::resolve_only, ReachReason::changing_endpoint));
}

TEST_F(ReachTest, WhereNoStrangerComesItResolvesOnly) {
    hide();
    answers = [&](const Asked& asked) { ack(asked, outside, true); };
    meet(4);
    pass(20s);
    EXPECT_EQ(verdict(), std::pair(Reach::resolve_only, ReachReason::filtered));
}

// What it has sent something may answer through any translator.
TEST_F(ReachTest, AVisitByAContactSaysNothing) {
    hide();
    exchange.send_encoded({}, stranger, Bytes(20));
    drain();
    answers = [&](const Asked& asked) {
        ack(asked, outside, true);
        visit(asked, {stranger.address, 9999}); // by address: some let in every port of one
    };
    meet(4);
    pass(20s);
    EXPECT_EQ(verdict(), std::pair(Reach::resolve_only, ReachReason::unconfirmed));
}

TEST_F(ReachTest, ATokenOfNobodysOpensNothing) {
    hide();
    answers = [&](const Asked& asked) {
        ack(asked, outside, true);
        finder.handle_question(now(), stranger, PnrpId{});
    };
    meet(4);
    pass(20s);
    EXPECT_EQ(finder.reach(), Reach::resolve_only);
}

TEST_F(ReachTest, AnEndpointOutsideTheScopeIsNoVote) {
    hide();
    answers = [&](const Asked& asked) {
        ack(asked, from_text("10.0.0.1:4000"), true);
        visit(asked, stranger);
    };
    meet(4);
    pass(20s);
    EXPECT_TRUE(finder.endpoints().empty());
}

TEST_F(ReachTest, FollowsTheTranslatorToAnotherPort) {
    hide();
    Endpoint seen = outside;
    answers = [&](const Asked& asked) {
        ack(asked, seen, true);
        visit(asked, stranger);
    };
    meet(4);
    pass(10s);
    seen.port = 40099;
    pass(2min);
    EXPECT_EQ(finder.endpoints(), std::vector{seen});
    EXPECT_EQ(finder.reach(), Reach::publish);
}

TEST_F(ReachTest, ATranslatorThatClosesIsNoticed) {
    hide();
    bool is_open = true;
    answers = [&](const Asked& asked) {
        ack(asked, outside, true);
        if (is_open) visit(asked, stranger);
    };
    meet(4);
    pass(1min);
    ASSERT_EQ(finder.reach(), Reach::publish);
    is_open = false;
    pass(6min);
    EXPECT_EQ(verdict(), std::pair(Reach::resolve_only, ReachReason::filtered));
    is_open = true;
    pass(6min);
    EXPECT_EQ(finder.reach(), Reach::publish);
}

TEST_F(ReachTest, KeepsATranslatorOpenAndAsksLittle) {
    hide();
    unsigned questions = 0;
    Instant last = now().instant;
    Duration longest{};
    answers = [&](const Asked& asked) {
        ++questions;
        longest = std::max<Duration>(longest, now().instant - last);
        last = now().instant;
        ack(asked, outside, true);
        visit(asked, stranger);
    };
    meet(4);
    pass(1h);
    EXPECT_LT(longest, 60s); // half of what RFC 4787 wants a mapping to live
    EXPECT_LT(questions, 100U);
}

TEST_F(ReachTest, LeavesOthersAloneForTheFirstTest) {
    hide();
    EXPECT_FALSE(finder.is_holding(now()));
    answers = [&](const Asked& asked) { ack(asked, outside, true); };
    meet(2);
    EXPECT_TRUE(finder.is_holding(now()));
    for (std::size_t i = 0; i < 2 * kReachOffersMax; ++i)
        finder.hold(Offer{{}, helper(1), std::nullopt});
    EXPECT_FALSE(finder.poll_offer(now()));
    pass(1s);
    EXPECT_FALSE(finder.is_holding(now()));
    std::size_t offers = 0;
    while (finder.poll_offer(now()))
        ++offers;
    EXPECT_EQ(offers, kReachOffersMax);
}

// An address of its own ---------------------------------------------------------------------------

TEST_F(ReachTest, AtItsOwnAddressAStrangersQuestionIsEnough) {
    live_at(from_text("203.0.113.1:3540"));
    EXPECT_EQ(finder.reach(), Reach::unknown);
    EXPECT_EQ(finder.endpoints().size(), 1U);
    exchange.send_encoded({}, helper(0), Bytes(20));
    finder.handle_question(now(), helper(0), {});
    EXPECT_EQ(finder.reach(), Reach::unknown);
    finder.handle_question(now(), stranger, {});
    EXPECT_EQ(verdict(), std::pair(Reach::publish, ReachReason::reached));
    EXPECT_EQ(finder.next_timeout(), std::nullopt);
}

// Whoever is on the same link comes without a firewall between.
TEST_F(ReachTest, AQuestionFromItsOwnNetworkShowsNothing) {
    const std::pair<std::string, std::string> cases[] = {
        {"203.0.113.1:3540", "203.0.113.99:3540"},
        {"[2001:db8:1:2::1]:3540", "[2001:db8:1:2::99]:3540"}};
    for (const auto& [own, neighbour] : cases) {
        live_at(from_text(own));
        finder.handle_question(now(), from_text(neighbour), {});
        EXPECT_EQ(finder.reach(), Reach::unknown) << own;
    }
    finder.handle_question(now(), from_text("[2001:db8:1:3::99]:3540"), {});
    EXPECT_EQ(finder.reach(), Reach::publish);
}

TEST_F(ReachTest, AVisitThroughItsOwnTranslatorShowsNothing) {
    hide();
    answers = [&](const Asked& asked) {
        ack(asked, outside, true);
        visit(asked, {outside.address, 40002});
    };
    meet(4);
    pass(20s);
    EXPECT_EQ(finder.reach(), Reach::resolve_only);
}

// What let them in before the addresses changed may still be open.
TEST_F(ReachTest, WhomItContactedBeforeItMovedIsNoStranger) {
    live_at(from_text("203.0.113.1:3540"));
    exchange.send_encoded({}, stranger, Bytes(20));
    live_at(from_text("203.0.114.1:3540"));
    finder.handle_question(now(), stranger, {});
    EXPECT_EQ(finder.reach(), Reach::unknown);
    const Endpoint other = from_text("198.51.101.99:3540");
    finder.handle_question(now(), other, {});
    ASSERT_EQ(finder.reach(), Reach::publish); // from now on nobody keeps a list
    live_at(from_text("203.0.115.1:3540"));
    finder.handle_question(now(), other, {});
    EXPECT_EQ(finder.reach(), Reach::unknown);
    meet(4);
    answers = [&](const Asked& asked) { ack(asked, from_text("203.0.115.1:3540"), false); };
    pass(2 * kContactLifetime + 10min);
    finder.handle_question(now(), other, {});
    EXPECT_EQ(finder.reach(), Reach::publish);
}

TEST_F(ReachTest, BehindAFirewallItResolvesOnlyUntilAStrangerComes) {
    const Endpoint own = from_text("203.0.113.1:3540");
    live_at(own);
    meet(4);
    answers = [&](const Asked& asked) { ack(asked, own, true); };
    pass(kReachGrace - 1s);
    EXPECT_EQ(finder.reach(), Reach::unknown); // it has time to be met
    pass(20s);
    EXPECT_EQ(verdict(), std::pair(Reach::resolve_only, ReachReason::filtered));
    EXPECT_EQ(finder.endpoints(), std::vector{own});
    finder.handle_question(now(), stranger, {});
    EXPECT_EQ(finder.reach(), Reach::publish);
}

TEST_F(ReachTest, WhereNobodyIsSentNothingIsConcluded) {
    const Endpoint own = from_text("203.0.113.1:3540");
    live_at(own);
    meet(4);
    answers = [&](const Asked& asked) { ack(asked, own, false); };
    pass(30min);
    EXPECT_EQ(finder.reach(), Reach::unknown);
}

TEST_F(ReachTest, AForwardedPortIsAnAddressOfItsOwn) {
    hide();
    EXPECT_TRUE(finder.set_forwarded(now(), outside));
    EXPECT_FALSE(finder.set_forwarded(now(), outside));
    EXPECT_EQ(finder.endpoints(), std::vector{outside});
    EXPECT_EQ(finder.reach(), Reach::unknown);
    finder.handle_question(now(), stranger, {});
    EXPECT_EQ(verdict(), std::pair(Reach::publish, ReachReason::reached));
    EXPECT_TRUE(finder.set_forwarded(now(), std::nullopt));
    EXPECT_TRUE(finder.endpoints().empty());
    // A gateway that is itself behind a translator forwards from nowhere.
    finder.set_forwarded(now(), from_text("10.1.1.1:4000"));
    EXPECT_TRUE(finder.endpoints().empty());
}

TEST_F(ReachTest, OnALinkAndInPublishedCloudsNobodyIsAsked) {
    CloudConfig link;
    link.scope = Scope::link;
    CloudConfig windows;
    windows.profile = &windows_profile();
    const std::pair<CloudConfig, std::string> cases[] = {
        {link, "[fe80::1]:3540"}, {windows, "[2001:db8::1]:3540"}};
    for (const auto& [config_of, own] : cases) {
        Exchange quiet(config_of, secure, plain);
        ReachFinder other(quiet);
        other.set_place(now(), std::vector{from_text(own)});
        other.note_member(now(), helper(1));
        EXPECT_EQ(other.next_timeout(), std::nullopt);
        EXPECT_EQ(other.reach() == Reach::publish, config_of.scope == Scope::link);
    }
}

} // namespace
} // namespace kith::pnrp
