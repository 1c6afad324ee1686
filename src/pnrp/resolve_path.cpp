#include "pnrp/resolve_path.hpp"

#include "pnrp/limits.hpp"

namespace kith::pnrp {

namespace {

bool has_any_of(std::span<const Endpoint> endpoints, const RouteEntry& entry) {
    return std::any_of(endpoints.begin(), endpoints.end(), [&](const Endpoint& endpoint) {
        return entry.has_endpoint(endpoint);
    });
}

} // namespace

void ResolvePath::add(const Endpoint& endpoint) {
    if (std::ranges::find(endpoints_, endpoint) == endpoints_.end()) endpoints_.push_back(endpoint);
}

bool ResolvePath::contains_any_of(const RouteEntry& entry) const {
    return has_any_of(endpoints_, entry);
}

bool ResolvePath::returns_to(const RouteEntry& entry) const {
    if (endpoints_.empty()) return false;
    return has_any_of(endpoints().first(endpoints_.size() - 1), entry);
}

std::vector<Endpoint> flagged_path(
    const Endpoint& own, std::span<const Endpoint> known, std::span<const Endpoint> silent) {
    const std::size_t kept = std::min(known.size(), kPathEndpointsMax - 1);
    const auto asked = known.last(kept);
    std::vector<Endpoint> flagged{own};
    for (const Endpoint& endpoint :
         silent.first(std::min(silent.size(), kPathEndpointsMax - 1 - kept))) {
        if (std::ranges::find(asked, endpoint) == asked.end()) flagged.push_back(endpoint);
    }
    flagged.insert(flagged.end(), asked.begin(), asked.end());
    return flagged;
}

} // namespace kith::pnrp
