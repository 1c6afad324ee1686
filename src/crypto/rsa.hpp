// RSA with 1024-bit keys, as the published protocol has it (MS-PNRP 2.2.3.1.4, 2.2.3.2): the inside
// of key.hpp for that algorithm. Nobody above includes it.

#pragma once

#include "base/bytes.hpp"
#include "base/random.hpp"

#include <cstddef>
#include <memory>
#include <optional>

struct evp_pkey_st; // OpenSSL's EVP_PKEY

namespace kith::crypto {

struct RsaHandleDeleter {
    void operator()(evp_pkey_st* key) const;
};
/// A key as OpenSSL holds it; freed, and wiped if it is private.
using RsaHandle = std::unique_ptr<evp_pkey_st, RsaHandleDeleter>;

/// True if `material` is the DER RSAPublicKey (RFC 8017 A.1.1) of a 1024-bit modulus with the
/// exponent 65537, in its one encoding of 140 bytes.
bool is_rsa_public(ByteView material);

/// Two primes of 512 bits, the larger first, 64 bytes each, big-endian. The caller wipes them.
Bytes make_rsa_primes(SecureRandom& random);

struct RsaPrivate {
    Bytes material; // DER RSAPublicKey
    RsaHandle handle;
};

/// Nothing unless `primes` are two different ones as `make_rsa_primes()` makes them.
std::optional<RsaPrivate> rsa_from_primes(ByteView primes);

/// RSASSA-PKCS1-v1_5 with SHA-1 (RFC 8017 8.2): 128 bytes, big-endian.
Bytes rsa_sign(const RsaHandle& handle, ByteView message);

/// False also where the encoding is not exactly the one of RFC 8017 9.2. Requires:
/// `is_rsa_public(material)`.
bool rsa_verify(ByteView material, ByteView message, ByteView signature);

} // namespace kith::crypto
