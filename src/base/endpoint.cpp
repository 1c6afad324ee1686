#include "base/endpoint.hpp"

#include "base/check.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace kith {

namespace {

constexpr ByteArray<12> kV4Prefix{
    std::byte{0},
    std::byte{0},
    std::byte{0},
    std::byte{0},
    std::byte{0},
    std::byte{0},
    std::byte{0},
    std::byte{0},
    std::byte{0},
    std::byte{0},
    std::byte{0xff},
    std::byte{0xff}};

unsigned octet(const Address& address, std::size_t index) {
    return std::to_integer<unsigned>(address.bytes[index]);
}

// RFC 6890 and the scope table of docs/protocol/pnrp.md.
Scope scope_of_v4(unsigned a, unsigned b) {
    if (a == 0 || a >= 224) return Scope::none;
    if (a == 127) return Scope::loopback;
    if (a == 169 && b == 254) return Scope::link;
    if (a == 10 || (a == 172 && (b & 0xf0U) == 16) || (a == 192 && b == 168)) return Scope::site;
    if (a == 100 && (b & 0xc0U) == 64) return Scope::site;
    return Scope::global;
}

} // namespace

bool Address::is_v4() const {
    return std::equal(kV4Prefix.begin(), kV4Prefix.end(), bytes.begin());
}

bool Address::is_unspecified() const {
    return *this == Address{} || *this == v4(0);
}

Scope Address::scope() const {
    if (is_v4()) return scope_of_v4(octet(*this, 12), octet(*this, 13));
    const unsigned first = octet(*this, 0);
    const unsigned second = octet(*this, 1);
    if (first == 0xff) return Scope::none;
    if (first == 0xfe && (second & 0xc0U) == 0x80) return Scope::link;
    if (first == 0xfe && (second & 0xc0U) == 0xc0) return Scope::site;
    if ((first & 0xfeU) == 0xfc) return Scope::site;
    Address loopback;
    loopback.bytes[15] = std::byte{1};
    if (*this == loopback) return Scope::loopback;
    // ::/8 holds only special forms (unspecified, IPv4-compatible, translation): never a peer.
    if (first == 0) return Scope::none;
    return Scope::global;
}

Address Address::prefix(unsigned length) const {
    const unsigned bits = is_v4() ? 96 + length : length;
    KITH_CHECK(bits <= 128);
    Address out;
    for (unsigned i = 0; i < 16; ++i) {
        const unsigned kept = bits <= i * 8 ? 0 : std::min(8U, bits - i * 8);
        out.bytes[i] = bytes[i] & static_cast<std::byte>(0xff00U >> kept & 0xffU);
    }
    return out;
}

Address Address::v4(std::uint32_t host_order) {
    Address out;
    std::copy(kV4Prefix.begin(), kV4Prefix.end(), out.bytes.begin());
    for (unsigned i = 0; i < 4; ++i) {
        out.bytes[12 + i] = static_cast<std::byte>(host_order >> (24 - 8 * i) & 0xffU);
    }
    return out;
}

std::optional<Address> parse_address(std::string_view text) {
    // The longest literal is an IPv6 one with an embedded IPv4 address.
    char buffer[INET6_ADDRSTRLEN];
    if (text.size() >= sizeof buffer || text.find('\0') != std::string_view::npos)
        return std::nullopt;
    std::memcpy(buffer, text.data(), text.size());
    buffer[text.size()] = '\0';
    Address address;
    if (inet_pton(AF_INET6, buffer, address.bytes.data()) == 1) return address;
    std::uint32_t network_order = 0;
    if (inet_pton(AF_INET, buffer, &network_order) == 1) return Address::v4(ntohl(network_order));
    return std::nullopt;
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    std::string_view host = text.substr(0, colon);
    const std::string_view port_text = text.substr(colon + 1);
    const bool bracketed = host.front() == '[' && host.back() == ']' && host.size() > 2;
    if (bracketed) host = host.substr(1, host.size() - 2);
    // An IPv6 literal needs its brackets and nothing else may have them.
    if (bracketed != (host.find(':') != std::string_view::npos)) return std::nullopt;
    const auto address = parse_address(host);
    std::uint16_t port = 0;
    const char* end = port_text.data() + port_text.size();
    const auto [stop, error] = std::from_chars(port_text.data(), end, port);
    if (!address || error != std::errc{} || stop != end || port == 0) return std::nullopt;
    return Endpoint{*address, port};
}

std::string to_string(const Address& address) {
    char buffer[INET6_ADDRSTRLEN] = {};
    if (address.is_v4()) {
        inet_ntop(AF_INET, address.bytes.data() + 12, buffer, sizeof buffer);
    } else {
        inet_ntop(AF_INET6, address.bytes.data(), buffer, sizeof buffer);
    }
    return buffer;
}

std::string to_string(const Endpoint& endpoint) {
    const std::string host = to_string(endpoint.address);
    const std::string port = std::to_string(endpoint.port);
    return endpoint.address.is_v4() ? host + ":" + port : "[" + host + "]:" + port;
}

std::string_view to_string(Scope scope) {
    switch (scope) {
    case Scope::none:
        return "none";
    case Scope::loopback:
        return "loopback";
    case Scope::link:
        return "link";
    case Scope::site:
        return "site";
    case Scope::global:
        return "global";
    }
    return "none";
}

} // namespace kith
