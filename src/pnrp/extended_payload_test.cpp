#include "pnrp/extended_payload.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/test_golden.hpp"
#include "pnrp/test_messages.hpp"
#include "pnrp/test_vectors.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

using namespace std::string_view_literals;

class ExtendedPayloadTest : public testing::Test {
protected:
    static Bytes changed(Bytes bytes, std::size_t offset, std::string_view digits) {
        const Bytes change = from_hex(digits).value();
        std::ranges::copy(change, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
        return bytes;
    }

    // What a sender that keeps no rules would send.
    bool is_taken(PayloadKind kind, std::string_view text) const {
        Bytes encoded = golden(
            "modern",
            kind == PayloadKind::binary      ? "extended-payload"
            : kind == PayloadKind::text_utf8 ? "extended-payload-utf8"
                                             : "extended-payload-utf16");
        const std::size_t begin = kind == PayloadKind::binary ? 74 : 76;
        encoded.erase(encoded.begin() + static_cast<std::ptrdiff_t>(begin), encoded.end() - 72);
        const auto at = encoded.begin() + static_cast<std::ptrdiff_t>(begin);
        const ByteView body = as_bytes(text);
        encoded.insert(at, body.begin(), body.end());
        const auto patch = [&](std::size_t offset, std::size_t value) {
            encoded[offset] = static_cast<std::byte>(value & 0xffU);
            encoded[offset + 1] = static_cast<std::byte>(value >> 8U);
        };
        const std::size_t length = begin - 74 + text.size();
        patch(0, encoded.size());
        patch(6, 74 + length);
        patch(66, 10 + length);
        patch(72, length);
        const auto payload = decode_extended_payload(profile, encoded);
        if (!payload) return false;
        EXPECT_EQ(as_text(payload->payload), text);
        EXPECT_EQ(encode_extended_payload(profile, *payload), encoded);
        return true;
    }

    const Profile& profile = modern_profile();
    const crypto::PrivateKey key = vector::key();
    const Bytes bytes = golden("modern", "extended-payload");
    const CpaExpectation expected{
        vector::kNotAfter,
        false,
        vector::id_of_name(profile, "06e3fd8fda29bb60ab59557de61edb0aecdb2311.MyApplication"),
        vector::kNonce,
        {}};
};

TEST_F(ExtendedPayloadTest, WhatIsEncodedDecodesToTheSame) {
    RandomMessages messages(31);
    for (int i = 0; i < 1000; ++i) {
        const ExtendedPayload payload = messages.payload();
        const Bytes encoded = encode_extended_payload(profile, payload);
        const auto back = decode_extended_payload(profile, encoded);
        ASSERT_TRUE(back.has_value()) << to_hex(encoded);
        ASSERT_EQ(*back, payload);
    }
}

TEST_F(ExtendedPayloadTest, WhatDecodesEncodesToTheSameBytesHoweverDamaged) {
    for (const char* name :
         {"extended-payload", "extended-payload-utf8", "extended-payload-utf16"}) {
        const Bytes whole = golden("modern", name);
        damage(whole, [&](const Bytes& damaged) {
            const auto payload = decode_extended_payload(profile, damaged);
            ASSERT_FALSE(payload && damaged.size() < whole.size());
            if (payload) {
                ASSERT_EQ(encode_extended_payload(profile, *payload), damaged);
            }
        });
    }
}

// PNRP-088 to PNRP-093
TEST_F(ExtendedPayloadTest, IsRefusedUnlessEveryLengthAgrees) {
    const auto why = [&](std::size_t offset, std::string_view digits) {
        const auto payload = decode_extended_payload(profile, changed(bytes, offset, digits));
        return payload ? CpaErrc{255} : payload.error();
    };
    EXPECT_EQ(why(0, "9800"), CpaErrc::bad_syntax);
    EXPECT_EQ(why(2, "01"), CpaErrc::other_version);
    EXPECT_EQ(why(3, "02"), CpaErrc::other_version);
    EXPECT_EQ(why(4, "01"), CpaErrc::bad_syntax);        // reserved
    EXPECT_EQ(why(6, "5000"), CpaErrc::bad_syntax);      // Signature Offset
    EXPECT_EQ(why(64, "0200"), CpaErrc::bad_syntax);     // Number of Payloads
    EXPECT_EQ(why(66, "1000"), CpaErrc::bad_syntax);     // Total
    EXPECT_EQ(why(68, "01000080"), CpaErrc::bad_syntax); // Type
    EXPECT_EQ(why(72, "0600"), CpaErrc::bad_syntax);     // Length
    EXPECT_EQ(decode_extended_payload(profile, {}).error(), CpaErrc::bad_syntax);
    const Bytes text = golden("modern", "extended-payload-utf8");
    EXPECT_FALSE(decode_extended_payload(profile, changed(text, 74, "0200")).has_value());
}

// PNRP-094, decision A37
TEST_F(ExtendedPayloadTest, BinaryIsOneTo4096Bytes) {
    EXPECT_FALSE(is_taken(PayloadKind::binary, ""));
    EXPECT_TRUE(is_taken(PayloadKind::binary, "x"));
    EXPECT_TRUE(is_taken(PayloadKind::binary, std::string(kPayloadBytesMax, 'x')));
    EXPECT_FALSE(is_taken(PayloadKind::binary, std::string(kPayloadBytesMax + 1, 'x')));
    EXPECT_FALSE(is_taken(PayloadKind::binary, std::string(kPayloadBytesMax + 2, 'x')));
    EXPECT_FALSE(is_taken(PayloadKind::binary, std::string(kPayloadBytesMax + 3, 'x')));
}

TEST_F(ExtendedPayloadTest, TextEndsInItsOnlyNul) {
    EXPECT_TRUE(is_taken(PayloadKind::text_utf8, "x\0"sv));
    EXPECT_TRUE(is_taken(PayloadKind::text_utf8, "\u00fc\0"sv));
    EXPECT_FALSE(is_taken(PayloadKind::text_utf8, ""));
    EXPECT_FALSE(is_taken(PayloadKind::text_utf8, "\0"sv));
    EXPECT_FALSE(is_taken(PayloadKind::text_utf8, "xy"));
    EXPECT_FALSE(is_taken(PayloadKind::text_utf8, "x\0y\0"sv));
    EXPECT_FALSE(is_taken(PayloadKind::text_utf8, "\xff\0"sv));
    EXPECT_TRUE(is_taken(PayloadKind::text_utf16, "x\0\0\0"sv));
    EXPECT_FALSE(is_taken(PayloadKind::text_utf16, "\0\0"sv));
    EXPECT_FALSE(is_taken(PayloadKind::text_utf16, "x\0\0"sv));
    EXPECT_FALSE(is_taken(PayloadKind::text_utf16, "x\0y\0"sv));
    EXPECT_FALSE(is_taken(PayloadKind::text_utf16, "\0\xd8\0\0"sv)); // a lone surrogate
    EXPECT_TRUE(is_taken(PayloadKind::text_utf8, std::string(kPayloadBytesMax - 1, 'x') + '\0'));
    EXPECT_FALSE(is_taken(PayloadKind::text_utf8, std::string(kPayloadBytesMax, 'x') + '\0'));
}

// PNRP-091, PNRP-220
TEST_F(ExtendedPayloadTest, VerifiesWhatWasAskedForAndNothingElse) {
    const ByteView owner = key.public_key().material();
    const auto why = [&](const CpaExpectation& other) {
        const auto payload = verify_extended_payload(profile, bytes, other, owner);
        return payload ? CpaErrc{255} : payload.error();
    };
    EXPECT_TRUE(verify_extended_payload(profile, bytes, expected, owner).has_value());
    CpaExpectation other = expected;
    other.now += WallClock::duration(1);
    EXPECT_EQ(why(other), CpaErrc::expired);
    other = expected;
    other.nonce[15] ^= std::byte{1};
    EXPECT_EQ(why(other), CpaErrc::wrong_nonce);
    other = expected;
    other.id = successor(*other.id);
    EXPECT_EQ(why(other), CpaErrc::wrong_id);
    EXPECT_EQ(
        verify_extended_payload(profile, bytes, expected, Bytes(31)).error(), CpaErrc::bad_key);
    SeededSecureRandom random(5);
    const auto stranger = crypto::PrivateKey::generate(crypto::KeyAlgorithm::ed25519, random);
    EXPECT_EQ(
        verify_extended_payload(profile, bytes, expected, stranger.public_key().material()).error(),
        CpaErrc::bad_signature);
    EXPECT_EQ(
        verify_extended_payload(profile, changed(bytes, 74, "6a"), expected, owner).error(),
        CpaErrc::bad_signature);
}

} // namespace
} // namespace kith::pnrp
