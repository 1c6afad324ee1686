// Somebody on the path: sees every datagram that enters the network, may change it, swallow it, or
// send others of his own with any source he likes.

#pragma once

#include "base/bytes.hpp"
#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "node/node.hpp"
#include "sim/host_id.hpp"

#include <cstdint>
#include <vector>

namespace kith::sim {

struct Passage {
    Instant now;
    HostId from{};
    node::Channel channel{};
    Endpoint source;
    Endpoint destination;
    Bytes& payload;
};

/// A datagram of the liar's own. It arrives after `delay`; the link neither loses nor changes it.
struct Forgery {
    node::Channel channel{};
    Endpoint source;
    Endpoint destination;
    Bytes payload;
    Duration delay{};
};

enum class TapVerdict : std::uint8_t { passes, swallowed };

class Tap {
public:
    virtual ~Tap() = default;
    Tap() = default;
    Tap(const Tap&) = delete;
    Tap& operator=(const Tap&) = delete;

    virtual TapVerdict pass(const Passage& passage, std::vector<Forgery>& forgeries) = 0;
};

} // namespace kith::sim
