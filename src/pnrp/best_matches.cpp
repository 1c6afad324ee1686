#include "pnrp/best_matches.hpp"

namespace kith::pnrp {

void BestMatches::offer(const Hop& hop) {
    if (current_) stack_.push_back(std::move(*current_));
    current_ = hop;
}

void BestMatches::reject(const RouteEntry& entry) {
    if (!is_rejected(entry)) rejected_.push_back(entry);
}

void BestMatches::give_way(const PnrpId& id) {
    if (current_ && current_->entry.id == id) discard();
}

bool BestMatches::is_rejected(const RouteEntry& entry) const {
    return std::ranges::find(rejected_, entry) != rejected_.end();
}

std::vector<const RouteEntry*>
BestMatches::rejected_matches(const SearchGoal& goal, const PnrpId& target) const {
    std::vector<const RouteEntry*> matches;
    for (const RouteEntry& entry : rejected_) {
        if (satisfies(goal, entry.id)) matches.push_back(&entry);
    }
    std::sort(matches.begin(), matches.end(), [&](const RouteEntry* a, const RouteEntry* b) {
        return is_closer(b->id, a->id, target);
    });
    return matches;
}

void BestMatches::note_silent(const Hop& hop) {
    silent_.push_back(hop);
}

std::optional<Hop> BestMatches::take_silent() {
    if (silent_.empty()) return std::nullopt;
    Hop hop = std::move(silent_.back());
    silent_.pop_back();
    return hop;
}

// Those of the stack that were rejected meanwhile go as well.
void BestMatches::discard() {
    current_.reset();
    while (!stack_.empty() && !current_) {
        Hop hop = std::move(stack_.back());
        stack_.pop_back();
        if (!is_rejected(hop.entry)) current_ = std::move(hop);
    }
}

std::size_t BestMatches::state_bytes() const {
    const std::size_t hops = stack_.capacity() + silent_.capacity();
    return hops * (sizeof(Hop) + 2 * sizeof(Address)) + rejected_.capacity() * sizeof(RouteEntry);
}

} // namespace kith::pnrp
