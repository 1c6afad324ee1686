// NextHopStack (MS-PNRP 3.1.4.4.2): whom a search may ask next, the most promising on top.

#pragma once

#include "pnrp/hop.hpp"
#include "pnrp/limits.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace kith::pnrp {

class NextHopStack {
public:
    bool empty() const { return hops_.empty(); }
    std::size_t size() const { return hops_.size(); }
    bool is_full() const { return hops_.size() >= kNextHopsMax; }

    /// Puts `hop` on top. In a full stack the bottom one makes room.
    void push(Hop hop);

    /// Puts all on top, the first of them topmost; without a limit.
    void push_all(std::vector<Hop> hops);

    /// Puts all below the others, the first of them topmost; without a limit.
    void push_below(std::vector<Hop> hops);

    /// Takes the topmost one that is wanted, if there is one.
    template<class Predicate>
    std::optional<Hop> take(Predicate&& is_wanted);

    /// Takes the top one. Nothing if empty.
    std::optional<Hop> take();

    /// Takes the top one away if it has `id`.
    void pop_if(const PnrpId& id);

    /// The node of `entry` may be asked once more than it might. No-op if it is not here, or has
    /// not been asked.
    void take_use_back(const RouteEntry& entry);

    bool contains(const RouteEntry& entry) const;

    template<class Predicate>
    void erase_if(Predicate&& is_unwanted) {
        std::erase_if(hops_, is_unwanted);
    }

    auto begin() const { return hops_.begin(); }
    auto end() const { return hops_.end(); }

    std::size_t state_bytes() const {
        return hops_.capacity() * (sizeof(Hop) + 2 * sizeof(Address));
    }

private:
    std::vector<Hop> hops_; // top last
};

template<class Predicate>
std::optional<Hop> NextHopStack::take(Predicate&& is_wanted) {
    const auto found = std::find_if(hops_.rbegin(), hops_.rend(), is_wanted);
    if (found == hops_.rend()) return std::nullopt;
    Hop hop = std::move(*found);
    hops_.erase(std::next(found).base());
    return hop;
}

} // namespace kith::pnrp
