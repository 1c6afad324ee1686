// One registration that a search found, and the checks that prove it (MS-PNRP 3.1.5.7, 3.1.5.8).

#pragma once

#include "base/time.hpp"
#include "pnrp/authority_buffer.hpp"
#include "pnrp/counters.hpp"
#include "pnrp/cpa.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/extended_payload.hpp"
#include "pnrp/hop.hpp"
#include "pnrp/message.hpp"

#include <expected>
#include <optional>

namespace kith::pnrp {

/// One registration, or one entry, that a search found.
struct SearchMatch {
    std::optional<RouteEntry> entry{};
    std::optional<VerifiedCpa> cpa{};
    std::optional<ExtendedPayload> payload{};
    unsigned lookups = 0;      // on the path that won
    bool is_delegated = false; // by a chain that holds, to the key of `cpa`
};

/// What the answer of `asked` to an INQUIRE with `nonce` proves; otherwise what the answer is to be
/// counted under.
std::expected<SearchMatch, Drop> verify_match(
    Now now,
    Exchange& exchange,
    const Hop& asked,
    const Nonce& nonce,
    const AuthorityBuffer& buffer);

} // namespace kith::pnrp
