// A cloud under the datagrams of a liar: nothing changes, nothing is sent, and the reason is
// counted.

#include "pnrp/drop_reason.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/test_messages.hpp"
#include "pnrp/test_stage.hpp"

#include <functional>
#include <gmock/gmock.h>
#include <numeric>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::encoded;
using test::endpoint_of;
using test::Peer;
using test::secure_registration;
using test::Stage;

const Endpoint kLiar = endpoint_of(256 * 254);
const Endpoint kVictim = endpoint_of(256 * 255);

// What a liar would like to change.
struct State {
    std::vector<RouteEntry> peers;
    std::vector<PnrpId> names;

    bool operator==(const State&) const = default;
};

State state_of(const Stage& stage) {
    State state;
    for (const PeerInfo& peer : stage.cloud.peers(stage.now()))
        state.peers.push_back(peer.entry);
    for (const RegisteredName& name : stage.cloud.registrations())
        state.names.push_back(name.pnrp_id);
    return state;
}

std::uint64_t drops(const Stage& stage) {
    const auto& dropped = stage.cloud.counters().dropped;
    return std::accumulate(dropped.begin(), dropped.end(), std::uint64_t{0});
}

// `datagram` is counted once, under `reason`, and leads to nothing else.
void expect_dropped(Stage& stage, const Endpoint& from, ByteView datagram, Drop reason) {
    const State before = state_of(stage);
    const auto all = drops(stage);
    const auto of_reason = stage.dropped(reason);
    const auto sent = stage.sent.size();
    stage.deliver(from, datagram);
    EXPECT_EQ(stage.dropped(reason), of_reason + 1) << to_string(reason);
    EXPECT_EQ(drops(stage), all + 1) << to_string(reason);
    EXPECT_EQ(stage.sent.size(), sent) << to_string(reason);
    EXPECT_TRUE(state_of(stage) == before) << to_string(reason);
}

void expect_dropped(Stage& stage, const Endpoint& from, Body body, Drop reason) {
    expect_dropped(stage, from, encoded(MessageId{0xbad}, std::move(body)), reason);
}

// One name registered here, one honest peer known.
class Hostile : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(stage.cloud.register_name(stage.now(), secure_registration(1)));
        own_id = stage.cloud.registrations().front().pnrp_id;
        stage.admit(peer);
        stage.admit(peer_again);
        stage.sent.forget();
    }

    // An entry that must show a CPA, and the INQUIRE for it: the second one, where the first only
    // asked whether somebody is there.
    test::Heard<Inquire> checked(const RouteEntry& entry) {
        const Endpoint where{entry.addresses.front(), entry.port};
        Flood flood;
        flood.no_ack = true;
        flood.entry = entry;
        stage.deliver(kLiar, flood);
        auto asked = stage.sent.to<Inquire>(where);
        KITH_CHECK(!asked.empty());
        if (!asked.back().body.flags.cpa) {
            stage.answer(where, asked.back().id, AuthorityBuffer{});
            asked = stage.sent.to<Inquire>(where);
        }
        KITH_CHECK(!asked.empty() && asked.back().body.validate == entry.id);
        KITH_CHECK(asked.back().body.flags.cpa);
        return asked.back();
    }

    // The liar answers the check with `buffer`; the entry is refused for `reason`.
    void expect_refused(const Peer& claimed, const AuthorityBuffer& buffer, MessageId acked) {
        const State before = state_of(stage);
        stage.answer(claimed.endpoint, acked, buffer);
        EXPECT_FALSE(stage.cloud.knows(claimed.id));
        EXPECT_TRUE(state_of(stage) == before);
    }

    Stage stage;
    Peer peer{10};
    Peer peer_again{11};
    PnrpId own_id;
};

// PNRP-183: whatever is cut off at whatever length is no message.
TEST_F(Hostile, DropsWhatIsCutOff) {
    RandomMessages messages(1);
    for (int i = 0; i < 40; ++i) {
        const Bytes whole = encode_message(modern_profile(), messages.message());
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const ByteView cut(whole.data(), size);
            // An INQUIRE without its padding and an ACK without its flags are messages themselves.
            if (decode_message(modern_profile(), cut)) continue;
            const Drop reason = drop_reason(decode_message(modern_profile(), cut).error());
            ASSERT_TRUE(size >= 20 || reason == Drop::truncated) << size;
            expect_dropped(stage, kLiar, cut, reason);
        }
    }
}

TEST_F(Hostile, DropsWhatIsNoMessageOfThisProfile) { // PNRP-183, PNRP-186
    const Bytes good = encoded(MessageId{1}, Inquire{{}, own_id, {}, false});
    const auto with = [&](std::size_t at, unsigned value) {
        Bytes bad = good;
        bad.at(at) = static_cast<std::byte>(value);
        return bad;
    };
    expect_dropped(stage, kLiar, Bytes(kDatagramSizeMax + 1), Drop::oversized);
    expect_dropped(stage, kLiar, with(0, 1), Drop::not_pnrp);
    expect_dropped(stage, kLiar, with(4, 0x52), Drop::not_pnrp);
    expect_dropped(stage, kLiar, with(5, 4), Drop::other_profile);
    for (const unsigned type : {0U, 5U, 6U, 10U, 12U, 255U})
        expect_dropped(stage, kLiar, with(7, type), Drop::unknown_type);
    expect_dropped(stage, kLiar, with(18, 1), Drop::bad_padding);
    expect_dropped(stage, kLiar, with(16, 0x80), Drop::bad_padding); // a reserved flag
    Bytes longer = good;
    longer.resize(longer.size() + 4);
    expect_dropped(stage, kLiar, longer, Drop::trailing_bytes);
}

TEST_F(Hostile, DropsWhatComesFromWhereNoPeerCanBe) { // PNRP-184, PNRP-185
    const Bytes good = encoded(MessageId{1}, Inquire{{}, own_id, {}, false});
    for (const char* source :
         {"[2001:db8::9]:1024",
          "[2001:db8::9]:53",
          "[fe80::9]:3540",
          "[fc00::9]:3540",
          "[::1]:3540",
          "[ff02::1]:3540",
          "127.0.0.1:3540",
          "10.0.0.1:3540",
          "224.0.0.1:3540"}) {
        expect_dropped(stage, *parse_endpoint(source), good, Drop::bad_source);
    }
    expect_dropped(stage, Endpoint{}, good, Drop::bad_source);
    expect_dropped(stage, stage.own, good, Drop::from_self);
}

TEST_F(Hostile, DropsAnswersToNothing) { // PNRP-187, PNRP-194, PNRP-150
    expect_dropped(stage, kLiar, Ack{MessageId{7}, false}, Drop::unexpected_answer);
    expect_dropped(stage, kLiar, Ack{MessageId{7}, true}, Drop::unexpected_answer);
    expect_dropped(stage, kLiar, Advertise{MessageId{7}, {peer.id}, {}}, Drop::unexpected_answer);
    expect_dropped(stage, kLiar, Authority{MessageId{7}, 8, 0, Bytes(8)}, Drop::unexpected_answer);
}

// Decision A39: the Message ID alone is not enough, the address asked has to answer.
TEST_F(Hostile, DropsAnswersFromElsewhere) {
    const Peer other{20};
    const auto asked = checked(other.entry());
    const Bytes buffer =
        encode_authority_buffer(modern_profile(), other.answer(stage.now(), asked.body));
    const auto fragments = split_authority(asked.id, buffer);
    ASSERT_EQ(fragments.size(), 1U);
    expect_dropped(stage, kLiar, fragments.front(), Drop::unexpected_answer);
    Endpoint other_port = other.endpoint;
    ++other_port.port;
    expect_dropped(stage, other_port, fragments.front(), Drop::unexpected_answer);
    // It still waits for the one that was asked.
    stage.deliver(other.endpoint, fragments.front());
    EXPECT_TRUE(stage.cloud.knows(other.id));
}

TEST_F(Hostile, DropsAnAnswerOfAnotherKind) { // PNRP-194
    const Peer other{20};
    const auto asked = checked(other.entry());
    expect_dropped(stage, other.endpoint, Ack{asked.id, false}, Drop::unexpected_answer);
    expect_dropped(
        stage, other.endpoint, Advertise{asked.id, {other.id}, {}}, Drop::unexpected_answer);
    stage.cloud.synchronize(stage.now(), kLiar);
    stage.drain();
    const auto solicit = stage.sent.to<Solicit>(kLiar).at(0);
    expect_dropped(stage, kLiar, Ack{solicit.id, false}, Drop::unexpected_answer);
    expect_dropped(stage, kLiar, Authority{solicit.id, 8, 0, Bytes(8)}, Drop::unexpected_answer);
    // PNRP-150: without the hash it does not come from who got the SOLICIT.
    expect_dropped(stage, kLiar, Advertise{solicit.id, {peer.id}, {}}, Drop::unexpected_answer);
    EXPECT_TRUE(stage.cloud.is_synchronizing());
}

// PNRP-217: an AUTHORITY that was good once.
TEST_F(Hostile, DropsAReplayedAuthority) {
    const Peer other{20};
    const auto first = checked(other.entry());
    const AuthorityBuffer answer = other.answer(stage.now(), first.body);
    const Bytes bytes = encode_authority_buffer(modern_profile(), answer);
    const auto fragment = split_authority(first.id, bytes).front();
    stage.deliver(other.endpoint, fragment);
    ASSERT_TRUE(stage.cloud.knows(other.id));
    // The same datagram again acknowledges nothing.
    stage.sent.forget();
    expect_dropped(stage, other.endpoint, fragment, Drop::unexpected_answer);
    // The same CPA to a later question has the nonce of the first.
    RouteEntry moved = other.entry();
    moved.addresses = {kLiar.address};
    const auto second = checked(moved);
    const auto counted = stage.dropped(Drop::cpa_nonce);
    stage.answer(kLiar, second.id, answer);
    EXPECT_EQ(stage.dropped(Drop::cpa_nonce), counted + 1);
    for (const PeerInfo& info : stage.cloud.peers(stage.now()))
        EXPECT_FALSE(info.entry.has_endpoint(kLiar));
}

// PNRP-211 to PNRP-214, PNRP-216 to PNRP-219: each defect of a CPA is found, and counted as what it
// is.
TEST_F(Hostile, RefusesACpaWithAnyDefect) {
    const auto refuse = [&](Drop reason, const std::function<void(Cpa&, const Peer&)>& spoil) {
        const Peer other{20};
        const auto asked = checked(other.entry());
        AuthorityBuffer buffer = other.answer(stage.now(), asked.body);
        Cpa cpa = other.cpa(stage.now(), *asked.body.nonce);
        spoil(cpa, other);
        buffer.cpa = other.signed_cpa(cpa);
        const auto counted = stage.dropped(reason);
        expect_refused(other, buffer, asked.id);
        EXPECT_EQ(stage.dropped(reason), counted + 1) << to_string(reason);
    };
    const Peer stranger{33};
    refuse(Drop::cpa_nonce, [](Cpa& cpa, const Peer&) { cpa.nonce[3] ^= std::byte{1}; });
    refuse(Drop::cpa_nonce, [](Cpa& cpa, const Peer&) { cpa.nonce = {}; });
    refuse(Drop::cpa_id, [](Cpa& cpa, const Peer&) { cpa.service_location[9] ^= std::byte{1}; });
    refuse(Drop::cpa_id, [&](Cpa& cpa, const Peer&) {
        cpa.authority = stranger.registration.name.authority().bytes;
    });
    refuse(Drop::cpa_id, [&](Cpa& cpa, const Peer&) {
        cpa.classifier_hash = classifier_hash(modern_profile(), "bank");
    });
    refuse(Drop::cpa_addresses, [](Cpa& cpa, const Peer&) { cpa.service_addresses = {kVictim}; });
    refuse(Drop::cpa_addresses, [](Cpa& cpa, const Peer&) {
        cpa.service_addresses.push_back(kVictim);
    });
    refuse(Drop::cpa_expired, [&](Cpa& cpa, const Peer&) {
        cpa.not_after = stage.now().wall - std::chrono::minutes(6);
    });
    refuse(Drop::cpa_syntax, [](Cpa& cpa, const Peer&) {
        cpa.reach = {ReachTlv{0x8001, {}}}; // critical, and nobody knows it
    });
}

TEST_F(Hostile, RefusesACpaThatItsOwnerDidNotSign) { // PNRP-214, PNRP-219
    const Peer other{20};
    const Peer liar{33};
    {
        const auto asked = checked(other.entry());
        AuthorityBuffer buffer = other.answer(stage.now(), asked.body);
        buffer.cpa->back() ^= std::byte{1};
        const auto counted = stage.dropped(Drop::cpa_signature);
        expect_refused(other, buffer, asked.id);
        EXPECT_EQ(stage.dropped(Drop::cpa_signature), counted + 1);
    }
    {
        const auto asked = checked(other.entry());
        AuthorityBuffer buffer = other.answer(stage.now(), asked.body);
        buffer.cpa = liar.signed_cpa(other.cpa(stage.now(), *asked.body.nonce));
        const auto counted = stage.dropped(Drop::cpa_authority);
        expect_refused(other, buffer, asked.id);
        EXPECT_EQ(stage.dropped(Drop::cpa_authority), counted + 1);
    }
    {
        const auto asked = checked(other.entry());
        AuthorityBuffer buffer = other.answer(stage.now(), asked.body);
        buffer.cpa.reset();
        const auto counted = stage.dropped(Drop::cpa_missing);
        expect_refused(other, buffer, asked.id);
        EXPECT_EQ(stage.dropped(Drop::cpa_missing), counted + 1);
    }
}

// PNRP-218: the route entry beside the CPA has to be of the same id.
TEST_F(Hostile, RefusesACpaBesideAnEntryOfAnotherId) {
    const Peer other{20};
    const auto asked = checked(other.entry());
    AuthorityBuffer buffer = other.answer(stage.now(), asked.body);
    buffer.entry->id.bytes[20] ^= std::byte{1};
    const auto counted = stage.dropped(Drop::cpa_id);
    expect_refused(other, buffer, asked.id);
    EXPECT_EQ(stage.dropped(Drop::cpa_id), counted + 1);
}

TEST_F(Hostile, DropsFragmentsThatContradictEachOther) { // PNRP-197
    const auto contradict = [&](const Authority& first, const Authority& second) {
        const Peer other{20};
        const auto asked = checked(other.entry());
        Authority one = first;
        Authority two = second;
        one.acked = two.acked = asked.id;
        stage.deliver(other.endpoint, MessageId{99}, one);
        const auto counted = stage.dropped(Drop::bad_fragment);
        stage.deliver(other.endpoint, MessageId{99}, two);
        EXPECT_EQ(stage.dropped(Drop::bad_fragment), counted + 1);
        // The state is gone and the question is not: the truth may still come.
        stage.answer(other.endpoint, asked.id, other.answer(stage.now(), asked.body));
        EXPECT_TRUE(stage.cloud.knows(other.id));
        stage.deliver(kLiar, Flood{true, {}, other.revocation(stage.now()), {}, {}});
        ASSERT_FALSE(stage.cloud.knows(other.id));
    };
    const Bytes whole(kFragmentSize);
    contradict({{}, 2000, 0, whole}, {{}, 2001, 1188, Bytes(813)});  // another Size
    contradict({{}, 2400, 0, whole}, {{}, 2400, 1188, Bytes(1187)}); // short before the end
    contradict({{}, 2000, 0, whole}, {{}, 2000, 1188, Bytes(813)});  // beyond Size
}

TEST_F(Hostile, IgnoresARequestThatFitsNoConversation) { // PNRP-160, PNRP-161
    const Nonce nonce{std::byte{5}};
    expect_dropped(stage, kLiar, Request{nonce, {peer.id}}, Drop::no_conversation);
    Solicit solicit;
    solicit.hashed_nonce = modern_profile().digest({ByteView(nonce)});
    solicit.padded = true;
    stage.deliver(kLiar, solicit);
    stage.sent.forget();
    expect_dropped(stage, kLiar, Request{Nonce{}, {peer.id}}, Drop::bad_nonce);
    expect_dropped(stage, kVictim, Request{nonce, {peer.id}}, Drop::no_conversation);
}

// Decision A42: only what was advertised, each id once; then the conversation is over (PNRP-162).
TEST_F(Hostile, FloodsOnlyWhatItAdvertised) {
    const Nonce nonce{std::byte{5}};
    Solicit solicit;
    solicit.hashed_nonce = modern_profile().digest({ByteView(nonce)});
    solicit.padded = true;
    stage.deliver(kLiar, solicit);
    const auto advertised = stage.sent.to<Advertise>(kLiar).at(0).body.ids;
    ASSERT_THAT(advertised, testing::Contains(peer.id));
    stage.sent.forget();
    const Request request{nonce, {Peer{77}.id, peer.id, peer.id, peer.id}};
    stage.deliver(kLiar, request);
    ASSERT_EQ(stage.sent.to<Flood>(kLiar).size(), 1U);
    EXPECT_TRUE(stage.sent.to<Flood>(kLiar)[0].body.no_ack);
    EXPECT_EQ(stage.sent.to<Flood>(kLiar)[0].body.entry, peer.entry());
    stage.sent.forget();
    expect_dropped(stage, kLiar, request, Drop::no_conversation);
}

TEST_F(Hostile, BelievesNoEntryOfAVictim) { // PNRP-230, PNRP-294
    Flood flood;
    flood.no_ack = true;
    flood.entry = RouteEntry{Peer{40}.id, kVictim.port, {kVictim.address}};
    stage.deliver(kLiar, flood);
    EXPECT_EQ(stage.sent.to<Inquire>(kVictim).size(), 1U);
    const auto counted = stage.dropped(Drop::entry_unconfirmed);
    // The victim knows of no such id.
    AuthorityBuffer denial;
    denial.not_found = true;
    stage.answer(kVictim, stage.sent.to<Inquire>(kVictim)[0].id, denial);
    EXPECT_EQ(stage.dropped(Drop::entry_unconfirmed), counted + 1);
    EXPECT_FALSE(stage.cloud.knows(Peer{40}.id));
    // And a silent one does not become a peer either.
    stage.deliver(kLiar, flood);
    stage.pass(3s);
    EXPECT_EQ(stage.dropped(Drop::entry_unconfirmed), counted + 2);
    EXPECT_FALSE(stage.cloud.knows(Peer{40}.id));
}

// PNRP-229, decision A8: nobody can be there, so nobody is asked.
TEST_F(Hostile, IgnoresEntriesWhereNoPeerCanBe) {
    const auto ignore = [&](std::uint16_t port, const char* address) {
        Flood flood;
        flood.no_ack = true;
        flood.entry = RouteEntry{Peer{40}.id, port, {*parse_address(address)}};
        expect_dropped(stage, kLiar, flood, Drop::bad_entry);
    };
    ignore(1024, "2001:db8::9");
    ignore(53, "2001:db8::9");
    ignore(3540, "ff02::1");
    ignore(3540, "fe80::9");
    ignore(3540, "::1");
    ignore(3540, "127.0.0.1");
    Flood crowd;
    crowd.no_ack = true;
    crowd.entry = Peer{40}.entry();
    for (unsigned i = 0; i < 4; ++i) // a node has no more than four
        crowd.entry->addresses.push_back(endpoint_of(256 * (60 + i)).address);
    expect_dropped(stage, kLiar, crowd, Drop::bad_entry);
}

// What names our own id is about us, wherever it says that we are: nobody else may speak for it.
TEST_F(Hostile, BelievesNobodyAboutItsOwnId) {
    Flood flood;
    flood.no_ack = true;
    flood.entry = RouteEntry{own_id, kLiar.port, {kLiar.address}};
    stage.deliver(kLiar, flood);
    for (const auto& inquire : stage.sent.to<Inquire>(kLiar))
        stage.answer(kLiar, inquire.id, AuthorityBuffer{});
    EXPECT_FALSE(stage.cloud.knows(own_id));
    // A search that comes by is sent to us, not to the liar.
    stage.sent.forget();
    Lookup lookup;
    lookup.target = own_id;
    lookup.accept_any = true;
    lookup.path = {kVictim};
    stage.deliver(kVictim, lookup);
    const auto answer = stage.sent.to<Authority>(kVictim).at(0);
    const auto buffer = decode_authority_buffer(modern_profile(), answer.body.fragment);
    ASSERT_TRUE(buffer && buffer->entry);
    EXPECT_TRUE(buffer->entry->has_endpoint(stage.own));
}

TEST_F(Hostile, RevokesNoSecureNameForAForger) { // PNRP-192
    const Peer liar{33};
    Cpa revoke = peer.cpa(stage.now(), {});
    revoke.is_revoke = true;
    revoke.service_addresses.clear();
    revoke.app_endpoints.clear();
    expect_dropped(
        stage, kLiar, Flood{true, {}, liar.signed_cpa(revoke), {}, {}}, Drop::cpa_authority);
    Bytes damaged = peer.signed_cpa(revoke);
    damaged.back() ^= std::byte{1};
    expect_dropped(stage, kLiar, Flood{true, {}, damaged, {}, {}}, Drop::cpa_signature);
    revoke.is_revoke = false; // a CPA that is no revoke revokes nothing
    revoke.service_addresses = {peer.endpoint};
    expect_dropped(
        stage, kLiar, Flood{true, {}, peer.signed_cpa(revoke), {}, {}}, Drop::cpa_syntax);
    // The owner's word is another matter.
    stage.deliver(kLiar, Flood{true, {}, peer.revocation(stage.now()), {}, {}});
    EXPECT_FALSE(stage.cloud.knows(peer.id));
}

// Key continuity: an unsecured name belongs to the key that its CPA came with.
TEST_F(Hostile, RevokesNoUnsecuredNameForAnotherKey) {
    Peer plain{50};
    plain.registration.name = *identity::PeerName::unsecured("printer");
    plain.id =
        make_id(p2p_id(modern_profile(), plain.registration.name), service_location_of(plain.id));
    Peer forger = plain;
    forger.registration.key = test::test_key(51);
    stage.admit(plain);
    const Flood forged{true, {}, forger.revocation(stage.now()), {}, {}};
    expect_dropped(stage, kLiar, forged, Drop::revoke_unknown_key);
    stage.deliver(kLiar, Flood{true, {}, plain.revocation(stage.now()), {}, {}});
    EXPECT_FALSE(stage.cloud.knows(plain.id));
}

// One informant does not fill the table of checks, all of them do not fill memory.
TEST_F(Hostile, ChecksOnlySoManyEntriesAtOnce) {
    const auto tell = [&](const Endpoint& informant, unsigned number) {
        Flood flood;
        flood.no_ack = true;
        flood.entry = Peer{number}.entry();
        stage.deliver(informant, flood);
    };
    const std::size_t bytes = stage.cloud.state_bytes();
    for (unsigned i = 0; i < 60; ++i)
        tell(kLiar, 60 + i);
    EXPECT_EQ(stage.sent.all<Inquire>().size(), kEntryChecksPerSource);
    EXPECT_EQ(stage.dropped(Drop::entry_table_full), 60 - kEntryChecksPerSource);
    for (unsigned informant = 0; informant < 20; ++informant) {
        for (unsigned i = 0; i < 12; ++i)
            tell(endpoint_of(256 * (200 + informant)), 60 + informant * 8 + i);
    }
    EXPECT_LE(stage.sent.all<Inquire>().size(), kEntryChecksMax);
    EXPECT_LT(stage.cloud.state_bytes(), bytes + 100'000);
    stage.pass(3s);
    EXPECT_EQ(stage.cloud.cache_size(), 2U);
}

// A peer that is asked by a search says that the other one is (also) at an accomplice's address.
class HostileReferral : public Hostile {
protected:
    void refer(std::vector<Address> addresses) {
        search = stage.cloud.start_resolve(stage.now(), {Peer{20}.registration.name}).value();
        stage.drain();
        const auto first = stage.sent.all<Lookup>();
        ASSERT_EQ(first.size(), 1U);
        const bool is_peer = first[0].to == peer.endpoint;
        other = is_peer ? &peer_again : &peer;
        AuthorityBuffer elsewhere;
        addresses.push_back(accomplice.address);
        elsewhere.entry = RouteEntry{other->id, accomplice.port, std::move(addresses)};
        stage.answer(first[0].to, first[0].id, elsewhere);
        const auto second = stage.sent.to<Lookup>(accomplice);
        ASSERT_EQ(second.size(), 1U);
        asked = second[0].id;
    }

    void deny() {
        AuthorityBuffer denial;
        denial.not_found = true;
        stage.answer(accomplice, asked, denial);
    }

    const Endpoint accomplice = endpoint_of(2); // nearest to our own address: asked first
    const Peer* other = nullptr;
    ResolveId search{};
    MessageId asked{};
};

// PNRP-201: a denial drops the entry of who denied, and no other of the same id.
TEST_F(HostileReferral, TakesNoDenialFromElsewhere) {
    refer({});
    deny();
    EXPECT_TRUE(stage.cloud.knows(other->id));
}

TEST_F(HostileReferral, TakesNoDenialFromAnAddressThatWasAdded) {
    refer({peer.endpoint.address, peer_again.endpoint.address});
    deny();
    EXPECT_TRUE(stage.cloud.knows(other->id));
}

// What is still open when a search ends says whether somebody lives: whoever was asked, only.
TEST_F(HostileReferral, TakesNoLateDenialOrSilenceFromElsewhere) {
    for (const bool is_silent : {false, true}) {
        stage.sent.forget();
        refer({});
        stage.cloud.cancel_resolve(stage.now(), search);
        stage.drain();
        if (is_silent) {
            stage.pass(3s);
        } else {
            deny();
        }
        EXPECT_TRUE(stage.cloud.knows(other->id)) << is_silent;
    }
}

} // namespace
} // namespace kith::pnrp
