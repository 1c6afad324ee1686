// Standard output, where it matters whether all of it was written.

#pragma once

#include "cli/failure.hpp"

#include <cstdio>
#include <expected>
#include <string_view>

namespace kith::cli {

/// Writes all of `text` and leaves nothing in a buffer. A pipe that nobody reads any more ends the
/// program by SIGPIPE, without a word; a signal ends the wait for one that is full.
std::expected<void, Failure> print(std::string_view text, std::FILE* to = stdout);

} // namespace kith::cli
