#include "pnrp/networks_met.hpp"

#include "pnrp/limits.hpp"

#include <algorithm>
#include <utility>

namespace kith::pnrp {

const NetworksMet::Met* NetworksMet::find(const Address& network) const {
    const auto found = std::ranges::find(met_, network, &Met::network);
    return found == met_.end() ? nullptr : &*found;
}

NetworksMet::Met& NetworksMet::find_or_add(const Address& network) {
    const auto found = std::ranges::find(met_, network, &Met::network);
    return found == met_.end() ? met_.emplace_back(Met{.network = network}) : *found;
}

bool NetworksMet::note_suspicion(const Address& network) {
    return !std::exchange(find_or_add(network).is_suspicious, true);
}

bool NetworksMet::is_spent(const Address& network) const {
    const Met* met = find(network);
    return met != nullptr && (met->asked >= kAsksPerNetworkMax || met->has_lied);
}

bool NetworksMet::has_lied(const Address& network) const {
    const Met* met = find(network);
    return met != nullptr && met->has_lied;
}

} // namespace kith::pnrp
