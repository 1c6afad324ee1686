#include "sim/stream_path.hpp"

#include "sim/seed.hpp"

#include <algorithm>
#include <cmath>

namespace kith::sim {

namespace {

constexpr std::size_t kSegmentsForFastRetransmit = 3; // duplicate acknowledgements, RFC 5681 3.2
constexpr Duration kRetransmitMax = std::chrono::seconds(60); // RFC 6298 2.5

} // namespace

StreamConfig stream_config(Latency latency) {
    StreamConfig config;
    config.latency = latency;
    if (latency == Latency::lan) {
        config.bytes_per_second = 125e6;
    } else if (latency == Latency::wan) {
        config.loss = 0.02;
        config.bytes_per_second = 2.5e6;
    } else {
        config.loss = 0.08;
        config.bytes_per_second = 500e3;
    }
    return config;
}

SegmentLoss::SegmentLoss(double probability, std::uint64_t seed)
    : probability_(probability),
      random_(derive_seed(seed, Stream::link, 1)) {
    draw_gap();
}

void SegmentLoss::draw_gap() {
    if (probability_ <= 0) return;
    gap_ = static_cast<std::uint64_t>(
        std::log1p(-random_.unit()) / std::log1p(-probability_)); // geometric
}

Duration SegmentLoss::delay_of(std::size_t segments, Duration round_trip) {
    Duration worst{0};
    if (probability_ <= 0) return worst;
    std::size_t passed = 0;
    while (gap_ < segments - passed) {
        passed += gap_;
        const bool is_tail = segments - passed <= kSegmentsForFastRetransmit;
        Duration timeout = round_trip + kRetransmitMin;
        Duration late = is_tail ? timeout : round_trip;
        while (random_.unit() < probability_) {
            late += timeout;
            timeout = std::min(2 * timeout, kRetransmitMax);
        }
        worst = std::max(worst, late);
        ++passed;
        draw_gap();
    }
    gap_ -= segments - passed;
    return worst;
}

Instant StreamPath::send(Instant now, std::size_t size, Duration delay, double bytes_per_second) {
    const double seconds = static_cast<double>(size) / bytes_per_second;
    free_at_ = std::max(now, free_at_) +
               std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
    arrived_at_ = std::max(arrived_at_, free_at_ + delay);
    return arrived_at_;
}

void StreamPath::hold_until(Instant instant) {
    arrived_at_ = std::max(arrived_at_, instant);
}

} // namespace kith::sim
