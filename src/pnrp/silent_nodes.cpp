#include "pnrp/silent_nodes.hpp"

#include <algorithm>

namespace kith::pnrp {

void SilentNodes::note(Now now, const Endpoint& endpoint) {
    clear(endpoint);
    if (noted_.size() == kSilentNodesMax) noted_.erase(noted_.begin());
    noted_.push_back({endpoint, now.instant});
}

void SilentNodes::clear(const Endpoint& endpoint) {
    std::erase_if(noted_, [&](const Note& note) { return note.endpoint == endpoint; });
}

bool SilentNodes::contains(Now now, const Endpoint& endpoint) const {
    return std::any_of(noted_.begin(), noted_.end(), [&](const Note& note) {
        return note.endpoint == endpoint && now.instant - note.at < lifetime_;
    });
}

std::vector<Endpoint> SilentNodes::latest(Now now, std::size_t count_max) const {
    std::vector<Endpoint> found;
    for (auto note = noted_.rbegin(); note != noted_.rend() && found.size() < count_max; ++note) {
        if (now.instant - note->at < lifetime_) found.push_back(note->endpoint);
    }
    return found;
}

} // namespace kith::pnrp
