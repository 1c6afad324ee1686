// Somebody on the path between nodes, who repeats, changes and invents datagrams. Nobody may
// believe him: every answer is still what its owner published, and no contract breaks.

#include "base/random.hpp"
#include "sim/seed.hpp"
#include "sim/tap.hpp"
#include "sim/testing/small_cloud.hpp"

#include <cstddef>
#include <gtest/gtest.h>
#include <utility>
#include <vector>

namespace kith::sim {
namespace {

using namespace std::chrono_literals;
using testing::SmallCloud;

// Hears some of what passes and says it again later, as it was or with flipped bits or cut short.
class Liar final : public Tap {
public:
    struct Habits {
        double changes = 0;   // of the datagrams that pass
        double repeats = 0;   // later, unchanged, up to a minute
        double misquotes = 0; // later, with flipped bits
        double truncates = 0;
    };

    Liar(std::uint64_t seed, const Habits& habits)
        : habits_(habits),
          random_(derive_seed(seed, Stream::liar)) {}

    TapVerdict pass(const Passage& passage, std::vector<Forgery>& forgeries) override {
        if (random_.unit() < habits_.repeats) say_again(passage, passage.payload, forgeries);
        if (random_.unit() < habits_.misquotes) {
            Bytes wrong = passage.payload;
            flip(wrong);
            say_again(passage, std::move(wrong), forgeries);
        }
        if (random_.unit() < habits_.truncates) {
            Bytes cut = passage.payload;
            cut.resize(random_.below(cut.size()));
            say_again(passage, std::move(cut), forgeries);
        }
        if (random_.unit() < habits_.changes) flip(passage.payload);
        return TapVerdict::passes;
    }

private:
    void flip(Bytes& payload) {
        const std::uint64_t flips = 1 + random_.below(8);
        for (std::uint64_t i = 0; i < flips; ++i) {
            payload[random_.below(payload.size())] ^=
                static_cast<std::byte>(1U << random_.below(8));
        }
    }

    void say_again(const Passage& passage, Bytes payload, std::vector<Forgery>& forgeries) {
        const std::uint64_t delays_ms[] = {1, 100, 1000, 60'000};
        const auto delay =
            std::chrono::milliseconds(1 + random_.below(delays_ms[random_.below(4)]));
        forgeries.push_back(
            {passage.channel, passage.source, passage.destination, std::move(payload), delay});
    }

    Habits habits_;
    SeededRandom random_;
};

void tell_twice_with(
    const Liar::Habits& habits, std::uint64_t seed, const std::function<void(SmallCloud&)>& story) {
    FleetConfig config;
    config.seed = seed;
    std::uint64_t traces[2] = {};
    for (std::uint64_t& trace : traces) {
        Liar liar(seed, habits);
        SmallCloud cloud(config, 16);
        cloud.fleet.world().set_tap(&liar);
        story(cloud);
        EXPECT_FALSE(cloud.fleet.world().breach()) << cloud.why();
        EXPECT_GT(cloud.fleet.world().traffic().forged, 500U);
        trace = cloud.fleet.world().trace_hash();
        if (::testing::Test::HasFailure()) return;
    }
    EXPECT_EQ(traces[0], traces[1]);
}

// PNRP-217, PNRP-194: what was said once is worth nothing a second time.
TEST(LiarStory, replays_are_recognised) {
    Liar::Habits habits;
    habits.repeats = 0.3;
    tell_twice_with(habits, 21, [](SmallCloud& cloud) {
        cloud.join();
        EXPECT_EQ(cloud.ask_around(48), 48U);
    });
}

// PNRP-207: changed copies race the honest answer and often win; an INQUIRE stays open until the
// honest one comes. What a LOOKUP or a denial says is not signed, and may still mislead one search.
TEST(LiarStory, corrupted_and_truncated_copies_are_dropped) {
    Liar::Habits habits;
    habits.misquotes = 0.3;
    habits.truncates = 0.2;
    tell_twice_with(habits, 22, [](SmallCloud& cloud) {
        cloud.join();
        EXPECT_GE(cloud.ask_around(48), 46U) << cloud.count(Verdict::not_found) << " not found, "
                                             << cloud.count(Verdict::timed_out) << " timed out";
        EXPECT_EQ(cloud.count(Verdict::no_valid_answer), 0U);
        EXPECT_GT(cloud.fleet.counters().dropped_for(pnrp::Drop::truncated), 0U);
    });
}

// The honest datagram itself is changed: some resolves fail, none of them lies.
TEST(LiarStory, a_path_that_changes_datagrams_may_hide_a_name_and_not_forge_it) {
    Liar::Habits habits;
    habits.changes = 0.1;
    habits.repeats = 0.1;
    tell_twice_with(habits, 23, [](SmallCloud& cloud) {
        cloud.join();
        EXPECT_GE(cloud.ask_around(48), 40U); // ask_around() itself wants no false answer
    });
}

// PNRP-252: a revoke that was recorded does not remove the name that its owner published anew.
TEST(LiarStory, a_recorded_revoke_does_not_remove_a_new_registration) {
    Liar::Habits habits;
    habits.repeats = 1.0;
    tell_twice_with(habits, 24, [](SmallCloud& cloud) {
        cloud.join();
        cloud.fleet.leave(cloud.hosts[5]);
        cloud.pass(2s);
        cloud.fleet.crash(cloud.hosts[5]);
        const std::vector<HostId> seed{cloud.hosts[0]};
        cloud.fleet.start(cloud.hosts[5], seed, Memory::kept);
        cloud.pass(2s);
        cloud.publish(cloud.hosts[5]);
        cloud.pass(2min); // all that was recorded has been repeated
        EXPECT_EQ(cloud.ask_all_for(cloud.hosts[5]), 15U);
    });
}

} // namespace
} // namespace kith::sim
