// What a node does for others who want to know whether strangers reach them (docs/protocol/pnrp.md,
// Reach): it has a third node visit them, and visits where it is sent.
//
// Nobody chooses whom a visit goes to but by where his own datagrams come from, one visit is
// smaller than what it was asked with, and all of them are metered.

#pragma once

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/guard.hpp"
#include "pnrp/message.hpp"
#include "pnrp/route_cache.hpp"

#include <cstddef>
#include <optional>

namespace kith::pnrp {

class Visits {
public:
    Visits(Exchange& exchange, const RouteCache& cache) : exchange_(exchange), cache_(cache) {}

    /// Sends a cached node that is not in the list of `ask` to visit `from`. False if there is
    /// none that could, or too many visits were asked for. Requires: `from` has proved itself.
    bool pass_on(Now now, const Endpoint& from, const Flood& ask);

    /// Makes the visit of `order` from `from`; no-op if it is to nobody of this cloud, or too many
    /// were.
    void make(Now now, const Endpoint& from, const Flood& order);

    void expire(Now now) {
        asked_by_.expire(now);
        ordered_by_.expire(now);
    }
    std::size_t state_bytes() const { return asked_by_.state_bytes() + ordered_by_.state_bytes(); }

private:
    const RouteEntry* choose_visitor(const Endpoint& from, const Flood& ask) const;

    Exchange& exchange_;
    const RouteCache& cache_;
    PrefixBuckets asked_by_;
    PrefixBuckets ordered_by_;
    std::optional<TokenBucket> asked_;
    std::optional<TokenBucket> ordered_;
};

} // namespace kith::pnrp
