#include "base/random.hpp"
#include "store/attributes.hpp"
#include "store/memory_store.hpp"
#include "store/sqlite_store.hpp"
#include "store/test_file.hpp"
#include "store/values.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

namespace kith::store {
namespace {

SqliteSettings settings_of(const TemporaryFile& file) {
    SqliteSettings settings;
    settings.path = file.path();
    settings.graph = "graph";
    settings.peer = "peer";
    return settings;
}

std::unique_ptr<SqliteStore> opened(const SqliteSettings& settings) {
    auto store = SqliteStore::open(settings);
    EXPECT_TRUE(store) << "error " << (store ? 0 : static_cast<int>(store.error()));
    return store ? std::move(*store) : nullptr;
}

StoreErrc error_of(const SqliteSettings& settings) {
    const auto store = SqliteStore::open(settings);
    EXPECT_FALSE(store);
    return store ? StoreErrc{} : store.error();
}

/// Runs SQL on a file that no store has open.
void tamper(const std::string& path, const char* sql) {
    auto database = Database::open(path);
    ASSERT_TRUE(database);
    ASSERT_EQ(database->run(sql), SQLITE_OK) << sql;
}

Record numbered_record(std::uint64_t number, std::size_t payload = 256) {
    Record record;
    record.type = Guid::from_halves(1, number % 3);
    record.id = Guid::from_halves(number * 0x9E37'79B9'7F4A'7C15U, number);
    record.creator = "creator";
    record.created = record.modified = {1000 + number};
    record.expires = {1'000'000};
    record.payload = Bytes(payload, static_cast<std::byte>(number));
    record.attributes = "<attributes><attribute name='n' type='int'>" + std::to_string(number) +
                        "</attribute></attributes>";
    return record;
}

void fill(RecordStore& store, std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t i = first; i < last; ++i)
        ASSERT_TRUE(store.put(numbered_record(i)));
    ASSERT_TRUE(store.commit());
}

RangeSum sum_of_all(const RecordStore& store) {
    return store.index().sum(SyncKey::lowest(), SyncKey::highest());
}

TEST(SqliteStore, KeepsWhatWasCommitted) {
    const TemporaryFile file;
    RangeSum sum;
    {
        const auto store = opened(settings_of(file));
        ASSERT_TRUE(store);
        EXPECT_TRUE(store->is_new());
        fill(*store, 0, 500);
        ASSERT_TRUE(store->erase(numbered_record(7).id));
        Record newer = numbered_record(8);
        newer.version = 2;
        newer.attributes.clear();
        ASSERT_TRUE(store->put(newer));
        ASSERT_TRUE(store->set_property("left", as_bytes("now")));
        ASSERT_TRUE(store->commit());
        sum = sum_of_all(*store);
    }
    const auto store = opened(settings_of(file));
    ASSERT_TRUE(store);
    EXPECT_FALSE(store->is_new());
    EXPECT_EQ(store->index().size(), 499U);
    EXPECT_EQ(sum_of_all(*store), sum);
    EXPECT_EQ(store->get(numbered_record(9).id), numbered_record(9));
    EXPECT_EQ((*store->get(numbered_record(8).id))->version, 2U);
    EXPECT_EQ(store->property("left"), to_owned(as_bytes("now")));
    EXPECT_TRUE(store->check());
}

TEST(SqliteStore, DropsABatchThatWasNotCommitted) {
    const TemporaryFile file;
    {
        const auto store = opened(settings_of(file));
        ASSERT_TRUE(store);
        fill(*store, 0, 10);
        ASSERT_TRUE(store->put(numbered_record(10)));
        ASSERT_TRUE(store->erase(numbered_record(0).id));
    }
    const auto store = opened(settings_of(file));
    ASSERT_TRUE(store);
    EXPECT_EQ(store->index().size(), 10U);
    EXPECT_EQ(store->get(numbered_record(0).id), numbered_record(0));
}

TEST(SqliteStore, KeepsTheRulesItWasMadeWith) {
    const TemporaryFile file;
    SqliteSettings settings = settings_of(file);
    settings.rules = Rules::published;
    EXPECT_EQ(opened(settings)->rules(), Rules::published);
    settings.rules = Rules::modern;
    EXPECT_EQ(opened(settings)->rules(), Rules::published);
}

TEST(SqliteStore, BelongsToOneGraphAndPeer) {
    const TemporaryFile file;
    opened(settings_of(file));
    SqliteSettings other = settings_of(file);
    other.graph = "other";
    EXPECT_EQ(error_of(other), StoreErrc::wrong_graph);
    other = settings_of(file);
    other.peer = "other";
    EXPECT_EQ(error_of(other), StoreErrc::wrong_graph);
}

TEST(SqliteStore, IsLockedWhileItIsOpen) {
    const TemporaryFile file;
    auto store = opened(settings_of(file));
    EXPECT_EQ(error_of(settings_of(file)), StoreErrc::locked);
    fill(*store, 0, 10);
    EXPECT_EQ(error_of(settings_of(file)), StoreErrc::locked);
    store.reset();
    EXPECT_TRUE(opened(settings_of(file)));
}

TEST(SqliteStore, RefusesALaterSchemaAndForeignFiles) {
    const TemporaryFile later;
    opened(settings_of(later));
    tamper(later.path(), "PRAGMA user_version=3");
    EXPECT_EQ(error_of(settings_of(later)), StoreErrc::newer_schema);

    const TemporaryFile foreign;
    tamper(foreign.path(), "CREATE TABLE t(x)");
    EXPECT_EQ(error_of(settings_of(foreign)), StoreErrc::corrupt);

    const TemporaryFile text;
    std::ofstream(text.path()) << std::string(10'000, 'x');
    EXPECT_EQ(error_of(settings_of(text)), StoreErrc::corrupt);

    SqliteSettings nowhere = settings_of(text);
    nowhere.path = "/nonexistent/folder/file";
    EXPECT_EQ(error_of(nowhere), StoreErrc::io);
}

TEST(SqliteStore, UndoesTheBatchWhenTheDeviceIsFull) {
    const TemporaryFile file;
    SqliteSettings settings = settings_of(file);
    settings.bytes_max = 1 << 20;
    RangeSum sum;
    {
        const auto store = opened(settings);
        ASSERT_TRUE(store);
        fill(*store, 0, 100);
        ASSERT_TRUE(store->set_property("p", as_bytes("before")));
        ASSERT_TRUE(store->commit());
        sum = sum_of_all(*store);
        ASSERT_TRUE(store->erase(numbered_record(1).id));
        Record newer = numbered_record(2);
        newer.version = 9;
        ASSERT_TRUE(store->put(newer));
        ASSERT_TRUE(store->set_property("p", as_bytes("after")));
        StoreResult<void> put;
        for (std::uint64_t i = 100; i < 100'000 && put; ++i)
            put = store->put(numbered_record(i));
        ASSERT_FALSE(put);
        EXPECT_EQ(put.error(), StoreErrc::full);
        EXPECT_EQ(sum_of_all(*store), sum) << "the index is undone as well";
        EXPECT_EQ(store->get(numbered_record(2).id), numbered_record(2));
        EXPECT_EQ(store->property("p"), to_owned(as_bytes("before")));
        const auto later = store->set_property("p", as_bytes("later"));
        EXPECT_FALSE(later) << "of a batch nothing is kept, or everything";
        EXPECT_EQ(store->commit(), StoreResult<void>(std::unexpected(StoreErrc::full)));
        EXPECT_TRUE(store->commit());
        // Whoever makes room can go on.
        for (std::uint64_t i = 0; i < 50; ++i)
            ASSERT_TRUE(store->erase(numbered_record(i).id));
        fill(*store, 1000, 1040);
        sum = sum_of_all(*store);
        EXPECT_TRUE(store->check());
    }
    const auto store = opened(settings);
    ASSERT_TRUE(store);
    EXPECT_EQ(sum_of_all(*store), sum);
    EXPECT_TRUE(store->check());
}

/// As the first version of this program made its files.
constexpr const char* kFirstSchema =
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
    "CREATE INDEX attribute_by_value ON attribute(name, type, value);"
    "PRAGMA application_id=1263096904; PRAGMA user_version=1;";

TEST(SqliteStore, BringsAFileOfTheFirstSchemaUpToDate) {
    const TemporaryFile file;
    const TemporaryFile other;
    RangeSum sum;
    {
        const auto store = opened(settings_of(other));
        fill(*store, 0, 100);
        Record deleted = numbered_record(3, 0);
        deleted.is_deleted = true;
        ASSERT_TRUE(store->put(deleted));
        ASSERT_TRUE(store->set_property("left", as_bytes("now")));
        ASSERT_TRUE(store->commit());
        sum = sum_of_all(*store);
    }
    tamper(file.path(), kFirstSchema);
    std::string copy = "ATTACH '" + other.path() + "' AS other;";
    for (const std::string table : {"store", "property", "record", "attribute"})
        copy += "INSERT INTO main." + table + " SELECT * FROM other." + table + ";";
    tamper(file.path(), copy.c_str());
    for (int time = 0; time < 2; ++time) {
        const auto store = opened(settings_of(file));
        ASSERT_TRUE(store);
        EXPECT_FALSE(store->is_new());
        EXPECT_EQ(sum_of_all(*store), sum);
        EXPECT_TRUE(store->check());
        EXPECT_EQ(store->property("left"), to_owned(as_bytes("now")));
        EXPECT_EQ(store->list({}, "", {0}, 1000)->size(), 99U);
        EXPECT_EQ(store->list({}, "creator", {0}, 1000)->size(), 99U);
        EXPECT_EQ(store->list(numbered_record(0).type, "", {0}, 1000)->size(), 33U);
        EXPECT_EQ(store->list(numbered_record(0).type, "creator", {0}, 1000)->size(), 33U);
        const auto query = parse_query("<peersearch><clause attrib='peercreatorid' type='string' "
                                       "compare='equal'>creator</clause></peersearch>");
        ASSERT_TRUE(query);
        EXPECT_EQ(store->search(*query, {0}, 1000)->size(), 99U);
    }
    const auto database = Database::open(file.path());
    ASSERT_TRUE(database);
    EXPECT_EQ(database->number("PRAGMA user_version"), kSqliteSchema);
}

// A few of either are not looked for among all of the other.
TEST(SqliteStore, ListsByWhatIsRarer) {
    const TemporaryFile file;
    SqliteSettings settings = settings_of(file);
    settings.durability = Durability::relaxed;
    const auto store = opened(settings);
    fill(*store, 0, 3000);
    Record rare = numbered_record(5000);
    rare.type = Guid::from_halves(9, 9);
    Record other = numbered_record(5001);
    other.type = numbered_record(0).type;
    other.creator = "other";
    ASSERT_TRUE(store->put(rare) && store->put(other) && store->commit());
    EXPECT_EQ(store->list(rare.type, "creator", {0}, 10), std::vector<RecordId>{rare.id});
    EXPECT_EQ(store->list(other.type, "other", {0}, 10), std::vector<RecordId>{other.id});
    EXPECT_EQ(store->list(rare.type, "other", {0}, 10), std::vector<RecordId>{});
    EXPECT_EQ(store->list(numbered_record(0).type, "creator", {0}, 5000)->size(), 1000U);
}

TEST(SqliteStore, DeletedRecordsAreInNoListsWay) {
    const TemporaryFile file;
    ASSERT_TRUE(opened(settings_of(file)));
    const auto database = Database::open(file.path());
    ASSERT_TRUE(database);
    const auto indexes = database->number(
        "SELECT count(*) FROM sqlite_schema WHERE type='index' AND sql LIKE '%WHERE flags&1=0'");
    EXPECT_EQ(indexes, 3);
}

TEST(SqliteStore, FindsATruncatedFile) {
    const TemporaryFile file;
    {
        const auto store = opened(settings_of(file));
        fill(*store, 0, 2000);
    }
    std::filesystem::resize_file(file.path(), std::filesystem::file_size(file.path()) / 2);
    EXPECT_EQ(error_of(settings_of(file)), StoreErrc::corrupt);
}

/// What damage a caller can meet: an error at open, in the check, or nothing at all if it hit
/// nothing; never a record that was not put.
void expect_no_wrong_record(const SqliteSettings& settings) {
    const auto store = SqliteStore::open(settings);
    if (!store) return;
    for (std::uint64_t i = 0; i < 300; ++i) {
        const auto found = (*store)->get(numbered_record(i).id);
        if (found && *found) {
            EXPECT_EQ(**found, numbered_record(i));
        }
    }
    const auto query = parse_query(
        "<peersearch><clause attrib='n' type='int' compare='less'>50</clause></peersearch>");
    (void)(*store)->search(*query, {5}, 1000);
    (void)(*store)->check();
}

TEST(SqliteStore, NeverGivesAWrongRecordFromADamagedFile) {
    const TemporaryFile file;
    const TemporaryFile damaged;
    {
        const auto store = opened(settings_of(file));
        fill(*store, 0, 300);
    }
    SeededRandom random(5);
    const auto size = std::filesystem::file_size(file.path());
    int found = 0;
    for (int round = 0; round < 60; ++round) {
        std::filesystem::copy_file(
            file.path(), damaged.path(), std::filesystem::copy_options::overwrite_existing);
        {
            std::fstream out(damaged.path(), std::ios::binary | std::ios::in | std::ios::out);
            for (std::uint64_t i = 0; i < 64; ++i) {
                out.seekp(static_cast<std::streamoff>(random.below(size)));
                out.put(static_cast<char>(random.next()));
            }
        }
        expect_no_wrong_record(settings_of(damaged));
        const auto store = SqliteStore::open(settings_of(damaged));
        if (!store || !(*store)->check()) ++found;
    }
    EXPECT_GE(found, 55) << "nearly all of it is found at open or by the check";
}

TEST(SqliteStore, CheckFindsAChangedRecordAndIndex) {
    for (const char* sql :
         {"UPDATE record SET payload=x'00' WHERE row=5",
          "UPDATE record SET created=created+1 WHERE row=5",
          "DELETE FROM attribute WHERE record=5"}) {
        const TemporaryFile file;
        {
            const auto store = opened(settings_of(file));
            fill(*store, 0, 20);
        }
        tamper(file.path(), sql);
        const auto store = opened(settings_of(file));
        ASSERT_TRUE(store);
        const auto checked = store->check();
        ASSERT_FALSE(checked) << sql;
        EXPECT_EQ(checked.error(), StoreErrc::corrupt);
    }
}

TEST(SqliteStore, RefusesRowsThatAreNotAsWritten) {
    for (const char* sql :
         {"UPDATE record SET id=x'00' WHERE row=5",
          "UPDATE record SET digest=x'' WHERE row=5",
          "UPDATE record SET version=-1 WHERE row=5",
          "UPDATE record SET flags=64 WHERE row=5",
          "UPDATE record SET id=(SELECT id FROM record WHERE row=6) WHERE row=5",
          "UPDATE store SET rules=9",
          "DELETE FROM store"}) {
        const TemporaryFile file;
        {
            const auto store = opened(settings_of(file));
            fill(*store, 0, 20);
        }
        tamper(file.path(), sql);
        EXPECT_EQ(error_of(settings_of(file)), StoreErrc::corrupt) << sql;
    }
}

// --- searching like the store in memory

std::string random_value(PlainRandom& random, AttributeType type) {
    static const std::array<const char*, 6> kDates{
        "2003", "2003-01", "2003-01-31", "2003-01-31T10:00Z", "2003-01-31T12:00+02:00", "1500"};
    static const std::array<const char*, 5> kLetters{"a", "b", "B", "\xC3\xB6", "\xF0\x9F\x98\x80"};
    if (type == AttributeType::date) return kDates[random.below(kDates.size())];
    if (type == AttributeType::integer) return std::to_string(random.below(30));
    std::string text;
    for (std::uint64_t i = random.below(4); i > 0; --i)
        text += kLetters[random.below(5)];
    return text;
}

std::string random_name(PlainRandom& random) {
    return std::string(1, static_cast<char>('a' + random.below(3)));
}

Record random_record(PlainRandom& random) {
    Record record = numbered_record(random.below(150), 1);
    record.version = static_cast<std::uint32_t>(1 + random.below(5));
    record.creator = random_value(random, AttributeType::string);
    record.modifier = random_value(random, AttributeType::string);
    const auto morning = static_cast<std::uint64_t>(*parse_date("2003-01-31T10:00Z"));
    record.created = {morning + random.below(3)};
    record.modified = {morning + random.below(3)};
    record.expires = {random.below(10)};
    record.is_deleted = random.below(10) == 0;
    std::vector<Attribute> attributes(random.below(5));
    for (Attribute& attribute : attributes) {
        attribute.name = random_name(random);
        attribute.type = static_cast<AttributeType>(random.below(3));
        attribute.value = random_value(random, attribute.type);
    }
    record.attributes = *attributes_document(attributes);
    return record;
}

Query random_clause(PlainRandom& random) {
    Query query;
    query.type = static_cast<AttributeType>(random.below(3));
    query.comparison = static_cast<Comparison>(random.below(6));
    query.attribute = random_name(random);
    if (random.below(3) == 0) {
        static const std::array<const char*, 4> kTexts{
            "peercreatorid", "peerlastmodifiedby", "peerrecordid", "peerrecordtype"};
        static const std::array<const char*, 2> kTimes{
            "peercreationtime", "peerlastmodificationtime"};
        query.type = random.below(2) == 0 ? AttributeType::string : AttributeType::date;
        query.attribute =
            query.type == AttributeType::date ? kTimes[random.below(2)] : kTexts[random.below(4)];
    }
    query.value = random_value(random, query.type);
    if (query.attribute == "peerrecordtype" || query.attribute == "peerrecordid") {
        const Record other = numbered_record(random.below(150));
        query.value = to_string(query.attribute == "peerrecordid" ? other.id : other.type);
        if (random.below(2) == 0) query.value.resize(random.below(36));
    }
    const bool is_ordering =
        query.comparison != Comparison::equal && query.comparison != Comparison::not_equal;
    if (query.type == AttributeType::string && !is_ordering) {
        static const std::array<const char*, 4> kMore{"*", "?", "\\*", ""};
        query.value += kMore[random.below(4)];
        if (random.below(3) == 0) query.value = kMore[random.below(2)] + query.value;
    }
    return query;
}

// NOLINTNEXTLINE(misc-no-recursion): three deep
Query random_query(PlainRandom& random, std::uint64_t depth) {
    if (random.below(depth + 1) == 0) return random_clause(random);
    Query query;
    query.kind = random.below(2) == 0 ? Query::Kind::all_of : Query::Kind::any_of;
    query.parts.resize(1 + random.below(3));
    for (Query& part : query.parts)
        part = random_query(random, depth - 1);
    return query;
}

TEST(SqliteStore, FindsWhatTheStoreInMemoryFinds) {
    SeededRandom random(11);
    const TemporaryFile file;
    SqliteSettings settings = settings_of(file);
    settings.durability = Durability::relaxed;
    const auto store = opened(settings);
    ASSERT_TRUE(store);
    MemoryStore memory(Rules::modern);
    std::size_t found = 0;
    for (int round = 0; round < 4000; ++round) {
        const Record record = random_record(random);
        if (random.below(8) == 0) {
            ASSERT_TRUE(store->erase(record.id) && memory.erase(record.id));
        } else {
            ASSERT_TRUE(store->put(record) && memory.put(record));
        }
        const Query query = random_query(random, 3);
        const PeerTime now{random.below(10)};
        const std::size_t limit = random.below(2) == 0 ? 1000 : random.below(5);
        const auto expected = memory.search(query, now, limit);
        ASSERT_TRUE(expected);
        ASSERT_EQ(store->search(query, now, limit), expected) << "round " << round;
        found += expected->size();

        const RecordType type = random.below(2) == 0 ? RecordType{} : record.type;
        const std::string creator = random.below(2) == 0 ? "" : record.creator;
        ASSERT_EQ(store->list(type, creator, now, limit), memory.list(type, creator, now, limit));
    }
    EXPECT_GT(found, 10'000U) << "the queries find something";
    ASSERT_TRUE(store->commit());
    EXPECT_TRUE(store->check());
}

} // namespace
} // namespace kith::store
