#include "base/bytes.hpp"
#include "base/check.hpp"
#include "identity/delegation.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

// Whatever the bytes are: terms are read or not, and nothing holds for a key that signed nothing.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kith;
    const ByteView bytes = std::as_bytes(std::span(data, size));
    for (const auto algorithm : {crypto::KeyAlgorithm::ed25519, crypto::KeyAlgorithm::rsa1024}) {
        const auto terms = identity::read_delegation(algorithm, bytes);
        if (!terms) continue;
        static const auto keys = [] {
            SeededSecureRandom random(1);
            return std::pair(
                crypto::PrivateKey::generate(crypto::KeyAlgorithm::ed25519, random),
                crypto::PrivateKey::generate(crypto::KeyAlgorithm::rsa1024, random));
        }();
        const auto& key = algorithm == crypto::KeyAlgorithm::rsa1024 ? keys.second : keys.first;
        const auto verified = identity::verify_chain(
            bytes,
            {.now = terms->not_after,
             .authority = terms->authority,
             .classifier = "",
             .publisher = key.public_key()});
        KITH_CHECK(!verified);
    }
    return 0;
}
