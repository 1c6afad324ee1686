// One cloud, and what it says to each message and to each command, seen from outside.

#include "pnrp/limits.hpp"
#include "pnrp/test_stage.hpp"

#include <algorithm>
#include <array>
#include <gmock/gmock.h>
#include <set>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::endpoint_of;
using test::Peer;
using test::secure_registration;
using test::Stage;

// One name registered here, one peer that is known and has proved itself.
class CloudAnswers : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(stage.cloud.register_name(stage.now(), secure_registration(1)));
        own_id = stage.cloud.registrations().front().pnrp_id;
        stage.admit(peer);
    }

    // Says `body` in the peer's name; afterwards `stage.sent` holds the consequences alone.
    MessageId say(Body body) {
        stage.sent.forget();
        return stage.deliver(peer.endpoint, std::move(body));
    }

    Stage stage;
    Peer peer{10};
    PnrpId own_id;
};

TEST_F(CloudAnswers, AnswersEachQuestionInItsWay) { // PNRP-123, PNRP-024, PNRP-190
    const Nonce nonce{std::byte{5}};
    MessageId asked = say(Solicit{{}, {}, modern_profile().digest({ByteView(nonce)}), true});
    ASSERT_EQ(stage.sent.size(), 1U);
    EXPECT_EQ(stage.sent.to<Advertise>(peer.endpoint).at(0).body.acked, asked);

    asked = say(Request{nonce, {own_id}});
    ASSERT_EQ(stage.sent.size(), 2U);
    EXPECT_EQ(stage.sent.to<Ack>(peer.endpoint).at(0).body.acked, asked);
    EXPECT_TRUE(stage.sent.to<Flood>(peer.endpoint).at(0).body.no_ack);

    Lookup lookup;
    lookup.target = own_id;
    lookup.path = {peer.endpoint};
    asked = say(lookup);
    ASSERT_EQ(stage.sent.size(), 1U);
    EXPECT_EQ(stage.sent.to<Authority>(peer.endpoint).at(0).body.acked, asked);

    asked = say(Inquire{{.cpa = true}, own_id, nonce, true});
    ASSERT_EQ(stage.sent.size(), 1U);
    EXPECT_EQ(stage.sent.to<Authority>(peer.endpoint).at(0).body.acked, asked);

    asked = say(Flood{});
    ASSERT_EQ(stage.sent.size(), 1U);
    EXPECT_EQ(stage.sent.to<Ack>(peer.endpoint).at(0).body.acked, asked);

    Flood silent;
    silent.no_ack = true;
    say(silent);
    EXPECT_TRUE(stage.sent.empty());
    say(Advertise{MessageId{1}, {own_id}, {}});
    EXPECT_TRUE(stage.sent.empty());
    say(Ack{MessageId{1}, false});
    EXPECT_TRUE(stage.sent.empty());
    say(Authority{MessageId{1}, 8, 0, Bytes(8)});
    EXPECT_TRUE(stage.sent.empty());
}

TEST_F(CloudAnswers, SaysInItsAckWhatIsNotHere) { // PNRP-193, PNRP-051
    const auto is_denied = [&](const PnrpId& validate) {
        Flood flood;
        flood.validate = validate;
        say(flood);
        return stage.sent.to<Ack>(peer.endpoint).at(0).body.not_found;
    };
    EXPECT_FALSE(is_denied(own_id));
    EXPECT_FALSE(is_denied({}));
    EXPECT_TRUE(is_denied(peer.id));
    EXPECT_TRUE(is_denied(successor(own_id)));
}

// PNRP-159, PNRP-191, PNRP-232, PNRP-260: whatever message an entry comes in, the node at its
// address is asked before it is cached.
TEST_F(CloudAnswers, ChecksEveryEntryThatItIsToldOf) {
    const auto expect_checked = [&](const Peer& told) {
        const auto asked = stage.sent.to<Inquire>(told.endpoint);
        ASSERT_EQ(asked.size(), 1U);
        EXPECT_EQ(asked[0].body.validate, told.id);
        EXPECT_FALSE(stage.cloud.knows(told.id));
        stage.answer_as(told); // it is there,
        stage.answer_as(told); // and for a leaf set it has to show its CPA
        EXPECT_TRUE(stage.cloud.knows(told.id));
    };
    Solicit solicit;
    solicit.entry = Peer(20).entry();
    say(solicit);
    expect_checked(Peer(20));

    Lookup lookup;
    lookup.best_match = Peer(21).entry();
    lookup.path = {peer.endpoint};
    say(lookup);
    expect_checked(Peer(21));

    Flood flood;
    flood.entry = Peer(22).entry();
    say(flood);
    expect_checked(Peer(22));

    stage.sent.forget();
    ASSERT_TRUE(stage.cloud.start_resolve(stage.now(), {.name = Peer(30).registration.name}));
    stage.drain();
    const auto lookups = stage.sent.all<Lookup>();
    ASSERT_FALSE(lookups.empty());
    AuthorityBuffer buffer;
    buffer.entry = Peer(23).entry();
    stage.answer(lookups[0].to, lookups[0].id, buffer);
    expect_checked(Peer(23));
}

TEST_F(CloudAnswers, ForgetsAnIdThatItsNodeDeniesInAnAck) { // PNRP-188
    ASSERT_TRUE(
        stage.cloud.unregister(stage.now(), stage.cloud.registrations().front().id)); // a FLOOD
    stage.drain();
    const auto floods = stage.sent.to<Flood>(peer.endpoint);
    ASSERT_FALSE(floods.empty());
    EXPECT_EQ(floods[0].body.validate, peer.id); // PNRP-026
    ASSERT_TRUE(stage.cloud.knows(peer.id));
    stage.deliver(peer.endpoint, Ack{floods[0].id, true});
    EXPECT_FALSE(stage.cloud.knows(peer.id));
}

TEST_F(CloudAnswers, ForgetsAnIdWhoseNodeAcknowledgesNothing) { // PNRP-295
    stage.silence();
    ASSERT_TRUE(stage.cloud.unregister(stage.now(), stage.cloud.registrations().front().id));
    stage.drain();
    stage.sent.forget();
    ASSERT_TRUE(stage.cloud.knows(peer.id));
    stage.pass(2s);
    EXPECT_FALSE(stage.cloud.knows(peer.id));
    EXPECT_TRUE(stage.sent.all<Inquire>().empty()); // that silence was enough
}

TEST_F(CloudAnswers, KeepsAnIdThatItsNodeAcknowledges) { // PNRP-187, PNRP-188
    ASSERT_TRUE(stage.cloud.unregister(stage.now(), stage.cloud.registrations().front().id));
    stage.drain();
    for (const auto& flood : stage.sent.to<Flood>(peer.endpoint))
        stage.deliver(peer.endpoint, Ack{flood.id, false});
    stage.sent.forget();
    EXPECT_TRUE(stage.cloud.knows(peer.id));
    stage.pass(1s);
    EXPECT_TRUE(stage.sent.to<Flood>(peer.endpoint).empty()); // it waits for nothing any more
}

TEST_F(CloudAnswers, SearchesForAnApplicationFromTheMiddleOfItsPrefix) { // PNRP-164, PNRP-165
    ResolveQuery query{.name = Peer(30).registration.name};
    query.prefix = {std::byte{0x20}, std::byte{1}, std::byte{0xd}, std::byte{0xb8}};
    ASSERT_TRUE(stage.cloud.start_resolve(stage.now(), query));
    stage.drain();
    const auto lookups = stage.sent.to<Lookup>(peer.endpoint);
    ASSERT_EQ(lookups.size(), 1U);
    ServiceLocation location{};
    std::copy(query.prefix->begin(), query.prefix->end(), location.begin());
    location[8] = std::byte{0x80};
    EXPECT_EQ(lookups[0].body.target, make_id(p2p_id(modern_profile(), query.name), location));
    EXPECT_EQ(lookups[0].body.criteria, Criteria::any_peer_name);
    EXPECT_EQ(lookups[0].body.reason, static_cast<std::uint8_t>(Reason::application));
    EXPECT_FALSE(lookups[0].body.best_match);
    EXPECT_EQ(lookups[0].body.validate, peer.id); // PNRP-059
}

TEST_F(CloudAnswers, AsksItselfOnlyIfTheApplicationWantsThat) { // PNRP-165
    ResolveQuery query{.name = secure_registration(1).name};
    const auto local = stage.cloud.start_resolve(stage.now(), query);
    ASSERT_TRUE(local);
    stage.drain();
    ASSERT_NE(stage.done(*local), nullptr);
    EXPECT_TRUE(stage.done(*local)->outcome->is_local);
    EXPECT_TRUE(stage.sent.all<Lookup>().empty());
    query.include_local = false;
    const auto remote = stage.cloud.start_resolve(stage.now(), query);
    ASSERT_TRUE(remote);
    stage.drain();
    EXPECT_EQ(stage.done(*remote), nullptr);
    EXPECT_EQ(stage.sent.all<Lookup>().size(), 1U);
}

// Where many are late and some are dead, those who answered after all are the ones to ask.
TEST_F(CloudAnswers, AsksWhoWasLateOnceAsItAsksTheOthers) {
    stage.admit(Peer(11));
    stage.pass(1s); // upkeep is through
    stage.silence();
    stage.sent.forget();
    const ResolveQuery query{.name = Peer(30).registration.name};
    ASSERT_TRUE(stage.cloud.start_resolve(stage.now(), query));
    stage.drain();
    stage.pass(4ms); // the first one is late after 3
    const auto asked = stage.sent.all<Lookup>();
    ASSERT_EQ(asked.size(), 2U);
    stage.answer(asked[1].to, asked[1].id, {});
    stage.answer(asked[0].to, asked[0].id, {});
    stage.sent.forget();
    ASSERT_TRUE(stage.cloud.start_resolve(stage.now(), query));
    stage.drain();
    EXPECT_EQ(stage.sent.all<Lookup>().at(0).to, asked[0].to);
}

// Nodes go on referring to those that have gone: they are told, and asked for somebody else, more
// often than the three times that a hop is used.
TEST_F(CloudAnswers, AsksAgainWhereItMetSilence) {
    const Peer wanted{30};
    const std::array dead{Peer(12), Peer(13), Peer(14)};
    stage.silence();
    const auto id = stage.cloud.start_resolve(stage.now(), {.name = wanted.registration.name});
    ASSERT_TRUE(id);
    stage.drain();
    std::set<MessageId> answered;
    for (int i = 0; i < 180 && stage.done(*id) == nullptr; ++i) {
        for (const auto& asked : stage.sent.to<Lookup>(peer.endpoint)) {
            if (!answered.insert(asked.id).second) continue;
            AuthorityBuffer buffer;
            buffer.entry = wanted.entry();
            for (const Peer& gone : dead) {
                if (std::ranges::count(asked.body.path, gone.endpoint) == 0)
                    buffer.entry = gone.entry();
            }
            stage.answer(peer.endpoint, asked.id, buffer);
        }
        stage.answer_as(wanted);
        stage.pass(50ms);
    }
    ASSERT_NE(stage.done(*id), nullptr);
    EXPECT_TRUE(stage.done(*id)->outcome.has_value());
}

// PNRP-199: what does not decode is ignored, and the question stays open.
TEST_F(CloudAnswers, WaitsForAnAnswerThatDecodes) {
    const Peer other{11};
    Flood flood;
    flood.entry = other.entry();
    say(flood);
    const auto asked = stage.sent.to<Inquire>(other.endpoint);
    ASSERT_EQ(asked.size(), 1U);
    const auto counted = stage.dropped(Drop::bad_syntax);
    stage.deliver(other.endpoint, Authority{asked[0].id, 8, 0, Bytes(8, std::byte{1})});
    EXPECT_EQ(stage.dropped(Drop::bad_syntax), counted + 1);
    EXPECT_FALSE(stage.cloud.knows(other.id));
    stage.answer_as(other);
    stage.answer_as(other); // the yes, then the CPA
    EXPECT_TRUE(stage.cloud.knows(other.id));
    stage.deliver(other.endpoint, Authority{asked[0].id, 8, 0, Bytes(8)});
    EXPECT_EQ(stage.dropped(Drop::unexpected_answer), 1U); // answered once, it waits no more
}

TEST_F(CloudAnswers, FillsItsCacheByResolvingWhatItLacks) { // PNRP-234, PNRP-282
    stage.pass(20s);
    std::vector<Lookup> filling;
    for (const auto& lookup : stage.sent.all<Lookup>()) {
        if (lookup.body.reason == static_cast<std::uint8_t>(Reason::cache_maintenance))
            filling.push_back(lookup.body);
    }
    ASSERT_FALSE(filling.empty());
    for (const Lookup& lookup : filling) {
        EXPECT_EQ(lookup.criteria, Criteria::upper_bits);
        EXPECT_GT(lookup.precision, 0U);
    }
}

TEST(CloudAnnouncement, SearchesForTheSuccessorWithItsOwnEntry) { // PNRP-250
    Stage stage;
    const Peer peer{10};
    stage.admit(peer);
    ASSERT_TRUE(stage.cloud.register_name(stage.now(), secure_registration(1)));
    stage.drain();
    const PnrpId own_id = stage.cloud.registrations().front().pnrp_id;
    auto lookups = stage.sent.to<Lookup>(peer.endpoint);
    std::erase_if(lookups, [](const auto& lookup) { // the cache has its own
        return lookup.body.reason != static_cast<std::uint8_t>(Reason::registration);
    });
    ASSERT_EQ(lookups.size(), 1U);
    const Lookup& lookup = lookups[0].body;
    EXPECT_EQ(lookup.target, successor(own_id));
    EXPECT_EQ(lookup.criteria, Criteria::none);
    EXPECT_EQ(lookup.best_match, (RouteEntry{own_id, stage.own.port, {stage.own.address}}));
}

TEST_F(CloudAnswers, GivesEachResolveTheAnswerToItsOwnQuestion) { // PNRP-200
    const Peer other{11};
    stage.admit(other);
    const auto first = stage.cloud.start_resolve(stage.now(), {.name = peer.registration.name});
    const auto second = stage.cloud.start_resolve(stage.now(), {.name = other.registration.name});
    ASSERT_TRUE(first && second);
    stage.drain();
    const auto to_first = stage.sent.to<Inquire>(peer.endpoint);
    const auto to_second = stage.sent.to<Inquire>(other.endpoint);
    ASSERT_TRUE(to_first.size() == 1 && to_second.size() == 1);
    stage.answer(other.endpoint, to_second[0].id, other.answer(stage.now(), to_second[0].body));
    EXPECT_EQ(stage.done(*first), nullptr);
    ASSERT_NE(stage.done(*second), nullptr);
    EXPECT_EQ(stage.done(*second)->outcome->id, other.id);
    stage.answer(peer.endpoint, to_first[0].id, peer.answer(stage.now(), to_first[0].body));
    ASSERT_NE(stage.done(*first), nullptr);
    EXPECT_EQ(stage.done(*first)->outcome->id, peer.id);
}

// A revoke is good for a day: who repeats it ends nothing that came back meanwhile.
TEST(CloudReach, ComesBackUnderAnIdThatWasNeverRevoked) {
    Stage stage;
    const Peer peer{10};
    stage.admit(peer);
    ASSERT_TRUE(stage.cloud.register_name(stage.now(), secure_registration(1)));
    const RegisteredName before = stage.cloud.registrations().front();
    stage.silence();
    // It answers, and whom it sends for a visit does not come.
    for (int i = 0; i < 4000 && stage.cloud.reach() != Reach::resolve_only; ++i) {
        stage.pass(20ms);
        for (const auto& flood : stage.sent.to<Flood>(peer.endpoint)) {
            if (flood.body.visit)
                stage.deliver(peer.endpoint, Ack{flood.id, false, true, stage.own});
        }
        stage.answer_as(peer);
    }
    ASSERT_EQ(stage.cloud.reach(), Reach::resolve_only);
    const auto floods = stage.sent.to<Flood>(peer.endpoint);
    ASSERT_TRUE(std::ranges::any_of(
        floods, [](const auto& flood) { return flood.body.revoke_cpa.has_value(); }));
    stage.deliver(endpoint_of(256 * 99), Flood{}); // a stranger gets through
    ASSERT_EQ(stage.cloud.reach(), Reach::publish);
    const RegisteredName after = stage.cloud.registrations().front();
    EXPECT_EQ(after.id, before.id);
    EXPECT_EQ(after.name, before.name);
    EXPECT_NE(after.pnrp_id, before.pnrp_id);
    stage.pass(2s); // and that one is announced
    const auto lookups = stage.sent.to<Lookup>(peer.endpoint);
    EXPECT_TRUE(std::ranges::any_of(lookups, [&](const auto& lookup) {
        return lookup.body.target == successor(after.pnrp_id);
    }));
}

TEST(CloudLimits, RefusesAResolveAboveSoMany) { // PNRP-169
    Stage stage;
    const ResolveQuery query{.name = Peer(30).registration.name};
    for (std::size_t i = 0; i < kResolvesMax; ++i)
        ASSERT_TRUE(stage.cloud.start_resolve(stage.now(), query));
    EXPECT_EQ(
        stage.cloud.start_resolve(stage.now(), query).error(), ResolveErrc::too_many_resolves);
    stage.pass(11s); // they end, and there is room again
    EXPECT_TRUE(stage.cloud.start_resolve(stage.now(), query));
}

// PNRP-292: with as many names on every node as on ours.
TEST_F(CloudAnswers, EstimatesNodesFromIdsAndItsOwnNames) {
    EXPECT_EQ(stage.cloud.estimated_nodes(), 2.0);
    ASSERT_TRUE(stage.cloud.register_name(stage.now(), secure_registration(2)));
    for (unsigned i = 11; i <= 14; ++i)
        stage.admit(Peer(i));
    EXPECT_EQ(stage.cloud.estimated_nodes(), (2.0 + 5.0) / 2);
    stage.cloud.leave(stage.now());
    EXPECT_FALSE(stage.cloud.estimated_nodes());
}

} // namespace
} // namespace kith::pnrp
