// A port that this network's gateway forwards to this machine: asked for by NAT-PMP (RFC 6886), and
// where nobody speaks that by UPnP IGD; renewed, and taken back at the end.
//
// Both are slow and blocking, so they have a thread of their own; what comes of it is told on the
// loop.

#pragma once

#include "base/endpoint.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace boost::asio {
class io_context; // NOLINT(readability-identifier-naming): theirs
}

namespace kith::host {

inline constexpr std::chrono::seconds kForwardingLifetime{3600}; // asked for; renewed at half
inline constexpr std::chrono::seconds kForwardingRetry{600};     // where no gateway had an answer
inline constexpr std::chrono::seconds kNatPmpTime{2};            // for all of one exchange
inline constexpr std::chrono::seconds kUpnpSearchTime{2};        // for devices to answer
inline constexpr std::chrono::seconds kForwardingFarewell{2};    // the end waits no longer for it

struct Forwarding {
    Endpoint outside;
    std::chrono::seconds lifetime{}; // as the gateway grants it; 0: until it is taken back
    std::string_view protocol;       // "nat-pmp" or "upnp"

    bool operator==(const Forwarding&) const = default;
};

class PortForwarding {
public:
    /// Called on the loop with what has changed; nothing: no gateway forwards the port (any more).
    using Changed = std::function<void(const std::optional<Forwarding>&)>;

    /// Begins to ask for UDP `port` of this machine. `loop` outlives this object.
    PortForwarding(boost::asio::io_context& loop, std::uint16_t port, Changed changed);

    /// Takes the forwarding back, and waits for that for up to kForwardingFarewell.
    ~PortForwarding();
    PortForwarding(const PortForwarding&) = delete;
    PortForwarding& operator=(const PortForwarding&) = delete;

    /// The network may be another one: asks again at once.
    void look_again();

    /// Begins to take it back; nothing is told any more.
    void leave();

private:
    struct Shared;
    static void work(const std::shared_ptr<Shared>& shared);

    std::shared_ptr<Shared> shared_;
};

} // namespace kith::host
