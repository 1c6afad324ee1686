#include "pnrp/revocation.hpp"

#include "pnrp/cpa.hpp"
#include "pnrp/drop_reason.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/network.hpp"

namespace kith::pnrp {

bool RevokeBudget::take(Now now, const Address& source) {
    if (!all_) all_.emplace(now, kRevokesPerSecond);
    const Address network = narrow_network_of(source);
    if (!all_->has_token(now) || !prefixes_.has_token(now, network, kRevokesPerSecondNarrow))
        return false;
    all_->take();
    prefixes_.take(network);
    return true;
}

std::optional<Revocation> judge_revocation(
    Now now,
    Exchange& exchange,
    const RouteCache& cache,
    RevokeBudget& budget,
    const RevokeArrival& arrival) {
    const auto claimed = decode_cpa(exchange.profile(), arrival.revoke_cpa);
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
    const bool is_proven = exchange.proven().is_proven(now, arrival.from);
    if (!is_proven && !budget.take(now, arrival.from.address))
        return Revocation{cached->entry.id, false};
    ++exchange.counters().signatures_checked;
    // A revoke has no chain: the delegate's key was seen with one when it published.
    const CpaExpectation expected{
        .now = now.wall,
        .revoke = true,
        .clock_skew = kClockSkewMax,
        .key_is_known = cached->key && key_fingerprint(claimed->public_key) == *cached->key};
    const auto cpa = verify_cpa(exchange.profile(), arrival.revoke_cpa, expected);
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
