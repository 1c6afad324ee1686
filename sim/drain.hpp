// Taking what a core has to say.

#pragma once

#include "sim/contract.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kith::sim {

/// Gives everything that `poll` has to `take`, up to the first complaint. More than `most` is
/// `without_end`.
template<class Poll, class Take>
Complaint drain_all(std::size_t most, std::string_view without_end, Poll poll, Take take) {
    for (std::size_t count = 0;; ++count) {
        auto item = poll();
        if (!item) return std::nullopt;
        if (count == most) return std::string(without_end);
        if (Complaint complaint = take(*item)) return complaint;
    }
}

} // namespace kith::sim
