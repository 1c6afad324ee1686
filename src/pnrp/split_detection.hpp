// Whether this node is in a part of the cloud that lost the rest (MS-PNRP 3.2.6.2.1, 3.2.5.11.1).
//
// A test searches for the neighbour of an own id, but from a seed instead of from our own cache. In
// a cloud that is whole both know the same neighbour. The search itself is the repair: whom it
// meets is cached and told of us.

#pragma once

#include "base/fifo.hpp"
#include "base/time.hpp"
#include "pnrp/cloud.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/registry.hpp"
#include "pnrp/route_cache.hpp"
#include "pnrp/search.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace kith::pnrp {

class SplitDetection {
public:
    SplitDetection(Exchange& exchange, const RouteCache& cache, const Registry& registry)
        : exchange_(exchange),
          cache_(cache),
          registry_(registry) {}

    /// Tests one own id, drawn at random, at `seed`. No-op while a test is under way, without an
    /// own id, without a cached entry to compare with, or if `seed` is ourselves or of another
    /// scope.
    void start(const Endpoint& seed);

    struct Test {
        PnrpId own_id;
        SearchGoal goal;
    };
    /// The next search to begin; `handle_done` follows.
    std::optional<Test> poll_test(Now now);

    /// The search for `own_id` has ended. In the smaller part the other own ids are tested as
    /// well, one after another; a search without a certified result says nothing.
    void handle_done(const PnrpId& own_id, const SearchResult& result);

    /// What the last test said, of the first id that was tested; nothing before the first.
    std::optional<SplitVerdict> verdict() const { return verdict_; }

    std::size_t state_bytes() const;

private:
    void begin(const PnrpId& own_id);

    Exchange& exchange_;
    const RouteCache& cache_;
    const Registry& registry_;
    Endpoint seed_;
    std::optional<PnrpId> testing_;
    std::vector<PnrpId> known_; // nearest to the target when the test began, nearest first
    Fifo<PnrpId> waiting_;
    bool is_repeating_ = false; // what is tested now was waiting
    bool is_due_ = false;       // `testing_` waits to be polled
    std::optional<SplitVerdict> verdict_;
};

} // namespace kith::pnrp
