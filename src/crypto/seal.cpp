#include "crypto/seal.hpp"

#include "base/check.hpp"
#include "crypto/sodium.hpp"

namespace kith::crypto {

static_assert(sizeof(SealedBox::salt) == crypto_pwhash_argon2id_SALTBYTES);
static_assert(sizeof(SealedBox::nonce) == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(kSealTagSize == crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(kSealCostMin.passes == crypto_pwhash_argon2id_OPSLIMIT_MIN);
static_assert(kSealCostMin.memory_kib * 1024 == crypto_pwhash_argon2id_MEMLIMIT_MIN);

namespace {

using BoxKey = SecretArray<crypto_aead_xchacha20poly1305_ietf_KEYBYTES>;

// False where Argon2id could not have its memory: everything else was checked before.
bool derive_key(BoxKey& key, std::string_view password, ByteView salt, SealCost cost) {
    return crypto_pwhash_argon2id(
               raw_out(key.span()),
               key.view().size(),
               password.data(),
               password.size(),
               raw(salt),
               cost.passes,
               static_cast<std::size_t>(cost.memory_kib) * 1024,
               crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0;
}

} // namespace

bool is_legal(SealCost cost) {
    return cost.passes >= kSealCostMin.passes && cost.passes <= kSealCostMax.passes &&
           cost.memory_kib >= kSealCostMin.memory_kib && cost.memory_kib <= kSealCostMax.memory_kib;
}

std::expected<SealedBox, SealErrc> seal(
    ByteView secret,
    std::string_view password,
    ByteView context,
    SealCost cost,
    SecureRandom& random) {
    if (!is_legal(cost) || secret.size() > kSealSecretSizeMax ||
        password.size() > kSealPasswordSizeMax) {
        return std::unexpected(SealErrc::malformed);
    }
    require_sodium();
    SealedBox box;
    box.cost = cost;
    random.fill(box.salt);
    random.fill(box.nonce);
    BoxKey key;
    if (!derive_key(key, password, box.salt, cost)) {
        return std::unexpected(SealErrc::out_of_memory);
    }
    box.ciphertext.resize(secret.size() + kSealTagSize);
    KITH_CHECK(
        crypto_aead_xchacha20poly1305_ietf_encrypt(
            raw_out(box.ciphertext),
            nullptr,
            raw(secret),
            secret.size(),
            raw(context),
            context.size(),
            nullptr,
            raw(box.nonce),
            raw(key.view())) == 0);
    return box;
}

std::expected<Bytes, SealErrc>
unseal(const SealedBox& box, std::string_view password, ByteView context) {
    const std::size_t size = box.ciphertext.size();
    if (!is_legal(box.cost) || size < kSealTagSize || size > kSealSecretSizeMax + kSealTagSize ||
        password.size() > kSealPasswordSizeMax) {
        return std::unexpected(SealErrc::malformed);
    }
    require_sodium();
    BoxKey key;
    if (!derive_key(key, password, box.salt, box.cost)) {
        return std::unexpected(SealErrc::out_of_memory);
    }
    Bytes secret(size - kSealTagSize);
    // On a false tag libsodium has decrypted nothing.
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            raw_out(secret),
            nullptr,
            nullptr,
            raw(box.ciphertext),
            size,
            raw(context),
            context.size(),
            raw(box.nonce),
            raw(key.view())) != 0) {
        return std::unexpected(SealErrc::wrong_password);
    }
    return secret;
}

} // namespace kith::crypto
