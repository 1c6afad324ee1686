// The process: takes hold of the data and the sockets, runs until a signal, leaves politely.

#pragma once

#include "daemon/config.hpp"

#include <expected>

namespace kith::daemon {

/// Runs until SIGTERM, SIGINT or SIGHUP. Then every name is revoked, what is remembered is written,
/// and the socket is taken away; a second signal ends the process at once. An error is what kept it
/// from starting.
std::expected<void, ConfigError> run(const Config& config);

} // namespace kith::daemon
