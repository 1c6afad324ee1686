// How long an application may wait: forever is a year.

#pragma once

#include <algorithm>
#include <chrono>

namespace kith::embed {

/// What can be added to a clock.
inline std::chrono::milliseconds bounded(std::chrono::milliseconds patience) {
    constexpr std::chrono::milliseconds kMost = std::chrono::years(1);
    return std::clamp(patience, -kMost, kMost);
}

} // namespace kith::embed
