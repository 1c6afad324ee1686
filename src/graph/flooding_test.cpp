#include "graph/flooding.hpp"
#include "graph/graph.hpp"
#include "graph/limits.hpp"
#include "graph/liveness.hpp"
#include "graph/test_stranger.hpp"
#include "graph/test_world.hpp"

#include <chrono>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace kith::graph {
namespace {

using namespace std::chrono_literals;

// GRAPH-191: to every neighbour but the sender. GRAPH-193: acknowledged as useful when it was new.
TEST(GraphFlooding, NewRecordGoesToTheOthers) {
    World world;
    Peer& peer = world.found();
    Stranger sender(peer.graph, 11);
    sender.join(world.now());
    Stranger other(peer.graph, 12);
    other.join(world.now());
    const auto record = strangers_record(peer.graph, world.now(), 1);
    // The other one's listening takes what is for it; so the sender stays mute for a moment.
    peer.graph.handle_bytes(world.now(), sender.link(), [&] {
        FrameWriter writer;
        writer.push(encode(flood_of(record)), Stream::small);
        return *writer.poll();
    }());
    const Now now = later(world, peer, kAckDelay);
    std::vector<Message> to_sender;
    peer.graph.commit(now);
    std::size_t floods_to_other = 0;
    FrameReader of_sender(1 << 20);
    FrameReader of_other(1 << 20);
    while (auto command = peer.graph.poll_link()) {
        const auto* send = std::get_if<SendBytes>(&*command);
        if (send == nullptr) continue;
        FrameReader& reader = send->link == sender.link() ? of_sender : of_other;
        ASSERT_TRUE(reader.feed(send->bytes));
        while (auto message = reader.poll()) {
            const auto decoded = decode(*message);
            ASSERT_TRUE(decoded);
            if (send->link == sender.link())
                to_sender.push_back(*decoded);
            else if (std::holds_alternative<Flood>(*decoded))
                ++floods_to_other;
        }
    }
    EXPECT_EQ(floods_to_other, 1U);
    ASSERT_EQ(to_sender.size(), 1U);
    EXPECT_EQ(std::get<Ack>(to_sender[0]), (Ack{{{record.id, true, false}}}));
}

// GRAPH-193, GRAPH-278: 31/32 of what it was, and 128 of 4096 more for each that was useful.
TEST(GraphFlooding, UtilityFollowsUsefulness) {
    World world;
    Peer& peer = world.found();
    Stranger other(peer.graph, 11);
    other.join(world.now());
    EXPECT_EQ(other.info().utility, 0.0);
    const auto first = strangers_record(peer.graph, world.now(), 1);
    other.say(world.now(), flood_of(first));
    EXPECT_DOUBLE_EQ(other.info().utility, 128.0 / 4096);
    other.say(world.now(), flood_of(strangers_record(peer.graph, world.now(), 2)));
    EXPECT_DOUBLE_EQ(other.info().utility, 252.0 / 4096);
    other.say(world.now(), flood_of(first)); // known
    EXPECT_DOUBLE_EQ(other.info().utility, 244.0 / 4096);
    // GRAPH-201: and by what the other end acknowledges.
    other.say(world.now(), Ack{{{first.id, true, false}}});
    EXPECT_DOUBLE_EQ(other.info().utility, 364.0 / 4096);
}

// A record that is known is acknowledged as not useful; nothing goes on.
TEST(GraphFlooding, KnownRecordStopsHere) {
    World world;
    Peer& peer = world.found();
    Stranger other(peer.graph, 11);
    other.join(world.now());
    const auto record = strangers_record(peer.graph, world.now(), 1);
    other.say(world.now(), flood_of(record));
    other.say(world.now(), flood_of(record));
    other.listen(later(world, peer, kAckDelay));
    const auto ack = other.heard<Ack>();
    ASSERT_TRUE(ack);
    EXPECT_EQ(
        ack->entries, (std::vector<AckEntry>{{record.id, true, false}, {record.id, false, false}}));
    EXPECT_EQ(peer.graph.counters().floods_redundant, 1U);
}

// Several changes before a link has room: it gets the last version only.
TEST(GraphFlooding, QueuedRecordIsTheNewest) {
    World world;
    Peer& peer = world.found();
    Stranger other(peer.graph, 11);
    other.join(world.now());
    const auto id = peer.graph.add(world.now(), note("one"));
    ASSERT_TRUE(peer.graph.update(world.now(), *id, payload_of("two")));
    other.listen(world.now());
    EXPECT_EQ(other.count<Flood>(), 1U);
    const auto record =
        decode_record(other.heard<Flood>()->record, "a graph", store::Rules::modern);
    EXPECT_EQ(as_text(record->payload), "two");
}

// What was encoded serves the neighbours of that moment and is not kept for ever.
TEST(GraphFlooding, EncodedRecordsAreForgotten) {
    World world;
    Peer& peer = world.found();
    Stranger other(peer.graph, 11);
    other.join(world.now());
    const std::size_t before = peer.graph.memory();
    constexpr std::size_t kSize = 100'000;
    for (int i = 0; i < 10; ++i)
        ASSERT_TRUE(peer.graph.add(world.now(), note(std::string(kSize, 'x'))));
    other.listen(world.now());
    EXPECT_EQ(other.count<Flood>(), 10U);
    EXPECT_GT(peer.graph.memory(), before + 9 * kSize);
    other.listen(later(world, peer, kEncodedTime + 1s));
    EXPECT_LT(peer.graph.memory(), before + 2 * kSize);
}

// GRAPH-160, GRAPH-065, GRAPH-101: pings after a WELCOME; a modern end answers; silence ends a
// link.
TEST(GraphLiveness, SilentNeighbourIsLetGo) {
    World world;
    world.answers_needs = false;
    Peer& peer = world.found();
    Stranger first(peer.graph, 11);
    first.join(world.now(), Capabilities::all());
    EXPECT_EQ(first.count<Pt2pt>(), 0U);
    Stranger second(peer.graph, 12);
    second.be_joined(world.now());
    EXPECT_EQ(second.count<Pt2pt>(), 1U) << "the new one as well";
    const Pt2pt ping = *second.heard<Pt2pt>();
    EXPECT_EQ(to_string(ping.type), "0ccbb0d2-be41-4bd6-914b-058ec5dcce64");

    // GRAPH-065: not for applications.
    EXPECT_EQ(
        peer.graph.send(world.now(), first.link(), ping.type, {}).error(), GraphErrc::bad_argument);
    const std::size_t events = first.events.size();
    first.say(world.now(), ping);
    ASSERT_TRUE(first.heard<Pt2pt>());
    EXPECT_EQ(first.heard<Pt2pt>()->data, ping.data) << "the pong";
    for (std::size_t i = events; i < first.events.size(); ++i) {
        EXPECT_FALSE(std::holds_alternative<DataReceived>(first.events[i]));
    }

    Now now = world.now();
    for (int i = 0; i < 5; ++i) {
        now.instant += kIdleTime;
        peer.graph.handle_timeout(now);
        first.listen(now);
    }
    EXPECT_TRUE(first.is_closed);
    EXPECT_FALSE(second.is_closed) << "a published node does not know of pongs";
}

} // namespace
} // namespace kith::graph
