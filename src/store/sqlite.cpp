#include "store/sqlite.hpp"

#include "base/check.hpp"

#include <cerrno>

namespace kith::store {

namespace {

/// True if the folder of `path` is there and may not be written.
bool is_closed_folder(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    sqlite3_vfs* files = sqlite3_vfs_find(nullptr);
    int exists = 0;
    int writable = 0;
    files->xAccess(files, folder.c_str(), SQLITE_ACCESS_EXISTS, &exists);
    files->xAccess(files, folder.c_str(), SQLITE_ACCESS_READWRITE, &writable);
    return exists != 0 && writable == 0;
}

} // namespace

StoreErrc store_errc(sqlite3* db, int code) {
    const int reason = db == nullptr ? 0 : sqlite3_system_errno(db);
    switch (code & 0xFF) { // extended codes say more in the higher bits
    case SQLITE_FULL:
        return StoreErrc::full;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return StoreErrc::read_only;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return StoreErrc::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return StoreErrc::locked;
    case SQLITE_CANTOPEN:
        return reason == EACCES || reason == EPERM || reason == EROFS ? StoreErrc::read_only
                                                                      : StoreErrc::io;
    case SQLITE_IOERR:
        return reason == ENOSPC || reason == EDQUOT || reason == EFBIG ? StoreErrc::full
                                                                       : StoreErrc::io;
    default:
        return StoreErrc::io;
    }
}

StoreResult<Statement> Statement::prepare(sqlite3* db, std::string_view sql, unsigned flags) {
    sqlite3_stmt* handle = nullptr;
    const int code =
        sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()), flags, &handle, nullptr);
    // Our SQL is right, so tables that it names are missing from a damaged file.
    if (code == SQLITE_ERROR) return std::unexpected(StoreErrc::corrupt);
    if (code != SQLITE_OK) return std::unexpected(store_errc(db, code));
    Statement statement;
    statement.handle_.reset(handle);
    return statement;
}

// A parameter that does not exist is our own mistake; there is nothing else for these to fail at.
void Statement::bind(int place, std::int64_t value) {
    KITH_CHECK(sqlite3_bind_int64(handle_.get(), place, value) == SQLITE_OK);
}

void Statement::bind_text(int place, std::string_view value) {
    // Without data it would be null, which is not the empty text.
    const char* data = value.empty() ? "" : value.data();
    KITH_CHECK(
        sqlite3_bind_text64(handle_.get(), place, data, value.size(), SQLITE_STATIC, SQLITE_UTF8) ==
        SQLITE_OK);
}

void Statement::bind_blob(int place, ByteView value) {
    const void* data = value.empty() ? static_cast<const void*>("") : value.data();
    KITH_CHECK(
        sqlite3_bind_blob64(handle_.get(), place, data, value.size(), SQLITE_STATIC) == SQLITE_OK);
}

int Statement::run() {
    int code = sqlite3_step(handle_.get());
    while (code == SQLITE_ROW)
        code = sqlite3_step(handle_.get());
    sqlite3_reset(handle_.get());
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

std::string_view Statement::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

ByteView Statement::blob(int column) const {
    const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(handle_.get(), column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

StoreResult<Database> Database::open(const std::string& path) {
    sqlite3* handle = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                      SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    Database database;
    database.handle_.reset(handle);
    if ((code & 0xFF) == SQLITE_CANTOPEN && is_closed_folder(path)) {
        return std::unexpected(StoreErrc::read_only);
    }
    if (code != SQLITE_OK) return std::unexpected(store_errc(handle, code));
    if (sqlite3_db_readonly(handle, "main") != 0) return std::unexpected(StoreErrc::read_only);
    return database;
}

StoreResult<std::int64_t> Database::number(std::string_view sql) const {
    auto statement = Statement::prepare(handle_.get(), sql);
    if (!statement) return std::unexpected(statement.error());
    const int code = statement->step();
    if (code == SQLITE_DONE) return 0;
    if (code != SQLITE_ROW) return std::unexpected(store_errc(handle_.get(), code));
    return statement->integer(0);
}

} // namespace kith::store
