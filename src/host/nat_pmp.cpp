#include "host/nat_pmp.hpp"

#include <algorithm>
#include <chrono>
#include <natpmp.h>
#include <poll.h>

namespace kith::host {

namespace {

using Clock = std::chrono::steady_clock;

class Session {
public:
    Session() : is_open_(::initnatpmp(&natpmp_, 0, 0) == 0) {}
    ~Session() {
        if (is_open_) ::closenatpmp(&natpmp_);
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    std::optional<natpmpresp_t> ask_address() {
        if (!is_open_ || ::sendpublicaddressrequest(&natpmp_) < 0) return std::nullopt;
        return answer(NATPMP_RESPTYPE_PUBLICADDRESS);
    }

    std::optional<natpmpresp_t> ask_port(std::uint16_t port, std::uint16_t outside, unsigned life) {
        if (!is_open_) return std::nullopt;
        if (::sendnewportmappingrequest(&natpmp_, NATPMP_PROTOCOL_UDP, port, outside, life) < 0) {
            return std::nullopt;
        }
        return answer(NATPMP_RESPTYPE_UDPPORTMAPPING);
    }

private:
    // The library sends again with growing waits for over a minute: this ends sooner.
    std::optional<natpmpresp_t> answer(std::uint16_t type) {
        natpmpresp_t response{};
        while (Clock::now() < deadline_) {
            timeval wait{};
            if (::getnatpmprequesttimeout(&natpmp_, &wait) < 0) return std::nullopt;
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
            const long wanted = wait.tv_sec * 1000 + wait.tv_usec / 1000;
            pollfd ready{.fd = natpmp_.s, .events = POLLIN, .revents = 0};
            ::poll(&ready, 1, static_cast<int>(std::clamp<long>(wanted, 1, left.count() + 1)));
            const int result = ::readnatpmpresponseorretry(&natpmp_, &response);
            if (result == 0 && response.type == type) return response;
            if (result != 0 && result != NATPMP_TRYAGAIN) return std::nullopt;
        }
        return std::nullopt;
    }

    natpmp_t natpmp_{};
    bool is_open_;
    Clock::time_point deadline_ = Clock::now() + kNatPmpTime;
};

} // namespace

std::optional<Forwarding> forward_by_nat_pmp(std::uint16_t port) {
    Session session;
    const auto address = session.ask_address();
    if (!address) return std::nullopt;
    const auto granted =
        session.ask_port(port, port, static_cast<unsigned>(kForwardingLifetime.count()));
    if (!granted || granted->pnu.newportmapping.mappedpublicport == 0) return std::nullopt;
    return Forwarding{
        .outside =
            {Address::v4(ntohl(address->pnu.publicaddress.addr.s_addr)),
             granted->pnu.newportmapping.mappedpublicport},
        .lifetime = std::chrono::seconds(granted->pnu.newportmapping.lifetime),
        .protocol = "nat-pmp"};
}

void unforward_by_nat_pmp(std::uint16_t port) {
    Session session;
    session.ask_port(port, 0, 0); // RFC 6886 3.4
}

} // namespace kith::host
