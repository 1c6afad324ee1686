// A thin wall around SQLite: handles that close themselves, and errors as values of ours.

#pragma once

#include "base/bytes.hpp"
#include "store/record_store.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace kith::store {

/// What a result code of `db` (may be null) means to whoever uses a store.
StoreErrc store_errc(sqlite3* db, int code);

/// A prepared statement. Parameters count from 1, columns from 0. Codes are SQLite's.
class Statement {
public:
    Statement() = default;

    /// False if `sql` cannot be prepared: a damaged file, or no memory.
    static StoreResult<Statement> prepare(sqlite3* db, std::string_view sql, unsigned flags = 0);

    // What is bound is borrowed until `reset()`.
    void bind(int place, std::int64_t value);
    void bind_text(int place, std::string_view value);
    void bind_blob(int place, ByteView value);

    /// SQLITE_ROW, SQLITE_DONE or an error.
    int step() { return sqlite3_step(handle_.get()); }
    void reset() { sqlite3_reset(handle_.get()); }

    /// Runs a statement without rows to its end and resets it: SQLITE_OK or an error.
    int run();

    std::int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
    std::string_view text(int column) const;
    ByteView blob(int column) const;

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// Resets a statement when the rows of it are done with, whatever the way out.
class Rows {
public:
    explicit Rows(Statement& statement) : statement_(statement) {}
    ~Rows() { statement_.reset(); }
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;

private:
    Statement& statement_;
};

class Database {
public:
    /// Opens or creates the file for reading and writing.
    static StoreResult<Database> open(const std::string& path);

    sqlite3* handle() const { return handle_.get(); }

    /// Runs one or more statements without parameters; rows are dropped. SQLITE_OK or an error.
    int run(const char* sql) { return sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr); }

    /// The first column of the first row of `sql`; zero if there is none.
    StoreResult<std::int64_t> number(std::string_view sql) const;

private:
    struct Close {
        void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
    };
    std::unique_ptr<sqlite3, Close> handle_;
};

} // namespace kith::store
