// The fourteen messages of a graph (MS-PPGRH 2.2.2) as values, and their bytes.
//
// Every message begins with its size, the version and its type; parts of variable length are found
// by offsets, so unknown bytes between the fixed part and the first offset are skipped: that is
// where two modern nodes put their capabilities (docs/protocol/graph.md).

#pragma once

#include "base/bytes.hpp"
#include "base/endpoint.hpp"
#include "base/guid.hpp"
#include "graph/sync_range.hpp"
#include "store/record.hpp"
#include "store/record_index.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kith::graph {

using NodeId = std::uint64_t;

enum class MessageType : std::uint8_t {
    auth_info = 0x01,
    connect = 0x02,
    welcome = 0x03,
    refuse = 0x04,
    disconnect = 0x05,
    solicit_new = 0x06,
    solicit_time = 0x07,
    solicit_hash = 0x08,
    advertise = 0x09,
    request = 0x0A,
    flood = 0x0B,
    sync_end = 0x0C,
    pt2pt = 0x0D,
    ack = 0x0E,
};

/// Of a link: what it may carry (MS-PPGRH 2.2.2.1).
enum class LinkKind : std::uint8_t { neighbour = 1, direct = 2 };

/// One capability of a link (docs/protocol/graph.md, Capabilities): Type, Length, value. At most 64
/// and 4096 bytes with their headers on one link; what is no such list is skipped, as a published
/// node skips it.
struct Capability {
    std::uint16_t type = 0; // with kCriticalCapability: refuse the link if it is not known
    Bytes value;

    bool operator==(const Capability&) const = default;
};

inline constexpr std::uint16_t kCriticalCapability = 0x8000;

/// What both ends of a link agreed on, as far as it gives reserved bits a meaning. What is not
/// agreed is ignored on receipt (MS-PPGRH 2.2.2).
struct Agreed {
    bool sums = false; // ranges by sums
    bool wide = false; // abstracts with digests
    bool lazy = false; // graft and prune
};

struct AuthInfo {
    LinkKind kind = LinkKind::neighbour;
    std::string graph_id;
    std::string source;                     // peer id
    std::optional<std::string> destination; // peer id; nothing: whoever is there

    bool operator==(const AuthInfo&) const = default;
};

struct Connect {
    bool is_update = false; // now listening, or at new addresses
    bool is_direct = false;
    bool wants_neighbours = false;
    NodeId node = 0;
    std::vector<Endpoint> addresses; // at most 255
    std::optional<std::string> friendly_name;
    std::vector<Capability> capabilities;

    bool operator==(const Connect&) const = default;
};

struct Welcome {
    NodeId node = 0;
    store::PeerTime time;
    std::vector<Endpoint> addresses; // of neighbours, if they were wanted
    std::string peer_id;
    std::optional<std::string> friendly_name;
    std::vector<Capability> capabilities;

    bool operator==(const Welcome&) const = default;
};

enum class RefuseCode : std::uint8_t { busy = 1, already_connected, duplicate, direct_disallowed };

struct Refuse {
    RefuseCode code = RefuseCode::busy;
    std::vector<Endpoint> addresses; // of neighbours to try instead

    bool operator==(const Refuse&) const = default;
};

enum class DisconnectReason : std::uint8_t { leaving = 1, least_useful, application };

struct Disconnect {
    DisconnectReason reason = DisconnectReason::leaving;
    std::vector<Endpoint> addresses;

    bool operator==(const Disconnect&) const = default;
};

/// Which record types a synchronisation covers: at most one of the lists is not empty, and both
/// empty means all.
struct TypeFilter {
    std::vector<store::RecordType> included;
    std::vector<store::RecordType> excluded;

    bool operator==(const TypeFilter&) const = default;

    bool covers(const store::RecordType& type) const;
};

struct SolicitNew {
    TypeFilter types;

    bool operator==(const SolicitNew&) const = default;
};

struct SolicitTime {
    TypeFilter types;
    store::PeerTime modified_since;

    bool operator==(const SolicitTime&) const = default;
};

struct HashEntry {
    ByteArray<16> hash{};
    store::SyncKey upper;

    bool operator==(const HashEntry&) const = default;
};

// Flags of SOLICIT_HASH and ADVERTISE, if agreed; what is not known is ignored.
inline constexpr std::uint16_t kSumsFlag = 0x0001;   // SOLICIT_HASH: ranges by sums, not entries
inline constexpr std::uint16_t kWideFlag = 0x0002;   // ADVERTISE: abstracts with digests
inline constexpr std::uint16_t kRangesFlag = 0x0004; // ADVERTISE: ranges, not boundaries

struct SolicitHash {
    TypeFilter types;
    std::vector<HashEntry> entries;
    std::uint16_t flags = 0;            // kSumsFlag or none
    std::vector<SyncRange> ranges = {}; // instead of entries, if and only if flags say sums

    bool operator==(const SolicitHash&) const = default;
};

struct Boundary {
    store::SyncKey lower;
    store::SyncKey upper;
    std::uint32_t count = 0;

    bool operator==(const Boundary&) const = default;
};

struct RecordAbstract {
    store::RecordId id;
    std::uint32_t version = 0;
    std::optional<ByteArray<16>> digest; // wide abstracts: of the content

    bool operator==(const RecordAbstract&) const = default;
};

struct Advertise {
    std::vector<Boundary> boundaries;
    std::vector<RecordAbstract> abstracts; // with digests if and only if flags say wide
    std::uint16_t flags = 0;               // kWideFlag, kRangesFlag
    std::vector<SyncRange> ranges = {};    // instead of boundaries, if and only if flags say so

    bool operator==(const Advertise&) const = default;
};

struct Request {
    std::vector<RecordAbstract> abstracts; // never with digests
    bool is_graft = false;                 // header flag 0x0001; only if agreed

    bool operator==(const Request&) const = default;
};

struct Flood {
    Bytes record; // encoded: see record_codec.hpp

    bool operator==(const Flood&) const = default;
};

struct SyncEnd {
    bool is_final = true;

    bool operator==(const SyncEnd&) const = default;
};

struct Pt2pt {
    Guid type;
    Bytes data;

    bool operator==(const Pt2pt&) const = default;
};

struct AckEntry {
    store::RecordId id;
    bool was_useful = false;
    bool prunes = false; // 0x2: make the link lazy; only if agreed

    bool operator==(const AckEntry&) const = default;
};

struct Ack {
    std::vector<AckEntry> entries;

    bool operator==(const Ack&) const = default;
};

using Message = std::variant<
    AuthInfo,
    Connect,
    Welcome,
    Refuse,
    Disconnect,
    SolicitNew,
    SolicitTime,
    SolicitHash,
    Advertise,
    Request,
    Flood,
    SyncEnd,
    Pt2pt,
    Ack>;

MessageType type_of(const Message& message);

/// Why bytes are no message; the link that brought them ends (MS-PPGRH 3.1.5).
enum class MessageErrc : std::uint8_t {
    truncated,   // shorter than its header, its fixed part or its own size
    bad_version, // not 1.0
    unknown_type,
    bad_bounds, // an offset or count that leads outside, or out of order, or a surplus
    bad_value,  // a field has a value that its place forbids
    bad_text,   // not terminated, or not UTF-8
    too_large,  // above the limits of wire_limits.hpp
};

/// Requires that the message keeps the limits of wire_limits.hpp, that its text is UTF-8 without
/// NUL, and that ids (but `AuthInfo::destination`, if absent) are not empty.
Bytes encode(const Message& message);

/// Takes exactly one message. Bytes that no offset leads to are skipped (MS-PPGRH 1.7); memory is
/// proportional to `bytes`.
std::expected<Message, MessageErrc> decode(ByteView bytes, const Agreed& agreed = {});

} // namespace kith::graph
