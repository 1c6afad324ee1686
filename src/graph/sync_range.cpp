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
constexpr std::size_t kHeadSize = 2; // kind and length, and what is shared
constexpr unsigned kLengthBits = 5;
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

// How a key is written behind another one: what both begin with is left away, and so are bytes of
// 0xFF at the end.
struct Parts {
    std::size_t shared = 0;
    std::size_t length = 0; // of what is written
};

Parts parts_of(const KeyBytes& before, const KeyBytes& key) {
    std::size_t end = key.size();
    while (end > 0 && key[end - 1] == std::byte{0xFF})
        --end;
    const auto common = std::ranges::mismatch(before, key).in2 - key.begin();
    const std::size_t shared = std::min(static_cast<std::size_t>(common), end);
    return {shared, end - shared};
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
    KeyBytes before{};
    for (const SyncRange& range : ranges) {
        const KeyBytes key = bytes_of(range.upper);
        size += kHeadSize + parts_of(std::exchange(before, key), key).length;
        if (range.kind == RangeKind::sum) size += kHashSize;
        if (range.kind == RangeKind::list && use == RangeUse::answer) size += sizeof(range.count);
    }
    return size;
}

void write_ranges(wire::Writer& out, const std::vector<SyncRange>& ranges, RangeUse use) {
    KITH_ASSUME(ranges.size() <= kSyncRangesMax);
    KeyBytes before{};
    for (const SyncRange& range : ranges) {
        const KeyBytes key = bytes_of(range.upper);
        const Parts parts = parts_of(std::exchange(before, key), key);
        const std::size_t kind = std::to_underlying(range.kind);
        out(static_cast<std::uint8_t>(kind << kLengthBits | parts.length),
            static_cast<std::uint8_t>(parts.shared));
        out.bytes(ByteView(key).subspan(parts.shared, parts.length));
        if (range.kind == RangeKind::sum) out(range.hash);
        if (range.kind == RangeKind::list && use == RangeUse::answer) out(range.count);
    }
}

std::vector<SyncRange> read_ranges(wire::Reader& in, std::uint64_t count, RangeUse use) {
    std::vector<SyncRange> ranges;
    in.require(count <= kSyncRangesMax, wire::Errc::too_many_items);
    KeyBytes before{};
    while (!in.failed() && ranges.size() < count) {
        const unsigned head = in.take<std::uint8_t>();
        const unsigned shared = in.take<std::uint8_t>();
        const unsigned length = head & kLengthMask;
        const unsigned kind = head >> kLengthBits;
        in.require(kind <= std::to_underlying(RangeKind::list) && shared + length <= kKeySize);
        if (in.failed()) break;
        KeyBytes key;
        key.fill(std::byte{0xFF});
        std::copy_n(before.begin(), shared, key.begin());
        std::ranges::copy(in.take_bytes(length), key.begin() + shared);
        SyncRange range{static_cast<RangeKind>(kind), key_of(key)};
        if (range.kind == RangeKind::sum) in(range.hash);
        if (range.kind == RangeKind::list && use == RangeUse::answer) in(range.count);
        const Parts parts = parts_of(std::exchange(before, key), key);
        in.require(parts.shared == shared && parts.length == length); // one form of each key
        in.require(ranges.empty() || ranges.back().upper < range.upper);
        ranges.push_back(range);
    }
    if (in.failed()) ranges.clear();
    return ranges;
}

} // namespace kith::graph
