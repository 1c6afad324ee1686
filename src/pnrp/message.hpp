// The eight messages (MS-PNRP 2.2.2), one struct each, every field named once.
//
// Integers are big-endian; an element is FieldID, Length and body, and begins at a multiple of
// four. docs/protocol/pnrp.md has the bytes.

#pragma once

#include "base/endpoint.hpp"
#include "pnrp/id.hpp"
#include "pnrp/profile.hpp"
#include "pnrp/route_entry.hpp"
#include "wire/reader.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <variant>
#include <vector>

namespace kith::pnrp {

enum class MessageId : std::uint32_t {};
using Nonce = ByteArray<16>;
using HashedNonce = ByteArray<20>;

enum class MessageType : std::uint8_t { // 2.2.1; 5, 6 and 10 are not assigned
    solicit = 1,
    advertise = 2,
    request = 3,
    flood = 4,
    inquire = 7,
    authority = 8,
    ack = 9,
    lookup = 11,
};

enum class SolicitType : std::uint8_t { any = 0, registered_only = 1 }; // 2.2.2.1

struct Solicit {
    std::optional<SolicitType> type; // absent: any
    std::optional<RouteEntry> entry;
    HashedNonce hashed_nonce{};
    bool padded = false; // modern: ends in element 0x00ED, so that the message has 200 bytes

    bool operator==(const Solicit&) const = default;
};

struct Advertise {
    MessageId acked{};
    std::vector<PnrpId> ids;
    HashedNonce hashed_nonce{};

    bool operator==(const Advertise&) const = default;
};

struct Request {
    Nonce nonce{};
    std::vector<PnrpId> ids;

    bool operator==(const Request&) const = default;
};

struct Flood {
    bool no_ack = false; // D
    PnrpId validate;     // zero: no particular id of the receiver
    std::optional<Bytes> revoke_cpa;
    std::optional<RouteEntry> entry;
    std::vector<Endpoint> already_flooded;
    // Modern (docs/protocol/pnrp.md, Reach):
    bool asks_source = false; // O: the ACK says where this came from; not with D
    // V: Validate is a token; no revoke and no entry. Without D: have somebody who is not in the
    // list INQUIRE it of where this came from. With D: INQUIRE it of the one endpoint of the list.
    bool visit = false;

    bool operator==(const Flood&) const = default;
};

struct InquireFlags {
    bool cpa = false;              // A
    bool extended_payload = false; // X
    bool chain = false;            // C

    bool operator==(const InquireFlags&) const = default;
};

struct Inquire {
    InquireFlags flags;
    PnrpId validate;
    std::optional<Nonce> nonce;
    bool padded = false; // modern: ends in element 0x00ED, so that the message has 408 bytes

    bool operator==(const Inquire&) const = default;
};

/// One fragment of an AUTHORITY_BUFFER.
struct Authority {
    MessageId acked{};
    std::uint16_t size = 0; // of the whole buffer
    std::uint16_t offset = 0;
    Bytes fragment;

    bool operator==(const Authority&) const = default;
};

struct Ack {
    MessageId acked{};
    bool not_found = false; // N: the Validate id of the FLOOD is not registered here
    // Modern:
    bool passed_on = false;           // P: somebody was asked to make the visit
    std::optional<Endpoint> source{}; // where the FLOOD came from, if it asked for that

    bool operator==(const Ack&) const = default;
};

enum class Criteria : std::uint8_t { // 2.2.2.8
    none = 0,
    any_peer_name = 1,
    nearest_peer_name = 2,
    nearest64_peer_name = 4,
    upper_bits = 8,
};

enum class Reason : std::uint8_t { // 2.2.2.8; receivers ignore it
    application = 0,
    registration = 1,
    cache_maintenance = 2,
    split_detection = 3,
};

struct Lookup {
    bool accept_any = false; // A: a next hop that is not closer than Validate is welcome too
    std::uint16_t precision = 0;
    Criteria criteria = Criteria::none;
    std::uint8_t reason = 0; // any value is legal on receipt
    PnrpId target;
    PnrpId validate;
    std::optional<RouteEntry> best_match;
    std::vector<Endpoint> path; // 1 to 22

    bool operator==(const Lookup&) const = default;
};

using Body = std::variant<Solicit, Advertise, Request, Flood, Inquire, Authority, Ack, Lookup>;

struct Message {
    MessageId id{};
    Body body;

    bool operator==(const Message&) const = default;
};

/// Why a datagram is no message of this profile.
enum class MessageErrc : std::uint8_t {
    truncated,
    oversized,     // above kDatagramSizeMax: no sender makes such a one
    not_pnrp,      // the header's first bytes are wrong
    other_profile, // the header's version is not this profile's
    unknown_type,
    bad_syntax,  // an element is missing, out of order, or has an impossible value or length
    bad_padding, // modern profile: padding or reserved bits are not zero
    trailing_bytes,
};

MessageType type_of(const Body& body);

std::expected<Message, MessageErrc> decode_message(const Profile& profile, ByteView datagram);

/// Requires: every count within its limit. The result decodes to an equal message.
Bytes encode_message(const Profile& profile, const Message& message);

} // namespace kith::pnrp
