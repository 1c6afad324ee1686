// The files that the user names: identity documents and payloads, read and written whole.

#pragma once

#include "cli/failure.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace kith::cli {

enum class Existing : std::uint8_t { refuse, replace };

/// The name that means standard output, as it means standard input where a file is read.
inline constexpr std::string_view kStandardOutput = "-";

/// The content of the file at `path`, or of standard input where `path` is "-". A file above
/// `size_max` bytes is refused.
std::expected<std::string, Failure> read_file(const std::string& path, std::size_t size_max);

/// Refuses if something is at `path` already: for asking before the user has typed passwords.
/// `write_private_file` checks again. Nothing is in the way of standard output.
std::expected<void, Failure> check_free(const std::string& path);

/// Writes a file of mode 0600 that is there whole or not at all, and is on the disk when this
/// returns. What is replaced must be a regular file. Standard output is written to as it is.
std::expected<void, Failure>
write_private_file(const std::string& path, std::string_view content, Existing existing);

/// Writes `content` to whatever is at `path` (a device, a pipe), to standard output, or to a new
/// file.
std::expected<void, Failure> write_plain_file(const std::string& path, std::string_view content);

} // namespace kith::cli
