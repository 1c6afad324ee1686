// An address translator between its hosts and everybody else (RFC 4787's terms): which endpoint it
// shows of a host, and whom it lets in.
//
// A mapping lives while something leaves through it (RFC 4787 REQ-6), and so does each permission
// to answer. Both are bounded, as in real ones: when there is no room, what leaves is lost.

#pragma once

#include "base/endpoint.hpp"
#include "base/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>

namespace kith::sim {

enum class NatKind : std::uint8_t {
    none,               // no translator at all
    full_cone,          // endpoint-independent mapping and filtering
    address_restricted, // endpoint-independent mapping, address-dependent filtering
    port_restricted,    // endpoint-independent mapping, address- and port-dependent filtering
    symmetric,          // address- and port-dependent mapping and filtering
};

inline constexpr std::size_t kNatKinds = 5;

/// "none", "full-cone", "address-restricted", "port-restricted", "symmetric".
std::string_view to_string(NatKind kind);
std::optional<NatKind> find_nat_kind(std::string_view text);

enum class NatId : std::uint32_t {};

struct NatConfig {
    NatKind kind = NatKind::port_restricted;       // not none
    Address outside;                               // the one address that it shows
    Duration lifetime = std::chrono::seconds(120); // of a mapping and of a permission, in silence
    bool has_hairpin = false;           // whether its hosts reach each other at the outside address
    std::size_t mappings_max = 1024;    // of all its hosts
    std::size_t permissions_max = 8192; // of all mappings
};

class Nat {
public:
    explicit Nat(const NatConfig& config) : config_(config) {}

    const NatConfig& config() const { return config_; }

    /// What leaves `inside` for `to`: the endpoint that it comes from as everybody outside sees
    /// it. Nothing where there is no room for another mapping.
    std::optional<Endpoint> leave(Instant now, const Endpoint& inside, const Endpoint& to);

    /// What comes from `from` to `outside`: the host's endpoint, or nothing if it is not let in.
    std::optional<Endpoint> enter(Instant now, const Endpoint& from, const Endpoint& outside);

    /// A port that the gateway was asked to forward to `inside`, as PCP and UPnP have it: everybody
    /// is let in and it does not end by itself. Nothing where there is no room.
    std::optional<Endpoint> forward(Instant now, const Endpoint& inside);

    std::size_t mappings() const { return by_inside_.size(); }

private:
    /// Who has a mapping: an inside endpoint, of a symmetric one with each remote endpoint.
    using Owner = std::tuple<Endpoint, Endpoint>;

    struct Mapping {
        Owner owner;
        Instant until;
        bool is_forwarded = false;
    };

    std::optional<std::uint16_t> new_mapping(const Owner& owner);
    std::optional<std::uint16_t> mapping_of(Instant now, const Owner& owner);
    void permit(Instant now, std::uint16_t port, const Endpoint& remote);
    void expire(Instant now);

    NatConfig config_;
    std::map<Owner, std::uint16_t> by_inside_;
    std::map<std::uint16_t, Mapping> by_port_;
    std::map<std::tuple<std::uint16_t, Endpoint>, Instant> permissions_; // until when
    Instant expired_at_;
    std::uint32_t next_ = 0; // for the next port
};

} // namespace kith::sim
