// What happens next: a binary heap in the order of (time, order of pushing). The second key makes
// the order of simultaneous events a fact of the run and not of the heap.

#pragma once

#include "base/check.hpp"
#include "base/time.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace kith::sim {

template<class Event>
class EventQueue {
    static_assert(std::is_trivially_copyable_v<Event>, "a heap moves its items about");

public:
    struct Item {
        Instant at;
        std::uint64_t sequence = 0;
        Event event;
    };

    void push(Instant at, const Event& event) {
        heap_.push_back({at, next_sequence_++, event});
        std::push_heap(heap_.begin(), heap_.end(), is_later);
    }

    bool empty() const { return heap_.empty(); }
    std::size_t size() const { return heap_.size(); }

    /// When the first event happens. Requires: not empty.
    Instant next_at() const {
        KITH_CHECK(!heap_.empty());
        return heap_.front().at;
    }

    /// Requires: not empty.
    Item pop() {
        KITH_CHECK(!heap_.empty());
        std::pop_heap(heap_.begin(), heap_.end(), is_later);
        const Item item = heap_.back();
        heap_.pop_back();
        return item;
    }

private:
    static bool is_later(const Item& a, const Item& b) {
        return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
    }

    std::vector<Item> heap_;
    std::uint64_t next_sequence_ = 0;
};

} // namespace kith::sim
