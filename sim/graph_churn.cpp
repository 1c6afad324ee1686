#include "sim/graph_churn.hpp"

#include <algorithm>
#include <utility>

namespace kith::sim {

GraphChurn::GraphChurn(GraphFleet& fleet, std::vector<HostId> hosts, PlainRandom& random)
    : fleet_(fleet),
      hosts_(std::move(hosts)),
      random_(random),
      spacing_(kSessionMean / static_cast<Duration::rep>(std::max<std::size_t>(hosts_.size(), 1))),
      next_stop_(fleet.world().now() + spacing_) {}

Instant GraphChurn::next_at() const {
    if (away_.empty()) return next_stop_;
    return std::min(next_stop_, away_.begin()->first);
}

void GraphChurn::turn() {
    const Instant now = fleet_.world().now();
    while (!away_.empty() && away_.begin()->first <= now) {
        const HostId host = away_.begin()->second;
        away_.erase(away_.begin());
        bring_back(host);
    }
    if (next_stop_ > now) return;
    next_stop_ = now + spacing_;
    stop_one();
}

void GraphChurn::stop_one() {
    constexpr std::size_t kLeftMin = 2; // somebody has to stay, or there is no graph
    if (fleet_.live().size() <= kLeftMin) return;
    const HostId host = hosts_[random_.below(hosts_.size())];
    if (!fleet_.world().is_up(host)) return;
    const std::uint64_t how = random_.below(3);
    if (how == 0) {
        fleet_.leave(host);
        ++leaves_;
    } else {
        fleet_.crash(host, how == 1 ? Stop::process : Stop::power);
        ++crashes_;
    }
    const auto range = static_cast<std::uint64_t>((kAwayMax - kAwayMin).count());
    const Duration away = kAwayMin + Duration(static_cast<Duration::rep>(random_.below(range)));
    away_.emplace(fleet_.world().now() + away, host);
}

void GraphChurn::bring_back(HostId host) {
    fleet_.start(host, random_.below(3) == 0 ? Database::lost : Database::kept);
    ++returns_;
}

void GraphChurn::recall() {
    for (const auto& [at, host] : std::exchange(away_, {}))
        bring_back(host);
}

} // namespace kith::sim
