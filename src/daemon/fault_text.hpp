// Faults of the system in one sentence for people.

#pragma once

#include "host/identity_vault.hpp"
#include "host/private_directory.hpp"
#include "host/unix_listener.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace kith::daemon {

/// What follows the path.
std::string_view what_is_wrong(host::FileErrc code);
std::string to_sentence(const host::FileError& error);
std::string to_sentence(const host::VaultProblem& problem);
std::string to_sentence(host::ListenErrc error, const std::filesystem::path& socket);

} // namespace kith::daemon
