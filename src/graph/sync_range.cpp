#include "graph/sync_range.hpp"

#include "base/check.hpp"
#include "graph/wire_limits.hpp"

#include <algorithm>
#include <utility>

namespace kith::graph {

using store::SyncKey;

namespace {

constexpr std::size_t kKeySize = 24;
constexpr std::size_t kHashSize = 16;
constexpr unsigned kLengthBits = 5; // of the head: bytes of the key that follow
constexpr unsigned kLengthMask = (1U << kLengthBits) - 1;

using KeyBytes = ByteArray<kKeySize>;

KeyBytes bytes_of(const SyncKey& key) {
    KeyBytes out{};
    for (std::size_t i = 0; i < sizeof(key.modified.ticks); ++i)
        out[i] = static_cast<std::byte>(key.modified.ticks >> (56U - 8U * i));
    std::ranges::copy(key.id.bytes, out.begin() + sizeof(key.modified.ticks));
    return out;
}

SyncKey key_of(const KeyBytes& bytes) {
    SyncKey key;
    wire::Reader in(bytes);
    in(key.modified.ticks, key.id.bytes);
    return key;
}

// What is left away at the end is bytes of 0xFF.
std::size_t length_of(const KeyBytes& key) {
    std::size_t length = key.size();
    while (length > 0 && key[length - 1] == std::byte{0xFF})
        --length;
    return length;
}

} // namespace

SyncKey separator(const SyncKey& last, const SyncKey& next) {
    KITH_ASSUME(last < next);
    KeyBytes key = bytes_of(last);
    const KeyBytes other = bytes_of(next);
    const auto differs = std::ranges::mismatch(key, other).in1;
    std::fill(differs + 1, key.end(), std::byte{0xFF});
    return key_of(key);
}

std::size_t size_of(const std::vector<SyncRange>& ranges, RangeUse use) {
    std::size_t size = 0;
    for (const SyncRange& range : ranges) {
        size += 1 + length_of(bytes_of(range.upper));
        if (range.kind == RangeKind::sum) size += kHashSize;
        if (range.kind == RangeKind::list && use == RangeUse::answer) size += sizeof(range.count);
    }
    return size;
}

void write_ranges(wire::Writer& out, const std::vector<SyncRange>& ranges, RangeUse use) {
    KITH_ASSUME(ranges.size() <= kSyncRangesMax);
    for (const SyncRange& range : ranges) {
        const KeyBytes key = bytes_of(range.upper);
        const std::size_t length = length_of(key);
        out(static_cast<std::uint8_t>(std::to_underlying(range.kind) << kLengthBits | length));
        out.bytes(ByteView(key).first(length));
        if (range.kind == RangeKind::sum) out(range.hash);
        if (range.kind == RangeKind::list && use == RangeUse::answer) out(range.count);
    }
}

std::vector<SyncRange> read_ranges(wire::Reader& in, std::uint64_t count, RangeUse use) {
    std::vector<SyncRange> ranges;
    in.require(count <= kSyncRangesMax, wire::Errc::too_many_items);
    while (!in.failed() && ranges.size() < count) {
        const unsigned head = in.take<std::uint8_t>();
        const unsigned length = head & kLengthMask;
        const unsigned kind = head >> kLengthBits;
        in.require(kind <= std::to_underlying(RangeKind::list) && length <= kKeySize);
        if (in.failed()) break;
        KeyBytes key;
        key.fill(std::byte{0xFF});
        std::ranges::copy(in.take_bytes(length), key.begin());
        SyncRange range{static_cast<RangeKind>(kind), key_of(key)};
        if (range.kind == RangeKind::sum) in(range.hash);
        if (range.kind == RangeKind::list && use == RangeUse::answer) in(range.count);
        in.require(length_of(key) == length); // one form of each key
        in.require(ranges.empty() || ranges.back().upper < range.upper);
        ranges.push_back(range);
    }
    if (in.failed()) ranges.clear();
    return ranges;
}

} // namespace kith::graph
