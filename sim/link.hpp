// What the network does to a datagram: delay, loss, bursts of loss, duplicates, disorder, size.
//
// Delays have no state per pair: the fixed part of a pair is computed from the seed each time, so a
// world of ten thousand hosts costs no more than their number. Bursts belong to a host's way out.

#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "sim/host_id.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace kith::sim {

enum class Latency : std::uint8_t {
    lan,      // one way 0.2 to 1 ms
    wan,      // round trips lognormal, median 80 ms, sigma 0.5; the same for a pair all the time
    cellular, // as on the wan, median 450 ms
};

inline constexpr Duration kWanRoundTripMedian = std::chrono::milliseconds(80);
inline constexpr Duration kCellularRoundTripMedian = std::chrono::milliseconds(450);
inline constexpr double kWanRoundTripSigma = 0.5;
/// Each datagram is later than its pair's fixed delay by an exponential of this share of it.
inline constexpr double kWanJitterShare = 0.05;
inline constexpr double kWanLoss = 0.01;

/// Gilbert and Elliott's two states of a link, in continuous time: all is well, or a burst.
struct BurstLoss {
    Duration good_mean{}; // how long all is well
    Duration bad_mean{};  // how long a burst lasts
    double loss_in_burst = 1.0;
};

struct LinkConfig {
    Latency latency = Latency::wan;
    double loss = kWanLoss; // probability of each datagram, in [0, 1]
    std::optional<BurstLoss> burst;
    double duplication = 0.0;
    double reordering = 0.0; // probability of an extra delay
    Duration reorder_delay_max = std::chrono::milliseconds(200);
    std::size_t mtu = 1500; // bytes of an IP packet; larger ones are lost
};

/// Why a datagram did not arrive.
enum class Loss : std::uint8_t {
    random,
    burst,
    too_big,
    partition,
    nobody,     // no host has the address
    host_down,  // switched off when it arrived
    swallowed,  // by a tap on the path
    translator, // by one that does not let it through
    count,      // not a reason
};

inline constexpr std::size_t kLossReasons = static_cast<std::size_t>(Loss::count);

/// The fate of one datagram: lost, or one or two arrivals.
struct Fate {
    std::optional<Loss> loss;
    unsigned copies = 1;
    std::array<Duration, 2> delays{};
};

class Link {
public:
    Link(const LinkConfig& config, std::uint64_t seed);

    const LinkConfig& config() const { return config_; }
    void set_config(const LinkConfig& config) { config_ = config; }

    /// The fixed one-way delay of a pair, the same in both directions.
    Duration base_delay(HostId a, HostId b) const;

    /// The one-way delay of something that is not lost, jitter and disorder included.
    Duration draw_delay(HostId from, HostId to);

    /// Decides about one datagram of `payload_size` bytes that leaves `from` at `now`.
    Fate decide(Instant now, HostId from, HostId to, std::size_t payload_size);

private:
    struct BurstState {
        bool is_bad = false;
        Instant seen;
    };

    bool is_lost_in_burst(const BurstLoss& burst, Instant now, HostId from);

    LinkConfig config_;
    std::uint64_t seed_;
    SeededRandom random_;
    std::vector<BurstState> bursts_; // by host; grows to the highest that sent
};

} // namespace kith::sim
