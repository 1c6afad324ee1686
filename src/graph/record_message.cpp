// SOLICIT_NEW, SOLICIT_TIME, SOLICIT_HASH, ADVERTISE, REQUEST, FLOOD, SYNC_END, ACK.

#include "base/check.hpp"
#include "graph/message_parts.hpp"
#include "graph/wire_limits.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace kith::graph {

namespace {

constexpr std::uint8_t kSyncEndFinal = 0x01;
constexpr std::uint32_t kAckUseful = 0x1;
constexpr std::uint32_t kAckPrune = 0x2;
constexpr std::uint16_t kHeaderGraft = 0x0001;

} // namespace

Bytes encode_one(const SolicitNew& m) {
    KITH_ASSUME(m.types.included.size() <= 1); // 3.1.5.2.5
    MessageWriter io(MessageType::solicit_new, kSolicitNewFixed + size_of(m.types));
    io.counts(m.types);
    io.offset(kSolicitNewFixed);
    io.types(m.types);
    return std::move(io).finish();
}

SolicitNew read_solicit_new(MessageReader& in) {
    SolicitNew m;
    const auto included = in.take<std::uint8_t>();
    const auto excluded = in.take<std::uint8_t>();
    const std::uint64_t types = in.take<std::uint16_t>();
    in.require(included <= 1, MessageErrc::bad_value);
    m.types = in.types(included, excluded, types, in.size());
    return m;
}

Bytes encode_one(const SolicitTime& m) {
    KITH_ASSUME(m.types.included.size() <= 1); // 3.1.5.2.6
    MessageWriter io(MessageType::solicit_time, kSolicitTimeFixed + size_of(m.types));
    io.counts(m.types);
    io.offset(kSolicitTimeFixed);
    io(m.modified_since.ticks);
    io.types(m.types);
    return std::move(io).finish();
}

SolicitTime read_solicit_time(MessageReader& in) {
    SolicitTime m;
    const auto included = in.take<std::uint8_t>();
    const auto excluded = in.take<std::uint8_t>();
    const std::uint64_t types = in.take<std::uint16_t>();
    m.modified_since.ticks = in.take<std::uint64_t>();
    in.require(included <= 1, MessageErrc::bad_value);
    m.types = in.types(included, excluded, types, in.size());
    return m;
}

Bytes encode_one(const SolicitHash& m) {
    const bool by_sums = (m.flags & kSumsFlag) != 0;
    KITH_ASSUME(by_sums ? m.entries.empty() : m.ranges.empty());
    const std::size_t entries = kSolicitHashFixed + size_of(m.types);
    MessageWriter io(
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

SolicitHash read_solicit_hash(MessageReader& in, const Agreed& agreed) {
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

Bytes encode_one(const Advertise& m) {
    const bool wide = (m.flags & kWideFlag) != 0;
    const bool has_ranges = (m.flags & kRangesFlag) != 0;
    KITH_ASSUME(has_ranges ? m.boundaries.empty() : m.ranges.empty());
    const std::size_t abstracts =
        kAdvertiseFixed + kBoundarySize * m.boundaries.size() + size_of(m.ranges, RangeUse::answer);
    MessageWriter io(
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

Advertise read_advertise(MessageReader& in, const Agreed& agreed) {
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

Bytes encode_one(const Request& m) {
    const std::size_t size = kRequestFixed + kAbstractSize * m.abstracts.size();
    const std::size_t sent = std::max(size, kRequestSent);
    MessageWriter io(MessageType::request, sent, m.is_graft ? kHeaderGraft : std::uint16_t{0});
    io.wide_offset(m.abstracts.size());
    io.wide_offset(kRequestFixed);
    io.abstracts(m.abstracts, false);
    io.zeros(sent - size);
    return std::move(io).finish();
}

Request read_request(MessageReader& in, std::uint16_t flags, const Agreed& agreed) {
    Request m;
    const std::uint64_t count = in.take<std::uint32_t>();
    const std::uint64_t abstracts = in.take<std::uint32_t>();
    m.abstracts = in.abstracts(abstracts, count, false);
    m.is_graft = agreed.lazy && (flags & kHeaderGraft) != 0;
    return m;
}

Bytes encode_one(const Flood& m) {
    const std::size_t size = std::max(kFloodFixed + m.record.size(), kFloodLeast);
    MessageWriter io(MessageType::flood, size);
    io.offset(size - m.record.size());
    io.offset(0);
    io.zeros(size - kFloodFixed - m.record.size());
    io.bytes(m.record);
    return std::move(io).finish();
}

Flood read_flood(MessageReader& in) {
    const std::uint64_t record = in.take<std::uint16_t>();
    in.require(in.size() >= kFloodLeast, MessageErrc::truncated);
    in.require(in.take<std::uint16_t>() == 0, MessageErrc::bad_value); // GA-46
    return {to_owned(in.rest(record))};
}

Bytes encode_one(const SyncEnd& m) {
    MessageWriter io(MessageType::sync_end, kSyncEndFixed);
    io.byte(m.is_final ? kSyncEndFinal : 0U);
    io.zeros(3);
    return std::move(io).finish();
}

SyncEnd read_sync_end(MessageReader& in) {
    return {(in.take<std::uint8_t>() & kSyncEndFinal) != 0};
}

Bytes encode_one(const Ack& m) {
    MessageWriter io(MessageType::ack, kAckFixed + kAckEntrySize * m.entries.size());
    io.offset(m.entries.size());
    io.offset(kAckFixed);
    for (const AckEntry& entry : m.entries) {
        io(entry.id.bytes, (entry.was_useful ? kAckUseful : 0U) | (entry.prunes ? kAckPrune : 0U));
    }
    return std::move(io).finish();
}

Ack read_ack(MessageReader& in, const Agreed& agreed) {
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

} // namespace kith::graph
