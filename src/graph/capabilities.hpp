// What two neighbours may use between themselves, offered in CONNECT and confirmed in WELCOME
// (docs/protocol/graph.md, Capabilities). A node that says nothing speaks as published.

#pragma once

#include "base/bytes.hpp"
#include "graph/message.hpp"
#include "store/record_index.hpp"

#include <optional>
#include <vector>

namespace kith::graph {

struct Capabilities {
    bool streams = false;   // 0x0001: frames carry the number of their stream
    bool lazy_push = false; // 0x0002: ADVERTISE without boundaries, grafts and prunes
    bool sums = false;      // 0x0003: ranges are compared by sums, abstracts are wide
    bool pong = false;      // 0x0004: a sign of life is answered

    bool operator==(const Capabilities&) const = default;

    bool any() const { return streams || lazy_push || sums || pong; }

    static Capabilities all() { return {true, true, true, true}; }

    Capabilities common(const Capabilities& other) const {
        return {
            streams && other.streams,
            lazy_push && other.lazy_push,
            sums && other.sums,
            pong && other.pong};
    }
};

/// A greeting's capabilities: those of the link and, beside `sums`, the sum over all records that
/// the sender holds.
struct Greeting {
    Capabilities capabilities;
    std::optional<store::RangeSum> root;
};

std::vector<Capability> write_greeting(const Greeting& greeting);

/// Nothing if a critical capability is not known: the link is refused. Malformed ones count as not
/// known.
std::optional<Greeting> read_greeting(const std::vector<Capability>& capabilities);

} // namespace kith::graph
