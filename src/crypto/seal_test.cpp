#include "base/test_sanitizer.hpp"
#include "crypto/seal.hpp"
#include "crypto/secret.hpp"

#include <sys/resource.h>

#include <cstdlib>
#include <gtest/gtest.h>
#include <limits>
#include <string>

namespace kith::crypto {
namespace {

constexpr std::string_view kPassword = "correct horse";

// A source whose bytes are known: 00 01 02 ... for the salt, 40 41 42 ... for the nonce.
class CountingRandom final : public SecureRandom {
public:
    void fill(std::span<std::byte> out) override {
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = static_cast<std::byte>(first_ + i);
        first_ += 0x40;
    }

private:
    std::size_t first_ = 0;
};

SealedBox sealed(std::string_view secret, std::string_view context, SealCost cost) {
    CountingRandom random;
    return seal(as_bytes(secret), kPassword, as_bytes(context), cost, random).value();
}

std::expected<std::string, SealErrc> opened(const SealedBox& box, std::string_view context) {
    auto secret = unseal(box, kPassword, as_bytes(context));
    if (!secret) return std::unexpected(secret.error());
    return std::string(as_text(*secret));
}

// Pins the stored form. The boxes were made by other code: Argon2id and ChaCha20-Poly1305 of
// OpenSSL 3.5 behind Python's cryptography 48, and an HChaCha20 that agrees with
// draft-irtf-cfrg-xchacha 2.2.1.
TEST(Seal, MakesTheBytesThatAnotherImplementationMakes) {
    const SealedBox cheap = sealed("secret", "context", {1, 8});
    EXPECT_EQ(to_hex(cheap.salt), "000102030405060708090a0b0c0d0e0f");
    EXPECT_EQ(to_hex(cheap.nonce), "404142434445464748494a4b4c4d4e4f5051525354555657");
    EXPECT_EQ(to_hex(cheap.ciphertext), "6853a911dcac83f0a8701f12cb096e026613a6ccc159");
    const SealedBox dearer = sealed("secret", "context", {3, 64});
    EXPECT_EQ(to_hex(dearer.ciphertext), "4d42b99c1e333343e43ff469cc14a54122c67dbd6e44");
}

TEST(Seal, OpensWhatItSealed) {
    for (const std::string_view secret :
         {"", "x", "a longer secret than a single block of ChaCha"}) {
        const SealedBox box = sealed(secret, "context", kSealCostTest);
        EXPECT_EQ(box.ciphertext.size(), secret.size() + kSealTagSize);
        EXPECT_EQ(opened(box, "context").value(), secret);
    }
}

TEST(Seal, TwoBoxesOfOneSecretHaveNothingInCommon) {
    SeededSecureRandom random(1);
    const auto first = seal(as_bytes("secret"), kPassword, {}, kSealCostTest, random).value();
    const auto second = seal(as_bytes("secret"), kPassword, {}, kSealCostTest, random).value();
    EXPECT_NE(first.salt, second.salt);
    EXPECT_NE(first.nonce, second.nonce);
    EXPECT_NE(first.ciphertext, second.ciphertext);
}

TEST(Seal, DoesNotOpenWithAnotherPassword) {
    const SealedBox box = sealed("secret", "context", kSealCostTest);
    for (const std::string_view password :
         {"", "correct hors", "correct horse ", "Correct horse"}) {
        EXPECT_EQ(unseal(box, password, as_bytes("context")).error(), SealErrc::wrong_password)
            << password;
    }
}

TEST(Seal, DoesNotOpenInAnotherContext) {
    const SealedBox box = sealed("secret", "context", kSealCostTest);
    EXPECT_EQ(opened(box, "contexu").error(), SealErrc::wrong_password);
    EXPECT_EQ(opened(box, "").error(), SealErrc::wrong_password);
}

TEST(Seal, DoesNotOpenWithAnyBitChanged) {
    const SealedBox box = sealed("secret", "context", kSealCostTest);
    const auto flipped_opens = [&](auto member) {
        std::size_t opens = 0;
        for (std::size_t bit = 0; bit < (box.*member).size() * 8; ++bit) {
            SealedBox changed = box;
            (changed.*member)[bit / 8] ^= std::byte{1} << (bit % 8);
            const auto secret = opened(changed, "context");
            if (secret || secret.error() != SealErrc::wrong_password) ++opens;
        }
        return opens;
    };
    EXPECT_EQ(flipped_opens(&SealedBox::salt), 0U);
    EXPECT_EQ(flipped_opens(&SealedBox::nonce), 0U);
    EXPECT_EQ(flipped_opens(&SealedBox::ciphertext), 0U);
}

TEST(Seal, DoesNotOpenAtAnotherCost) {
    SealedBox box = sealed("secret", "context", {2, 16});
    box.cost = {1, 16};
    EXPECT_EQ(opened(box, "context").error(), SealErrc::wrong_password);
    box.cost = {2, 24};
    EXPECT_EQ(opened(box, "context").error(), SealErrc::wrong_password);
}

TEST(Seal, DoesNotOpenWhenTruncated) {
    const SealedBox box = sealed("secret", "context", kSealCostTest);
    for (std::size_t size = 0; size < box.ciphertext.size(); ++size) {
        SealedBox cut = box;
        cut.ciphertext.resize(size);
        const auto expected = size < kSealTagSize ? SealErrc::malformed : SealErrc::wrong_password;
        EXPECT_EQ(opened(cut, "context").error(), expected) << size;
    }
}

// Were it spent first, the largest of these would ask for 4 TiB and 4 billion passes.
TEST(Seal, RefusesACostOutOfBoundsWithoutSpendingIt) {
    constexpr std::uint32_t kHuge = std::numeric_limits<std::uint32_t>::max();
    CountingRandom random;
    for (const SealCost cost :
         {SealCost{0, 8},
          SealCost{1, 7},
          SealCost{1, 0},
          SealCost{kSealCostMax.passes + 1, 8},
          SealCost{1, kSealCostMax.memory_kib + 1},
          SealCost{kHuge, kHuge}}) {
        EXPECT_FALSE(is_legal(cost)) << cost.passes << " " << cost.memory_kib;
        EXPECT_EQ(seal({}, kPassword, {}, cost, random).error(), SealErrc::malformed);
        SealedBox box = sealed("secret", "", kSealCostTest);
        box.cost = cost;
        EXPECT_EQ(opened(box, "").error(), SealErrc::malformed);
    }
    EXPECT_TRUE(is_legal(kSealCostMin));
    EXPECT_TRUE(is_legal(kSealCostDefault));
    EXPECT_TRUE(is_legal(kSealCostMax));
}

TEST(Seal, RefusesASecretOrAPasswordOutOfBounds) {
    CountingRandom random;
    const Bytes largest(kSealSecretSizeMax);
    const Bytes larger(kSealSecretSizeMax + 1);
    const std::string longer(kSealPasswordSizeMax + 1, 'x');
    EXPECT_TRUE(seal(largest, kPassword, {}, kSealCostTest, random).has_value());
    EXPECT_EQ(seal(larger, kPassword, {}, kSealCostTest, random).error(), SealErrc::malformed);
    EXPECT_EQ(seal({}, longer, {}, kSealCostTest, random).error(), SealErrc::malformed);
    SealedBox box = sealed("secret", "", kSealCostTest);
    EXPECT_EQ(unseal(box, longer, {}).error(), SealErrc::malformed);
    box.ciphertext.resize(kSealSecretSizeMax + kSealTagSize + 1);
    EXPECT_EQ(opened(box, "").error(), SealErrc::malformed);
}

// Ends the process with 0 if unsealing says that it could not have its memory.
[[noreturn]] void unseal_without_memory() {
    SealedBox box = sealed("secret", "", kSealCostTest);
    box.cost = {1, 512 * 1024};
    constexpr rlim_t kAddressSpace = rlim_t{256} << 20U;
    const rlimit limit{kAddressSpace, kAddressSpace};
    if (setrlimit(RLIMIT_AS, &limit) != 0) std::_Exit(2);
    const auto secret = unseal(box, kPassword, {});
    std::_Exit(!secret && secret.error() == SealErrc::out_of_memory ? 0 : 1);
}

// In a process of its own, which has no more address space than it holds already. A sanitizer's
// allocator does not survive that.
TEST(SealDeathTest, TellsThatItHasNoMemory) {
    if (kIsSanitized) GTEST_SKIP() << "a sanitizer needs the address space itself";
    EXPECT_EXIT(unseal_without_memory(), testing::ExitedWithCode(0), "");
}

TEST(Secret, MovesAndKeepsItsBytes) {
    SecretBytes from(to_owned(as_bytes("secret")));
    SecretBytes constructed(std::move(from));
    EXPECT_EQ(as_text(constructed.view()), "secret");
    SecretBytes assigned(to_owned(as_bytes("older")));
    assigned = std::move(constructed);
    EXPECT_EQ(as_text(assigned.view()), "secret");
}

} // namespace
} // namespace kith::crypto
