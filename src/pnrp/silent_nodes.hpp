// Nodes that are asked last, by endpoint and for a while: a node has many ids, and referrals to its
// other ids go on coming from nodes that have not noticed what we have. Those whose answer is
// overdue are kept in one such list, those who were caught with a false answer in another.

#pragma once

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "pnrp/limits.hpp"

#include <cstddef>
#include <vector>

namespace kith::pnrp {

class SilentNodes {
public:
    explicit SilentNodes(Duration lifetime = kSilentNodeLifetime) : lifetime_(lifetime) {}

    /// At most `kSilentNodesMax` are kept; the one noted first goes.
    void note(Now now, const Endpoint& endpoint);

    /// It has answered.
    void clear(const Endpoint& endpoint);

    /// True for the lifetime after `note()`.
    bool contains(Now now, const Endpoint& endpoint) const;

    /// Those that are noted and whose lifetime is not over, the latest first, at most `count_max`.
    std::vector<Endpoint> latest(Now now, std::size_t count_max) const;

    bool empty() const { return noted_.empty(); }
    std::size_t state_bytes() const { return noted_.capacity() * sizeof(Note); }

private:
    struct Note {
        Endpoint endpoint;
        Instant at;
    };
    Duration lifetime_;
    std::vector<Note> noted_; // in order of time
};

} // namespace kith::pnrp
