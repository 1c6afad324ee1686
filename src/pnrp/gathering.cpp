#include "pnrp/gathering.hpp"

#include <algorithm>
#include <utility>

namespace kith::pnrp {

bool Gathering::contains(const PnrpId& id) const {
    return std::ranges::any_of(
        matches_, [&](const SearchMatch& found) { return found.entry->id == id; });
}

void Gathering::add(SearchMatch match) {
    matches_.push_back(std::move(match));
}

void Gathering::add_publisher(Hop publisher) {
    publishers_.push_back(std::move(publisher));
}

std::optional<Hop> Gathering::take_publisher() {
    if (publishers_.empty()) return std::nullopt;
    Hop publisher = std::move(publishers_.back());
    publishers_.pop_back();
    return publisher;
}

std::vector<SearchMatch> Gathering::take_matches() {
    return std::exchange(matches_, {});
}

std::size_t Gathering::state_bytes() const {
    return matches_.capacity() * sizeof(SearchMatch) + publishers_.capacity() * sizeof(Hop);
}

} // namespace kith::pnrp
