// Whose answer is overdue, by endpoint: a node has many ids, and referrals to its other ids go on
// coming from nodes that have not noticed. They are asked last.

#pragma once

#include "base/endpoint.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <vector>

namespace kith::pnrp {

class SilentNodes {
public:
    /// At most `kSilentNodesMax` are kept; the one noted first goes.
    void note(Now now, const Endpoint& endpoint);

    /// It has answered.
    void clear(const Endpoint& endpoint);

    /// True for `kSilentNodeLifetime` after `note()`.
    bool contains(Now now, const Endpoint& endpoint) const;

    bool empty() const { return noted_.empty(); }
    std::size_t state_bytes() const { return noted_.capacity() * sizeof(Note); }

private:
    struct Note {
        Endpoint endpoint;
        Instant at;
    };
    std::vector<Note> noted_; // in order of time
};

} // namespace kith::pnrp
