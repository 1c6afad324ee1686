// Two kinds of chance, both injected.
//
// `SecureRandom` makes what an adversary must not guess: keys, nonces, message ids.
// `PlainRandom` makes what only has to be spread: jitter, choices. The simulator seeds both, so one
// seed decides a whole run.

#pragma once

#include "base/bytes.hpp"

#include <bit>
#include <cstdint>
#include <span>

namespace kith {

class SecureRandom {
public:
    virtual ~SecureRandom() = default;

    /// Fills `out` with unpredictable bytes. Never fails: a host without entropy does not start.
    virtual void fill(std::span<std::byte> out) = 0;

    template<std::size_t N>
    ByteArray<N> bytes() {
        ByteArray<N> out;
        fill(out);
        return out;
    }

    std::uint32_t next_u32() { return std::bit_cast<std::uint32_t>(bytes<4>()); }

protected:
    SecureRandom() = default;
    SecureRandom(const SecureRandom&) = default;
    SecureRandom& operator=(const SecureRandom&) = default;
};

class PlainRandom {
public:
    virtual ~PlainRandom() = default;

    /// Uniform over all 64-bit values.
    virtual std::uint64_t next() = 0;

    /// Uniform in [0, bound). Requires: bound > 0.
    std::uint64_t below(std::uint64_t bound);

    /// Uniform in [0, 1).
    double unit() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

protected:
    PlainRandom() = default;
    PlainRandom(const PlainRandom&) = default;
    PlainRandom& operator=(const PlainRandom&) = default;
};

/// xoshiro256** seeded through splitmix64: the same seed gives the same sequence everywhere.
class SeededRandom final : public PlainRandom {
public:
    explicit SeededRandom(std::uint64_t seed);

    std::uint64_t next() override;

private:
    std::uint64_t state_[4] = {};
};

/// Deterministic bytes for simulation and tests. Never given to a node that faces a network.
class SeededSecureRandom final : public SecureRandom {
public:
    explicit SeededSecureRandom(std::uint64_t seed) : source_(seed) {}

    void fill(std::span<std::byte> out) override;

private:
    SeededRandom source_;
};

} // namespace kith
