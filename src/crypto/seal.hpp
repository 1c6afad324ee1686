// Sealing a secret under a password: Argon2id (RFC 9106) makes the key, XChaCha20-Poly1305
// encrypts.

#pragma once

#include "base/bytes.hpp"
#include "base/random.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

namespace kith::crypto {

/// How hard guessing is made. Stored beside what it sealed, so that it can grow.
struct SealCost {
    std::uint32_t passes = 0;     // Argon2id iterations
    std::uint32_t memory_kib = 0; // KiB of memory

    bool operator==(const SealCost&) const = default;
};

/// libsodium's MODERATE: about a second on one core, 256 MiB.
inline constexpr SealCost kSealCostDefault{3, 256 * 1024};
/// libsodium's minimum: for tests only.
inline constexpr SealCost kSealCostTest{1, 8};
/// The most that a document may make us spend: 1 GiB and 10 passes; above it, it is refused.
inline constexpr SealCost kSealCostMax{10, 1024 * 1024};
/// libsodium takes nothing below it; neither do we.
inline constexpr SealCost kSealCostMin{1, 8};

/// True if both numbers lie between `kSealCostMin` and `kSealCostMax`, ends included.
bool is_legal(SealCost cost);

inline constexpr std::size_t kSealTagSize = 16;           // bytes, Poly1305
inline constexpr std::size_t kSealSecretSizeMax = 65'536; // bytes: keys, not files
inline constexpr std::size_t kSealPasswordSizeMax = 4096; // bytes: hashed before anything else

enum class SealErrc : std::uint8_t {
    malformed,      // not a sealed box, or a cost, secret or password outside its bounds
    wrong_password, // or the box was changed: the two cannot be told apart
    out_of_memory,  // Argon2id could not have its memory
};

/// What a password seals: salt, nonce, cost and ciphertext.
struct SealedBox {
    SealCost cost;
    ByteArray<16> salt{};
    ByteArray<24> nonce{};
    Bytes ciphertext; // the secret and 16 bytes of tag

    bool operator==(const SealedBox&) const = default;
};

/// `context` is authenticated with the secret and must be the same for `unseal`. The password is
/// its bytes: nothing is normalised. Bounds are checked before any memory is spent.
std::expected<SealedBox, SealErrc> seal(
    ByteView secret,
    std::string_view password,
    ByteView context,
    SealCost cost,
    SecureRandom& random);

/// The secret; the caller wipes it. A box whose cost is out of bounds is refused without spending
/// it.
std::expected<Bytes, SealErrc>
unseal(const SealedBox& box, std::string_view password, ByteView context);

} // namespace kith::crypto
