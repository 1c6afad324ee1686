#include "pnrp/search_goal.hpp"

namespace kith::pnrp {

namespace {

unsigned bits_wanted(const SearchGoal& goal) {
    switch (goal.criteria) {
    case Criteria::none:
    case Criteria::nearest_peer_name:
        return 256;
    case Criteria::any_peer_name:
        return 128;
    case Criteria::nearest64_peer_name:
        return 192;
    case Criteria::upper_bits:
        return goal.precision;
    }
    return 256;
}

} // namespace

bool satisfies(const SearchGoal& goal, const PnrpId& id) {
    return common_prefix_bits(id, goal.target) >= bits_wanted(goal);
}

bool is_acceptable(const SearchGoal& goal, const PnrpId& id) {
    if (goal.reason == Reason::split_detection) return true;
    const bool is_nearest = goal.criteria == Criteria::nearest_peer_name ||
                            goal.criteria == Criteria::nearest64_peer_name;
    if (is_nearest) return common_prefix_bits(id, goal.target) >= 128;
    return satisfies(goal, id);
}

} // namespace kith::pnrp
