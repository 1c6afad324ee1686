// What every core has to keep, whatever happens to it. Checked from outside, by what it says and
// sends; nothing here shares code with what it checks.
//
//   after every step    drained means drained; no timeout left behind; every datagram's size,
//                       destination and source; what an unproven source was answered
//   at a cadence        the bytes of state (asking every node at every step would cost more than
//                       the run; the world decides how often)

#pragma once

#include "base/endpoint.hpp"
#include "sim/core.hpp"
#include "sim/host_id.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

namespace kith::sim {

/// One mutation may not make more outputs than this, or it is taken for an endless one.
inline constexpr std::size_t kOutputsPerStepMax = 10'000;

/// Answer bytes per request byte for a source that has not proved itself (docs/protocol/pnrp.md).
inline constexpr std::size_t kAmplificationMax = 3;

/// A search or its answer on the link (UDA 1.0 has no limit; more than this is no such thing).
inline constexpr std::size_t kSsdpSizeMax = 1024;

struct ContractLimits {
    Scope scope = Scope::global;
    bool rations_answers =
        false; // the windows profile: a large answer may go to a stranger, rarely
    std::size_t state_bytes_max = std::size_t{1} << 20U; // of one node; its limits make up less
};

/// What was done wrong, for people; nothing where all is well.
using Complaint = std::optional<std::string>;

class ContractChecker {
public:
    explicit ContractChecker(const ContractLimits& limits) : limits_(limits) {}

    /// `host` begins anew: what it had learnt of others is forgotten.
    void booted(HostId host);

    /// Opens a step: `host` is about to be given this datagram.
    void arrived(HostId host, const Arrival& arrival);

    /// Opens a step without a datagram: a command or a timeout.
    void began();

    /// One datagram that came out of `host` during the step; `own` are its endpoints.
    Complaint sent(HostId host, std::span<const Endpoint> own, const node::Datagram& datagram);

    Complaint check_state_bytes(std::size_t bytes) const;

private:
    Complaint check_size(const node::Datagram& datagram) const;
    Complaint check_ends(std::span<const Endpoint> own, const node::Datagram& datagram) const;
    Complaint check_amplification(HostId host, const node::Datagram& datagram);

    struct Step {
        bool has_request = false;
        Endpoint from;
        unsigned type = 0;
        std::size_t bytes_in = 0;
        std::size_t bytes_out = 0;
    };

    ContractLimits limits_;
    Step step_;
    // By host: digests of the endpoints that have answered it, and so are where they say they are.
    std::vector<std::unordered_set<std::uint64_t>> proven_;
};

} // namespace kith::sim
