// The bytes of a record (MS-PPGRH 2.2.1.9) and of the four internal payloads (2.2.3).

#pragma once

#include "base/bytes.hpp"
#include "base/endpoint.hpp"
#include "graph/message.hpp"
#include "store/record.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::graph {

// Record types and the two fixed ids (MS-PPGRH 2.2.1.9, 2.2.3).
inline constexpr store::RecordType kGraphInfoType{{std::byte{0}, std::byte{0}, std::byte{1}}};
inline constexpr store::RecordType kSignatureType{{std::byte{0}, std::byte{0}, std::byte{2}}};
inline constexpr store::RecordType kContactType{{std::byte{0}, std::byte{0}, std::byte{3}}};
inline constexpr store::RecordType kPresenceType{{std::byte{0}, std::byte{0}, std::byte{4}}};
extern const store::RecordId kGraphInfoId;
extern const store::RecordId kSignatureId;

/// One of the four types of the graph itself.
bool is_internal(const store::RecordType& type);

/// Types that applications may not use: the graph's, and those kept for groups (MS-PPGRH 1.8).
bool is_reserved(const store::RecordType& type);

enum class RecordErrc : std::uint8_t {
    malformed,     // shorter than 90 bytes, a length out of range, text that is not UTF-16
    other_graph,   // its graph id is not ours
    other_rules,   // published where ours are modern, or the reverse
    other_version, // of the record protocol: neither of them
    foreign_id,    // the id does not belong to its creator (MS-PPGRH 3.1.7.27)
    bad_times,     // not expiration > modification >= creation, or a modifier without a change
    bad_deletion,  // deleted with a payload
    too_large,     // above the graph's maximum record size
    bad_attributes,
};

/// The record's bytes in a graph. Requires: lengths within wire_limits.hpp, text that is UTF-8
/// without NUL, a creator and a graph id that are not empty.
Bytes encode_record(const store::Record& record, std::string_view graph_id, store::Rules rules);

/// Only the structure; a tail after the last field is ignored. `refreshes` is false: it never
/// travels (GA-10). Memory is proportional to `bytes`.
std::expected<store::Record, RecordErrc>
decode_record(ByteView bytes, std::string_view graph_id, store::Rules rules);

/// The rules of MS-PPGRH 3.1.7.27 that need nothing but the record. `record_max` in bytes, 0 for
/// the default.
std::expected<void, RecordErrc>
validate_record(const store::Record& record, std::size_t record_max, store::Rules rules);

/// A record id whose high half belongs to `creator` (MS-PPGRH 3.1.7.2).
store::RecordId make_record_id(std::string_view creator, const Guid& random, store::Rules rules);

/// Payload plus two bytes for each UTF-16 unit of the attributes, their terminator included: what
/// the maximum bounds (MS-PPGRH 3.1.7.27).
std::size_t counted_size(const store::Record& record);
/// Of the attributes alone.
std::size_t counted_size(std::string_view attributes);

struct GraphInfo {
    bool defers_expiration = false;
    Scope scope = Scope::global; // or site or link
    std::string graph_id;
    std::string creator;
    std::string friendly_name;
    std::string comment;
    std::uint32_t presence_lifetime = 300;   // seconds, 300 to 366 days
    std::uint32_t presence_max = 0xFFFFFFFF; // records; this value: no limit
    std::uint32_t record_max = 0;            // bytes, 1024 to 60 MiB; 0: 60 MiB
    std::vector<Capability> extras;          // rules of a modern graph (docs/protocol/graph.md)

    bool operator==(const GraphInfo&) const = default;
};

struct Contact {
    std::uint64_t signature = 0;
    NodeId node = 0;
    std::vector<Endpoint> addresses;

    bool operator==(const Contact&) const = default;
};

struct Presence {
    NodeId node = 0;
    std::string attributes;
    std::vector<Endpoint> addresses;

    bool operator==(const Presence&) const = default;
};

// Require what their types say, and lengths within wire_limits.hpp.
Bytes encode_graph_info(const GraphInfo& info);
Bytes encode_signature(std::uint64_t signature);
Bytes encode_contact(const Contact& contact);
Bytes encode_presence(const Presence& presence);

// Nothing if the payload is malformed. Bytes after an array of addresses are ignored.
std::optional<GraphInfo> decode_graph_info(ByteView payload);
std::optional<std::uint64_t> decode_signature(ByteView payload);
std::optional<Contact> decode_contact(ByteView payload);
std::optional<Presence> decode_presence(ByteView payload);

} // namespace kith::graph
