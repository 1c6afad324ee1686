// The multicast sockets of discovery on a link (SSDP, UPnP Device Architecture 1.1 clause 1).
//
// Two sockets per family: one on the well-known port in the groups, which hears searches and
// announcements and shares that port with other programs; and one on a port of its own, from which
// everything leaves. Answers to a search therefore come back to us and not to whichever program
// bound the shared port last.

#pragma once

#include "host/local_addresses.hpp"
#include "host/udp_socket.hpp"

#include <system_error>

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

namespace kith::host {

inline constexpr std::uint16_t kSsdpPort = 1900;

/// Zones of link-local peers that are remembered to answer them; beyond it all are forgotten.
inline constexpr std::size_t kSsdpPeersMax = 256;

class SsdpSockets {
public:
    /// Opens what it can. A family that does not work is left out and told in problems().
    SsdpSockets();

    /// Why a family was left out.
    std::span<const std::error_code> problems() const { return problems_; }

    /// Joins the groups on `interfaces` that can multicast; those joined before stay joined.
    void set_interfaces(std::span<const Interface> interfaces);

    /// The sockets to wait for.
    std::vector<int> native_handles() const;

    using Deliver = std::function<void(const ReceivedDatagram&)>;

    /// Reads one batch of the socket `native_handle`. Our own multicasts, which come back to
    /// whoever has joined, are not delivered.
    void receive(int native_handle, const Deliver& deliver);

    /// To a group: once on every interface, or only on `zone`. To anybody else: through `zone`, or
    /// without one through the interface that peer was last heard on.
    void send(const Endpoint& remote, Zone zone, ByteView payload);

private:
    struct Family {
        UdpSocket hears;
        UdpSocket speaks;
        Address group;
    };

    void open(const Address& any, const Address& group);
    bool is_own(const Family& family, const ReceivedDatagram& datagram) const;
    void remember(const ReceivedDatagram& datagram);

    std::vector<Family> families_;
    std::vector<std::error_code> problems_;
    std::vector<Zone> zones_;
    std::map<Address, Zone> peer_zones_; // link-local peers only
    std::vector<LocalAddress> machine_;
};

} // namespace kith::host
