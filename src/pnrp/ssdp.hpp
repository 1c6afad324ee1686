// How the members of a cloud on one link find each other: SSDP with a search target of our own
// (MS-PNRP 3.1.4.2.2, 3.2.4.1; docs/protocol/pnrp.md, SSDP). Text in, values out; who may answer
// and which answers are used is not decided here.

#pragma once

#include "base/endpoint.hpp"
#include "pnrp/profile.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

namespace kith::pnrp {

inline constexpr std::size_t kSsdpSizeMax = 1024;    // bytes; larger ones are refused
inline constexpr std::size_t kSsdpLineSizeMax = 256; // bytes without CRLF; longer ones refuse
inline constexpr std::size_t kSsdpLinesMax = 32;     // headers; more refuse the message
inline constexpr std::uint8_t kSsdpWaitMax = 5;      // seconds, UPnP 1.1 1.3.2; more count as 5

/// A search (who of this cloud is on this link?) or, with `member`, an answer to one.
struct SsdpMessage {
    Scope scope = Scope::link;         // of the cloud: global, site or link
    std::optional<Endpoint> member;    // AL of an answer, its port above 1024
    std::uint8_t wait_seconds_max = 0; // MX of a search, within which its answers are spread

    bool operator==(const SsdpMessage&) const = default;
};

enum class SsdpErrc : std::uint8_t {
    oversized,
    bad_syntax, // no SSDP, or an answer without a location that could be one
    not_ours,   // a message of SSDP that is about something else: other target, other profile
};

/// Which multicast address a search goes to: ff02::c or, modern, 239.255.255.250.
enum class SsdpGroup : std::uint8_t { v6, v4 };

/// Requires: `scope` is global, site or link.
std::string search_target(const Profile& profile, Scope scope);

/// A search for the members of the cloud of `scope`, as it goes to `group`.
std::string
encode_ssdp_search(const Profile& profile, Scope scope, SsdpGroup group = SsdpGroup::v6);

/// The answer of a member that listens at `member`.
std::string encode_ssdp_answer(const Profile& profile, Scope scope, const Endpoint& member);

/// Reads what came to the group, or in answer to a search. Strict in what it needs (CRLF, a start
/// line, each header that counts once), deaf to headers that it does not know.
std::expected<SsdpMessage, SsdpErrc> parse_ssdp(const Profile& profile, ByteView datagram);

} // namespace kith::pnrp
