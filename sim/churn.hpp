// Nodes that come and go all the time.

#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "sim/fleet.hpp"

#include <deque>
#include <expected>
#include <optional>
#include <vector>

namespace kith::sim {

inline constexpr double kChurnPerMinute = 0.02; // of all hosts
inline constexpr Duration kChurnDownFor = std::chrono::seconds(30);

/// By host: the name that is published now.
using LiveNames = std::vector<std::optional<PublicationId>>;

/// Crashes a random live host every now and then, and starts it again, with what it remembered and
/// the same name.
class Churn {
public:
    /// `names` has one place for each host; all arguments outlive the churn.
    Churn(Fleet& fleet, LiveNames& names, PlainRandom& random);

    /// When `turn()` is due next.
    Instant next_at() const;

    /// Requires: the world's time is `next_at()`.
    std::expected<void, pnrp::RegisterErrc> turn();

private:
    struct Return {
        Instant at;
        HostId host{};
    };

    void crash_one();
    std::expected<void, pnrp::RegisterErrc> bring_back();

    Fleet& fleet_;
    LiveNames& names_;
    PlainRandom& random_;
    Duration spacing_;
    Instant next_crash_;
    std::deque<Return> down_; // all are down equally long: the first is back first
};

} // namespace kith::sim
