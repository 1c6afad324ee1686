// Bytes to whatever is open: a file, a terminal, a pipe whose reader takes its time.

#pragma once

#include <expected>
#include <optional>
#include <string_view>

namespace kith::cli {

/// What kept bytes from being written.
struct Unwritten {
    int error = 0;                            // of the system; or
    std::optional<int> signal = std::nullopt; // its number: it came before they were
};

/// Writes all of `bytes`, and waits for who reads them until SIGINT, SIGTERM or SIGHUP comes. Where
/// SIGPIPE is ignored, a pipe that nobody reads any more counts as that signal.
std::expected<void, Unwritten> write_all(int fd, std::string_view bytes);

} // namespace kith::cli
