#include "pnrp/visits.hpp"

#include "pnrp/limits.hpp"
#include "pnrp/network.hpp"

#include <algorithm>
#include <utility>

namespace kith::pnrp {

namespace {

// The visitor has to be able to come there: of its addresses one is of that family.
const Address* address_like(const RouteEntry& entry, const Address& wanted) {
    const auto found =
        std::find_if(entry.addresses.begin(), entry.addresses.end(), [&](const Address& address) {
            return address.is_v4() == wanted.is_v4();
        });
    return found == entry.addresses.end() ? nullptr : &*found;
}

bool has_address(const RouteEntry& entry, const Address& address) {
    return std::find(entry.addresses.begin(), entry.addresses.end(), address) !=
           entry.addresses.end();
}

} // namespace

const RouteEntry* Visits::choose_visitor(const Endpoint& from, const Flood& ask) const {
    const RouteEntry* chosen = nullptr;
    std::uint64_t fitting = 0;
    for (const CachedRoute& route : cache_.entries()) {
        const RouteEntry& entry = route.entry;
        const bool is_contacted = std::any_of(
            ask.already_flooded.begin(), ask.already_flooded.end(), [&](const Endpoint& known) {
                return has_address(entry, known.address);
            });
        if (is_contacted || route.is_late || has_address(entry, from.address)) continue;
        if (address_like(entry, from.address) == nullptr) continue;
        if (exchange_.plain().below(++fitting) == 0) chosen = &entry; // each with the same chance
    }
    return chosen;
}

bool Visits::pass_on(Now now, const Endpoint& from, const Flood& ask) {
    if (!asked_) asked_.emplace(now, kVisitsPerSecond);
    const Address prefix = narrow_network_of(from.address);
    if (!asked_->has_token(now) || !asked_by_.has_token(now, prefix, kVisitsPerSecondNarrow)) {
        exchange_.counters().drop(Drop::rate_limited);
        return false;
    }
    const RouteEntry* const visitor = choose_visitor(from, ask);
    if (visitor == nullptr) return false;
    const auto there = exchange_.destinations(*visitor);
    if (there.empty()) return false;
    asked_->take();
    asked_by_.take(prefix);
    Flood order;
    order.no_ack = true;
    order.visit = true;
    order.validate = ask.validate;
    order.already_flooded = {from};
    exchange_.send_encoded(
        {},
        there.front(),
        encode_message(exchange_.profile(), Message{exchange_.fresh_id(), std::move(order)}));
    return true;
}

void Visits::make(Now now, const Endpoint& from, const Flood& order) {
    const Endpoint& to = order.already_flooded.front();
    const RouteEntry entry{order.validate, to.port, {to.address}};
    if (!exchange_.is_admissible(to) || exchange_.destinations(entry).empty()) {
        exchange_.counters().drop(Drop::bad_entry);
        return;
    }
    // Nobody who orders proves himself: one network alone does not use up what all have.
    if (!ordered_) ordered_.emplace(now, kVisitsMadePerSecond);
    const Address prefix = narrow_network_of(from.address);
    if (!ordered_->has_token(now) || !ordered_by_.has_token(now, prefix, kVisitsPerSecondNarrow)) {
        exchange_.counters().drop(Drop::rate_limited);
        return;
    }
    ordered_->take();
    ordered_by_.take(prefix);
    Inquire visit;
    visit.validate = order.validate;
    exchange_.set_reached_at({}); // from wherever we come out on the way there
    exchange_.request_once(now, to, visit, {Errand::visit, 0, order.validate});
}

} // namespace kith::pnrp
