#include "pnrp/doubts.hpp"

#include "pnrp/network.hpp"

#include <algorithm>

namespace kith::pnrp {

namespace {

bool is_at_any(const SilentNodes& nodes, Now now, const RouteEntry& entry) {
    return !nodes.empty() &&
           std::any_of(entry.addresses.begin(), entry.addresses.end(), [&](const Address& address) {
               return nodes.contains(now, {address, entry.port});
           });
}

} // namespace

bool Doubts::is_liar(Now now, const RouteEntry& entry) const {
    return is_at_any(exchange_.liars(), now, entry);
}

bool Doubts::is_liar_or_silent(Now now, const RouteEntry& entry) const {
    return is_at_any(exchange_.silent(), now, entry) || is_liar(now, entry);
}

std::optional<Address> Doubts::limited_network_of(const RouteEntry& entry) const {
    if (!exchange_.limits_network_of(entry)) return std::nullopt;
    return network_of(entry.addresses.front());
}

bool Doubts::is_spent(const RouteEntry& entry) const {
    const auto network = limited_network_of(entry);
    return network && networks_.is_spent(*network);
}

bool Doubts::is_hearsay_of_liars(const Hop& hop) const {
    return hop.informant && networks_.has_lied(network_of(hop.informant->address));
}

bool Doubts::is_with_liars(Now now, const Endpoint& endpoint) const {
    return exchange_.liars().contains(now, endpoint) ||
           networks_.has_lied(network_of(endpoint.address));
}

bool Doubts::is_doubtful(Now now, const Hop& hop, const Hop& liar) const {
    const bool is_informant = liar.informant && hop.entry.has_endpoint(*liar.informant);
    const bool is_hearsay = hop.informant && (hop.informant == liar.informant ||
                                              liar.entry.has_endpoint(*hop.informant));
    return is_informant || is_hearsay || is_liar(now, hop.entry);
}

void Doubts::note_asked(const RouteEntry& entry) {
    const auto network = limited_network_of(entry);
    if (network) networks_.note_asked(*network);
}

bool Doubts::note_suspicion(const RouteEntry& entry) {
    const auto network = limited_network_of(entry);
    return !network || networks_.note_suspicion(*network);
}

void Doubts::note_lie(Now now, const Hop& liar) {
    for (const Endpoint& endpoint : exchange_.destinations(liar.entry))
        exchange_.liars().note(now, endpoint);
    const auto network = limited_network_of(liar.entry);
    if (network) networks_.note_lie(*network);
}

void Doubts::acquit(const RouteEntry& entry) {
    for (const Endpoint& endpoint : exchange_.destinations(entry))
        exchange_.liars().clear(endpoint);
}

} // namespace kith::pnrp
