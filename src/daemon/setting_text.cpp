#include "daemon/setting_text.hpp"

#include "host/socket_address.hpp"
#include "host/unix_listener.hpp"
#include "node/cloud_name.hpp"
#include "pnrp/limits.hpp"

#include <array>
#include <fmt/format.h>
#include <utility>

namespace kith::daemon {

namespace {

constexpr std::array<std::pair<std::string_view, LogLevel>, 6> kLogLevels{{
    {"trace", LogLevel::trace},
    {"debug", LogLevel::debug},
    {"info", LogLevel::info},
    {"warn", LogLevel::warn},
    {"error", LogLevel::error},
    {"off", LogLevel::off},
}};

} // namespace

std::expected<Endpoint, ConfigError> parse_listen(std::string_view text) {
    // Port 0 stands for any port, which the parser of endpoints refuses.
    const bool any_port = text.ends_with(":0");
    auto endpoint = parse_endpoint(any_port ? std::string(text) + "1" : std::string(text));
    if (endpoint && any_port) endpoint->port = endpoint->port == 1 ? 0 : endpoint->port;
    if (!endpoint) {
        return refuse(fmt::format(
            "\"{}\" is no address to listen on; write ADDRESS:PORT, as in 0.0.0.0:3540 or "
            "[::]:3540",
            text));
    }
    if (endpoint->port != 0 && endpoint->port <= pnrp::kReservedPortMax) {
        return refuse(
            fmt::format("the port of \"{}\" has to be above {}", text, pnrp::kReservedPortMax));
    }
    if (host::is_multicast(endpoint->address)) {
        return refuse(fmt::format("nobody can listen on the group address \"{}\"", text));
    }
    return *endpoint;
}

std::expected<host::Seed, ConfigError> parse_seed_setting(std::string_view text) {
    const auto seed = host::parse_seed(text);
    if (!seed) {
        return refuse(fmt::format(
            "\"{}\" is no seed; write HOST or HOST:PORT, as in seed.example.net or "
            "[2001:db8::1]:3540",
            text));
    }
    if (seed->port <= pnrp::kReservedPortMax) {
        return refuse(fmt::format(
            "the port of the seed \"{}\" has to be above {}", text, pnrp::kReservedPortMax));
    }
    return *seed;
}

std::expected<std::string, ConfigError> parse_cloud(std::string_view text) {
    if (!node::scope_of_cloud(text)) {
        return refuse(fmt::format(
            "\"{}\" is no cloud; it is Global_, or a name that begins with SiteLocal_ or "
            "LinkLocal_",
            text));
    }
    return std::string(text);
}

std::expected<const pnrp::Profile*, ConfigError> parse_profile(std::string_view text) {
    const pnrp::Profile* profile = pnrp::find_profile(text);
    if (profile == nullptr) {
        return refuse(fmt::format("\"{}\" is no profile; it is modern or windows", text));
    }
    return profile;
}

std::expected<LogLevel, ConfigError> parse_log_level(std::string_view text) {
    for (const auto& [name, level] : kLogLevels) {
        if (name == text) return level;
    }
    return refuse(
        fmt::format("\"{}\" is no log level; it is trace, debug, info, warn, error or off", text));
}

std::expected<std::filesystem::path, ConfigError> parse_path(std::string_view text) {
    if (text.empty()) return refuse("a path may not be empty");
    if (text.find('\0') != std::string_view::npos) return refuse("a path may not contain a NUL");
    std::error_code error;
    auto path = std::filesystem::absolute(std::filesystem::path(text), error);
    if (error) return refuse(fmt::format("\"{}\" is no path", text));
    return path.lexically_normal();
}

std::expected<std::filesystem::path, ConfigError> parse_socket_path(std::string_view text) {
    auto path = parse_path(text);
    if (path && path->native().size() > host::kSocketPathMax) {
        return refuse(fmt::format(
            "the path of a socket has at most {} bytes; {} has {}",
            host::kSocketPathMax,
            path->native(),
            path->native().size()));
    }
    return path;
}

} // namespace kith::daemon
