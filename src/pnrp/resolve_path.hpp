// ResolvePath (MS-PNRP 3.1.4.4.2): the endpoints that a search has been to, and those that it is
// not to be referred to; without the own one.

#pragma once

#include "base/endpoint.hpp"
#include "pnrp/route_entry.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace kith::pnrp {

class ResolvePath {
public:
    /// No-op for one that is in it.
    void add(const Endpoint& endpoint);

    /// True if one of the endpoints of `entry` is in it.
    bool contains_any_of(const RouteEntry& entry) const;

    /// The same without the last one, which may come back: it is the node that was just asked
    /// (MS-PNRP 3.1.5.6.1).
    bool returns_to(const RouteEntry& entry) const;

    template<class Predicate>
    void erase_if(Predicate&& is_unwanted) {
        std::erase_if(endpoints_, is_unwanted);
    }

    /// In the order in which they were added.
    std::span<const Endpoint> endpoints() const { return endpoints_; }

    std::size_t state_bytes() const { return endpoints_.capacity() * sizeof(Endpoint); }

private:
    std::vector<Endpoint> endpoints_;
};

/// The path as a LOOKUP has it: `own`, then `silent` ones, then the last of `known`, as many as fit
/// (decision A15). Of `silent` only what `known` leaves room for, and is not in it already.
std::vector<Endpoint> flagged_path(
    const Endpoint& own, std::span<const Endpoint> known, std::span<const Endpoint> silent);

} // namespace kith::pnrp
