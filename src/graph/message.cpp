#include "graph/message.hpp"

#include "base/check.hpp"
#include "base/overload.hpp"
#include "base/unicode.hpp"
#include "graph/wire_limits.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <ranges>
#include <string_view>
#include <utility>

namespace kith::graph {

namespace {

// Sizes of the fixed parts, header included (MS-PPGRH 2.2.2), which is where what follows begins.
constexpr std::size_t kAuthInfoFixed = 16;
constexpr std::size_t kConnectFixed = 24;
constexpr std::size_t kWelcomeFixed = 32;
constexpr std::size_t kRefuseFixed = 12;
constexpr std::size_t kDisconnectFixed = 12;
constexpr std::size_t kSolicitNewFixed = 12;
constexpr std::size_t kSolicitTimeFixed = 20;
constexpr std::size_t kSolicitHashFixed = 20;
constexpr std::size_t kAdvertiseFixed = 24;
constexpr std::size_t kRequestFixed = 16;
constexpr std::size_t kRequestSent = 20; // the least, which published nodes demand (GA-25)
constexpr std::size_t kFloodFixed = 12;
constexpr std::size_t kFloodLeast = 16; // 3.1.5.2.10
constexpr std::size_t kSyncEndFixed = 12;
constexpr std::size_t kPt2ptFixed = 28; // GA-32
constexpr std::size_t kAckFixed = 12;

constexpr std::uint8_t kConnectUpdate = 0x08;
constexpr std::uint8_t kConnectDirect = 0x04;
constexpr std::uint8_t kConnectNeighbours = 0x01;
constexpr std::uint8_t kSyncEndFinal = 0x01;
constexpr std::uint32_t kAckUseful = 0x1;
constexpr std::uint32_t kAckPrune = 0x2;
constexpr std::uint16_t kHeaderGraft = 0x0001;

constexpr std::size_t kCapabilityHeader = 4;

// Encoding ---------------------------------------------------------------------------------------

std::size_t size_of(const std::vector<Capability>& capabilities) {
    std::size_t size = 0;
    for (const Capability& capability : capabilities)
        size += kCapabilityHeader + capability.value.size();
    return size;
}

std::size_t size_of_text(std::string_view text) {
    return text.size() + 1;
}

std::size_t size_of(const TypeFilter& types) {
    return kGuidSize * (types.included.size() + types.excluded.size());
}

class Encoder {
public:
    /// `size`: of the fixed part and of what follows.
    Encoder(MessageType type, std::size_t size, std::uint16_t flags = 0) : io_(out_) {
        KITH_ASSUME(size <= kMessageSizeMax);
        out_.reserve(size);
        size_ = size;
        io_(static_cast<std::uint32_t>(size),
            kMessageVersion,
            static_cast<std::uint8_t>(type),
            flags);
    }

    template<class... Fields>
    void operator()(const Fields&... fields) {
        io_(fields...);
    }

    void byte(std::size_t value) {
        KITH_ASSUME(value <= 0xFF);
        io_(static_cast<std::uint8_t>(value));
    }
    void offset(std::size_t value) {
        KITH_ASSUME(value <= 0xFFFF);
        io_(static_cast<std::uint16_t>(value));
    }
    void wide_offset(std::size_t value) { io_(static_cast<std::uint32_t>(value)); }

    void addresses(const std::vector<Endpoint>& endpoints) {
        for (const Endpoint& endpoint : endpoints)
            io_(kFamily, endpoint.port, endpoint.address.bytes);
    }

    void text(std::string_view text, std::size_t units_max) {
        KITH_ASSUME(is_utf8(text) && text.find('\0') == std::string_view::npos);
        KITH_ASSUME(utf16_length(text) < units_max);
        io_.bytes(as_bytes(text));
        io_.zeros(1);
    }

    void capabilities(const std::vector<Capability>& capabilities) {
        KITH_ASSUME(capabilities.size() <= kCapabilitiesMax);
        KITH_ASSUME(size_of(capabilities) <= kCapabilityBytesMax);
        for (const Capability& capability : capabilities) {
            io_(capability.type, static_cast<std::uint16_t>(capability.value.size()));
            io_.bytes(capability.value);
        }
    }

    void counts(const TypeFilter& types) {
        KITH_ASSUME(types.included.empty() || types.excluded.empty());
        byte(types.included.size());
        byte(types.excluded.size());
    }
    void types(const TypeFilter& types) {
        for (const auto& type : types.included)
            io_(type.bytes);
        for (const auto& type : types.excluded)
            io_(type.bytes);
    }

    void ranges(const std::vector<SyncRange>& ranges, RangeUse use) {
        write_ranges(io_, ranges, use);
    }

    void key(const store::SyncKey& key) { io_(key.modified.ticks, key.id.bytes); }

    void abstracts(const std::vector<RecordAbstract>& abstracts, bool wide) {
        for (const RecordAbstract& abstract : abstracts) {
            KITH_ASSUME(abstract.digest.has_value() == wide);
            io_(abstract.id.bytes, abstract.version);
            if (wide) io_(abstract.digest.value_or(ByteArray<16>{}));
        }
    }

    void bytes(ByteView view) { io_.bytes(view); }
    void zeros(std::size_t count) { io_.zeros(count); }

    Bytes finish() && {
        KITH_ASSUME(out_.size() == size_);
        return std::move(out_);
    }

private:
    Bytes out_;
    wire::Writer io_;
    std::size_t size_ = 0;
};

Bytes encode_one(const AuthInfo& m) {
    const std::size_t source = kAuthInfoFixed + size_of_text(m.graph_id);
    const std::size_t destination = source + size_of_text(m.source);
    const std::size_t size =
        destination + (m.destination ? size_of_text(*m.destination) : std::size_t{0});
    KITH_ASSUME(!m.graph_id.empty() && !m.source.empty());
    KITH_ASSUME(!m.destination || !m.destination->empty());
    Encoder io(MessageType::auth_info, size);
    io(static_cast<std::uint8_t>(m.kind), std::uint8_t{0});
    io.offset(kAuthInfoFixed);
    io.offset(source);
    io.offset(destination);
    io.text(m.graph_id, kIdUnitsMax);
    io.text(m.source, kIdUnitsMax);
    if (m.destination) io.text(*m.destination, kIdUnitsMax);
    return std::move(io).finish();
}

Bytes encode_one(const Connect& m) {
    const std::size_t addresses = kConnectFixed + size_of(m.capabilities);
    const std::size_t name = addresses + kAddressSize * m.addresses.size();
    const std::size_t size = name + (m.friendly_name ? size_of_text(*m.friendly_name) : 0);
    KITH_ASSUME(!m.is_update || !m.addresses.empty()); // 2.2.2.2
    Encoder io(MessageType::connect, size);
    io.byte(
        (m.is_update ? kConnectUpdate : 0U) | (m.is_direct ? kConnectDirect : 0U) |
        (m.wants_neighbours ? kConnectNeighbours : 0U));
    io.byte(m.addresses.size());
    io.offset(addresses);
    io.offset(name);
    io(std::uint16_t{0}, m.node);
    io.capabilities(m.capabilities);
    io.addresses(m.addresses);
    if (m.friendly_name) io.text(*m.friendly_name, kNameUnitsMax);
    return std::move(io).finish();
}

Bytes encode_one(const Welcome& m) {
    const std::size_t addresses = kWelcomeFixed + size_of(m.capabilities);
    const std::size_t peer = addresses + kAddressSize * m.addresses.size();
    const std::size_t name = peer + size_of_text(m.peer_id);
    const std::size_t size = name + (m.friendly_name ? size_of_text(*m.friendly_name) : 0);
    KITH_ASSUME(!m.peer_id.empty());
    Encoder io(MessageType::welcome, size);
    io(m.node, m.time.ticks);
    io.byte(m.addresses.size());
    io.byte(0);
    io.offset(addresses);
    io.offset(peer);
    io.offset(name);
    io.capabilities(m.capabilities);
    io.addresses(m.addresses);
    io.text(m.peer_id, kIdUnitsMax);
    if (m.friendly_name) io.text(*m.friendly_name, kNameUnitsMax);
    return std::move(io).finish();
}

// REFUSE and DISCONNECT differ in what their code means.
Bytes encode_end(MessageType type, std::uint8_t code, const std::vector<Endpoint>& addresses) {
    static_assert(kRefuseFixed == kDisconnectFixed);
    Encoder io(type, kRefuseFixed + kAddressSize * addresses.size());
    io(code);
    io.byte(addresses.size());
    io.offset(kRefuseFixed);
    io.addresses(addresses);
    return std::move(io).finish();
}

Bytes encode_one(const Refuse& m) {
    return encode_end(MessageType::refuse, static_cast<std::uint8_t>(m.code), m.addresses);
}

Bytes encode_one(const Disconnect& m) {
    return encode_end(MessageType::disconnect, static_cast<std::uint8_t>(m.reason), m.addresses);
}

Bytes encode_one(const SolicitNew& m) {
    KITH_ASSUME(m.types.included.size() <= 1); // 3.1.5.2.5
    Encoder io(MessageType::solicit_new, kSolicitNewFixed + size_of(m.types));
    io.counts(m.types);
    io.offset(kSolicitNewFixed);
    io.types(m.types);
    return std::move(io).finish();
}

Bytes encode_one(const SolicitTime& m) {
    KITH_ASSUME(m.types.included.size() <= 1); // 3.1.5.2.6
    Encoder io(MessageType::solicit_time, kSolicitTimeFixed + size_of(m.types));
    io.counts(m.types);
    io.offset(kSolicitTimeFixed);
    io(m.modified_since.ticks);
    io.types(m.types);
    return std::move(io).finish();
}

Bytes encode_one(const SolicitHash& m) {
    const bool by_sums = (m.flags & kSumsFlag) != 0;
    KITH_ASSUME(by_sums ? m.entries.empty() : m.ranges.empty());
    const std::size_t entries = kSolicitHashFixed + size_of(m.types);
    Encoder io(
        MessageType::solicit_hash,
        entries + kHashEntrySize * m.entries.size() + size_of(m.ranges, RangeUse::question));
    io.counts(m.types);
    io.offset(kSolicitHashFixed);
    io.wide_offset(by_sums ? m.ranges.size() : m.entries.size());
    io.offset(entries);
    io(m.flags);
    io.types(m.types);
    io.ranges(m.ranges, RangeUse::question);
    for (const HashEntry& entry : m.entries) {
        io(entry.hash);
        io.key(entry.upper);
    }
    return std::move(io).finish();
}

Bytes encode_one(const Advertise& m) {
    const bool wide = (m.flags & kWideFlag) != 0;
    const bool has_ranges = (m.flags & kRangesFlag) != 0;
    KITH_ASSUME(has_ranges ? m.boundaries.empty() : m.ranges.empty());
    const std::size_t abstracts =
        kAdvertiseFixed + kBoundarySize * m.boundaries.size() + size_of(m.ranges, RangeUse::answer);
    Encoder io(
        MessageType::advertise,
        abstracts + (wide ? kWideAbstractSize : kAbstractSize) * m.abstracts.size());
    io.wide_offset(has_ranges ? m.ranges.size() : m.boundaries.size());
    io.wide_offset(m.abstracts.size());
    io.offset(kAdvertiseFixed);
    io(m.flags);
    io.wide_offset(abstracts);
    io.ranges(m.ranges, RangeUse::answer);
    for (const Boundary& boundary : m.boundaries) {
        io.key(boundary.lower);
        io.key(boundary.upper);
        io(boundary.count);
    }
    io.abstracts(m.abstracts, wide);
    return std::move(io).finish();
}

Bytes encode_one(const Request& m) {
    const std::size_t size = kRequestFixed + kAbstractSize * m.abstracts.size();
    const std::size_t sent = std::max(size, kRequestSent);
    Encoder io(MessageType::request, sent, m.is_graft ? kHeaderGraft : std::uint16_t{0});
    io.wide_offset(m.abstracts.size());
    io.wide_offset(kRequestFixed);
    io.abstracts(m.abstracts, false);
    io.zeros(sent - size);
    return std::move(io).finish();
}

Bytes encode_one(const Flood& m) {
    Encoder io(MessageType::flood, kFloodFixed + m.record.size());
    io.offset(kFloodFixed);
    io.offset(0);
    io.bytes(m.record);
    return std::move(io).finish();
}

Bytes encode_one(const SyncEnd& m) {
    Encoder io(MessageType::sync_end, kSyncEndFixed);
    io.byte(m.is_final ? kSyncEndFinal : 0U);
    io.zeros(3);
    return std::move(io).finish();
}

Bytes encode_one(const Pt2pt& m) {
    Encoder io(MessageType::pt2pt, kPt2ptFixed + m.data.size());
    io.offset(kPt2ptFixed);
    io.offset(0);
    io(m.type.bytes);
    io.bytes(m.data);
    return std::move(io).finish();
}

Bytes encode_one(const Ack& m) {
    Encoder io(MessageType::ack, kAckFixed + kAckEntrySize * m.entries.size());
    io.offset(m.entries.size());
    io.offset(kAckFixed);
    for (const AckEntry& entry : m.entries) {
        io(entry.id.bytes, (entry.was_useful ? kAckUseful : 0U) | (entry.prunes ? kAckPrune : 0U));
    }
    return std::move(io).finish();
}

// Decoding ---------------------------------------------------------------------------------------

// The list of capabilities that `gap` is; none if it is no such list.
std::vector<Capability> read_capabilities(ByteView gap) {
    if (gap.size() > kCapabilityBytesMax) return {};
    std::vector<Capability> out;
    wire::Reader in(gap);
    while (in.remaining() > 0 && out.size() < kCapabilitiesMax) {
        const auto type = in.take<std::uint16_t>();
        const auto length = in.take<std::uint16_t>();
        out.push_back({type, to_owned(in.take_bytes(length))});
    }
    return in.finish() ? out : std::vector<Capability>{};
}

// Reads one message; after the first error everything reads as nothing. Offsets and counts are the
// peer's, so their sums are taken in 64 bits, and nothing is allocated before its bytes are there.
class Decoder {
public:
    Decoder(ByteView message, std::size_t fixed)
        : whole_(message),
          fixed_(fixed),
          in_(message, wire::Reserved::ignored) {
        if (message.size() < fixed) fail(MessageErrc::truncated);
        in_.take_bytes(kMessageHeader);
    }

    template<std::unsigned_integral T>
    T take() {
        return in_.take<T>();
    }
    void skip(std::size_t count) { in_.take_bytes(count); }
    Guid take_guid() {
        Guid guid;
        in_(guid.bytes);
        return guid;
    }

    std::uint64_t size() const { return whole_.size(); }

    void require(bool condition, MessageErrc why) {
        if (!condition) fail(why);
    }
    void fail(MessageErrc why) {
        if (!error_) error_ = why;
    }
    const std::optional<MessageErrc>& error() const { return error_; }

    /// `count` items at `offset`, which end at `end` or before. What has no items may stand
    /// anywhere before `end`.
    ByteView
    items(std::uint64_t offset, std::uint64_t count, std::uint64_t item, std::uint64_t end) {
        require(end <= size() && offset + count * item <= end, MessageErrc::bad_bounds);
        require(count == 0 || offset >= fixed_, MessageErrc::bad_bounds);
        if (error_ || count == 0) return {};
        return part(offset, count * item);
    }

    /// Requires that they end at `end` or before.
    std::vector<Endpoint> addresses(std::uint64_t offset, std::uint8_t count, std::uint64_t end) {
        if (count == 0) return {}; // then the offset has no meaning (GA-24)
        wire::Reader in(items(offset, count, kAddressSize, end));
        std::vector<Endpoint> out;
        for (std::size_t i = 0; i < count && !error_; ++i) {
            require(in.take<std::uint16_t>() == kFamily, MessageErrc::bad_value);
            Endpoint& endpoint = out.emplace_back();
            in(endpoint.port, endpoint.address.bytes);
        }
        return out;
    }

    /// Text that begins at `offset` and ends before `end`.
    std::string text(std::uint64_t offset, std::uint64_t end, std::size_t units_max) {
        require(offset >= fixed_ && offset < end && end <= size(), MessageErrc::bad_bounds);
        if (error_) return {};
        const std::string_view there = as_text(part(offset, end - offset));
        const std::size_t length = there.find('\0');
        require(length != std::string_view::npos, MessageErrc::bad_text);
        if (error_) return {};
        const std::string_view found = there.substr(0, length);
        require(is_utf8(found), MessageErrc::bad_text);
        if (error_) return {};
        require(utf16_length(found) < units_max, MessageErrc::too_large);
        return std::string(found);
    }

    std::string id(std::uint64_t offset, std::uint64_t end) {
        std::string found = text(offset, end, kIdUnitsMax);
        require(!found.empty(), MessageErrc::bad_value);
        return found;
    }

    /// Absent if its offset is the message's size.
    std::optional<std::string> friendly_name(std::uint64_t offset) {
        require(offset <= size(), MessageErrc::bad_bounds);
        if (offset == size()) return std::nullopt;
        return text(offset, size(), kNameUnitsMax);
    }

    /// Between the fixed part and `end`, if that is where the next part begins.
    std::vector<Capability> capabilities(std::uint64_t end, std::uint64_t next_part) {
        if (error_ || end <= fixed_ || end > next_part) return {};
        return read_capabilities(part(fixed_, end - fixed_));
    }

    store::SyncKey take_key(wire::Reader& in) {
        store::SyncKey key;
        in(key.modified.ticks, key.id.bytes);
        return key;
    }

    TypeFilter
    types(std::uint8_t included, std::uint8_t excluded, std::uint64_t offset, std::uint64_t end) {
        require(included == 0 || excluded == 0, MessageErrc::bad_value);
        wire::Reader in(items(offset, std::uint64_t{included} + excluded, kGuidSize, end));
        TypeFilter filter;
        auto& list = included > 0 ? filter.included : filter.excluded;
        while (in.remaining() > 0) {
            Guid& guid = list.emplace_back();
            in(guid.bytes);
        }
        return filter;
    }

    std::vector<Boundary> boundaries(std::uint64_t offset, std::uint64_t count, std::uint64_t end) {
        wire::Reader in(items(offset, count, kBoundarySize, end));
        std::vector<Boundary> out;
        out.reserve(in.remaining() / kBoundarySize);
        while (in.remaining() > 0) {
            Boundary& boundary = out.emplace_back();
            boundary.lower = take_key(in);
            boundary.upper = take_key(in);
            in(boundary.count);
        }
        return out;
    }

    /// Ranges that begin at `offset` and end at `end` or before.
    std::vector<SyncRange>
    ranges(std::uint64_t offset, std::uint64_t count, std::uint64_t end, RangeUse use) {
        require(end <= size() && offset <= end, MessageErrc::bad_bounds);
        require(count == 0 || offset >= fixed_, MessageErrc::bad_bounds);
        require(count <= kSyncRangesMax, MessageErrc::too_large);
        if (error_) return {};
        wire::Reader in(part(offset, end - offset));
        std::vector<SyncRange> out = read_ranges(in, count, use);
        if (in.failed())
            fail(
                in.finish().error() == wire::Errc::truncated ? MessageErrc::bad_bounds
                                                             : MessageErrc::bad_value);
        return out;
    }

    std::vector<RecordAbstract> abstracts(std::uint64_t offset, std::uint64_t count, bool wide) {
        const std::size_t size_of_one = wide ? kWideAbstractSize : kAbstractSize;
        wire::Reader in(items(offset, count, size_of_one, size()));
        std::vector<RecordAbstract> out;
        out.reserve(in.remaining() / size_of_one);
        while (in.remaining() > 0) {
            RecordAbstract& abstract = out.emplace_back();
            in(abstract.id.bytes, abstract.version);
            if (wide) in(abstract.digest.emplace());
        }
        return out;
    }

    ByteView rest(std::uint64_t offset) {
        require(offset >= fixed_ && offset <= size(), MessageErrc::bad_bounds);
        return error_ ? ByteView{} : part(offset, size() - offset);
    }

private:
    ByteView part(std::uint64_t offset, std::uint64_t count) const {
        return whole_.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(count));
    }

    ByteView whole_;
    std::size_t fixed_;
    wire::Reader in_;
    std::optional<MessageErrc> error_;
};

AuthInfo read_auth_info(Decoder& in) {
    AuthInfo m;
    const auto kind = in.take<std::uint8_t>();
    in.skip(1);
    const std::uint64_t graph = in.take<std::uint16_t>();
    const std::uint64_t source = in.take<std::uint16_t>();
    const std::uint64_t destination = in.take<std::uint16_t>();
    in.require(kind == 1 || kind == 2, MessageErrc::bad_value);
    in.require(
        graph < source && source < destination && destination <= in.size(),
        MessageErrc::bad_bounds);
    m.kind = static_cast<LinkKind>(kind);
    m.graph_id = in.id(graph, source);
    m.source = in.id(source, destination);
    if (destination < in.size()) m.destination = in.id(destination, in.size());
    return m;
}

Connect read_connect(Decoder& in) {
    Connect m;
    const auto flags = in.take<std::uint8_t>();
    const auto count = in.take<std::uint8_t>();
    const std::uint64_t addresses = in.take<std::uint16_t>();
    const std::uint64_t name = in.take<std::uint16_t>();
    in.skip(2);
    m.node = in.take<std::uint64_t>();
    m.is_update = (flags & kConnectUpdate) != 0;
    m.is_direct = (flags & kConnectDirect) != 0;
    m.wants_neighbours = (flags & kConnectNeighbours) != 0;
    in.require(!m.is_update || count > 0, MessageErrc::bad_value);
    m.addresses = in.addresses(addresses, count, name);
    m.friendly_name = in.friendly_name(name);
    m.capabilities = in.capabilities(addresses, name);
    return m;
}

Welcome read_welcome(Decoder& in) {
    Welcome m;
    m.node = in.take<std::uint64_t>();
    m.time.ticks = in.take<std::uint64_t>();
    const auto count = in.take<std::uint8_t>();
    in.skip(1);
    const std::uint64_t addresses = in.take<std::uint16_t>();
    const std::uint64_t peer = in.take<std::uint16_t>();
    const std::uint64_t name = in.take<std::uint16_t>();
    in.require(peer < name && name <= in.size(), MessageErrc::bad_bounds);
    m.addresses = in.addresses(addresses, count, peer);
    m.peer_id = in.id(peer, name);
    m.friendly_name = in.friendly_name(name);
    m.capabilities = in.capabilities(addresses, peer);
    return m;
}

Refuse read_refuse(Decoder& in) {
    Refuse m;
    const auto code = in.take<std::uint8_t>();
    const auto count = in.take<std::uint8_t>();
    const std::uint64_t addresses = in.take<std::uint16_t>();
    in.require(code >= 1 && code <= 4, MessageErrc::bad_value);
    m.code = static_cast<RefuseCode>(code);
    m.addresses = in.addresses(addresses, count, in.size());
    return m;
}

Disconnect read_disconnect(Decoder& in) {
    Disconnect m;
    const auto reason = in.take<std::uint8_t>();
    const auto count = in.take<std::uint8_t>();
    const std::uint64_t addresses = in.take<std::uint16_t>();
    in.require(reason >= 1 && reason <= 3, MessageErrc::bad_value);
    m.reason = static_cast<DisconnectReason>(reason);
    m.addresses = in.addresses(addresses, count, in.size());
    return m;
}

SolicitNew read_solicit_new(Decoder& in) {
    SolicitNew m;
    const auto included = in.take<std::uint8_t>();
    const auto excluded = in.take<std::uint8_t>();
    const std::uint64_t types = in.take<std::uint16_t>();
    in.require(included <= 1, MessageErrc::bad_value);
    m.types = in.types(included, excluded, types, in.size());
    return m;
}

SolicitTime read_solicit_time(Decoder& in) {
    SolicitTime m;
    const auto included = in.take<std::uint8_t>();
    const auto excluded = in.take<std::uint8_t>();
    const std::uint64_t types = in.take<std::uint16_t>();
    m.modified_since.ticks = in.take<std::uint64_t>();
    in.require(included <= 1, MessageErrc::bad_value);
    m.types = in.types(included, excluded, types, in.size());
    return m;
}

SolicitHash read_solicit_hash(Decoder& in, const Agreed& agreed) {
    SolicitHash m;
    const auto included = in.take<std::uint8_t>();
    const auto excluded = in.take<std::uint8_t>();
    const std::uint64_t types = in.take<std::uint16_t>();
    const std::uint64_t count = in.take<std::uint32_t>();
    const std::uint64_t entries = in.take<std::uint16_t>();
    const unsigned meant = agreed.sums ? kSumsFlag : 0U;
    m.flags = static_cast<std::uint16_t>(in.take<std::uint16_t>() & meant);
    m.types = in.types(included, excluded, types, entries);
    if (m.flags != 0) {
        m.ranges = in.ranges(entries, count, in.size(), RangeUse::question);
        return m;
    }
    wire::Reader items(in.items(entries, count, kHashEntrySize, in.size()));
    m.entries.reserve(items.remaining() / kHashEntrySize);
    while (items.remaining() > 0) {
        HashEntry& entry = m.entries.emplace_back();
        items(entry.hash);
        entry.upper = in.take_key(items);
    }
    return m;
}

Advertise read_advertise(Decoder& in, const Agreed& agreed) {
    Advertise m;
    const std::uint64_t boundary_count = in.take<std::uint32_t>();
    const std::uint64_t abstract_count = in.take<std::uint32_t>();
    const std::uint64_t boundaries = in.take<std::uint16_t>();
    const unsigned meant = (agreed.sums ? kRangesFlag : 0U) | (agreed.wide ? kWideFlag : 0U);
    m.flags = static_cast<std::uint16_t>(in.take<std::uint16_t>() & meant);
    const std::uint64_t abstracts = in.take<std::uint32_t>();
    if ((m.flags & kRangesFlag) != 0)
        m.ranges = in.ranges(boundaries, boundary_count, abstracts, RangeUse::answer);
    else
        m.boundaries = in.boundaries(boundaries, boundary_count, abstracts);
    m.abstracts = in.abstracts(abstracts, abstract_count, (m.flags & kWideFlag) != 0);
    return m;
}

Request read_request(Decoder& in, std::uint16_t flags, const Agreed& agreed) {
    Request m;
    const std::uint64_t count = in.take<std::uint32_t>();
    const std::uint64_t abstracts = in.take<std::uint32_t>();
    m.abstracts = in.abstracts(abstracts, count, false);
    m.is_graft = agreed.lazy && (flags & kHeaderGraft) != 0;
    return m;
}

Flood read_flood(Decoder& in) {
    const std::uint64_t record = in.take<std::uint16_t>();
    in.require(in.size() >= kFloodLeast, MessageErrc::truncated);
    in.require(in.take<std::uint16_t>() == 0, MessageErrc::bad_value); // GA-46
    return {to_owned(in.rest(record))};
}

SyncEnd read_sync_end(Decoder& in) {
    return {(in.take<std::uint8_t>() & kSyncEndFinal) != 0};
}

Pt2pt read_pt2pt(Decoder& in) {
    Pt2pt m;
    const std::uint64_t data = in.take<std::uint16_t>();
    in.skip(2);
    m.type = in.take_guid();
    m.data = to_owned(in.rest(data));
    return m;
}

Ack read_ack(Decoder& in, const Agreed& agreed) {
    Ack m;
    const std::uint64_t count = in.take<std::uint16_t>();
    const std::uint64_t entries = in.take<std::uint16_t>();
    wire::Reader items(in.items(entries, count, kAckEntrySize, in.size()));
    m.entries.reserve(items.remaining() / kAckEntrySize);
    while (items.remaining() > 0) {
        AckEntry& entry = m.entries.emplace_back();
        items(entry.id.bytes);
        const auto flags = items.take<std::uint32_t>();
        entry.was_useful = (flags & kAckUseful) != 0;
        entry.prunes = agreed.lazy && (flags & kAckPrune) != 0;
    }
    return m;
}

std::expected<Message, MessageErrc> finish(const Decoder& in, Message message) {
    if (in.error()) return std::unexpected(*in.error());
    return message;
}

std::size_t fixed_size(MessageType type) {
    switch (type) {
    case MessageType::auth_info:
        return kAuthInfoFixed;
    case MessageType::connect:
        return kConnectFixed;
    case MessageType::welcome:
        return kWelcomeFixed;
    case MessageType::refuse:
        return kRefuseFixed;
    case MessageType::disconnect:
        return kDisconnectFixed;
    case MessageType::solicit_new:
        return kSolicitNewFixed;
    case MessageType::solicit_time:
        return kSolicitTimeFixed;
    case MessageType::solicit_hash:
        return kSolicitHashFixed;
    case MessageType::advertise:
        return kAdvertiseFixed;
    case MessageType::request:
        return kRequestFixed;
    case MessageType::flood:
        return kFloodFixed;
    case MessageType::sync_end:
        return kSyncEndFixed;
    case MessageType::pt2pt:
        return kPt2ptFixed;
    case MessageType::ack:
        return kAckFixed;
    }
    return 0;
}

} // namespace

bool TypeFilter::covers(const store::RecordType& type) const {
    if (!included.empty()) return std::ranges::find(included, type) != included.end();
    return std::ranges::find(excluded, type) == excluded.end();
}

MessageType type_of(const Message& message) {
    return static_cast<MessageType>(message.index() + 1);
}

Bytes encode(const Message& message) {
    return std::visit([](const auto& one) { return encode_one(one); }, message);
}

std::expected<Message, MessageErrc> decode(ByteView bytes, const Agreed& agreed) {
    wire::Reader header(bytes);
    const auto size = header.take<std::uint32_t>();
    const auto version = header.take<std::uint8_t>();
    const auto type = static_cast<MessageType>(header.take<std::uint8_t>());
    const auto flags = header.take<std::uint16_t>();
    if (header.failed() || size > bytes.size()) return std::unexpected(MessageErrc::truncated);
    if (size < bytes.size()) return std::unexpected(MessageErrc::bad_bounds);
    if (size > kMessageSizeMax) return std::unexpected(MessageErrc::too_large);
    if (version != kMessageVersion) return std::unexpected(MessageErrc::bad_version);
    const std::size_t fixed = fixed_size(type);
    if (fixed == 0) return std::unexpected(MessageErrc::unknown_type);
    if (size < fixed) return std::unexpected(MessageErrc::truncated);
    Decoder in(bytes, fixed);
    switch (type) {
    case MessageType::auth_info:
        return finish(in, read_auth_info(in));
    case MessageType::connect:
        return finish(in, read_connect(in));
    case MessageType::welcome:
        return finish(in, read_welcome(in));
    case MessageType::refuse:
        return finish(in, read_refuse(in));
    case MessageType::disconnect:
        return finish(in, read_disconnect(in));
    case MessageType::solicit_new:
        return finish(in, read_solicit_new(in));
    case MessageType::solicit_time:
        return finish(in, read_solicit_time(in));
    case MessageType::solicit_hash:
        return finish(in, read_solicit_hash(in, agreed));
    case MessageType::advertise:
        return finish(in, read_advertise(in, agreed));
    case MessageType::request:
        return finish(in, read_request(in, flags, agreed));
    case MessageType::flood:
        return finish(in, read_flood(in));
    case MessageType::sync_end:
        return finish(in, read_sync_end(in));
    case MessageType::pt2pt:
        return finish(in, read_pt2pt(in));
    case MessageType::ack:
        return finish(in, read_ack(in, agreed));
    }
    return std::unexpected(MessageErrc::unknown_type);
}

} // namespace kith::graph
