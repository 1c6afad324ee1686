// What kithd is told: flags first, then a file of the same keys, then defaults.

#pragma once

#include "base/endpoint.hpp"
#include "host/seed_resolver.hpp"
#include "pnrp/profile.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kith::daemon {

inline constexpr std::uint16_t kDefaultPort = 3540;      // MS-PNRP 2.1
inline constexpr std::size_t kListenMax = 8;             // sockets; more are refused
inline constexpr std::size_t kCloudNamesMax = 8;         // asked for; more are refused
inline constexpr std::size_t kConfigSizeMax = 64 * 1024; // bytes of a file; a larger one is refused

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, off };

/// One source of configuration: what it does not say is left to the next.
struct Settings {
    std::optional<std::filesystem::path> data;
    std::optional<std::filesystem::path> api;
    std::vector<Endpoint> listen;       // port 0: any
    std::vector<Endpoint> graph_listen; // likewise
    std::vector<host::Seed> seeds;
    std::vector<std::string> clouds;
    std::optional<const pnrp::Profile*> profile;
    std::optional<bool> seed_node;
    std::optional<bool> ssdp;
    std::optional<bool> port_mapping;
    std::optional<LogLevel> log_level;
};

/// Everything decided.
struct Config {
    std::filesystem::path data;
    std::filesystem::path api;
    std::vector<Endpoint> listen;
    bool may_change_port = false;       // the user did not ask for this one
    std::vector<Endpoint> graph_listen; // of one port; 0: that of the last run, or any
    std::vector<host::Seed> seeds;
    std::vector<std::string> clouds; // empty: all that the machine's addresses allow
    const pnrp::Profile* profile = &pnrp::modern_profile();
    bool is_seed_node = false;
    bool use_ssdp = true;
    bool use_port_mapping = true;
    bool allow_loopback = false;
    LogLevel log_level = LogLevel::info;
};

/// One sentence for people.
struct ConfigError {
    std::string message;
};

inline std::unexpected<ConfigError> refuse(std::string message) {
    return std::unexpected(ConfigError{std::move(message)});
}

/// The variables of the environment that matter here, so that nothing below reads it.
struct Environment {
    std::string home;        // HOME
    std::string data_home;   // XDG_DATA_HOME
    std::string runtime_dir; // XDG_RUNTIME_DIR
};

struct CommandLine {
    Settings settings;
    std::optional<std::filesystem::path> config_file;
};

/// A text that was asked for in place of a run: --help, --version.
struct Notice {
    std::string text;
};

std::expected<std::variant<CommandLine, Notice>, ConfigError>
parse_command_line(std::span<const char* const> arguments);

/// `name` is the file's, for the messages.
std::expected<Settings, ConfigError> parse_config(std::string_view toml, const std::string& name);
std::expected<Settings, ConfigError> read_config_file(const std::filesystem::path& path);

/// `first` wins over `second`; lists are not mixed.
Settings combine(Settings first, Settings second);

/// Fills in defaults and checks what only shows when all is known.
std::expected<Config, ConfigError> decide(const Settings& settings, const Environment& environment);

/// All of the above: the flags, the file that they name, the defaults. The first argument is the
/// program.
std::expected<std::variant<Config, Notice>, ConfigError>
configure(std::span<const char* const> arguments, const Environment& environment);

} // namespace kith::daemon
