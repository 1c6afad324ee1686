// A cloud of a few nodes for the stories that tests tell.

#pragma once

#include "base/random.hpp"
#include "sim/fleet.hpp"
#include "sim/seed.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace kith::sim::testing {

using namespace std::chrono_literals;

class SmallCloud {
public:
    SmallCloud(const FleetConfig& config, std::size_t nodes)
        : fleet(config),
          random_(derive_seed(config.seed, Stream::scenario)) {
        for (std::size_t i = 0; i < nodes; ++i)
            hosts.push_back(fleet.add());
    }

    /// Host 0 is everybody's seed. A second apart, each starts and publishes its name.
    void join() {
        const std::vector<HostId> seeds{hosts.front()};
        for (const HostId host : hosts) {
            fleet.start(host, seeds);
            pass(500ms);
            publish(host);
            pass(500ms);
        }
        pass(1min);
    }

    void publish(HostId host) {
        const auto id = fleet.publish(host);
        ASSERT_TRUE(id.has_value());
        if (names.size() <= index_of(host)) names.resize(index_of(host) + 1);
        names[index_of(host)] = *id;
    }

    void pass(Duration duration) {
        ASSERT_TRUE(fleet.world().run_for(duration)) << why();
        const auto overdue = fleet.ledger().check_overdue(fleet.world().now());
        ASSERT_FALSE(overdue) << overdue.value_or("");
    }

    /// Every live host but its owner asks for `host`'s name; the number of correct answers.
    std::size_t ask_all_for(HostId host) {
        fleet.ledger().forget_answers();
        for (const HostId asker : fleet.live()) {
            if (asker != host) fleet.ask(asker, names[index_of(host)]);
        }
        return answers();
    }

    /// `count` live hosts, chosen by chance, ask for others' live names; the correct answers.
    std::size_t ask_around(std::size_t count) {
        fleet.ledger().forget_answers();
        const std::vector<HostId> live = fleet.live();
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t asker = random_.below(live.size());
            const std::size_t owner = (asker + 1 + random_.below(live.size() - 1)) % live.size();
            fleet.ask(live[asker], names[index_of(live[owner])]);
            pass(100ms);
        }
        return answers();
    }

    std::size_t count(Verdict verdict) const {
        return static_cast<std::size_t>(
            std::ranges::count(fleet.ledger().answers(), verdict, &Answer::verdict));
    }

    std::size_t false_answers() const { return count(Verdict::forged) + count(Verdict::ghost); }

    std::string why() const {
        const auto& breach = fleet.world().breach();
        if (!breach) return "no breach";
        return "host " + std::to_string(breach->host ? index_of(*breach->host) : 0) + " " +
               breach->what;
    }

    Fleet fleet;
    std::vector<HostId> hosts;
    std::vector<PublicationId> names; // by host: its latest

private:
    std::size_t answers() {
        pass(kResolveTimeout + 1s);
        EXPECT_EQ(fleet.ledger().open_questions(), 0U);
        EXPECT_EQ(false_answers(), 0U);
        return count(Verdict::correct);
    }

    SeededRandom random_;
};

/// Tells a story twice and wants the same trace: one seed, one run.
inline void tell_twice(
    const FleetConfig& config, std::size_t nodes, const std::function<void(SmallCloud&)>& story) {
    std::uint64_t traces[2] = {};
    for (std::uint64_t& trace : traces) {
        SmallCloud cloud(config, nodes);
        story(cloud);
        EXPECT_FALSE(cloud.fleet.world().breach()) << cloud.why();
        trace = cloud.fleet.world().trace_hash();
        if (::testing::Test::HasFailure()) return;
    }
    EXPECT_EQ(traces[0], traces[1]);
}

} // namespace kith::sim::testing
