// Where the daemon of this user listens.

#pragma once

#include "cli/environment.hpp"
#include "cli/failure.hpp"

#include <cstddef>
#include <expected>
#include <optional>
#include <string>

namespace kith::cli {

/// Bytes of a socket's path: what `sockaddr_un` holds, less its NUL.
inline constexpr std::size_t kSocketPathMax = 107;

/// `option` (--api) if given, else $KITH_API, else the socket in $XDG_RUNTIME_DIR if one is there,
/// else the one in the daemon's default data directory. The result need not exist.
std::expected<std::string, Failure>
locate_api_socket(const std::optional<std::string>& option, const Environment& env);

} // namespace kith::cli
