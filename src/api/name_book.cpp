#include "api/name_book.hpp"

#include <algorithm>

namespace kith::api {

std::optional<node::PublicationId> NameBook::find(const identity::PeerName& name) const {
    const auto found = std::ranges::find_if(names_, [&](const auto& item) {
        return item.second.publication.registration.name == name;
    });
    if (found == names_.end()) return std::nullopt;
    return found->first;
}

void NameBook::put(node::PublicationId id, PublishedName name) {
    names_.insert_or_assign(id, std::move(name));
}

bool NameBook::uses(std::string_view label) const {
    if (opening_.contains(label)) return true;
    const auto is_its = [&](const auto& item) { return item.second.identity == label; };
    return std::ranges::any_of(names_, is_its) || std::ranges::any_of(waiting_, is_its);
}

void NameBook::relabel(std::string_view label, const std::string& new_label) {
    for (auto& [id, name] : names_) {
        if (name.identity == label) name.identity = new_label;
    }
    for (auto& [text, name] : waiting_) {
        if (name.identity == label) name.identity = new_label;
    }
    if (const auto opening = opening_.find(label); opening != opening_.end()) {
        const unsigned count = opening->second;
        opening_.erase(opening);
        opening_[new_label] += count;
    }
}

void NameBook::end_opening(const std::string& label) {
    const auto found = opening_.find(label);
    if (found != opening_.end() && --found->second == 0) opening_.erase(found);
}

} // namespace kith::api
