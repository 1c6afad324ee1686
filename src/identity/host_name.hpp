// Peer names as host names, both ways (docs/protocol/pnrp.md, Host names).
//
//   secure with classifier      <classifier>.p<40 hex>.kith.alt
//   secure without              p<40 hex>.kith.alt
//   unsecured                   <classifier>.kith.alt
//
// A classifier made of lower-case letter-digit-hyphen labels (RFC 5890 2.3.1: 1 to 63 characters,
// no hyphen first or last) stands as it is. Every other one is written in base32 of its UTF-8, in
// labels of `k--` and 60 digits, and so is one that would read as something else where it stands: a
// label that begins with `k--`, or an unsecured classifier whose last label reads as an authority.
// Each peer name thus has one spelling under kith.alt, and two peer names never share one.

#pragma once

#include "identity/peer_name.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace kith::identity {

inline constexpr std::size_t kHostNameMax = 253; // characters, RFC 1035 2.3.4 less its length bytes
inline constexpr std::size_t kHostNameLabelMax = 63; // characters, RFC 1035 2.3.4

enum class HostNameErrc : std::uint8_t {
    too_long,       // the name has no host form of at most 253 characters
    ambiguous,      // an unsecured classifier of the form p<40 hex> would read as an authority
    unknown_suffix, // neither kith.alt nor pnrp.net
    malformed,      // a label that is empty, too long, not decodable, or encoded without need
    bad_peer_name,  // it decodes, but not to a legal peer name
};

/// Always prints the `p` of the authority and the suffix kith.alt.
std::expected<std::string, HostNameErrc> to_host_name(const PeerName& name);

/// Accepts what `to_host_name` prints, and also the suffix pnrp.net, an authority without the `p`
/// where it begins with a letter, `p0` for unsecured, upper case, and one trailing dot.
std::expected<PeerName, HostNameErrc> from_host_name(std::string_view host);

} // namespace kith::identity
