// What becomes of a graph whose store fails, and what is read from it.

#include "graph/database.hpp"
#include "graph/graph.hpp"
#include "graph/limits.hpp"
#include "graph/quotas.hpp"
#include "graph/security.hpp"
#include "graph/test_stranger.hpp"
#include "graph/test_world.hpp"

#include <chrono>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace kith::graph {
namespace {

using namespace std::chrono_literals;
using store::PeerTime;
using store::Record;
using store::RecordId;

/// A store whose next commit or change fails, and is undone.
class FailingStore final : public store::RecordStore {
public:
    explicit FailingStore(store::Rules rules) : inner_(rules) {}

    bool fails = false;     // the next commit
    bool fails_put = false; // the next change of a record
    bool fails_get = false;
    std::size_t reads = 0; // of whole records

    store::Rules rules() const override { return inner_.rules(); }
    const store::RecordIndex& index() const override { return inner_.index(); }
    store::StoreResult<std::optional<Record>> get(const RecordId& id) override {
        ++reads;
        if (fails_get) return std::unexpected(store::StoreErrc::io);
        return inner_.get(id);
    }
    store::StoreResult<std::optional<store::RecordHead>>
    head(const RecordId& id, std::size_t payload_max) override {
        return inner_.head(id, payload_max);
    }
    store::StoreResult<std::optional<store::RecordAge>> age(const RecordId& id) override {
        return inner_.age(id);
    }
    store::StoreResult<void> put(const Record& record) override {
        if (!begin(record.id)) return std::unexpected(store::StoreErrc::full);
        return inner_.put(record);
    }
    store::StoreResult<void> erase(const RecordId& id) override {
        if (!begin(id)) return std::unexpected(store::StoreErrc::full);
        return inner_.erase(id);
    }
    store::StoreResult<void> commit() override {
        if (std::exchange(fails, false)) undo();
        records_.clear();
        properties_.clear();
        if (std::exchange(is_undone_, false)) return std::unexpected(store::StoreErrc::full);
        return {};
    }
    store::StoreResult<std::vector<RecordId>>
    search(const store::Query& query, PeerTime now, std::size_t limit) override {
        return inner_.search(query, now, limit);
    }
    store::StoreResult<std::vector<RecordId>>
    list(const store::RecordType& type, std::string_view creator, PeerTime now, std::size_t limit)
        override {
        return inner_.list(type, creator, now, limit);
    }
    store::StoreResult<std::optional<Bytes>> property(std::string_view key) override {
        const auto at = undone_.find(std::string(key));
        if (at != undone_.end()) return std::nullopt;
        return inner_.property(key);
    }
    store::StoreResult<void> set_property(std::string_view key, ByteView value) override {
        if (is_undone_) return std::unexpected(store::StoreErrc::full);
        properties_.emplace(key, *property(key));
        undone_.erase(std::string(key));
        return inner_.set_property(key, value);
    }

private:
    bool begin(const RecordId& id) {
        if (std::exchange(fails_put, false)) undo();
        if (is_undone_) return false;
        records_.emplace(id, *inner_.get(id));
        return true;
    }

    void undo() {
        for (const auto& [id, record] : records_)
            (void)(record ? inner_.put(*record) : inner_.erase(id));
        for (const auto& [key, value] : properties_) {
            if (value)
                (void)inner_.set_property(key, *value);
            else
                undone_.insert(key);
        }
        is_undone_ = true;
    }

    store::MemoryStore inner_;
    std::map<RecordId, std::optional<Record>> records_;      // before the batch
    std::map<std::string, std::optional<Bytes>> properties_; // before the batch
    std::set<std::string> undone_;                           // properties that were new in it
    bool is_undone_ = false;
};

/// Reads every record when it is loaded, and finds nothing to say.
class Content final : public SecurityProvider {
public:
    std::unique_ptr<SecuritySession> start(Now, bool, const AuthInfo&) override { return nullptr; }
    std::optional<Bytes> secure(const Record&) override { return Bytes{}; }
    Verdict validate(const Record&) override { return Verdict::valid; }
};

/// A graph over such a store.
struct Shaky {
    explicit Shaky(World& world_in) : world(world_in) {}

    /// `span` passes; nothing if the commit went well.
    GraphResult<void> pass(Duration span) {
        elapsed += span;
        graph.handle_timeout(now());
        return graph.commit(now());
    }
    Now now() const {
        Now out = world.now();
        out.instant += elapsed;
        out.wall += std::chrono::duration_cast<WallTime::duration>(elapsed);
        return out;
    }

    World& world;
    Duration elapsed{};
    SeededSecureRandom secure{5};
    SeededRandom plain{6};
    FailingStore store{store::Rules::modern};
    Graph graph{World::config("peer 0"), store, nullptr, secure, plain};
};

// Issue 4, the store: a full disk reaches the caller, nobody is told of what did not last, and the
// graph goes on.
TEST(GraphStoreFailure, FullDiskIsTold) {
    World world;
    SeededSecureRandom secure(5);
    SeededRandom plain(6);
    FailingStore store(store::Rules::modern);
    Graph graph(World::config("peer 0"), store, nullptr, secure, plain);
    ASSERT_TRUE(graph.create(world.now(), {}));
    graph.commit(world.now());
    while (graph.poll_event()) {
    }
    Stranger other(graph);
    other.join(world.now());
    store.fails = true;
    const auto lost = graph.add(world.now(), note("lost"));
    ASSERT_TRUE(lost) << "not known before the commit";
    other.listen(world.now());
    ASSERT_FALSE(other.events.empty());
    const auto* failed = std::get_if<StoreFailed>(&other.events.front());
    for (const Event& event : other.events) {
        EXPECT_FALSE(std::holds_alternative<RecordChanged>(event));
        if (const auto* it = std::get_if<StoreFailed>(&event)) failed = it;
    }
    ASSERT_NE(failed, nullptr);
    EXPECT_EQ(failed->why, store::StoreErrc::full);
    EXPECT_EQ(other.count<Flood>(), 0U);
    EXPECT_TRUE(other.is_closed) << "met again, the synchronisation settles it";
    EXPECT_FALSE(graph.get(world.now(), *lost));
    const auto kept = graph.add(world.now(), note("kept"));
    graph.commit(world.now());
    EXPECT_TRUE(graph.get(world.now(), *kept));
}

// A few bytes that name a large record are not answered by reading it.
TEST(GraphStoreReads, KnownVersionIsJudgedWithoutItsPayload) {
    World world;
    SeededSecureRandom secure(5);
    SeededRandom plain(6);
    FailingStore store(store::Rules::modern);
    Graph graph(World::config("peer 0"), store, nullptr, secure, plain);
    ASSERT_TRUE(graph.create(world.now(), {}));
    Stranger other(graph);
    other.join(world.now(), {.lazy_push = true}); // it gets abstracts of large records
    Record record = strangers_record(graph, world.now(), 1);
    record.payload.resize(100'000);
    other.say(world.now(), flood_of(record));
    ASSERT_TRUE(graph.get(world.now(), record.id));
    const std::size_t before = store.reads;
    Record older = record;
    older.payload.clear();
    older.created = older.modified = {record.created.ticks - 1};
    for (int i = 0; i < 100; ++i)
        other.say(world.now(), flood_of(older));
    other.say(world.now(), flood_of(record));
    EXPECT_EQ(store.reads, before);
    EXPECT_EQ(graph.get(world.now(), record.id), record);
    // The content decides last: the one with the greater digest stays.
    Record tie = record;
    tie.payload.assign(5, std::byte{1});
    other.say(world.now(), flood_of(tie));
    const bool is_newer = store::compare_age(tie, record, store::Rules::modern) > 0;
    EXPECT_EQ(graph.get(world.now(), record.id), is_newer ? tie : record);
}

TEST(GraphStoreFailure, GraphThatWasNotCommittedIsNotFounded) {
    World world;
    Shaky shaky(world);
    shaky.store.fails = true;
    ASSERT_TRUE(shaky.graph.create(shaky.now(), {}));
    EXPECT_EQ(shaky.graph.commit(shaky.now()).error(), GraphErrc::store_full);
    EXPECT_FALSE(shaky.graph.status().is_synchronized);
    EXPECT_FALSE(shaky.graph.properties());
    EXPECT_EQ(shaky.graph.add(shaky.now(), note("x")).error(), GraphErrc::not_ready);
}

// What failed at a change fails for the whole turn: nothing of it is kept, nobody is told it was.
TEST(GraphStoreFailure, ChangeThatFailedFailsTheTurn) {
    World world;
    Shaky shaky(world);
    ASSERT_TRUE(shaky.graph.create(shaky.now(), {}));
    ASSERT_TRUE(shaky.graph.commit(shaky.now()));
    const std::size_t before = shaky.store.index().size();
    EXPECT_TRUE(shaky.graph.add(shaky.now(), note("before")));
    shaky.store.fails_put = true;
    EXPECT_EQ(shaky.graph.add(shaky.now(), note("it")).error(), GraphErrc::store_full);
    EXPECT_FALSE(shaky.graph.add(shaky.now(), note("after")));
    EXPECT_FALSE(shaky.graph.commit(shaky.now()));
    EXPECT_EQ(shaky.store.index().size(), before);
    EXPECT_TRUE(shaky.graph.add(shaky.now(), note("later")));
    EXPECT_TRUE(shaky.graph.commit(shaky.now()));
}

TEST(GraphStoreFailure, RenewalThatFailedIsTriedAgain) {
    World world;
    Shaky shaky(world);
    ASSERT_TRUE(shaky.graph.create(shaky.now(), {}));
    NewRecord wish = note("x", 240s);
    wish.refreshes = true;
    const auto id = shaky.graph.add(shaky.now(), wish);
    ASSERT_TRUE(id && shaky.graph.commit(shaky.now()));
    shaky.store.fails = true;
    EXPECT_FALSE(shaky.pass(221s));
    EXPECT_EQ(shaky.store.index().find(*id)->version, 1U);
    EXPECT_TRUE(shaky.pass(5s));
    EXPECT_EQ(shaky.store.index().find(*id)->version, 2U);
}

TEST(GraphStoreFailure, PresenceThatFailedIsPublishedAgain) {
    World world;
    Shaky shaky(world);
    ASSERT_TRUE(shaky.graph.create(shaky.now(), {}));
    ASSERT_TRUE(shaky.graph.commit(shaky.now()));
    shaky.store.fails = true;
    const Endpoint at = World::address(0);
    shaky.graph.set_addresses(shaky.now(), std::span(&at, 1));
    EXPECT_FALSE(shaky.graph.commit(shaky.now()));
    EXPECT_TRUE(shaky.graph.nodes().empty());
    EXPECT_TRUE(shaky.pass(31s));
    EXPECT_EQ(shaky.graph.nodes().size(), 1U);
    bool is_stored = false;
    shaky.store.index().visit(
        store::SyncKey::lowest(), store::SyncKey::highest(), [&](const store::IndexEntry& entry) {
            is_stored |= entry.type == kPresenceType && !entry.is_deleted;
            return true;
        });
    EXPECT_TRUE(is_stored);
    // It is the one that renewals are about: there is no second one.
    EXPECT_TRUE(shaky.pass(31s));
    EXPECT_EQ(shaky.graph.nodes().size(), 1U);
}

TEST(GraphStoreFailure, QuotaOfWhatWasUndoneIsFree) {
    World world;
    Shaky shaky(world);
    Quotas quotas;
    quotas.records_each = 8;
    GraphInfo info;
    info.extras.push_back(write_quotas(quotas));
    ASSERT_TRUE(shaky.graph.create(shaky.now(), info));
    ASSERT_TRUE(shaky.graph.commit(shaky.now()));
    std::size_t kept = 0;
    shaky.store.fails = true;
    while (kept < 100 && shaky.graph.add(shaky.now(), note("x")))
        ++kept;
    EXPECT_GT(kept, 0U);
    EXPECT_FALSE(shaky.graph.commit(shaky.now()));
    EXPECT_EQ(shaky.graph.quotas(), quotas);
    for (std::size_t i = 0; i < kept; ++i)
        EXPECT_TRUE(shaky.graph.add(shaky.now(), note("x"))) << i;
    EXPECT_EQ(shaky.graph.add(shaky.now(), note("x")).error(), GraphErrc::too_many);
}

TEST(GraphStoreReads, OpeningAGraphWithQuotasReadsNoRecord) {
    World world;
    Shaky shaky(world);
    Quotas quotas;
    quotas.records_each = 200;
    quotas.record_max = 1000;
    GraphInfo info;
    info.extras.push_back(write_quotas(quotas));
    ASSERT_TRUE(shaky.graph.create(shaky.now(), info));
    for (int i = 0; i < 100; ++i)
        ASSERT_TRUE(shaky.graph.add(shaky.now(), note("x")));
    ASSERT_TRUE(shaky.graph.commit(shaky.now()));
    const std::size_t before = shaky.store.reads;
    Graph again(World::config("peer 0"), shaky.store, nullptr, shaky.secure, shaky.plain);
    ASSERT_TRUE(again.open(shaky.now()));
    EXPECT_LE(shaky.store.reads, before + 1) << "its properties";
    EXPECT_EQ(again.quotas(), quotas);
    EXPECT_EQ(again.list(shaky.now(), kNotes, "", 1000)->size(), 100U);
}

// What expires at once goes in slices, of so many records and so many bytes, and links have their
// turns in between.
TEST(GraphStoreReads, WhatExpiresAtOnceGoesInSlices) {
    World world;
    Shaky shaky(world);
    ASSERT_TRUE(shaky.graph.create(shaky.now(), {}));
    constexpr std::size_t kLarge = 20;
    constexpr std::size_t kSmall = 2 * kSlice;
    for (std::size_t i = 0; i < kLarge; ++i)
        ASSERT_TRUE(shaky.graph.add(shaky.now(), note(std::string(1 << 20U, 'x'), 60s)));
    for (std::size_t i = 0; i < kSmall; ++i)
        ASSERT_TRUE(shaky.graph.add(shaky.now(), note("x", 61s)));
    ASSERT_TRUE(shaky.graph.commit(shaky.now()));
    const auto notes = [&] {
        std::size_t count = 0;
        shaky.store.index().visit(
            store::SyncKey::lowest(), store::SyncKey::highest(), [&](const auto& entry) {
                count += entry.type == kNotes ? 1U : 0U;
                return true;
            });
        return count;
    };
    std::size_t left = notes();
    EXPECT_EQ(left, kLarge + kSmall);
    int turns = 0;
    for (Duration wait = 62s; turns < 20 && left > 0; ++turns) {
        ASSERT_TRUE(shaky.pass(std::exchange(wait, Duration{})));
        const std::size_t gone = left - notes();
        EXPECT_GT(gone, 0U);
        EXPECT_LE(gone, turns == 0 ? 8U : kSlice);
        left -= gone;
        const auto next = shaky.graph.next_timeout();
        EXPECT_TRUE(left == 0 || (next && *next <= shaky.now().instant)) << "the rest follows";
    }
    EXPECT_EQ(left, 0U);
    EXPECT_GE(turns, 4);
}

// A record that cannot be read is not taken for one that does not count.
TEST(GraphStoreFailure, KeepsWhatCannotBeReadWhenItOpens) {
    World world;
    FailingStore store(store::Rules::modern);
    Content provider;
    SeededSecureRandom secure(1);
    SeededRandom plain(2);
    const auto graph = [&] {
        return std::make_unique<Graph>(World::config("peer 0"), store, &provider, secure, plain);
    };
    auto first = graph();
    ASSERT_TRUE(first->create(world.now(), {}));
    const auto id = first->add(world.now(), note("text"));
    first->close(world.now());
    ASSERT_TRUE(first->commit(world.now()));
    store.fails_get = true;
    EXPECT_EQ(graph()->open(world.now()).error(), GraphErrc::store_failed);
    store.fails_get = false;
    auto again = graph();
    ASSERT_TRUE(again->open(world.now()));
    EXPECT_TRUE(again->get(world.now(), *id));
}

} // namespace
} // namespace kith::graph
