#include "graph/peer_clock.hpp"

#include <algorithm>
#include <vector>

namespace kith::graph {

using store::PeerTime;

namespace {

PeerTime utc(WallTime wall) {
    const auto ticks = wall.time_since_epoch().count();
    return {ticks < 0 ? 0 : static_cast<std::uint64_t>(ticks)};
}

} // namespace

PeerTime PeerClock::at(WallTime wall) const {
    return utc(wall).plus(-difference_);
}

void PeerClock::correct(
    Now now, PeerTime received, Duration round_trip, bool is_first, bool is_joining) {
    const PeerTime theirs = received.plus(std::chrono::duration_cast<Ticks>(round_trip / 2));
    const Ticks difference = utc(now.wall).since(theirs);
    const Ticks off = theirs.since(at(now.wall));
    if (!moderates_) {
        // A joiner takes the graph's time whatever its own clock says (GA-34).
        if (!is_joining && std::chrono::abs(off) > kClockTolerance) return;
        const double share = is_first ? 1.0 : 0.2;
        difference_ = bounded(
            difference_ +
            Ticks(static_cast<Ticks::rep>(
                share * static_cast<double>(bounded(difference - difference_).count()))));
        return;
    }
    // Nobody moves us farther than the tolerance from our own UTC.
    if (std::chrono::abs(difference) > kClockTolerance) return;
    samples_.push_back(difference);
    if (samples_.size() > kClockSamples) samples_.pop_front();
    std::vector<Ticks> sorted(samples_.begin(), samples_.end());
    std::ranges::sort(sorted);
    const Ticks median = sorted[(sorted.size() - 1) / 2];
    if (is_joining) {
        difference_ = bounded(median);
        corrected_ = now.instant;
        return;
    }
    slew(now.instant, median);
}

PeerClock::Ticks PeerClock::bounded(Ticks difference) const {
    // Peers choose these numbers: what is taken of them can be added without wrapping.
    constexpr Ticks kFar{std::int64_t{1} << 61U};
    const Ticks most = moderates_ ? Ticks(kClockTolerance) : kFar;
    return std::clamp(difference, -most, most);
}

void PeerClock::slew(Instant now, Ticks target) {
    // The first correction after the start may use a minute's worth.
    const Duration since = corrected_ ? now - *corrected_ : Duration(std::chrono::minutes(1));
    corrected_ = now;
    const double minutes = std::chrono::duration<double, std::ratio<60>>(since).count();
    const double most = minutes * static_cast<double>(Ticks(kSlewPerMinute).count());
    const Ticks limit(static_cast<Ticks::rep>(std::min(most, 1e15)));
    difference_ = bounded(difference_ + std::clamp<Ticks>(target - difference_, -limit, limit));
}

} // namespace kith::graph
