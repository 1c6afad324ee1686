// One record of a graph's database (MS-PPGRH 2.2.1.9) as a value.
//
// Text is UTF-8 here and UTF-16 on the wire. The attributes stay the document that travelled:
// attributes.hpp reads it.

#pragma once

#include "base/bytes.hpp"
#include "base/guid.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>
#include <ratio>
#include <string>

namespace kith::store {

using RecordType = Guid;
using RecordId = Guid;

/// The clock that the nodes of a graph agree on: ticks of 100 ns since 1601-01-01 00:00 on the UTC
/// scale (MS-PPGRH 2.2.1.9). It may step backwards when it is corrected, so it dates and expires,
/// and never orders events here. Arithmetic saturates: peers choose these numbers.
struct PeerTime {
    using Ticks = std::chrono::duration<std::int64_t, std::ratio<1, 10'000'000>>;

    std::uint64_t ticks = 0;

    auto operator<=>(const PeerTime&) const = default;

    PeerTime plus(Ticks span) const {
        const auto size = static_cast<std::uint64_t>(span.count());
        if (span.count() < 0) return {ticks < -size ? 0 : ticks + size};
        return {size > max().ticks - ticks ? max().ticks : ticks + size};
    }

    /// How far this is after `earlier`; negative if it is before.
    Ticks since(PeerTime earlier) const {
        const bool is_after = ticks >= earlier.ticks;
        const std::uint64_t gap = is_after ? ticks - earlier.ticks : earlier.ticks - ticks;
        constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        const auto bounded = static_cast<std::int64_t>(gap < kMost ? gap : kMost);
        return Ticks(is_after ? bounded : -bounded);
    }

    static constexpr PeerTime max() { return {std::numeric_limits<std::uint64_t>::max()}; }
};

struct Record {
    RecordType type;
    RecordId id;
    std::uint32_t version = 1;
    bool is_deleted = false;
    bool refreshes = false; // renewed by its publisher before it expires; local, never travels
    std::string creator;    // a peer id
    std::string modifier;   // a peer id, empty until the first change
    Bytes security;         // the security provider's
    PeerTime created;
    PeerTime expires;
    PeerTime modified;
    Bytes payload;
    std::string attributes; // a document, or empty

    bool operator==(const Record&) const = default;
};

/// What of a record the order of the versions of one id looks at.
struct RecordAge {
    std::uint32_t version = 1;
    std::string modifier;
    PeerTime modified;
    Bytes security;
    ByteArray<32> digest{}; // of the content
};

/// What a graph's nodes agree on to judge records; fixed when the graph is created.
enum class Rules : std::uint8_t {
    published, // MD5; equal versions with other content stay as they are (GA-40)
    modern,    // SHA-256; the content digest decides between equal versions
};

/// What of a record is signed, digested and compared in the modern rules: everything but the
/// security data (docs/protocol/graph.md, Content digest).
ByteArray<32> content_digest(const Record& record);

/// Which of two records of one id replaces the other: `greater` if `left` is the newer one, `equal`
/// if both are the same one. The order is total, so every node picks the same (MS-PPGRH 3.1.7.32).
std::strong_ordering compare_age(const Record& left, const Record& right, Rules rules);
std::strong_ordering compare_age(const Record& left, const RecordAge& right, Rules rules);

} // namespace kith::store
