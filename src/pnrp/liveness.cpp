#include "pnrp/liveness.hpp"

namespace kith::pnrp {

void Liveness::probe(Now now, const PnrpId& id) {
    const CachedRoute* cached = cache_.find(id);
    // One question serves all who wait for the same answer.
    if (cached == nullptr || exchange_.pending().contains(Errand::probe, id)) return;
    Inquire inquire;
    inquire.validate = id;
    const Purpose purpose{Errand::probe, 0, id};
    exchange_.request(
        now,
        exchange_.destinations(cached->entry),
        inquire,
        purpose,
        cached->round_trip.late_after());
}

void Liveness::probe_or_certify(Now now, const PnrpId& id) {
    const CachedRoute* cached = cache_.find(id);
    if (cached != nullptr && !cached->key && exchange_.profile().inquires_match_at_once) {
        admission_.certify(now, *cached);
    } else {
        probe(now, id);
    }
}

void Liveness::handle_answer(
    Now now, const PendingList::Answered& answered, const AuthorityBuffer& buffer) {
    if (buffer.not_found) {
        drop_at(now, answered.purpose.subject, answered.from);
    } else if (const CachedRoute* cached = cache_.find(answered.purpose.subject)) {
        admission_.confirm(now, RouteEntry(cached->entry), answered.from, answered.round_trip);
    }
}

void Liveness::drop(Now now, const PnrpId& id) {
    if (cache_.find(id) == nullptr) return;
    const auto own_ids = cache_.leaf_sets_of(id);
    cache_.erase(id);
    maintenance_.neighbour_gone(now, own_ids);
}

void Liveness::drop_at(Now now, const PnrpId& id, const Endpoint& asked) {
    const CachedRoute* cached = cache_.find(id);
    if (cached != nullptr && cached->entry.has_endpoint(asked)) drop(now, id);
}

void Liveness::note_late(const Endpoint& endpoint) {
    set_late(endpoint, true);
}

void Liveness::note_heard(const Endpoint& endpoint) {
    set_late(endpoint, false);
}

void Liveness::set_late(const Endpoint& endpoint, bool is_late) {
    for (const CachedRoute& route : cache_.entries()) {
        if (route.entry.has_endpoint(endpoint)) cache_.find(route.entry.id)->is_late = is_late;
    }
}

} // namespace kith::pnrp
