// The matches of a search: CurrentBestMatch and BestMatchStack (MS-PNRP 3.1.4.4.2), which takes its
// place should it be of no use, and what has proved to be of none.

#pragma once

#include "pnrp/hop.hpp"
#include "pnrp/search_goal.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace kith::pnrp {

class BestMatches {
public:
    const std::optional<Hop>& current() const { return current_; }

    /// `hop` becomes the current one; what was goes onto the stack.
    void offer(const Hop& hop);

    /// A match that is wanted: the current one, which stays, or the topmost, taken off the stack.
    template<class Predicate>
    std::optional<Hop> take(Predicate&& is_wanted);

    /// Drops those that are unwanted, the current one as well.
    template<class Predicate>
    void drop_if(Predicate&& is_unwanted);

    // Of no use ----------------------------------------------------------------------------------

    /// `entry` is of no use at the addresses that it has.
    void reject(const RouteEntry& entry);

    /// If the current one has `id`, the topmost of the stack that was not rejected takes its place;
    /// those above it are dropped.
    void give_way(const PnrpId& id);

    bool is_rejected(const RouteEntry& entry) const;

    /// Those that satisfy `goal`, each once, the nearest to `target` last. Valid until the next
    /// rejection.
    std::vector<const RouteEntry*>
    rejected_matches(const SearchGoal& goal, const PnrpId& target) const;

    /// `hop` was inquired in vain once: of no use, but for a last resort.
    void note_silent(const Hop& hop);

    /// The one that was silent last; nothing if there is none.
    std::optional<Hop> take_silent();

    std::size_t state_bytes() const;

private:
    void discard();

    std::optional<Hop> current_;
    std::vector<Hop> stack_; // top last
    std::vector<RouteEntry> rejected_;
    std::vector<Hop> silent_;
};

template<class Predicate>
std::optional<Hop> BestMatches::take(Predicate&& is_wanted) {
    if (current_ && is_wanted(*current_)) return current_;
    const auto found = std::find_if(stack_.rbegin(), stack_.rend(), is_wanted);
    if (found == stack_.rend()) return std::nullopt;
    Hop hop = std::move(*found);
    stack_.erase(std::next(found).base());
    return hop;
}

template<class Predicate>
void BestMatches::drop_if(Predicate&& is_unwanted) {
    std::erase_if(stack_, is_unwanted);
    if (current_ && is_unwanted(*current_)) discard();
}

} // namespace kith::pnrp
