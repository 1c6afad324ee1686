// One setting from its text, the same for a flag and for a key of the file. The message of an error
// names the value and says what would be right.

#pragma once

#include "daemon/config.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace kith::daemon {

std::expected<Endpoint, ConfigError> parse_listen(std::string_view text);
std::expected<host::Seed, ConfigError> parse_seed_setting(std::string_view text);
std::expected<std::string, ConfigError> parse_cloud(std::string_view text);
std::expected<const pnrp::Profile*, ConfigError> parse_profile(std::string_view text);
std::expected<LogLevel, ConfigError> parse_log_level(std::string_view text);
std::expected<std::filesystem::path, ConfigError> parse_path(std::string_view text);
std::expected<std::filesystem::path, ConfigError> parse_socket_path(std::string_view text);

} // namespace kith::daemon
