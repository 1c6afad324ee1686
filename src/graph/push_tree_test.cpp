#include "graph/graph.hpp"
#include "graph/limits.hpp"
#include "graph/push_tree.hpp"
#include "graph/record_codec.hpp"
#include "graph/test_stranger.hpp"
#include "graph/test_world.hpp"

#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

namespace kith::graph {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLarge = 1000;

Flood large(Peer& peer, Now now, std::uint64_t number) {
    auto record = strangers_record(peer.graph, now, number);
    record.payload.resize(kLarge);
    return flood_of(record);
}

Flood signature(Peer& peer, Now now, std::uint32_t version) {
    auto record = strangers_record(peer.graph, now, 0);
    record.type = kSignatureType;
    record.id = kSignatureId;
    record.version = version;
    record.payload = encode_signature(1); // nobody's is lower
    return flood_of(record);
}

/// A founder and its only neighbour.
struct Pair {
    explicit Pair(const Capabilities& can = Capabilities::all()) { other.join(world.now(), can); }

    World world;
    Peer& peer = world.found();
    Stranger other{peer.graph, 11};
};

/// A founder and its two neighbours.
struct Trio {
    Trio() {
        first.join(world.now(), Capabilities::all());
        second.join(world.now(), Capabilities::all());
    }

    World world;
    Peer& peer = world.found();
    Stranger first{peer.graph, 11};
    Stranger second{peer.graph, 12};
};

// Modernization 4.6: a duplicate prunes the link on both ends, what is new comes as an abstract,
// and a graft brings it.
TEST(GraphPushTree, DuplicatePrunesAndGraftBringsBack) {
    Pair pair;
    auto& [world, peer, other] = pair;
    const Flood known = large(peer, world.now(), 1);
    other.say(world.now(), known);
    other.say(world.now(), known);
    other.listen(later(world, peer, 0s));
    ASSERT_TRUE(other.heard<Ack>());
    EXPECT_TRUE(other.heard<Ack>()->entries.back().prunes);
    EXPECT_FALSE(other.info().is_eager);

    const auto fresh = peer.graph.add(world.now(), note(std::string(1000, 'x')));
    other.listen(later(world, peer, kAdvertDelay));
    EXPECT_EQ(other.count<Flood>(), 0U);
    const auto advert = other.heard<Advertise>();
    ASSERT_TRUE(advert);
    EXPECT_TRUE(advert->boundaries.empty());
    ASSERT_EQ(advert->abstracts.size(), 1U);
    EXPECT_EQ(advert->abstracts[0].id, *fresh);

    Request graft;
    graft.is_graft = true;
    graft.abstracts = {{*fresh, 1, std::nullopt}};
    other.say(world.now(), graft);
    EXPECT_EQ(other.count<Flood>(), 1U);
    EXPECT_EQ(other.count<SyncEnd>(), 0U);
    EXPECT_TRUE(other.info().is_eager);

    // The other end may prune as well.
    other.say(world.now(), Ack{{{*fresh, false, true}}});
    EXPECT_FALSE(other.info().is_eager);
    // Small ones go whole all the same.
    ASSERT_TRUE(peer.graph.add(world.now(), note("small")));
    other.listen(world.now());
    EXPECT_EQ(other.count<Flood>(), 2U);
}

// Small records travel over lazy links too: a known one must not cut the tree.
TEST(GraphPushTree, SmallDuplicatePrunesNothing) {
    Pair pair;
    auto& [world, peer, other] = pair;
    const auto small = strangers_record(peer.graph, world.now(), 1);
    for (int i = 0; i < 3; ++i)
        other.say(world.now(), flood_of(small));
    other.listen(later(world, peer, 1s));
    EXPECT_TRUE(other.info().is_eager);
    // And whoever brings a large one first belongs to the tree again.
    other.say(world.now(), Ack{{{small.id, false, true}}});
    EXPECT_FALSE(other.info().is_eager);
    other.say(world.now(), large(peer, world.now(), 2));
    EXPECT_TRUE(other.info().is_eager);
}

// What is advertised and does not come is asked for, once for each neighbour that has it.
TEST(GraphPushTree, AdvertisedRecordIsAskedFor) {
    Pair pair;
    auto& [world, peer, other] = pair;
    const auto record = strangers_record(peer.graph, world.now(), 1);
    Advertise advert;
    advert.flags = kWideFlag;
    advert.abstracts = {{record.id, 1, ByteArray<16>{}}};
    other.say(world.now(), advert);
    other.listen(later(world, peer, kGraftDelayMin - 1ms));
    EXPECT_EQ(other.count<Request>(), 0U);
    other.listen(later(world, peer, kGraftDelayMax));
    const auto request = other.heard<Request>();
    ASSERT_TRUE(request);
    EXPECT_TRUE(request->is_graft);
    EXPECT_EQ(request->abstracts, (std::vector<RecordAbstract>{{record.id, 1, std::nullopt}}));
    other.listen(later(world, peer, 60s));
    EXPECT_EQ(other.count<Request>(), 1U);
}

// Whoever says that it has an old version has not got ours.
TEST(GraphPushTree, AdvertOfAnOldVersionKeepsTheNewOneComing) {
    Pair pair;
    auto& [world, peer, other] = pair;
    const auto id = peer.graph.add(world.now(), note(std::string(kLarge, 'x')));
    other.listen(world.now());
    ASSERT_EQ(other.count<Flood>(), 1U);
    ASSERT_TRUE(peer.graph.update(world.now(), *id, payload_of(std::string(kLarge, 'y'))));
    Advertise advert;
    advert.flags = kWideFlag;
    advert.abstracts = {{*id, 1, ByteArray<16>{}}};
    other.say(world.now(), advert);
    EXPECT_EQ(other.count<Flood>(), 2U);
}

// A published neighbour gets everything whole for ever (modernization 4.6).
TEST(GraphPushTree, PublishedNeighbourStaysEager) {
    Pair pair{Capabilities{}};
    auto& [world, peer, other] = pair;
    const Flood known = large(peer, world.now(), 1);
    for (int i = 0; i < 3; ++i)
        other.say(world.now(), known);
    ASSERT_TRUE(peer.graph.add(world.now(), note(std::string(1000, 'x'))));
    other.listen(later(world, peer, 1s));
    EXPECT_EQ(other.count<Flood>(), 1U);
    EXPECT_EQ(other.count<Advertise>(), 0U);
    const auto ack = other.heard<Ack>();
    ASSERT_TRUE(ack);
    for (const AckEntry& entry : ack->entries)
        EXPECT_FALSE(entry.prunes);
}

// The link that brings a new version of the signature first is the tree; the others are none.
TEST(GraphPushTree, SignatureShapesTheTree) {
    Trio trio;
    auto& [world, peer, first, second] = trio;
    first.say(world.now(), signature(peer, world.now(), 5));
    second.say(world.now(), signature(peer, world.now(), 5));
    second.listen(later(world, peer, 0s));
    ASSERT_TRUE(second.heard<Ack>());
    EXPECT_EQ(second.heard<Ack>()->entries.back(), (AckEntry{kSignatureId, false, true}));
    EXPECT_TRUE(first.info().is_eager);
    EXPECT_FALSE(second.info().is_eager);

    // The next version may come another way.
    second.say(world.now(), signature(peer, world.now(), 6));
    first.say(world.now(), signature(peer, world.now(), 6));
    EXPECT_FALSE(first.info().is_eager);
    EXPECT_TRUE(second.info().is_eager);
}

// Who says that the signature came from here first hangs on this link.
TEST(GraphPushTree, ChildIsPartOfTheTree) {
    Pair pair;
    auto& [world, peer, child] = pair;
    child.say(world.now(), Ack{{{kSignatureId, false, true}}});
    EXPECT_FALSE(child.info().is_eager);
    child.say(world.now(), Ack{{{kSignatureId, true, false}}});
    EXPECT_TRUE(child.info().is_eager);
}

// One late record does not reshape the tree: what was faster is pruned, not what is shorter. A
// link that is late again and again is given up.
TEST(GraphPushTree, TreeIsSparedUntilItIsLateTooOften) {
    Trio trio;
    auto& [world, peer, tree, other] = trio;
    Now now = world.now();
    tree.say(now, signature(peer, now, 5));
    const auto race = [&](std::uint64_t number) {
        other.say(now, large(peer, now, number));
        EXPECT_TRUE(other.info().is_eager) << number;
        tree.say(now, large(peer, now, number));
        peer.graph.handle_timeout(now);
        other.listen(now);
    };
    for (std::uint64_t i = 1; i <= 2 * kLateInARowMax; ++i) { // one lost segment of many records
        race(i);
        EXPECT_TRUE(tree.info().is_eager) << i;
        EXPECT_FALSE(other.info().is_eager) << i;
        ASSERT_TRUE(other.heard<Ack>());
        EXPECT_TRUE(other.heard<Ack>()->entries.back().prunes);
    }
    now.instant += kLateTime;
    race(100);
    EXPECT_FALSE(tree.info().is_eager);
    EXPECT_TRUE(other.info().is_eager);
    EXPECT_EQ(other.heard<Ack>()->entries.back(), (AckEntry{kSignatureId, true, false}));
}

// Who lost the way to the root hangs on whatever brings news from elsewhere, and says so.
TEST(GraphPushTree, LostWayUpIsReplaced) {
    Trio trio;
    auto& [world, peer, tree, other] = trio;
    world.answers_needs = false;
    tree.say(world.now(), signature(peer, world.now(), 5));
    other.say(world.now(), Ack{{{kSignatureId, false, true}}});
    tree.say(world.now(), Disconnect{DisconnectReason::leaving, {}});
    other.say(world.now(), large(peer, world.now(), 1));
    other.listen(later(world, peer, 0s));
    const auto ack = other.heard<Ack>();
    ASSERT_TRUE(ack);
    EXPECT_NE(
        std::ranges::find(ack->entries, AckEntry{kSignatureId, true, false}), ack->entries.end());
    EXPECT_TRUE(other.info().is_eager);
}

// A tree that is always late by half a second is not asked about before.
TEST(GraphPushTree, PatienceFollowsTheTree) {
    Trio trio;
    auto& [world, peer, tree, lazy] = trio;
    const auto announce = [&](Now now, std::uint64_t number) {
        Advertise advert;
        advert.flags = kWideFlag;
        advert.abstracts = {{strangers_record(peer.graph, now, number).id, 1, ByteArray<16>{}}};
        lazy.say(now, advert);
    };
    Now now = world.now();
    const auto pass = [&](Duration span) {
        now.instant += span;
        now.wall += std::chrono::duration_cast<WallTime::duration>(span);
        peer.graph.handle_timeout(now);
    };
    for (std::uint64_t i = 1; i <= 50; ++i) {
        announce(now, i);
        pass(500ms);
        tree.say(now, large(peer, now, i));
        pass(5s);
    }
    const std::size_t asked = lazy.count<Request>();
    EXPECT_LT(asked, 10U) << "it learns";
    announce(now, 100);
    pass(500ms);
    lazy.listen(now);
    EXPECT_EQ(lazy.count<Request>(), asked);
    pass(kGraftDelayMax);
    lazy.listen(now);
    EXPECT_EQ(lazy.count<Request>(), asked + 1) << "but does not wait for ever";
}

// What the graph itself writes is in no hurry: it travels over the tree, however small.
TEST(GraphPushTree, PresenceTravelsOverTheTree) {
    Pair pair;
    auto& [world, peer, lazy] = pair;
    lazy.say(world.now(), Ack{{{kSignatureId, false, true}}});
    peer.graph.set_presence(world.now(), "away", false);
    lazy.listen(later(world, peer, kAdvertDelay));
    EXPECT_EQ(lazy.count<Flood>(), 0U);
    EXPECT_EQ(lazy.count<Advertise>(), 1U);
}

} // namespace
} // namespace kith::graph
