#include "pnrp/flooding.hpp"

#include "pnrp/limits.hpp"

#include <algorithm>
#include <utility>

namespace kith::pnrp {

namespace {

bool is_any_in(const RouteEntry& entry, std::span<const Endpoint> endpoints) {
    return std::any_of(endpoints.begin(), endpoints.end(), [&](const Endpoint& endpoint) {
        return entry.has_endpoint(endpoint);
    });
}

std::size_t rank_in(const std::vector<const CachedRoute*>& side, const PnrpId& id) {
    const auto at = std::find_if(
        side.begin(), side.end(), [&](const CachedRoute* route) { return route->entry.id == id; });
    return static_cast<std::size_t>(at - side.begin());
}

// The newest endpoints are the ones that matter; the list has room for 22 (MS-PNRP 2.2.2.4).
void add_bounded(std::vector<Endpoint>& list, const Endpoint& endpoint) {
    if (std::find(list.begin(), list.end(), endpoint) != list.end()) return;
    if (list.size() == kPathEndpointsMax) list.erase(list.begin());
    list.push_back(endpoint);
}

} // namespace

void Flooding::send(
    Now now, std::vector<Endpoint> destinations, const PnrpId& validate, Flood flood) {
    flood.validate = validate;
    const CachedRoute* cached = cache_.find(validate);
    const auto late_after = cached != nullptr ? cached->round_trip.late_after() : std::nullopt;
    const Purpose purpose{Errand::flood, 0, validate};
    exchange_.request(now, std::move(destinations), std::move(flood), purpose, late_after);
}

void Flooding::send_entry(
    Now now,
    const RouteEntry& to,
    const RouteEntry& entry,
    std::span<const Endpoint> already_flooded) {
    Flood flood;
    flood.entry = entry;
    flood.already_flooded.assign(already_flooded.begin(), already_flooded.end());
    send(now, exchange_.destinations(to), to.id, std::move(flood));
}

std::optional<PnrpId> Flooding::id_at(const Endpoint& endpoint) const {
    for (const CachedRoute& route : cache_.entries()) {
        if (route.entry.has_endpoint(endpoint)) return route.entry.id;
    }
    return std::nullopt;
}

// The nearest cached entry above or below `id` whose node has not seen the flood (MS-PNRP
// 3.2.5.11).
const CachedRoute*
Flooding::nearest_unflooded(const PnrpId& id, Side side, std::span<const Endpoint> seen) const {
    const CachedRoute* next = side == Side::above ? cache_.next_above(id) : cache_.next_below(id);
    for (std::size_t i = 0; i < cache_.size() && next != nullptr; ++i) {
        if (next->entry.id == id) return nullptr; // all the way round
        if (!is_any_in(next->entry, seen)) return next;
        const PnrpId at = next->entry.id;
        next = side == Side::above ? cache_.next_above(at) : cache_.next_below(at);
    }
    return nullptr;
}

void Flooding::spread(Now now, const Admitted& admitted) {
    const RouteEntry& entry = admitted.offer.entry;
    std::vector<Endpoint> seen = admitted.offer.already_flooded.value_or(std::vector<Endpoint>{});
    std::vector<RouteEntry> targets;
    for (const Side side : {Side::above, Side::below}) {
        const CachedRoute* next = nearest_unflooded(entry.id, side, seen);
        if (next == nullptr) continue;
        if (!targets.empty() && targets.front().id == next->entry.id) continue;
        targets.push_back(next->entry);
    }
    for (const RouteEntry& target : targets) {
        const auto destinations = exchange_.destinations(target);
        if (!destinations.empty()) add_bounded(seen, destinations.front());
    }
    if (!exchange_.endpoints().empty()) add_bounded(seen, exchange_.endpoints().front());
    for (const RouteEntry& target : targets)
        send_entry(now, target, entry, seen);

    if (!exchange_.is_offered()) return;
    // The newcomer learns of us, and so does whoever told us of it (MS-PNRP 4.4).
    const RouteEntry own = registry_.entry_of(admitted.own_ids.front());
    send_entry(now, entry, own, exchange_.endpoints());
    const Endpoint& informant = admitted.offer.informant;
    const bool is_third_party = admitted.offer.already_flooded && !entry.has_endpoint(informant);
    if (is_third_party && exchange_.is_admissible(informant)) {
        Flood flood;
        flood.entry = own;
        flood.already_flooded.assign(exchange_.endpoints().begin(), exchange_.endpoints().end());
        // Decision A20: zero where we do not know an id of the receiver.
        flood.validate = id_at(informant).value_or(PnrpId{});
        const Purpose purpose{Errand::flood, 0, flood.validate};
        if (exchange_.proven().is_proven(now, informant)) {
            exchange_.request(now, {informant}, flood, purpose, std::nullopt);
        } else {
            exchange_.request_once(now, informant, flood, purpose);
        }
    }
}

void Flooding::revoke(Now now, const PnrpId& own, const Bytes& revocation) {
    const auto below = cache_.below(own);
    const auto above = cache_.above(own);
    for (const auto* side : {&below, &above}) {
        if (side->empty()) continue;
        Flood flood;
        flood.revoke_cpa = revocation;
        flood.already_flooded.assign(exchange_.endpoints().begin(), exchange_.endpoints().end());
        const RouteEntry& to = side->front()->entry;
        send(now, exchange_.destinations(to), to.id, std::move(flood));
    }
    // The edges of the gap learn of each other, so that the leaf sets close over it.
    if (below.size() == kLeafSetSide && !above.empty()) {
        send_entry(now, below.back()->entry, above.front()->entry, exchange_.endpoints());
    }
    if (above.size() == kLeafSetSide && !below.empty()) {
        send_entry(now, above.back()->entry, below.front()->entry, exchange_.endpoints());
    }
}

void Flooding::pass_on(
    Now now, const PnrpId& revoked, const Bytes& revocation, const Flood& received) {
    const auto own_ids = cache_.leaf_sets_of(revoked);
    if (own_ids.empty()) return;
    // Onward in the same direction: from the revoked id over ours to the next one beyond. Which
    // side that is follows from ranks; in a small cloud distances say little.
    const PnrpId& own = own_ids.front();
    const std::size_t rank_above = rank_in(cache_.above(own), revoked);
    const std::size_t rank_below = rank_in(cache_.below(own), revoked);
    const bool is_above_us = rank_above < rank_below;
    const CachedRoute* next = is_above_us ? cache_.next_below(own) : cache_.next_above(own);
    if (next == nullptr || next->entry.id == revoked) return;
    if (is_any_in(next->entry, received.already_flooded)) return; // the two directions have met
    Flood flood;
    flood.revoke_cpa = revocation;
    flood.already_flooded = received.already_flooded;
    if (!exchange_.endpoints().empty()) {
        add_bounded(flood.already_flooded, exchange_.endpoints().front());
    }
    send(now, exchange_.destinations(next->entry), next->entry.id, std::move(flood));
}

} // namespace kith::pnrp
