#include "graph/graph.hpp"
#include "graph/limits.hpp"
#include "graph/test_stranger.hpp"
#include "graph/test_world.hpp"
#include "graph/topology.hpp"

#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace kith::graph {
namespace {

using namespace std::chrono_literals;
using store::PeerTime;
using store::Record;
using store::RecordId;

double seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

/// A record of the graph's own, by the stranger.
Record by_stranger(
    Peer& peer,
    Now now,
    const store::RecordType& type,
    std::uint64_t number,
    Bytes payload,
    Duration lifetime) {
    Record record;
    record.type = type;
    record.creator = "stranger";
    record.id =
        type == kSignatureType
            ? kSignatureId
            : make_record_id(
                  record.creator, Guid::from_halves(number, number * 77), store::Rules::modern);
    record.created = peer.graph.peer_time(now.wall);
    record.modified = record.created;
    record.expires = record.created.plus(std::chrono::duration_cast<PeerTime::Ticks>(lifetime));
    record.payload = std::move(payload);
    return record;
}

Record contact_of(
    Peer& peer, Now now, std::uint64_t number, std::uint64_t signature, const Endpoint& address) {
    return by_stranger(
        peer,
        now,
        kContactType,
        number,
        encode_contact({signature, 1000 + number, {address}}),
        900s);
}

// GRAPH-239 (GA-19): five up to 2^60, then more as the lowest of more ids is lower.
TEST(GraphTopology, ContactsFollowTheSignature) {
    EXPECT_EQ(contacts_min(std::numeric_limits<std::uint64_t>::max()), 5U);
    EXPECT_EQ(contacts_min(std::uint64_t{1} << 60U), 5U);
    EXPECT_EQ(contacts_min(std::uint64_t{1} << 55U), 5U);
    EXPECT_EQ(contacts_min(std::uint64_t{1} << 54U), 6U);
    EXPECT_EQ(contacts_min(std::uint64_t{1} << 40U), 20U);
    EXPECT_EQ(contacts_min(0), 60U);
}

// GRAPH-237 (GA-18): 0.1 s for the lowest ids, 19 s for the highest.
TEST(GraphTopology, LowIdsAreQuickToBeTheSignature) {
    EXPECT_NEAR(seconds(signature_delay(1)), 0.1, 1e-6);
    EXPECT_NEAR(seconds(signature_delay(std::numeric_limits<std::uint64_t>::max())), 19.0, 0.1);
    EXPECT_LT(signature_delay(std::uint64_t{1} << 60U), signature_delay(std::uint64_t{1} << 63U));
}

// GRAPH-207, GRAPH-225, GRAPH-236: alone, a node is the signature, under the fixed id, for 300 s
// and
// again.
TEST(GraphTopology, LonelyNodeIsTheSignature) {
    World world;
    Peer& peer = world.found();
    EXPECT_FALSE(peer.graph.signature());
    world.run(20s);
    EXPECT_EQ(peer.graph.signature(), peer.graph.node_id());
    const auto records = live(peer, kSignatureType);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].id, kSignatureId);
    EXPECT_EQ(records[0].expires.since(records[0].modified), PeerTime::Ticks(300s));
    EXPECT_TRUE(records[0].refreshes);
    world.run(1000s);
    EXPECT_EQ(peer.graph.signature(), peer.graph.node_id());
}

// GRAPH-233, GRAPH-238: a signature above our id is replaced within 0.1 s; one below is left alone.
TEST(GraphTopology, LowerIdTakesTheSignature) {
    World world;
    Peer& peer = world.found();
    Stranger other(peer.graph, 11);
    other.join(world.now());
    const NodeId own = peer.graph.node_id();
    other.say(
        world.now(),
        flood_of(
            by_stranger(peer, world.now(), kSignatureType, 1, encode_signature(own + 1), 300s)));
    EXPECT_EQ(peer.graph.signature(), own + 1);
    world.run(150ms);
    EXPECT_EQ(peer.graph.signature(), own);

    Record lower =
        by_stranger(peer, world.now(), kSignatureType, 1, encode_signature(own - 1), 300s);
    lower.version = 9;
    lower.modifier = "stranger";
    lower.modified = lower.modified.plus(1s);
    lower.expires = lower.expires.plus(10s);
    other.say(world.now(), flood_of(lower));
    EXPECT_EQ(peer.graph.signature(), own - 1);
    world.run(60s);
    EXPECT_EQ(peer.graph.signature(), own - 1);
    // GRAPH-251: when it lapses, somebody else is it.
    world.run(400s);
    EXPECT_EQ(peer.graph.signature(), own);
    // GA-14: over what was there, with a version above it.
    EXPECT_GE(live(peer, kSignatureType)[0].version, 1U);
}

// GRAPH-206, GRAPH-224, GRAPH-240, GRAPH-097: too few contacts: after 10 to 180 s it is one.
TEST(GraphTopology, TooFewContactsMakeOne) {
    World world;
    Peer& peer = world.found();
    world.run(9s);
    EXPECT_EQ(peer.graph.contacts(), 0U);
    world.run(200s);
    EXPECT_EQ(peer.graph.contacts(), 1U);
    const auto records = live(peer, kContactType);
    ASSERT_EQ(records.size(), 1U);
    const auto contact = decode_contact(records[0].payload);
    ASSERT_TRUE(contact);
    EXPECT_EQ(contact->signature, peer.graph.node_id());
    EXPECT_EQ(contact->node, peer.graph.node_id());
    EXPECT_EQ(contact->addresses, std::vector{World::address(0)});
    EXPECT_EQ(records[0].expires.since(records[0].modified), PeerTime::Ticks(900s));
    EXPECT_TRUE(records[0].refreshes);
}

// GRAPH-206, GRAPH-234, GRAPH-240, GRAPH-253: too many and it withdraws; when they lapse it is
// back.
TEST(GraphTopology, TooManyContactsUnmakeOne) {
    World world;
    Peer& peer = world.found();
    world.run(250s);
    ASSERT_EQ(peer.graph.contacts(), 1U);
    Stranger other(peer.graph, 11);
    other.join(world.now());
    const auto signature = *peer.graph.signature();
    for (std::uint64_t i = 0; i < 14; ++i) {
        other.say(
            world.now(), flood_of(contact_of(peer, world.now(), i, signature, endpoint_at(90))));
    }
    EXPECT_EQ(peer.graph.contacts(), 15U);
    world.run(185s);
    EXPECT_EQ(peer.graph.contacts(), 14U);
    EXPECT_TRUE(live(peer, kContactType).size() == 14U);
    world.run(1200s);
    EXPECT_EQ(peer.graph.contacts(), 1U);
}

// GRAPH-003 (GA-35): a contact says which signature it sees.
TEST(GraphTopology, ContactFollowsTheSignature) {
    World world;
    Peer& peer = world.found();
    world.run(250s);
    Stranger other(peer.graph, 11);
    other.join(world.now());
    Record lower = by_stranger(
        peer, world.now(), kSignatureType, 1, encode_signature(peer.graph.node_id() - 1), 300s);
    lower.version = 99;
    lower.modifier = "stranger";
    lower.modified = lower.modified.plus(1s);
    lower.expires = lower.expires.plus(1s);
    other.say(world.now(), flood_of(lower));
    EXPECT_EQ(
        decode_contact(live(peer, kContactType)[0].payload)->signature, peer.graph.node_id() - 1);
}

// GRAPH-098, GRAPH-208, GRAPH-241: a contact that sees another signature is called.
TEST(GraphTopology, DisagreeingContactIsCalled) {
    World world;
    world.answers_needs = false;
    Peer& peer = world.found();
    world.run(30s);
    Peer& far = world.add(World::config("far"));
    ASSERT_TRUE(far.graph.create(world.now(), {}));
    world.listen(far);
    Stranger company(peer.graph, 10); // so that no neighbour is wanted
    company.join(world.now());
    Stranger other(peer.graph, 11);
    other.join(world.now());
    other.say(world.now(), flood_of(contact_of(peer, world.now(), 1, 12345, World::address(1))));
    world.run(4s);
    EXPECT_EQ(far.graph.links().size(), 0U);
    world.run(30s);
    EXPECT_EQ(far.graph.links().size(), 1U);
}

// GRAPH-123, GRAPH-221, GRAPH-248: presence of whoever listens, GRAPH-073: unless the graph wants
// none.
TEST(GraphTopology, PresenceIsPublishedWhileListening) {
    World world;
    Peer& peer = world.found();
    auto records = live(peer, kPresenceType);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_TRUE(records[0].refreshes) << "GRAPH-222";
    EXPECT_EQ(records[0].expires.since(records[0].modified), PeerTime::Ticks(300s));
    const auto presence = decode_presence(records[0].payload);
    EXPECT_EQ(presence->node, peer.graph.node_id());
    EXPECT_EQ(presence->addresses, std::vector{World::address(0)});
    // GRAPH-255, GRAPH-223: a change of address updates the same record.
    const RecordId id = records[0].id;
    const Endpoint elsewhere = endpoint_at(3);
    peer.graph.set_addresses(world.now(), std::span(&elsewhere, 1));
    records = live(peer, kPresenceType);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].id, id);
    EXPECT_EQ(decode_presence(records[0].payload)->addresses, std::vector{elsewhere});
    // GRAPH-247: whoever stops listening is not present any more.
    peer.graph.set_addresses(world.now(), {});
    EXPECT_TRUE(live(peer, kPresenceType).empty());
}

TEST(GraphTopology, GraphMayWantNoPresence) {
    World world;
    Peer& peer = world.add(World::config("peer 0"));
    GraphInfo info;
    info.presence_max = 0;
    ASSERT_TRUE(peer.graph.create(world.now(), info));
    world.listen(peer);
    world.run(600s);
    EXPECT_TRUE(live(peer, kPresenceType).empty());
    // GRAPH-121, GRAPH-222: but when the application asks, and then not renewed as a record: it
    // lapses and is published anew (GA-38).
    ASSERT_TRUE(peer.graph.set_presence(world.now(), "<attributes/>", true));
    auto records = live(peer, kPresenceType);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_FALSE(records[0].refreshes);
    EXPECT_EQ(decode_presence(records[0].payload)->attributes, "<attributes/>");
    world.run(700s);
    EXPECT_EQ(live(peer, kPresenceType).size(), 1U);
}

// GRAPH-074, GRAPH-100, GRAPH-213, GRAPH-249: a bounded number, after 30 to 180 s, with a spread of
// ten.
TEST(GraphTopology, PresenceIsBounded) {
    World world;
    Peer& peer = world.add(World::config("peer 0"));
    GraphInfo info;
    info.presence_max = 3;
    ASSERT_TRUE(peer.graph.create(world.now(), info));
    world.listen(peer);
    world.run(29s);
    EXPECT_TRUE(live(peer, kPresenceType).empty());
    world.run(160s);
    EXPECT_EQ(live(peer, kPresenceType).size(), 1U);
    Stranger other(peer.graph, 11);
    other.join(world.now());
    for (std::uint64_t i = 0; i < 13; ++i) {
        other.say(
            world.now(),
            flood_of(by_stranger(
                peer,
                world.now(),
                kPresenceType,
                i,
                encode_presence({500 + i, "", {endpoint_at(1)}}),
                3600s)));
    }
    EXPECT_EQ(peer.graph.nodes().size(), 14U);
    world.run(600s);
    EXPECT_EQ(peer.graph.nodes().size(), 13U);
    for (const NodeInfo& node : peer.graph.nodes())
        EXPECT_NE(node.node, peer.graph.node_id());
}

// GRAPH-006, GRAPH-235, GRAPH-252: who is gone disappears, by a deletion or by the clock.
TEST(GraphTopology, PresenceOfOthersComesAndGoes) {
    World world;
    Peer& peer = world.found();
    Stranger other(peer.graph, 11);
    other.join(world.now());
    Record record = by_stranger(
        peer, world.now(), kPresenceType, 1, encode_presence({501, "", {endpoint_at(1)}}), 300s);
    other.say(world.now(), flood_of(record));
    EXPECT_EQ(peer.graph.nodes().size(), 2U);
    record.version = 2;
    record.modifier = "stranger";
    record.modified = record.modified.plus(1s);
    record.is_deleted = true;
    record.payload.clear();
    other.say(world.now(), flood_of(record));
    EXPECT_EQ(peer.graph.nodes().size(), 1U);
    other.say(
        world.now(),
        flood_of(by_stranger(
            peer,
            world.now(),
            kPresenceType,
            2,
            encode_presence({502, "", {endpoint_at(1)}}),
            60s)));
    EXPECT_EQ(peer.graph.nodes().size(), 2U);
    world.run(80s);
    EXPECT_EQ(peer.graph.nodes().size(), 1U);
    EXPECT_EQ(peer.told<NodeChanged>().back().kind, NodeChangeKind::disconnected);
}

// GA-38: whoever deletes our presence makes us publish it again, but not as often as it likes.
TEST(GraphTopology, DeletedPresenceComesBackByTheTimer) {
    World world;
    Peer& peer = world.found();
    Stranger other(peer.graph, 11);
    other.join(world.now());
    Record record = live(peer, kPresenceType).at(0);
    record.version += 1;
    record.modifier = "stranger";
    record.modified = record.modified.plus(1s);
    record.is_deleted = true;
    record.payload.clear();
    other.say(world.now(), flood_of(record));
    EXPECT_TRUE(live(peer, kPresenceType).empty());
    world.run(kPresenceAgain);
    EXPECT_EQ(live(peer, kPresenceType).size(), 1U);
}

// A record that becomes one of another type leaves nobody behind who is present, or a contact.
TEST(GraphTopology, RecordOfAnotherTypeIsNoPresenceAnyMore) {
    World world;
    Peer& peer = world.found();
    Stranger other(peer.graph, 11);
    other.join(world.now());
    Record presence = by_stranger(
        peer, world.now(), kPresenceType, 1, encode_presence({501, "", {endpoint_at(1)}}), 300s);
    Record contact = contact_of(peer, world.now(), 2, 12345, endpoint_at(2));
    for (Record* record : {&presence, &contact})
        other.say(world.now(), flood_of(*record));
    EXPECT_EQ(peer.graph.nodes().size(), 2U);
    EXPECT_EQ(peer.graph.contacts(), 1U);
    for (Record* record : {&presence, &contact}) {
        record->type = kNotes;
        record->version = 2;
        record->modifier = "stranger";
        record->modified = record->modified.plus(1s);
        other.say(world.now(), flood_of(*record));
    }
    EXPECT_EQ(peer.graph.nodes().size(), 1U);
    EXPECT_EQ(peer.graph.contacts(), 0U);
    std::vector<RecordChangeKind> kinds;
    for (const Event& event : other.events) {
        if (const auto* it = std::get_if<RecordChanged>(&event)) kinds.push_back(it->kind);
    }
    EXPECT_EQ(kinds, (std::vector{RecordChangeKind::added, RecordChangeKind::added}));
}

// GRAPH-085: addresses outside the graph's scope are not used.
TEST(GraphTopology, AddressesAreOfTheGraphsScope) {
    World world;
    Peer& peer = world.add(World::config("peer 0"));
    GraphInfo info;
    info.scope = Scope::link;
    ASSERT_TRUE(peer.graph.create(world.now(), info));
    const std::vector<Endpoint> given = {
        {*parse_address("2001:db8::1"), 4000}, {*parse_address("fe80::1"), 4000}};
    peer.graph.set_addresses(world.now(), given);
    const auto records = live(peer, kPresenceType);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(decode_presence(records[0].payload)->addresses, std::vector{given[1]});
}

// GRAPH-099, GRAPH-209, GRAPH-242: above the ideal number the least useful goes, by the timer only,
// and never one that had no time to be useful.
TEST(GraphTopology, LeastUsefulNeighbourGoes) {
    World world;
    world.answers_needs = false;
    Peer& peer = world.found();
    std::vector<std::unique_ptr<Stranger>> others;
    for (unsigned i = 0; i < 5; ++i) {
        others.push_back(std::make_unique<Stranger>(peer.graph, 20 + i));
        others.back()->join(world.now());
        if (i == 2) continue; // this one never brings anything
        others.back()->say(world.now(), flood_of(strangers_record(peer.graph, world.now(), i)));
    }
    others[2]->listen(later(world, peer, 250s));
    EXPECT_EQ(peer.graph.links().size(), 5U);
    others[2]->listen(later(world, peer, 700s));
    EXPECT_EQ(others[2]->heard<Disconnect>()->reason, DisconnectReason::least_useful);
    EXPECT_TRUE(others[2]->is_closed);
    EXPECT_EQ(peer.graph.links().size(), 4U);
}

// What holds the tree together stays, however little it brings.
TEST(GraphTopology, LinkOfTheTreeStays) {
    World world;
    world.answers_needs = false;
    Peer& peer = world.found();
    std::vector<std::unique_ptr<Stranger>> others;
    for (unsigned i = 0; i < 5; ++i) {
        others.push_back(std::make_unique<Stranger>(peer.graph, 20 + i));
        others.back()->join(world.now(), Capabilities::all());
        if (i == 2) continue;
        others.back()->say(world.now(), flood_of(strangers_record(peer.graph, world.now(), i)));
    }
    others[2]->say(world.now(), Ack{{{kSignatureId, true, false}}});
    Now now = world.now();
    for (int i = 0; i < 40; ++i) { // who is silent is let go
        now.instant += 20s;
        now.wall += std::chrono::duration_cast<WallTime::duration>(Duration(20s));
        peer.graph.handle_timeout(now);
        for (auto& other : others)
            other->say(now, Pt2pt{});
    }
    EXPECT_EQ(peer.graph.links().size(), 3U) << "the ideal number";
    EXPECT_FALSE(others[2]->is_closed);
}

// GRAPH-243, GRAPH-244, GRAPH-260: who loses a neighbour finds others among those present.
TEST(GraphTopology, LostNeighbourIsReplaced) {
    World world;
    world.answers_needs = false;
    Peer& founder = world.found();
    for (int i = 0; i < 5; ++i) {
        world.join(founder);
        world.run(2s);
    }
    world.run(300s);
    EXPECT_GE(founder.graph.links().size(), 2U) << "or nobody loses anything";
    world.crash(world[0]);
    world.run(30s);
    for (std::size_t i = 1; i < world.size(); ++i) {
        EXPECT_GE(world[i].graph.links().size(), 2U) << i;
        for (const LinkInfo& link : world[i].graph.links()) {
            EXPECT_NE(link.node, world[0].graph.node_id());
        }
    }
}

// Two whose links end at once, for whatever reason, do not connect again and again.
TEST(GraphTopology, AddressOfBriefLinksRests) {
    World world;
    world.answers_needs = false;
    Peer& peer = world.found();
    Now now = world.now();
    peer.graph.offer_peer(now, endpoint_at(1));
    std::size_t links = 0;
    for (int second = 0; second < 600; ++second) {
        peer.graph.handle_timeout(now);
        peer.graph.commit(now);
        std::vector<LinkId> opened;
        while (auto command = peer.graph.poll_link()) {
            if (const auto* open = std::get_if<OpenLink>(&*command)) opened.push_back(open->link);
        }
        for (const LinkId link : opened) {
            Stranger other(peer.graph, 11);
            other.answer(now, link);
            other.welcome(now, peer.graph.peer_time(now.wall));
            other.say(now, Refuse{}); // an answer to nothing
            EXPECT_TRUE(other.is_closed);
            EXPECT_TRUE(other.dialled.empty()) << "again in the same turn";
            ++links;
        }
        now.instant += 1s;
        now.wall += std::chrono::duration_cast<WallTime::duration>(Duration(1s));
    }
    EXPECT_GE(links, 5U);
    EXPECT_LE(links, 20U);
}

// GRAPH-245, GRAPH-246: a contact asks upwards for a member each period.
TEST(GraphTopology, ContactAsksForAnotherMember) {
    World world;
    world.answers_needs = false;
    Peer& peer = world.found();
    world.run(250s);
    ASSERT_EQ(peer.graph.contacts(), 1U);
    Stranger other(peer.graph, 11);
    other.join(world.now());
    const std::size_t before = peer.told<PeersNeeded>().size();
    world.run(310s);
    EXPECT_GT(peer.told<PeersNeeded>().size(), before);
}

// Nobody but the nodes themselves knows where they are: without names, without a seed.
TEST(GraphTopology, NodesThatRestartAllAtOnceFindEachOther) {
    World world;
    world.answers_needs = false;
    Peer& founder = world.found();
    for (int i = 0; i < 5; ++i) {
        world.join(founder);
        world.run(2s);
    }
    for (int round = 0; round < 2; ++round) { // also if they go before they have met again
        for (std::size_t i = 0; i < world.size(); ++i)
            world.crash(world[i]);
        for (std::size_t i = 0; i < world.size(); ++i)
            world.restart(i);
    }
    ASSERT_TRUE(world[1].graph.add(world.now(), note("after", 24h)));
    world.run(60s);
    for (std::size_t i = 0; i < world.size(); ++i) {
        EXPECT_EQ(world[i].graph.nodes().size(), world.size()) << i;
        EXPECT_EQ(world[i].graph.database_digest(), world[1].graph.database_digest()) << i;
    }
}

// Who joins does not listen yet, and says later where.
TEST(GraphTopology, WhoJoinedIsRemembered) {
    World world;
    Peer& peer = world.found();
    Stranger other(peer.graph);
    other.join(world.now());
    const std::vector<Endpoint> there = {World::address(7)};
    Connect update;
    update.is_update = true;
    update.addresses = there;
    other.say(world.now(), update);
    Acquaintances kept(peer.store);
    kept.load();
    EXPECT_EQ(kept.addresses(), std::deque<Endpoint>(there.begin(), there.end()));
}

// Issue 4, point 3: two halves meet again soon after the network is back, however long it was gone.
TEST(GraphTopology, LongPartitionHealsSoon) {
    for (const Duration apart : {Duration(5s), Duration(400s), Duration(2h)}) {
        World world;
        world.answers_needs = false;
        Peer& founder = world.found();
        for (int i = 0; i < 9; ++i) {
            world.join(founder);
            world.run(1s);
        }
        world.run(700s);
        world.part({5, 6, 7, 8, 9});
        world.run(apart / 2);
        ASSERT_TRUE(world[2].graph.add(world.now(), note("left", 24h)));
        ASSERT_TRUE(world[7].graph.add(world.now(), note("right", 24h)));
        world.run(apart / 2);
        world.heal();
        world.run(60s);
        for (std::size_t i = 1; i < world.size(); ++i) {
            EXPECT_EQ(world[i].graph.database_digest(), world[0].graph.database_digest())
                << i << " after " << seconds(apart);
        }
    }
}

} // namespace
} // namespace kith::graph
