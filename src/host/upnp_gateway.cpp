#include "host/upnp_gateway.hpp"

#include <array>
#include <memory>
#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <string>

namespace kith::host {

namespace {

constexpr int kConnectedGateway = 1;      // what UPNP_GetValidIGD() says of a gateway that is one
constexpr int kOnlyPermanentLeases = 725; // UPnP IGD:1 2.4.16

class Gateway {
public:
    Gateway() {
        int error = 0;
        const auto wait =
            std::chrono::duration_cast<std::chrono::milliseconds>(kUpnpSearchTime).count();
        const std::unique_ptr<UPNPDev, decltype(&::freeUPNPDevlist)> devices(
            ::upnpDiscover(static_cast<int>(wait), nullptr, nullptr, 0, 0, 2, &error),
            &::freeUPNPDevlist);
        if (!devices) return;
        found_ = ::UPNP_GetValidIGD(
            devices.get(),
            &urls_,
            &data_,
            lan_address_.data(),
            static_cast<int>(lan_address_.size()));
    }
    ~Gateway() {
        if (found_ != 0) ::FreeUPNPUrls(&urls_);
    }
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    bool is_there() const { return found_ == kConnectedGateway; }

    std::optional<Address> outside() const {
        std::array<char, 40> text{};
        const int error =
            ::UPNP_GetExternalIPAddress(urls_.controlURL, data_.first.servicetype, text.data());
        return error == UPNPCOMMAND_SUCCESS ? parse_address(text.data()) : std::nullopt;
    }

    int add(std::uint16_t port, std::chrono::seconds lease) const {
        const std::string number = std::to_string(port);
        return ::UPNP_AddPortMapping(
            urls_.controlURL,
            data_.first.servicetype,
            number.c_str(),
            number.c_str(),
            lan_address_.data(),
            "kith",
            "UDP",
            nullptr,
            std::to_string(lease.count()).c_str());
    }

    void remove(std::uint16_t port) const {
        ::UPNP_DeletePortMapping(
            urls_.controlURL,
            data_.first.servicetype,
            std::to_string(port).c_str(),
            "UDP",
            nullptr);
    }

private:
    UPNPUrls urls_{};
    IGDdatas data_{};
    std::array<char, 64> lan_address_{};
    int found_ = 0;
};

} // namespace

std::optional<Forwarding> forward_by_upnp(std::uint16_t port) {
    const Gateway gateway;
    if (!gateway.is_there()) return std::nullopt;
    const auto outside = gateway.outside();
    if (!outside) return std::nullopt;
    std::chrono::seconds lease = kForwardingLifetime;
    int error = gateway.add(port, lease);
    if (error == kOnlyPermanentLeases) {
        lease = std::chrono::seconds(0);
        error = gateway.add(port, lease);
    }
    if (error != UPNPCOMMAND_SUCCESS) return std::nullopt;
    return Forwarding{.outside = {*outside, port}, .lifetime = lease, .protocol = "upnp"};
}

void unforward_by_upnp(std::uint16_t port) {
    const Gateway gateway;
    if (gateway.is_there()) gateway.remove(port);
}

} // namespace kith::host
