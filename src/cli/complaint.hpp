// Failures of the API in words for people: what happened, and what to do next where there is
// something to do.

#pragma once

#include "cli/client.hpp"
#include "cli/failure.hpp"

#include <string>

namespace kith::cli {

/// Why no answer came from the daemon at `socket_path`.
Failure complaint_of(const ClientFailure& failure, const std::string& socket_path);

/// What an answer of status 400 or above says. Codes that begin with `bad_` are the user's
/// mistakes.
Failure complaint_of(const Answer& answer);

/// The code of an error document (docs/api.md), or "".
std::string error_code_of(const Json& document);

} // namespace kith::cli
