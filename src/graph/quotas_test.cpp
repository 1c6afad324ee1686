// Quotas of a graph: fixed when it is created, and the same records stay everywhere (modernization
// 4.8; docs/protocol/graph.md, Quotas).

#include "graph/graph.hpp"
#include "graph/limits.hpp"
#include "graph/quotas.hpp"
#include "graph/test_stranger.hpp"
#include "graph/test_world.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::graph {
namespace {

using namespace std::chrono_literals;

Peer& found_with(World& world, const Quotas& quotas) {
    Peer& peer = world.add(World::config("peer 0"));
    GraphInfo info;
    info.extras.push_back(write_quotas(quotas));
    EXPECT_TRUE(peer.graph.create(world.now(), info));
    world.listen(peer);
    return peer;
}

std::size_t notes_of(const World& world, Peer& peer, std::string_view creator = "") {
    return peer.graph.list(world.now(), kNotes, creator, 1000)->size();
}

/// Its records 1 to `count`, of a second each, the first one the oldest.
std::vector<store::Record> strangers_records(Peer& peer, Now now, std::uint64_t count) {
    std::vector<store::Record> out;
    for (std::uint64_t i = 1; i <= count; ++i) {
        store::Record record = strangers_record(peer.graph, now, i);
        record.created = record.created.plus(std::chrono::seconds(i) - 100s);
        record.modified = record.created;
        out.push_back(std::move(record));
    }
    return out;
}

/// A graph with quotas, and a neighbour that sends what it is told to.
struct SentTo {
    explicit SentTo(const Quotas& quotas) : peer(found_with(world, quotas)), liar(peer.graph) {
        liar.join(world.now());
    }

    void send(const std::vector<store::Record>& records) {
        for (const store::Record& record : records)
            liar.say(world.now(), flood_of(record));
    }

    World world;
    Peer& peer;
    Stranger liar;
};

TEST(GraphQuotas, TravelInTheProperties) {
    const Quotas quotas{1, 2, 3, 4, 5};
    EXPECT_EQ(read_quotas({write_quotas(quotas)}), quotas);
    EXPECT_EQ(read_quotas({}), Quotas{});
    Capability later = write_quotas(quotas);
    later.value.resize(40);
    EXPECT_EQ(read_quotas({later}), quotas);
    Capability cut = write_quotas(quotas);
    cut.value.pop_back();
    EXPECT_FALSE(read_quotas({cut}).any());
}

// What is read when a graph is opened does not grow with what it holds.
TEST(GraphQuotas, StoredRecordsAreJudgedByTheIndex) {
    store::IndexEntry entry;
    entry.type = kNotes;
    entry.bytes = 100;
    entry.modified = {0};
    entry.expires = store::PeerTime{0}.plus(store::PeerTime::Ticks(3600s));
    EXPECT_EQ(Quotas{}.allows(entry), true);
    Quotas quotas;
    quotas.bytes_each = 1;
    EXPECT_EQ(quotas.allows(entry), true);
    quotas.record_max = 202;
    EXPECT_EQ(quotas.allows(entry), true) << "even if all of it are attributes";
    quotas.record_max = 201;
    EXPECT_EQ(quotas.allows(entry), std::nullopt);
    quotas.lifetime_max = 3599;
    EXPECT_EQ(quotas.allows(entry), false);
    entry.type = kPresenceType;
    EXPECT_EQ(quotas.allows(entry), std::nullopt);
}

TEST(GraphQuotas, FounderKeepsToThem) {
    World world;
    Quotas quotas;
    quotas.records_each = 20;
    quotas.record_max = 100;
    quotas.lifetime_max = 3600;
    Peer& peer = found_with(world, quotas);
    const auto add = [&](std::size_t size, std::chrono::seconds lifetime) {
        return peer.graph.add(world.now(), note(std::string(size, 'x'), lifetime));
    };
    EXPECT_EQ(add(101, 1h).error(), GraphErrc::too_large);
    EXPECT_EQ(add(10, 2h).error(), GraphErrc::bad_expiration);
    std::size_t added = 0;
    while (added < 100 && add(10, 1h))
        ++added;
    EXPECT_EQ(added, 20U) << "presence and contact take nothing of it";
    EXPECT_EQ(add(10, 1h).error(), GraphErrc::too_many);
    world.run(10min);
    EXPECT_EQ(drops(peer, DropReason::over_quota), 0U);
}

TEST(GraphQuotas, BytesOfACreatorAreBounded) {
    World world;
    Quotas quotas;
    quotas.bytes_each = 10'000;
    Peer& peer = found_with(world, quotas);
    const auto id = peer.graph.add(world.now(), note(std::string(6000, 'x')));
    ASSERT_TRUE(id);
    EXPECT_EQ(
        peer.graph.add(world.now(), note(std::string(5000, 'x'))).error(), GraphErrc::too_many);
    RecordChange change;
    change.payload = Bytes(11'000);
    EXPECT_EQ(peer.graph.update(world.now(), *id, change).error(), GraphErrc::too_many);
    change.payload = Bytes(1000);
    EXPECT_TRUE(peer.graph.update(world.now(), *id, change));
    EXPECT_TRUE(peer.graph.add(world.now(), note(std::string(5000, 'x'))));
}

// Who has used up its quota is present all the same, and does not publish that again and again.
TEST(GraphQuotas, FullCreatorIsPresent) {
    World world;
    Quotas quotas;
    quotas.bytes_each = 40; // less than a presence record
    Peer& peer = found_with(world, quotas);
    ASSERT_TRUE(peer.graph.add(world.now(), note(std::string(40, 'x'))));
    world.run(10min);
    EXPECT_EQ(live(peer, kPresenceType).size(), 1U);
    EXPECT_EQ(live(peer, kContactType).size(), 1U);
    EXPECT_EQ(peer.graph.nodes().size(), 1U);
    EXPECT_LT(live(peer, kPresenceType)[0].version, 10U);
    EXPECT_EQ(peer.told<NodeChanged>().size(), 1U);
    EXPECT_EQ(notes_of(world, peer), 1U);
}

// Nor does it without bound: of one creator the first ones stay, in whatever order they come.
TEST(GraphQuotas, PresencesOfACreatorAreBounded) {
    Quotas quotas;
    quotas.records_each = 10;
    SentTo it(quotas);
    auto records = strangers_records(it.peer, it.world.now(), 99);
    for (std::uint64_t i = 0; store::Record & record : records) {
        record.id = make_record_id(record.creator, Guid::from_halves(++i, 0), store::Rules::modern);
        record.type = kPresenceType;
        record.payload = encode_presence({record.id.low(), "", {}});
    }
    std::ranges::reverse(records);
    it.send(records);
    EXPECT_EQ(it.peer.graph.nodes().size(), kOwnEachMax + 1) << "and the node itself";
    for (std::size_t i = 0; i < records.size(); ++i) {
        const bool stays = i >= records.size() - kOwnEachMax;
        EXPECT_EQ(it.peer.graph.get(it.world.now(), records[i].id).has_value(), stays) << i;
    }
    const store::Record own = strangers_record(it.peer.graph, it.world.now(), 1000);
    it.send({own});
    EXPECT_TRUE(it.peer.graph.get(it.world.now(), own.id));
}

// What one creator sends without end leaves the others' room alone.
TEST(GraphQuotas, OneCreatorFillsItsOwnPartOnly) {
    Quotas quotas;
    quotas.records_each = 10;
    SentTo it(quotas);
    const Now now = it.world.now();
    it.send(strangers_records(it.peer, now, 50));
    EXPECT_EQ(notes_of(it.world, it.peer, "stranger"), 10U);
    EXPECT_EQ(drops(it.peer, DropReason::over_quota), 40U);
    EXPECT_TRUE(it.peer.graph.add(now, note("mine")));
}

// The first in the order (modified, id) stay, in whatever order they come.
TEST(GraphQuotas, TheSameRecordsStayInAnyOrder) {
    Quotas quotas;
    quotas.records_each = 10;
    std::vector<ByteArray<32>> digests;
    for (const bool is_reversed : {false, true}) {
        SentTo it(quotas);
        auto records = strangers_records(it.peer, it.world.now(), 30);
        if (is_reversed) std::ranges::reverse(records);
        it.send(records);
        EXPECT_EQ(notes_of(it.world, it.peer), 10U);
        digests.push_back(it.peer.graph.database_digest());
    }
    EXPECT_EQ(digests[0], digests[1]);
}

TEST(GraphQuotas, GraphTakesNoMoreThanItsRecords) {
    Quotas quotas;
    quotas.records = 30;
    SentTo it(quotas);
    const Now now = it.world.now();
    it.send(strangers_records(it.peer, now, 50));
    EXPECT_LE(notes_of(it.world, it.peer), 30U);
    EXPECT_EQ(it.peer.graph.add(now, note("one more")).error(), GraphErrc::too_many);
}

TEST(GraphQuotas, JoinersLearnThem) {
    World world;
    Quotas quotas;
    quotas.records_each = 10;
    Peer& founder = found_with(world, quotas);
    Peer& joiner = world.join(founder);
    world.run(2s);
    EXPECT_EQ(joiner.graph.quotas(), quotas);
    for (int i = 0; i < 100 && joiner.graph.add(world.now(), note("x")); ++i) {
    }
    EXPECT_EQ(notes_of(world, joiner), 10U);
    world.run(2s);
    EXPECT_EQ(notes_of(world, founder), 10U);
}

// Whoever replaces the properties later does not move the bounds.
TEST(GraphQuotas, LaterPropertiesChangeNothing) {
    World world;
    Quotas quotas;
    quotas.records_each = 50;
    Peer& peer = found_with(world, quotas);
    const Now now = world.now();
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(peer.graph.add(now, note("x")));
    Stranger liar(peer.graph);
    liar.join(now);
    GraphInfo forged = *peer.graph.properties();
    forged.extras = {write_quotas({1, 1, 1, 1, 1})};
    store::Record record = *peer.store.get(kGraphInfoId).value();
    record.version += 1;
    record.modifier = record.creator;
    record.modified = record.modified.plus(1s);
    record.payload = encode_graph_info(forged);
    liar.say(now, flood_of(record));
    EXPECT_EQ(peer.graph.properties()->extras, forged.extras);
    EXPECT_EQ(peer.graph.quotas(), quotas);
    EXPECT_EQ(notes_of(world, peer), 20U);
    // Nor after a restart.
    world.run(1s);
    Graph again(World::config("peer 0"), peer.store, nullptr, peer.secure, peer.plain);
    ASSERT_TRUE(again.open(world.now()));
    EXPECT_EQ(again.quotas(), quotas);
    EXPECT_EQ(again.list(world.now(), kNotes, "", 100)->size(), 20U);
}

TEST(GraphQuotas, PublishedGraphsHaveNone) {
    World world;
    GraphConfig config = World::config("peer 0");
    config.rules = store::Rules::published;
    Peer& peer = world.add(config);
    GraphInfo info;
    info.extras.push_back(write_quotas({1, 1, 1, 1, 1}));
    EXPECT_EQ(peer.graph.create(world.now(), info).error(), GraphErrc::bad_argument);
}

} // namespace
} // namespace kith::graph
