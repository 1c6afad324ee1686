// What a store knows of every record without reading it: by id, and in the order (modified, id)
// in which synchronisation cuts ranges (MS-PPGRH 3.1.7.31).
//
// Fingerprints of ranges are sums, kept along a balanced tree: a range of any size costs O(log n).

#pragma once

#include "base/bytes.hpp"
#include "store/record.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace kith::store {

/// A place in the order of synchronisation.
struct SyncKey {
    PeerTime modified;
    RecordId id;

    auto operator<=>(const SyncKey&) const = default;

    static constexpr SyncKey lowest() { return {}; }
    static SyncKey highest();

    /// The next one: 192-bit addition over (time, id); `highest()` stays.
    SyncKey successor() const;
};

struct IndexEntry {
    RecordType type;
    RecordId id;
    std::uint32_t version = 0;
    PeerTime modified;
    PeerTime expires;
    bool is_deleted = false;
    bool refreshes = false;
    ByteArray<32> digest{};   // of the content
    std::uint32_t bytes = 0;  // payload and attributes, for quotas
    std::uint64_t handle = 0; // the store's own

    SyncKey key() const { return {modified, id}; }
};

/// The entry of `record`; the handle is left to the store.
IndexEntry make_index_entry(const Record& record);

/// Sum modulo 2^256 of SHA-256(id, version, content digest) over some records, and their number
/// (docs/protocol/graph.md, Range sums).
struct RangeSum {
    ByteArray<32> sum{}; // big-endian
    std::uint64_t count = 0;

    bool operator==(const RangeSum&) const = default;
};

class RecordIndex {
public:
    RecordIndex();
    ~RecordIndex();
    RecordIndex(RecordIndex&&) noexcept;
    RecordIndex& operator=(RecordIndex&&) noexcept;

    /// Null if there is none. What is found lives until the next change. O(log n).
    const IndexEntry* find(const RecordId& id) const;

    /// Replaces the entry of the same id, if there is one.
    void put(const IndexEntry& entry);

    /// No-op if there is none.
    void erase(const RecordId& id);

    /// Replaces everything; much faster than one `put` each. False, and empty, if an id repeats.
    bool assign(std::vector<IndexEntry> entries);
    void clear();

    std::size_t size() const;

    /// Memory that all of it takes, in bytes.
    std::size_t memory() const;

    /// Records with `first <= key <= last`.
    RangeSum sum(const SyncKey& first, const SyncKey& last) const;

    /// The key of the record with `rank` predecessors from `first` on; nothing past the last one.
    /// O(log n): ranges are cut into equal parts with it.
    std::optional<SyncKey> key_at(const SyncKey& first, std::uint64_t rank) const;

    /// Calls `visit` in ascending order for `first <= key <= last` until it returns false. `visit`
    /// must not change the index.
    void visit(
        const SyncKey& first,
        const SyncKey& last,
        const std::function<bool(const IndexEntry&)>& visit) const;

    /// The entry that expires first, or null. O(1) or O(log n).
    const IndexEntry* first_to_expire() const;

private:
    struct Tree;
    std::unique_ptr<Tree> tree_;
};

} // namespace kith::store
