// What every home of records must do.

#include "store/memory_store.hpp"
#include "store/record_store.hpp"
#include "store/sqlite_store.hpp"
#include "store/test_file.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kith::store {
namespace {

using MakeStore = std::function<std::unique_ptr<RecordStore>(const std::string& path)>;

struct Home {
    std::string name;
    MakeStore make;
};

class AnyStore : public testing::TestWithParam<Home> {
protected:
    TemporaryFile file_;
    std::unique_ptr<RecordStore> store_ = GetParam().make(file_.path());
};

RecordId numbered(std::uint64_t number) {
    return Guid::from_halves(~number, number);
}

Record simple(std::uint64_t number, std::uint64_t created = 100) {
    Record record;
    record.type = Guid::from_halves(7, number % 2);
    record.id = numbered(number);
    record.creator = number % 3 == 0 ? "alice" : "bob";
    record.created = {created};
    record.modified = {created};
    record.expires = {1000};
    record.payload = Bytes(number, std::byte{0xAB});
    return record;
}

TEST_P(AnyStore, GivesBackWhatWasPut) {
    Record record = simple(5);
    record.version = 0xFFFF'FFFF;
    record.refreshes = true;
    record.modifier = "m\xC3\xB6";
    record.security = Bytes(101, std::byte{3});
    record.created = {0};
    record.modified = {1};
    record.expires = PeerTime::max();
    record.attributes = "<attributes><attribute name='a' type='int'>1</attribute></attributes>";
    ASSERT_TRUE(store_->put(record));
    EXPECT_EQ(store_->get(record.id), record);
    ASSERT_TRUE(store_->commit());
    EXPECT_EQ(store_->get(record.id), record);
    EXPECT_EQ(store_->get(numbered(6)), std::nullopt);
}

TEST_P(AnyStore, ReplacesAndErases) {
    ASSERT_TRUE(store_->put(simple(5)));
    Record newer = simple(5);
    newer.version = 2;
    newer.is_deleted = true;
    newer.payload.clear();
    ASSERT_TRUE(store_->put(newer));
    EXPECT_EQ(store_->get(newer.id), newer);
    EXPECT_EQ(store_->index().size(), 1U);
    ASSERT_TRUE(store_->erase(newer.id));
    ASSERT_TRUE(store_->erase(numbered(99)));
    EXPECT_EQ(store_->get(newer.id), std::nullopt);
    EXPECT_EQ(store_->index().size(), 0U);
    ASSERT_TRUE(store_->commit());
}

TEST_P(AnyStore, GivesTheHeadWithASmallPayload) {
    Record record = simple(5);
    record.refreshes = true;
    record.modifier = "carol";
    record.attributes = "<attributes><attribute name='a' type='int'>1</attribute></attributes>";
    ASSERT_TRUE(store_->put(record));
    const auto whole = store_->head(record.id, 5);
    ASSERT_TRUE(whole && *whole);
    EXPECT_EQ((*whole)->record, record);
    EXPECT_TRUE((*whole)->has_payload());
    const auto head = store_->head(record.id, 4);
    ASSERT_TRUE(head && *head);
    EXPECT_FALSE((*head)->has_payload());
    EXPECT_EQ((*head)->payload_size, 5U);
    EXPECT_TRUE(std::exchange(record.payload, {}).size() == 5 && (*head)->record == record);
    const auto none = store_->head(numbered(6), 4);
    EXPECT_TRUE(none && !*none);
}

TEST_P(AnyStore, KnowsWhichVersionIsNewer) {
    Record record = simple(5);
    record.version = 7;
    record.modifier = "carol";
    record.security = Bytes(9, std::byte{1});
    ASSERT_TRUE(store_->put(record));
    const auto age = store_->age(record.id);
    ASSERT_TRUE(age && *age);
    EXPECT_TRUE(compare_age(record, **age, Rules::modern) == 0);
    record.security.back() = std::byte{2};
    EXPECT_TRUE(compare_age(record, **age, Rules::modern) > 0);
    const auto none = store_->age(numbered(6));
    EXPECT_TRUE(none && !*none);
}

TEST_P(AnyStore, KeepsTheIndexInStep) {
    const Record record = simple(5);
    ASSERT_TRUE(store_->put(record));
    const IndexEntry* entry = store_->index().find(record.id);
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->type, record.type);
    EXPECT_EQ(entry->version, record.version);
    EXPECT_EQ(entry->digest, content_digest(record));
    EXPECT_EQ(entry->bytes, 5U);
    EXPECT_EQ(entry->expires, record.expires);
}

TEST_P(AnyStore, ListsLiveRecordsByTypeAndCreatorInTheOrderOfCreation) {
    Record deleted = simple(9, 1);
    deleted.is_deleted = true;
    Record expired = simple(12, 2);
    expired.expires = {499};
    for (const Record& record :
         {simple(3, 400), simple(1, 300), simple(6, 200), simple(0, 200), deleted, expired}) {
        ASSERT_TRUE(store_->put(record));
    }
    using Ids = std::vector<RecordId>;
    const PeerTime now{500};
    EXPECT_EQ(
        store_->list({}, "", now, 10), (Ids{numbered(6), numbered(0), numbered(1), numbered(3)}));
    EXPECT_EQ(store_->list({}, "", now, 2), (Ids{numbered(6), numbered(0)}));
    EXPECT_EQ(store_->list({}, "", now, 0), Ids{});
    EXPECT_EQ(store_->list({}, "alice", now, 10), (Ids{numbered(6), numbered(0), numbered(3)}));
    EXPECT_EQ(store_->list(Guid::from_halves(7, 1), "", now, 10), (Ids{numbered(1), numbered(3)}));
    EXPECT_EQ(store_->list(Guid::from_halves(7, 1), "alice", now, 10), Ids{numbered(3)});
    EXPECT_EQ(store_->list({}, "nobody", now, 10), Ids{});
    EXPECT_EQ(store_->list({}, "", {499}, 1), Ids{numbered(12)}) << "expires at its last instant";
}

TEST_P(AnyStore, SearchesLiveRecords) {
    for (std::uint64_t i = 0; i < 20; ++i) {
        Record record = simple(i, 100 - i);
        record.attributes = "<attributes><attribute name='n' type='int'>" + std::to_string(i) +
                            "</attribute></attributes>";
        record.is_deleted = i == 7;
        if (i == 8) record.expires = {1};
        if (i == 9) record.attributes = "not a document";
        ASSERT_TRUE(store_->put(record));
    }
    const auto query = parse_query(
        "<peersearch><and><clause attrib='n' type='int' compare='greater'>3</clause>"
        "<clause attrib='n' type='int' compare='lessorequal'>10</clause></and></peersearch>");
    ASSERT_TRUE(query);
    using Ids = std::vector<RecordId>;
    EXPECT_EQ(
        store_->search(*query, {500}, 10),
        (Ids{numbered(10), numbered(6), numbered(5), numbered(4)}));
    EXPECT_EQ(store_->search(*query, {500}, 2), (Ids{numbered(10), numbered(6)}));
}

TEST_P(AnyStore, KeepsProperties) {
    EXPECT_EQ(store_->property("left"), std::nullopt);
    const Bytes value(4096, std::byte{1});
    ASSERT_TRUE(store_->set_property("left", value));
    ASSERT_TRUE(store_->set_property("empty", {}));
    ASSERT_TRUE(store_->commit());
    EXPECT_EQ(store_->property("left"), value);
    EXPECT_EQ(store_->property("empty"), Bytes{});
    ASSERT_TRUE(store_->set_property("left", as_bytes("x")));
    EXPECT_EQ(store_->property("left"), to_owned(as_bytes("x")));
}

std::unique_ptr<RecordStore> in_memory(const std::string& /*path*/) {
    return std::make_unique<MemoryStore>(Rules::modern);
}

std::unique_ptr<RecordStore> in_file(const std::string& path) {
    SqliteSettings settings;
    settings.path = path;
    auto store = SqliteStore::open(settings);
    return store ? std::move(*store) : nullptr;
}

INSTANTIATE_TEST_SUITE_P(
    Homes,
    AnyStore,
    testing::Values(Home{"Memory", in_memory}, Home{"Sqlite", in_file}),
    [](const auto& home) { return home.param.name; });

} // namespace
} // namespace kith::store
