#include "graph/graph.hpp"
#include "graph/test_world.hpp"

#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>
#include <string>

namespace kith::graph {
namespace {

using namespace std::chrono_literals;

std::string text_of(Peer& peer, Now now, const store::RecordId& id) {
    const auto record = peer.graph.get(now, id);
    return record ? std::string(as_text(record->payload)) : "(none)";
}

bool are_equal(World& world) {
    const auto digest = world[0].graph.database_digest();
    for (std::size_t i = 1; i < world.size(); ++i) {
        if (world[i].graph.database_digest() != digest) return false;
    }
    return true;
}

// GRAPH-001: the creator listens at once. GRAPH-217, GRAPH-218.
TEST(Graph, FounderIsReadyAtOnce) {
    World world;
    Peer& founder = world.found();
    const StatusChanged status = founder.graph.status();
    EXPECT_TRUE(status.is_synchronized);
    EXPECT_TRUE(status.is_listening);
    EXPECT_FALSE(status.has_neighbours);
    const auto id = founder.graph.add(world.now(), note("first"));
    ASSERT_TRUE(id);
    const auto record = founder.graph.get(world.now(), *id);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->version, 1U);
    EXPECT_EQ(record->creator, "peer 0");
    EXPECT_EQ(record->modifier, "");
    EXPECT_EQ(record->created, record->modified);
}

// Spec: api 3.5, PEER_E_GRAPH_NOT_READY.
TEST(Graph, NothingWorksBeforeTheFirstSynchronisation) {
    World world;
    Peer& peer = world.add(World::config("lonely"));
    ASSERT_TRUE(peer.graph.open(world.now()));
    EXPECT_EQ(peer.graph.add(world.now(), note("x")).error(), GraphErrc::not_ready);
    EXPECT_EQ(peer.graph.list(world.now(), kNotes, "", 10).error(), GraphErrc::not_ready);
    EXPECT_FALSE(peer.graph.properties());
}

// GRAPH-001, GRAPH-269, GRAPH-191: a joiner gets what there is, then what comes.
TEST(Graph, JoinerCatchesUpAndFollows) {
    World world;
    Peer& founder = world.found();
    const auto old = founder.graph.add(world.now(), note("before"));
    Peer& joiner = world.join(founder);
    world.run(2s);
    EXPECT_TRUE(joiner.graph.status().is_synchronized);
    EXPECT_TRUE(joiner.graph.status().is_listening);
    EXPECT_EQ(text_of(joiner, world.now(), *old), "before");
    ASSERT_TRUE(joiner.graph.properties());
    EXPECT_EQ(joiner.graph.properties()->graph_id, "a graph");

    const auto fresh = joiner.graph.add(world.now(), note("after"));
    ASSERT_TRUE(fresh);
    world.run(1s);
    EXPECT_EQ(text_of(founder, world.now(), *fresh), "after");
    EXPECT_FALSE(founder.told<RecordChanged>().empty());
    EXPECT_EQ(founder.told<RecordChanged>().back().kind, RecordChangeKind::added);
}

// GRAPH-228, GRAPH-229; spec: api 3.1.
TEST(Graph, UpdatesAndDeletionsReachEverybody) {
    World world;
    Peer& founder = world.found();
    Peer& joiner = world.join(founder);
    world.run(2s);
    const auto id = founder.graph.add(world.now(), note("one"));
    world.run(1s);
    ASSERT_TRUE(joiner.graph.update(world.now(), *id, payload_of("two")));
    world.run(1s);
    EXPECT_EQ(text_of(founder, world.now(), *id), "two");
    const auto record = founder.graph.get(world.now(), *id);
    EXPECT_EQ(record->version, 2U);
    EXPECT_EQ(record->creator, "peer 0");
    EXPECT_EQ(record->modifier, "peer 1");

    ASSERT_TRUE(founder.graph.remove(world.now(), *id));
    world.run(1s);
    EXPECT_EQ(joiner.graph.get(world.now(), *id).error(), GraphErrc::not_found);
    EXPECT_EQ(joiner.graph.remove(world.now(), *id).error(), GraphErrc::not_found);
    EXPECT_EQ(joiner.told<RecordChanged>().back().kind, RecordChangeKind::deleted);
}

// GRAPH-210, GRAPH-250: expiry needs no message, and is told everywhere.
TEST(Graph, RecordsExpireEverywhere) {
    World world;
    Peer& founder = world.found();
    Peer& joiner = world.join(founder);
    world.run(2s);
    const auto id = founder.graph.add(world.now(), note("short", 60s));
    world.run(30s);
    EXPECT_EQ(text_of(joiner, world.now(), *id), "short");
    world.run(31s);
    EXPECT_EQ(joiner.graph.get(world.now(), *id).error(), GraphErrc::not_found);
    world.run(20s);
    EXPECT_EQ(joiner.told<RecordChanged>().back().kind, RecordChangeKind::expired);
    EXPECT_EQ(founder.told<RecordChanged>().back().kind, RecordChangeKind::expired);
}

// GRAPH-254: renewed before it expires, as long as its publisher runs.
TEST(Graph, RefreshingRecordsStay) {
    World world;
    Peer& founder = world.found();
    Peer& joiner = world.join(founder);
    world.run(2s);
    NewRecord wish = note("stays", 240s);
    wish.refreshes = true;
    const auto id = founder.graph.add(world.now(), wish);
    ASSERT_TRUE(id);
    world.run(900s);
    EXPECT_EQ(text_of(joiner, world.now(), *id), "stays");
}

TEST(Graph, BadWishesAreRefused) {
    World world;
    Peer& founder = world.found();
    const Now now = world.now();
    NewRecord wish = note("x");
    wish.type = kPresenceType;
    EXPECT_EQ(founder.graph.add(now, wish).error(), GraphErrc::bad_type);
    EXPECT_EQ(founder.graph.add(now, note("x", 0s)).error(), GraphErrc::bad_expiration);
    wish = note("x");
    wish.attributes = "<attributes><attribute name='peercreatorid' type='string'>x</attribute>"
                      "</attributes>";
    EXPECT_EQ(founder.graph.add(now, wish).error(), GraphErrc::bad_attributes);
    wish = note("x", 60s);
    wish.refreshes = true;
    EXPECT_EQ(founder.graph.add(now, wish).error(), GraphErrc::bad_expiration);
    const auto id = founder.graph.add(now, note("long", 2h));
    RecordChange change;
    change.lifetime = 1h; // would end before it did
    EXPECT_EQ(founder.graph.update(now, *id, change).error(), GraphErrc::bad_expiration);
}

// GRAPH-221, GRAPH-235, spec: api 3.6.
TEST(Graph, PresenceComesAndGoes) {
    World world;
    Peer& founder = world.found();
    Peer& joiner = world.join(founder);
    world.run(5s);
    EXPECT_EQ(founder.graph.nodes().size(), 2U);
    EXPECT_EQ(joiner.graph.nodes().size(), 2U);
    joiner.graph.close(world.now());
    world.run(5s);
    EXPECT_EQ(founder.graph.nodes().size(), 1U);
    EXPECT_EQ(founder.told<NodeChanged>().back().kind, NodeChangeKind::disconnected);
    EXPECT_FALSE(founder.graph.status().has_neighbours);
}

// GRAPH-236, GRAPH-239: one signature, that of the lowest node id, and enough contacts.
TEST(Graph, LowestNodeIsTheSignature) {
    World world;
    Peer& founder = world.found();
    for (int i = 0; i < 7; ++i) {
        world.join(founder);
        world.run(1s);
    }
    world.run(600s);
    NodeId lowest = ~NodeId{0};
    for (std::size_t i = 0; i < world.size(); ++i) {
        lowest = std::min(lowest, world[i].graph.node_id());
    }
    for (std::size_t i = 0; i < world.size(); ++i) {
        EXPECT_EQ(world[i].graph.signature(), lowest) << i;
        EXPECT_GE(world[i].graph.contacts(), 5U) << i;
    }
}

// GRAPH-242 to GRAPH-244: neighbours stay within their limits and everybody is reached.
TEST(Graph, ManyNodesHoldTheSame) {
    World world;
    Peer& founder = world.found();
    for (int i = 0; i < 19; ++i) {
        world.join(founder);
        world.run(500ms);
    }
    world.run(60s);
    std::vector<store::RecordId> ids;
    for (std::size_t i = 0; i < world.size(); ++i) {
        const auto id =
            world[i].graph.add(world.now(), note(std::string(1000, 'x') + std::to_string(i)));
        ASSERT_TRUE(id) << i;
        ids.push_back(*id);
    }
    world.run(5s);
    for (std::size_t i = 0; i < world.size(); ++i) {
        for (const auto& id : ids)
            EXPECT_TRUE(world[i].graph.get(world.now(), id)) << i;
        EXPECT_LE(world[i].graph.links().size(), 7U) << i;
        EXPECT_GE(world[i].graph.links().size(), 2U) << i;
    }
    EXPECT_TRUE(are_equal(world));
}

// GRAPH-275 to GRAPH-277, GRAPH-241, GRAPH-208: both sides change the same record and others.
TEST(Graph, PartitionHealsToOneDatabase) {
    World world;
    Peer& founder = world.found();
    for (int i = 0; i < 7; ++i) {
        world.join(founder);
        world.run(1s);
    }
    const auto shared = founder.graph.add(world.now(), note("shared"));
    world.run(120s);
    world.part({4, 5, 6, 7});
    world.run(60s);
    RecordChange left;
    left.payload = to_owned(as_bytes("left"));
    RecordChange right;
    right.payload = to_owned(as_bytes("right"));
    ASSERT_TRUE(world[1].graph.update(world.now(), *shared, left));
    ASSERT_TRUE(world[6].graph.update(world.now(), *shared, right));
    ASSERT_TRUE(world[2].graph.add(world.now(), note("only left")));
    ASSERT_TRUE(world[5].graph.add(world.now(), note("only right")));
    world.run(60s);
    EXPECT_FALSE(are_equal(world));
    world.answers_needs = false;
    world.heal();
    world.run(60s);
    EXPECT_TRUE(are_equal(world));
    EXPECT_EQ(text_of(world[0], world.now(), *shared), "right"); // the higher modifier
}

// A published node and a modern one speak as published with each other, and nothing is lost.
TEST(Graph, ModernNodeFallsBackLinkByLink) {
    World world;
    GraphConfig plain = World::config("plain");
    plain.offers_capabilities = false;
    Peer& founder = world.found();
    Peer& old = world.add(plain);
    world.open(old, founder);
    world.run(2s);
    Peer& modern = world.join(founder);
    world.run(2s);
    const auto id = modern.graph.add(world.now(), note(std::string(5000, 'm')));
    world.run(2s);
    EXPECT_TRUE(old.graph.get(world.now(), *id));
    const auto back = old.graph.add(world.now(), note(std::string(5000, 'o')));
    world.run(2s);
    EXPECT_TRUE(modern.graph.get(world.now(), *back));
    for (const LinkInfo& link : old.graph.links())
        EXPECT_FALSE(link.is_modern);
    const auto links = founder.graph.links();
    EXPECT_TRUE(std::ranges::any_of(links, [](const LinkInfo& link) { return link.is_modern; }));
}

// GRAPH-195, GRAPH-271: what both ends missed is exchanged when they meet again.
TEST(Graph, MeetingAgainExchangesDifferences) {
    for (const bool is_modern : {true, false}) {
        World world;
        GraphConfig config = World::config("peer 0");
        config.offers_capabilities = is_modern;
        Peer& founder = world.add(config);
        ASSERT_TRUE(founder.graph.create(world.now(), {}));
        world.listen(founder);
        config.peer_id = "peer 1";
        Peer& other = world.add(config);
        world.open(other, founder);
        world.run(2s);
        for (int i = 0; i < 500; ++i) {
            ASSERT_TRUE(founder.graph.add(world.now(), note("f" + std::to_string(i))));
        }
        world.run(5s);
        world.part({1});
        world.run(5s);
        for (int i = 0; i < 30; ++i) {
            ASSERT_TRUE(founder.graph.add(world.now(), note("left" + std::to_string(i))));
            ASSERT_TRUE(other.graph.add(world.now(), note("right" + std::to_string(i))));
        }
        world.heal();
        world.run(60s);
        EXPECT_TRUE(are_equal(world)) << is_modern;
        const auto completed = [](Peer& peer) { return peer.graph.counters().syncs_completed; };
        EXPECT_GE(completed(founder) + completed(other), 2U);
    }
}

// The graph may be calling there by itself: whoever asks gets that link, not a second one.
TEST(Graph, ConnectingTwiceMakesOneLink) {
    World world;
    const Peer& founder = world.found();
    Peer& joiner = world.add(World::config("joiner"));
    ASSERT_TRUE(joiner.graph.open(world.now()));
    const auto first = joiner.graph.connect(world.now(), World::address(0), std::nullopt);
    const auto under_way = joiner.graph.connect(world.now(), World::address(0), std::nullopt);
    EXPECT_EQ(first, under_way);
    EXPECT_TRUE(joiner.graph.links().empty());
    world.run(1s);
    EXPECT_EQ(joiner.graph.connect(world.now(), World::address(0), std::nullopt), first);
    ASSERT_EQ(joiner.graph.links().size(), 1U);
    EXPECT_EQ(joiner.graph.links().front().link, first);
    EXPECT_EQ(founder.graph.links().size(), 1U);
}

// GRAPH-051, GRAPH-203; spec: api 3.8.
TEST(Graph, DirectConnectionsCarryDataBothWays) {
    World world;
    Peer& founder = world.found();
    Peer& joiner = world.join(founder);
    world.run(2s);
    const Guid type = *parse_guid("11111111-2222-3333-4444-555555555555");
    auto link = joiner.graph.connect_direct(world.now(), World::address(0), std::nullopt);
    ASSERT_TRUE(link);
    world.run(1s);
    EXPECT_EQ(joiner.told<ConnectionChanged>().back().status, ConnectionStatus::failed);
    EXPECT_EQ(joiner.told<ConnectionChanged>().back().reason, FailureReason::refused);

    founder.graph.accept_direct(true);
    link = joiner.graph.connect_direct(world.now(), World::address(0), std::nullopt);
    world.run(1s);
    EXPECT_EQ(joiner.told<ConnectionChanged>().back().status, ConnectionStatus::connected);
    ASSERT_TRUE(joiner.graph.send(world.now(), *link, type, as_bytes("hello")));
    world.run(1s);
    ASSERT_EQ(founder.told<DataReceived>().size(), 1U);
    const DataReceived got = founder.told<DataReceived>().front();
    EXPECT_EQ(as_text(got.data), "hello");
    ASSERT_TRUE(founder.graph.send(world.now(), got.link, type, as_bytes("and back")));
    world.run(1s);
    ASSERT_EQ(joiner.told<DataReceived>().size(), 1U);
    // Records do not travel on it, and it is no neighbour.
    EXPECT_EQ(
        std::ranges::count_if(
            joiner.graph.links(), [](const LinkInfo& info) { return !info.is_direct; }),
        1);
}

// Modernization 4.6: in the steady state a record comes whole about once to each node.
TEST(Graph, PushTreesSaveCopies) {
    World world;
    Peer& founder = world.found();
    for (int i = 0; i < 15; ++i) {
        world.join(founder);
        world.run(500ms);
    }
    world.run(400s);
    const auto publish = [&](int count) {
        for (int i = 0; i < count; ++i) {
            const auto at = static_cast<std::size_t>(i) % world.size();
            ASSERT_TRUE(world[at].graph.add(world.now(), note(std::string(1024, 'p'))));
            world.run(500ms);
        }
    };
    publish(30);
    const auto redundant = [&] {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i < world.size(); ++i) {
            sum += world[i].graph.counters().floods_redundant;
        }
        return sum;
    };
    const auto before = redundant();
    publish(100);
    const double per_node = static_cast<double>(redundant() - before) / 100.0 / 16.0;
    EXPECT_LE(per_node, 0.3);
    EXPECT_TRUE(are_equal(world));
}

} // namespace
} // namespace kith::graph
