// What the world drives: anything that keeps the contract of a core (docs/ARCHITECTURE.md), a whole
// node or the faulty stand-ins of this folder's own tests.

#pragma once

#include "base/bytes.hpp"
#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "node/node.hpp"

#include <cstddef>
#include <optional>

namespace kith::sim {

/// One datagram as its receiver sees it. `payload` is only read during the call.
struct Arrival {
    node::Channel channel{};
    Endpoint local;
    Endpoint from;
    ByteView payload;
};

class Core {
public:
    virtual ~Core() = default;
    Core() = default;
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    virtual void handle_datagram(Now now, const Arrival& arrival) = 0;
    virtual void handle_timeout(Now now) = 0;
    virtual std::optional<node::Datagram> poll_datagram() = 0;
    virtual std::optional<node::Event> poll_event() = 0;
    virtual std::optional<Instant> next_timeout() const = 0;
    virtual std::size_t state_bytes(Now now) const = 0;
};

} // namespace kith::sim
