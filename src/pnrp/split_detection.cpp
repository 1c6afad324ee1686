#include "pnrp/split_detection.hpp"

#include "pnrp/limits.hpp"

#include <algorithm>
#include <utility>

namespace kith::pnrp {

void SplitDetection::start(const Endpoint& seed) {
    const bool is_possible =
        exchange_.is_offered() && exchange_.is_admissible(seed) && !exchange_.is_own(seed);
    if (testing_ || !is_possible || registry_.size() == 0 || cache_.empty()) return;
    seed_ = seed;
    const auto own_ids = registry_.ids();
    begin(own_ids[static_cast<std::size_t>(exchange_.plain().below(own_ids.size()))]);
}

// What is cached is noted before the search begins: it adds whom it meets.
void SplitDetection::begin(const PnrpId& own_id) {
    cache_.visit_outward(successor(own_id), [&](const CachedRoute& route) {
        known_.push_back(route.entry.id);
        return known_.size() < 2 * kLeafSetSide;
    });
    testing_ = own_id;
    is_due_ = true;
}

// The search of MS-PNRP 3.2.6.2.1.
std::optional<SplitDetection::Test> SplitDetection::poll_test(Now now) {
    if (!is_due_) return std::nullopt;
    is_due_ = false;
    SearchGoal goal;
    goal.target = successor(*testing_);
    goal.criteria = Criteria::none;
    goal.reason = Reason::split_detection;
    goal.initial_hop = seed_;
    goal.deadline = now.instant + kUpkeepSearchTimeout;
    return Test{*testing_, std::move(goal)};
}

void SplitDetection::handle_done(const PnrpId& own_id, const SearchResult& result) {
    if (testing_ != own_id) return;
    testing_.reset();
    const std::vector<PnrpId> known = std::exchange(known_, {});
    // Whoever has left since the test began is nobody to compare with.
    const auto nearest = std::find_if(
        known.begin(), known.end(), [&](const PnrpId& id) { return cache_.find(id) != nullptr; });
    const bool is_certified = result.kind == SearchResult::Kind::found && result.entry;
    if (!is_repeating_ && is_certified && nearest != known.end()) {
        const PnrpId& met = result.entry->id;
        const bool is_nearer = is_closer(met, *nearest, successor(own_id));
        verdict_ = met == *nearest ? SplitVerdict::whole
                   : is_nearer     ? SplitVerdict::smaller_part
                                   : SplitVerdict::bigger_part;
        if (verdict_ == SplitVerdict::smaller_part) {
            for (const PnrpId& other : registry_.ids())
                if (other != own_id) waiting_.push_back(other);
        }
    }
    while (!testing_ && !waiting_.empty()) {
        const PnrpId other = waiting_.front();
        waiting_.pop_front();
        if (registry_.find(other) != nullptr && exchange_.is_offered()) begin(other);
    }
    is_repeating_ = testing_.has_value();
}

std::size_t SplitDetection::state_bytes() const {
    return known_.capacity() * sizeof(PnrpId) + waiting_.size() * sizeof(PnrpId);
}

} // namespace kith::pnrp
