#include "crypto/key.hpp"
#include "crypto/sodium.hpp"
#include "crypto/test_hex.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <type_traits>

namespace kith::crypto {
namespace {

constexpr KeyAlgorithm kEd25519 = KeyAlgorithm::ed25519;

static_assert(!std::is_copy_constructible_v<PrivateKey>);
static_assert(!std::is_copy_assignable_v<PrivateKey>);
static_assert(std::is_nothrow_move_constructible_v<PrivateKey>);

struct SignatureVector {
    std::string seed;
    std::string public_key;
    std::string message;
    std::string signature;
};

// RFC 8032 7.1: TEST 1, TEST 2, TEST 3 and TEST SHA(abc).
std::vector<SignatureVector> signature_vectors() {
    return {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
         "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
         "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
         "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da0"
         "85ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
         "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac1"
         "8ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
        {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
         "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
         "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
         "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
         "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909"
         "351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"},
    };
}

PrivateKey first_key() {
    return PrivateKey::from_seed(kEd25519, hex(signature_vectors()[0].seed)).value();
}

TEST(Key, AgreesWithThePublishedVectors) {
    for (const SignatureVector& vector : signature_vectors()) {
        const auto key = PrivateKey::from_seed(kEd25519, hex(vector.seed));
        ASSERT_TRUE(key.has_value());
        EXPECT_EQ(to_hex(key->public_key().material()), vector.public_key);
        EXPECT_EQ(to_hex(key->sign(hex(vector.message))), vector.signature);
        EXPECT_TRUE(key->public_key().verify(hex(vector.message), hex(vector.signature)));
        EXPECT_EQ(to_hex(key->seed()), vector.seed);
    }
}

// RFC 8410 10.1, the example of a public key, out of its base64.
TEST(Key, WritesTheSubjectPublicKeyInfoOfRfc8410) {
    const std::string material = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";
    const auto key = PublicKey::parse(kEd25519, hex(material));
    ASSERT_TRUE(key.has_value());
    EXPECT_EQ(to_hex(key->subject_public_key_info()), "302a300506032b6570032100" + material);
}

TEST(Key, RefusesMaterialOfAnotherSize) {
    for (const std::size_t size : {0U, 31U, 33U, 64U}) {
        const Bytes material(size);
        EXPECT_EQ(PublicKey::parse(kEd25519, material).error(), KeyErrc::wrong_size) << size;
        EXPECT_EQ(PrivateKey::from_seed(kEd25519, material).error(), KeyErrc::wrong_size) << size;
    }
}

TEST(Key, RefusesAnAlgorithmThatItDoesNotKnow) {
    // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): what a damaged file may hold
    const auto unknown = static_cast<KeyAlgorithm>(3);
    const Bytes material(32);
    EXPECT_EQ(PublicKey::parse(unknown, material).error(), KeyErrc::unknown_algorithm);
    EXPECT_EQ(PrivateKey::from_seed(unknown, material).error(), KeyErrc::unknown_algorithm);
}

TEST(Key, ASignatureHoldsForItsMessageItsKeyAndItsBytesOnly) {
    const PrivateKey key = first_key();
    const Bytes message = hex("00112233");
    const Bytes signature = key.sign(message);
    ASSERT_TRUE(key.public_key().verify(message, signature));
    for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
        Bytes changed = message;
        changed[bit / 8] ^= std::byte{1} << (bit % 8);
        EXPECT_FALSE(key.public_key().verify(changed, signature)) << bit;
    }
    for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
        Bytes changed = signature;
        changed[bit / 8] ^= std::byte{1} << (bit % 8);
        EXPECT_FALSE(key.public_key().verify(message, changed)) << bit;
    }
    SeededSecureRandom random(1);
    const PrivateKey other = PrivateKey::generate(kEd25519, random);
    EXPECT_FALSE(other.public_key().verify(message, signature));
}

TEST(Key, ASignatureOfAnotherSizeIsNone) {
    const PrivateKey key = first_key();
    Bytes signature = key.sign({});
    signature.push_back(std::byte{0});
    EXPECT_FALSE(key.public_key().verify({}, signature));
    signature.resize(kEd25519SignatureSize - 1);
    EXPECT_FALSE(key.public_key().verify({}, signature));
    EXPECT_FALSE(key.public_key().verify({}, {}));
}

// RFC 8032 5.1.7 step 1: S must be below the group's order, else anybody could make a second
// signature out of the first.
TEST(Key, ASignatureWithTheOrderAddedIsNone) {
    const Bytes order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    const PrivateKey key = first_key();
    Bytes signature = key.sign({});
    unsigned carry = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        carry += std::to_integer<unsigned>(signature[32 + i]) + std::to_integer<unsigned>(order[i]);
        signature[32 + i] = static_cast<std::byte>(carry & 0xffU);
        carry >>= 8U;
    }
    ASSERT_EQ(carry, 0U);
    EXPECT_FALSE(key.public_key().verify({}, signature));
}

// With the neutral point as key and as R, and S = 0, the bare equation holds for every message: a
// key that signed everything would let anybody speak for the name that it owns.
TEST(Key, AKeyOfSmallOrderSignsNothing) {
    Bytes neutral(32);
    neutral[0] = std::byte{1};
    const auto key = PublicKey::parse(kEd25519, neutral);
    ASSERT_TRUE(key.has_value());
    Bytes signature(64);
    signature[0] = std::byte{1};
    EXPECT_FALSE(key->verify(as_bytes("any message"), signature));
}

// The owner of a key can make R the neutral point and S = h * a: the equation holds.
// Implementations differ on such signatures, so we refuse them (docs/protocol/pnrp.md).
TEST(Key, ASignatureWhoseRIsOfSmallOrderIsNone) {
    const Bytes seed = hex(signature_vectors()[0].seed);
    const PrivateKey key = first_key();
    const Bytes message = hex("00112233");
    Bytes neutral(32);
    neutral[0] = std::byte{1};

    ByteArray<64> secret;
    crypto_hash_sha512(raw_out(secret), raw(seed), seed.size());
    secret[0] &= std::byte{248}; // RFC 8032 5.1.5: the scalar a
    secret[31] &= std::byte{127};
    secret[31] |= std::byte{64};
    Bytes hashed = neutral;
    const ByteView material = key.public_key().material();
    hashed.insert(hashed.end(), material.begin(), material.end());
    hashed.insert(hashed.end(), message.begin(), message.end());
    ByteArray<64> digest;
    crypto_hash_sha512(raw_out(digest), raw(hashed), hashed.size());
    ByteArray<32> reduced;
    crypto_core_ed25519_scalar_reduce(raw_out(reduced), raw(digest));
    // With no multiplication that takes an unreduced a, a is reduced as well: the product is the
    // same.
    ByteArray<64> wide{};
    std::copy_n(secret.begin(), 32, wide.begin());
    ByteArray<32> scalar;
    crypto_core_ed25519_scalar_reduce(raw_out(scalar), raw(wide));
    Bytes signature = neutral;
    signature.resize(64);
    crypto_core_ed25519_scalar_mul(
        raw_out(std::span(signature).subspan(32)), raw(reduced), raw(scalar));

    // That it holds at all: S * B equals h * A.
    ByteArray<32> left;
    ByteArray<32> right;
    ASSERT_EQ(
        crypto_scalarmult_ed25519_base_noclamp(
            raw_out(left), raw(std::span(signature).subspan(32))),
        0);
    ASSERT_EQ(crypto_scalarmult_ed25519_noclamp(raw_out(right), raw(reduced), raw(material)), 0);
    ASSERT_EQ(left, right);
    EXPECT_FALSE(key.public_key().verify(message, signature));
}

TEST(Key, AMovedKeySignsAsBefore) {
    PrivateKey from = first_key();
    const Bytes signature = from.sign(as_bytes("message"));
    const PublicKey public_key = from.public_key();
    PrivateKey constructed = std::move(from);
    EXPECT_EQ(constructed.sign(as_bytes("message")), signature);
    SeededSecureRandom random(1);
    PrivateKey assigned = PrivateKey::generate(kEd25519, random);
    assigned = std::move(constructed);
    EXPECT_EQ(assigned.sign(as_bytes("message")), signature);
    EXPECT_EQ(assigned.public_key(), public_key);
}

TEST(Key, IsMadeOfTheRandomBytesAndOfNothingElse) {
    SeededSecureRandom random(7);
    SeededSecureRandom same(7);
    const PrivateKey first = PrivateKey::generate(kEd25519, random);
    const PrivateKey second = PrivateKey::generate(kEd25519, random);
    EXPECT_EQ(PrivateKey::generate(kEd25519, same).public_key(), first.public_key());
    EXPECT_NE(first.public_key(), second.public_key());
}

} // namespace
} // namespace kith::crypto
