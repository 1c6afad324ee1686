// The time that the nodes of a graph agree on: our UTC less a difference that every connection we
// open corrects (MS-PPGRH 3.1.5.2.2; docs/protocol/graph.md, Peer time).

#pragma once

#include "base/time.hpp"
#include "graph/limits.hpp"
#include "store/record.hpp"

#include <deque>
#include <optional>

namespace kith::graph {

class PeerClock {
public:
    using Ticks = store::PeerTime::Ticks;

    /// `moderates`: the rule of modern links (median of the last neighbours, slewed), else the
    /// published one (0.8 own + 0.2 received).
    explicit PeerClock(bool moderates) : moderates_(moderates) {}

    store::PeerTime at(WallTime wall) const;

    /// A neighbour's WELCOME: its time, and how long after our CONNECT it came. `is_first`: no
    /// other neighbour is there; `is_joining`: we never were in the graph.
    void
    correct(Now now, store::PeerTime received, Duration round_trip, bool is_first, bool is_joining);

    /// UTC minus peer time.
    Ticks difference() const { return difference_; }
    void restore(Ticks difference) { difference_ = bounded(difference); }

private:
    Ticks bounded(Ticks difference) const;
    void slew(Instant now, Ticks target);

    bool moderates_;
    Ticks difference_{0};
    std::deque<Ticks> samples_;
    std::optional<Instant> corrected_;
};

} // namespace kith::graph
