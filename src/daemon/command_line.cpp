#include "base/argument_words.hpp"
#include "daemon/config.hpp"
#include "daemon/setting_text.hpp"
#include "kith_version.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace kith::daemon {

namespace {

// The flags as typed, before they mean anything.
struct Flags {
    std::optional<std::string> data;
    std::optional<std::string> api;
    std::vector<std::string> listen;
    std::vector<std::string> graph_listen;
    std::vector<std::string> seeds;
    std::vector<std::string> clouds;
    std::optional<std::string> profile;
    bool seed_node = false;
    bool no_ssdp = false;
    bool no_port_mapping = false;
    std::optional<std::string> config;
    std::optional<std::string> log_level;
};

void declare(CLI::App& app, Flags& flags) {
    app.name("kithd");
    app.description("Names between peers: the daemon. `kith` speaks to it.");
    app.set_version_flag("--version", fmt::format("kithd {} ({})", kKithVersion, kKithCommit));
    app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::Throw);
    app.add_option("--data", flags.data, "Folder of the identities and of what is remembered")
        ->type_name("DIR");
    app.add_option("--api", flags.api, "Unix socket of the local API")->type_name("SOCKET");
    app.add_option("--listen", flags.listen, "Address to listen on; may be given several times")
        ->type_name("ADDRESS:PORT")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option(
           "--graph-listen",
           flags.graph_listen,
           "Address to listen on for graphs; may be given several times")
        ->type_name("ADDRESS:PORT")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--seed", flags.seeds, "A node to begin with; may be given several times")
        ->type_name("HOST[:PORT]")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option(
           "--cloud",
           flags.clouds,
           "Take part in this cloud only: Global_, SiteLocal_, LinkLocal_ or LinkLocal_%INTERFACE; "
           "may be given several times")
        ->type_name("NAME")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--profile", flags.profile, "modern (else), or windows: PNRP 4.0 as published")
        ->type_name("PROFILE");
    app.add_flag("--seed-node", flags.seed_node, "Say in the status that others begin here")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app.add_flag(
        "--no-port-mapping", flags.no_port_mapping, "Do not ask the gateway to forward the port");
    app.add_flag("--no-ssdp", flags.no_ssdp, "Do not search on the link")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app.add_option("--config", flags.config, "File of the same keys (TOML)")->type_name("FILE");
    app.add_option("--log-level", flags.log_level, "trace, debug, info, warn, error or off")
        ->type_name("L");
}

// Runs `parse` on `text` if it is there, and puts the outcome into `out`.
template<class T, class Parse>
std::optional<ConfigError>
take(const std::optional<std::string>& text, Parse parse, std::optional<T>& out) {
    if (!text) return std::nullopt;
    auto value = parse(*text);
    if (!value) return value.error();
    out = std::move(*value);
    return std::nullopt;
}

template<class T, class Parse>
std::optional<ConfigError>
take_all(const std::vector<std::string>& texts, Parse parse, std::vector<T>& out) {
    for (const std::string& text : texts) {
        auto value = parse(text);
        if (!value) return value.error();
        out.push_back(std::move(*value));
    }
    return std::nullopt;
}

std::expected<CommandLine, ConfigError> interpret(const Flags& flags) {
    CommandLine out;
    Settings& settings = out.settings;
    const std::optional<ConfigError> errors[] = {
        take(flags.data, parse_path, settings.data),
        take(flags.api, parse_socket_path, settings.api),
        take_all(flags.listen, parse_listen, settings.listen),
        take_all(flags.graph_listen, parse_listen, settings.graph_listen),
        take_all(flags.seeds, parse_seed_setting, settings.seeds),
        take_all(flags.clouds, parse_cloud, settings.clouds),
        take(flags.profile, parse_profile, settings.profile),
        take(flags.config, parse_path, out.config_file),
        take(flags.log_level, parse_log_level, settings.log_level),
    };
    for (const auto& error : errors) {
        if (error) return std::unexpected(*error);
    }
    if (flags.seed_node) settings.seed_node = true;
    if (flags.no_ssdp) settings.ssdp = false;
    if (flags.no_port_mapping) settings.port_mapping = false;
    return out;
}

// One sentence of what CLI11 says, which may be several lines.
std::string one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    while (!text.empty() && (text.back() == ' ' || text.back() == '.'))
        text.pop_back();
    return text;
}

} // namespace

std::expected<std::variant<CommandLine, Notice>, ConfigError>
parse_command_line(std::span<const char* const> arguments) {
    Flags flags;
    CLI::App app;
    declare(app, flags);
    // CLI11 speaks in exceptions; they end here.
    try {
        const auto given = arguments.subspan(std::min<std::size_t>(1, arguments.size()));
        auto words = split_empty_values({given.begin(), given.end()});
        std::ranges::reverse(words); // CLI11 takes them last first
        app.parse(std::move(words));
    } catch (const CLI::CallForHelp&) {
        return Notice{app.help()};
    } catch (const CLI::CallForVersion&) {
        return Notice{app.version() + "\n"};
    } catch (const CLI::ParseError& error) {
        return std::unexpected(ConfigError{one_line(error.what())});
    }
    auto read = interpret(flags);
    if (!read) return std::unexpected(read.error());
    return std::move(*read);
}

std::expected<std::variant<Config, Notice>, ConfigError>
configure(std::span<const char* const> arguments, const Environment& environment) {
    auto parsed = parse_command_line(arguments);
    if (!parsed) return std::unexpected(parsed.error());
    if (auto* notice = std::get_if<Notice>(&*parsed)) return std::move(*notice);
    auto& line = std::get<CommandLine>(*parsed);
    Settings settings = std::move(line.settings);
    if (line.config_file) {
        auto file = read_config_file(*line.config_file);
        if (!file) return std::unexpected(file.error());
        settings = combine(std::move(settings), std::move(*file));
    }
    auto config = decide(settings, environment);
    if (!config) return std::unexpected(config.error());
    return std::move(*config);
}

} // namespace kith::daemon
