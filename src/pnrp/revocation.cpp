#include "pnrp/revocation.hpp"

#include "pnrp/cpa.hpp"
#include "pnrp/drop_reason.hpp"
#include "pnrp/limits.hpp"

namespace kith::pnrp {

std::optional<Revocation>
judge_revocation(Now now, Exchange& exchange, const RouteCache& cache, ByteView revoke_cpa) {
    const auto claimed = decode_cpa(exchange.profile(), revoke_cpa);
    if (!claimed) {
        exchange.counters().drop(drop_reason(claimed.error()));
        return std::nullopt;
    }
    const CachedRoute* cached = cache.find(id_of(exchange.profile(), *claimed));
    if (cached == nullptr) return std::nullopt; // nothing to revoke: not worth a signature check
    const bool needs_known_key = exchange.profile().revokes_by_known_key;
    const bool is_delegated = claimed->authority && !is_owners(exchange.profile(), *claimed);
    const bool is_vague = is_delegated || (needs_known_key && !claimed->authority);
    if (is_vague && !cached->key) return Revocation{cached->entry.id, false};
    ++exchange.counters().signatures_checked;
    // A revoke has no chain: the delegate's key was seen with one when it published.
    const CpaExpectation expected{
        .now = now.wall,
        .revoke = true,
        .clock_skew = kClockSkewMax,
        .key_is_known = cached->key && key_fingerprint(claimed->public_key) == *cached->key};
    const auto cpa = verify_cpa(exchange.profile(), revoke_cpa, expected);
    if (!cpa) {
        exchange.counters().drop(drop_reason(cpa.error()));
        return std::nullopt;
    }
    if (needs_known_key && cached->key && key_fingerprint((*cpa)->public_key) != *cached->key) {
        exchange.counters().drop(Drop::revoke_unknown_key);
        return std::nullopt;
    }
    return Revocation{cpa->id(), true};
}

} // namespace kith::pnrp
