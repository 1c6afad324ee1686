// The end of somebody else's registration: what the revoke CPA of a FLOOD is worth (MS-PNRP
// 3.1.5.5, decision A22).
//
// The id of a secure name proves the key that may revoke it, unless a delegate published it. The
// key of an unsecured name is bound to nothing but its first appearance, and where we never saw the
// key only the node itself can tell (docs/protocol/pnrp.md, Limits against abuse).

#pragma once

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/route_cache.hpp"

#include <optional>

namespace kith::pnrp {

struct Revocation {
    PnrpId id;              // of a cached entry
    bool is_proved = false; // otherwise the node of the entry is to be asked
};

/// Nothing if nobody is cached who could be meant, or if `revoke_cpa` is not valid; then it is
/// counted under its reason.
std::optional<Revocation>
judge_revocation(Now now, Exchange& exchange, const RouteCache& cache, ByteView revoke_cpa);

} // namespace kith::pnrp
