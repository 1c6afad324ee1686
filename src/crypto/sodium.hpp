// The way into libsodium for the other files of this folder. Nobody above includes it.

#pragma once

#include "base/bytes.hpp"

#include <cstddef>
#include <sodium.h>

namespace kith::crypto {

/// Makes libsodium usable: initialises it at the first call, does nothing at the later ones. Every
/// public function of this layer that uses it calls this first. Safe from several threads.
void require_sodium();

inline const unsigned char* raw(ByteView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

inline unsigned char* raw_out(std::span<std::byte> bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}

/// Bytes on the stack that are wiped when they go out of scope.
template<std::size_t N>
class SecretArray {
public:
    SecretArray() = default;
    SecretArray(const SecretArray&) = delete;
    SecretArray& operator=(const SecretArray&) = delete;
    ~SecretArray() { wipe(bytes_); }

    std::span<std::byte> span() { return bytes_; }
    ByteView view() const { return bytes_; }

private:
    ByteArray<N> bytes_{};
};

} // namespace kith::crypto
