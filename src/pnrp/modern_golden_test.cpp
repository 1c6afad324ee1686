// The modern profile, byte for byte, against vectors that were made without this code
// (tests/golden/pnrp/README.md). They never change.

#include "pnrp/authority_buffer.hpp"
#include "pnrp/cpa.hpp"
#include "pnrp/extended_payload.hpp"
#include "pnrp/message.hpp"
#include "pnrp/test_golden.hpp"
#include "pnrp/test_vectors.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

using vector::endpoint;
using vector::entry;

class ModernGoldenTest : public testing::Test {
protected:
    static Bytes file(const std::string& name) { return golden("modern", name); }

    void expect(const std::string& name, std::uint32_t id, const Body& body) const {
        SCOPED_TRACE(name);
        const Message message{MessageId{id}, body};
        EXPECT_EQ(decode_message(profile, file(name)), message);
        EXPECT_EQ(to_hex(encode_message(profile, message)), to_hex(file(name)));
    }

    // As one AUTHORITY with one fragment, acknowledging `acked`.
    void expect_authority(
        const std::string& name,
        std::uint32_t id,
        std::uint32_t acked,
        const AuthorityBuffer& buffer) const {
        const auto fragments =
            split_authority(MessageId{acked}, encode_authority_buffer(profile, buffer));
        ASSERT_EQ(fragments.size(), 1U);
        expect(name, id, fragments[0]);
        EXPECT_EQ(decode_authority_buffer(profile, fragments[0].fragment), buffer) << name;
    }

    // What is signed as `name`, and what it verifies as.
    void expect_signed(const std::string& name, const Cpa& cpa, const PnrpId& id) const {
        SCOPED_TRACE(name);
        EXPECT_EQ(to_hex(sign_cpa(profile, cpa, key)), to_hex(file(name)));
        CpaExpectation expected;
        expected.now = vector::kNotAfter;
        expected.revoke = cpa.is_revoke;
        expected.id = id;
        expected.nonce = vector::kNonce;
        const auto verified = verify_cpa(profile, file(name), expected);
        ASSERT_TRUE(verified.has_value()) << static_cast<int>(verified.error());
        EXPECT_EQ(verified->id(), id);
        EXPECT_EQ((*verified)->reach, cpa.reach);
        EXPECT_EQ((*verified)->friendly_name, cpa.friendly_name);
    }

    void expect_signed(const std::string& name, const ExtendedPayload& payload) const {
        SCOPED_TRACE(name);
        EXPECT_EQ(to_hex(sign_extended_payload(profile, payload, key)), to_hex(file(name)));
        CpaExpectation expected;
        expected.now = vector::kNotAfter;
        expected.id = payload.id;
        expected.nonce = vector::kNonce;
        const auto verified =
            verify_extended_payload(profile, file(name), expected, key.public_key().material());
        ASSERT_TRUE(verified.has_value()) << static_cast<int>(verified.error());
        EXPECT_EQ(verified->kind, payload.kind);
        EXPECT_EQ(verified->payload, payload.payload);
    }

    Cpa secure_cpa() const {
        Cpa cpa;
        cpa.not_after = vector::kNotAfter;
        cpa.service_location = vector::kLocation;
        cpa.nonce = vector::kNonce;
        cpa.authority = identity::authority_of(key.public_key()).bytes;
        cpa.classifier_hash = classifier_hash(profile, vector::kClassifier);
        cpa.service_addresses = {endpoint("2001:db8::1")};
        cpa.app_endpoints = {vector::application()};
        return cpa;
    }

    Cpa named_cpa() const {
        Cpa cpa = secure_cpa();
        cpa.friendly_name = "My friend";
        return cpa;
    }

    Cpa revoke_cpa() const {
        Cpa cpa = secure_cpa();
        cpa.is_revoke = true;
        cpa.nonce = {};
        cpa.service_addresses.clear();
        cpa.app_endpoints.clear();
        return cpa;
    }

    ExtendedPayload payload_of(PayloadKind kind, Bytes bytes) const {
        return {vector::kNotAfter, secure, vector::kNonce, kind, std::move(bytes), {}};
    }

    static constexpr const char* kAuthority = "06e3fd8fda29bb60ab59557de61edb0aecdb2311";

    const Profile& profile = modern_profile();
    const crypto::PrivateKey key = vector::key();
    const PnrpId unsecured = vector::id_of_name(profile, "0.MyApplication");
    const PnrpId secure =
        vector::id_of_name(profile, std::string(kAuthority) + "." + vector::kClassifier);
    const HashedNonce hashed = profile.digest({vector::kNonce});
};

TEST_F(ModernGoldenTest, Cpa) {
    expect_signed("cpa", named_cpa(), secure);
    Cpa unsecured_cpa = secure_cpa();
    unsecured_cpa.authority.reset();
    unsecured_cpa.has_extended_payload = true;
    expect_signed("cpa-unsecured", unsecured_cpa, unsecured);
    Cpa bare = secure_cpa();
    bare.classifier_hash.reset();
    expect_signed("cpa-bare", bare, vector::id_of_name(profile, kAuthority));
}

TEST_F(ModernGoldenTest, CpaWithReachPayload) {
    Cpa cpa = secure_cpa();
    cpa.friendly_name = "M\u00fcller";
    cpa.reach = {{1, to_owned(as_bytes("relay"))}, {2, {}}};
    expect_signed("cpa-reach", cpa, secure);
}

TEST_F(ModernGoldenTest, CriticalReachRefusesTheCpa) {
    Cpa cpa = secure_cpa();
    cpa.reach = {{0x8001, to_owned(as_bytes("must"))}};
    EXPECT_EQ(to_hex(sign_cpa(profile, cpa, key)), to_hex(file("cpa-reach-critical")));
    CpaExpectation expected;
    expected.now = vector::kNotAfter;
    expected.nonce = vector::kNonce;
    EXPECT_EQ(
        verify_cpa(profile, file("cpa-reach-critical"), expected).error(),
        CpaErrc::unknown_critical_tlv);
}

TEST_F(ModernGoldenTest, RevokeCpa) {
    expect_signed("cpa-revoke", revoke_cpa(), secure);
}

TEST_F(ModernGoldenTest, ExtendedPayload) {
    using namespace std::string_view_literals;
    expect_signed("extended-payload", payload_of(PayloadKind::binary, to_owned(as_bytes("hello"))));
    expect_signed(
        "extended-payload-utf8",
        payload_of(PayloadKind::text_utf8, to_owned(as_bytes("gr\u00fc\u00df\0"sv))));
    expect_signed(
        "extended-payload-utf16",
        payload_of(PayloadKind::text_utf16, *from_hex("67007200fc00df000000")));
}

// One signature for both: the CPA has the digest of the payload, whose own signature is zeros.
TEST_F(ModernGoldenTest, CpaVouchesForItsPayload) {
    const ExtendedPayload payload = payload_of(PayloadKind::binary, to_owned(as_bytes("hello")));
    const Bytes encoded = encode_vouched_payload(profile, payload);
    EXPECT_EQ(to_hex(encoded), to_hex(file("extended-payload-vouched")));
    Cpa cpa = secure_cpa();
    cpa.has_extended_payload = true;
    cpa.reach = {payload_digest(encoded)};
    EXPECT_EQ(to_hex(sign_cpa(profile, cpa, key)), to_hex(file("cpa-vouches")));
    CpaExpectation expected;
    expected.now = vector::kNotAfter;
    expected.id = secure;
    expected.nonce = vector::kNonce;
    const auto verified = verify_cpa(profile, file("cpa-vouches"), expected);
    ASSERT_TRUE(verified.has_value());
    EXPECT_TRUE(
        verify_extended_payload(profile, file("extended-payload-vouched"), expected, *verified));
    Bytes other = file("extended-payload-vouched");
    other[other.size() - 73] ^= std::byte{1}; // the last byte of the payload
    EXPECT_FALSE(verify_extended_payload(profile, other, expected, *verified));
}

TEST_F(ModernGoldenTest, Solicit) {
    const RouteEntry own = entry(secure, {"2001:db8::1"});
    expect("solicit", 0x101, Solicit{SolicitType::any, own, hashed, false});
    expect("solicit-minimal", 0x102, Solicit{{}, {}, hashed, false});
    expect("solicit-padded", 0x103, Solicit{SolicitType::registered_only, own, hashed, true});
    EXPECT_EQ(file("solicit-padded").size(), profile.solicit_size);
}

TEST_F(ModernGoldenTest, Advertise) {
    expect("advertise", 0x201, Advertise{MessageId{0x101}, {secure, unsecured}, hashed});
    expect("advertise-empty", 0x202, Advertise{MessageId{0x102}, {}, hashed});
}

TEST_F(ModernGoldenTest, Request) {
    expect("request", 0x301, Request{vector::kNonce, {secure}});
}

TEST_F(ModernGoldenTest, Flood) {
    expect(
        "flood",
        0x401,
        Flood{
            true,
            {},
            {},
            entry(secure, {"2001:db8::1", "2001:db8::2", "203.0.113.7", "2001:db8::4"}),
            {endpoint("2001:db8::9")}});
    expect(
        "flood-revoke", 0x402, Flood{false, secure, sign_cpa(profile, revoke_cpa(), key), {}, {}});
    expect("flood-empty", 0x403, Flood{});
    Flood visit;
    visit.validate = secure;
    visit.asks_source = true;
    visit.visit = true;
    visit.already_flooded = {
        *parse_endpoint("[2001:db8::9]:3540"), *parse_endpoint("203.0.113.7:3540")};
    expect("flood-visit", 0x404, visit);
    Flood order;
    order.no_ack = true;
    order.validate = secure;
    order.visit = true;
    order.already_flooded = {*parse_endpoint("203.0.113.7:40000")};
    expect("flood-visit-order", 0x405, order);
    Flood source;
    source.asks_source = true;
    expect("flood-source", 0x406, source);
}

TEST_F(ModernGoldenTest, Inquire) {
    expect("inquire", 0x701, Inquire{{true, true, false}, secure, vector::kNonce, false});
    expect("inquire-minimal", 0x702, Inquire{{}, secure, {}, false});
    expect("inquire-padded", 0x703, Inquire{{true, true, true}, secure, vector::kNonce, true});
    EXPECT_EQ(file("inquire-padded").size(), profile.inquire_size);
}

TEST_F(ModernGoldenTest, Lookup) {
    expect(
        "lookup",
        0xB01,
        Lookup{
            true,
            0,
            Criteria::any_peer_name,
            static_cast<std::uint8_t>(Reason::application),
            unsecured,
            secure,
            entry(unsecured, {"2001:db8::1", "203.0.113.7"}),
            {endpoint("2001:db8::1"), endpoint("203.0.113.7", 40000)}});
    expect(
        "lookup-bits",
        0xB02,
        Lookup{
            false,
            17,
            Criteria::upper_bits,
            static_cast<std::uint8_t>(Reason::cache_maintenance),
            secure,
            {},
            {},
            {endpoint("::")}});
}

TEST_F(ModernGoldenTest, Ack) {
    expect("ack", 0x901, Ack{MessageId{0x301}, false});
    expect("ack-not-found", 0x902, Ack{MessageId{0x402}, true});
    const Endpoint source = *parse_endpoint("203.0.113.7:40000");
    Ack ack{.acked = MessageId{0x406}, .source = source};
    expect("ack-source", 0x903, ack);
    ack.acked = MessageId{0x404};
    ack.passed_on = true;
    expect("ack-visit", 0x904, ack);
}

TEST_F(ModernGoldenTest, Authority) {
    AuthorityBuffer buffer;
    buffer.not_found = true;
    expect_authority("authority-not-found", 0x801, 0x702, buffer);

    buffer = {};
    buffer.suspicious = true;
    buffer.entry = entry(secure, {"2001:db8::1", "2001:db8::2"});
    expect_authority("authority-next-hop", 0x802, 0xB01, buffer);

    buffer = {};
    buffer.classifier = vector::kClassifier;
    buffer.entry = entry(secure, {"2001:db8::1"});
    buffer.cpa = sign_cpa(profile, named_cpa(), key);
    expect_authority("authority-cpa", 0x803, 0x701, buffer);
}

TEST_F(ModernGoldenTest, AuthorityInFragments) {
    AuthorityBuffer buffer;
    Cpa cpa = named_cpa();
    cpa.has_extended_payload = true;
    buffer.classifier = vector::kClassifier;
    buffer.extended_payload = sign_extended_payload(
        profile, payload_of(PayloadKind::binary, Bytes(1501, std::byte{'x'})), key);
    buffer.entry = entry(secure, {"2001:db8::1"});
    buffer.cpa = sign_cpa(profile, cpa, key);
    const auto fragments =
        split_authority(MessageId{0x703}, encode_authority_buffer(profile, buffer));
    ASSERT_EQ(fragments.size(), 2U);
    expect("authority-fragment-0", 0x804, fragments[0]);
    expect("authority-fragment-1", 0x804, fragments[1]);
}

} // namespace
} // namespace kith::pnrp
