#include "crypto/key.hpp"

#include "base/check.hpp"
#include "crypto/sodium.hpp"

#include <algorithm>
#include <utility>

namespace kith::crypto {

static_assert(kEd25519KeySize == crypto_sign_ed25519_PUBLICKEYBYTES);
static_assert(kEd25519SeedSize == crypto_sign_ed25519_SEEDBYTES);
static_assert(kEd25519SignatureSize == crypto_sign_ed25519_BYTES);

namespace {

// RFC 8410 4: SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 33 bytes, 0 unused bits }.
constexpr unsigned char kEd25519SpkiPrefix[] = {
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

} // namespace

std::expected<PublicKey, KeyErrc> PublicKey::parse(KeyAlgorithm algorithm, ByteView material) {
    if (algorithm != KeyAlgorithm::ed25519) return std::unexpected(KeyErrc::unknown_algorithm);
    if (material.size() != kEd25519KeySize) return std::unexpected(KeyErrc::wrong_size);
    return PublicKey(algorithm, to_owned(material));
}

Bytes PublicKey::subject_public_key_info() const {
    const ByteView prefix = std::as_bytes(std::span(kEd25519SpkiPrefix));
    Bytes info;
    info.reserve(prefix.size() + material_.size());
    info.insert(info.end(), prefix.begin(), prefix.end());
    info.insert(info.end(), material_.begin(), material_.end());
    return info;
}

bool PublicKey::verify(ByteView message, ByteView signature) const {
    if (signature.size() != kEd25519SignatureSize) return false;
    // A key that was moved from verifies nothing.
    if (material_.size() != kEd25519KeySize) return false;
    require_sodium();
    return crypto_sign_ed25519_verify_detached(
               raw(signature), raw(message), message.size(), raw(material_)) == 0;
}

PrivateKey PrivateKey::generate(KeyAlgorithm algorithm, SecureRandom& random) {
    SecretArray<kEd25519SeedSize> seed;
    random.fill(seed.span());
    auto key = from_seed(algorithm, seed.view());
    KITH_CHECK(key.has_value());
    return std::move(*key);
}

std::expected<PrivateKey, KeyErrc> PrivateKey::from_seed(KeyAlgorithm algorithm, ByteView seed) {
    if (algorithm != KeyAlgorithm::ed25519) return std::unexpected(KeyErrc::unknown_algorithm);
    if (seed.size() != kEd25519SeedSize) return std::unexpected(KeyErrc::wrong_size);
    require_sodium();
    ByteArray<kEd25519KeySize> material{};
    Bytes secret(crypto_sign_ed25519_SECRETKEYBYTES);
    KITH_CHECK(
        crypto_sign_ed25519_seed_keypair(raw_out(material), raw_out(secret), raw(seed)) == 0);
    PrivateKey key(PublicKey::parse(algorithm, material).value());
    key.secret_ = std::move(secret);
    return key;
}

PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;

PrivateKey& PrivateKey::operator=(PrivateKey&& other) noexcept {
    if (this == &other) return *this;
    wipe(secret_);
    public_key_ = std::move(other.public_key_);
    secret_ = std::move(other.secret_);
    return *this;
}

PrivateKey::~PrivateKey() {
    wipe(secret_);
}

Bytes PrivateKey::sign(ByteView message) const {
    KITH_CHECK(secret_.size() == crypto_sign_ed25519_SECRETKEYBYTES); // not moved from
    Bytes signature(kEd25519SignatureSize);
    KITH_CHECK(
        crypto_sign_ed25519_detached(
            raw_out(signature), nullptr, raw(message), message.size(), raw(secret_)) == 0);
    return signature;
}

Bytes PrivateKey::seed() const {
    KITH_CHECK(secret_.size() == crypto_sign_ed25519_SECRETKEYBYTES); // not moved from
    // libsodium's secret form begins with the seed; the public key follows.
    return to_owned(ByteView(secret_).first(kEd25519SeedSize));
}

} // namespace kith::crypto
