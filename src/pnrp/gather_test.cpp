// Several nodes publish one name: all of them are found, or the nearest (docs/protocol/pnrp.md,
// Several registrations).

#include "pnrp/id.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/profile.hpp"
#include "pnrp/registry.hpp"
#include "pnrp/test_world.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <set>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::find_done;
using test::World;

const identity::PeerName kNews = *identity::PeerName::unsecured("news");

class Gather : public testing::TestWithParam<const char*> {
protected:
    const Profile& profile = *find_profile(GetParam());
    World world{1, profile};

    // Node `number` has a name of its own; the publishers have the common one as well.
    void populate(unsigned count, unsigned publishers) {
        for (unsigned i = 0; i < count; ++i) {
            World::Node& node = world.add();
            ASSERT_TRUE(node.cloud.register_name(
                world.now(), test::secure_registration(i, "web", profile.key_algorithm)));
            if (i >= count - publishers) publish(node, i);
            if (i > 0) node.cloud.synchronize(world.now(), world.nodes()[0]->endpoint);
            world.drain(node);
            world.run(200ms);
        }
        world.run(60s);
    }

    void publish(World::Node& node, unsigned number) {
        auto registration = test::secure_registration(number, "news", profile.key_algorithm);
        registration.name = kNews;
        registration.comment = "copy " + std::to_string(number);
        ASSERT_TRUE(node.cloud.register_name(world.now(), std::move(registration)));
        world.drain(node);
    }

    std::optional<ResolveDone> ask(World::Node& from, const ResolveQuery& query) {
        const auto id = from.cloud.start_resolve(world.now(), query);
        if (!id) return std::nullopt;
        world.drain(from);
        const bool is_done =
            world.run_until(query.timeout + 1s, [&] { return find_done(from, *id) != nullptr; });
        EXPECT_TRUE(is_done) << "a resolve did not end by its timeout";
        return is_done ? std::optional(*find_done(from, *id)) : std::nullopt;
    }

    static ResolveQuery all_of(const identity::PeerName& name) {
        ResolveQuery query{.name = name};
        query.timeout = 60s;
        query.extent = Extent::all;
        return query;
    }

    // Every id of the common name at nodes that are up.
    std::set<PnrpId> published() const {
        std::set<PnrpId> ids;
        for (const auto& node : const_cast<World&>(world).nodes()) {
            for (const RegisteredName& name : node->cloud.registrations()) {
                if (node->is_up && name.name == kNews) ids.insert(name.pnrp_id);
            }
        }
        return ids;
    }

    static std::set<PnrpId> found_in(const ResolveDone& done) {
        std::set<PnrpId> ids;
        if (done.outcome) ids.insert(done.outcome->id);
        for (const Resolution& other : done.others)
            ids.insert(other.id);
        EXPECT_EQ(ids.size(), done.others.size() + (done.outcome ? 1 : 0)) << "one came twice";
        return ids;
    }
};

INSTANTIATE_TEST_SUITE_P(
    Profiles, Gather, testing::Values("modern", "windows"), [](const auto& test) {
        return std::string(test.param);
    });

// PNRP-056: the ids of one name share 128 bits, and whoever shares them is found.
TEST_P(Gather, FindsEveryRegistrationOfAName) {
    populate(24, 8);
    const auto done = ask(*world.nodes()[3], all_of(kNews));
    ASSERT_TRUE(done && done->outcome);
    EXPECT_EQ(found_in(*done), published());
    EXPECT_TRUE(done->is_complete);
    for (const Resolution& other : done->others) {
        EXPECT_EQ(other.name, kNews);
        EXPECT_EQ(other.endpoints.size(), 1U);
        EXPECT_TRUE(other.comment.starts_with("copy ")) << other.comment;
        EXPECT_FALSE(other.is_local);
    }
}

// More than fit one leaf set, and more than a Flagged Path can name.
TEST_P(Gather, WalksFromOneRegistrationToThoseBesideIt) {
    populate(36, 30);
    ASSERT_GT(published().size(), kPathEndpointsMax);
    const auto done = ask(*world.nodes()[1], all_of(kNews));
    ASSERT_TRUE(done && done->outcome);
    EXPECT_EQ(found_in(*done), published());
    EXPECT_TRUE(done->is_complete);
}

TEST_P(Gather, CountsARegistrationMadeHereFirst) {
    populate(12, 4);
    const auto done = ask(*world.nodes()[11], all_of(kNews));
    ASSERT_TRUE(done && done->outcome);
    EXPECT_TRUE(done->outcome->is_local);
    EXPECT_EQ(done->outcome->comment, "copy 11");
    EXPECT_EQ(found_in(*done), published());

    ResolveQuery strangers = all_of(kNews);
    strangers.include_local = false;
    const auto others = ask(*world.nodes()[11], strangers);
    ASSERT_TRUE(others && others->outcome);
    EXPECT_FALSE(others->outcome->is_local);
    EXPECT_EQ(found_in(*others).size(), 3U);
}

TEST_P(Gather, LeavesOutWhoIsGone) {
    populate(16, 6);
    world.nodes()[12]->is_up = false;
    world.nodes()[14]->is_up = false;
    const auto done = ask(*world.nodes()[2], all_of(kNews));
    ASSERT_TRUE(done && done->outcome);
    EXPECT_EQ(found_in(*done), published());
    EXPECT_EQ(found_in(*done).size(), 4U);
}

TEST_P(Gather, OfASecureNameFindsTheOwnersOnly) {
    populate(12, 0);
    const auto name = test::secure_registration(5, "web", profile.key_algorithm).name;
    const auto done = ask(*world.nodes()[2], all_of(name));
    ASSERT_TRUE(done && done->outcome);
    EXPECT_TRUE(done->others.empty());
    EXPECT_TRUE(done->is_complete);
}

TEST_P(Gather, SaysThatNobodyHoldsTheName) {
    populate(8, 0);
    const auto done = ask(*world.nodes()[2], all_of(kNews));
    ASSERT_TRUE(done);
    EXPECT_EQ(done->outcome.error(), ResolveErrc::not_found);
    EXPECT_TRUE(done->others.empty());
}

TEST_P(Gather, HasWhatWasFoundUntilTheTimeout) {
    populate(24, 12);
    ResolveQuery query = all_of(kNews);
    query.timeout = 400ms; // a question and its answer take 40
    const auto done = ask(*world.nodes()[3], query);
    ASSERT_TRUE(done && done->outcome);
    EXPECT_LT(found_in(*done).size(), 12U);
    EXPECT_FALSE(done->is_complete);
}

TEST_P(Gather, EndsAtItsLimit) {
    if (profile.key_size != modern_profile().key_size) GTEST_SKIP() << "the same, and slower";
    populate(kGatheredMax + 6, kGatheredMax + 4);
    const auto done = ask(*world.nodes()[0], all_of(kNews));
    ASSERT_TRUE(done && done->outcome);
    EXPECT_EQ(found_in(*done).size(), kGatheredMax);
    EXPECT_FALSE(done->is_complete);
}

// A registration that nobody answers for keeps the others from nothing.
TEST_P(Gather, IsNotHeldUpByLoss) {
    populate(24, 8);
    SeededRandom dice(5);
    world.is_lost = [&](const Endpoint&, const Datagram&) { return dice.unit() < 0.1; };
    const auto done = ask(*world.nodes()[3], all_of(kNews));
    ASSERT_TRUE(done && done->outcome);
    EXPECT_GE(found_in(*done).size(), 7U);
}

// PNRP-056, PNRP-175, decision A47: of all, the one whose service location is numerically nearest
// to that of an own registration.
TEST_P(Gather, TakesTheNearestToTheOwnAddress) {
    populate(24, 8);
    ResolveQuery query{.name = kNews};
    query.criteria = kNearest;
    for (const unsigned asker : {1U, 7U, 15U}) {
        World::Node& node = *world.nodes()[asker];
        ServiceLocation here{};
        const auto prefix = location_prefix(node.endpoint.address);
        std::copy(prefix.begin(), prefix.end(), here.begin());
        here[8] = std::byte{0x80};
        const PnrpId wanted = make_id(p2p_id(profile, kNews), here);
        const auto ids = published();
        const PnrpId nearest =
            *std::min_element(ids.begin(), ids.end(), [&](const PnrpId& a, const PnrpId& b) {
                return is_closer(a, b, wanted);
            });
        const auto done = ask(node, query);
        ASSERT_TRUE(done && done->outcome) << asker;
        EXPECT_EQ(done->outcome->id, nearest) << asker;
    }
}

TEST_P(Gather, TakesItsOwnForTheNearest) {
    populate(8, 3);
    ResolveQuery query{.name = kNews};
    query.criteria = kNearest;
    const auto done = ask(*world.nodes()[6], query);
    ASSERT_TRUE(done && done->outcome);
    EXPECT_TRUE(done->outcome->is_local);
}

} // namespace
} // namespace kith::pnrp
