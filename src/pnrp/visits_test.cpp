#include "pnrp/test_stage.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::Peer;
using test::Stage;

// docs/protocol/pnrp.md, Reach: what a node does for others.
class VisitsTest : public testing::Test {
protected:
    static PnrpId token(unsigned number) {
        PnrpId id;
        id.bytes[31] = static_cast<std::byte>(number);
        id.bytes[0] = std::byte{0x77};
        return id;
    }

    static Flood ask(unsigned number) {
        Flood flood;
        flood.asks_source = true;
        flood.visit = true;
        flood.validate = token(number);
        return flood;
    }

    static Flood order(unsigned number, const Endpoint& to) {
        Flood flood;
        flood.no_ack = true;
        flood.visit = true;
        flood.validate = token(number);
        flood.already_flooded = {to};
        return flood;
    }

    // Who answers the empty FLOOD is where he says.
    void prove(const Endpoint& who) {
        for (const auto& flood : stage.sent.to<Flood>(who)) {
            if (flood.body == Flood{}) stage.deliver(who, Ack{flood.id, false});
        }
        stage.sent.forget();
    }

    Stage stage;
    Peer asker{1};
    Peer visitor{2};
};

TEST_F(VisitsTest, TellsWhereAQuestionCameFromAndNoMore) {
    stage.admit(visitor);
    Flood flood;
    flood.asks_source = true;
    stage.deliver(asker.endpoint, flood);
    const auto acks = stage.sent.to<Ack>(asker.endpoint);
    ASSERT_EQ(acks.size(), 1U);
    EXPECT_EQ(acks[0].body.source, asker.endpoint);
    EXPECT_FALSE(acks[0].body.passed_on);
    EXPECT_TRUE(stage.sent.to<Flood>(visitor.endpoint).empty());
}

// Nobody is visited on the word of a datagram whose source may be forged.
TEST_F(VisitsTest, WantsAProofBeforeItSendsAnybody) {
    stage.admit(visitor);
    stage.deliver(asker.endpoint, ask(1));
    ASSERT_EQ(stage.sent.to<Ack>(asker.endpoint).size(), 1U);
    EXPECT_FALSE(stage.sent.to<Ack>(asker.endpoint)[0].body.passed_on);
    EXPECT_TRUE(stage.sent.to<Flood>(visitor.endpoint).empty());
    prove(asker.endpoint);
    stage.deliver(asker.endpoint, ask(2));
    EXPECT_TRUE(stage.sent.to<Ack>(asker.endpoint)[0].body.passed_on);
    const auto orders = stage.sent.to<Flood>(visitor.endpoint);
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0].body, order(2, asker.endpoint));
}

TEST_F(VisitsTest, SendsNobodyWhoIsInTheList) {
    stage.admit(visitor);
    stage.deliver(asker.endpoint, ask(1));
    prove(asker.endpoint);
    Flood flood = ask(2);
    flood.already_flooded = {{visitor.endpoint.address, 9}}; // whatever the port
    stage.deliver(asker.endpoint, flood);
    EXPECT_FALSE(stage.sent.to<Ack>(asker.endpoint)[0].body.passed_on);
    EXPECT_TRUE(stage.sent.to<Flood>(visitor.endpoint).empty());
}

TEST_F(VisitsTest, RationsWhatItPassesOn) {
    stage.admit(visitor);
    stage.deliver(asker.endpoint, ask(1));
    prove(asker.endpoint);
    for (unsigned i = 0; i < 100; ++i)
        stage.deliver(asker.endpoint, ask(i));
    EXPECT_LE(stage.sent.to<Flood>(visitor.endpoint).size(), 4U);
    EXPECT_GT(stage.dropped(Drop::rate_limited), 90U);
}

TEST_F(VisitsTest, VisitsOnceWithASmallQuestionAndKeepsNothing) {
    const Endpoint there = test::endpoint_of(256 * 99);
    stage.deliver(asker.endpoint, order(5, there));
    const auto visits = stage.sent.to<Inquire>(there);
    ASSERT_EQ(visits.size(), 1U);
    EXPECT_EQ(visits[0].body.validate, token(5));
    EXPECT_EQ(visits[0].body.flags, InquireFlags{});
    EXPECT_TRUE(stage.sent.to<Ack>(asker.endpoint).empty());
    stage.pass(5s);
    EXPECT_EQ(stage.sent.to<Inquire>(there).size(), 1U); // never again, answered or not
    EXPECT_EQ(stage.cloud.cache_size(), 0U);
}

TEST_F(VisitsTest, RationsItsVisitsAndGoesNowhereElse) {
    stage.deliver(asker.endpoint, order(1, *parse_endpoint("192.168.0.1:3540")));
    stage.deliver(asker.endpoint, order(2, stage.own));
    EXPECT_EQ(stage.dropped(Drop::bad_entry), 2U);
    const Endpoint there = test::endpoint_of(256 * 99);
    for (unsigned i = 0; i < 100; ++i)
        stage.deliver(asker.endpoint, order(i, there));
    EXPECT_LE(stage.sent.to<Inquire>(there).size(), 8U);
}

TEST_F(VisitsTest, MakesVisitsForOthersBesideAGreedyNetwork) {
    const Endpoint there = test::endpoint_of(256 * 99);
    for (unsigned i = 0; i < 100; ++i)
        stage.deliver(asker.endpoint, order(i, there));
    const std::size_t before = stage.sent.to<Inquire>(there).size();
    EXPECT_LE(before, 4U);
    stage.deliver(visitor.endpoint, order(101, there));
    EXPECT_EQ(stage.sent.to<Inquire>(there).size(), before + 1);
    // Of a crowd of networks there are enough.
    for (unsigned i = 0; i < 200; ++i)
        stage.deliver(test::endpoint_of(300 + i), order(i, there));
    EXPECT_LE(stage.sent.to<Inquire>(there).size(), 64U);
}

// Modern only: in PNRP 4.0 these bits mean nothing.
TEST_F(VisitsTest, NothingOfThisIsInThePublishedProfile) {
    Stage published({.profile = &windows_profile()});
    published.deliver(asker.endpoint, ask(1));
    const auto acks = published.sent.to<Ack>(asker.endpoint);
    ASSERT_EQ(acks.size(), 1U);
    EXPECT_EQ(acks[0].body.source, std::nullopt);
    EXPECT_EQ(encode_message(windows_profile(), Message{MessageId{1}, Ack{}}).size(), 20U);
}

} // namespace
} // namespace kith::pnrp
