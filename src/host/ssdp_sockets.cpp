#include "host/ssdp_sockets.hpp"

#include <algorithm>

namespace kith::host {

namespace {

// ff02::c, link-local scope (IANA), and 239.255.255.250.
constexpr Address v6_group() {
    Address group;
    group.bytes[0] = std::byte{0xff};
    group.bytes[1] = std::byte{0x02};
    group.bytes[15] = std::byte{0x0c};
    return group;
}

constexpr std::uint32_t kV4Group = 0xefff'fffa;

} // namespace

SsdpSockets::SsdpSockets() {
    open(Address{}, v6_group());
    open(Address::v4(0), Address::v4(kV4Group));
}

void SsdpSockets::open(const Address& any, const Address& group) {
    auto hears =
        UdpSocket::open({.local = {any, kSsdpPort}, .zone = 0, .port = UdpOptions::Port::shared});
    auto speaks =
        UdpSocket::open({.local = {any, 0}, .zone = 0, .port = UdpOptions::Port::exclusive});
    if (!hears || !speaks) {
        problems_.push_back(hears ? speaks.error() : hears.error());
        return;
    }
    families_.push_back({std::move(*hears), std::move(*speaks), group});
}

void SsdpSockets::set_interfaces(std::span<const Interface> interfaces) {
    if (auto machine = local_addresses()) machine_ = std::move(*machine);
    zones_.clear();
    for (const Interface& interface : interfaces) {
        if (!interface.is_multicast) continue;
        zones_.push_back(interface.zone);
        // Joining again is an error without consequence, as is an interface without this family.
        for (Family& family : families_)
            static_cast<void>(family.hears.join(family.group, interface.zone));
    }
}

std::vector<int> SsdpSockets::native_handles() const {
    std::vector<int> out;
    for (const Family& family : families_) {
        out.push_back(family.hears.native_handle());
        out.push_back(family.speaks.native_handle());
    }
    return out;
}

bool SsdpSockets::is_own(const Family& family, const ReceivedDatagram& datagram) const {
    if (datagram.remote.port != family.speaks.local().port) return false;
    return std::ranges::any_of(
        machine_, [&](const LocalAddress& own) { return own.address == datagram.remote.address; });
}

void SsdpSockets::remember(const ReceivedDatagram& datagram) {
    if (datagram.remote.address.scope() != Scope::link) return;
    if (peer_zones_.size() >= kSsdpPeersMax) peer_zones_.clear();
    peer_zones_[datagram.remote.address] = datagram.zone;
}

void SsdpSockets::receive(int native_handle, const Deliver& deliver) {
    for (Family& family : families_) {
        for (UdpSocket* socket : {&family.hears, &family.speaks}) {
            if (socket->native_handle() != native_handle) continue;
            for (const ReceivedDatagram& datagram : socket->receive_batch()) {
                if (is_own(family, datagram)) continue;
                remember(datagram);
                deliver(datagram);
            }
        }
    }
}

void SsdpSockets::send(const Endpoint& remote, Zone zone, ByteView payload) {
    for (Family& family : families_) {
        if (family.group.is_v4() != remote.address.is_v4()) continue;
        OutgoingDatagram datagram{.local = {}, .remote = remote, .zone = zone, .payload = payload};
        if (!is_multicast(remote.address)) {
            const auto known = peer_zones_.find(remote.address);
            if (zone == 0 && known != peer_zones_.end()) datagram.zone = known->second;
            family.speaks.send_batch({&datagram, 1});
            continue;
        }
        for (const Zone each : zones_) {
            if (zone != 0 && each != zone) continue;
            datagram.zone = each;
            family.speaks.send_batch({&datagram, 1});
        }
    }
}

} // namespace kith::host
