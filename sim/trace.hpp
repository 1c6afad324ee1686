// A fingerprint of everything that happened: two runs of one seed must have the same one.

#pragma once

#include "base/bytes.hpp"
#include "base/endpoint.hpp"
#include "node/node.hpp"

#include <cstdint>

namespace kith::sim {

/// A fast 64-bit mix, in order. It finds accidents, not adversaries: nobody gains by forging it.
class TraceHash {
public:
    void mix(std::uint64_t value);
    void mix(ByteView bytes);
    void mix(const Endpoint& endpoint);
    void mix(const node::Event& event);

    std::uint64_t value() const;

private:
    std::uint64_t state_ = 0x6b6974682073696dU; // "kith sim"
};

} // namespace kith::sim
