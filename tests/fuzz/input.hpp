// A fuzzer's input as a stream of choices, for the targets that drive a whole core.

#pragma once

#include "base/bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kith::fuzz {

/// What is left of the input, as numbers; zeros when it is used up.
class Input {
public:
    explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    bool empty() const { return bytes_.empty(); }

    std::uint8_t byte() {
        if (bytes_.empty()) return 0;
        const std::uint8_t first = bytes_.front();
        bytes_ = bytes_.subspan(1);
        return first;
    }

    std::size_t below(std::size_t bound) { return byte() % bound; }
    bool coin() { return (byte() & 1U) != 0; }
    std::uint16_t number16() { return static_cast<std::uint16_t>(byte() << 8U | byte()); }

    Bytes some(std::size_t most) {
        const std::size_t size = std::min<std::size_t>({most, number16(), bytes_.size()});
        Bytes out(size);
        for (std::byte& b : out)
            b = static_cast<std::byte>(byte());
        return out;
    }

    template<std::size_t N>
    ByteArray<N> array() {
        ByteArray<N> out{};
        for (std::byte& b : out)
            b = static_cast<std::byte>(byte());
        return out;
    }

private:
    std::span<const std::uint8_t> bytes_;
};

} // namespace kith::fuzz
