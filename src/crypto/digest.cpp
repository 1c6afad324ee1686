#include "crypto/digest.hpp"

#include "base/check.hpp"

#include <openssl/evp.h>

#include <memory>

namespace kith::crypto {

namespace {

using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

// Looked up once: by EVP_sha256() every digest would look it up anew, which takes longer than it.
const EVP_MD* fetched(const char* name) {
    const EVP_MD* algorithm = EVP_MD_fetch(nullptr, name, nullptr);
    KITH_CHECK(algorithm != nullptr);
    return algorithm;
}

// A digest has no way to fail but a library without memory or without the algorithm: neither leaves
// anything that could go on safely.
template<std::size_t N>
ByteArray<N> digest(const EVP_MD* algorithm, std::initializer_list<ByteView> parts) {
    ByteArray<N> out;
    const DigestContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    KITH_CHECK(context != nullptr);
    KITH_CHECK(EVP_MD_get_size(algorithm) == static_cast<int>(N));
    KITH_CHECK(EVP_DigestInit_ex(context.get(), algorithm, nullptr) == 1);
    for (const ByteView part : parts) {
        KITH_CHECK(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
    }
    unsigned size = 0;
    KITH_CHECK(
        EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size) ==
        1);
    KITH_CHECK(size == N);
    return out;
}

} // namespace

Md5Digest md5(std::initializer_list<ByteView> parts) {
    return digest<16>(EVP_md5(), parts);
}

Sha1Digest sha1(std::initializer_list<ByteView> parts) {
    static const EVP_MD* const algorithm = fetched("SHA1");
    return digest<20>(algorithm, parts);
}

Sha256Digest sha256(std::initializer_list<ByteView> parts) {
    static const EVP_MD* const algorithm = fetched("SHA256");
    return digest<32>(algorithm, parts);
}

} // namespace kith::crypto
