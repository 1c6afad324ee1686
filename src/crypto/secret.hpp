// Owned bytes that are wiped when they go.

#pragma once

#include "base/bytes.hpp"

#include <utility>

namespace kith::crypto {

/// Moves, but never copies. Nothing prints it.
class SecretBytes {
public:
    SecretBytes() = default;
    explicit SecretBytes(Bytes bytes) : bytes_(std::move(bytes)) {}

    SecretBytes(SecretBytes&&) noexcept = default;
    SecretBytes& operator=(SecretBytes&& other) noexcept {
        if (this == &other) return *this;
        wipe(bytes_);
        bytes_ = std::move(other.bytes_);
        return *this;
    }
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    ~SecretBytes() { wipe(bytes_); }

    ByteView view() const { return bytes_; }

private:
    Bytes bytes_;
};

} // namespace kith::crypto
