// What a search looks for, and when it has it (MS-PNRP 2.2.2.8, 3.1.4.4.2).

#pragma once

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "pnrp/id.hpp"
#include "pnrp/message.hpp"
#include "pnrp/registration.hpp"
#include "pnrp/route_entry.hpp"

#include <cstdint>
#include <optional>

namespace kith::pnrp {

struct SearchGoal {
    PnrpId target;
    Criteria criteria = Criteria::none;
    Reason reason = Reason::application;
    std::uint16_t precision = 0;            // for Criteria::upper_bits only
    std::optional<RouteEntry> initial_best; // rides in every LOOKUP until something closer is met
    std::optional<Endpoint> initial_hop;    // asked first, by the id zero, instead of the cache
    Instant deadline;
    Extent extent = Extent::one; // all: for Criteria::any_peer_name of an application only
};

/// True if an entry with `id` ends the search at once (MS-PNRP 2.2.2.8).
bool satisfies(const SearchGoal& goal, const PnrpId& id);

/// True if an entry with `id` is good enough once there is nobody left to ask: for split detection
/// any (decision A12).
bool is_acceptable(const SearchGoal& goal, const PnrpId& id);

} // namespace kith::pnrp
