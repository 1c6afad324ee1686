#include "base/check.hpp"
#include "crypto/digest.hpp"
#include "crypto/key.hpp"
#include "crypto/test_hex.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

namespace kith::crypto {
namespace {

constexpr KeyAlgorithm kRsa = KeyAlgorithm::rsa1024;

// The test key of the published protocol's vectors (tests/golden/pnrp/README.md): its modulus, and
// its primes as they follow from the private exponent that pnrp-dissect prints.
const std::string kPrimes = "f8571087befb9ad37b308804722c2c2e99a9000103d689c64a8ced8a7e82af55038b09"
                            "23cd2b1c4fbb77ce9591f9c9cf"
                            "1f054f498123f903b4ef965ff7f685f3"
                            "d81e3eb4f62439928951cca81bb16ba5d739d316a8589ee83f9be05e2fe1272c9f999d"
                            "8c6c4bd7c0906d6d58c7dedbaf"
                            "928f2fedd51983badd8ed19a98ae847f";
const std::string kMaterial =
    "30818902818100d1a6ccfb1b0bf9cc1b49b203545519e7f1504928bd4c94dd4392bee0a121d87dc4c81b68b8f71734"
    "de"
    "662ed34d6fcb78e431c15180f660da7843aed3246059ccbbf329ad309692cb31f32e4c59d78779207a9c49ae3afeae"
    "29"
    "b13b0bde8ef0e1c1b2d70694f5340e95f42cfc1b18c361dd9cb41e58c5855dfe4bf5bc7387bf8d0203010001";

PrivateKey published_key() {
    auto key = PrivateKey::from_seed(kRsa, hex(kPrimes));
    KITH_CHECK(key.has_value());
    return std::move(*key);
}

// PNRP-086: the form of the key, and that of SubjectPublicKeyInfo around it (vectors 3.3).
TEST(Rsa, KeyFromItsPrimesIsThePublishedTestKey) {
    const PrivateKey key = published_key();
    EXPECT_EQ(to_hex(key.public_key().material()), kMaterial);
    EXPECT_EQ(key.public_key().material().size(), 140U);
    EXPECT_EQ(to_hex(key.seed()), kPrimes);
    const Bytes info = key.public_key().subject_public_key_info();
    EXPECT_EQ(info.size(), 162U);
    EXPECT_EQ(to_hex(sha1({info})), "0c51f6673912115f0381fc0c0824adf6bb6d343f");
}

TEST(Rsa, ASignatureIsDeterministicAndHoldsForItsMessageOnly) {
    const PrivateKey key = published_key();
    const Bytes message = hex("00112233");
    const Bytes signature = key.sign(message);
    ASSERT_EQ(signature.size(), kRsaSignatureSize);
    EXPECT_EQ(signature, key.sign(message));
    EXPECT_TRUE(key.public_key().verify(message, signature));
    for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
        Bytes changed = message;
        changed[bit / 8] ^= std::byte{1} << (bit % 8);
        EXPECT_FALSE(key.public_key().verify(changed, signature)) << bit;
    }
    for (std::size_t bit = 0; bit < signature.size() * 8; bit += 7) {
        Bytes changed = signature;
        changed[bit / 8] ^= std::byte{1} << (bit % 8);
        EXPECT_FALSE(key.public_key().verify(message, changed)) << bit;
    }
    for (const std::size_t size : {0U, 64U, 127U, 129U}) {
        Bytes resized = signature;
        resized.resize(size);
        EXPECT_FALSE(key.public_key().verify(message, resized)) << size;
    }
    // Little-endian is another signature here; who takes both says so (decision A4).
    Bytes reversed = signature;
    std::ranges::reverse(reversed);
    EXPECT_FALSE(key.public_key().verify(message, reversed));
}

TEST(Rsa, OneSeedOfChanceIsOneKeyAndAnotherIsAnother) {
    SeededSecureRandom chance(7);
    SeededSecureRandom same(7);
    SeededSecureRandom other(8);
    const PrivateKey key = PrivateKey::generate(kRsa, chance);
    EXPECT_EQ(key.public_key(), PrivateKey::generate(kRsa, same).public_key());
    EXPECT_NE(key.public_key(), PrivateKey::generate(kRsa, other).public_key());
    const Bytes message = hex("abcd");
    EXPECT_TRUE(key.public_key().verify(message, key.sign(message)));
    EXPECT_FALSE(published_key().public_key().verify(message, key.sign(message)));
    const auto again = PrivateKey::from_seed(kRsa, key.seed());
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->public_key(), key.public_key());
    EXPECT_EQ(again->sign(message), key.sign(message));
}

TEST(Rsa, AMovedKeyStillSigns) {
    PrivateKey first = published_key();
    SeededSecureRandom chance(7);
    PrivateKey second = PrivateKey::generate(KeyAlgorithm::ed25519, chance);
    second = std::move(first);
    const Bytes message = hex("abcd");
    EXPECT_TRUE(published_key().public_key().verify(message, second.sign(message)));
}

// PNRP-086: one encoding, 1024 bits, the exponent 65537.
TEST(Rsa, RefusesMaterialThatIsNoSuchKey) {
    for (const std::size_t size : {0U, 32U, 139U, 141U}) {
        EXPECT_EQ(PublicKey::parse(kRsa, Bytes(size)).error(), KeyErrc::wrong_size) << size;
    }
    const Bytes material = hex(kMaterial);
    ASSERT_TRUE(PublicKey::parse(kRsa, material).has_value());
    const auto refuses = [&](std::size_t at, unsigned char value) {
        Bytes changed = material;
        changed[at] = std::byte{value};
        return PublicKey::parse(kRsa, changed).error() == KeyErrc::not_a_key;
    };
    EXPECT_TRUE(refuses(0, 0x31));                   // no SEQUENCE
    EXPECT_TRUE(refuses(6, 0x01));                   // a longer modulus
    EXPECT_TRUE(refuses(7, 0x51));                   // a shorter one
    EXPECT_TRUE(refuses(134, 0x8e));                 // an even one
    EXPECT_TRUE(refuses(material.size() - 1, 0x03)); // exponent 65539
    EXPECT_TRUE(refuses(material.size() - 4, 0x02)); // a shorter exponent
}

TEST(Rsa, RefusesASeedThatIsNoPairOfPrimes) {
    const Bytes primes = hex(kPrimes);
    EXPECT_EQ(PrivateKey::from_seed(kRsa, Bytes(127)).error(), KeyErrc::wrong_size);
    EXPECT_EQ(PrivateKey::from_seed(kRsa, Bytes(128)).error(), KeyErrc::not_a_key);
    Bytes swapped = primes;
    std::rotate(swapped.begin(), swapped.begin() + 64, swapped.end());
    EXPECT_EQ(PrivateKey::from_seed(kRsa, swapped).error(), KeyErrc::not_a_key);
    Bytes twice = primes;
    std::copy_n(primes.begin(), 64, twice.begin() + 64);
    EXPECT_EQ(PrivateKey::from_seed(kRsa, twice).error(), KeyErrc::not_a_key);
    Bytes composite = primes; // even numbers are refused by their shape, this one by the test
    composite[63] ^= std::byte{0x02};
    EXPECT_EQ(PrivateKey::from_seed(kRsa, composite).error(), KeyErrc::not_a_key);
}

TEST(Rsa, KeysOfDifferentAlgorithmsAreDifferent) {
    SeededSecureRandom chance(7);
    const PrivateKey ed25519 = PrivateKey::generate(KeyAlgorithm::ed25519, chance);
    const Bytes message = hex("abcd");
    EXPECT_FALSE(published_key().public_key().verify(message, ed25519.sign(message)));
    EXPECT_FALSE(ed25519.public_key().verify(message, published_key().sign(message)));
    EXPECT_NE(published_key().public_key(), ed25519.public_key());
}

} // namespace
} // namespace kith::crypto
