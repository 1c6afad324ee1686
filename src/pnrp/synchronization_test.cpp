// Both sides of a synchronisation conversation (docs/protocol/pnrp.md, Synchronisation).

#include "pnrp/limits.hpp"
#include "pnrp/synchronization.hpp"
#include "pnrp/test_stage.hpp"

#include <gmock/gmock.h>
#include <set>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::Bench;
using test::endpoint_of;
using test::Peer;
using test::secure_registration;

const Endpoint kOther = endpoint_of(256 * 250);
constexpr std::size_t kMany = 36;

class JoinerTest : public testing::Test {
protected:
    void start(const Endpoint& member = kOther) { joiner.start(at({}), member); }

    test::Heard<Solicit> solicit() { return bench.sent().to<Solicit>(kOther).at(0); }

    bool is_expected(const Advertise& advertise) {
        return joiner.expects(bench.exchange.pending().purpose(advertise.acked).key, advertise);
    }

    void answer(const Advertise& advertise) {
        const auto answered = bench.exchange.pending().take(at({}), advertise.acked, kOther);
        joiner.handle_advertise(at({}), answered.purpose.key, answered, advertise);
    }

    Bench bench;
    Joiner joiner{bench.exchange, bench.registry};
};

TEST_F(JoinerTest, SendsOnlyTheHashOfItsNonce) { // PNRP-148, PNRP-149, PNRP-015
    start();
    const auto asked = solicit();
    EXPECT_TRUE(asked.body.padded);
    EXPECT_FALSE(asked.body.entry); // it has no id to show
    EXPECT_FALSE(asked.body.type);
    EXPECT_TRUE(bench.exchange.pending().contains(asked.id));
    answer({asked.id, {Peer{1}.id}, asked.body.hashed_nonce});
    const auto request = bench.sent().to<Request>(kOther).at(0);
    EXPECT_EQ(modern_profile().digest({ByteView(request.body.nonce)}), asked.body.hashed_nonce);
}

TEST_F(JoinerTest, ShowsAnIdOfItsOwn) { // PNRP-015
    const PnrpId own = bench.add_name(secure_registration(1)).id;
    start();
    EXPECT_EQ(solicit().body.entry, bench.registry.entry_of(own));
}

TEST_F(JoinerTest, AsksForAllThatIsAdvertised) { // PNRP-152, PNRP-153
    start();
    const std::vector<PnrpId> ids{Peer{1}.id, Peer{2}.id, Peer{3}.id};
    answer({solicit().id, ids, solicit().body.hashed_nonce});
    const auto requests = bench.sent().to<Request>(kOther);
    ASSERT_EQ(requests.size(), 1U);
    EXPECT_EQ(requests[0].body.ids, ids);
    EXPECT_FALSE(joiner.poll_done());
    joiner.handle_acknowledged(bench.exchange.pending().purpose(requests[0].id).key);
    const auto done = joiner.poll_done();
    ASSERT_TRUE(done);
    EXPECT_TRUE(done->answered);
    EXPECT_EQ(done->member, kOther);
    EXPECT_EQ(done->ids, 3U);
    EXPECT_TRUE(joiner.is_idle());
}

TEST_F(JoinerTest, BelievesOnlyWhoGotTheHash) { // PNRP-150
    start();
    EXPECT_FALSE(is_expected({solicit().id, {Peer{1}.id}, HashedNonce{}}));
    EXPECT_TRUE(is_expected({solicit().id, {Peer{1}.id}, solicit().body.hashed_nonce}));
}

TEST_F(JoinerTest, AsksForNothingWhenNothingIsAdvertised) { // PNRP-151
    start();
    answer({solicit().id, {}, solicit().body.hashed_nonce});
    EXPECT_TRUE(bench.sent().all<Request>().empty());
    const auto done = joiner.poll_done();
    ASSERT_TRUE(done);
    EXPECT_TRUE(done->answered);
    EXPECT_EQ(done->ids, 0U);
    EXPECT_TRUE(joiner.is_idle());
}

TEST_F(JoinerTest, EndsWhenNobodyAnswers) { // PNRP-294
    start();
    const auto key = bench.exchange.pending().purpose(solicit().id).key;
    joiner.handle_failure(key);
    joiner.handle_failure(key);
    const auto done = joiner.poll_done();
    ASSERT_TRUE(done);
    EXPECT_FALSE(done->answered);
    EXPECT_FALSE(joiner.poll_done());
    EXPECT_TRUE(joiner.is_idle());
}

TEST_F(JoinerTest, HasOneConversationWithEach) {
    start();
    start();
    EXPECT_EQ(bench.sent().all<Solicit>().size(), 1U);
    for (unsigned i = 0; i < 2 * kSynchronizationsMax; ++i)
        start(endpoint_of(300 + i));
    EXPECT_EQ(bench.sent().all<Solicit>().size(), kSynchronizationsMax);
}

TEST_F(JoinerTest, AsksNobodyWhoCannotBe) {
    start(bench.own);
    start(*parse_endpoint("[fe80::1]:3540"));
    start(*parse_endpoint("[2001:db8::1]:80"));
    EXPECT_TRUE(bench.sent().empty());
    for (int i = 0; i < 3; ++i)
        EXPECT_FALSE(joiner.poll_done().value().answered);
}

// A node that has names and lost its addresses has no entry to show, and nowhere to be answered.
TEST_F(JoinerTest, AsksNobodyWithoutAnAddress) {
    bench.add_name(secure_registration(1));
    bench.exchange.set_endpoints({});
    start();
    EXPECT_TRUE(bench.sent().empty());
    EXPECT_FALSE(joiner.poll_done().value().answered);
    EXPECT_TRUE(joiner.is_idle());
}

class MemberTest : public testing::Test {
protected:
    static Solicit solicit(unsigned number) {
        Solicit message;
        const Nonce nonce = nonce_of(number);
        message.hashed_nonce = modern_profile().digest({ByteView(nonce)});
        return message;
    }

    static Nonce nonce_of(unsigned number) {
        return Nonce{static_cast<std::byte>(number), static_cast<std::byte>(number >> 8U)};
    }

    Advertise answer(const Solicit& message, const Endpoint& from = kOther, Duration when = {}) {
        return member.answer(at(when), from, MessageId{5}, message, kMany);
    }

    auto request(unsigned number, std::vector<PnrpId> ids, const Endpoint& from = kOther) {
        return member.handle_request(at({}), from, {nonce_of(number), std::move(ids)});
    }

    Bench bench;
    Member member{bench.exchange, bench.cache, bench.registry};
};

TEST_F(MemberTest, AdvertisesFiveSpreadOverTheRing) { // PNRP-157
    for (unsigned i = 0; i < 50; ++i)
        bench.cache_byte(i * 5);
    const Advertise advertise = answer(solicit(1));
    EXPECT_EQ(advertise.acked, MessageId{5});
    EXPECT_EQ(advertise.hashed_nonce, solicit(1).hashed_nonce);
    ASSERT_EQ(advertise.ids.size(), kAdvertisedIdsMax);
    std::set<PnrpId> sorted(advertise.ids.begin(), advertise.ids.end());
    ASSERT_EQ(sorted.size(), kAdvertisedIdsMax);
    PnrpId before = *sorted.rbegin();
    for (const PnrpId& id : sorted) { // ten entries from one to the next: never two in one corner
        EXPECT_GE(circle_fraction(id - before), 0.15);
        EXPECT_LE(circle_fraction(id - before), 0.25);
        before = id;
    }
}

TEST_F(MemberTest, AddsItsOwnIdsWhenItKnowsFew) { // PNRP-158, PNRP-013
    bench.cache_byte(0x10);
    bench.cache_byte(0x20);
    const PnrpId own = bench.add_name(secure_registration(1)).id;
    EXPECT_THAT(
        answer(solicit(1)).ids,
        testing::UnorderedElementsAre(Bench::id_of_byte(0x10), Bench::id_of_byte(0x20), own));
    Solicit registered = solicit(2);
    registered.type = SolicitType::registered_only;
    EXPECT_THAT(answer(registered).ids, testing::ElementsAre(own));
    Solicit shown = solicit(3); // nobody is told of itself
    shown.entry = Bench::entry_of_byte(0x10);
    EXPECT_THAT(answer(shown).ids, testing::Not(testing::Contains(Bench::id_of_byte(0x10))));
}

TEST_F(MemberTest, FloodsWhatItAdvertised) { // PNRP-162, decision A42
    bench.cache_byte(0x10);
    const PnrpId own = bench.add_name(secure_registration(1)).id;
    static_cast<void>(answer(solicit(1)));
    const auto floods =
        request(1, {own, Bench::id_of_byte(0x10), Bench::id_of_byte(0x10), Peer{9}.id});
    ASSERT_TRUE(floods);
    std::vector<RouteEntry> entries;
    for (const Flood& flood : *floods) {
        EXPECT_TRUE(flood.no_ack && flood.validate.is_zero() && flood.already_flooded.empty());
        entries.push_back(flood.entry.value());
    }
    EXPECT_THAT(
        entries,
        testing::UnorderedElementsAre(Bench::entry_of_byte(0x10), bench.registry.entry_of(own)));
    EXPECT_FALSE(request(1, {own})); // the conversation is over
    EXPECT_EQ(bench.exchange.counters().dropped_for(Drop::no_conversation), 1U);
}

TEST_F(MemberTest, NamesTheIdThatTheJoinerShowed) { // PNRP-026, decision A20
    bench.cache_byte(0x10);
    Solicit shown = solicit(1);
    shown.entry = Peer{3}.entry();
    static_cast<void>(answer(shown));
    const auto floods = request(1, {Bench::id_of_byte(0x10)});
    ASSERT_TRUE(floods && floods->size() == 1);
    EXPECT_EQ(floods->front().validate, Peer{3}.id);
}

TEST_F(MemberTest, TellsConversationsApart) { // PNRP-160, PNRP-161, decision A24
    bench.cache_byte(0x10);
    static_cast<void>(answer(solicit(1)));
    static_cast<void>(answer(solicit(2)));
    EXPECT_FALSE(request(3, {Bench::id_of_byte(0x10)}));
    EXPECT_EQ(bench.exchange.counters().dropped_for(Drop::bad_nonce), 1U);
    EXPECT_FALSE(request(1, {Bench::id_of_byte(0x10)}, endpoint_of(9)));
    EXPECT_EQ(bench.exchange.counters().dropped_for(Drop::no_conversation), 1U);
    EXPECT_TRUE(request(2, {Bench::id_of_byte(0x10)}));
    EXPECT_TRUE(request(1, {Bench::id_of_byte(0x10)}));
}

TEST_F(MemberTest, KeepsAConversationForFifteenSeconds) { // PNRP-128, PNRP-155, PNRP-293
    bench.cache_byte(0x10);
    static_cast<void>(answer(solicit(1)));
    EXPECT_EQ(member.next_timeout(), at(15s).instant);
    const auto again = answer(solicit(1), kOther, 10s); // sent again: 15 seconds from now
    EXPECT_THAT(again.ids, testing::ElementsAre(Bench::id_of_byte(0x10)));
    EXPECT_EQ(member.next_timeout(), at(25s).instant);
    member.handle_timeout(at(24s));
    EXPECT_EQ(member.next_timeout(), at(25s).instant);
    member.handle_timeout(at(25s));
    EXPECT_FALSE(member.next_timeout());
    EXPECT_FALSE(request(1, {Bench::id_of_byte(0x10)}));
}

TEST_F(MemberTest, KeepsNothingWithoutRoom) { // PNRP-156, PNRP-297
    bench.cache_byte(0x10);
    for (unsigned i = 0; i < kConversationsMax; ++i) {
        bench.exchange.proven().prove(at({}), endpoint_of(i));
        EXPECT_EQ(answer(solicit(i), endpoint_of(i)).ids.size(), 1U);
    }
    const std::size_t bytes = member.state_bytes();
    const unsigned next = kConversationsMax;
    for (unsigned i = 0; i < 1000; ++i)
        EXPECT_TRUE(answer(solicit(next + i), endpoint_of(next + i)).ids.empty());
    EXPECT_EQ(member.state_bytes(), bytes);
    EXPECT_FALSE(request(next, {Bench::id_of_byte(0x10)}, endpoint_of(next)));
    EXPECT_EQ(answer(solicit(3), endpoint_of(3)).ids.size(), 1U); // those under way go on
}

// Sources can be forged: who has not shown that he is there holds no place that somebody wants.
TEST_F(MemberTest, AForgedCrowdKeepsNobodyOut) {
    bench.cache_byte(0x10);
    bench.exchange.proven().prove(at({}), endpoint_of(1));
    EXPECT_EQ(answer(solicit(1), endpoint_of(1)).ids.size(), 1U);
    for (unsigned i = 2; i < 4 * kConversationsMax; ++i)
        EXPECT_EQ(answer(solicit(i), endpoint_of(i)).ids.size(), 1U) << i;
    EXPECT_FALSE(request(2, {Bench::id_of_byte(0x10)}, endpoint_of(2))); // displaced
    const unsigned last = 4 * kConversationsMax - 1;
    EXPECT_TRUE(request(last, {Bench::id_of_byte(0x10)}, endpoint_of(last)));
    EXPECT_TRUE(request(1, {Bench::id_of_byte(0x10)}, endpoint_of(1)));
}

TEST_F(MemberTest, ASourceAndItsNetworkHaveAFewConversations) {
    bench.cache_byte(0x10);
    const std::vector<PnrpId> ids{Bench::id_of_byte(0x10)};
    static_cast<void>(answer(solicit(1), endpoint_of(1)));
    for (unsigned i = 0; i < 2 * kConversationsMax; ++i)
        static_cast<void>(answer(solicit(100 + i)));
    for (unsigned i = 0; i < 2 * kConversationsMax; ++i) {
        Endpoint neighbour = endpoint_of(7);
        neighbour.port = static_cast<std::uint16_t>(2000 + i);
        static_cast<void>(answer(solicit(300 + i), neighbour));
    }
    std::size_t of_endpoint = 0;
    std::size_t of_network = 0;
    for (unsigned i = 0; i < 2 * kConversationsMax; ++i) {
        Endpoint neighbour = endpoint_of(7);
        neighbour.port = static_cast<std::uint16_t>(2000 + i);
        if (request(100 + i, ids)) ++of_endpoint;
        if (request(300 + i, ids, neighbour)) ++of_network;
    }
    EXPECT_EQ(of_endpoint, kConversationsPerEndpoint);
    EXPECT_EQ(of_network, kConversationsPerNetwork);
    EXPECT_TRUE(request(1, ids, endpoint_of(1)));
}

TEST_F(MemberTest, AdvertisesNoMoreThanItMay) {
    for (unsigned i = 0; i < 20; ++i)
        bench.cache_byte(i * 10);
    EXPECT_EQ(member.answer(at({}), kOther, MessageId{5}, solicit(1), 2).ids.size(), 2U);
    EXPECT_EQ(member.answer(at({}), kOther, MessageId{5}, solicit(2), 0).ids.size(), 0U);
    const std::size_t kept = answer(solicit(3)).ids.size();
    EXPECT_EQ(kept, kAdvertisedIdsMax);
    EXPECT_EQ(member.answer(at({}), kOther, MessageId{5}, solicit(3), 1).ids.size(), 1U);
}

} // namespace
} // namespace kith::pnrp
