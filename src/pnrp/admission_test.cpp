// Who comes into the cache, and what it has to show (docs/protocol/pnrp.md, Cache and leaf sets).

#include "pnrp/admission.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/test_stage.hpp"

#include <gmock/gmock.h>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::Bench;
using test::endpoint_of;
using test::Peer;
using test::secure_registration;

const Endpoint kInformant = endpoint_of(256 * 250);

class AdmissionTest : public testing::Test {
protected:
    explicit AdmissionTest(const Profile& profile = modern_profile())
        : bench({.profile = &profile}),
          admission(bench.exchange, bench.cache) {}

    // From now on the first entries fall into a leaf set.
    void have_own_name() { bench.add_name(secure_registration(1)); }

    void offer(const RouteEntry& entry, const Endpoint& informant = kInformant) {
        admission.offer(at({}), {entry, informant, std::nullopt});
    }

    std::vector<test::Heard<Inquire>> asked(const Peer& whom) {
        return bench.sent().to<Inquire>(whom.endpoint);
    }

    void answer(const test::Heard<Inquire>& inquire, const AuthorityBuffer& buffer) {
        const auto answered = bench.exchange.pending().take(at({}), inquire.id, inquire.to);
        bench.exchange.proven().prove(at({}), inquire.to);
        admission.handle_answer(at({}), answered.purpose.key, answered, buffer);
    }

    // `whom` proves all that it is asked to prove.
    void let_in(const Peer& whom) {
        offer(whom.entry());
        for (std::size_t i = 0; i < asked(whom).size(); ++i) {
            const auto inquire = asked(whom)[i];
            if (bench.exchange.pending().contains(inquire.id))
                answer(inquire, whom.answer(at({}), inquire.body));
        }
    }

    bool is_cached(const Peer& whom) { return bench.cache.find(whom.id) != nullptr; }

    std::uint64_t dropped(Drop reason) const {
        return bench.exchange.counters().dropped_for(reason);
    }

    Bench bench;
    Admission admission;
    Peer peer{10};
};

TEST_F(AdmissionTest, TakesAnEntryOutsideLeafSetsOnItsWord) { // PNRP-210, PNRP-229, PNRP-230
    offer(peer.entry());
    ASSERT_EQ(asked(peer).size(), 1U);
    EXPECT_EQ(asked(peer)[0].body, (Inquire{{}, peer.id, {}, false}));
    EXPECT_FALSE(is_cached(peer));
    answer(asked(peer)[0], AuthorityBuffer{});
    EXPECT_TRUE(is_cached(peer));
    EXPECT_FALSE(bench.cache.find(peer.id)->key);
    EXPECT_FALSE(admission.poll_admitted()); // nobody has to be told
}

TEST_F(AdmissionTest, DiscardsWhatItsNodeDenies) { // PNRP-209
    offer(peer.entry());
    AuthorityBuffer denial;
    denial.not_found = true;
    answer(asked(peer)[0], denial);
    EXPECT_FALSE(is_cached(peer));
    EXPECT_EQ(dropped(Drop::entry_unconfirmed), 1U);
    // An answer to no check changes nothing.
    admission.handle_answer(at({}), 99, {}, AuthorityBuffer{});
    EXPECT_TRUE(bench.cache.empty());
}

TEST_F(AdmissionTest, DiscardsWhatStaysSilent) { // PNRP-294
    offer(peer.entry());
    const auto key = bench.exchange.pending().purpose(asked(peer)[0].id).key;
    admission.handle_failure(key);
    admission.handle_failure(key);
    EXPECT_EQ(dropped(Drop::entry_unconfirmed), 1U);
    offer(peer.entry()); // it may be tried again
    EXPECT_EQ(asked(peer).size(), 2U);
}

TEST_F(AdmissionTest, DemandsACpaForALeafSet) { // PNRP-231, PNRP-212
    have_own_name();
    offer(peer.entry());
    ASSERT_EQ(asked(peer).size(), 1U);
    EXPECT_FALSE(asked(peer)[0].body.flags.cpa); // first whether anybody is there
    answer(asked(peer)[0], AuthorityBuffer{});
    ASSERT_EQ(asked(peer).size(), 2U);
    const Inquire second = asked(peer)[1].body;
    EXPECT_TRUE(second.flags.cpa && second.flags.chain && second.padded);
    EXPECT_FALSE(second.flags.extended_payload);
    EXPECT_TRUE(second.nonce.has_value() && *second.nonce != Nonce{});
    EXPECT_FALSE(is_cached(peer));
    answer(asked(peer)[1], peer.answer(at({}), second));
    ASSERT_TRUE(is_cached(peer));
    EXPECT_EQ(
        bench.cache.find(peer.id)->key,
        key_fingerprint(peer.registration.key->public_key().material()));
    const auto admitted = admission.poll_admitted();
    ASSERT_TRUE(admitted);
    EXPECT_EQ(admitted->offer.entry, peer.entry());
    EXPECT_EQ(admitted->own_ids, bench.registry.ids());
    EXPECT_FALSE(admission.poll_admitted());
}

class PublishedAdmission : public AdmissionTest {
protected:
    static const Profile& published() {
        static const Profile profile = [] {
            Profile p = modern_profile();
            p.inquires_match_at_once = false;
            p.inquire_size = 0;
            return p;
        }();
        return profile;
    }
    PublishedAdmission() : AdmissionTest(published()) {}
};

TEST_F(PublishedAdmission, AsksForTheCpaAtOnce) { // PNRP-231
    have_own_name();
    offer(peer.entry());
    ASSERT_EQ(asked(peer).size(), 1U);
    EXPECT_TRUE(asked(peer)[0].body.flags.cpa && asked(peer)[0].body.flags.chain);
    EXPECT_FALSE(asked(peer)[0].body.padded);
}

TEST_F(PublishedAdmission, ChecksWhoAnsweredALookupAsWell) { // PNRP-202
    admission.confirm(at({}), peer.entry(), peer.endpoint, 30ms);
    EXPECT_FALSE(is_cached(peer));
    EXPECT_EQ(asked(peer).size(), 1U);
}

TEST_F(AdmissionTest, ComparesTheAddressesAsSets) { // PNRP-212
    have_own_name();
    const Address second = endpoint_of(256 * 60).address;
    RouteEntry entry = peer.entry();
    entry.addresses.push_back(second);
    bench.exchange.proven().prove(at({}), peer.endpoint);
    const auto check = [&](const std::vector<Address>& claimed) {
        offer(entry);
        const auto inquire = asked(peer).back();
        Cpa cpa = peer.cpa(at({}), *inquire.body.nonce);
        cpa.service_addresses.clear();
        for (const Address& address : claimed)
            cpa.service_addresses.push_back({address, peer.endpoint.port});
        AuthorityBuffer buffer;
        buffer.cpa = peer.signed_cpa(cpa);
        answer(inquire, buffer);
        return is_cached(peer);
    };
    const Address first = peer.endpoint.address;
    const Address third = endpoint_of(256 * 61).address;
    EXPECT_FALSE(check({first}));
    EXPECT_FALSE(check({first, third}));
    EXPECT_FALSE(check({first, second, third}));
    EXPECT_EQ(dropped(Drop::cpa_addresses), 3U);
    EXPECT_TRUE(check({second, first}));
}

TEST_F(AdmissionTest, TakesNoSecondKeyForAnId) {
    Peer plain{50};
    plain.registration.name = *identity::PeerName::unsecured("printer");
    plain.id =
        make_id(p2p_id(modern_profile(), plain.registration.name), service_location_of(plain.id));
    have_own_name();
    let_in(plain);
    ASSERT_TRUE(is_cached(plain));
    Peer thief = plain;
    thief.registration.key = test::test_key(51);
    thief.endpoint = endpoint_of(256 * 60);
    let_in(thief);
    EXPECT_EQ(dropped(Drop::cpa_signature), 1U);
    EXPECT_TRUE(bench.cache.find(plain.id)->entry.has_endpoint(plain.endpoint));
    Peer moved = plain; // its owner may move
    moved.endpoint = endpoint_of(256 * 61);
    let_in(moved);
    EXPECT_TRUE(bench.cache.find(plain.id)->entry.has_endpoint(moved.endpoint));
}

TEST_F(AdmissionTest, AsksNobodyForNothing) { // PNRP-229
    have_own_name();
    let_in(peer);
    const auto before = bench.sent().size();
    offer(peer.entry());                                          // known, and the same
    offer({Peer{20}.id, bench.own.port, {bench.own.address}});    // we ourselves
    offer({bench.registry.ids()[0], 3540, {kInformant.address}}); // our own id
    EXPECT_EQ(bench.sent().size(), before);
    offer(Peer{20}.entry());
    offer(Peer{20}.entry(), endpoint_of(9)); // the same at the same address is being checked
    EXPECT_EQ(bench.sent().size(), before + 1);
    RouteEntry reserved = Peer{21}.entry();
    reserved.port = kReservedPortMax;
    offer(reserved);
    EXPECT_EQ(dropped(Drop::bad_entry), 1U);
    EXPECT_EQ(bench.sent().size(), before + 1);
}

TEST_F(AdmissionTest, FloodsAnEntryOnce) { // PNRP-279
    have_own_name();
    let_in(peer);
    ASSERT_TRUE(admission.poll_admitted());
    admission.certify(at({}), *bench.cache.find(peer.id));
    const auto again = asked(peer).back();
    ASSERT_TRUE(again.body.flags.cpa);
    answer(again, peer.answer(at({}), again.body));
    EXPECT_FALSE(admission.poll_admitted());
}

TEST_F(AdmissionTest, TakesWhoAnsweredALookup) {
    admission.confirm(at({}), peer.entry(), peer.endpoint, 30ms);
    ASSERT_TRUE(is_cached(peer));
    EXPECT_EQ(bench.cache.find(peer.id)->round_trip.smoothed(), Duration(30ms));
    EXPECT_TRUE(bench.sent().empty());
    bench.cache.find(peer.id)->is_late = true;
    admission.confirm(at(5s), peer.entry(), peer.endpoint, 30ms);
    EXPECT_EQ(bench.cache.find(peer.id)->heard, at(5s).instant);
    EXPECT_FALSE(bench.cache.find(peer.id)->is_late);
}

TEST_F(AdmissionTest, ChecksWhoAnsweredALookupForALeafSet) { // PNRP-231
    have_own_name();
    admission.confirm(at({}), peer.entry(), peer.endpoint, 30ms);
    EXPECT_FALSE(is_cached(peer));
    EXPECT_EQ(asked(peer).size(), 1U);
}

TEST_F(AdmissionTest, HasARoomForSoManyChecks) { // PNRP-229
    for (unsigned i = 0; i < 2 * kEntryChecksPerSource; ++i)
        offer(Peer(30 + i).entry());
    EXPECT_EQ(bench.sent().all<Inquire>().size(), kEntryChecksPerSource);
    EXPECT_EQ(dropped(Drop::entry_table_full), kEntryChecksPerSource);
    const std::size_t of_others = kEntryChecksMax - kEntryChecksOwn;
    for (unsigned i = 0; i < 2 * kEntryChecksMax; ++i) {
        bench.exchange.proven().prove(at({}), endpoint_of(i));
        offer(Peer(70 + i).entry(), endpoint_of(i));
        if (i + 1 == of_others - kEntryChecksPerSource) {
            EXPECT_EQ(bench.sent().all<Inquire>().size(), of_others);
        }
    }
    // Each took the place of one on the word of who has not proved himself, while there were any.
    EXPECT_EQ(bench.sent().all<Inquire>().size(), of_others + kEntryChecksPerSource);
    EXPECT_EQ(bench.exchange.pending().size(), of_others);
    for (unsigned i = 0; i < 2 * kEntryChecksOwn; ++i)
        offer(Peer(220 + i).entry(), {});
    EXPECT_EQ(bench.exchange.pending().size(), kEntryChecksMax);
}

// Informants can be forged: neither one network of them nor all fill the table.
TEST_F(AdmissionTest, KeepsRoomBesideAForgedCrowd) {
    for (unsigned i = 0; i < 2 * kEntryChecksPerSource; ++i) {
        Endpoint forged = endpoint_of(1);
        forged.address.bytes[15] = static_cast<std::byte>(i);
        offer(Peer(30 + i).entry(), forged);
    }
    EXPECT_EQ(bench.sent().all<Inquire>().size(), kEntryChecksPerSource);
    for (unsigned i = 0; i < 2 * kEntryChecksMax; ++i)
        offer(Peer(70 + i).entry(), endpoint_of(2 + i));
    EXPECT_EQ(bench.sent().all<Inquire>().size(), kEntryChecksUnproven);
    bench.exchange.proven().prove(at({}), kInformant);
    offer(peer.entry());
    EXPECT_EQ(asked(peer).size(), 1U);
}

// PNRP-209: what was taken on its word, or long ago, goes when its node cannot show its CPA.
TEST_F(AdmissionTest, RefutesACachedEntryThatCannotBeCertified) {
    have_own_name();
    let_in(peer);
    admission.certify(at({}), *bench.cache.find(peer.id));
    answer(asked(peer).back(), {});
    EXPECT_EQ(admission.poll_refuted(), peer.id);
    EXPECT_FALSE(admission.poll_refuted());
    admission.certify(at({}), *bench.cache.find(peer.id));
    admission.handle_failure(bench.exchange.pending().purpose(asked(peer).back().id).key);
    EXPECT_EQ(admission.poll_refuted(), peer.id);
}

// Who restarts has new ids for its names: the old ones would lead everybody to nobody.
TEST_F(AdmissionTest, RefutesWhatANewIdOfTheSameNameReplaces) {
    const auto let_in_as = [&](const RouteEntry& entry) {
        offer(entry);
        const auto inquiries = bench.sent().to<Inquire>({entry.addresses.front(), entry.port});
        answer(inquiries.back(), AuthorityBuffer{});
        ASSERT_NE(bench.cache.find(entry.id), nullptr);
    };
    let_in_as(peer.entry());
    RouteEntry elsewhere = peer.entry(); // published by somebody else
    elsewhere.id.bytes.back() ^= std::byte{1};
    ++elsewhere.port;
    let_in_as(elsewhere);
    RouteEntry other_name = peer.entry(); // published by the same node
    other_name.id.bytes.front() ^= std::byte{1};
    let_in_as(other_name);
    EXPECT_FALSE(admission.poll_refuted());
    RouteEntry again = peer.entry();
    again.id.bytes.back() ^= std::byte{2};
    let_in_as(again);
    EXPECT_EQ(admission.poll_refuted(), peer.id);
    EXPECT_FALSE(admission.poll_refuted());
}

TEST_F(AdmissionTest, AThiefRefutesOnlyHimself) {
    have_own_name();
    let_in(peer);
    Peer thief = peer;
    thief.endpoint = endpoint_of(256 * 60);
    offer(thief.entry());
    answer(asked(thief).back(), {}); // "it is here"
    answer(asked(thief).back(), {}); // and no CPA
    EXPECT_EQ(dropped(Drop::cpa_missing), 1U);
    EXPECT_FALSE(admission.poll_refuted());
    EXPECT_TRUE(bench.cache.find(peer.id)->entry.has_endpoint(peer.endpoint));
}

} // namespace
} // namespace kith::pnrp
