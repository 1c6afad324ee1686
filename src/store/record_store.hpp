// Where the records of one graph are kept: an interface with two homes, memory and SQLite.
//
// Changes take part in a batch that `commit()` ends: once per turn of the host's loop. Until then
// they are visible here and may be lost; after a `commit()` that succeeded they survive the process
// (and with `Durability::full` the machine). A `commit()` or a change that failed has undone the
// whole batch, in the index as well. After a change that failed nothing is taken, until the
// `commit()` that ends the batch has said so too: of a batch everything is kept or nothing.

#pragma once

#include "base/bytes.hpp"
#include "store/query.hpp"
#include "store/record.hpp"
#include "store/record_index.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

namespace kith::store {

enum class StoreErrc : std::uint8_t {
    full,         // no space left on the device
    read_only,    // the file or its folder may not be written
    corrupt,      // the file is damaged, or no database
    locked,       // another process has it open
    newer_schema, // written by a later version of this program
    wrong_graph,  // it belongs to another graph or peer id
    missing,      // it is empty, or gone
    io,           // the system refused otherwise
};

enum class Durability : std::uint8_t {
    full,    // a committed batch survives a power failure
    relaxed, // a committed batch survives the process; the last ones may be lost with the machine
};

template<class T>
using StoreResult = std::expected<T, StoreErrc>;

/// A record as lists show it.
struct RecordHead {
    Record record; // without security data, and without a payload that is larger than asked for
    std::uint64_t payload_size = 0;

    bool has_payload() const { return record.payload.size() == payload_size; }
};

class RecordStore {
public:
    virtual ~RecordStore() = default;
    RecordStore(const RecordStore&) = delete;
    RecordStore& operator=(const RecordStore&) = delete;

    virtual Rules rules() const = 0;

    /// What is in the store, the open batch included.
    virtual const RecordIndex& index() const = 0;

    /// Nothing if there is no such record.
    virtual StoreResult<std::optional<Record>> get(const RecordId& id) = 0;

    /// The same with a payload of at most `payload_max` bytes: a larger one is not even read.
    virtual StoreResult<std::optional<RecordHead>>
    head(const RecordId& id, std::size_t payload_max) = 0;

    /// What decides whether another version of it is newer; as cheap for a large record as for a
    /// small one.
    virtual StoreResult<std::optional<RecordAge>> age(const RecordId& id) = 0;

    /// Inserts the record, or replaces the one of the same id; which of two is newer is the
    /// caller's to judge.
    virtual StoreResult<void> put(const Record& record) = 0;

    /// No-op if there is no such record.
    virtual StoreResult<void> erase(const RecordId& id) = 0;

    /// Ends the batch; cheap if nothing changed.
    virtual StoreResult<void> commit() = 0;

    /// Live records (not deleted, not expired at `now`) that match, in the order of creation, at
    /// most `limit`.
    virtual StoreResult<std::vector<RecordId>>
    search(const Query& query, PeerTime now, std::size_t limit) = 0;

    /// Live records of `type` and by `creator` (empty: by anybody), in the order of creation;
    /// a nil type is any type. At most `limit`.
    virtual StoreResult<std::vector<RecordId>>
    list(const RecordType& type, std::string_view creator, PeerTime now, std::size_t limit) = 0;

    /// Small values beside the records (the time of leaving, the difference of clocks); part of the
    /// batch as well. Keys are at most 64 bytes, values at most 4 KiB.
    virtual StoreResult<std::optional<Bytes>> property(std::string_view key) = 0;
    virtual StoreResult<void> set_property(std::string_view key, ByteView value) = 0;

protected:
    RecordStore() = default;
};

} // namespace kith::store
