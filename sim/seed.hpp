// Every chance of a run from its one seed: independent streams, told apart by what they decide, so
// that one more draw in one place does not shift all the others.

#pragma once

#include <cstdint>

namespace kith::sim {

enum class Stream : std::uint8_t {
    link_base = 1, // the fixed delay of a pair of hosts
    link,          // loss, jitter, duplicates
    wall_clock,    // offset and drift of a host's clock
    node_secure,   // a node's nonces and message ids
    node_plain,    // a node's jitter and choices
    key,           // the key of a publisher
    content,       // what is published
    scenario,      // who does what, and when
    liar,          // what an adversary does
};

/// The finaliser of splitmix64: a bijection that spreads every bit over all the others.
constexpr std::uint64_t mix_bits(std::uint64_t z) {
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
}

/// The seed of one stream; `a` and `b` tell its users apart (a host, an incarnation).
constexpr std::uint64_t
derive_seed(std::uint64_t seed, Stream stream, std::uint64_t a = 0, std::uint64_t b = 0) {
    constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15U;
    std::uint64_t out = mix_bits(seed + kStep);
    out = mix_bits(out ^ (static_cast<std::uint64_t>(stream) * kStep));
    out = mix_bits(out + a * kStep + 1);
    return mix_bits(out ^ (b * kStep + 2));
}

} // namespace kith::sim
