#include "daemon/sockets.hpp"

#include <system_error>

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace kith::daemon {

namespace {

// A port that the kernel chose for one socket may be taken for the next one: then all try again.
constexpr int kPortTriesMax = 16;

struct BindFailure {
    Endpoint listen;
    std::error_code error;
};

bool is_absent_family(const std::error_code& error) {
    return error == std::errc::address_family_not_supported ||
           error == std::errc::address_not_available;
}

// A link-local address to listen on belongs to the interface that has it.
Zone zone_of(const Address& address, std::span<const host::LocalAddress> machine) {
    if (address.scope() != Scope::link) return 0;
    const auto own =
        std::ranges::find(machine, address, [](const host::LocalAddress& a) { return a.address; });
    return own == machine.end() ? 0 : own->zone;
}

std::expected<Sockets, BindFailure> bind_all(
    std::span<const Endpoint> listen,
    std::span<const host::LocalAddress> machine,
    std::uint16_t port,
    bool may_lack_family) {
    Sockets out;
    std::optional<BindFailure> absent;
    for (Endpoint local : listen) {
        local.port = port;
        auto socket =
            host::UdpSocket::open({.local = local, .zone = zone_of(local.address, machine)});
        if (!socket && may_lack_family && is_absent_family(socket.error())) {
            absent = BindFailure{local, socket.error()};
            out.lacks_family = true;
            continue;
        }
        if (!socket) return std::unexpected(BindFailure{local, socket.error()});
        port = socket->local().port; // the first one decides for all
        out.sockets.push_back(std::move(*socket));
    }
    if (out.sockets.empty()) return std::unexpected(*absent);
    return out;
}

} // namespace

std::expected<Sockets, ConfigError>
open_sockets(const Config& config, std::span<const host::LocalAddress> machine) {
    const bool by_default = config.may_change_port;
    const std::uint16_t port = config.listen.front().port;
    auto bound = bind_all(config.listen, machine, port, by_default);
    const bool is_taken = !bound && bound.error().error == std::errc::address_in_use;
    if (is_taken && (by_default || port == 0)) {
        for (int tries = 0; tries < kPortTriesMax && !bound; ++tries)
            bound = bind_all(config.listen, machine, 0, by_default);
        if (bound) bound->changed_port = by_default;
    }
    if (!bound) {
        const BindFailure& failure = bound.error();
        return std::unexpected(ConfigError{fmt::format(
            "cannot listen on {}: {}", to_string(failure.listen), failure.error.message())});
    }
    return std::move(*bound);
}

} // namespace kith::daemon
