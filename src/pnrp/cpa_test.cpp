#include "pnrp/cpa.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/test_golden.hpp"
#include "pnrp/test_messages.hpp"
#include "pnrp/test_vectors.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

// Offsets in cpa.hex: A, C, the name "My friend", one service address, one application endpoint.
constexpr std::size_t kFlags = 6;
constexpr std::size_t kNonce = 32;
constexpr std::size_t kAuthority = 48;
constexpr std::size_t kName = 88;
constexpr std::size_t kServices = 99;
constexpr std::size_t kPayloads = 121;
constexpr std::size_t kKey = 151;
constexpr std::size_t kSignature = 203;

class CpaTest : public testing::Test {
protected:
    static Bytes changed(Bytes bytes, std::size_t offset, std::string_view digits) {
        const Bytes change = from_hex(digits).value();
        std::ranges::copy(change, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
        return bytes;
    }

    void expect_refused(std::size_t offset, std::string_view digits) const {
        const auto cpa = decode_cpa(profile, changed(bytes, offset, digits));
        EXPECT_FALSE(cpa.has_value()) << "at " << offset << ": " << digits;
    }

    Cpa decoded() const { return decode_cpa(profile, bytes).value(); }

    CpaErrc why(const Cpa& cpa) const {
        const auto verified = verify_cpa(profile, sign_cpa(profile, cpa, key), expected);
        EXPECT_FALSE(verified.has_value());
        return verified ? CpaErrc{255} : verified.error();
    }

    bool is_decodable(const Cpa& cpa) const {
        return decode_cpa(profile, encode_cpa(profile, cpa)).has_value();
    }

    const Profile& profile = modern_profile();
    const crypto::PrivateKey key = vector::key();
    const Bytes bytes = golden("modern", "cpa");
    const CpaExpectation expected{
        vector::kNotAfter,
        false,
        vector::id_of_name(profile, "06e3fd8fda29bb60ab59557de61edb0aecdb2311.MyApplication"),
        vector::kNonce,
        {}};
};

TEST_F(CpaTest, WhatIsEncodedDecodesToTheSame) {
    RandomMessages messages(21);
    for (int i = 0; i < 4000; ++i) {
        const Cpa cpa = messages.cpa();
        const Bytes encoded = encode_cpa(profile, cpa);
        const auto back = decode_cpa(profile, encoded);
        ASSERT_TRUE(back.has_value()) << to_hex(encoded);
        ASSERT_EQ(*back, cpa) << to_hex(encoded);
    }
}

TEST_F(CpaTest, WhatDecodesEncodesToTheSameBytesHoweverDamaged) {
    RandomMessages messages(22);
    for (int i = 0; i < 40; ++i) {
        const Bytes encoded = encode_cpa(profile, messages.cpa());
        damage(encoded, [&](const Bytes& damaged) {
            const auto cpa = decode_cpa(profile, damaged);
            ASSERT_FALSE(cpa && damaged.size() < encoded.size());
            if (cpa) {
                ASSERT_EQ(to_hex(encode_cpa(profile, *cpa)), to_hex(damaged));
            }
        });
    }
}

// PNRP-062 to PNRP-067
TEST_F(CpaTest, FixedPartIsRefusedUnlessItIsRight) {
    ASSERT_TRUE(decode_cpa(profile, bytes).has_value());
    expect_refused(0, "1201");
    expect_refused(0, "1401");
    expect_refused(2, "01");
    expect_refused(3, "02");
    expect_refused(5, "04");
    expect_refused(kFlags, "5e");     // a reserved bit
    expect_refused(kFlags + 1, "01"); // Reserved
    expect_refused(15, "80");         // a date that cannot be
    EXPECT_EQ(decode_cpa(profile, changed(bytes, 3, "02")).error(), CpaErrc::other_version);
    EXPECT_EQ(decode_cpa(profile, changed(bytes, 5, "04")).error(), CpaErrc::other_version);
    Bytes longer = bytes;
    longer.push_back(std::byte{0});
    EXPECT_EQ(decode_cpa(profile, longer).error(), CpaErrc::bad_syntax);
    EXPECT_EQ(decode_cpa(profile, {}).error(), CpaErrc::bad_syntax);
    EXPECT_EQ(decode_cpa(profile, Bytes(70'000)).error(), CpaErrc::other_version);
}

// PNRP-065, PNRP-073
TEST_F(CpaTest, SomebodysNameMustBeInIt) {
    const Bytes bare = golden("modern", "cpa-bare");
    Bytes nameless = bare;
    nameless.erase(nameless.begin() + kAuthority, nameless.begin() + kAuthority + 20);
    nameless = changed(nameless, 0, "e000"); // 244 - 20
    nameless = changed(nameless, kFlags, "00");
    ASSERT_EQ(nameless.size(), 0xe0U);
    EXPECT_EQ(decode_cpa(profile, nameless).error(), CpaErrc::bad_syntax);
}

// PNRP-071, decision A44: such ids would be those of an unsecured name.
TEST_F(CpaTest, AuthorityOfZerosIsRefused) {
    expect_refused(kAuthority, std::string(40, '0'));
}

// PNRP-066, PNRP-075, PNRP-076
TEST_F(CpaTest, FriendlyNameIsRefusedUnlessItIsShortUtf8) {
    expect_refused(kFlags, "0e");  // U without F
    expect_refused(kFlags, "1c");  // UTF-16
    expect_refused(kName, "0000"); // of no length
    expect_refused(kName, "4f00"); // of 79 bytes
    expect_refused(kName + 2, "ff");
    expect_refused(kName + 4, "00"); // NUL

    Cpa cpa = decoded();
    cpa.friendly_name = std::string(kFriendlyNameBytesMax, 'n');
    EXPECT_TRUE(is_decodable(cpa));
    cpa.friendly_name.clear();
    EXPECT_TRUE(is_decodable(cpa));
}

TEST_F(CpaTest, PublishedFriendlyNameIsEitherEncoding) {
    Profile published = windows_profile();
    Cpa cpa = decoded();
    cpa.public_key.assign(published.key_size, std::byte{1});
    cpa.signature.assign(published.signature_size, std::byte{2});
    for (const NameEncoding encoding : {NameEncoding::utf8, NameEncoding::utf16}) {
        cpa.name_encoding = encoding;
        cpa.friendly_name = "M\u00fcller \U0001F600";
        const Bytes encoded = encode_cpa(published, cpa);
        EXPECT_EQ(decode_cpa(published, encoded), cpa);
    }
    // A lone surrogate is no text.
    const Bytes encoded = encode_cpa(published, cpa);
    EXPECT_FALSE(decode_cpa(published, changed(encoded, kName + 2, "00d8")).has_value());
    // Nor is half a unit.
    EXPECT_FALSE(decode_cpa(published, changed(encoded, kName, "1100")).has_value());
}

// PNRP-081
TEST_F(CpaTest, ServiceAddressesAreOneToFour) {
    expect_refused(kServices, "0000");
    expect_refused(kServices, "0500");
    expect_refused(kServices + 2, "1300");
    Cpa cpa = decoded();
    cpa.service_addresses.assign(kServiceAddressesMax, vector::endpoint("2001:db8::1"));
    EXPECT_TRUE(is_decodable(cpa));
}

// PNRP-077, PNRP-079, PNRP-082
TEST_F(CpaTest, PayloadsAreRefusedUnlessTheyFillTheirTotal) {
    expect_refused(kPayloads, "0000");     // none, yet there is one
    expect_refused(kPayloads, "0300");     // more than there are types
    expect_refused(kPayloads + 2, "1f00"); // Total Bytes
    expect_refused(kPayloads + 4, "0200"); // Type
    expect_refused(kPayloads + 8, "0000"); // DataLength
    expect_refused(kPayloads + 8, "1500"); // no multiple of 20
    expect_refused(kPayloads + 8, "dc00"); // 11 endpoints
    Cpa cpa = decoded();
    cpa.app_endpoints.clear();
    EXPECT_TRUE(is_decodable(cpa));
    cpa.app_endpoints.assign(kAppEndpointsMax, vector::application());
    EXPECT_TRUE(is_decodable(cpa));
}

// docs/protocol/pnrp.md, Room for reach
TEST_F(CpaTest, ReachPayloadIsBoundedAndComesSecond) {
    Cpa cpa = decoded();
    cpa.reach = {{1, Bytes(kReachPayloadBytesMax - 4)}};
    EXPECT_TRUE(is_decodable(cpa));
    EXPECT_EQ(encode_cpa(profile, cpa).size(), bytes.size() + 6 + kReachPayloadBytesMax);
    cpa.app_endpoints.clear();
    EXPECT_TRUE(is_decodable(cpa)); // alone

    cpa = decoded();
    cpa.reach = {{1, to_owned(as_bytes("abcd"))}};
    const Bytes encoded = encode_cpa(profile, cpa);
    constexpr std::size_t kReach = kPayloads + 4 + 26;
    ASSERT_TRUE(decode_cpa(profile, encoded).has_value());
    const auto is_refused = [&](const Bytes& changed_bytes) {
        return !decode_cpa(profile, changed_bytes).has_value();
    };
    EXPECT_TRUE(is_refused(changed(encoded, kReach, "49544849"))); // another type
    EXPECT_TRUE(is_refused(changed(encoded, kReach, "01000000"))); // endpoints twice
    EXPECT_TRUE(is_refused(changed(encoded, kReach + 4, "0700"))); // DataLength
    EXPECT_TRUE(is_refused(changed(encoded, kReach + 8, "0500"))); // a TLV beyond its end
    EXPECT_TRUE(is_refused(changed(encoded, kReach + 8, "0300"))); // half a TLV
    // Reach before endpoints.
    Bytes swapped = encoded;
    const auto first = swapped.begin() + kPayloads + 4;
    std::rotate(first, first + 26, first + 26 + 14);
    EXPECT_TRUE(is_refused(swapped));
    // The published profile knows no second payload.
    Profile published = windows_profile();
    published.allows_reach_payload = true;
    cpa.public_key.resize(published.key_size);
    cpa.signature.resize(published.signature_size);
    const Bytes other = encode_cpa(published, cpa);
    EXPECT_TRUE(decode_cpa(published, other).has_value());
    EXPECT_FALSE(decode_cpa(windows_profile(), other).has_value());
}

// PNRP-080, PNRP-084 to PNRP-087
TEST_F(CpaTest, KeyAndSignatureHaveTheProfilesForm) {
    expect_refused(kKey, "3500");           // Field Length
    expect_refused(kKey + 2, "0c00");       // ObjId Length
    expect_refused(kKey + 4, "0100");       // reserved
    expect_refused(kKey + 6, "2100");       // cbData
    expect_refused(kKey + 8, "01");         // Unused
    expect_refused(kKey + 9, "32");         // another OID
    expect_refused(kSignature, "4900");     // Field Length
    expect_refused(kSignature + 2, "4100"); // Signature Length
    expect_refused(kSignature + 4, "0480"); // another algorithm
    EXPECT_TRUE(decode_cpa(profile, changed(bytes, kKey + 20, "00")).has_value());
    EXPECT_TRUE(decode_cpa(profile, changed(bytes, kSignature + 8, "00")).has_value());
}

TEST_F(CpaTest, RevokeHasNeitherNonceNorPayload) {
    const Bytes revoke = golden("modern", "cpa-revoke");
    ASSERT_TRUE(decode_cpa(profile, revoke).has_value());
    EXPECT_FALSE(decode_cpa(profile, changed(revoke, kNonce, "01")).has_value());
    Cpa cpa = decoded();
    cpa.nonce = {};
    const Bytes claims = changed(encode_cpa(profile, cpa), kFlags, "1f");
    EXPECT_FALSE(decode_cpa(profile, claims).has_value()); // has a payload
}

TEST_F(CpaTest, ValidOneIsVerified) {
    const auto verified = verify_cpa(profile, bytes, expected);
    ASSERT_TRUE(verified.has_value());
    EXPECT_EQ(verified->id(), *expected.id);
    EXPECT_EQ(**verified, decoded());
}

// PNRP-216
TEST_F(CpaTest, ExpiredOneIsRefusedButForTheClocksSkew) {
    CpaExpectation late = expected;
    late.now += WallClock::duration(1);
    EXPECT_EQ(verify_cpa(profile, bytes, late).error(), CpaErrc::expired);
    late.clock_skew = WallClock::duration(1);
    EXPECT_TRUE(verify_cpa(profile, bytes, late).has_value());
}

// PNRP-070: against replay
TEST_F(CpaTest, AnotherNonceIsRefused) {
    CpaExpectation other = expected;
    other.nonce[0] ^= std::byte{1};
    EXPECT_EQ(verify_cpa(profile, bytes, other).error(), CpaErrc::wrong_nonce);
}

TEST_F(CpaTest, AnotherIdIsRefused) {
    CpaExpectation other = expected;
    other.id = successor(*expected.id);
    EXPECT_EQ(verify_cpa(profile, bytes, other).error(), CpaErrc::wrong_id);
    other.id.reset();
    EXPECT_TRUE(verify_cpa(profile, bytes, other).has_value());
    // Another registration's service location makes another id.
    Cpa moved = decoded();
    moved.service_location[15] ^= std::byte{1};
    EXPECT_EQ(why(moved), CpaErrc::wrong_id);
}

// PNRP-072: nobody signs for a name that another key owns.
TEST_F(CpaTest, NameOfAnotherKeyIsRefused) {
    SeededSecureRandom random(5);
    const auto thief = crypto::PrivateKey::generate(crypto::KeyAlgorithm::ed25519, random);
    const auto verified = verify_cpa(profile, sign_cpa(profile, decoded(), thief), expected);
    EXPECT_EQ(verified.error(), CpaErrc::wrong_authority);
}

TEST_F(CpaTest, EveryBitIsCoveredByTheSignature) {
    CpaExpectation any = expected;
    any.id.reset();
    any.now = WallTime{}; // whatever the date becomes, it is later
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            Bytes damaged = bytes;
            damaged[at] ^= static_cast<std::byte>(1U << bit);
            ASSERT_FALSE(verify_cpa(profile, damaged, any).has_value()) << at << " bit " << bit;
        }
    }
}

TEST_F(CpaTest, SignatureOfAnotherContextIsNone) {
    Bytes forged = bytes;
    const Bytes signature = key.sign(ByteView(bytes).first(kSignature));
    std::ranges::copy(signature, forged.end() - 64);
    EXPECT_EQ(verify_cpa(profile, forged, expected).error(), CpaErrc::bad_signature);
}

// Decision A22
TEST_F(CpaTest, RevokesAndProofsOfPresenceAreNotTakenForEachOther) {
    CpaExpectation revoke = expected;
    revoke.revoke = true;
    EXPECT_EQ(verify_cpa(profile, bytes, revoke).error(), CpaErrc::not_a_revoke);
    const Bytes revoking = golden("modern", "cpa-revoke");
    EXPECT_TRUE(verify_cpa(profile, revoking, revoke).has_value());
    CpaExpectation without_nonce = expected;
    without_nonce.nonce = {};
    EXPECT_EQ(verify_cpa(profile, revoking, without_nonce).error(), CpaErrc::wrong_nonce);
}

TEST_F(CpaTest, OptionalReachIsKeptAndCriticalReachRefuses) {
    Cpa cpa = decoded();
    cpa.reach = {{0x7fff, to_owned(as_bytes("whatever"))}};
    const auto verified = verify_cpa(profile, sign_cpa(profile, cpa, key), expected);
    ASSERT_TRUE(verified.has_value());
    EXPECT_EQ((*verified)->reach, cpa.reach);
    cpa.reach.push_back({0x8000, {}});
    EXPECT_EQ(why(cpa), CpaErrc::unknown_critical_tlv);
    // The digest of a payload is critical and known, where there is a payload.
    cpa.reach = {{kPayloadDigestTlv, Bytes(kPayloadDigestSize)}};
    EXPECT_EQ(why(cpa), CpaErrc::unknown_critical_tlv);
    cpa.has_extended_payload = true;
    EXPECT_TRUE(verify_cpa(profile, sign_cpa(profile, cpa, key), expected).has_value());
    cpa.reach.front().value.pop_back();
    EXPECT_EQ(why(cpa), CpaErrc::unknown_critical_tlv);
}

TEST(KeyFingerprintTest, TellsKeysApart) {
    EXPECT_EQ(key_fingerprint(Bytes(32)), key_fingerprint(Bytes(32)));
    EXPECT_NE(key_fingerprint(Bytes(32)), key_fingerprint(Bytes(32, std::byte{1})));
}

} // namespace
} // namespace kith::pnrp
