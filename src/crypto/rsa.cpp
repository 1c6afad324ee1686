#include "crypto/rsa.hpp"

#include "base/check.hpp"
#include "crypto/digest.hpp"
#include "crypto/key.hpp"
#include "crypto/sodium.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <utility>

namespace kith::crypto {

namespace {

// Of a library without memory nothing can go on safely, so failures of plain arithmetic are checks.

struct Free {
    void operator()(BIGNUM* number) const { BN_clear_free(number); }
    void operator()(BN_CTX* context) const { BN_CTX_free(context); }
    void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
    void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using Number = std::unique_ptr<BIGNUM, Free>;
using Arithmetic = std::unique_ptr<BN_CTX, Free>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free>;

constexpr std::size_t kModulusSize = 128;
constexpr std::size_t kPrimeSize = kRsaSeedSize / 2;
constexpr unsigned long kExponent = 65537;

// SEQUENCE { INTEGER of 129 bytes, the first of them 0, INTEGER 65537 }.
constexpr unsigned char kMaterialPrefix[] = {0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00};
constexpr unsigned char kMaterialSuffix[] = {0x02, 0x03, 0x01, 0x00, 0x01};
static_assert(sizeof kMaterialPrefix + kModulusSize + sizeof kMaterialSuffix == kRsaPublicKeySize);

Number number() {
    Number made(BN_secure_new());
    KITH_CHECK(made != nullptr);
    BN_set_flags(made.get(), BN_FLG_CONSTTIME);
    return made;
}

Number number(ByteView bytes) {
    Number made = number();
    KITH_CHECK(BN_bin2bn(raw(bytes), static_cast<int>(bytes.size()), made.get()) != nullptr);
    return made;
}

Number minus_one(const Number& value) {
    Number less = number();
    KITH_CHECK(BN_sub(less.get(), value.get(), BN_value_one()) == 1);
    return less;
}

Arithmetic arithmetic() {
    Arithmetic context(BN_CTX_secure_new());
    KITH_CHECK(context != nullptr);
    return context;
}

Bytes material_of(ByteView modulus) {
    Bytes material;
    material.reserve(kRsaPublicKeySize);
    const ByteView prefix = std::as_bytes(std::span(kMaterialPrefix));
    const ByteView suffix = std::as_bytes(std::span(kMaterialSuffix));
    for (const ByteView part : {prefix, modulus, suffix})
        material.insert(material.end(), part.begin(), part.end());
    return material;
}

ByteView modulus_in(ByteView material) {
    return material.subspan(sizeof kMaterialPrefix, kModulusSize);
}

// 512 bits, the two highest set: then the product of two of them has 1024.
bool has_prime_shape(ByteView bytes) {
    const auto first = std::to_integer<unsigned>(bytes.front());
    const auto last = std::to_integer<unsigned>(bytes.back());
    return (first & 0xc0U) == 0xc0U && (last & 1U) != 0;
}

// A prime that can be half of a key with our exponent.
bool is_usable_prime(const Number& candidate, const Arithmetic& context) {
    // 65537 is prime itself: it divides candidate - 1, or has nothing in common with it.
    const BN_ULONG rest = BN_mod_word(candidate.get(), kExponent);
    if (rest == 1) return false;
    return BN_check_prime(candidate.get(), context.get(), nullptr) == 1;
}

RsaHandle handle_from(OSSL_PARAM_BLD* builder, int selection) {
    const std::unique_ptr<OSSL_PARAM, Free> params(OSSL_PARAM_BLD_to_param(builder));
    KITH_CHECK(params != nullptr);
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
    KITH_CHECK(context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1);
    EVP_PKEY* made = nullptr;
    KITH_CHECK(EVP_PKEY_fromdata(context.get(), &made, selection, params.get()) == 1);
    return RsaHandle(made);
}

// Ready for a PKCS #1 signature over a SHA-1 digest.
void set_scheme(EVP_PKEY_CTX* context) {
    KITH_CHECK(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1);
    KITH_CHECK(EVP_PKEY_CTX_set_signature_md(context, EVP_sha1()) == 1);
}

} // namespace

void RsaHandleDeleter::operator()(evp_pkey_st* key) const {
    EVP_PKEY_free(key);
}

bool is_rsa_public(ByteView material) {
    if (material.size() != kRsaPublicKeySize) return false;
    const ByteView modulus = modulus_in(material);
    const bool is_1024_bits = (std::to_integer<unsigned>(modulus.front()) & 0x80U) != 0;
    const bool is_odd = (std::to_integer<unsigned>(modulus.back()) & 1U) != 0;
    return is_1024_bits && is_odd && std::ranges::equal(material, material_of(modulus));
}

Bytes make_rsa_primes(SecureRandom& random) {
    const Arithmetic context = arithmetic();
    SecretArray<kPrimeSize> candidate;
    Bytes primes;
    primes.reserve(kRsaSeedSize);
    while (primes.size() < kRsaSeedSize) {
        random.fill(candidate.span());
        candidate.span().front() |= std::byte{0xc0};
        candidate.span().back() |= std::byte{0x01};
        if (!is_usable_prime(number(candidate.view()), context)) continue;
        // The larger one first, so that a pair has one spelling. Two equal ones never happen.
        const bool is_larger = std::ranges::lexicographical_compare(primes, candidate.view());
        const auto at = is_larger ? primes.begin() : primes.end();
        primes.insert(at, candidate.view().begin(), candidate.view().end());
    }
    return primes;
}

std::optional<RsaPrivate> rsa_from_primes(ByteView primes) {
    if (primes.size() != kRsaSeedSize) return std::nullopt;
    const ByteView larger = primes.first(kPrimeSize);
    const ByteView smaller = primes.subspan(kPrimeSize);
    if (!has_prime_shape(larger) || !has_prime_shape(smaller)) return std::nullopt;
    if (!std::ranges::lexicographical_compare(smaller, larger)) return std::nullopt;
    const Arithmetic context = arithmetic();
    const Number p = number(larger);
    const Number q = number(smaller);
    if (!is_usable_prime(p, context) || !is_usable_prime(q, context)) return std::nullopt;

    const Number e = number();
    KITH_CHECK(BN_set_word(e.get(), kExponent) == 1);
    const Number n = number();
    const Number phi = number();
    const Number p1 = minus_one(p);
    const Number q1 = minus_one(q);
    const Number d = number();
    const Number dp = number();
    const Number dq = number();
    const Number inverse = number();
    KITH_CHECK(BN_mul(n.get(), p.get(), q.get(), context.get()) == 1);
    KITH_CHECK(BN_mul(phi.get(), p1.get(), q1.get(), context.get()) == 1);
    KITH_CHECK(BN_mod_inverse(d.get(), e.get(), phi.get(), context.get()) != nullptr);
    KITH_CHECK(BN_mod(dp.get(), d.get(), p1.get(), context.get()) == 1);
    KITH_CHECK(BN_mod(dq.get(), d.get(), q1.get(), context.get()) == 1);
    KITH_CHECK(BN_mod_inverse(inverse.get(), q.get(), p.get(), context.get()) != nullptr);

    const std::unique_ptr<OSSL_PARAM_BLD, Free> builder(OSSL_PARAM_BLD_new());
    KITH_CHECK(builder != nullptr);
    const std::pair<const char*, const BIGNUM*> parts[] = {
        {OSSL_PKEY_PARAM_RSA_N, n.get()},
        {OSSL_PKEY_PARAM_RSA_E, e.get()},
        {OSSL_PKEY_PARAM_RSA_D, d.get()},
        {OSSL_PKEY_PARAM_RSA_FACTOR1, p.get()},
        {OSSL_PKEY_PARAM_RSA_FACTOR2, q.get()},
        {OSSL_PKEY_PARAM_RSA_EXPONENT1, dp.get()},
        {OSSL_PKEY_PARAM_RSA_EXPONENT2, dq.get()},
        {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, inverse.get()}};
    for (const auto& [name, value] : parts)
        KITH_CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), name, value) == 1);

    Bytes modulus(kModulusSize);
    KITH_CHECK(
        BN_bn2binpad(n.get(), raw_out(modulus), static_cast<int>(modulus.size())) ==
        static_cast<int>(modulus.size()));
    return RsaPrivate{material_of(modulus), handle_from(builder.get(), EVP_PKEY_KEYPAIR)};
}

Bytes rsa_sign(const RsaHandle& handle, ByteView message) {
    const Sha1Digest digest = sha1({message});
    const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, handle.get(), nullptr));
    KITH_CHECK(context != nullptr && EVP_PKEY_sign_init(context.get()) == 1);
    set_scheme(context.get());
    Bytes signature(kRsaSignatureSize);
    std::size_t size = signature.size();
    KITH_CHECK(
        EVP_PKEY_sign(context.get(), raw_out(signature), &size, raw(digest), digest.size()) == 1);
    KITH_CHECK(size == kRsaSignatureSize);
    return signature;
}

bool rsa_verify(ByteView material, ByteView message, ByteView signature) {
    if (signature.size() != kRsaSignatureSize) return false;
    const std::unique_ptr<OSSL_PARAM_BLD, Free> builder(OSSL_PARAM_BLD_new());
    KITH_CHECK(builder != nullptr);
    const Number n = number(modulus_in(material));
    const Number e = number();
    KITH_CHECK(BN_set_word(e.get(), kExponent) == 1);
    KITH_CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1);
    KITH_CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1);
    const RsaHandle handle = handle_from(builder.get(), EVP_PKEY_PUBLIC_KEY);
    const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, handle.get(), nullptr));
    KITH_CHECK(context != nullptr && EVP_PKEY_verify_init(context.get()) == 1);
    set_scheme(context.get());
    const Sha1Digest digest = sha1({message});
    return EVP_PKEY_verify(
               context.get(), raw(signature), signature.size(), raw(digest), digest.size()) == 1;
}

} // namespace kith::crypto
