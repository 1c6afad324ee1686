#include "sim/churn.hpp"

#include <algorithm>
#include <array>

namespace kith::sim {

Churn::Churn(Fleet& fleet, LiveNames& names, PlainRandom& random)
    : fleet_(fleet),
      names_(names),
      random_(random),
      spacing_(std::chrono::duration_cast<Duration>(
          std::chrono::minutes(1) / (kChurnPerMinute * static_cast<double>(names.size())))),
      next_crash_(fleet.world().now() + spacing_) {}

Instant Churn::next_at() const {
    return down_.empty() ? next_crash_ : std::min(next_crash_, down_.front().at);
}

std::expected<void, pnrp::RegisterErrc> Churn::turn() {
    if (!down_.empty() && down_.front().at <= next_crash_) return bring_back();
    crash_one();
    return {};
}

void Churn::crash_one() {
    next_crash_ += spacing_;
    const std::vector<HostId> live = fleet_.live();
    constexpr std::size_t kLeft = 2; // one to ask and one to be asked for
    if (live.size() <= kLeft) return;
    const HostId host = live[random_.below(live.size())];
    fleet_.crash(host);
    names_[index_of(host)].reset();
    down_.push_back({fleet_.world().now() + kChurnDownFor, host});
}

std::expected<void, pnrp::RegisterErrc> Churn::bring_back() {
    const HostId host = down_.front().host;
    down_.pop_front();
    const std::array<HostId, 1> seeds{HostId{}};
    fleet_.start(host, seeds, Memory::kept);
    const auto published = fleet_.publish(host);
    if (!published) return std::unexpected(published.error());
    names_[index_of(host)] = *published;
    return {};
}

} // namespace kith::sim
