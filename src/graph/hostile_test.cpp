// What a bad neighbour cannot do: make a node grow without bound, stop it from serving others, or
// lose a record (docs/security.md).

#include "graph/graph.hpp"
#include "graph/limits.hpp"
#include "graph/test_stranger.hpp"
#include "graph/test_world.hpp"
#include "wire/writer.hpp"

#include <chrono>
#include <gtest/gtest.h>
#include <string>

namespace kith::graph {
namespace {

using namespace std::chrono_literals;

// GRAPH-012: nothing is kept of a message that announces too much.
TEST(GraphHostile, LieAboutSizeEndsTheLinkBeforeItCosts) {
    World world;
    Peer& peer = world.found();
    Stranger liar(peer.graph);
    liar.join(world.now());
    const std::size_t before = peer.graph.memory();
    Bytes lie;
    wire::Writer writer(lie);
    writer(
        std::uint16_t{12},
        std::uint32_t{0xFFFF'FFF0},
        std::uint8_t{0x10},
        std::uint8_t{0x0B},
        std::uint16_t{0},
        std::uint32_t{0});
    liar.say_bytes(world.now(), lie);
    EXPECT_TRUE(liar.is_closed);
    EXPECT_EQ(drops(peer, DropReason::bad_frame), 1U);
    EXPECT_LE(peer.graph.memory(), before + 4096);
}

// GRAPH-189, GRAPH-262 to GRAPH-265; GRAPH-279: without a provider a sound record of anybody
// counts.
TEST(GraphHostile, UnsoundRecordsAreForgotten) {
    World world;
    Peer& peer = world.found();
    const Now now = world.now();
    Stranger liar(peer.graph);
    liar.join(now);

    store::Record record = strangers_record(peer.graph, now, 1);
    record.creator = "somebody else"; // the id is not theirs
    liar.say(now, flood_of(record));
    EXPECT_EQ(drops(peer, DropReason::bad_record), 1U);

    record = strangers_record(peer.graph, now, 2);
    record.created = record.created.plus(2h);
    record.modified = record.created;
    record.expires = record.created.plus(1h);
    liar.say(now, flood_of(record));
    EXPECT_EQ(drops(peer, DropReason::from_the_future), 1U);

    record = strangers_record(peer.graph, now, 3);
    record.created = record.created.plus(-2h);
    record.modified = record.created;
    record.expires = record.created.plus(1h);
    liar.say(now, flood_of(record));
    EXPECT_EQ(drops(peer, DropReason::expired_record), 1U);

    record = strangers_record(peer.graph, now, 4);
    record.version = kVersionMax + 1;
    liar.say(now, flood_of(record));
    EXPECT_EQ(drops(peer, DropReason::version_jump), 1U);

    EXPECT_FALSE(liar.is_closed);
    EXPECT_EQ(peer.graph.list(now, kNotes, "", 10)->size(), 0U);
    EXPECT_EQ(liar.count<Ack>(), 0U) << "an unsound record is not acknowledged (GA-43)";

    liar.say(now, flood_of(strangers_record(peer.graph, now, 5)));
    EXPECT_EQ(peer.graph.list(now, kNotes, "", 10)->size(), 1U);
}

TEST(GraphHostile, FloodOfUnsoundRecordsEndsTheLink) {
    World world;
    Peer& peer = world.found();
    Stranger liar(peer.graph);
    liar.join(world.now());
    liar.say_until_closed(world.now(), Flood{Bytes(100, std::byte{7})}, 200);
    EXPECT_TRUE(liar.is_closed);
    EXPECT_EQ(drops(peer, DropReason::too_many_invalid), 1U);
    EXPECT_LE(drops(peer, DropReason::bad_record), 110U);
}

// Another clock, other quotas seen, a full node: the relay may be as honest as we are.
TEST(GraphHostile, RecordsThatOnlyWeRefuseCostTheRelayNothing) {
    World world;
    Peer& peer = world.found();
    const Now now = world.now();
    Stranger relay(peer.graph);
    relay.join(now);
    for (std::uint64_t i = 0; i < 200; ++i) {
        store::Record record = strangers_record(peer.graph, now, i);
        record.created = record.created.plus(i % 2 == 0 ? -2h : 2h);
        record.modified = record.created;
        record.expires = record.created.plus(1h);
        relay.say(now, flood_of(record));
    }
    EXPECT_EQ(drops(peer, DropReason::expired_record), 100U);
    EXPECT_EQ(drops(peer, DropReason::from_the_future), 100U);
    EXPECT_FALSE(relay.is_closed);
}

// GRAPH-192: an old version changes nothing and is answered by the new one.
TEST(GraphHostile, ReplayedVersionChangesNothing) {
    World world;
    Peer& peer = world.found();
    const Now now = world.now();
    Stranger liar(peer.graph);
    liar.join(now);
    const store::Record first = strangers_record(peer.graph, now, 1);
    liar.say(now, flood_of(first));
    ASSERT_TRUE(peer.graph.update(now, first.id, payload_of("newer")));
    liar.listen(now);
    for (int i = 0; i < 5; ++i)
        liar.say(now, flood_of(first));
    EXPECT_EQ(as_text(peer.graph.get(now, first.id)->payload), "newer");
    const auto answer = liar.heard<Flood>();
    ASSERT_TRUE(answer);
    EXPECT_EQ(decode_record(answer->record, "a graph", store::Rules::modern)->version, 2U);
}

// Modernization 4.6: a small old record does not buy a large new one.
TEST(GraphHostile, OldRecordBuysNoLargeAnswer) {
    World world;
    Peer& peer = world.found();
    const Now now = world.now();
    Stranger liar(peer.graph);
    liar.join(now, Capabilities::all());
    const store::Record first = strangers_record(peer.graph, now, 1);
    liar.say(now, flood_of(first));
    ASSERT_TRUE(peer.graph.update(now, first.id, payload_of(std::string(1'000'000, 'x'))));
    liar.listen(now);
    const std::size_t before = liar.bytes();
    for (int i = 0; i < 20; ++i)
        liar.say(now, flood_of(first));
    EXPECT_LT(liar.bytes() - before, 20'000U);
}

// A neighbour that reads nothing costs a bounded queue, and then its link.
TEST(GraphHostile, SlowReaderIsLetGoAndNobodyWaitsForIt) {
    World world;
    Peer& peer = world.found();
    Peer& other = world.join(peer);
    world.run(2s);
    Stranger slow(peer.graph);
    slow.join(world.now());
    // From here on the world takes what is sent to it, and says of nothing that it has left.
    for (int i = 0; i < 3000; ++i) {
        ASSERT_TRUE(peer.graph.add(world.now(), note(std::string(1000, 'x'))));
        if (i % 100 == 0) world.run(1ms);
    }
    // Records wait by id, not whole.
    for (const LinkInfo& link : peer.graph.links()) {
        EXPECT_LE(link.queued, kWindow + kChunk + kFillBelow + 4096) << link.peer_id;
    }
    EXPECT_LT(peer.graph.memory(), kEncodedCacheMax + 1024U * 1024);
    world.run(5s);
    EXPECT_EQ(other.graph.list(world.now(), kNotes, "", 10'000)->size(), 3000U);
}

TEST(GraphHostile, QuestionsWithoutEndEndTheLink) {
    World world;
    Peer& peer = world.found();
    Stranger asker(peer.graph);
    asker.join(world.now());
    asker.say_until_closed(world.now(), SolicitNew{}, kSolicitsMax + 10);
    EXPECT_TRUE(asker.is_closed);
    EXPECT_EQ(drops(peer, DropReason::too_many_syncs), 1U);
}

// GRAPH-204, GRAPH-205.
TEST(GraphHostile, SilentConnectionsEnd) {
    World world;
    Peer& peer = world.found();
    Stranger mute(peer.graph);
    mute.come(world.now());
    const Now now = later(world, peer, kConnectTime + 1s);
    mute.listen(now);
    EXPECT_TRUE(mute.is_closed);
    EXPECT_EQ(drops(peer, DropReason::timed_out), 1U);
}

TEST(GraphHostile, PendingConnectionsAreBounded) {
    World world;
    Peer& peer = world.found();
    for (std::size_t i = 0; i < kPendingAcceptsMax + 20; ++i) {
        Stranger mute(peer.graph, 1000 + i);
        mute.come(world.now());
    }
    EXPECT_EQ(drops(peer, DropReason::too_many_links), 20U);
}

// A neighbour that answers no question does not keep a joiner from joining elsewhere.
TEST(GraphHostile, SynchronisationHeldOpenIsGivenUp) {
    World world;
    world.answers_needs = false;
    Peer& founder = world.found();
    Peer& joiner = world.add(World::config("joiner"));
    ASSERT_TRUE(joiner.graph.open(world.now()));
    const auto link = joiner.graph.connect(world.now(), World::address(50), std::nullopt);
    ASSERT_TRUE(link);
    while (joiner.graph.poll_link()) {
    }
    // Somebody is there who welcomes it and then says nothing.
    joiner.graph.handle_opened(world.now(), *link);
    FrameWriter writer;
    Welcome welcome;
    welcome.node = 99;
    welcome.time = founder.graph.peer_time(world.now().wall);
    welcome.peer_id = "mute";
    writer.push(encode(welcome), Stream::small);
    joiner.graph.handle_bytes(world.now(), *link, *writer.poll());
    world.run(kSyncPatience + 1s);
    EXPECT_EQ(drops(joiner, DropReason::timed_out), 1U);
    ASSERT_TRUE(joiner.graph.connect(world.now(), World::address(0), std::nullopt));
    world.run(2s);
    EXPECT_TRUE(joiner.graph.status().is_synchronized);
}

// Announced records that never come are asked for a few times and forgotten.
TEST(GraphHostile, EmptyPromisesCostLittle) {
    World world;
    Peer& peer = world.found();
    const Now now = world.now();
    Stranger liar(peer.graph);
    liar.join(now, Capabilities::all());
    for (std::uint64_t batch = 0; batch < 30; ++batch) {
        Advertise advert;
        advert.flags = kWideFlag;
        for (std::uint64_t i = 0; i < 1000; ++i) {
            advert.abstracts.push_back({Guid::from_halves(batch, i), 1, ByteArray<16>{}});
        }
        liar.say(now, advert);
    }
    EXPECT_LT(peer.graph.memory(), 6U * 1024 * 1024);
    Now then = now;
    for (int i = 0; i < 20; ++i) {
        then = later(world, peer, 1s * (i + 1));
        liar.listen(then);
    }
    EXPECT_EQ(peer.graph.counters().grafts, kMissingEachMax);
    EXPECT_LT(peer.graph.memory(), 1024U * 1024);
}

// And they leave the others' promises alone.
TEST(GraphHostile, EmptyPromisesAreNobodyElsesLoss) {
    World world;
    Peer& peer = world.found();
    const Now now = world.now();
    Stranger liar(peer.graph, 11);
    liar.join(now, Capabilities::all());
    Stranger honest(peer.graph, 12);
    honest.join(now, Capabilities::all());
    Advertise advert;
    advert.flags = kWideFlag;
    for (std::uint64_t i = 0; i < 30'000; ++i)
        advert.abstracts.push_back({Guid::from_halves(1, i), 1, ByteArray<16>{}});
    liar.say(now, advert);
    const store::Record record = strangers_record(peer.graph, now, 1);
    advert.abstracts = {{record.id, 1, ByteArray<16>{}}};
    honest.say(now, advert);
    honest.listen(later(world, peer, kGraftDelayMax));
    ASSERT_EQ(honest.count<Request>(), 1U);
    EXPECT_EQ(honest.heard<Request>()->abstracts[0].id, record.id);
}

// GRAPH-188 and the table of states: a record before CONNECT ends the connection.
TEST(GraphHostile, MessagesOutOfStateEndTheLink) {
    World world;
    Peer& peer = world.found();
    const Now now = world.now();
    Stranger early(peer.graph);
    early.come(now);
    early.say(now, flood_of(strangers_record(peer.graph, now, 1)));
    EXPECT_TRUE(early.is_closed);
    EXPECT_EQ(drops(peer, DropReason::out_of_state), 1U);
    EXPECT_EQ(peer.graph.list(now, kNotes, "", 10)->size(), 0U);
}

TEST(GraphHostile, StrangerToTheGraphIsTurnedAway) {
    World world;
    Peer& peer = world.found();
    Stranger lost(peer.graph);
    lost.come(world.now(), "another graph");
    EXPECT_TRUE(lost.is_closed);
    EXPECT_EQ(drops(peer, DropReason::other_graph), 1U);
}

} // namespace
} // namespace kith::graph
