// What a revoke is worth to whoever has the entry; hostile_test.cpp shows what comes of it.

#include "pnrp/revocation.hpp"
#include "pnrp/test_stage.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

using test::at;
using test::Bench;
using test::Peer;

class RevocationTest : public testing::Test {
protected:
    static Peer unsecured(unsigned number) {
        Peer plain{number};
        plain.registration.name = *identity::PeerName::unsecured("printer");
        const P2pId upper = p2p_id(modern_profile(), plain.registration.name);
        plain.id = make_id(upper, service_location_of(plain.id));
        return plain;
    }

    static KeyFingerprint key_of(const Peer& holder) {
        return key_fingerprint(holder.registration.key->public_key().material());
    }

    void have_cached(const Peer& holder, std::optional<KeyFingerprint> key = {}) {
        CachedRoute route;
        route.entry = holder.entry();
        route.heard = at({}).instant;
        route.key = key;
        bench.cache.insert(std::move(route));
    }

    std::optional<Revocation> judge(const Bytes& revoke) {
        return judge_revocation(at({}), bench.exchange, bench.cache, budget, {sender, revoke});
    }

    std::uint64_t dropped(Drop reason) const {
        return bench.exchange.counters().dropped_for(reason);
    }

    Bench bench;
    RevokeBudget budget;
    Endpoint sender = test::endpoint_of(256 * 250);
    Peer peer{10};
};

TEST_F(RevocationTest, OfNobodyWeKnowIsNotWorthASignatureCheck) {
    EXPECT_FALSE(judge(peer.revocation(at({}))));
    EXPECT_EQ(bench.exchange.counters().signatures_checked, 0U);
}

TEST_F(RevocationTest, OfASecureNameIsProvedByItsKey) { // PNRP-192
    have_cached(peer);
    const auto revoked = judge(peer.revocation(at({})));
    ASSERT_TRUE(revoked);
    EXPECT_EQ(revoked->id, peer.id);
    EXPECT_TRUE(revoked->is_proved);
    EXPECT_EQ(bench.exchange.counters().signatures_checked, 1U);
}

TEST_F(RevocationTest, IsCountedWhereItIsNotValid) {
    have_cached(peer);
    Bytes revoke = peer.revocation(at({}));
    revoke.back() ^= std::byte{1};
    EXPECT_FALSE(judge(revoke));
    EXPECT_EQ(dropped(Drop::cpa_signature), 1U);
    revoke.resize(10);
    EXPECT_FALSE(judge(revoke));
    EXPECT_EQ(dropped(Drop::cpa_syntax), 1U);
}

// Nonsense costs whoever sends it nothing: soon the node itself is asked instead.
TEST_F(RevocationTest, OfStrangersIsCheckedNowAndThenOnly) {
    have_cached(peer);
    Bytes forged = peer.revocation(at({}));
    forged.back() ^= std::byte{1};
    for (unsigned i = 0; i < 100; ++i)
        judge(forged);
    const auto of_one = bench.exchange.counters().signatures_checked;
    EXPECT_LE(of_one, 8U);
    const auto revoked = judge(forged);
    ASSERT_TRUE(revoked);
    EXPECT_EQ(revoked->id, peer.id);
    EXPECT_FALSE(revoked->is_proved);
    sender = test::endpoint_of(7); // of another network
    EXPECT_TRUE(judge(peer.revocation(at({})))->is_proved);
    for (unsigned i = 0; i < 1000; ++i) {
        sender = test::endpoint_of(256 + i);
        judge(forged);
    }
    EXPECT_LE(bench.exchange.counters().signatures_checked, of_one + 1 + 128);
    bench.exchange.proven().prove(at({}), sender);
    EXPECT_TRUE(judge(peer.revocation(at({})))->is_proved);
}

TEST_F(RevocationTest, OfAnUnsecuredNameIsHearsayUntilItsKeyWasSeen) {
    const Peer plain = unsecured(50);
    have_cached(plain);
    const auto revoked = judge(plain.revocation(at({})));
    ASSERT_TRUE(revoked);
    EXPECT_EQ(revoked->id, plain.id);
    EXPECT_FALSE(revoked->is_proved);
    EXPECT_EQ(bench.exchange.counters().signatures_checked, 0U);
}

TEST_F(RevocationTest, OfAnUnsecuredNameCountsWithTheKeyOfItsEntry) {
    const Peer plain = unsecured(50);
    have_cached(plain, key_of(plain));
    Peer forger = plain;
    forger.registration.key = test::test_key(51);
    EXPECT_FALSE(judge(forger.revocation(at({}))));
    EXPECT_EQ(dropped(Drop::revoke_unknown_key), 1U);
    const auto revoked = judge(plain.revocation(at({})));
    EXPECT_TRUE(revoked && revoked->is_proved);
}

} // namespace
} // namespace kith::pnrp
