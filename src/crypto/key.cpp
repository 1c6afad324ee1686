#include "crypto/key.hpp"

#include "base/check.hpp"
#include "crypto/rsa.hpp"
#include "crypto/secret.hpp"
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

// RFC 3279 2.3.1: SEQUENCE { SEQUENCE { OID rsaEncryption, NULL }, BIT STRING of 141 bytes, 0
// unused bits }.
constexpr unsigned char kRsaSpkiPrefix[] = {0x30, 0x81, 0x9f, 0x30, 0x0d, 0x06, 0x09, 0x2a,
                                            0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
                                            0x05, 0x00, 0x03, 0x81, 0x8d, 0x00};

bool is_known(KeyAlgorithm algorithm) {
    return algorithm == KeyAlgorithm::ed25519 || algorithm == KeyAlgorithm::rsa1024;
}

} // namespace

std::string_view to_string(KeyAlgorithm algorithm) {
    switch (algorithm) {
    case KeyAlgorithm::ed25519:
        return "ed25519";
    case KeyAlgorithm::rsa1024:
        return "rsa1024";
    }
    return "unknown";
}

std::expected<PublicKey, KeyErrc> PublicKey::parse(KeyAlgorithm algorithm, ByteView material) {
    if (!is_known(algorithm)) return std::unexpected(KeyErrc::unknown_algorithm);
    if (material.size() != public_key_size(algorithm)) return std::unexpected(KeyErrc::wrong_size);
    if (algorithm == KeyAlgorithm::rsa1024 && !is_rsa_public(material)) {
        return std::unexpected(KeyErrc::not_a_key);
    }
    return PublicKey(algorithm, to_owned(material));
}

Bytes PublicKey::subject_public_key_info() const {
    ByteView prefix = std::as_bytes(std::span(kEd25519SpkiPrefix));
    if (algorithm_ == KeyAlgorithm::rsa1024) prefix = std::as_bytes(std::span(kRsaSpkiPrefix));
    Bytes info;
    info.reserve(prefix.size() + material_.size());
    info.insert(info.end(), prefix.begin(), prefix.end());
    info.insert(info.end(), material_.begin(), material_.end());
    return info;
}

bool PublicKey::verify(ByteView message, ByteView signature) const {
    // A key that was moved from verifies nothing.
    if (material_.size() != public_key_size(algorithm_)) return false;
    if (algorithm_ == KeyAlgorithm::rsa1024) return rsa_verify(material_, message, signature);
    if (signature.size() != kEd25519SignatureSize) return false;
    require_sodium();
    return crypto_sign_ed25519_verify_detached(
               raw(signature), raw(message), message.size(), raw(material_)) == 0;
}

PrivateKey PrivateKey::generate(KeyAlgorithm algorithm, SecureRandom& random) {
    SecretBytes seed;
    if (algorithm == KeyAlgorithm::rsa1024) {
        seed = SecretBytes(make_rsa_primes(random));
    } else {
        Bytes bytes(kEd25519SeedSize);
        random.fill(bytes);
        seed = SecretBytes(std::move(bytes));
    }
    auto key = from_seed(algorithm, seed.view());
    KITH_CHECK(key.has_value());
    return std::move(*key);
}

std::expected<PrivateKey, KeyErrc> PrivateKey::from_seed(KeyAlgorithm algorithm, ByteView seed) {
    if (!is_known(algorithm)) return std::unexpected(KeyErrc::unknown_algorithm);
    if (seed.size() != seed_size(algorithm)) return std::unexpected(KeyErrc::wrong_size);
    if (algorithm == KeyAlgorithm::rsa1024) {
        auto rsa = rsa_from_primes(seed);
        if (!rsa) return std::unexpected(KeyErrc::not_a_key);
        PrivateKey key(PublicKey::parse(algorithm, rsa->material).value());
        key.secret_ = to_owned(seed);
        key.rsa_ = std::move(rsa->handle);
        return key;
    }
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
    rsa_ = std::move(other.rsa_);
    return *this;
}

PrivateKey::~PrivateKey() {
    wipe(secret_);
}

Bytes PrivateKey::sign(ByteView message) const {
    if (public_key_.algorithm() == KeyAlgorithm::rsa1024) {
        KITH_CHECK(rsa_ != nullptr); // not moved from
        return rsa_sign(rsa_, message);
    }
    KITH_CHECK(secret_.size() == crypto_sign_ed25519_SECRETKEYBYTES); // not moved from
    Bytes signature(kEd25519SignatureSize);
    KITH_CHECK(
        crypto_sign_ed25519_detached(
            raw_out(signature), nullptr, raw(message), message.size(), raw(secret_)) == 0);
    return signature;
}

Bytes PrivateKey::seed() const {
    if (public_key_.algorithm() == KeyAlgorithm::rsa1024) {
        KITH_CHECK(rsa_ != nullptr); // not moved from
        return secret_;
    }
    KITH_CHECK(secret_.size() == crypto_sign_ed25519_SECRETKEYBYTES); // not moved from
    // libsodium's secret form begins with the seed; the public key follows.
    return to_owned(ByteView(secret_).first(kEd25519SeedSize));
}

} // namespace kith::crypto
