// How ranges of records travel between ends that compare them by sums (docs/protocol/graph.md,
// Ranges): a list that covers the order of records from its beginning, each range from the end of
// the one before. Most keys are written as a few bytes.

#pragma once

#include "base/bytes.hpp"
#include "store/record_index.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kith::graph {

enum class RangeKind : std::uint8_t {
    settled = 0, // nothing is asked or said
    sum = 1,     // what is here has this hash
    list = 2,    // question: list what is there; answer: the next `count` abstracts are all of it
};

struct SyncRange {
    RangeKind kind = RangeKind::settled;
    store::SyncKey upper;    // included; the range begins behind that of the one before
    ByteArray<16> hash{};    // of a sum
    std::uint32_t count = 0; // of a list in an answer

    bool operator==(const SyncRange&) const = default;
};

/// Which of the two messages: an answer says how long its lists are.
enum class RangeUse : std::uint8_t { question, answer };

/// The shortest key to write that is at least `last` and below `next`. Requires `last < next`.
store::SyncKey separator(const store::SyncKey& last, const store::SyncKey& next);

/// What `write_ranges()` writes, in bytes.
std::size_t size_of(const std::vector<SyncRange>& ranges, RangeUse use);

/// Requires at most kSyncRangesMax of them, whose upper ends ascend.
void write_ranges(wire::Writer& out, const std::vector<SyncRange>& ranges, RangeUse use);

/// Fails `in` with bad_value on a kind that is not known, on upper ends that do not ascend and on
/// keys that are not in their shortest form; with too_many_items above kSyncRangesMax.
std::vector<SyncRange> read_ranges(wire::Reader& in, std::uint64_t count, RangeUse use);

} // namespace kith::graph
