#include "sim/link.hpp"

#include "sim/seed.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace kith::sim {

namespace {

constexpr std::size_t kHeadersSize = 48; // IPv6 40 and UDP 8 bytes

// A standard normal from two uniforms (Box and Muller).
double normal(double u, double v) {
    return std::sqrt(-2.0 * std::log1p(-u)) * std::cos(2.0 * std::numbers::pi * v);
}

Duration scaled(Duration duration, double factor) {
    return Duration(static_cast<Duration::rep>(static_cast<double>(duration.count()) * factor));
}

} // namespace

Link::Link(const LinkConfig& config, std::uint64_t seed)
    : config_(config),
      seed_(seed),
      random_(derive_seed(seed, Stream::link)) {}

Duration Link::base_delay(HostId a, HostId b) const {
    // std::minmax of two temporaries would return references to them.
    const auto low = std::min(index_of(a), index_of(b));
    const auto high = std::max(index_of(a), index_of(b));
    const std::uint64_t bits = derive_seed(seed_, Stream::link_base, low, high);
    const double u = static_cast<double>(bits >> 11U) * 0x1.0p-53;
    if (config_.latency == Latency::lan) {
        return std::chrono::microseconds(200) + scaled(std::chrono::microseconds(600), u);
    }
    const double v = static_cast<double>(mix_bits(bits) >> 11U) * 0x1.0p-53;
    const bool is_wan = config_.latency == Latency::wan;
    const Duration median = is_wan ? kWanRoundTripMedian : kCellularRoundTripMedian;
    return scaled(median / 2, std::exp(kWanRoundTripSigma * normal(u, v)));
}

Fate Link::decide(Instant now, HostId from, HostId to, std::size_t payload_size) {
    Fate fate;
    if (payload_size + kHeadersSize > config_.mtu) {
        fate.loss = Loss::too_big;
        return fate;
    }
    if (config_.burst && is_lost_in_burst(*config_.burst, now, from)) {
        fate.loss = Loss::burst;
        return fate;
    }
    if (config_.loss > 0 && random_.unit() < config_.loss) {
        fate.loss = Loss::random;
        return fate;
    }
    fate.delays[0] = draw_delay(from, to);
    if (config_.duplication > 0 && random_.unit() < config_.duplication) {
        fate.copies = 2;
        fate.delays[1] = draw_delay(from, to);
    }
    return fate;
}

Duration Link::draw_delay(HostId from, HostId to) {
    const Duration base = base_delay(from, to);
    Duration total = base;
    if (config_.latency == Latency::lan) {
        total += scaled(std::chrono::microseconds(200), random_.unit());
    } else {
        const double exponential = -std::log1p(-random_.unit());
        total += std::min(base, scaled(base, kWanJitterShare * exponential));
    }
    if (config_.reordering > 0 && random_.unit() < config_.reordering) {
        total += scaled(config_.reorder_delay_max, random_.unit());
    }
    return total;
}

bool Link::is_lost_in_burst(const BurstLoss& burst, Instant now, HostId from) {
    if (index_of(from) >= bursts_.size()) bursts_.resize(index_of(from) + 1);
    BurstState& state = bursts_[index_of(from)];
    // The chain at a later time in one draw: it forgets its state at the sum of both rates.
    const double good = static_cast<double>(burst.good_mean.count());
    const double bad = static_cast<double>(burst.bad_mean.count());
    const double share_bad = bad / (good + bad);
    const double elapsed = static_cast<double>((now - state.seen).count());
    const double memory = std::exp(-elapsed * (1.0 / good + 1.0 / bad));
    const double chance = share_bad + ((state.is_bad ? 1.0 : 0.0) - share_bad) * memory;
    state.is_bad = random_.unit() < chance;
    state.seen = now;
    return state.is_bad && random_.unit() < burst.loss_in_burst;
}

} // namespace kith::sim
