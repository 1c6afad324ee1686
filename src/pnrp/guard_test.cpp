// What a stranger may make a node do: never more than three times what it paid, and only so many
// signatures (docs/protocol/pnrp.md, Limits against abuse).

#include "pnrp/guard.hpp"
#include "pnrp/test_stage.hpp"

#include <gmock/gmock.h>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::encoded;
using test::endpoint_of;
using test::Peer;
using test::secure_registration;
using test::Stage;

const Endpoint kStranger = endpoint_of(256 * 254);

TEST(ProvenSources, ForgetsAfterAWhile) {
    ProvenSources sources;
    EXPECT_FALSE(sources.is_proven(at(0s), kStranger));
    sources.prove(at(0s), kStranger);
    EXPECT_TRUE(sources.is_proven(at(kProofLifetime), kStranger));
    EXPECT_FALSE(sources.is_proven(at(kProofLifetime + 1ms), kStranger));
    sources.prove(at(kProofLifetime + 1s), kStranger);
    EXPECT_TRUE(sources.is_proven(at(kProofLifetime + 2s), kStranger));
    Endpoint neighbour = kStranger;
    ++neighbour.port;
    EXPECT_FALSE(sources.is_proven(at(kProofLifetime + 2s), neighbour));
}

TEST(ProvenSources, ForgetsTheOldestWhenFull) {
    ProvenSources sources;
    for (unsigned i = 0; i < kProvenSourcesMax; ++i)
        sources.prove(at(i * 1ms), endpoint_of(i));
    sources.prove(at(1s), endpoint_of(0)); // again: now number 1 is the oldest
    sources.prove(at(2s), kStranger);
    EXPECT_TRUE(sources.is_proven(at(2s), endpoint_of(0)));
    EXPECT_FALSE(sources.is_proven(at(2s), endpoint_of(1)));
    EXPECT_TRUE(sources.is_proven(at(2s), endpoint_of(2)));
    EXPECT_TRUE(sources.is_proven(at(2s), kStranger));
}

TEST(TokenBucket, HoldsTwoSecondsOfTokens) {
    TokenBucket bucket(at(0s), 10);
    const auto take_all = [&](Duration when) {
        int taken = 0;
        for (; taken < 1000 && bucket.has_token(at(when)); ++taken)
            bucket.take();
        return taken;
    };
    EXPECT_EQ(bucket.fullness(at(0s)), 1);
    EXPECT_EQ(take_all(0s), 20);
    EXPECT_EQ(bucket.fullness(at(1s)), 0.5);
    EXPECT_EQ(take_all(1s), 10);
    EXPECT_EQ(take_all(1h), 20);
}

Address address(const char* text) {
    return *parse_address(text);
}

// `count` of the sources that `make(i)` gives, all at once: how many got a signature.
template<class Make>
std::size_t signatures(SignatureBudget& budget, std::size_t count, Make&& make) {
    std::size_t granted = 0;
    for (std::size_t i = 0; i < count; ++i)
        granted += budget.take(at(0s), make(i)) ? 1U : 0U;
    return granted;
}

Address numbered(const char* text, std::initializer_list<std::size_t> bytes, std::size_t number) {
    Address made = address(text);
    for (const std::size_t byte : bytes) {
        made.bytes[byte] = static_cast<std::byte>(number & 0xffU);
        number >>= 8U;
    }
    return made;
}

TEST(SignatureBudget, IsSharedByAPrefixOf64Bits) {
    SignatureBudget budget;
    const auto in_one = [](std::size_t i) { return numbered("2001:db8::", {15, 14}, i); };
    EXPECT_EQ(signatures(budget, 1000, in_one), 2 * kSignaturesPerSecondNarrow);
    EXPECT_TRUE(budget.take(at(0s), address("2001:db8:0:1::1")));
    EXPECT_TRUE(budget.take(at(11ms), address("2001:db8::1"))); // a token has come
    EXPECT_FALSE(budget.take(at(12ms), address("2001:db8::1")));
}

TEST(SignatureBudget, IsSharedByAPrefixOf48Bits) {
    SignatureBudget budget;
    const auto in_one = [](std::size_t i) { return numbered("2001:db8::1", {7}, i % 16); };
    EXPECT_EQ(signatures(budget, 3000, in_one), 2 * kSignaturesPerSecondWide);
    EXPECT_TRUE(budget.take(at(0s), address("2001:db8:1::1")));
}

TEST(SignatureBudget, IsSharedByAPrefixOf24BitsOfIpv4) {
    SignatureBudget budget;
    const auto in_one = [](std::size_t i) { return numbered("192.0.2.0", {15}, i); };
    EXPECT_EQ(signatures(budget, 1000, in_one), 2 * kSignaturesPerSecondNarrow);
    EXPECT_TRUE(budget.take(at(0s), address("198.51.100.1")));
}

TEST(SignatureBudget, IsBoundedForTheWholeNode) {
    SignatureBudget budget;
    const auto on_link = [](std::size_t i) { return numbered("fe80::", {15, 14, 7}, i); };
    EXPECT_EQ(signatures(budget, 9000, on_link), 2 * kSignaturesPerSecond);
    EXPECT_FALSE(budget.take(at(0s), address("2001:db8::1")));
    EXPECT_TRUE(budget.take(at(1s), address("2001:db8::1")));
}

// However many prefixes ask, memory is bounded and the next one is still served.
TEST(SignatureBudget, ServesANewPrefixWhenItMetersTooMany) {
    SignatureBudget budget;
    const auto everywhere = [](std::size_t i) { return numbered("2001::1", {5, 4}, i); };
    EXPECT_EQ(signatures(budget, 3000, everywhere), 3000U);
    EXPECT_LE(budget.state_bytes(), kBucketsMax * 128);
    EXPECT_TRUE(budget.take(at(0s), address("2a00:db8::1")));
    // Nor is a heavy user forgotten for it: the fullest bucket goes.
    SignatureBudget with_heavy;
    const auto heavy = [](std::size_t) { return address("192.0.2.1"); };
    EXPECT_EQ(signatures(with_heavy, 1000, heavy), 2 * kSignaturesPerSecondNarrow);
    EXPECT_EQ(signatures(with_heavy, 3000, everywhere), 3000U);
    EXPECT_FALSE(with_heavy.take(at(0s), address("192.0.2.1")));
}

TEST(AnswerCache, KeepsAnAnswerForItsQuestionOnly) {
    AnswerCache cache;
    const Peer peer{1};
    const AnswerCache::Key key{kStranger, peer.id, Nonce{}, {.cpa = true}};
    cache.add(at(0s), key, {MessageId{7}, Bytes(10)});
    ASSERT_NE(cache.find(at(kAnswerCacheTime), key), nullptr);
    EXPECT_EQ(cache.find(at(kAnswerCacheTime), key)->id, MessageId{7});
    EXPECT_EQ(cache.find(at(kAnswerCacheTime + 1ns), key), nullptr);
    const auto miss = [&](AnswerCache::Key other) {
        EXPECT_EQ(cache.find(at(0s), other), nullptr);
    };
    miss({endpoint_of(9), key.id, key.nonce, key.flags});
    miss({key.source, Peer{2}.id, key.nonce, key.flags});
    miss({key.source, key.id, Nonce{std::byte{1}}, key.flags});
    miss({key.source, key.id, key.nonce, {.cpa = true, .extended_payload = true}});
    cache.forget_id(peer.id);
    EXPECT_EQ(cache.find(at(0s), key), nullptr);
}

TEST(AnswerCache, DropsTheOldestWhenFull) {
    AnswerCache cache;
    const Peer peer{1};
    const auto key = [&](unsigned i) {
        return AnswerCache::Key{endpoint_of(i), peer.id, Nonce{}, {.cpa = true}};
    };
    for (unsigned i = 0; i <= kAnswersCachedMax; ++i)
        cache.add(at(0s), key(i), {MessageId{i}, Bytes(10)});
    EXPECT_EQ(cache.find(at(0s), key(0)), nullptr);
    EXPECT_NE(cache.find(at(0s), key(1)), nullptr);
    EXPECT_NE(cache.find(at(0s), key(kAnswersCachedMax)), nullptr);
    cache.expire(at(kAnswerCacheTime + 1ns));
    EXPECT_EQ(cache.state_bytes(), 0U);
}

// A node with one name, five peers, and a stranger that only ever claims to be somewhere.
class Amplification : public testing::Test {
protected:
    void SetUp() override {
        auto registration = secure_registration(1);
        registration.payload = Payload{PayloadKind::binary, Bytes(kPayloadBytesMax)};
        ASSERT_TRUE(stage.cloud.register_name(stage.now(), registration));
        id = stage.cloud.registrations().front().pnrp_id;
        for (unsigned i = 0; i < 6; ++i)
            stage.admit(Peer(10 + i));
    }

    // The stranger has got nothing beyond three times what it sent, all in all.
    void expect_bounded(const Endpoint& stranger = kStranger) {
        stage.pass(3s); // with everything that is sent again
        EXPECT_LE(stage.sent.bytes_to(stranger), 3 * stage.paid_by(stranger));
        EXPECT_GT(stage.sent.bytes_to(stranger), 0U);
    }

    Inquire inquire(bool padded) const {
        Inquire message{{.cpa = true, .extended_payload = true, .chain = true}, id, {}, padded};
        message.nonce = Nonce{std::byte{7}};
        return message;
    }

    Stage stage;
    PnrpId id;
};

TEST_F(Amplification, BoundsWhatAnInquireBrings) {
    for (const bool padded : {true, false}) {
        stage.deliver(kStranger, inquire(padded));
        expect_bounded();
        Inquire plain = inquire(padded);
        plain.flags.extended_payload = false;
        stage.deliver(kStranger, plain);
        expect_bounded();
        plain.nonce.reset();
        stage.deliver(kStranger, plain);
        expect_bounded();
    }
    stage.deliver(kStranger, Inquire{{}, id, {}, false});
    expect_bounded();
    stage.deliver(kStranger, Inquire{{}, Peer{90}.id, {}, false});
    expect_bounded();
}

TEST_F(Amplification, BoundsWhatALookupBrings) {
    Lookup lookup;
    lookup.accept_any = true;
    lookup.target = id;
    lookup.path = {kStranger};
    stage.deliver(kStranger, lookup);
    expect_bounded();
    lookup.best_match = Peer{30}.entry();
    lookup.best_match->addresses = {kStranger.address}; // the check of it goes to the stranger too
    stage.deliver(kStranger, lookup);
    expect_bounded();
}

TEST_F(Amplification, BoundsWhatASolicitBrings) {
    for (const bool padded : {true, false}) {
        Solicit solicit;
        solicit.padded = padded;
        solicit.hashed_nonce = {std::byte{padded}};
        stage.deliver(kStranger, solicit);
        expect_bounded();
        stage.deliver(kStranger, solicit); // sent again
        expect_bounded();
        solicit.entry = Peer{31}.entry();
        solicit.entry->addresses = {kStranger.address};
        solicit.hashed_nonce = {std::byte{padded}, std::byte{1}};
        stage.deliver(kStranger, solicit);
        expect_bounded();
    }
}

TEST_F(Amplification, BoundsWhatARequestBrings) {
    Solicit solicit;
    solicit.padded = true;
    const Nonce nonce{std::byte{9}};
    solicit.hashed_nonce = modern_profile().digest({ByteView(nonce)});
    stage.deliver(kStranger, solicit);
    const auto ids = stage.sent.to<Advertise>(kStranger).at(0).body.ids;
    ASSERT_EQ(ids.size(), kAdvertisedIdsMax);
    // Each step by itself as well: nothing is saved up.
    const std::size_t before = stage.sent.bytes_to(kStranger);
    const std::size_t paid = stage.paid_by(kStranger);
    stage.deliver(kStranger, Request{nonce, ids});
    EXPECT_LE(stage.sent.bytes_to(kStranger) - before, 3 * (stage.paid_by(kStranger) - paid));
    EXPECT_GT(stage.dropped(Drop::amplification), 0U);
    expect_bounded();
}

TEST_F(Amplification, BoundsWhatAFloodBrings) {
    stage.deliver(kStranger, Flood{});
    expect_bounded();
    for (unsigned i = 0; i < 20; ++i) { // all of them about the stranger itself
        Flood flood;
        flood.validate = Peer{90}.id;
        flood.entry = Peer(40 + i).entry();
        flood.entry->addresses = {kStranger.address};
        stage.deliver(kStranger, flood);
    }
    expect_bounded();
}

// The same when the stranger is a victim that others name in their floods.
TEST_F(Amplification, BoundsWhatAVictimGetsForWhatLiarsPay) {
    const Endpoint liar = endpoint_of(256 * 255);
    for (unsigned i = 0; i < 10; ++i) {
        Flood flood;
        flood.no_ack = true;
        flood.entry = Peer(40 + i).entry();
        flood.entry->addresses = {kStranger.address};
        stage.deliver(liar, flood);
    }
    stage.pass(3s);
    EXPECT_GT(stage.sent.bytes_to(kStranger), 0U);
    EXPECT_LE(stage.sent.bytes_to(kStranger), 3 * stage.paid_by(liar));
}

// PNRP-274: a payload of four fragments goes to whoever acknowledges the empty FLOOD, at once.
TEST_F(Amplification, HoldsALargeAnswerUntilItsReceiverIsThere) {
    const MessageId asked = stage.deliver(kStranger, inquire(true));
    EXPECT_TRUE(stage.sent.to<Authority>(kStranger).empty());
    EXPECT_EQ(stage.dropped(Drop::amplification), 1U);
    const auto proof = stage.sent.to<Flood>(kStranger);
    ASSERT_EQ(proof.size(), 1U);
    EXPECT_EQ(proof[0].body, Flood{});
    EXPECT_EQ(encoded(proof[0].id, proof[0].body).size(), 68U);

    const Endpoint liar = endpoint_of(256 * 255);
    stage.deliver(liar, Ack{proof[0].id, false}); // from elsewhere it proves nothing
    EXPECT_TRUE(stage.sent.to<Authority>(kStranger).empty());
    stage.deliver(kStranger, Ack{proof[0].id, false});
    const auto fragments = stage.sent.to<Authority>(kStranger);
    ASSERT_EQ(fragments.size(), 4U);
    Reassembly reassembly;
    for (const auto& fragment : fragments) {
        EXPECT_EQ(fragment.body.acked, asked);
        EXPECT_EQ(fragment.id, fragments.front().id);
        static_cast<void>(reassembly.add(fragment.body));
    }
    const auto buffer = decode_authority_buffer(modern_profile(), reassembly.take());
    ASSERT_TRUE(buffer && buffer->cpa && buffer->extended_payload);
    // From now on there is no such way round.
    stage.sent.forget();
    stage.deliver(kStranger, inquire(true));
    EXPECT_EQ(stage.sent.to<Authority>(kStranger).size(), 4U);
    EXPECT_TRUE(stage.sent.to<Flood>(kStranger).empty());
}

// Strangers that never prove themselves do not keep others from it.
TEST_F(Amplification, LetsAStrangerProveItselfWhateverIsHeld) {
    for (unsigned i = 0; i < 4 * kAnswersHeldMax; ++i)
        stage.deliver(endpoint_of(256 * (100 + i)), inquire(true));
    stage.deliver(kStranger, inquire(true));
    const auto proof = stage.sent.to<Flood>(kStranger);
    ASSERT_EQ(proof.size(), 1U);
    stage.deliver(kStranger, Ack{proof[0].id, false});
    stage.deliver(kStranger, inquire(true)); // the question, sent again
    EXPECT_GE(stage.sent.to<Authority>(kStranger).size(), 4U);
}

// Questions to strangers about themselves never use up the room for our own questions.
TEST_F(Amplification, KeepsRoomForItsOwnQuestions) {
    for (unsigned i = 0; i < 2 * kPendingMax; ++i) {
        Solicit solicit;
        solicit.padded = true;
        solicit.hashed_nonce = {std::byte{1}};
        stage.deliver(endpoint_of(256 * 30 + i), solicit);
    }
    const Peer wanted{10};
    stage.sent.forget();
    ASSERT_TRUE(stage.cloud.start_resolve(stage.now(), {.name = wanted.registration.name}));
    stage.drain();
    EXPECT_FALSE(stage.sent.to<Inquire>(wanted.endpoint).empty());
}

// The same bytes again: no signature, and fragments of both times complete each other.
TEST_F(Amplification, SignsARepeatedQuestionOnce) {
    Inquire message = inquire(true);
    message.flags.extended_payload = false;
    const auto before = stage.cloud.counters().signatures_made;
    stage.deliver(kStranger, MessageId{77}, message);
    stage.pass(1s);
    stage.deliver(kStranger, MessageId{77}, message);
    const auto sent = stage.sent.datagrams_to(kStranger);
    ASSERT_EQ(sent.size(), 2U);
    EXPECT_EQ(sent[0].payload, sent[1].payload);
    EXPECT_EQ(stage.cloud.counters().signatures_made, before + 1);
    stage.pass(2s);
    stage.deliver(kStranger, MessageId{77}, message);
    EXPECT_EQ(stage.cloud.counters().signatures_made, before + 2);
}

TEST_F(Amplification, SignsOnlySoMuchForOneNetwork) { // PNRP-297
    const auto before = stage.cloud.counters().signatures_made;
    for (unsigned i = 0; i < 500; ++i) {
        Inquire message = inquire(true);
        message.flags.extended_payload = false;
        message.nonce = Nonce{static_cast<std::byte>(i), static_cast<std::byte>(i >> 8U)};
        stage.deliver(kStranger, message);
    }
    EXPECT_EQ(stage.cloud.counters().signatures_made - before, 2 * kSignaturesPerSecondNarrow);
    EXPECT_EQ(stage.dropped(Drop::rate_limited), 500 - 2 * kSignaturesPerSecondNarrow);
    EXPECT_EQ(stage.sent.to<Authority>(kStranger).size(), 2 * kSignaturesPerSecondNarrow);
}

} // namespace
} // namespace kith::pnrp
