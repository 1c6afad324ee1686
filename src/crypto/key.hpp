// Signature keys. Which algorithm is a value, because each profile has its own: Ed25519 in the
// modern one (RFC 8032); RSA 1024 in the windows one, which is not built yet.

#pragma once

#include "base/bytes.hpp"
#include "base/random.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>

namespace kith::crypto {

enum class KeyAlgorithm : std::uint8_t { ed25519 = 1 };

enum class KeyErrc : std::uint8_t {
    unknown_algorithm,
    wrong_size, // the key material is not of the algorithm's size
};

inline constexpr std::size_t kEd25519KeySize = 32;       // RFC 8032 5.1.5
inline constexpr std::size_t kEd25519SeedSize = 32;      // RFC 8032 5.1.5
inline constexpr std::size_t kEd25519SignatureSize = 64; // RFC 8032 5.1.6

/// A public key: a value that may be copied, compared and shown.
class PublicKey {
public:
    /// `material` is the form that goes on the wire: 32 raw bytes for Ed25519.
    static std::expected<PublicKey, KeyErrc> parse(KeyAlgorithm algorithm, ByteView material);

    KeyAlgorithm algorithm() const { return algorithm_; }
    ByteView material() const { return material_; }

    /// DER SubjectPublicKeyInfo (RFC 8410 for Ed25519).
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

    /// From the 32-byte seed of RFC 8032 5.1.5.
    static std::expected<PrivateKey, KeyErrc> from_seed(KeyAlgorithm algorithm, ByteView seed);

    PrivateKey(PrivateKey&&) noexcept;
    PrivateKey& operator=(PrivateKey&&) noexcept;
    PrivateKey(const PrivateKey&) = delete;
    PrivateKey& operator=(const PrivateKey&) = delete;
    ~PrivateKey();

    const PublicKey& public_key() const { return public_key_; }

    /// A deterministic signature over `message` (RFC 8032 5.1.6): 64 bytes for Ed25519.
    Bytes sign(ByteView message) const;

    /// The seed, for storing it sealed. The caller wipes it.
    Bytes seed() const;

private:
    explicit PrivateKey(PublicKey public_key) : public_key_(std::move(public_key)) {}

    PublicKey public_key_;
    Bytes secret_; // libsodium's 64-byte form
};

} // namespace kith::crypto
