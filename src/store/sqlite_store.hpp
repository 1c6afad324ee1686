// Records in a file of SQLite, one for each graph (docs/formats.md, Graph database).
//
// The file is this process's alone while it is open. What is known of every record is held in
// memory (RecordIndex, below 200 bytes each) and read at open.

#pragma once

#include "store/record_store.hpp"
#include "store/sqlite.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kith::store {

/// Written to the file; a file with a later one is not opened (`StoreErrc::newer_schema`).
inline constexpr int kSqliteSchema = 2;

struct SqliteSettings {
    std::string path;            // its folder exists
    std::string graph;           // the graph id that the file belongs to
    std::string peer;            // and the peer id
    Rules rules = Rules::modern; // of a file that is created; others say their own
    Durability durability = Durability::full;
    std::uint64_t bytes_max = 0;          // how large the file may grow; 0: as the device lets it
    std::size_t cache_bytes = 32U << 20U; // pages of it held in memory at most
};

class SqliteStore final : public RecordStore {
public:
    /// Opens the file, or creates it. What earlier versions of this program wrote is brought up to
    /// date. Damage is found where it concerns what is read at open; see `check()`.
    static StoreResult<std::unique_ptr<SqliteStore>> open(const SqliteSettings& settings);

    /// An open batch is dropped.
    ~SqliteStore() override;

    /// True if `open()` created the file.
    bool is_new() const { return is_new_; }

    /// Looks at every page and every record: `corrupt` if anything is not as it was written. Reads
    /// the whole file.
    StoreResult<void> check();

    Rules rules() const override { return rules_; }
    const RecordIndex& index() const override { return index_; }

    /// `corrupt` if the record is not the one that was put.
    StoreResult<std::optional<Record>> get(const RecordId& id) override;
    /// A payload that is not read is not checked either.
    StoreResult<std::optional<RecordHead>>
    head(const RecordId& id, std::size_t payload_max) override;
    StoreResult<std::optional<RecordAge>> age(const RecordId& id) override;
    StoreResult<void> put(const Record& record) override;
    StoreResult<void> erase(const RecordId& id) override;
    StoreResult<void> commit() override;
    StoreResult<std::vector<RecordId>>
    search(const Query& query, PeerTime now, std::size_t limit) override;
    StoreResult<std::vector<RecordId>> list(
        const RecordType& type, std::string_view creator, PeerTime now, std::size_t limit) override;
    StoreResult<std::optional<Bytes>> property(std::string_view key) override;
    StoreResult<void> set_property(std::string_view key, ByteView value) override;

private:
    struct Statements {
        Statement begin, commit, rollback;
        Statement put_record, erase_record, get_record, get_head, get_age;
        Statement count_type, count_creator;
        Statement put_attribute, erase_attributes;
        Statement get_property, put_property;
    };

    explicit SqliteStore(Database database) : database_(std::move(database)) {}

    StoreResult<void> configure(const SqliteSettings& settings);
    StoreResult<void> migrate(const SqliteSettings& settings);
    StoreResult<void> claim(const SqliteSettings& settings);
    StoreResult<void> prepare();
    StoreResult<void> load();

    StoreResult<void> begin();
    /// SQLITE_ROW, with the row of `entry`, or what is wrong.
    StoreResult<void> step_to(Statement& row, const IndexEntry& entry) const;
    int write(const Record& record, std::int64_t row, bool is_replacement, ByteView digest);
    int write_attributes(const Record& record, std::int64_t row);
    /// Undoes the batch, and says why.
    std::unexpected<StoreErrc> undo(int code);
    void note(const RecordId& id);
    /// True if there are no more records of `type` than by `creator`.
    StoreResult<bool> is_type_rarer(const RecordType& type, std::string_view creator);
    StoreResult<std::int64_t> counted(Statement& count, std::int64_t cap) const;
    StoreResult<void> check_record(Statement& row);
    std::unexpected<StoreErrc> failure(int code) const;

    Database database_;
    Statements statements_;
    RecordIndex index_;
    Rules rules_ = Rules::modern;
    bool is_new_ = false;
    bool is_in_batch_ = false;
    std::optional<StoreErrc> failed_; // why the batch is undone, until `commit()` has said it
    bool is_broken_ = false;          // a batch could not be undone: only opening it again helps
    std::int64_t next_row_ = 1;
    // What the batch replaced in the index, the oldest first; nothing: there was no such record.
    std::vector<std::pair<RecordId, std::optional<IndexEntry>>> replaced_;
};

} // namespace kith::store
