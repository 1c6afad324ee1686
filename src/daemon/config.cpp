#include "daemon/config.hpp"

#include "node/cloud_name.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace kith::daemon {

namespace {

std::expected<std::filesystem::path, ConfigError> default_data(const Environment& environment) {
    // The XDG base directory specification: a relative path counts as none.
    if (environment.data_home.starts_with('/')) {
        return std::filesystem::path(environment.data_home) / "kith";
    }
    if (environment.home.starts_with('/')) {
        return std::filesystem::path(environment.home) / ".local" / "share" / "kith";
    }
    return refuse("HOME is not set; say where the data belongs with --data DIR");
}

std::filesystem::path
default_api(const Environment& environment, const std::filesystem::path& data) {
    if (environment.runtime_dir.starts_with('/')) {
        return std::filesystem::path(environment.runtime_dir) / "kith" / "api.sock";
    }
    return data / "api.sock";
}

std::optional<ConfigError> check_listen(const Config& config, const std::vector<Endpoint>& listen) {
    if (listen.size() > kListenMax) {
        return ConfigError{fmt::format("at most {} addresses can be listened on", kListenMax)};
    }
    const Endpoint& first = listen.front();
    const bool on_loopback = first.address.scope() == Scope::loopback;
    for (auto i = listen.begin(); i != listen.end(); ++i) {
        if (i->address.is_v4() && !config.profile->allows_v4) {
            return ConfigError{fmt::format(
                "{} cannot be listened on: the {} profile has IPv6 only",
                to_string(*i),
                config.profile->name)};
        }
        if (i->port != first.port) {
            return ConfigError{fmt::format(
                "all addresses to listen on have to share one port; {} and {} do not",
                first.port,
                i->port)};
        }
        if ((i->address.scope() == Scope::loopback) != on_loopback) {
            return ConfigError{"a loopback address and another one cannot be listened on together"};
        }
        if (std::find(listen.begin(), i, *i) != i) {
            return ConfigError{fmt::format("{} is to be listened on twice", to_string(*i))};
        }
    }
    return std::nullopt;
}

// An address of no cloud's scope would never be offered to anybody.
std::optional<ConfigError> check_clouds(const Config& config) {
    if (config.clouds.size() > kCloudNamesMax) {
        return ConfigError{fmt::format("at most {} clouds can be named", kCloudNamesMax)};
    }
    if (config.allow_loopback && config.clouds.size() > 1) {
        return ConfigError{"on loopback there is one cloud only"};
    }
    const auto sites = std::ranges::count_if(config.clouds, [](const std::string& cloud) {
        return node::scope_of_cloud(cloud) == Scope::site;
    });
    if (sites > 1) return ConfigError{"a machine is at one site only"};
    if (config.clouds.empty() || config.allow_loopback) return std::nullopt;
    for (const Endpoint& listen : config.listen) {
        const Scope scope = listen.address.scope();
        const bool has_cloud = std::ranges::any_of(config.clouds, [&](const std::string& cloud) {
            return node::scope_of_cloud(cloud) == scope;
        });
        if (listen.address.is_unspecified() || has_cloud) continue;
        return ConfigError{fmt::format(
            "{} is an address of scope {}, and no cloud that was asked for is",
            to_string(listen.address),
            to_string(scope))};
    }
    return std::nullopt;
}

} // namespace

Settings combine(Settings first, Settings second) {
    if (!first.data) first.data = std::move(second.data);
    if (!first.api) first.api = std::move(second.api);
    if (first.listen.empty()) first.listen = std::move(second.listen);
    if (first.graph_listen.empty()) first.graph_listen = std::move(second.graph_listen);
    if (first.seeds.empty()) first.seeds = std::move(second.seeds);
    if (first.clouds.empty()) first.clouds = std::move(second.clouds);
    if (!first.profile) first.profile = second.profile;
    if (!first.seed_node) first.seed_node = second.seed_node;
    if (!first.ssdp) first.ssdp = second.ssdp;
    if (!first.port_mapping) first.port_mapping = second.port_mapping;
    if (!first.log_level) first.log_level = second.log_level;
    return first;
}

std::expected<Config, ConfigError>
decide(const Settings& settings, const Environment& environment) {
    Config out;
    if (settings.data) {
        out.data = *settings.data;
    } else {
        auto data = default_data(environment);
        if (!data) return std::unexpected(data.error());
        out.data = std::move(*data);
    }
    out.api = settings.api.value_or(default_api(environment, out.data));
    out.profile = settings.profile.value_or(out.profile);
    out.listen = settings.listen;
    if (out.listen.empty()) {
        out.listen = {{Address{}, kDefaultPort}};
        if (out.profile->allows_v4) out.listen.push_back({Address::v4(0), kDefaultPort});
        out.may_change_port = true;
    }
    if (settings.seeds.size() > host::kSeedsMax) {
        return refuse(fmt::format("at most {} seeds can be given", host::kSeedsMax));
    }
    out.seeds = settings.seeds;
    out.clouds = settings.clouds;
    out.is_seed_node = settings.seed_node.value_or(false);
    out.log_level = settings.log_level.value_or(LogLevel::info);
    if (const auto wrong = check_listen(out, out.listen)) return std::unexpected(*wrong);
    out.graph_listen = settings.graph_listen;
    if (out.graph_listen.empty()) {
        out.graph_listen = out.listen;
        for (Endpoint& at : out.graph_listen)
            at.port = 0;
    }
    if (const auto wrong = check_listen(out, out.graph_listen)) return std::unexpected(*wrong);
    out.allow_loopback = out.listen.front().address.scope() == Scope::loopback;
    // A node that only this machine reaches has nothing to say on the link.
    out.use_ssdp = settings.ssdp.value_or(true) && !out.allow_loopback;
    out.use_port_mapping = settings.port_mapping.value_or(true) && !out.allow_loopback;
    if (const auto wrong = check_clouds(out)) return std::unexpected(*wrong);
    return out;
}

} // namespace kith::daemon
