// One direction of a stream (a TCP connection) in time: when what is written now arrives.
//
// A stream has no holes: what the network loses arrives later, and everything behind it as well.
// Nothing here counts bytes one by one; a write of any size costs a few operations.

#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "sim/link.hpp"

#include <cstddef>
#include <cstdint>

namespace kith::sim {

struct StreamConfig {
    Latency latency = Latency::wan;
    double loss = 0.0;              // probability of each segment, in [0, 1)
    double bytes_per_second = 1e9;  // of each direction of each stream
    std::size_t buffer = 256 << 10; // bytes of the sender's kernel, until they are acknowledged
    Duration gives_up_after = std::chrono::seconds(90);  // without an acknowledgement
    Duration connects_within = std::chrono::seconds(21); // or the connection has failed
};

/// The three networks on which graphs are measured: LAN without loss, WAN with 2 % and a cellular
/// network with 8 % of segments lost.
StreamConfig stream_config(Latency latency);

/// The first repetition comes a round trip and this later (RFC 6298 2.4 and common practice).
inline constexpr Duration kRetransmitMin = std::chrono::milliseconds(200);

inline constexpr std::size_t kSegmentSize = 1440; // bytes of payload: Ethernet, IPv6, timestamps

/// Which of all segments of a world are lost, drawn by the gaps between losses.
class SegmentLoss {
public:
    SegmentLoss(double probability, std::uint64_t seed);

    /// How much later the last of the next `segments` of one write arrives for their losses. One in
    /// the middle is noticed by what follows it and costs a round trip (RFC 5681 3.2); one at the
    /// end, and every repetition, waits for the timer.
    Duration delay_of(std::size_t segments, Duration round_trip);

private:
    void draw_gap();

    double probability_;
    SeededRandom random_;
    std::uint64_t gap_ = 0; // segments before the next lost one
};

class StreamPath {
public:
    /// Puts `size` bytes on the way that take `delay` through the network, repetitions included.
    /// When the last of them arrives: never before what was sent earlier.
    Instant send(Instant now, std::size_t size, Duration delay, double bytes_per_second);

    /// Nothing arrives before `instant` from now on.
    void hold_until(Instant instant);

private:
    Instant free_at_{};
    Instant arrived_at_{};
};

} // namespace kith::sim
