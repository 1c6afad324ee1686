// A node that a search may ask.

#pragma once

#include "base/endpoint.hpp"
#include "pnrp/route_entry.hpp"

#include <optional>

namespace kith::pnrp {

struct Hop {
    RouteEntry entry;
    unsigned uses = 0;                   // LOOKUPs that it was sent
    unsigned lookups = 0;                // on the path to it
    std::optional<Endpoint> informant{}; // who told of it; nothing: we knew it
    bool was_asked = false;              // counted for its network, even if no use is left of that
    bool is_publisher = false;           // found already: asked for those beside it
};

/// True for the first hop of a split test: it has no id that we know and stands for an address
/// (MS-PNRP 3.2.6.2.1), is never best and never cached (decision A43).
inline bool is_made_up(const RouteEntry& entry) {
    return entry.id.is_zero();
}

} // namespace kith::pnrp
