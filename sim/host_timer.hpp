// When the core of a host wants to run, and which timer in a world's queue sees to it.
//
// A timer that fires too early costs a look; one that has to be taken out of a heap costs a search.
// So an earlier wish arms a new timer and outdates the old one, a later wish leaves it alone.

#pragma once

#include "base/time.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace kith::sim {

class HostTimer {
public:
    /// What the core asks for now.
    void ask(std::optional<Instant> due) { due_ = due; }
    bool is_due(Instant now) const { return due_ && *due_ <= now; }

    /// When a timer of `generation()` has to fire; nothing: the one that is armed will do.
    std::optional<Instant> arm(Instant now) {
        if (!due_) return std::nullopt;
        const Instant at = std::max(*due_, now);
        if (armed_ && *armed_ <= at) return std::nullopt;
        ++generation_;
        armed_ = at;
        return at;
    }
    std::uint32_t generation() const { return generation_; }

    /// A timer fires. False if it is outdated.
    bool fire(std::uint32_t generation) {
        if (generation != generation_) return false;
        armed_.reset();
        return true;
    }

    /// The core is gone: all timers are outdated.
    void forget() {
        due_.reset();
        armed_.reset();
        ++generation_;
    }

private:
    std::optional<Instant> due_;
    std::optional<Instant> armed_; // when the timer in the queue fires: never after `due_`
    std::uint32_t generation_ = 0;
};

} // namespace kith::sim
