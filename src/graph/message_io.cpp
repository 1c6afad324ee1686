#include "graph/message_io.hpp"

#include "base/check.hpp"
#include "base/unicode.hpp"
#include "graph/wire_limits.hpp"

#include <utility>

namespace kith::graph {

namespace {

constexpr std::size_t kCapabilityHeader = 4;

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

} // namespace

std::size_t size_of(const std::vector<Capability>& capabilities) {
    std::size_t size = 0;
    for (const Capability& capability : capabilities)
        size += kCapabilityHeader + capability.value.size();
    return size;
}

std::size_t size_of(const TypeFilter& types) {
    return kGuidSize * (types.included.size() + types.excluded.size());
}

std::size_t size_of_text(std::string_view text) {
    return text.size() + 1;
}

// Writing ----------------------------------------------------------------------------------------

MessageWriter::MessageWriter(MessageType type, std::size_t size, std::uint16_t flags) : io_(out_) {
    KITH_ASSUME(size <= kMessageSizeMax);
    out_.reserve(size);
    size_ = size;
    io_(static_cast<std::uint32_t>(size), kMessageVersion, static_cast<std::uint8_t>(type), flags);
}

void MessageWriter::byte(std::size_t value) {
    KITH_ASSUME(value <= 0xFF);
    io_(static_cast<std::uint8_t>(value));
}

void MessageWriter::offset(std::size_t value) {
    KITH_ASSUME(value <= 0xFFFF);
    io_(static_cast<std::uint16_t>(value));
}

void MessageWriter::addresses(const std::vector<Endpoint>& endpoints) {
    for (const Endpoint& endpoint : endpoints)
        io_(kFamily, endpoint.port, endpoint.address.bytes);
}

void MessageWriter::text(std::string_view text, std::size_t units_max) {
    KITH_ASSUME(is_utf8(text) && text.find('\0') == std::string_view::npos);
    KITH_ASSUME(utf16_length(text) < units_max);
    io_.bytes(as_bytes(text));
    io_.zeros(1);
}

void MessageWriter::capabilities(const std::vector<Capability>& capabilities) {
    KITH_ASSUME(capabilities.size() <= kCapabilitiesMax);
    KITH_ASSUME(size_of(capabilities) <= kCapabilityBytesMax);
    for (const Capability& capability : capabilities) {
        io_(capability.type, static_cast<std::uint16_t>(capability.value.size()));
        io_.bytes(capability.value);
    }
}

void MessageWriter::counts(const TypeFilter& types) {
    KITH_ASSUME(types.included.empty() || types.excluded.empty());
    byte(types.included.size());
    byte(types.excluded.size());
}

void MessageWriter::types(const TypeFilter& types) {
    for (const auto& type : types.included)
        io_(type.bytes);
    for (const auto& type : types.excluded)
        io_(type.bytes);
}

void MessageWriter::abstracts(const std::vector<RecordAbstract>& abstracts, bool wide) {
    for (const RecordAbstract& abstract : abstracts) {
        KITH_ASSUME(abstract.digest.has_value() == wide);
        io_(abstract.id.bytes, abstract.version);
        if (wide) io_(abstract.digest.value_or(ByteArray<16>{}));
    }
}

Bytes MessageWriter::finish() && {
    KITH_ASSUME(out_.size() == size_);
    return std::move(out_);
}

// Reading ----------------------------------------------------------------------------------------

MessageReader::MessageReader(ByteView message, std::size_t fixed)
    : whole_(message),
      fixed_(fixed),
      in_(message, wire::Reserved::ignored) {
    if (message.size() < fixed) fail(MessageErrc::truncated);
    in_.take_bytes(kMessageHeader);
}

Guid MessageReader::take_guid() {
    Guid guid;
    in_(guid.bytes);
    return guid;
}

ByteView MessageReader::items(
    std::uint64_t offset, std::uint64_t count, std::uint64_t item, std::uint64_t end) {
    require(end <= size() && offset + count * item <= end, MessageErrc::bad_bounds);
    require(count == 0 || offset >= fixed_, MessageErrc::bad_bounds);
    if (error_ || count == 0) return {};
    return part(offset, count * item);
}

std::vector<Endpoint>
MessageReader::addresses(std::uint64_t offset, std::uint8_t count, std::uint64_t end) {
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

std::string MessageReader::text(std::uint64_t offset, std::uint64_t end, std::size_t units_max) {
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

std::string MessageReader::id(std::uint64_t offset, std::uint64_t end) {
    std::string found = text(offset, end, kIdUnitsMax);
    require(!found.empty(), MessageErrc::bad_value);
    return found;
}

std::optional<std::string> MessageReader::friendly_name(std::uint64_t offset) {
    require(offset <= size(), MessageErrc::bad_bounds);
    if (offset == size()) return std::nullopt;
    return text(offset, size(), kNameUnitsMax);
}

std::vector<Capability>
MessageReader::capabilities(std::uint64_t end, std::uint64_t next_part) const {
    if (error_ || end <= fixed_ || end > next_part) return {};
    return read_capabilities(part(fixed_, end - fixed_));
}

store::SyncKey MessageReader::take_key(wire::Reader& in) const {
    store::SyncKey key;
    in(key.modified.ticks, key.id.bytes);
    return key;
}

TypeFilter MessageReader::types(
    std::uint8_t included, std::uint8_t excluded, std::uint64_t offset, std::uint64_t end) {
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

std::vector<Boundary>
MessageReader::boundaries(std::uint64_t offset, std::uint64_t count, std::uint64_t end) {
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

std::vector<SyncRange>
MessageReader::ranges(std::uint64_t offset, std::uint64_t count, std::uint64_t end, RangeUse use) {
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

std::vector<RecordAbstract>
MessageReader::abstracts(std::uint64_t offset, std::uint64_t count, bool wide) {
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

ByteView MessageReader::rest(std::uint64_t offset) {
    require(offset >= fixed_ && offset <= size(), MessageErrc::bad_bounds);
    return error_ ? ByteView{} : part(offset, size() - offset);
}

} // namespace kith::graph
