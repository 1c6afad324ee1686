#include "graph/graph.hpp"
#include "graph/handshake.hpp"
#include "graph/limits.hpp"
#include "graph/test_stranger.hpp"
#include "graph/test_world.hpp"

#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>
#include <string>
#include <variant>
#include <vector>

namespace kith::graph {
namespace {

using namespace std::chrono_literals;

Peer& joiner(World& world) {
    Peer& peer = world.add(World::config("joiner"));
    EXPECT_TRUE(peer.graph.open(world.now()));
    world.listen(peer);
    return peer;
}

Connect update_of(NodeId node, std::vector<Endpoint> addresses) {
    Connect connect;
    connect.is_update = true;
    connect.node = node;
    connect.addresses = std::move(addresses);
    return connect;
}

// GRAPH-038, GRAPH-256: AUTH_INFO is the first message, in the clear; no destination if unknown.
// GRAPH-135, GRAPH-140, GRAPH-141: then CONNECT, with N, and without addresses as long as this node
// does not listen.
TEST(GraphHandshake, InitiatorSaysWhoItIsAndConnects) {
    World world;
    Peer& peer = joiner(world);
    Stranger other(peer.graph);
    other.be_called(world.now(), endpoint_at(1));
    ASSERT_EQ(other.messages.size(), 2U);
    const auto auth = other.heard<AuthInfo>();
    ASSERT_TRUE(auth);
    EXPECT_TRUE(std::holds_alternative<AuthInfo>(other.messages.front()));
    EXPECT_EQ(auth->kind, LinkKind::neighbour);
    EXPECT_EQ(auth->graph_id, "a graph");
    EXPECT_EQ(auth->source, "joiner");
    EXPECT_FALSE(auth->destination);
    const auto connect = other.heard<Connect>();
    ASSERT_TRUE(connect);
    EXPECT_TRUE(connect->wants_neighbours);
    EXPECT_FALSE(connect->is_update);
    EXPECT_FALSE(connect->is_direct);
    EXPECT_EQ(connect->node, peer.graph.node_id());
    EXPECT_TRUE(connect->addresses.empty());
}

// GRAPH-140, GRAPH-142: addresses when it listens, and a friendly name without a meaning.
TEST(GraphHandshake, ListenerGivesItsAddressesAndName) {
    World world;
    GraphConfig config = World::config("peer 0");
    config.friendly_name = "the first";
    Peer& peer = world.add(config);
    ASSERT_TRUE(peer.graph.create(world.now(), {}));
    world.listen(peer);
    Stranger other(peer.graph);
    other.be_called(world.now(), endpoint_at(1));
    const auto connect = other.heard<Connect>();
    ASSERT_TRUE(connect);
    EXPECT_EQ(connect->addresses, std::vector{World::address(0)});
    EXPECT_EQ(connect->friendly_name, "the first");
}

TEST(GraphHandshake, TheOtherEndsNameIsKnownWhereItHasOne) {
    World world;
    Peer& peer = world.found();
    Stranger named(peer.graph, 11);
    named.come(world.now());
    Connect connect;
    connect.node = 11;
    connect.friendly_name = "the stranger";
    named.say(world.now(), connect);
    EXPECT_EQ(named.info().friendly_name, "the stranger");
    named.say(world.now(), update_of(11, {endpoint_at(11)}));
    EXPECT_EQ(named.info().friendly_name, "the stranger");
    Stranger nameless(peer.graph, 12);
    nameless.join(world.now());
    EXPECT_EQ(nameless.info().friendly_name, "");
}

// GRAPH-131: AUTH_INFO comes from the initiator only, once.
TEST(GraphHandshake, SecondAuthInfoEndsTheConnection) {
    World world;
    Peer& peer = world.found();
    Stranger other(peer.graph);
    other.come(world.now());
    other.say(world.now(), AuthInfo{LinkKind::neighbour, "a graph", "x", std::nullopt});
    EXPECT_TRUE(other.is_closed);
    Stranger dialled(peer.graph);
    dialled.be_called(world.now(), endpoint_at(2));
    dialled.say(world.now(), AuthInfo{LinkKind::neighbour, "a graph", "x", std::nullopt});
    EXPECT_TRUE(dialled.is_closed);
}

// GRAPH-134: a destination that is somebody else; GRAPH-139, GRAPH-258: nothing more is read.
TEST(GraphHandshake, AnotherDestinationIsTurnedAway) {
    World world;
    Peer& peer = world.found();
    Stranger other(peer.graph);
    other.come(world.now(), "no such graph");
    EXPECT_TRUE(other.is_closed);
    Connect connect;
    connect.node = 5;
    other.say(world.now(), connect);
    EXPECT_TRUE(other.messages.empty());

    const LinkId link = peer.graph.take_link_id();
    peer.graph.handle_accepted(world.now(), link, endpoint_at(3));
    FrameWriter writer;
    writer.push(encode(AuthInfo{LinkKind::neighbour, "a graph", "x", "not peer 0"}), Stream::small);
    peer.graph.handle_bytes(world.now(), link, *writer.poll());
    EXPECT_EQ(drops(peer, DropReason::other_graph), 2U);
}

// GRAPH-089, GRAPH-153, GRAPH-154, GRAPH-158: WELCOME makes both neighbours.
TEST(GraphHandshake, WelcomeMakesNeighbours) {
    World world;
    Peer& peer = world.found();
    Stranger first(peer.graph, 11);
    first.join(world.now(), {}, {endpoint_at(11)});
    const auto welcome = first.heard<Welcome>();
    ASSERT_TRUE(welcome);
    EXPECT_EQ(welcome->node, peer.graph.node_id());
    EXPECT_EQ(welcome->peer_id, "peer 0");
    EXPECT_EQ(welcome->time, peer.graph.peer_time(world.now().wall));
    EXPECT_TRUE(welcome->addresses.empty());
    ASSERT_EQ(peer.graph.links().size(), 1U);
    EXPECT_EQ(peer.graph.links()[0].node, 11U);
    EXPECT_EQ(peer.graph.links()[0].utility, 0.0) << "GRAPH-261";

    // GRAPH-153: addresses of neighbours only if N was set.
    Stranger second(peer.graph, 12);
    second.come(world.now());
    Connect connect;
    connect.node = 12;
    connect.wants_neighbours = true;
    second.say(world.now(), connect);
    EXPECT_EQ(second.heard<Welcome>()->addresses, std::vector{endpoint_at(11)});
    Stranger third(peer.graph, 13);
    third.join(world.now());
    EXPECT_TRUE(third.heard<Welcome>()->addresses.empty());
}

// GRAPH-147: U replaces the addresses of a neighbour and is not answered.
TEST(GraphHandshake, UpdateReplacesAddresses) {
    World world;
    Peer& peer = world.found();
    Stranger other(peer.graph, 11);
    other.join(world.now(), {}, {endpoint_at(11)});
    const std::size_t heard = other.messages.size();
    other.say(world.now(), update_of(11, {endpoint_at(44)}));
    EXPECT_EQ(peer.graph.links()[0].address, endpoint_at(44));
    EXPECT_EQ(other.messages.size(), heard);
    EXPECT_FALSE(other.is_closed);
}

// GRAPH-147: on a link that is not connected U means nothing.
TEST(GraphHandshake, UpdateOfAStrangerIsAConnect) {
    World world;
    Peer& peer = world.found();
    Stranger other(peer.graph, 11);
    other.come(world.now());
    other.say(world.now(), update_of(11, {endpoint_at(44)}));
    EXPECT_TRUE(other.heard<Welcome>());
}

// GRAPH-124: whoever begins to listen tells its neighbours where.
TEST(GraphHandshake, ListeningIsAnnounced) {
    World world;
    Peer& peer = world.add(World::config("peer 0"));
    ASSERT_TRUE(peer.graph.create(world.now(), {}));
    Stranger other(peer.graph, 11);
    other.join(world.now());
    const Endpoint here = endpoint_at(9);
    peer.graph.set_addresses(world.now(), std::span(&here, 1));
    other.listen(world.now());
    const auto update = other.heard<Connect>();
    ASSERT_TRUE(update);
    EXPECT_TRUE(update->is_update);
    EXPECT_FALSE(update->is_direct);
    EXPECT_FALSE(update->wants_neighbours);
    EXPECT_EQ(update->node, peer.graph.node_id());
    EXPECT_EQ(update->addresses, std::vector{here});
}

// GRAPH-152 (GA-20, GA-21): a second CONNECT on a link is refused with 2, without addresses.
TEST(GraphHandshake, SecondConnectIsRefused) {
    World world;
    Peer& peer = world.found();
    Stranger other(peer.graph, 11);
    other.join(world.now(), {}, {endpoint_at(11)});
    Connect again;
    again.node = 11;
    other.say(world.now(), again);
    EXPECT_EQ(other.heard<Refuse>(), (Refuse{RefuseCode::already_connected, {}}));
    EXPECT_TRUE(other.is_closed);
    EXPECT_TRUE(peer.graph.links().empty());
}

// GRAPH-150: a node that is a neighbour already is refused with 3, and so are we ourselves.
TEST(GraphHandshake, DuplicateIsRefused) {
    World world;
    Peer& peer = world.found();
    Stranger first(peer.graph, 11);
    first.join(world.now());
    Stranger second(peer.graph, 11);
    second.come(world.now());
    Connect connect;
    connect.node = 11;
    second.say(world.now(), connect);
    EXPECT_EQ(second.heard<Refuse>(), (Refuse{RefuseCode::duplicate, {}}));
    EXPECT_TRUE(second.is_closed);
    EXPECT_FALSE(first.is_closed);

    Stranger mirror(peer.graph, peer.graph.node_id());
    mirror.come(world.now());
    connect.node = peer.graph.node_id();
    mirror.say(world.now(), connect);
    EXPECT_EQ(mirror.heard<Refuse>(), (Refuse{RefuseCode::duplicate, {}}));
}

// GRAPH-151, GRAPH-088: full is refused with 1 and where else to try, the oldest neighbour first.
TEST(GraphHandshake, FullNodeRefersToItsNeighbours) {
    World world;
    Peer& peer = world.found();
    std::vector<std::unique_ptr<Stranger>> friends;
    std::vector<Endpoint> theirs;
    for (unsigned i = 0; i < 7; ++i) {
        friends.push_back(std::make_unique<Stranger>(peer.graph, 20 + i));
        friends.back()->join(world.now(), {}, {endpoint_at(20 + i)});
        theirs.push_back(endpoint_at(20 + i));
    }
    Stranger late(peer.graph, 50);
    late.come(world.now());
    Connect connect;
    connect.node = 50;
    late.say(world.now(), connect);
    EXPECT_EQ(late.heard<Refuse>(), (Refuse{RefuseCode::busy, theirs}));
    EXPECT_TRUE(late.is_closed);
}

// GRAPH-148, GRAPH-122: direct connections are refused with 4 unless they are wanted.
// GRAPH-149: else welcomed without addresses, and no neighbours.
TEST(GraphHandshake, DirectConnectionsAreAMatterOfTheApplication) {
    World world;
    Peer& peer = world.found();
    Stranger neighbour(peer.graph, 10);
    neighbour.join(world.now(), {}, {endpoint_at(10)});
    Connect direct;
    direct.is_direct = true;
    direct.node = 11;
    direct.wants_neighbours = true;
    Stranger refused(peer.graph, 11);
    refused.come(world.now(), "a graph", LinkKind::direct);
    refused.say(world.now(), direct);
    EXPECT_EQ(refused.heard<Refuse>(), (Refuse{RefuseCode::direct_disallowed, {}}));
    EXPECT_TRUE(refused.is_closed);

    peer.graph.accept_direct(true);
    Stranger taken(peer.graph, 11);
    taken.come(world.now(), "a graph", LinkKind::direct);
    taken.say(world.now(), direct);
    const auto welcome = taken.heard<Welcome>();
    ASSERT_TRUE(welcome);
    EXPECT_TRUE(welcome->addresses.empty());
    const auto links = peer.graph.links();
    EXPECT_EQ(std::ranges::count_if(links, [](const LinkInfo& it) { return it.is_direct; }), 1);
    // A record on a direct link is out of place.
    taken.say(world.now(), Flood{Bytes(90)});
    EXPECT_TRUE(taken.is_closed);
}

// What the security provider heard of a connection holds: no direct one becomes a neighbour, nor
// the reverse.
TEST(GraphHandshake, AnnouncedKindIsKept) {
    World world;
    Peer& peer = world.found();
    peer.graph.accept_direct(true);
    for (const LinkKind announced : {LinkKind::neighbour, LinkKind::direct}) {
        Stranger other(peer.graph, 11);
        other.come(world.now(), "a graph", announced);
        Connect connect;
        connect.node = 11;
        connect.is_direct = announced == LinkKind::neighbour;
        other.say(world.now(), connect);
        EXPECT_TRUE(other.is_closed);
        EXPECT_FALSE(other.heard<Welcome>());
    }
    EXPECT_EQ(drops(peer, DropReason::bad_message), 2U);
    EXPECT_TRUE(peer.graph.links().empty());
}

// Whoever is asked for by name is who answers.
TEST(GraphHandshake, AnotherPeerThanTheWantedOneIsNotTaken) {
    World world;
    Peer& peer = world.found();
    for (const std::string wanted : {"somebody else", "stranger"}) {
        const auto link = peer.graph.connect(world.now(), endpoint_at(1), wanted);
        ASSERT_TRUE(link);
        Stranger other(peer.graph, 11);
        other.answer(world.now(), *link);
        other.welcome(world.now(), peer.graph.peer_time(world.now().wall));
        EXPECT_EQ(other.is_closed, wanted != "stranger") << wanted;
    }
    EXPECT_EQ(drops(peer, DropReason::not_authenticated), 1U);
}

// GRAPH-157: WELCOME and REFUSE answer a CONNECT and nothing else.
TEST(GraphHandshake, AnswersWithoutAQuestionEndTheConnection) {
    World world;
    Peer& peer = world.found();
    for (const Message& answer : {Message(Welcome{5, {}, {}, "x", {}, {}}), Message(Refuse{})}) {
        Stranger other(peer.graph, 11);
        other.join(world.now());
        other.say(world.now(), answer);
        EXPECT_TRUE(other.is_closed);
    }
}

// GRAPH-096, GRAPH-143: the answer to CONNECT has 60 s.
TEST(GraphHandshake, ConnectIsGivenUpAfterAMinute) {
    World world;
    world.answers_needs = false;
    Peer& peer = joiner(world);
    Stranger other(peer.graph);
    other.be_called(world.now(), endpoint_at(1));
    Now now = world.now();
    now.instant += 59s;
    peer.graph.handle_timeout(now);
    other.listen(now);
    EXPECT_FALSE(other.is_closed);
    now.instant += 2s;
    peer.graph.handle_timeout(now);
    other.listen(now);
    EXPECT_TRUE(other.is_closed);
}

// GRAPH-094, GRAPH-095 (GA-17): 300 s with nobody, shrinking towards 20 s with the load.
TEST(GraphHandshake, AuthenticationTimeShrinksWithTheLoad) {
    using Seconds = std::chrono::duration<double>;
    EXPECT_NEAR(Seconds(authentication_time(0)).count(), 300.0, 0.01);
    EXPECT_NEAR(Seconds(authentication_time(10)).count(), 20.0 + 280.0 / 2.71828, 0.01);
    EXPECT_NEAR(Seconds(authentication_time(200)).count(), 20.0, 0.01);
}

// GRAPH-002, GRAPH-161, GRAPH-168: a refused node tries those that it was referred to.
TEST(GraphHandshake, RefusedNodeFollowsReferrals) {
    World world;
    world.answers_needs = false;
    Peer& founder = world.found();
    std::vector<std::unique_ptr<Stranger>> friends;
    for (unsigned i = 0; i < 6; ++i) {
        friends.push_back(std::make_unique<Stranger>(founder.graph, 20 + i));
        friends.back()->join(world.now());
    }
    Peer& second = world.join(founder); // the seventh and last neighbour, with an address
    world.run(2s);
    ASSERT_TRUE(second.graph.status().is_synchronized);
    Peer& third = world.join(founder);
    world.run(3s);
    EXPECT_TRUE(third.graph.status().is_synchronized);
    ASSERT_FALSE(third.graph.links().empty());
    EXPECT_EQ(third.graph.links()[0].node, second.graph.node_id());
    const auto told = third.told<ConnectionChanged>();
    ASSERT_GE(told.size(), 2U);
    EXPECT_EQ(told[0].status, ConnectionStatus::failed);
    EXPECT_EQ(told[0].reason, FailureReason::refused);
    EXPECT_NE(told[0].next, 0U) << "spec: api 3.5, the attempt that follows";
}

// GRAPH-050: who is told that there is a connection already has what was asked for.
TEST(GraphHandshake, RefusedDuplicateIsNoRefusal) {
    World world;
    Peer& founder = world.found();
    Peer& second = world.join(founder);
    world.run(2s);
    ASSERT_EQ(founder.graph.links().size(), 1U);
    const auto link =
        founder.graph.connect(world.now(), World::address(second.index), std::nullopt);
    ASSERT_TRUE(link);
    world.run(2s);
    const auto told = founder.told<ConnectionChanged>().back();
    EXPECT_EQ(told.link, *link);
    EXPECT_EQ(told.status, ConnectionStatus::failed);
    EXPECT_EQ(told.reason, FailureReason::duplicate);
    EXPECT_EQ(founder.graph.links().size(), 1U);
}

// GRAPH-087: a hundred referrals are kept, the oldest leave first; privileged ports never count.
TEST(GraphHandshake, ReferralsAreBounded) {
    World world;
    world.answers_needs = false;
    Peer& peer = joiner(world);
    unsigned round = 0;
    const auto refuse = [&](unsigned rounds, std::uint16_t port) {
        for (const unsigned end = round + rounds; round < end; ++round) {
            Stranger other(peer.graph);
            other.be_called(world.now(), endpoint_at(5000 + round));
            Refuse refusal;
            for (unsigned i = 0; i < kReferralsSent; ++i)
                refusal.addresses.push_back({endpoint_at(100 + round * 10 + i).address, port});
            other.say(world.now(), refusal);
            for (const Endpoint& to : other.dialled)
                EXPECT_GE(to.port, 1024);
        }
    };
    refuse(2, 80);
    const std::size_t none = peer.graph.memory();
    refuse(kReferralsMax / kReferralsSent, 4000);
    const std::size_t full = peer.graph.memory();
    EXPECT_GT(full, none) << "referrals count as memory, or this shows nothing";
    refuse(20, 4000);
    EXPECT_LE(peer.graph.memory(), full + (full - none) / 4);
}

// GRAPH-125: a node does not connect with itself.
TEST(GraphHandshake, OwnAddressIsRefused) {
    World world;
    Peer& peer = world.found();
    EXPECT_EQ(
        peer.graph.connect(world.now(), World::address(0), std::nullopt).error(),
        GraphErrc::bad_argument);
}

// GA-23: two that call each other at once end up with one link.
TEST(GraphHandshake, CrossingCallsLeaveOneLink) {
    World world;
    world.delay = 50ms;
    Peer& first = world.found();
    Peer& second = world.join(first);
    world.run(5s);
    ASSERT_EQ(first.graph.links().size(), 1U);
    first.graph.disconnect(world.now(), first.graph.links()[0].link);
    world.run(200ms);
    // Both look for each other again at once, by maintenance or by command.
    (void)first.graph.connect(world.now(), World::address(1), std::nullopt);
    (void)second.graph.connect(world.now(), World::address(0), std::nullopt);
    world.run(10s);
    EXPECT_EQ(first.graph.links().size(), 1U);
    EXPECT_EQ(second.graph.links().size(), 1U);
}

// GRAPH-054, GRAPH-129, GRAPH-170: a farewell ends the link, and maintenance looks for another.
TEST(GraphHandshake, DisconnectEndsTheLink) {
    World world;
    Peer& peer = world.found();
    Stranger other(peer.graph, 11);
    other.join(world.now());
    other.say(world.now(), Disconnect{DisconnectReason::leaving, {endpoint_at(1)}});
    EXPECT_TRUE(other.is_closed);
    EXPECT_TRUE(peer.graph.links().empty());
}

// GRAPH-129, GRAPH-259: whoever closes says so on every link, with addresses of its neighbours.
TEST(GraphHandshake, ClosingSaysGoodbye) {
    World world;
    Peer& peer = world.found();
    Stranger first(peer.graph, 11);
    first.join(world.now(), {}, {endpoint_at(11)});
    Stranger second(peer.graph, 12);
    second.join(world.now(), {}, {endpoint_at(12)});
    peer.graph.disconnect(world.now(), first.link());
    first.listen(world.now());
    EXPECT_EQ(
        first.heard<Disconnect>(), (Disconnect{DisconnectReason::application, {endpoint_at(12)}}));
    EXPECT_TRUE(first.is_closed);
    peer.graph.close(world.now());
    second.listen(world.now());
    EXPECT_EQ(second.heard<Disconnect>(), (Disconnect{DisconnectReason::leaving, {}}));
    EXPECT_TRUE(second.is_closed);
    EXPECT_EQ(peer.graph.add(world.now(), note("x")).error(), GraphErrc::closed);
}

// Modernization E3: a capability that may not be ignored, and is not known, refuses the link.
TEST(GraphHandshake, UnknownCriticalCapabilityRefuses) {
    World world;
    Peer& peer = world.found();
    Stranger other(peer.graph, 11);
    other.come(world.now());
    Connect connect;
    connect.node = 11;
    connect.capabilities = {{0x8123, {}}};
    other.say(world.now(), connect);
    EXPECT_TRUE(other.is_closed);
    Stranger friendly(peer.graph, 12);
    friendly.come(world.now());
    connect.node = 12;
    connect.capabilities = {{0x0123, {}}, {0x0004, {}}};
    friendly.say(world.now(), connect);
    const auto welcome = friendly.heard<Welcome>();
    ASSERT_TRUE(welcome);
    EXPECT_EQ(welcome->capabilities, (std::vector<Capability>{{0x0004, {}}}));
}

} // namespace
} // namespace kith::graph
