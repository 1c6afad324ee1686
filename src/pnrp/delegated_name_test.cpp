// A name that another key publishes for its owner, in both profiles (MS-PNRP 2.2.3.5, 3.1.5.10,
// 3.2.5.6). The chains themselves: identity/delegation_test.cpp.

#include "identity/delegation.hpp"
#include "pnrp/cloud.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/test_stage.hpp"

#include <gmock/gmock.h>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::find_done;
using test::Peer;
using test::Stage;
using test::World;

class DelegatedNameTest : public testing::TestWithParam<const char*> {
protected:
    // `owner`'s name, with a chain from `from` to `until` that lets `delegate` publish it.
    Registration delegated(
        Now now, unsigned delegate, WallClock::duration until = 24h, std::string_view to = "web") {
        Registration registration = test::secure_registration(1, "web", profile.key_algorithm);
        const auto owner = registration.key;
        registration.key = test::test_key(delegate, profile.key_algorithm);
        const auto name = identity::PeerName::secure(registration.name.authority(), to).value();
        registration.chain = identity::make_delegation(
            name, *owner, registration.key->public_key(), now.wall - 1h, now.wall + until, random);
        return registration;
    }

    const Profile& profile = *find_profile(GetParam());
    SeededSecureRandom random{9};
};

INSTANTIATE_TEST_SUITE_P(
    Profiles, DelegatedNameTest, testing::Values("modern", "windows"), [](const auto& test) {
        return std::string(test.param);
    });

// PNRP-043, PNRP-214, PNRP-246, PNRP-269: published by the delegate, found under the owner's name,
// and taken back.
TEST_P(DelegatedNameTest, ResolvesToWhatTheDelegatePublished) {
    World world(1, profile);
    for (unsigned i = 0; i < 8; ++i) {
        World::Node& node = world.add();
        Registration registration =
            i == 2 ? delegated(world.now(), 20)
                   : test::secure_registration(i + 100, "web", profile.key_algorithm);
        ASSERT_TRUE(node.cloud.register_name(world.now(), std::move(registration)));
        if (i > 0) node.cloud.synchronize(world.now(), world.nodes()[0]->endpoint);
        world.drain(node);
        world.run(500ms);
    }
    world.run(60s);
    const auto resolve = [&](const identity::PeerName& name) {
        World::Node& asker = *world.nodes()[6];
        const auto id = asker.cloud.start_resolve(world.now(), {.name = name});
        KITH_CHECK(id.has_value());
        world.drain(asker);
        EXPECT_TRUE(world.run_until(15s, [&] { return find_done(asker, *id) != nullptr; }));
        return find_done(asker, *id)->outcome;
    };
    const Registration published = delegated(world.now(), 20);
    const auto found = resolve(published.name);
    ASSERT_TRUE(found) << static_cast<int>(found.error());
    EXPECT_TRUE(found->is_delegated);
    EXPECT_EQ(found->endpoints, published.endpoints);
    EXPECT_EQ(found->public_key, to_owned(published.key->public_key().material()));
    const auto other = resolve(test::secure_registration(103, "web", profile.key_algorithm).name);
    ASSERT_TRUE(other);
    EXPECT_FALSE(other->is_delegated);

    // A revoke has no chain; who saw the name published knows the key.
    World::Node& publisher = *world.nodes()[2];
    const RegisteredName name = publisher.cloud.registrations().front();
    ASSERT_TRUE(publisher.cloud.unregister(world.now(), name.id));
    world.drain(publisher);
    world.run(1s);
    for (const auto& node : world.nodes())
        EXPECT_FALSE(node->cloud.knows(name.pnrp_id));
    EXPECT_FALSE(resolve(published.name));
}

// PNRP-246: refused before anything is sent.
TEST_P(DelegatedNameTest, RegistersOnlyWithAChainThatHolds) {
    Stage stage({.profile = &profile});
    const auto why = [&](const Registration& registration) {
        return stage.cloud.register_name(stage.now(), registration).error();
    };
    Registration registration = delegated(stage.now(), 20);
    registration.chain.reset();
    EXPECT_EQ(why(registration), RegisterErrc::wrong_key);
    registration = delegated(stage.now(), 20);
    registration.key = test::test_key(21, profile.key_algorithm);
    EXPECT_EQ(why(registration), RegisterErrc::bad_delegation);
    EXPECT_EQ(why(delegated(stage.now(), 20, 24h, "mail")), RegisterErrc::bad_delegation);
    EXPECT_EQ(why(delegated(stage.now(), 20, -10min)), RegisterErrc::delegation_expired);
    registration = delegated(stage.now(), 20);
    registration.chain->push_back(std::byte{0});
    EXPECT_EQ(why(registration), RegisterErrc::bad_delegation);
    EXPECT_TRUE(stage.cloud.register_name(stage.now(), delegated(stage.now(), 20)));
}

// PNRP-211, PNRP-214: an answer whose chain does not hold is no answer, and counted for what it is.
TEST_P(DelegatedNameTest, CountsEachBadChainUnderItsReason) {
    const auto outcome = [&](std::optional<Drop> expected, const auto& spoil) {
        Stage stage({.profile = &profile});
        Peer peer(1, "web", profile);
        stage.admit(peer); // the owner's own publication made it known
        const auto id = stage.cloud.start_resolve(stage.now(), {.name = peer.registration.name});
        ASSERT_TRUE(id.has_value());
        stage.drain();
        for (const auto& lookup : stage.sent.to<Lookup>(peer.endpoint))
            stage.answer(peer.endpoint, lookup.id, AuthorityBuffer{}); // windows asks before
        const auto asked = stage.sent.to<Inquire>(peer.endpoint);
        ASSERT_EQ(asked.size(), 1U);
        EXPECT_TRUE(asked[0].body.flags.chain);
        peer.registration = delegated(stage.now(), 20);
        AuthorityBuffer answer = peer.answer(stage.now(), asked[0].body);
        answer.classifier = "web";
        answer.chain = peer.registration.chain;
        spoil(answer, stage.now());
        stage.answer(peer.endpoint, asked[0].id, answer);
        stage.drain();
        const ResolveDone* done = stage.done(*id);
        if (!expected) {
            ASSERT_NE(done, nullptr);
            EXPECT_TRUE(done->outcome.has_value());
            return;
        }
        EXPECT_EQ(stage.dropped(*expected), 1U) << to_string(*expected);
        EXPECT_TRUE(done == nullptr || !done->outcome.has_value());
    };
    outcome(std::nullopt, [](AuthorityBuffer&, Now) {}); // nothing is wrong with this one
    outcome(Drop::cpa_authority, [](AuthorityBuffer& answer, Now) { answer.chain.reset(); });
    outcome(Drop::chain_truncated, [](AuthorityBuffer& answer, Now) { answer.chain->pop_back(); });
    outcome(Drop::chain_trailing, [](AuthorityBuffer& answer, Now) {
        answer.chain->push_back(std::byte{0});
    });
    outcome(Drop::chain_syntax, [](AuthorityBuffer& answer, Now) {
        answer.chain->front() ^= std::byte{1};
    });
    outcome(Drop::chain_too_long, [](AuthorityBuffer& answer, Now) {
        answer.chain->resize(identity::kChainSizeMax + 1);
    });
    outcome(Drop::chain_signer, [](AuthorityBuffer& answer, Now) {
        answer.chain->at(answer.chain->size() - 20) ^= std::byte{1}; // within the last signature
    });
    outcome(Drop::chain_signer, [&](AuthorityBuffer& answer, Now now) {
        answer.chain = delegated(now, 21).chain; // for somebody else's key
    });
    outcome(Drop::chain_expired, [&](AuthorityBuffer& answer, Now now) {
        answer.chain = delegated(now, 20, -10min).chain;
    });
    outcome(Drop::chain_name, [&](AuthorityBuffer& answer, Now now) {
        answer.chain = delegated(now, 20, 24h, "mail").chain;
    });
    // The classifier beside the CPA is not signed: a chain for it proves nothing about the hash in
    // the CPA.
    outcome(Drop::chain_name, [&](AuthorityBuffer& answer, Now now) {
        answer.chain = delegated(now, 20, 24h, "mail").chain;
        answer.classifier = "mail";
    });
}

} // namespace
} // namespace kith::pnrp
