// Peer names as people write them: as such, or as host names.

#pragma once

#include "api/error.hpp"
#include "identity/peer_name.hpp"

#include <expected>
#include <string_view>

namespace kith::api {

/// A text that is both (`0.kith.alt`) is read as a peer name.
std::expected<identity::PeerName, Error> parse_peer_or_host_name(std::string_view text);

} // namespace kith::api
