#include "pnrp/cloud.hpp"
#include "pnrp/id.hpp"
#include "pnrp/test_world.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <set>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::find_done;
using test::World;

// What holds in both profiles.
class CloudTest : public testing::TestWithParam<const char*> {
protected:
    const Profile& profile = *find_profile(GetParam());
    World world{1, profile};
    const unsigned tries = profile.hedge.in_flight_max > 1 ? 1 : 3;

    Registration secure_registration(unsigned number, std::string_view classifier = "web") const {
        return test::secure_registration(number, classifier, profile.key_algorithm);
    }

    // `count` nodes, each with one secure name, joined through the first and settled.
    void populate(World& cloud, unsigned count, Duration settle = 60s) const {
        for (unsigned i = 0; i < count; ++i) {
            World::Node& node = cloud.add();
            ASSERT_TRUE(node.cloud.register_name(cloud.now(), secure_registration(i)));
            if (i > 0) node.cloud.synchronize(cloud.now(), cloud.nodes()[0]->endpoint);
            cloud.drain(node);
            cloud.run(500ms);
        }
        cloud.run(settle);
    }

    void populate(unsigned count, Duration settle = 60s) { populate(world, count, settle); }
};

INSTANTIATE_TEST_SUITE_P(
    Profiles, CloudTest, testing::Values("modern", "windows"), [](const auto& test) {
        return std::string(test.param);
    });

std::expected<Resolution, ResolveErrc>
resolve(World& world, World::Node& from, const identity::PeerName& name, Duration limit = 15s) {
    ResolveQuery query{.name = name};
    const auto id = from.cloud.start_resolve(world.now(), query);
    if (!id) return std::unexpected(id.error());
    world.drain(from);
    const bool is_done = world.run_until(limit, [&] { return find_done(from, *id) != nullptr; });
    EXPECT_TRUE(is_done) << "a resolve did not end by its timeout";
    return is_done ? find_done(from, *id)->outcome : std::unexpected(ResolveErrc::timed_out);
}

// PNRP-250, PNRP-172, PNRP-268: a name registered on one node is resolved and verified on another.
TEST_P(CloudTest, ResolvesANameOfTheOtherNode) {
    populate(2, 5s);
    const auto wanted = secure_registration(0);
    const auto found = resolve(world, *world.nodes()[1], wanted.name);
    ASSERT_TRUE(found) << static_cast<int>(found.error());
    EXPECT_EQ(found->endpoints, wanted.endpoints);
    EXPECT_EQ(found->comment, wanted.comment);
    EXPECT_EQ(found->public_key, to_owned(wanted.key->public_key().material()));
    EXPECT_THAT(found->service_addresses, testing::ElementsAre(world.nodes()[0]->endpoint));
    EXPECT_FALSE(found->is_local);
}

// PNRP-242: every name is found from everywhere.
TEST_P(CloudTest, ResolvesEveryNameFromEverywhere) {
    populate(24);
    for (unsigned from = 0; from < 24; ++from) {
        for (unsigned target = 0; target < 24; ++target) {
            if (from == target) continue;
            const auto found =
                resolve(world, *world.nodes()[from], secure_registration(target).name);
            ASSERT_TRUE(found) << from << " -> " << target;
            EXPECT_EQ(found->endpoints, secure_registration(target).endpoints);
        }
    }
}

TEST_P(CloudTest, SaysThatANameNobodyHoldsIsNotFound) {
    populate(12);
    const auto found = resolve(world, *world.nodes()[3], secure_registration(99).name);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error(), ResolveErrc::not_found);
}

TEST_P(CloudTest, CarriesALargePayloadInFragments) { // PNRP-274, PNRP-269, PNRP-198
    populate(4, 10s);
    World::Node& publisher = world.add();
    auto registration = secure_registration(50, "big");
    registration.payload = Payload{PayloadKind::binary, Bytes(4096, std::byte{0x5a})};
    ASSERT_TRUE(publisher.cloud.register_name(world.now(), registration));
    publisher.cloud.synchronize(world.now(), world.nodes()[0]->endpoint);
    world.drain(publisher);
    world.run(10s);
    World::Node& stranger = world.add();
    stranger.cloud.synchronize(world.now(), world.nodes()[1]->endpoint);
    world.drain(stranger);
    world.run(2s);
    const auto found = resolve(world, stranger, registration.name);
    ASSERT_TRUE(found) << static_cast<int>(found.error());
    EXPECT_EQ(found->payload, registration.payload);
}

// PNRP-252 to PNRP-254, PNRP-192: after an unregistration the name is gone at once.
TEST_P(CloudTest, RevokesANameThatIsUnregistered) {
    populate(16);
    World::Node& publisher = *world.nodes()[5];
    const auto name = secure_registration(5).name;
    ASSERT_TRUE(resolve(world, *world.nodes()[11], name));
    const auto id = publisher.cloud.registrations().front();
    ASSERT_TRUE(publisher.cloud.unregister(world.now(), id.id));
    world.drain(publisher);
    world.run(1s);
    EXPECT_EQ(resolve(world, *world.nodes()[11], name).error(), ResolveErrc::not_found);
    // The neighbours were told: nobody who had it in a leaf set still has it.
    for (const auto& node : world.nodes()) {
        for (const PeerInfo& peer : node->cloud.peers(world.now())) {
            EXPECT_FALSE(peer.in_leaf_set && peer.entry.id == id.pnrp_id);
        }
    }
}

// PNRP-241, PNRP-275: after settling, every leaf set is the five true neighbours on each side.
TEST_P(CloudTest, LeafSetsAreTheTrueNeighbours) {
    populate(32);
    std::vector<PnrpId> ring;
    for (const auto& node : world.nodes()) {
        ring.push_back(node->cloud.registrations().front().pnrp_id);
    }
    std::sort(ring.begin(), ring.end());
    for (const auto& node : world.nodes()) {
        const PnrpId own = node->cloud.registrations().front().pnrp_id;
        const auto at = std::find(ring.begin(), ring.end(), own) - ring.begin();
        std::set<PnrpId> expected;
        for (std::ptrdiff_t step = 1; step <= 5; ++step) {
            expected.insert(ring[static_cast<std::size_t>((at + step) % 32)]);
            expected.insert(ring[static_cast<std::size_t>((at - step + 32) % 32)]);
        }
        std::set<PnrpId> actual;
        for (const PeerInfo& peer : node->cloud.peers(world.now())) {
            if (peer.in_leaf_set) actual.insert(peer.entry.id);
        }
        EXPECT_EQ(actual, expected) << to_string(own);
    }
}

// PNRP-235, PNRP-244: ten entries at least, evenly spread; all there are in a smaller cloud.
TEST_P(CloudTest, KnowsEntriesAllOverTheCircle) {
    World small{1, profile};
    populate(small, 8);
    for (const auto& node : small.nodes())
        EXPECT_EQ(node->cloud.cache_size(), 7U);
    populate(40);
    for (const auto& node : world.nodes()) {
        std::vector<PnrpId> ids;
        for (const PeerInfo& peer : node->cloud.peers(world.now()))
            ids.push_back(peer.entry.id);
        ASSERT_GE(ids.size(), 10U);
        std::sort(ids.begin(), ids.end());
        PnrpId before = ids.back();
        for (const PnrpId& id : ids) {
            EXPECT_LT(circle_fraction(id - before), 0.3);
            before = id;
        }
    }
}

// The published profile asks one node at a time and waits 2 s for a silent one: there a resolve may
// fail under faults, and what it learned makes the next one succeed.
std::expected<Resolution, ResolveErrc>
resolve_again(World& world, World::Node& from, const identity::PeerName& name, unsigned tries) {
    auto found = resolve(world, from, name);
    for (unsigned i = 1; i < tries && !found; ++i)
        found = resolve(world, from, name);
    return found;
}

TEST_P(CloudTest, SurvivesLoss) {
    SeededRandom dice(99);
    world.is_lost = [&](const Endpoint&, const Datagram&) { return dice.below(10) == 0; };
    // Whoever missed an announcement hears the next one.
    populate(20, profile.hedge.in_flight_max > 1 ? Duration(120s) : Duration(30min));
    for (unsigned target = 0; target < 20; ++target) {
        const auto found = resolve_again(
            world, *world.nodes()[(target + 7) % 20], secure_registration(target).name, tries);
        EXPECT_TRUE(found) << target;
    }
}

// PNRP-295: the dead are passed by, and forgotten.
TEST_P(CloudTest, FindsTheLivingAmongTheDead) {
    populate(40, 120s);
    for (unsigned i = 1; i < 40; i += 3)
        world.nodes()[i]->is_up = false;
    for (unsigned target = 0; target < 40; ++target) {
        if (target % 3 == 1) continue;
        const unsigned from = (target + 2) % 3 == 1 ? target + 3 : target + 2;
        const auto found = resolve_again(
            world, *world.nodes()[from % 39], secure_registration(target).name, tries);
        EXPECT_TRUE(found) << target;
    }
}

// PNRP-239: a node that moved is found at its new address, and its neighbours know.
TEST_P(CloudTest, FollowsANodeToItsNewAddress) {
    populate(10);
    World::Node& moved = *world.nodes()[4];
    moved.endpoint = test::endpoint_of(200);
    moved.cloud.set_endpoints(world.now(), std::span(&moved.endpoint, 1));
    world.drain(moved);
    world.run(5s);
    const auto found = resolve(world, *world.nodes()[8], secure_registration(4).name);
    ASSERT_TRUE(found) << static_cast<int>(found.error());
    EXPECT_THAT(found->service_addresses, testing::ElementsAre(moved.endpoint));
}

TEST_P(CloudTest, ReturnsItsOwnNameWithoutAsking) {
    World::Node& node = world.add();
    const auto registration = secure_registration(1);
    ASSERT_TRUE(node.cloud.register_name(world.now(), registration));
    const auto before = world.sent();
    const auto found = resolve(world, node, registration.name);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->is_local);
    EXPECT_EQ(found->endpoints, registration.endpoints);
    EXPECT_EQ(world.sent(), before);
}

// PNRP-163, PNRP-247
TEST_P(CloudTest, RefusesWithoutAnAddress) {
    SeededSecureRandom secure(1);
    SeededRandom plain(2);
    Cloud cloud({.profile = &profile}, secure, plain);
    const auto registration = secure_registration(1);
    EXPECT_EQ(cloud.register_name(world.now(), registration).error(), RegisterErrc::no_addresses);
    EXPECT_EQ(
        cloud.start_resolve(world.now(), {.name = registration.name}).error(),
        ResolveErrc::no_addresses);
}

TEST_P(CloudTest, RefusesANameThatTheKeyDoesNotOwn) {
    World::Node& node = world.add();
    auto registration = secure_registration(1);
    registration.key = test::test_key(2, profile.key_algorithm);
    EXPECT_EQ(node.cloud.register_name(world.now(), registration).error(), RegisterErrc::wrong_key);
}

} // namespace
} // namespace kith::pnrp
