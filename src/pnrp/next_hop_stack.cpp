#include "pnrp/next_hop_stack.hpp"

namespace kith::pnrp {

void NextHopStack::push(Hop hop) {
    if (is_full()) hops_.erase(hops_.begin());
    hops_.push_back(std::move(hop));
}

void NextHopStack::push_all(std::vector<Hop> hops) {
    hops_.insert(
        hops_.end(), std::make_move_iterator(hops.rbegin()), std::make_move_iterator(hops.rend()));
}

void NextHopStack::push_below(std::vector<Hop> hops) {
    hops_.insert(
        hops_.begin(),
        std::make_move_iterator(hops.rbegin()),
        std::make_move_iterator(hops.rend()));
}

std::optional<Hop> NextHopStack::take() {
    return take([](const Hop&) { return true; });
}

void NextHopStack::pop_if(const PnrpId& id) {
    if (!hops_.empty() && hops_.back().entry.id == id) hops_.pop_back();
}

void NextHopStack::take_use_back(const RouteEntry& entry) {
    const auto at = std::ranges::find(hops_, entry, &Hop::entry);
    if (at != hops_.end() && at->uses > 0) --at->uses;
}

bool NextHopStack::contains(const RouteEntry& entry) const {
    return std::ranges::find(hops_, entry, &Hop::entry) != hops_.end();
}

} // namespace kith::pnrp
