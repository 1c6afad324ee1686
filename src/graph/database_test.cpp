#include "graph/database.hpp"
#include "graph/graph.hpp"
#include "graph/limits.hpp"
#include "graph/quotas.hpp"
#include "graph/test_stranger.hpp"
#include "graph/test_world.hpp"

#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

namespace kith::graph {
namespace {

using namespace std::chrono_literals;
using store::PeerTime;
using store::Record;
using store::RecordId;

Record stored(Peer& peer, const RecordId& id) {
    const auto record = peer.store.get(id);
    return record && *record ? **record : Record{};
}

/// A node that plays no part but to be stored for.
Peer& loner(World& world, store::Rules rules = store::Rules::modern) {
    GraphConfig config = World::config("peer 0");
    config.rules = rules;
    Peer& peer = world.add(config);
    EXPECT_TRUE(peer.graph.create(world.now(), {}));
    return peer;
}

// GRAPH-102, GRAPH-103, GRAPH-105, GRAPH-226 (GA-15): a founder has an id, peer time is UTC, and
// there is one
// graph info record, by the founder, under its fixed id.
TEST(GraphDatabase, CreationPublishesTheGraphInfo) {
    World world;
    Peer& peer = loner(world);
    EXPECT_NE(peer.graph.node_id(), 0U);
    EXPECT_EQ(
        peer.graph.peer_time(world.now().wall).ticks,
        static_cast<std::uint64_t>(world.now().wall.time_since_epoch().count()));
    const auto infos = live(peer, kGraphInfoType);
    ASSERT_EQ(infos.size(), 1U);
    const Record& info = infos.front();
    EXPECT_EQ(info.id, kGraphInfoId);
    EXPECT_EQ(info.creator, "peer 0");
    EXPECT_TRUE(info.refreshes);
    const auto properties = decode_graph_info(info.payload);
    ASSERT_TRUE(properties);
    EXPECT_EQ(properties->graph_id, "a graph");
    EXPECT_EQ(properties->creator, "peer 0");
    EXPECT_EQ(properties->friendly_name, "") << "not given: absent";
    EXPECT_EQ(properties->comment, "");
    EXPECT_EQ(properties->record_max, 0U);

    Peer& other = world.add(World::config("peer 1"));
    GraphInfo bad;
    bad.friendly_name = std::string(256, 'x');
    EXPECT_EQ(other.graph.create(world.now(), bad).error(), GraphErrc::bad_argument);
    bad = {};
    bad.comment = std::string(512, 'x');
    EXPECT_EQ(other.graph.create(world.now(), bad).error(), GraphErrc::bad_argument);
    bad = {};
    bad.record_max = 1023;
    EXPECT_EQ(other.graph.create(world.now(), bad).error(), GraphErrc::bad_argument);
    for (const std::uint32_t lifetime : {0U, 299U, 367U * 24 * 3600, 0xFFFF'FFFFU}) {
        bad = {};
        bad.presence_lifetime = lifetime;
        EXPECT_EQ(other.graph.create(world.now(), bad).error(), GraphErrc::bad_argument)
            << lifetime;
    }
}

// What a node publishes of itself is what the others take.
TEST(GraphDatabase, OwnRecordsOfTheGraphKeepToItsSize) {
    World world;
    GraphInfo info;
    info.record_max = 1024;
    info.comment = std::string(500, 'x');
    Peer& other = world.add(World::config("peer 0"));
    EXPECT_EQ(other.graph.create(world.now(), info).error(), GraphErrc::too_large);
    info.comment = "short";
    Peer& peer = world.add(World::config("peer 1"));
    ASSERT_TRUE(peer.graph.create(world.now(), info));
    world.listen(peer);
    const std::uint32_t version = stored(peer, kGraphInfoId).version;
    info.comment = std::string(500, 'x');
    EXPECT_EQ(peer.graph.set_properties(world.now(), info).error(), GraphErrc::too_large);
    info.comment = "short";
    info.presence_lifetime = 299;
    EXPECT_EQ(peer.graph.set_properties(world.now(), info).error(), GraphErrc::bad_argument);
    EXPECT_EQ(stored(peer, kGraphInfoId).version, version);

    const std::string wide = "<attributes>" + std::string(700, ' ') + "</attributes>";
    EXPECT_EQ(peer.graph.set_presence(world.now(), wide, false).error(), GraphErrc::too_large);
    EXPECT_TRUE(peer.graph.set_presence(world.now(), "<attributes/>", false));
    for (const Record& record : live(peer, kPresenceType))
        EXPECT_LT(counted_size(record), 1024U);
}

// Properties that others replaced may say anything: presence lives no longer than a record may.
TEST(GraphDatabase, PresenceLivesAsLongAsARecordMay) {
    World world;
    Peer& peer = loner(world);
    Record record = stored(peer, kGraphInfoId);
    GraphInfo info = *peer.graph.properties();
    info.presence_lifetime = 0xFFFF'FFFF;
    record.version += 1;
    record.modifier = record.creator;
    record.modified = record.modified.plus(1s);
    record.payload = encode_graph_info(info);
    Stranger other(peer.graph);
    other.join(world.now());
    other.say(world.now(), flood_of(record));
    world.listen(peer);
    const auto presences = live(peer, kPresenceType);
    ASSERT_EQ(presences.size(), 1U);
    EXPECT_EQ(
        presences[0].expires.since(presences[0].modified),
        PeerTime::Ticks(std::chrono::hours(366 * 24)));
}

// GRAPH-226 (GA-15): of the published rules it lives 300 s, and its creator renews it.
TEST(GraphDatabase, PublishedGraphInfoIsRenewed) {
    World world;
    Peer& peer = loner(world, store::Rules::published);
    const Record first = stored(peer, kGraphInfoId);
    EXPECT_EQ(first.expires.since(first.modified), PeerTime::Ticks(300s));
    world.run(2000s);
    EXPECT_GT(stored(peer, kGraphInfoId).expires, peer.graph.peer_time(world.now().wall));
}

// GRAPH-071, GRAPH-105: whoever else publishes properties is not believed, nor is who deletes them.
TEST(GraphDatabase, PropertiesOfAnotherCreatorAreRefused) {
    World world;
    Peer& founder = world.found();
    Peer& joiner = world.join(founder);
    world.run(2s);
    const Record good = stored(joiner, kGraphInfoId);
    const auto changed = [&](const std::string& creator, const std::string& modifier) {
        Record record = good;
        GraphInfo info = *founder.graph.properties();
        info.creator = creator;
        info.friendly_name = "taken over";
        record.creator = creator;
        record.version += 1;
        record.modified = record.modified.plus(1s);
        record.modifier = modifier;
        record.payload = encode_graph_info(info);
        return record;
    };
    Record claimed = changed("peer 0", "");
    claimed.creator = "stranger";
    Record deleted = changed("peer 0", "peer 0");
    deleted.is_deleted = true;
    deleted.payload.clear();
    Record nonsense = changed("peer 0", "peer 0");
    nonsense.payload = to_owned(as_bytes("nonsense"));
    Record elsewhere = changed("peer 0", "peer 0");
    GraphInfo other_graph = *founder.graph.properties();
    other_graph.graph_id = "another";
    elsewhere.payload = encode_graph_info(other_graph);
    Stranger liar(joiner.graph);
    liar.join(world.now());
    for (const Record& record :
         {changed("stranger", ""),
          changed("stranger", "stranger"),
          changed("peer 0", "stranger"),
          claimed,
          deleted,
          nonsense,
          elsewhere}) {
        liar.say(world.now(), flood_of(record));
        EXPECT_EQ(stored(joiner, kGraphInfoId), good);
    }
    EXPECT_EQ(drops(joiner, DropReason::foreign_properties), 7U);
    liar.say(world.now(), flood_of(changed("peer 0", "peer 0")));
    EXPECT_EQ(joiner.graph.properties()->friendly_name, "taken over") << "who has its name";
}

// GRAPH-071: the ids never change; GRAPH-226: what changes is published by the creator only.
TEST(GraphDatabase, PropertiesAreTheCreatorsToChange) {
    World world;
    Peer& founder = world.found();
    Peer& joiner = world.join(founder);
    world.run(2s);
    GraphInfo wish;
    wish.graph_id = "another";
    wish.creator = "another";
    wish.friendly_name = "renamed";
    wish.comment = "why not";
    wish.presence_lifetime = 600;
    EXPECT_EQ(joiner.graph.set_properties(world.now(), wish).error(), GraphErrc::not_allowed);
    ASSERT_TRUE(founder.graph.set_properties(world.now(), wish));
    world.run(1s);
    const auto seen = joiner.graph.properties(); // GRAPH-232
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->friendly_name, "renamed");
    EXPECT_EQ(seen->presence_lifetime, 600U);
    EXPECT_EQ(seen->graph_id, "a graph");
    EXPECT_EQ(seen->creator, "peer 0");
    EXPECT_FALSE(joiner.told<PropertiesChanged>().empty());
}

// GRAPH-232: the maximum record size binds every node.
TEST(GraphDatabase, MaximumRecordSizeIsTheGraphs) {
    World world;
    Peer& founder = world.add(World::config("peer 0"));
    GraphInfo info;
    info.record_max = 2048;
    ASSERT_TRUE(founder.graph.create(world.now(), info));
    world.listen(founder);
    Peer& joiner = world.join(founder);
    world.run(2s);
    // GRAPH-116, GRAPH-119 (GA-39): less than the maximum.
    EXPECT_EQ(
        joiner.graph.add(world.now(), note(std::string(2048, 'x'))).error(), GraphErrc::too_large);
    const auto id = joiner.graph.add(world.now(), note(std::string(2000, 'x')));
    ASSERT_TRUE(id);
    EXPECT_EQ(
        joiner.graph.update(world.now(), *id, payload_of(std::string(3000, 'x'))).error(),
        GraphErrc::too_large);
    Stranger liar(founder.graph);
    liar.join(world.now());
    Record record = strangers_record(founder.graph, world.now(), 1);
    record.payload.resize(4000);
    liar.say(world.now(), flood_of(record));
    EXPECT_FALSE(founder.graph.get(world.now(), record.id));
}

// GRAPH-027, GRAPH-114, GRAPH-118: what was not given is filled in, what was not changed stays.
TEST(GraphDatabase, UpdateKeepsWhatItDoesNotName) {
    World world;
    Peer& peer = loner(world);
    NewRecord wish = note("text");
    wish.attributes = "<attributes><attribute name='a' type='int'>1</attribute></attributes>";
    const auto id = peer.graph.add(world.now(), wish);
    ASSERT_TRUE(id);
    const Record first = stored(peer, *id);
    EXPECT_EQ(first.version, 1U);
    EXPECT_EQ(first.creator, "peer 0");
    world.run(5s);
    ASSERT_TRUE(peer.graph.update(world.now(), *id, payload_of("other")));
    const Record second = stored(peer, *id);
    EXPECT_EQ(second.version, 2U);
    EXPECT_EQ(second.modifier, "peer 0");
    EXPECT_EQ(second.attributes, first.attributes);
    EXPECT_EQ(second.expires, first.expires);
    EXPECT_EQ(second.created, first.created);
    EXPECT_EQ(second.type, first.type);
    EXPECT_GT(second.modified, first.modified);
    ASSERT_TRUE(peer.graph.update(world.now(), *id, payload_of("third")));
    EXPECT_EQ(stored(peer, *id).version, 3U);
}

// GRAPH-119, GRAPH-120, GRAPH-227: nothing else can be changed, and a failed change changes
// nothing.
TEST(GraphDatabase, ImpossibleChangesChangeNothing) {
    World world;
    Peer& peer = loner(world);
    const Now now = world.now();
    EXPECT_EQ(
        peer.graph.update(now, *parse_guid("00000000-0000-0000-0000-000000000009"), payload_of("x"))
            .error(),
        GraphErrc::not_found);
    EXPECT_EQ(peer.graph.update(now, kGraphInfoId, payload_of("x")).error(), GraphErrc::bad_type);
    EXPECT_EQ(peer.graph.remove(now, kGraphInfoId).error(), GraphErrc::bad_type);
    const auto id = peer.graph.add(now, note("x"));
    const Record before = stored(peer, *id);
    RecordChange change;
    change.attributes =
        "<attributes><attribute name='no spaces' type='int'>1</attribute></attributes>";
    EXPECT_EQ(peer.graph.update(now, *id, change).error(), GraphErrc::bad_attributes);
    change = {};
    change.lifetime = 1s;
    EXPECT_EQ(peer.graph.update(now, *id, change).error(), GraphErrc::bad_expiration);
    EXPECT_EQ(stored(peer, *id), before);
    ASSERT_TRUE(peer.graph.remove(now, *id));
    EXPECT_EQ(peer.graph.update(now, *id, payload_of("x")).error(), GraphErrc::not_found);
}

// GRAPH-080 to GRAPH-082: names, reserved names and values of attributes.
TEST(GraphDatabase, AttributesFollowTheSchema) {
    World world;
    Peer& peer = loner(world);
    const auto outcome = [&](std::string_view name, std::string_view type, std::string_view value) {
        NewRecord wish = note("x");
        wish.attributes = "<attributes><attribute name='" + std::string(name) + "' type='" +
                          std::string(type) + "'>" + std::string(value) +
                          "</attribute></attributes>";
        return peer.graph.add(world.now(), wish).has_value();
    };
    EXPECT_TRUE(outcome("Name7", "string", "anything at all"));
    EXPECT_TRUE(outcome(std::string(40, 'a'), "int", "0123"));
    EXPECT_TRUE(outcome("born", "date", "1972-04-04"));
    EXPECT_FALSE(outcome(std::string(41, 'a'), "int", "1"));
    EXPECT_FALSE(outcome("", "int", "1"));
    EXPECT_FALSE(outcome("with-dash", "int", "1"));
    EXPECT_FALSE(outcome("n", "int", "-1"));
    EXPECT_FALSE(outcome("n", "int", "1x"));
    EXPECT_FALSE(outcome("n", "date", "yesterday"));
    for (const char* name :
         {"peerlastmodifiedby",
          "peercreatorid",
          "peerlastmodificationtime",
          "peerrecordid",
          "peerrecordtype",
          "peercreationtime"}) {
        EXPECT_FALSE(outcome(name, "string", "x")) << name;
    }
}

// GRAPH-115: reserved types are not the application's. Autorefresh is (spec: api C5), from four
// minutes of life on.
TEST(GraphDatabase, ReservedTypesAreRefused) {
    World world;
    Peer& peer = loner(world);
    for (const char* type :
         {"00000100-0000-0000-0000-000000000000",
          "00000200-0000-0000-0000-000000000000",
          "00000300-0000-0000-0000-000000000000",
          "00000400-0000-0000-0000-000000000000",
          "01000000-0000-0000-0000-000000000000",
          "02000000-0000-0000-0000-000000000000"}) {
        NewRecord wish = note("x");
        wish.type = *parse_guid(type);
        EXPECT_EQ(peer.graph.add(world.now(), wish).error(), GraphErrc::bad_type) << type;
    }
}

// GRAPH-004, GRAPH-211, GRAPH-219, GRAPH-230: the scan runs when the next record expires, at least
// 15 s ahead; a record that expires sooner pulls it in.
TEST(GraphDatabase, ExpiryIsScannedInTime) {
    World world;
    Peer& peer = loner(world);
    const auto long_one = peer.graph.add(world.now(), note("long", 1h));
    const auto short_one = peer.graph.add(world.now(), note("short", 40s));
    world.run(39s);
    EXPECT_NE(peer.store.index().find(*short_one), nullptr);
    world.run(2s);
    EXPECT_EQ(peer.store.index().find(*short_one), nullptr) << "removed at its time";
    const auto soon = peer.graph.add(world.now(), note("sooner than a scan", 3s));
    world.run(4s);
    EXPECT_FALSE(peer.graph.get(world.now(), *soon)) << "not seen past its time";
    EXPECT_NE(peer.store.index().find(*soon), nullptr) << "scans are 15 s apart";
    world.run(12s);
    EXPECT_EQ(peer.store.index().find(*soon), nullptr);
    EXPECT_TRUE(peer.graph.get(world.now(), *long_one));
    // One that came from a neighbour pulls it in as well.
    Stranger other(peer.graph);
    other.join(world.now());
    Record record = strangers_record(peer.graph, world.now(), 1);
    record.expires = record.created.plus(20s);
    other.say(world.now(), flood_of(record));
    world.run(21s);
    EXPECT_EQ(peer.store.index().find(record.id), nullptr);
}

// GRAPH-155, GRAPH-159, GRAPH-198: with deferred expiration nothing expires while nobody is here,
// and what is past its time goes when somebody is.
TEST(GraphDatabase, DeferredExpirationWaitsForCompany) {
    World world;
    Peer& peer = world.add(World::config("peer 0"));
    GraphInfo info;
    info.defers_expiration = true;
    ASSERT_TRUE(peer.graph.create(world.now(), info));
    const auto id = peer.graph.add(world.now(), note("kept", 30s));
    world.run(5min);
    EXPECT_TRUE(peer.graph.get(world.now(), *id));
    EXPECT_TRUE(peer.told<RecordChanged>().back().kind == RecordChangeKind::added);
    const auto unwanted = peer.graph.add(world.now(), note("unwanted", 30s));
    world.run(5min);
    EXPECT_TRUE(peer.graph.remove(world.now(), *unwanted)) << "what is listed can be deleted";
    EXPECT_FALSE(peer.graph.get(world.now(), *unwanted));
    Stranger other(peer.graph);
    other.join(world.now());
    EXPECT_FALSE(peer.graph.get(world.now(), *id));
    world.run(1s);
    EXPECT_EQ(peer.store.index().find(*id), nullptr);
    EXPECT_EQ(peer.told<RecordChanged>().back().kind, RecordChangeKind::expired);
}

// GRAPH-104, GRAPH-212, GRAPH-220 (GA-16): renewed in the last 20 s, never within 4 s.
TEST(GraphDatabase, RenewalComesInTheLastTwentySeconds) {
    World world;
    Peer& peer = loner(world);
    NewRecord wish = note("x", 240s);
    wish.refreshes = true;
    const auto id = peer.graph.add(world.now(), wish);
    ASSERT_TRUE(id);
    world.run(219s);
    EXPECT_EQ(stored(peer, *id).version, 1U);
    world.run(2s);
    const Record renewed = stored(peer, *id);
    EXPECT_EQ(renewed.version, 2U);
    EXPECT_EQ(renewed.expires.since(renewed.modified), PeerTime::Ticks(240s));
}

// A machine that slept, or whose clock was set: a restart would have renewed it.
TEST(GraphDatabase, ClockThatJumpsLosesNoRenewedRecord) {
    World world;
    Peer& peer = loner(world);
    NewRecord wish = note("x", 240s);
    wish.refreshes = true;
    const auto id = peer.graph.add(world.now(), wish);
    const auto other = peer.graph.add(world.now(), note("passes", 100s));
    Now now = world.now();
    now.instant += 100s;
    now.wall += std::chrono::duration_cast<WallTime::duration>(Duration(10h));
    peer.graph.handle_timeout(now);
    EXPECT_EQ(peer.store.index().find(*other), nullptr);
    EXPECT_TRUE(peer.graph.get(now, *id));
    EXPECT_EQ(stored(peer, *id).version, 2U);
}

// Whoever changes a record does not end its renewal by whoever asked for it.
TEST(GraphDatabase, ChangeByAnotherMemberKeepsTheRenewal) {
    World world;
    Peer& founder = world.found();
    Peer& joiner = world.join(founder);
    world.run(2s);
    NewRecord wish = note("x", 240s);
    wish.refreshes = true;
    const auto id = founder.graph.add(world.now(), wish);
    world.run(2s);
    ASSERT_TRUE(joiner.graph.update(world.now(), *id, payload_of("y")));
    world.run(500s);
    ASSERT_TRUE(founder.graph.get(world.now(), *id));
    EXPECT_EQ(as_text(stored(founder, *id).payload), "y");
    // But a deletion is one.
    ASSERT_TRUE(joiner.graph.remove(world.now(), *id));
    world.run(500s);
    EXPECT_FALSE(founder.graph.get(world.now(), *id));
}

// However often a record changed while a node was away, it takes what the record is now; the last
// version is nobody's to go beyond.
TEST(GraphDatabase, ManyVersionsAtOnceAreTaken) {
    World world;
    Peer& peer = loner(world);
    Stranger other(peer.graph);
    other.join(world.now());
    Record record = strangers_record(peer.graph, world.now(), 1);
    other.say(world.now(), flood_of(record));
    record.version = 1'000'000;
    record.modifier = "stranger";
    record.modified = record.modified.plus(1s);
    other.say(world.now(), flood_of(record));
    EXPECT_EQ(stored(peer, record.id).version, 1'000'000U);
    record.version = kVersionMax;
    other.say(world.now(), flood_of(record));
    EXPECT_EQ(stored(peer, record.id).version, kVersionMax);
    EXPECT_EQ(
        peer.graph.update(world.now(), record.id, payload_of("y")).error(), GraphErrc::too_many);
}

// GRAPH-109 to GRAPH-112, GRAPH-130: what is kept comes back; presence, contacts and the signature
// do not; the difference of clocks does.
TEST(GraphDatabase, ReopenedDatabaseIsWhatItWas) {
    World world;
    Peer& founder = world.found();
    Peer& joiner = world.join(founder);
    world.run(400s);
    const auto id = joiner.graph.add(world.now(), note("kept"));
    world.run(1s);
    ASSERT_FALSE(live(founder, kPresenceType).empty());
    ASSERT_FALSE(live(founder, kSignatureType).empty());
    founder.graph.close(world.now());
    SeededSecureRandom secure(5);
    SeededRandom plain(6);
    Graph again(World::config("peer 0"), founder.store, nullptr, secure, plain);
    ASSERT_TRUE(again.open(world.now()));
    EXPECT_TRUE(again.get(world.now(), *id));
    EXPECT_TRUE(again.properties());
    EXPECT_TRUE(live(founder, kPresenceType).empty());
    EXPECT_TRUE(live(founder, kContactType).empty());
    EXPECT_TRUE(live(founder, kSignatureType).empty());
    EXPECT_FALSE(again.signature());
}

class StrictProvider final : public SecurityProvider {
public:
    std::unique_ptr<SecuritySession> start(Now, bool, const AuthInfo&) override { return nullptr; }
    std::optional<Bytes> secure(const Record&) override { return Bytes(1, std::byte{1}); }
    Verdict validate(const Record& record) override {
        return as_text(record.payload) == "bad" ? Verdict::invalid : Verdict::valid;
    }
};

// GRAPH-107, GRAPH-109, GRAPH-117: the provider secures what is added and judges what is loaded.
TEST(GraphDatabase, LoadedRecordsAreJudged) {
    World world;
    StrictProvider provider;
    Peer& peer = world.add(World::config("peer 0"), &provider);
    ASSERT_TRUE(peer.graph.create(world.now(), {}));
    const auto good = peer.graph.add(world.now(), note("good"));
    const auto bad = peer.graph.add(world.now(), note("bad"));
    EXPECT_EQ(stored(peer, *good).security.size(), 1U);
    peer.graph.close(world.now());
    SeededSecureRandom secure(5);
    SeededRandom plain(6);
    Graph again(World::config("peer 0"), peer.store, &provider, secure, plain);
    ASSERT_TRUE(again.open(world.now()));
    EXPECT_TRUE(again.get(world.now(), *good));
    EXPECT_FALSE(again.get(world.now(), *bad));
}

// GRAPH-190, GRAPH-227, GRAPH-275 to GRAPH-277: whatever order changes come in, all end the same.
TEST(GraphDatabase, OrderOfArrivalDoesNotMatter) {
    World world;
    std::vector<Record> versions;
    {
        Peer& scratch = loner(world);
        Record record = strangers_record(scratch.graph, world.now(), 1);
        versions.push_back(record);
        record.version = 2;
        record.modifier = "anna";
        record.modified = record.modified.plus(1s);
        versions.push_back(record);
        record.modifier = "bert";
        versions.push_back(record);
        record.payload = to_owned(as_bytes("tie"));
        versions.push_back(record);
        record.version = 3;
        record.is_deleted = true;
        record.payload.clear();
        versions.push_back(record);
    }
    std::vector<std::size_t> order{0, 1, 2, 3, 4};
    std::optional<Record> outcome;
    do {
        World again;
        Peer& peer = loner(again);
        Stranger other(peer.graph);
        other.join(again.now());
        for (const std::size_t i : order)
            other.say(again.now(), flood_of(versions[i]));
        const Record now = stored(peer, versions[0].id);
        if (!outcome) outcome = now;
        ASSERT_EQ(now, *outcome);
    } while (std::ranges::next_permutation(order).found);
    EXPECT_TRUE(outcome->is_deleted);
}

// GRAPH-128, GRAPH-231; spec: api 3.7: each change is told once, with what it was.
TEST(GraphDatabase, ChangesAreToldOnce) {
    World world;
    Peer& founder = world.found();
    Peer& joiner = world.join(founder);
    world.run(2s);
    const auto id = founder.graph.add(world.now(), note("x"));
    world.run(1s);
    ASSERT_TRUE(founder.graph.update(world.now(), *id, payload_of("y")));
    world.run(1s);
    ASSERT_TRUE(founder.graph.remove(world.now(), *id));
    world.run(1s);
    for (Peer* peer : {&founder, &joiner}) {
        std::vector<RecordChangeKind> kinds;
        for (const RecordChanged& change : peer->told<RecordChanged>()) {
            EXPECT_EQ(change.id, *id);
            EXPECT_EQ(change.type, kNotes);
            kinds.push_back(change.kind);
        }
        EXPECT_EQ(
            kinds,
            (std::vector{
                RecordChangeKind::added, RecordChangeKind::updated, RecordChangeKind::deleted}));
    }
}

// Spec: api 3.1, a late joiner gets tombstones, and is not told of records that it never saw.
TEST(GraphDatabase, LateJoinerHearsNothingOfTheDeleted) {
    World world;
    Peer& founder = world.found();
    const auto gone = founder.graph.add(world.now(), note("gone"));
    ASSERT_TRUE(founder.graph.remove(world.now(), *gone));
    const auto here = founder.graph.add(world.now(), note("here"));
    Peer& joiner = world.join(founder);
    world.run(2s);
    const auto told = joiner.told<RecordChanged>();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].id, *here);
    EXPECT_NE(joiner.store.index().find(*gone), nullptr);
    EXPECT_FALSE(joiner.told<Synchronized>().empty());
    EXPECT_TRUE(joiner.told<StatusChanged>().back().is_synchronized);
}

// More events than a node keeps: what is missing is said where it is missing.
TEST(GraphDatabase, LostEventsAreTold) {
    World world;
    Peer& peer = loner(world);
    while (peer.graph.poll_event()) {
    }
    constexpr std::size_t kSurplus = 500;
    for (std::size_t i = 0; i < kEventsMax + kSurplus; ++i)
        ASSERT_TRUE(peer.graph.add(world.now(), note("x")));
    ASSERT_TRUE(peer.graph.commit(world.now()));
    const auto first = peer.graph.poll_event();
    ASSERT_TRUE(first);
    const auto* lost = std::get_if<EventsLost>(&*first);
    ASSERT_NE(lost, nullptr);
    std::size_t told = 0;
    while (peer.graph.poll_event())
        ++told;
    EXPECT_EQ(told, kEventsMax - 1);
    EXPECT_EQ(lost->count + told, kEventsMax + kSurplus);
}

} // namespace
} // namespace kith::graph
