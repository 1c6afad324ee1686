#include "pnrp/round_trip.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace kith::pnrp {

namespace {

using Micros = std::chrono::duration<float, std::micro>;

Duration from_micros(float micros) {
    return std::chrono::duration_cast<Duration>(Micros(micros));
}

} // namespace

void RoundTrip::sample(Duration round_trip) {
    const float sample_us = Micros(round_trip).count();
    if (smoothed_us_ == kUnknown) { // RFC 6298 2.2
        smoothed_us_ = sample_us;
        deviation_us_ = sample_us / 2;
        return;
    }
    deviation_us_ = 0.75F * deviation_us_ + 0.25F * std::abs(smoothed_us_ - sample_us);
    smoothed_us_ = 0.875F * smoothed_us_ + 0.125F * sample_us;
}

std::optional<Duration> RoundTrip::smoothed() const {
    if (smoothed_us_ == kUnknown) return std::nullopt;
    return from_micros(smoothed_us_);
}

std::optional<Duration> RoundTrip::late_after() const {
    if (smoothed_us_ == kUnknown) return std::nullopt;
    return from_micros(smoothed_us_ + 4 * deviation_us_);
}

void CloudRoundTrip::sample(Duration round_trip) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(round_trip).count();
    latest_us_[next_] = static_cast<std::uint32_t>(std::clamp<std::int64_t>(us, 0, UINT32_MAX));
    next_ = static_cast<std::uint16_t>((next_ + 1) % kSamples);
    count_ = static_cast<std::uint16_t>(std::min<std::size_t>(count_ + 1U, kSamples));
    is_current_ = false;
}

std::optional<Duration> CloudRoundTrip::median() const {
    if (count_ == 0) return std::nullopt;
    if (!is_current_) {
        std::array<std::uint32_t, kSamples> sorted = latest_us_;
        const auto end = sorted.begin() + count_;
        const auto middle = sorted.begin() + count_ / 2;
        std::nth_element(sorted.begin(), middle, end);
        median_us_ = *middle;
        is_current_ = true;
    }
    return std::chrono::microseconds(median_us_);
}

} // namespace kith::pnrp
