#include "store/sqlite_store.hpp"

#include "base/check.hpp"
#include "store/attributes.hpp"
#include "store/limits.hpp"
#include "store/sqlite_search.hpp"
#include "store/values.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <limits>
#include <ranges>
#include <span>
#include <string_view>

namespace kith::store {
namespace {

constexpr std::int64_t kApplicationId = 0x4B49'5448; // "KITH"
constexpr std::int64_t kPageSize = 4096;

constexpr std::int64_t kDeletedBit = 1;
constexpr std::int64_t kRefreshesBit = 2;

/// The step from each schema to the next. Never changed once released: files have been through it.
constexpr std::array<const char*, kSqliteSchema> kMigrations{
    // Columns that the index is loaded from come before those that may spill over into more pages.
    "CREATE TABLE store(graph TEXT NOT NULL, peer TEXT NOT NULL, rules INTEGER NOT NULL) STRICT;"
    "CREATE TABLE property(key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE record(row INTEGER PRIMARY KEY, id BLOB NOT NULL, type BLOB NOT NULL,"
    " version INTEGER NOT NULL, flags INTEGER NOT NULL, created INTEGER NOT NULL,"
    " expires INTEGER NOT NULL, modified INTEGER NOT NULL, digest BLOB NOT NULL,"
    " bytes INTEGER NOT NULL, creator TEXT NOT NULL, modifier TEXT NOT NULL,"
    " security BLOB NOT NULL, attributes TEXT NOT NULL, payload BLOB NOT NULL) STRICT;"
    "CREATE INDEX record_by_created ON record(created);"
    "CREATE INDEX record_by_modified ON record(modified);"
    "CREATE INDEX record_by_type ON record(type, created);"
    "CREATE INDEX record_by_creator ON record(creator, created);"
    "CREATE INDEX record_by_modifier ON record(modifier) WHERE modifier<>'';"
    "CREATE TABLE attribute(record INTEGER NOT NULL, place INTEGER NOT NULL, name TEXT NOT NULL,"
    " type INTEGER NOT NULL, value ANY NOT NULL, PRIMARY KEY(record, place)) STRICT,"
    " WITHOUT ROWID;"
    "CREATE INDEX attribute_by_value ON attribute(name, type, value);",
    // Deleted records are in no list and no search.
    "DROP INDEX record_by_created; DROP INDEX record_by_type; DROP INDEX record_by_creator;"
    "CREATE INDEX record_by_created ON record(created) WHERE flags&1=0;"
    "CREATE INDEX record_by_type ON record(type, created) WHERE flags&1=0;"
    "CREATE INDEX record_by_creator ON record(creator, created) WHERE flags&1=0;"};

bool take(ByteView bytes, std::span<std::byte> out) {
    if (bytes.size() != out.size()) return false;
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return true;
}

constexpr std::string_view kSelectEntry =
    "SELECT row, id, type, version, flags, expires, modified, digest, bytes FROM record";

/// Nothing if the row is not as it was written.
std::optional<IndexEntry> read_entry(const Statement& row) {
    IndexEntry entry;
    entry.handle = static_cast<std::uint64_t>(row.integer(0));
    const std::int64_t version = row.integer(3);
    const std::int64_t flags = row.integer(4);
    const std::int64_t bytes = row.integer(8);
    constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
    const bool good = take(row.blob(1), entry.id.bytes) && take(row.blob(2), entry.type.bytes) &&
                      take(row.blob(7), entry.digest) && version >= 0 && version <= kMost &&
                      bytes >= 0 && bytes <= kMost && (flags & ~(kDeletedBit | kRefreshesBit)) == 0;
    if (!good) return std::nullopt;
    entry.version = static_cast<std::uint32_t>(version);
    entry.is_deleted = (flags & kDeletedBit) != 0;
    entry.refreshes = (flags & kRefreshesBit) != 0;
    entry.expires = from_sql_time(row.integer(5));
    entry.modified = from_sql_time(row.integer(6));
    entry.bytes = static_cast<std::uint32_t>(bytes);
    return entry;
}

constexpr std::string_view kSelectRest =
    "SELECT created, creator, modifier, attributes, payload, security FROM record WHERE row=?";
// The length of a blob stands before it, and a column that no branch needs is not read: a payload
// that is too large costs nothing.
constexpr std::string_view kSelectHead =
    "SELECT created, creator, modifier, attributes,"
    " CASE WHEN length(payload)<=?2 THEN payload END, length(payload) FROM record WHERE row=?1";

Record read_record(const IndexEntry& entry, const Statement& row) {
    Record record;
    record.type = entry.type;
    record.id = entry.id;
    record.version = entry.version;
    record.is_deleted = entry.is_deleted;
    record.refreshes = entry.refreshes;
    record.expires = entry.expires;
    record.modified = entry.modified;
    record.created = from_sql_time(row.integer(0));
    record.creator = row.text(1);
    record.modifier = row.text(2);
    record.attributes = row.text(3);
    record.payload = to_owned(row.blob(4));
    return record;
}

} // namespace

// --- opening

StoreResult<std::unique_ptr<SqliteStore>> SqliteStore::open(const SqliteSettings& settings) {
    auto database = Database::open(settings.path);
    if (!database) return std::unexpected(database.error());
    std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(*database)));
    if (auto done = store->configure(settings); !done) return std::unexpected(done.error());
    if (auto done = store->migrate(settings); !done) return std::unexpected(done.error());
    if (auto done = store->claim(settings); !done) return std::unexpected(done.error());
    if (auto done = store->prepare(); !done) return std::unexpected(done.error());
    if (auto done = store->load(); !done) return std::unexpected(done.error());
    return store;
}

SqliteStore::~SqliteStore() {
    if (is_in_batch_) undo(SQLITE_OK);
}

StoreResult<void> SqliteStore::configure(const SqliteSettings& settings) {
    sqlite3* db = database_.handle();
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    int code = add_search_functions(db);
    // The lock is asked for before anything is read, so that the index of the log needs no shared
    // memory, and held until the file is closed.
    const std::string before = fmt::format(
        "PRAGMA locking_mode=EXCLUSIVE; PRAGMA page_size={}; PRAGMA cache_size=-{};"
        "PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON;",
        kPageSize,
        settings.cache_bytes / 1024);
    if (code == SQLITE_OK) code = database_.run(before.c_str());
    if (code == SQLITE_OK) code = database_.run("PRAGMA journal_mode=WAL");
    if (code == SQLITE_OK) code = database_.run("BEGIN EXCLUSIVE; COMMIT");
    const std::string after = fmt::format(
        "PRAGMA synchronous={}; PRAGMA wal_autocheckpoint=4000;",
        settings.durability == Durability::full ? "FULL" : "NORMAL");
    if (code == SQLITE_OK) code = database_.run(after.c_str());
    if (settings.bytes_max > 0 && code == SQLITE_OK) {
        const std::string limit = fmt::format(
            "PRAGMA max_page_count={}",
            std::max<std::uint64_t>(settings.bytes_max / static_cast<std::uint64_t>(kPageSize), 1));
        code = database_.run(limit.c_str());
    }
    if (code != SQLITE_OK) return failure(code);
    return {};
}

StoreResult<void> SqliteStore::migrate(const SqliteSettings& settings) {
    const auto schema = database_.number("PRAGMA user_version");
    if (!schema) return std::unexpected(schema.error());
    const auto application = database_.number("PRAGMA application_id");
    if (!application) return std::unexpected(application.error());
    const auto tables = database_.number("SELECT count(*) FROM sqlite_schema");
    if (!tables) return std::unexpected(tables.error());
    is_new_ = *schema == 0 && *application == 0 && *tables == 0;
    if (!is_new_ && *application != kApplicationId) return std::unexpected(StoreErrc::corrupt);
    if (*schema > kSqliteSchema) return std::unexpected(StoreErrc::newer_schema);
    if (*schema < 0 || (*schema == 0 && !is_new_)) return std::unexpected(StoreErrc::corrupt);
    if (*schema == kSqliteSchema) return {};

    int code = database_.run("BEGIN IMMEDIATE");
    for (auto step = static_cast<std::size_t>(*schema); step < kMigrations.size(); ++step) {
        if (code == SQLITE_OK) code = database_.run(kMigrations[step]);
    }
    const std::string mark = fmt::format(
        "PRAGMA application_id={}; PRAGMA user_version={};", kApplicationId, kSqliteSchema);
    if (code == SQLITE_OK) code = database_.run(mark.c_str());
    if (code == SQLITE_OK && is_new_) {
        auto owner = Statement::prepare(database_.handle(), "INSERT INTO store VALUES(?,?,?)");
        if (!owner) return std::unexpected(owner.error());
        owner->bind_text(1, settings.graph);
        owner->bind_text(2, settings.peer);
        owner->bind(3, static_cast<std::int64_t>(settings.rules));
        code = owner->run();
    }
    if (code == SQLITE_OK) code = database_.run("COMMIT");
    if (code == SQLITE_OK) return {};
    const auto failed = failure(code);
    database_.run("ROLLBACK");
    return failed;
}

StoreResult<void> SqliteStore::claim(const SqliteSettings& settings) {
    auto owner =
        Statement::prepare(database_.handle(), "SELECT graph, peer, rules FROM store LIMIT 2");
    if (!owner) return std::unexpected(owner.error());
    const int code = owner->step();
    if (code == SQLITE_DONE) return std::unexpected(StoreErrc::corrupt);
    if (code != SQLITE_ROW) return failure(code);
    if (owner->text(0) != settings.graph || owner->text(1) != settings.peer) {
        return std::unexpected(StoreErrc::wrong_graph);
    }
    const std::int64_t rules = owner->integer(2);
    if (rules != static_cast<std::int64_t>(Rules::published) &&
        rules != static_cast<std::int64_t>(Rules::modern)) {
        return std::unexpected(StoreErrc::corrupt);
    }
    rules_ = static_cast<Rules>(rules);
    return {};
}

StoreResult<void> SqliteStore::prepare() {
    const std::pair<Statement*, std::string_view> wanted[] = {
        {&statements_.begin, "BEGIN IMMEDIATE"},
        {&statements_.commit, "COMMIT"},
        {&statements_.rollback, "ROLLBACK"},
        {&statements_.put_record,
         "INSERT OR REPLACE INTO record VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"},
        {&statements_.erase_record, "DELETE FROM record WHERE row=?"},
        {&statements_.get_record, kSelectRest},
        {&statements_.get_head, kSelectHead},
        {&statements_.get_age, "SELECT modifier, security FROM record WHERE row=?"},
        {&statements_.count_type,
         "SELECT count(*) FROM (SELECT 1 FROM record INDEXED BY record_by_type"
         " WHERE flags&1=0 AND type=? LIMIT ?)"},
        {&statements_.count_creator,
         "SELECT count(*) FROM (SELECT 1 FROM record INDEXED BY record_by_creator"
         " WHERE flags&1=0 AND creator=? LIMIT ?)"},
        {&statements_.put_attribute, "INSERT INTO attribute VALUES(?,?,?,?,?)"},
        {&statements_.erase_attributes, "DELETE FROM attribute WHERE record=?"},
        {&statements_.get_property, "SELECT value FROM property WHERE key=?"},
        {&statements_.put_property, "INSERT OR REPLACE INTO property VALUES(?,?)"}};
    for (const auto& [statement, sql] : wanted) {
        auto prepared = Statement::prepare(database_.handle(), sql, SQLITE_PREPARE_PERSISTENT);
        if (!prepared) return std::unexpected(prepared.error());
        *statement = std::move(*prepared);
    }
    return {};
}

StoreResult<void> SqliteStore::load() {
    auto rows = Statement::prepare(database_.handle(), kSelectEntry);
    if (!rows) return std::unexpected(rows.error());
    std::vector<IndexEntry> entries;
    int code = rows->step();
    for (; code == SQLITE_ROW; code = rows->step()) {
        const auto entry = read_entry(*rows);
        if (!entry || rows->integer(0) <= 0) return std::unexpected(StoreErrc::corrupt);
        next_row_ = std::max(next_row_, rows->integer(0) + 1);
        entries.push_back(*entry);
    }
    if (code != SQLITE_DONE) return failure(code);
    if (!index_.assign(std::move(entries))) return std::unexpected(StoreErrc::corrupt);
    return {};
}

// --- batches

std::unexpected<StoreErrc> SqliteStore::failure(int code) const {
    return std::unexpected(store_errc(database_.handle(), code));
}

StoreResult<void> SqliteStore::begin() {
    if (is_broken_) return std::unexpected(StoreErrc::io);
    if (failed_) return std::unexpected(*failed_);
    if (is_in_batch_) return {};
    if (const int code = statements_.begin.run(); code != SQLITE_OK) return undo(code);
    is_in_batch_ = true;
    return {};
}

void SqliteStore::note(const RecordId& id) {
    const IndexEntry* old = index_.find(id);
    replaced_.emplace_back(id, old == nullptr ? std::nullopt : std::optional(*old));
}

std::unexpected<StoreErrc> SqliteStore::undo(int code) {
    const auto failed = failure(code);
    // Some errors have made SQLite roll back already.
    if (sqlite3_get_autocommit(database_.handle()) == 0) {
        is_broken_ = statements_.rollback.run() != SQLITE_OK;
    }
    for (const auto& [id, entry] : std::views::reverse(replaced_)) {
        if (entry) {
            index_.put(*entry);
        } else {
            index_.erase(id);
        }
    }
    replaced_.clear();
    is_in_batch_ = false;
    failed_ = failed.error();
    return failed;
}

StoreResult<void> SqliteStore::commit() {
    if (is_broken_) return std::unexpected(StoreErrc::io);
    if (is_in_batch_) {
        if (const int code = statements_.commit.run(); code != SQLITE_OK) undo(code);
    }
    if (failed_) return std::unexpected(*std::exchange(failed_, std::nullopt));
    replaced_.clear();
    is_in_batch_ = false;
    return {};
}

// --- records

StoreResult<std::optional<Record>> SqliteStore::get(const RecordId& id) {
    const IndexEntry* entry = index_.find(id);
    if (entry == nullptr) return std::nullopt;
    Statement& row = statements_.get_record;
    const Rows done(row);
    if (auto found = step_to(row, *entry); !found) return std::unexpected(found.error());
    Record record = read_record(*entry, row);
    record.security = to_owned(row.blob(5));
    if (content_digest(record) != entry->digest) return std::unexpected(StoreErrc::corrupt);
    return record;
}

StoreResult<std::optional<RecordHead>>
SqliteStore::head(const RecordId& id, std::size_t payload_max) {
    const IndexEntry* entry = index_.find(id);
    if (entry == nullptr) return std::nullopt;
    Statement& row = statements_.get_head;
    const Rows done(row);
    row.bind(
        2,
        static_cast<std::int64_t>(
            std::min<std::size_t>(payload_max, std::numeric_limits<std::int32_t>::max())));
    if (auto found = step_to(row, *entry); !found) return std::unexpected(found.error());
    RecordHead head;
    head.record = read_record(*entry, row);
    head.payload_size = static_cast<std::uint64_t>(row.integer(5));
    if (head.has_payload() && content_digest(head.record) != entry->digest) {
        return std::unexpected(StoreErrc::corrupt);
    }
    return head;
}

StoreResult<std::optional<RecordAge>> SqliteStore::age(const RecordId& id) {
    const IndexEntry* entry = index_.find(id);
    if (entry == nullptr) return std::nullopt;
    Statement& row = statements_.get_age;
    const Rows done(row);
    if (auto found = step_to(row, *entry); !found) return std::unexpected(found.error());
    return RecordAge{
        entry->version,
        std::string(row.text(0)),
        entry->modified,
        to_owned(row.blob(1)),
        entry->digest};
}

StoreResult<void> SqliteStore::step_to(Statement& row, const IndexEntry& entry) const {
    row.bind(1, static_cast<std::int64_t>(entry.handle));
    const int code = row.step();
    if (code == SQLITE_DONE) return std::unexpected(StoreErrc::corrupt);
    if (code != SQLITE_ROW) return failure(code);
    return {};
}

StoreResult<void> SqliteStore::put(const Record& record) {
    if (auto begun = begin(); !begun) return begun;
    IndexEntry entry = make_index_entry(record);
    const IndexEntry* old = index_.find(record.id);
    const std::int64_t row = old == nullptr ? next_row_++ : static_cast<std::int64_t>(old->handle);
    entry.handle = static_cast<std::uint64_t>(row);
    if (const int code = write(record, row, old != nullptr, entry.digest); code != SQLITE_OK) {
        return undo(code);
    }
    note(record.id);
    index_.put(entry);
    return {};
}

int SqliteStore::write(
    const Record& record, std::int64_t row, bool is_replacement, ByteView digest) {
    if (is_replacement) {
        statements_.erase_attributes.bind(1, row);
        const int code = statements_.erase_attributes.run();
        if (code != SQLITE_OK) return code;
    }
    const std::uint64_t bytes = record.payload.size() + record.attributes.size();
    Statement& put = statements_.put_record;
    put.bind(1, row);
    put.bind_blob(2, record.id.bytes);
    put.bind_blob(3, record.type.bytes);
    put.bind(4, record.version);
    put.bind(5, (record.is_deleted ? kDeletedBit : 0) | (record.refreshes ? kRefreshesBit : 0));
    put.bind(6, sql_time(record.created));
    put.bind(7, sql_time(record.expires));
    put.bind(8, sql_time(record.modified));
    put.bind_blob(9, digest);
    put.bind(
        10,
        static_cast<std::int64_t>(
            std::min<std::uint64_t>(bytes, std::numeric_limits<std::uint32_t>::max())));
    put.bind_text(11, record.creator);
    put.bind_text(12, record.modifier);
    put.bind_blob(13, record.security);
    put.bind_text(14, record.attributes);
    put.bind_blob(15, record.payload);
    if (const int code = put.run(); code != SQLITE_OK) return code;
    return record.attributes.empty() ? SQLITE_OK : write_attributes(record, row);
}

int SqliteStore::write_attributes(const Record& record, std::int64_t row) {
    // Whether they follow the schema is for the graph to judge; what cannot be read is not found.
    const auto attributes = parse_attributes(record.attributes);
    if (!attributes) return SQLITE_OK;
    std::int64_t place = 0;
    for (const Attribute& attribute : *attributes) {
        Statement& put = statements_.put_attribute;
        std::optional<std::string> number;
        put.bind(1, row);
        put.bind(2, place++);
        put.bind_text(3, attribute.name);
        put.bind(4, static_cast<std::int64_t>(attribute.type));
        switch (attribute.type) {
        case AttributeType::string:
            put.bind_text(5, attribute.value);
            break;
        case AttributeType::integer:
            number = number_key(attribute.value);
            put.bind_blob(5, as_bytes(*number));
            break;
        case AttributeType::date:
            put.bind(5, *parse_date(attribute.value));
            break;
        }
        if (const int code = put.run(); code != SQLITE_OK) return code;
    }
    return SQLITE_OK;
}

StoreResult<void> SqliteStore::erase(const RecordId& id) {
    const IndexEntry* entry = index_.find(id);
    if (entry == nullptr) return {};
    if (auto begun = begin(); !begun) return begun;
    for (Statement* erase : {&statements_.erase_record, &statements_.erase_attributes}) {
        erase->bind(1, static_cast<std::int64_t>(entry->handle));
        if (const int code = erase->run(); code != SQLITE_OK) return undo(code);
    }
    note(id);
    index_.erase(id);
    return {};
}

// --- searching

StoreResult<std::vector<RecordId>>
SqliteStore::search(const Query& query, PeerTime now, std::size_t limit) {
    if (limit == 0) return {};
    return search_sqlite(database_.handle(), index_, query, now, limit);
}

StoreResult<std::vector<RecordId>> SqliteStore::list(
    const RecordType& type, std::string_view creator, PeerTime now, std::size_t limit) {
    const bool any_type = type.is_nil();
    const bool any_creator = creator.empty();
    std::string sql = "SELECT id FROM record INDEXED BY ";
    if (any_type || any_creator) {
        sql += !any_creator ? "record_by_creator"
               : !any_type  ? "record_by_type"
                            : "record_by_created";
    } else {
        const auto is_type = is_type_rarer(type, creator);
        if (!is_type) return std::unexpected(is_type.error());
        sql += *is_type ? "record_by_type" : "record_by_creator";
    }
    sql += " WHERE flags&1=0 AND expires>=?1";
    if (!any_type) sql += " AND type=?2";
    if (!any_creator) sql += " AND creator=?3";
    sql += " ORDER BY created, id LIMIT ?4";
    auto rows = Statement::prepare(database_.handle(), sql);
    if (!rows) return std::unexpected(rows.error());
    rows->bind(1, sql_time(now));
    if (!any_type) rows->bind_blob(2, type.bytes);
    if (!any_creator) rows->bind_text(3, creator);
    rows->bind(
        4,
        static_cast<std::int64_t>(
            std::min<std::size_t>(limit, std::numeric_limits<std::int32_t>::max())));
    std::vector<RecordId> ids;
    int code = rows->step();
    for (; code == SQLITE_ROW; code = rows->step()) {
        RecordId id;
        if (!take(rows->blob(0), id.bytes)) return std::unexpected(StoreErrc::corrupt);
        ids.push_back(id);
    }
    if (code != SQLITE_DONE) return failure(code);
    return ids;
}

// An index of both would make every record dearer to put. Counting as far as the rarer one goes
// costs less than walking it.
StoreResult<bool> SqliteStore::is_type_rarer(const RecordType& type, std::string_view creator) {
    const auto cap_max = static_cast<std::int64_t>(index_.size());
    for (std::int64_t cap = 64; cap < cap_max; cap *= 16) {
        Statement& types = statements_.count_type;
        types.bind_blob(1, type.bytes);
        const auto of_type = counted(types, cap);
        if (!of_type) return std::unexpected(of_type.error());
        if (*of_type < cap) return true;
        Statement& creators = statements_.count_creator;
        creators.bind_text(1, creator);
        const auto by_creator = counted(creators, cap);
        if (!by_creator) return std::unexpected(by_creator.error());
        if (*by_creator < cap) return false;
    }
    return true;
}

/// At most `cap`; the rest of the parameters are bound.
StoreResult<std::int64_t> SqliteStore::counted(Statement& count, std::int64_t cap) const {
    const Rows done(count);
    count.bind(2, cap);
    const int code = count.step();
    if (code != SQLITE_ROW) return failure(code);
    return count.integer(0);
}

// --- properties

StoreResult<std::optional<Bytes>> SqliteStore::property(std::string_view key) {
    Statement& row = statements_.get_property;
    const Rows done(row);
    row.bind_text(1, key);
    const int code = row.step();
    if (code == SQLITE_DONE) return std::nullopt;
    if (code != SQLITE_ROW) return failure(code);
    return to_owned(row.blob(0));
}

StoreResult<void> SqliteStore::set_property(std::string_view key, ByteView value) {
    KITH_CHECK(key.size() <= kPropertyKeyMax && value.size() <= kPropertyValueMax);
    if (auto begun = begin(); !begun) return begun;
    statements_.put_property.bind_text(1, key);
    statements_.put_property.bind_blob(2, value);
    if (const int code = statements_.put_property.run(); code != SQLITE_OK) return undo(code);
    return {};
}

// --- the full check

StoreResult<void> SqliteStore::check() {
    auto verdict = Statement::prepare(database_.handle(), "PRAGMA integrity_check(1)");
    if (!verdict) return std::unexpected(verdict.error());
    int code = verdict->step();
    if (code != SQLITE_ROW) return failure(code);
    if (verdict->text(0) != "ok") return std::unexpected(StoreErrc::corrupt);

    auto rows = Statement::prepare(database_.handle(), kSelectEntry);
    if (!rows) return std::unexpected(rows.error());
    std::size_t count = 0;
    for (code = rows->step(); code == SQLITE_ROW; code = rows->step()) {
        if (auto good = check_record(*rows); !good) return good;
        ++count;
    }
    if (code != SQLITE_DONE) return failure(code);
    if (count != index_.size()) return std::unexpected(StoreErrc::corrupt);
    return {};
}

StoreResult<void> SqliteStore::check_record(Statement& row) {
    const auto entry = read_entry(row);
    if (!entry || index_.find(entry->id) == nullptr) return std::unexpected(StoreErrc::corrupt);
    const auto record = get(entry->id);
    if (!record) return std::unexpected(record.error());
    const auto attributes = parse_attributes((*record)->attributes);
    auto indexed =
        Statement::prepare(database_.handle(), "SELECT count(*) FROM attribute WHERE record=?");
    if (!indexed) return std::unexpected(indexed.error());
    indexed->bind(1, row.integer(0));
    const int code = indexed->step();
    if (code != SQLITE_ROW) return failure(code);
    const std::size_t wanted = attributes ? attributes->size() : 0;
    if (indexed->integer(0) != static_cast<std::int64_t>(wanted)) {
        return std::unexpected(StoreErrc::corrupt);
    }
    return {};
}

} // namespace kith::store
