// A queue of outputs: first in, first out. Thousands of cores have a dozen of them each, nearly
// always empty: then it owns nothing, where a std::deque keeps half a KiB.

#pragma once

#include "base/check.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace kith {

template<class T>
class Fifo {
public:
    bool empty() const { return head_ == items_.size(); }
    std::size_t size() const { return items_.size() - head_; }

    void push_back(T item) {
        make_room();
        items_.push_back(std::move(item));
    }

    template<class... Arguments>
    void emplace_back(Arguments&&... arguments) {
        make_room();
        items_.emplace_back(std::forward<Arguments>(arguments)...);
    }

    /// Requires: not empty.
    T& front() {
        KITH_ASSUME(!empty());
        return items_[head_];
    }

    /// Requires: not empty.
    void pop_front() {
        KITH_ASSUME(!empty());
        ++head_;
        if (!empty()) return;
        items_ = std::vector<T>(); // `= {}` would keep what it owns
        head_ = 0;
    }

    auto begin() const { return items_.begin() + static_cast<std::ptrdiff_t>(head_); }
    auto end() const { return items_.end(); }

    /// Takes out every item for which `is_unwanted(item)`; the others keep their order.
    template<class Predicate>
    void remove_if(Predicate&& is_unwanted) {
        drop_taken();
        std::erase_if(items_, std::forward<Predicate>(is_unwanted));
    }

    /// Bytes that it owns, without what its items own.
    std::size_t state_bytes() const { return items_.capacity() * sizeof(T); }

private:
    // The places of what was taken are used again once they are half of all.
    void make_room() {
        if (items_.size() == items_.capacity() && head_ >= size()) drop_taken();
    }

    void drop_taken() {
        items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
    }

    std::vector<T> items_;
    std::size_t head_ = 0; // of the first one that was not taken yet
};

} // namespace kith
