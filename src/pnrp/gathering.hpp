// The registrations of one name, gathered by a search for all of them: those that are proved, and
// those of their publishers that may know of others beside them (docs/protocol/pnrp.md, Resolving).

#pragma once

#include "pnrp/hop.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/search_match.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace kith::pnrp {

class Gathering {
public:
    bool empty() const { return matches_.empty(); }
    bool is_full() const { return matches_.size() >= kGatheredMax; }
    bool contains(const PnrpId& id) const;

    /// Requires: `match` has an entry.
    void add(SearchMatch match);

    /// `publisher` is to be asked for those beside it.
    void add_publisher(Hop publisher);
    bool has_publisher() const { return !publishers_.empty(); }

    /// The one added last; nothing if there is none.
    std::optional<Hop> take_publisher();

    /// All of them, in the order of finding; none are left.
    std::vector<SearchMatch> take_matches();

    std::size_t state_bytes() const;

private:
    std::vector<SearchMatch> matches_;
    std::vector<Hop> publishers_;
};

} // namespace kith::pnrp
