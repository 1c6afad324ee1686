// The published protocol, byte for byte: the codecs know no profile but the one they are given, so
// what holds for PNRP 4.0 here holds for the product's own profile as well. Signing is
// deterministic: the key of the vectors makes their signatures again.

#include "crypto/digest.hpp"
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

class WindowsGoldenTest : public testing::Test {
protected:
    static Bytes datagram(const std::string& name) { return golden("windows", name); }

    Message decoded(const std::string& name) const {
        const auto message = decode_message(profile, datagram(name));
        EXPECT_TRUE(message.has_value()) << name << ": " << static_cast<int>(message.error());
        return message.value_or(Message{});
    }

    // Both directions: the datagram means `body`, and `body` is written as that datagram.
    void expect(const std::string& name, std::uint32_t id, const Body& body) const {
        SCOPED_TRACE(name);
        const Message message{MessageId{id}, body};
        EXPECT_EQ(decoded(name), message);
        EXPECT_EQ(to_hex(encode_message(profile, message)), to_hex(datagram(name)));
    }

    AuthorityBuffer buffer_of(const std::string& name) const {
        const auto authority = std::get<Authority>(decoded(name).body);
        EXPECT_EQ(authority.size, authority.fragment.size());
        const auto buffer = decode_authority_buffer(profile, authority.fragment);
        EXPECT_TRUE(buffer.has_value()) << name;
        EXPECT_EQ(encode_authority_buffer(profile, buffer.value()), authority.fragment) << name;
        return buffer.value_or(AuthorityBuffer{});
    }

    // Decodes, and encodes to the same bytes.
    Cpa cpa_of(ByteView bytes) const {
        const auto cpa = decode_cpa(profile, bytes);
        EXPECT_TRUE(cpa.has_value());
        EXPECT_EQ(to_hex(encode_cpa(profile, cpa.value())), to_hex(bytes));
        return cpa.value_or(Cpa{});
    }

    void expect_common(const Cpa& cpa) const {
        EXPECT_EQ(cpa.not_after, vector::kNotAfter);
        EXPECT_EQ(cpa.service_location, vector::kLocation);
        EXPECT_EQ(to_hex(crypto::sha1({cpa.public_key})), kAuthority);
        EXPECT_EQ(cpa.signature.size(), 128U);
    }

    static constexpr const char* kAuthority = "0de0994caf62bfd6a041d1c9047a04b9e3bf6dfe";

    // The published test key from its primes: crypto/rsa_test.cpp holds them against its modulus.
    static crypto::PrivateKey key() {
        const auto primes = from_hex(
            "f8571087befb9ad37b308804722c2c2e99a9000103d689c64a8ced8a7e82af55038b0923cd2b1c4fbb77ce"
            "9591f9c9cf1f054f498123f903b4ef965ff7f685f3d81e3eb4f62439928951cca81bb16ba5d739d316a858"
            "9ee83f9be05e2fe1272c9f999d8c6c4bd7c0906d6d58c7dedbaf928f2fedd51983badd8ed19a98ae847f");
        auto made = crypto::PrivateKey::from_seed(crypto::KeyAlgorithm::rsa1024, *primes);
        KITH_CHECK(made.has_value());
        return std::move(*made);
    }

    static CpaExpectation expecting(const PnrpId& id) {
        return {.now = vector::kNotAfter, .id = id, .nonce = vector::kNonce};
    }

    const Profile& profile = windows_profile();
    const PnrpId unsecured = vector::id_of_name(profile, "0.MyApplication");
    const PnrpId secure =
        vector::id_of_name(profile, std::string(kAuthority) + "." + vector::kClassifier);
    const PnrpId bare = vector::id_of_name(profile, kAuthority);
    const HashedNonce hashed = profile.digest({vector::kNonce});
};

// Vectors 3.3.
TEST_F(WindowsGoldenTest, IdsAndHashedNonceAreThePublishedOnes) {
    EXPECT_EQ(
        to_string(unsecured), "7775c82766bfb84e1ca6276fe033d79720010db8000000000102030405060708");
    EXPECT_EQ(
        to_string(secure), "67c721b5eac5728024f55b94f401c69020010db8000000000102030405060708");
    EXPECT_EQ(to_hex(hashed), "56178b86a57fac22899a9964185c2cc96e7da589");
}

// PNRP-008, PNRP-011, PNRP-014, PNRP-016
TEST_F(WindowsGoldenTest, Solicit) {
    expect(
        "solicit",
        0x101,
        Solicit{SolicitType::any, entry(unsecured, {"2001:db8::1"}), hashed, false});
    expect("solicit-minimal", 0x102, Solicit{{}, {}, hashed, false});
}

// PNRP-017, PNRP-018, PNRP-019
TEST_F(WindowsGoldenTest, Advertise) {
    expect("advertise", 0x201, Advertise{MessageId{0x101}, {unsecured, secure}, hashed});
    expect("advertise-empty", 0x202, Advertise{MessageId{0x102}, {}, hashed});
}

// PNRP-020, PNRP-021
TEST_F(WindowsGoldenTest, Request) {
    expect("request", 0x301, Request{vector::kNonce, {unsecured}});
}

// PNRP-022, PNRP-023, PNRP-025, PNRP-028, PNRP-029
TEST_F(WindowsGoldenTest, Flood) {
    expect(
        "flood",
        0x401,
        Flood{
            true,
            {},
            {},
            entry(unsecured, {"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4"}),
            {endpoint("2001:db8::9")}});
}

// PNRP-027, PNRP-070, PNRP-078; decision A6
TEST_F(WindowsGoldenTest, FloodThatRevokes) {
    const auto flood = std::get<Flood>(decoded("flood-revoke").body);
    ASSERT_TRUE(flood.revoke_cpa.has_value());
    EXPECT_EQ(flood.revoke_cpa->size(), 381U);
    expect("flood-revoke", 0x402, Flood{false, unsecured, flood.revoke_cpa, {}, {}});

    const Cpa cpa = cpa_of(*flood.revoke_cpa);
    expect_common(cpa);
    EXPECT_TRUE(cpa.is_revoke);
    EXPECT_EQ(cpa.nonce, Nonce{});
    EXPECT_TRUE(cpa.service_addresses.empty());
    EXPECT_TRUE(cpa.app_endpoints.empty());
    EXPECT_EQ(id_of(profile, cpa), unsecured);
}

// PNRP-030, PNRP-031, PNRP-032, PNRP-033
TEST_F(WindowsGoldenTest, Inquire) {
    const InquireFlags all{true, true, true};
    expect("inquire", 0x701, Inquire{all, unsecured, vector::kNonce, false});
    expect("inquire-minimal", 0x702, Inquire{{}, unsecured, {}, false});
    expect("inquire-secure", 0x703, Inquire{all, secure, vector::kNonce, false});
    expect("inquire-bare", 0x704, Inquire{{true, false, true}, bare, vector::kNonce, false});
}

// PNRP-052, PNRP-053, PNRP-058, PNRP-060, PNRP-061
TEST_F(WindowsGoldenTest, Lookup) {
    expect(
        "lookup",
        0xB01,
        Lookup{
            true,
            0,
            Criteria::any_peer_name,
            0,
            unsecured,
            secure,
            entry(unsecured, {"2001:db8::1", "2001:db8::2"}),
            {endpoint("2001:db8::1")}});
}

// PNRP-049, PNRP-050
TEST_F(WindowsGoldenTest, Ack) {
    expect("ack", 0x901, Ack{MessageId{0x301}, false});
    expect("ack-not-found", 0x902, Ack{MessageId{0x402}, true});
}

// PNRP-035, PNRP-036, PNRP-039, PNRP-040
TEST_F(WindowsGoldenTest, AuthorityToLookup) {
    const Message not_found = decoded("authority-not-found");
    EXPECT_EQ(not_found.id, MessageId{0x801});
    EXPECT_EQ(std::get<Authority>(not_found.body).acked, MessageId{0x702});
    AuthorityBuffer expected;
    expected.not_found = true;
    EXPECT_EQ(buffer_of("authority-not-found"), expected);

    expected = {};
    expected.suspicious = true;
    expected.entry = entry(unsecured, {"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4"});
    EXPECT_EQ(buffer_of("authority-next-hop"), expected);
}

// PNRP-044, PNRP-045, PNRP-048, PNRP-062 to PNRP-067, PNRP-069, PNRP-074 to PNRP-087; decision A11
TEST_F(WindowsGoldenTest, AuthorityWithCpaOfUnsecuredName) {
    const AuthorityBuffer buffer = buffer_of("authority-cpa");
    EXPECT_EQ(buffer.classifier, vector::kClassifier);
    EXPECT_EQ(buffer.entry, entry(unsecured, {"2001:db8::1", "2001:db8::2"}));
    ASSERT_TRUE(buffer.cpa.has_value());

    const Cpa cpa = cpa_of(*buffer.cpa);
    expect_common(cpa);
    EXPECT_EQ(cpa.friendly_name, "My friend");
    EXPECT_EQ(cpa.name_encoding, NameEncoding::utf16);
    EXPECT_EQ(cpa.nonce, vector::kNonce);
    EXPECT_FALSE(cpa.authority.has_value());
    EXPECT_EQ(
        cpa.service_addresses,
        (std::vector<Endpoint>{endpoint("2001:db8::1"), endpoint("2001:db8::2")}));
    EXPECT_EQ(cpa.app_endpoints, std::vector<AppEndpoint>{vector::application()});
    EXPECT_EQ(id_of(profile, cpa), unsecured);
}

// PNRP-071; decisions A3 and A5
TEST_F(WindowsGoldenTest, AuthorityWithCpaOfSecureNameWithoutClassifier) {
    const AuthorityBuffer buffer = buffer_of("authority-bare");
    EXPECT_FALSE(buffer.classifier.has_value());
    ASSERT_TRUE(buffer.cpa.has_value());
    const Cpa cpa = cpa_of(*buffer.cpa);
    expect_common(cpa);
    ASSERT_TRUE(cpa.authority.has_value());
    EXPECT_EQ(to_hex(*cpa.authority), kAuthority);
    EXPECT_FALSE(cpa.classifier_hash.has_value());
    EXPECT_EQ(id_of(profile, cpa), bare);
}

// PNRP-195, PNRP-198, PNRP-274, PNRP-088 to PNRP-094; vectors 3.4
TEST_F(WindowsGoldenTest, FragmentsMakeOneAnswerAndTheAnswerMakesThem) {
    const Bytes first = datagram("authority-fragment-0");
    const Bytes second = datagram("authority-fragment-1");
    EXPECT_EQ(
        to_hex(crypto::sha256({first})),
        "0585dd5e9694b29a610a04a70a2956ccd4bd65de04b174f76630da37f17c9fd6");
    EXPECT_EQ(
        to_hex(crypto::sha256({second})),
        "8fc572403019f014cd092362c14959fd383f4ac298ac2beaa467e5b09dfcf1e8");

    Reassembly reassembly;
    const auto fragment = [&](const char* name) { return std::get<Authority>(decoded(name).body); };
    EXPECT_EQ(reassembly.add(fragment("authority-fragment-1")), Reassembly::Outcome::incomplete);
    ASSERT_EQ(reassembly.add(fragment("authority-fragment-0")), Reassembly::Outcome::complete);
    const Bytes bytes = reassembly.take();

    const auto buffer = decode_authority_buffer(profile, bytes);
    ASSERT_TRUE(buffer.has_value());
    EXPECT_EQ(encode_authority_buffer(profile, *buffer), bytes);
    const auto fragments = split_authority(MessageId{0x703}, bytes);
    ASSERT_EQ(fragments.size(), 2U);
    EXPECT_EQ(encode_message(profile, {MessageId{0x804}, fragments[0]}), first);
    EXPECT_EQ(encode_message(profile, {MessageId{0x804}, fragments[1]}), second);

    ASSERT_TRUE(buffer->extended_payload && buffer->cpa);
    const auto payload = decode_extended_payload(profile, *buffer->extended_payload);
    ASSERT_TRUE(payload.has_value());
    EXPECT_EQ(payload->id, secure);
    EXPECT_EQ(payload->nonce, vector::kNonce);
    EXPECT_EQ(payload->not_after, vector::kNotAfter);
    EXPECT_EQ(payload->payload, Bytes(1501, std::byte{'x'}));
    EXPECT_EQ(encode_extended_payload(profile, *payload), *buffer->extended_payload);

    const Cpa cpa = cpa_of(*buffer->cpa);
    EXPECT_EQ(cpa.friendly_name, "M\u00fcller");
    EXPECT_EQ(cpa.name_encoding, NameEncoding::utf8);
    EXPECT_TRUE(cpa.has_extended_payload);
    EXPECT_EQ(id_of(profile, cpa), secure);
}

// PNRP-012, PNRP-023, PNRP-030, PNRP-039: what is reserved is ignored.
TEST_F(WindowsGoldenTest, ReservedBitsAreIgnored) {
    struct Dirt {
        const char* name;
        std::size_t offset;
    };
    for (const Dirt& dirt : {
             Dirt{"solicit", 16},          // Reserved of SOLICIT_CONTROLS
             Dirt{"solicit", 18},          // its padding
             Dirt{"solicit", 20 + 4 + 36}, // flags of the route entry
             Dirt{"flood", 16},            // the upper flags
             Dirt{"flood", 18},            // Reserved2
             Dirt{"flood", 19},            // its padding
             Dirt{"inquire", 16},          // the upper flags
             Dirt{"inquire", 19},          // padding
             Dirt{"lookup", 22},           // Reserved2 of LOOKUP_CONTROLS
             Dirt{"ack-not-found", 24},    // the upper flags
         }) {
        SCOPED_TRACE(dirt.name);
        Bytes dirty = datagram(dirt.name);
        dirty[dirt.offset] |= std::byte{0x80};
        const auto message = decode_message(profile, dirty);
        ASSERT_TRUE(message.has_value()) << dirt.offset;
        EXPECT_EQ(*message, decoded(dirt.name));
    }
}

// PNRP-039, decision A7
TEST_F(WindowsGoldenTest, PaddingAtTheEndMayBeMissingOrThere) {
    Bytes flags = std::get<Authority>(decoded("authority-not-found").body).fragment;
    flags.resize(6);
    const auto buffer = decode_authority_buffer(profile, flags);
    ASSERT_TRUE(buffer.has_value());
    EXPECT_TRUE(buffer->not_found);

    Bytes entry = std::get<Authority>(decoded("authority-next-hop").body).fragment;
    entry.resize(entry.size() - 2);
    EXPECT_EQ(decode_authority_buffer(profile, entry), buffer_of("authority-next-hop"));

    Bytes ack = datagram("ack-not-found");
    ack.resize(ack.size() + 2);
    EXPECT_EQ(decode_message(profile, ack), decoded("ack-not-found"));
}

// Decision A6: an older revision of the text has no nonce in a revoke.
TEST_F(WindowsGoldenTest, RevokeWithoutNonceIsTaken) {
    const auto flood = std::get<Flood>(decoded("flood-revoke").body);
    Bytes shorter = *flood.revoke_cpa;
    shorter.erase(shorter.begin() + 32, shorter.begin() + 48);
    shorter[0] = static_cast<std::byte>(shorter.size() & 0xffU);
    shorter[1] = static_cast<std::byte>(shorter.size() >> 8U);
    EXPECT_EQ(decode_cpa(profile, shorter), cpa_of(*flood.revoke_cpa));
}

// PNRP-072, PNRP-085 to PNRP-087, PNRP-214, PNRP-219 to PNRP-221, PNRP-272: each signature of the
// vectors holds, and the key makes it again.
TEST_F(WindowsGoldenTest, SignaturesAreThePublishedOnes) {
    const auto authority = [&](const char* name) { return *buffer_of(name).cpa; };
    const auto expect_signed = [&](const Bytes& bytes, const PnrpId& id) {
        const auto cpa = verify_cpa(profile, bytes, expecting(id));
        ASSERT_TRUE(cpa.has_value()) << static_cast<int>(cpa.error());
        EXPECT_EQ(to_hex(sign_cpa(profile, **cpa, key())), to_hex(bytes));
    };
    expect_signed(authority("authority-cpa"), unsecured);
    expect_signed(authority("authority-bare"), bare);

    Bytes bytes = std::get<Authority>(decoded("authority-fragment-0").body).fragment;
    const Bytes rest = std::get<Authority>(decoded("authority-fragment-1").body).fragment;
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    const auto buffer = decode_authority_buffer(profile, bytes);
    ASSERT_TRUE(buffer.has_value());
    expect_signed(*buffer->cpa, secure);
    const auto payload = verify_extended_payload(
        profile, *buffer->extended_payload, expecting(secure), key().public_key().material());
    ASSERT_TRUE(payload.has_value());
    EXPECT_EQ(sign_extended_payload(profile, *payload, key()), *buffer->extended_payload);

    const auto flood = std::get<Flood>(decoded("flood-revoke").body);
    const auto revoked =
        verify_cpa(profile, *flood.revoke_cpa, {.now = vector::kNotAfter, .revoke = true});
    ASSERT_TRUE(revoked.has_value());
    EXPECT_EQ(revoked->id(), unsecured);
    EXPECT_EQ(sign_cpa(profile, **revoked, key()), *flood.revoke_cpa);
}

// PNRP-214, PNRP-216 to PNRP-219: what is not as it was signed is refused, under its reason.
TEST_F(WindowsGoldenTest, ForgeriesAreRefused) {
    const Bytes bytes = *buffer_of("authority-bare").cpa;
    const auto why = [&](const Bytes& changed, const CpaExpectation& expected) {
        const auto cpa = verify_cpa(profile, changed, expected);
        return cpa ? CpaErrc{255} : cpa.error();
    };
    CpaExpectation later = expecting(bare);
    later.now += std::chrono::hours(1);
    EXPECT_EQ(why(bytes, later), CpaErrc::expired);
    CpaExpectation other_nonce = expecting(bare);
    other_nonce.nonce[0] ^= std::byte{1};
    EXPECT_EQ(why(bytes, other_nonce), CpaErrc::wrong_nonce);
    EXPECT_EQ(why(bytes, expecting(secure)), CpaErrc::wrong_id);
    Bytes address = bytes;
    address[48 + 20 + 4 + 17] ^= std::byte{1}; // of the first service address
    EXPECT_EQ(why(address, expecting(bare)), CpaErrc::bad_signature);
    Bytes signature = bytes;
    signature.back() ^= std::byte{1};
    EXPECT_EQ(why(signature, expecting(bare)), CpaErrc::bad_signature);
    Bytes no_key = bytes;
    no_key[no_key.size() - 136 - 1] ^= std::byte{2}; // another exponent
    EXPECT_EQ(why(no_key, expecting(bare)), CpaErrc::bad_key);
    // The owner's name, signed by somebody else.
    SeededSecureRandom random(1);
    const auto thief = crypto::PrivateKey::generate(crypto::KeyAlgorithm::rsa1024, random);
    EXPECT_EQ(
        why(sign_cpa(profile, cpa_of(bytes), thief), expecting(bare)), CpaErrc::wrong_authority);
}

// Decision A4: Windows' own library makes signatures whose bytes are the other way round.
TEST_F(WindowsGoldenTest, ReversedSignaturesHoldAsWell) {
    Bytes bytes = *buffer_of("authority-bare").cpa;
    std::reverse(bytes.end() - 128, bytes.end());
    EXPECT_TRUE(verify_cpa(profile, bytes, expecting(bare)).has_value());
    Profile strict = profile;
    strict.accepts_reversed_signatures = false;
    EXPECT_EQ(verify_cpa(strict, bytes, expecting(bare)).error(), CpaErrc::bad_signature);
}

TEST_F(WindowsGoldenTest, NothingOfItIsModern) {
    for (const char* name : {"solicit", "lookup", "authority-cpa", "ack"}) {
        EXPECT_EQ(
            decode_message(modern_profile(), datagram(name)).error(), MessageErrc::other_profile);
    }
    const auto flood = std::get<Flood>(decoded("flood-revoke").body);
    EXPECT_EQ(decode_cpa(modern_profile(), *flood.revoke_cpa).error(), CpaErrc::other_version);
}

} // namespace
} // namespace kith::pnrp
