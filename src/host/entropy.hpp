// The chance of the real world.

#pragma once

#include "base/random.hpp"

namespace kith::host {

/// The kernel's generator (getrandom). Threads may share one object.
/// A kernel that cannot give entropy ends the process: nothing safe could follow.
class EntropySource final : public SecureRandom {
public:
    void fill(std::span<std::byte> out) override;
};

/// Plain chance for one process run, seeded from `entropy`.
SeededRandom make_plain_random(SecureRandom& entropy);

} // namespace kith::host
