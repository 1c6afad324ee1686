#include "graph/record_codec.hpp"

#include "base/check.hpp"
#include "base/unicode.hpp"
#include "crypto/digest.hpp"
#include "graph/wire_limits.hpp"
#include "store/attributes.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

#include <array>
#include <cstddef>
#include <ranges>
#include <utility>

namespace kith::graph {

namespace {

constexpr std::uint8_t kDeletedFlag = 0x02; // GA-10
constexpr std::uint32_t kDefersFlag = 0x2;  // 2.2.3.1
constexpr std::size_t kExtraHeader = 4;

// 1.8 and MS-PPSEC 1.8: {00000100-..}, {00000200-..} and so on: one byte counts, the rest is zero.
constexpr std::size_t kGraphTypeByte = 2;
constexpr unsigned kGraphTypes = 4;
// Groups' {01000000-..} and {02000000-..}, and those that modern groups add.
constexpr unsigned kGroupTypes = 4;

bool has_only(const Guid& guid, std::size_t index) {
    Guid rest = guid;
    rest.bytes[index] = std::byte{0};
    return rest.is_nil();
}

bool is_among(const Guid& guid, std::size_t index, unsigned last) {
    const unsigned value = std::to_integer<unsigned>(guid.bytes[index]);
    return value >= 1 && value <= last && has_only(guid, index);
}

// Text: its length in UTF-16 units with the terminator, then the units (GA-04) --------------------

void write_units(wire::Writer& io, std::u16string_view units) {
    for (const char16_t unit : units)
        io(static_cast<std::uint16_t>(unit));
}

/// Absent if it is empty.
void write_text(wire::Writer& io, std::string_view text) {
    if (text.empty()) {
        io(std::uint32_t{0});
        return;
    }
    KITH_ASSUME(text.find('\0') == std::string_view::npos);
    const auto units = utf8_to_utf16(text);
    KITH_CHECK(units.has_value());
    io(static_cast<std::uint32_t>(units->size() + 1));
    write_units(io, *units);
    io.zeros(2);
}

enum class Empty : std::uint8_t { allowed, forbidden };

std::string read_text(wire::Reader& in, std::size_t units_max, Empty empty = Empty::allowed) {
    const std::size_t count = in.take<std::uint32_t>();
    if (count == 0 || in.failed()) {
        in.require(empty == Empty::allowed);
        return {};
    }
    in.require(count <= units_max && count <= in.remaining() / 2);
    in.require(empty == Empty::allowed || count >= 2);
    if (in.failed()) return {};
    const ByteView bytes = in.take_bytes(2 * count);
    std::u16string units;
    units.reserve(count);
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        const unsigned high = std::to_integer<unsigned>(bytes[i]);
        units.push_back(
            static_cast<char16_t>(high << 8U | std::to_integer<unsigned>(bytes[i + 1])));
    }
    // The terminator is the last unit and the only one of its kind.
    in.require(units.find(u'\0') + 1 == count);
    if (in.failed()) return {};
    units.pop_back();
    auto text = utf16_to_utf8(units);
    in.require(text.has_value());
    return text ? std::move(*text) : std::string();
}

/// In units as above; nothing bounds text whose record is bounded but the bytes that are there.
constexpr std::size_t kUnbounded = 0xFFFFFFFF;

void write_blob(wire::Writer& io, ByteView bytes) {
    io(static_cast<std::uint32_t>(bytes.size()));
    io.bytes(bytes);
}

Bytes read_blob(wire::Reader& in, std::size_t size_max) {
    const std::size_t size = in.take<std::uint32_t>();
    in.require(size <= size_max);
    return to_owned(in.take_bytes(size));
}

std::uint16_t version_of(store::Rules rules) {
    return rules == store::Rules::published ? kPublishedRecordVersion : kModernRecordVersion;
}

// The half of a record id that belongs to `creator`: MS-PPGRH 3.1.7.2 and GA-06, GA-07, or for
// modern rules the first 64 bits of a better digest.
std::uint64_t creator_half(std::string_view creator, store::Rules rules) {
    if (rules == store::Rules::modern) {
        Guid head;
        const auto digest = crypto::sha256({as_bytes(creator)});
        std::ranges::copy(ByteView(digest).first(kGuidSize), head.bytes.begin());
        return head.high();
    }
    Bytes field;
    wire::Writer io(field);
    write_units(io, utf8_to_utf16(creator).value_or(std::u16string()));
    io.zeros(2);
    const Guid digest{crypto::md5({field})};
    return digest.high() ^ digest.low();
}

bool belongs_to_creator(const store::Record& record, store::Rules rules) {
    if (record.type == kGraphInfoType) return record.id == kGraphInfoId; // GA-08
    if (record.type == kSignatureType) return record.id == kSignatureId;
    return record.id.high() == creator_half(record.creator, rules);
}

// Addresses of internal payloads: PEER_ADDRESS (2.2.1.5) ------------------------------------------

void write_addresses(wire::Writer& io, const std::vector<Endpoint>& addresses) {
    KITH_ASSUME(addresses.size() <= kRecordAddressesMax);
    io(static_cast<std::uint32_t>(addresses.size()));
    for (const Endpoint& endpoint : addresses) {
        io(static_cast<std::uint32_t>(kPeerAddressSize), kFamily, endpoint.port);
        io(std::uint32_t{0}, endpoint.address.bytes, std::uint32_t{0});
    }
}

std::vector<Endpoint> read_addresses(wire::Reader& in) {
    const std::size_t count = in.take<std::uint32_t>();
    in.require(count <= kRecordAddressesMax && count <= in.remaining() / kPeerAddressSize);
    std::vector<Endpoint> out;
    for (std::size_t i = 0; i < count && !in.failed(); ++i) {
        in.require(in.take<std::uint32_t>() == kPeerAddressSize);
        in.require(in.take<std::uint16_t>() == kFamily);
        Endpoint& endpoint = out.emplace_back();
        in(endpoint.port);
        in.take_bytes(4); // flow information
        in(endpoint.address.bytes);
        in.take_bytes(4); // zero
    }
    return out;
}

std::uint32_t scope_number(Scope scope) {
    KITH_ASSUME(scope == Scope::global || scope == Scope::site || scope == Scope::link);
    return scope == Scope::link ? 3 : scope == Scope::site ? 2 : 1;
}

std::optional<Scope> scope_of(std::uint32_t number) {
    constexpr std::array kScopes{Scope::global, Scope::site, Scope::link};
    if (number < 1 || number > kScopes.size()) return std::nullopt;
    return kScopes[number - 1];
}

} // namespace

const store::RecordId kGraphInfoId = Guid::from_halves(0x6c796768'7732'406b, 0xbc6e'5e9c0d864580);
const store::RecordId kSignatureId = Guid::from_halves(0x4c515c94'4252'494f, 0x8440'34cc79769c81);

bool is_internal(const store::RecordType& type) {
    return is_among(type, kGraphTypeByte, kGraphTypes);
}

bool is_reserved(const store::RecordType& type) {
    return is_internal(type) || is_among(type, 0, kGroupTypes);
}

Bytes encode_record(const store::Record& record, std::string_view graph_id, store::Rules rules) {
    KITH_ASSUME(!record.creator.empty() && utf16_length(record.creator) < kIdUnitsMax);
    KITH_ASSUME(utf16_length(record.modifier) < kIdUnitsMax);
    KITH_ASSUME(!graph_id.empty() && utf16_length(graph_id) < kIdUnitsMax);
    KITH_ASSUME(record.security.size() <= kSecurityDataMax);
    Bytes out;
    out.reserve(
        kRecordFixedSize + 2 * (record.creator.size() + record.modifier.size() + graph_id.size()) +
        8 + record.security.size() + record.payload.size() + 2 * record.attributes.size());
    wire::Writer io(out);
    io(record.type.bytes, record.id.bytes, record.version);
    io.zeros(3);
    io(record.is_deleted ? kDeletedFlag : std::uint8_t{0});
    write_text(io, record.creator);
    write_text(io, record.modifier);
    write_blob(io, record.security);
    io(record.created.ticks, record.expires.ticks, record.modified.ticks);
    write_text(io, graph_id);
    io(version_of(rules));
    write_blob(io, record.payload);
    write_text(io, record.attributes);
    return out;
}

std::expected<store::Record, RecordErrc>
decode_record(ByteView bytes, std::string_view graph_id, store::Rules rules) {
    store::Record record;
    wire::Reader in(bytes);
    in(record.type.bytes, record.id.bytes, record.version);
    in.take_bytes(3);
    const auto flags = in.take<std::uint8_t>();
    record.is_deleted = (flags & kDeletedFlag) != 0;
    // Published nodes may leave their local flag in (GA-10); modern ones keep the room.
    in.require(rules == store::Rules::published || (flags & ~unsigned{kDeletedFlag}) == 0);
    record.creator = read_text(in, kIdUnitsMax, Empty::forbidden);
    record.modifier = read_text(in, kIdUnitsMax);
    record.security = read_blob(in, kSecurityDataMax);
    in(record.created.ticks, record.expires.ticks, record.modified.ticks);
    const std::string graph = read_text(in, kIdUnitsMax, Empty::forbidden);
    const auto version = in.take<std::uint16_t>();
    if (in.failed()) return std::unexpected(RecordErrc::malformed);
    if (graph != graph_id) return std::unexpected(RecordErrc::other_graph);
    if (version != version_of(rules)) {
        const bool is_known = version == kPublishedRecordVersion || version == kModernRecordVersion;
        return std::unexpected(is_known ? RecordErrc::other_rules : RecordErrc::other_version);
    }
    record.payload = read_blob(in, kRecordMaxDefault);
    record.attributes = read_text(in, kUnbounded);
    if (in.failed()) return std::unexpected(RecordErrc::malformed);
    return record;
}

std::expected<void, RecordErrc>
validate_record(const store::Record& record, std::size_t record_max, store::Rules rules) {
    if (!belongs_to_creator(record, rules)) return std::unexpected(RecordErrc::foreign_id);
    const bool was_modified = record.modified != record.created;
    if (record.modified < record.created || record.expires <= record.modified ||
        (!was_modified && !record.modifier.empty())) {
        return std::unexpected(RecordErrc::bad_times);
    }
    if (record.is_deleted && !record.payload.empty()) {
        return std::unexpected(RecordErrc::bad_deletion);
    }
    if (counted_size(record) > (record_max == 0 ? kRecordMaxDefault : record_max)) {
        return std::unexpected(RecordErrc::too_large);
    }
    if (!store::parse_attributes(record.attributes)) {
        return std::unexpected(RecordErrc::bad_attributes);
    }
    return {};
}

store::RecordId make_record_id(std::string_view creator, const Guid& random, store::Rules rules) {
    return Guid::from_halves(creator_half(creator, rules), random.high() ^ random.low());
}

std::size_t counted_size(const store::Record& record) {
    return record.payload.size() + counted_size(record.attributes);
}

std::size_t counted_size(std::string_view attributes) {
    return attributes.empty() ? 0 : 2 * (utf16_length(attributes) + 1);
}

Bytes encode_graph_info(const GraphInfo& info) {
    KITH_ASSUME(!info.graph_id.empty() && !info.creator.empty());
    KITH_ASSUME(info.presence_lifetime >= kPresenceLifetimeLeast);
    Bytes out;
    wire::Writer io(out);
    io(std::uint32_t{0}); // the size, below
    io(info.defers_expiration ? kDefersFlag : 0U, scope_number(info.scope));
    write_text(io, info.graph_id);
    write_text(io, info.creator);
    write_text(io, info.friendly_name);
    write_text(io, info.comment);
    io(info.presence_lifetime, info.presence_max, info.record_max);
    for (const Capability& extra : info.extras) {
        io(extra.type, static_cast<std::uint16_t>(extra.value.size()));
        io.bytes(extra.value);
    }
    Bytes head;
    wire::Writer head_io(head);
    head_io(static_cast<std::uint32_t>(out.size()));
    std::ranges::copy(head, out.begin());
    return out;
}

Bytes encode_signature(std::uint64_t signature) {
    Bytes out;
    wire::Writer io(out);
    io(signature);
    return out;
}

Bytes encode_contact(const Contact& contact) {
    Bytes out;
    wire::Writer io(out);
    io(contact.signature, contact.node);
    write_addresses(io, contact.addresses);
    return out;
}

Bytes encode_presence(const Presence& presence) {
    Bytes out;
    wire::Writer io(out);
    io(presence.node);
    write_text(io, presence.attributes);
    write_addresses(io, presence.addresses);
    return out;
}

std::optional<GraphInfo> decode_graph_info(ByteView payload) {
    wire::Reader sized(payload);
    const std::size_t size = sized.take<std::uint32_t>();
    if (sized.failed() || size < 4 || size > payload.size()) return std::nullopt;
    GraphInfo info;
    wire::Reader in(payload.subspan(4, size - 4));
    info.defers_expiration = (in.take<std::uint32_t>() & kDefersFlag) != 0;
    const auto scope = scope_of(in.take<std::uint32_t>());
    in.require(scope.has_value());
    info.scope = scope.value_or(Scope::global);
    info.graph_id = read_text(in, kIdUnitsMax, Empty::forbidden);
    info.creator = read_text(in, kIdUnitsMax, Empty::forbidden);
    info.friendly_name = read_text(in, kNameUnitsMax);
    info.comment = read_text(in, kCommentUnitsMax);
    in(info.presence_lifetime, info.presence_max, info.record_max);
    if (info.presence_lifetime == 0) info.presence_lifetime = kPresenceLifetimeLeast;
    in.require(info.presence_lifetime >= kPresenceLifetimeLeast);
    in.require(
        info.record_max == 0 ||
        (info.record_max >= kRecordMaxLeast && info.record_max <= kRecordMaxDefault));
    while (in.remaining() >= kExtraHeader) {
        Capability& extra = info.extras.emplace_back();
        in(extra.type);
        const auto length = in.take<std::uint16_t>();
        extra.value = to_owned(in.take_bytes(length));
        in.require(info.extras.size() <= kCapabilitiesMax);
    }
    if (!in.finish()) return std::nullopt;
    return info;
}

std::optional<std::uint64_t> decode_signature(ByteView payload) {
    wire::Reader in(payload);
    const auto signature = in.take<std::uint64_t>();
    if (in.failed()) return std::nullopt;
    return signature;
}

std::optional<Contact> decode_contact(ByteView payload) {
    Contact contact;
    wire::Reader in(payload);
    in(contact.signature, contact.node);
    contact.addresses = read_addresses(in);
    if (in.failed()) return std::nullopt;
    return contact;
}

std::optional<Presence> decode_presence(ByteView payload) {
    Presence presence;
    wire::Reader in(payload);
    in(presence.node);
    presence.attributes = read_text(in, kUnbounded);
    presence.addresses = read_addresses(in);
    if (in.failed()) return std::nullopt;
    return presence;
}

} // namespace kith::graph
