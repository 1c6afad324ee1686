// Signature keys. Which algorithm is a value, because each profile has its own: Ed25519 in the
// modern one (RFC 8032); in the windows one RSA with 1024 bits, whose signatures are
// RSASSA-PKCS1-v1_5 with SHA-1 (MS-PNRP 2.2.3.1.4, 2.2.3.2), below today's minimum and fixed by
// what is published.

#pragma once

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "crypto/rsa.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string_view>

namespace kith::crypto {

enum class KeyAlgorithm : std::uint8_t { ed25519 = 1, rsa1024 = 2 };

/// "ed25519" or "rsa1024": a stable name for documents.
std::string_view to_string(KeyAlgorithm algorithm);

enum class KeyErrc : std::uint8_t {
    unknown_algorithm,
    wrong_size, // the key material is not of the algorithm's size
    not_a_key,  // of that size, but no key of the algorithm
};

inline constexpr std::size_t kEd25519KeySize = 32;       // RFC 8032 5.1.5
inline constexpr std::size_t kEd25519SeedSize = 32;      // RFC 8032 5.1.5
inline constexpr std::size_t kEd25519SignatureSize = 64; // RFC 8032 5.1.6
inline constexpr std::size_t kRsaPublicKeySize = 140;    // MS-PNRP 2.2.3.1.4
inline constexpr std::size_t kRsaSeedSize = 128;         // two primes of 512 bits
inline constexpr std::size_t kRsaSignatureSize = 128;    // MS-PNRP 2.2.3.2

/// What a private key of `algorithm` is computed from, in bytes.
constexpr std::size_t seed_size(KeyAlgorithm algorithm) {
    return algorithm == KeyAlgorithm::rsa1024 ? kRsaSeedSize : kEd25519SeedSize;
}

constexpr std::size_t public_key_size(KeyAlgorithm algorithm) {
    return algorithm == KeyAlgorithm::rsa1024 ? kRsaPublicKeySize : kEd25519KeySize;
}

/// A public key: a value that may be copied, compared and shown.
class PublicKey {
public:
    /// `material` is the form that goes on the wire: 32 raw bytes for Ed25519; for RSA the DER
    /// RSAPublicKey of 140 bytes, its exponent 65537.
    static std::expected<PublicKey, KeyErrc> parse(KeyAlgorithm algorithm, ByteView material);

    KeyAlgorithm algorithm() const { return algorithm_; }
    ByteView material() const { return material_; }

    /// DER SubjectPublicKeyInfo (RFC 8410 for Ed25519, RFC 3279 2.3.1 for RSA).
    Bytes subject_public_key_info() const;

    /// True if `signature` is one over `message` by the owner of this key. Never throws; a
    /// signature of the wrong size is simply not one.
    bool verify(ByteView message, ByteView signature) const;

    bool operator==(const PublicKey&) const = default;

private:
    PublicKey(KeyAlgorithm algorithm, Bytes material)
        : algorithm_(algorithm),
          material_(std::move(material)) {}

    KeyAlgorithm algorithm_;
    Bytes material_;
};

/// A private key. It cannot be copied, its memory is wiped when it goes, and nothing prints it.
class PrivateKey {
public:
    static PrivateKey generate(KeyAlgorithm algorithm, SecureRandom& random);

    /// From what `seed()` returns: the 32-byte seed of RFC 8032 5.1.5; for RSA the two primes, the
    /// larger first, 64 bytes each, big-endian.
    static std::expected<PrivateKey, KeyErrc> from_seed(KeyAlgorithm algorithm, ByteView seed);

    PrivateKey(PrivateKey&&) noexcept;
    PrivateKey& operator=(PrivateKey&&) noexcept;
    PrivateKey(const PrivateKey&) = delete;
    PrivateKey& operator=(const PrivateKey&) = delete;
    ~PrivateKey();

    const PublicKey& public_key() const { return public_key_; }

    /// A deterministic signature over `message`: 64 bytes for Ed25519 (RFC 8032 5.1.6), 128 for RSA
    /// (RFC 8017 8.2.1), big-endian.
    Bytes sign(ByteView message) const;

    /// The seed, for storing it sealed. The caller wipes it.
    Bytes seed() const;

private:
    explicit PrivateKey(PublicKey public_key) : public_key_(std::move(public_key)) {}

    PublicKey public_key_;
    Bytes secret_;  // libsodium's 64-byte form, or the primes
    RsaHandle rsa_; // for RSA only
};

} // namespace kith::crypto
