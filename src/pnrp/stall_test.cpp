// Machines that are busy with something else answer late, all of them now and then: a live name is
// found all the same. Nothing here is lost.

#include "pnrp/cloud.hpp"
#include "pnrp/test_world.hpp"

#include <chrono>
#include <gtest/gtest.h>
#include <map>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::find_done;
using test::secure_registration;
using test::World;

/// Each node sleeps for up to `longest` now and then: what comes meanwhile waits.
class Stalls {
public:
    Stalls(World& world, std::uint64_t seed, Duration longest)
        : world_(world),
          random_(seed),
          longest_(longest) {}

    Duration operator()(const Endpoint& to) {
        Stall& stall = stalls_[to];
        const Instant now = world_.now().instant;
        while (stall.ends <= now) {
            stall.begins = stall.ends + spread(longest_ * 2);
            stall.ends = stall.begins + spread(longest_);
        }
        return now < stall.begins ? Duration::zero() : stall.ends - now;
    }

private:
    struct Stall {
        Instant begins{};
        Instant ends{};
    };

    Duration spread(Duration most) {
        return Duration(static_cast<Duration::rep>(
            1 + random_.below(static_cast<std::uint64_t>(most.count()))));
    }

    World& world_;
    SeededRandom random_;
    Duration longest_;
    std::map<Endpoint, Stall> stalls_;
};

class StallTest : public testing::TestWithParam<int> {};

// A loaded machine must not make a name disappear (PNRP-172).
TEST_P(StallTest, LiveNamesAreFoundByBusyMachines) {
    constexpr unsigned kNodes = 5;
    unsigned missed = 0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        World world(seed);
        world.delay = 1ms;
        Stalls stalls(world, seed, std::chrono::milliseconds(GetParam()));
        world.extra_delay = [&](const Endpoint& to) { return stalls(to); };
        for (unsigned i = 0; i < kNodes; ++i) {
            World::Node& node = world.add();
            ASSERT_TRUE(node.cloud.register_name(world.now(), secure_registration(i)));
            if (i > 0) node.cloud.synchronize(world.now(), world.nodes()[0]->endpoint);
            world.drain(node);
            world.run(500ms);
        }
        world.run(5s);
        for (unsigned asker = 0; asker < kNodes; ++asker) {
            for (unsigned name = 0; name < kNodes; ++name) {
                World::Node& from = *world.nodes()[asker];
                const auto id = from.cloud.start_resolve(
                    world.now(), ResolveQuery{.name = secure_registration(name).name});
                ASSERT_TRUE(id);
                world.drain(from);
                world.run_until(15s, [&] { return find_done(from, *id) != nullptr; });
                const auto* done = find_done(from, *id);
                ASSERT_NE(done, nullptr);
                if (!done->outcome) {
                    ++missed;
                    ADD_FAILURE() << "seed " << seed << ": node " << asker << " does not find name "
                                  << name << ": " << static_cast<int>(done->outcome.error());
                }
            }
        }
    }
    EXPECT_EQ(missed, 0U);
}

INSTANTIATE_TEST_SUITE_P(Milliseconds, StallTest, testing::Values(1, 20, 60, 200, 400));

} // namespace
} // namespace kith::pnrp
