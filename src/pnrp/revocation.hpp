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
#include "pnrp/guard.hpp"
#include "pnrp/route_cache.hpp"

#include <optional>

namespace kith::pnrp {

struct Revocation {
    PnrpId id;              // of a cached entry
    bool is_proved = false; // otherwise the node of the entry is to be asked
};

/// How many revokes of senders who have not proved themselves are worth checking a signature: to
/// make one that is not valid costs nothing.
class RevokeBudget {
public:
    /// Takes one check out of the budget of `source`; false if there is none left.
    bool take(Now now, const Address& source);

    void expire(Now now) { prefixes_.expire(now); }
    std::size_t state_bytes() const { return prefixes_.state_bytes(); }

private:
    std::optional<TokenBucket> all_;
    PrefixBuckets prefixes_;
};

/// A FLOOD's revoke and who sent it.
struct RevokeArrival {
    Endpoint from;
    ByteView revoke_cpa;
};

/// Nothing if nobody is cached who could be meant, or if the revoke is not valid; then it is
/// counted under its reason.
std::optional<Revocation> judge_revocation(
    Now now,
    Exchange& exchange,
    const RouteCache& cache,
    RevokeBudget& budget,
    const RevokeArrival& arrival);

} // namespace kith::pnrp
