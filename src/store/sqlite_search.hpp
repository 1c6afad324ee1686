// Queries as SQL over the indexes of a store's file (sqlite_store.hpp).

#pragma once

#include "store/query.hpp"
#include "store/record_index.hpp"
#include "store/record_store.hpp"

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kith::store {

/// A time so that SQLite's signed numbers have its order.
inline std::int64_t sql_time(PeerTime time) {
    return static_cast<std::int64_t>(time.ticks ^ (std::uint64_t{1} << 63U));
}

inline PeerTime from_sql_time(std::int64_t value) {
    return {static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63U)};
}

/// Makes the functions that searches use known to `db`: SQLITE_OK or an error.
int add_search_functions(sqlite3* db);

/// `RecordStore::search` over the tables of sqlite_store.cpp. Of clauses joined by `and` the one
/// with the fewest index entries is walked along, and the others are asked for each of its records.
StoreResult<std::vector<RecordId>> search_sqlite(
    sqlite3* db, const RecordIndex& index, const Query& query, PeerTime now, std::size_t limit);

} // namespace kith::store
