#include "api/app_address.hpp"

#include <charconv>

namespace kith::api {

namespace {

constexpr std::uint16_t kTcp = 6;  // IANA protocol numbers
constexpr std::uint16_t kUdp = 17; // IANA protocol numbers

std::optional<std::uint16_t> parse_protocol(std::string_view text) {
    if (text == "tcp") return kTcp;
    if (text == "udp") return kUdp;
    std::uint16_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return number;
}

std::string protocol_text(std::uint16_t protocol) {
    if (protocol == kTcp) return "tcp";
    if (protocol == kUdp) return "udp";
    return std::to_string(protocol);
}

} // namespace

std::optional<pnrp::AppEndpoint> parse_app_address(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) {
        const auto address = parse_address(text);
        if (!address) return std::nullopt;
        return pnrp::AppEndpoint{*address, 0, 0};
    }
    const auto endpoint = parse_endpoint(text.substr(0, slash));
    const auto protocol = parse_protocol(text.substr(slash + 1));
    if (!endpoint || !protocol) return std::nullopt;
    return pnrp::AppEndpoint{endpoint->address, endpoint->port, *protocol};
}

std::string to_string(const pnrp::AppEndpoint& endpoint) {
    if (endpoint.port == 0 && endpoint.protocol == 0) return to_string(endpoint.address);
    return to_string(Endpoint{endpoint.address, endpoint.port}) + "/" +
           protocol_text(endpoint.protocol);
}

} // namespace kith::api
