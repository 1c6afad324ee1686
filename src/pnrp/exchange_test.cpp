// Where a cloud may send, from where, and how much it awaits at once.

#include "pnrp/exchange.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/test_stage.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <set>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::Bench;
using test::endpoint_of;
using testing::ElementsAre;

Endpoint endpoint(const char* text) {
    return *parse_endpoint(text);
}

RouteEntry entry(std::initializer_list<const char*> addresses) {
    RouteEntry made{Bench::id_of_byte(1), 3540, {}};
    for (const char* address : addresses)
        made.addresses.push_back(*parse_address(address));
    return made;
}

TEST(Exchange, KeepsTheEndpointsOfItsScope) { // PNRP-002, PNRP-238
    Bench bench;
    const auto kept = [&](std::initializer_list<const char*> texts) {
        std::vector<Endpoint> given;
        for (const char* text : texts)
            given.push_back(endpoint(text));
        bench.exchange.set_endpoints(given);
        const auto own = bench.exchange.endpoints();
        return std::vector<Endpoint>(own.begin(), own.end());
    };
    EXPECT_THAT(
        kept({"[fe80::1]:3540", "[2001:db8::1]:3540", "10.0.0.1:3540", "198.51.100.1:3540"}),
        ElementsAre(endpoint("[2001:db8::1]:3540"), endpoint("198.51.100.1:3540")));
    EXPECT_THAT(kept({"[2001:db8::1]:1024", "[2001:db8::1]:80"}), ElementsAre());
    EXPECT_THAT( // one port, no address twice
        kept({"[2001:db8::1]:4000", "[2001:db8::2]:4001", "[2001:db8::1]:4000"}),
        ElementsAre(endpoint("[2001:db8::1]:4000")));
    EXPECT_EQ(
        kept({"[2001:db8::1]:4000",
              "[2001:db8::2]:4000",
              "[2001:db8::3]:4000",
              "[2001:db8::4]:4000",
              "[2001:db8::5]:4000"})
            .size(),
        kServiceAddressesMax);
    const Endpoint own = endpoint("[2001:db8::1]:4000");
    EXPECT_TRUE(bench.exchange.set_endpoints(std::span(&own, 1)));
    EXPECT_FALSE(bench.exchange.set_endpoints(std::span(&own, 1)));
}

TEST(Exchange, AdmitsPeersOfItsScope) { // PNRP-096, PNRP-098, PNRP-184, PNRP-229
    struct Row {
        Scope scope;
        bool allow_loopback;
        const char* peer;
        bool is_admitted;
    };
    for (const Row& row :
         {Row{Scope::global, false, "[2001:db8::1]:1025", true},
          Row{Scope::global, false, "[2001:db8::1]:1024", false},
          Row{Scope::global, false, "127.0.0.1:3540", false},
          Row{Scope::global, true, "127.0.0.1:3540", true},
          Row{Scope::global, true, "[::1]:3540", true},
          Row{Scope::global, true, "[fe80::1]:3540", false},
          Row{Scope::link, false, "[fe80::1]:3540", true},
          Row{Scope::link, false, "169.254.1.1:3540", true},
          Row{Scope::link, false, "[2001:db8::1]:3540", false},
          Row{Scope::site, false, "10.1.2.3:3540", true},
          Row{Scope::site, false, "[fd00::1]:3540", true},
          Row{Scope::site, false, "198.51.100.1:3540", false}}) {
        Bench bench({.scope = row.scope, .allow_loopback = row.allow_loopback});
        EXPECT_EQ(bench.exchange.is_admissible(endpoint(row.peer)), row.is_admitted) << row.peer;
    }
    const Bench bench;
    EXPECT_FALSE(bench.exchange.is_admissible(RouteEntry{}));
    EXPECT_TRUE(bench.exchange.is_admissible(entry({"2001:db8::1", "198.51.100.1"})));
    EXPECT_FALSE(bench.exchange.is_admissible(entry({"2001:db8::1", "fe80::1"})));
}

TEST(Exchange, KnowsNoIpv4InThePublishedProfile) {
    Profile published = modern_profile();
    published.allows_v4 = false;
    const Bench bench({.profile = &published});
    EXPECT_FALSE(bench.exchange.is_admissible(endpoint("198.51.100.1:3540")));
    EXPECT_TRUE(bench.exchange.is_admissible(endpoint("[2001:db8::1]:3540")));
}

// PNRP-172, PNRP-178: RFC 6724 as far as it says anything here.
TEST(Exchange, TriesTheNearestAddressFirst) {
    Bench bench;
    const Endpoint own = endpoint("[2001:db8:1::1]:3540");
    bench.exchange.set_endpoints(std::span(&own, 1));
    EXPECT_THAT(
        bench.exchange.destinations(
            entry({"2a00::1", "198.51.100.1", "2001:db8:1::9", "2001:db8:2::1", "2001:db8:1::1"})),
        ElementsAre(
            endpoint("[2001:db8:1::9]:3540"),
            endpoint("[2001:db8:2::1]:3540"),
            endpoint("[2a00::1]:3540")));
    EXPECT_TRUE(bench.exchange.destinations(entry({"198.51.100.1"})).empty());
}

TEST(Exchange, AnswersFromWhereItWasReached) {
    Bench bench;
    bench.exchange.set_reached_at(bench.own);
    bench.exchange.send(endpoint_of(5), Ack{MessageId{1}, false});
    EXPECT_EQ(bench.exchange.poll_datagram()->local, bench.own);
    const auto id = bench.exchange.request(at({}), {endpoint_of(5)}, Flood{}, {}, std::nullopt);
    ASSERT_TRUE(id);
    EXPECT_EQ(bench.exchange.poll_datagram()->local, Endpoint{}); // a question may leave from any
}

TEST(Exchange, SendsAgainWhatIsNotAnswered) { // PNRP-236
    Bench bench;
    const Endpoint peer = endpoint_of(5);
    ASSERT_TRUE(bench.exchange.request(at({}), {peer}, Flood{}, {}, 200ms));
    bench.exchange.handle_timeout(at(200ms));
    bench.exchange.handle_timeout(at(600ms));
    bench.exchange.handle_timeout(at(2s));
    const auto sent = bench.sent().datagrams_to(peer);
    ASSERT_EQ(sent.size(), 3U);
    EXPECT_EQ(sent[0].payload, sent[2].payload);
    EXPECT_EQ(bench.exchange.counters().resent, 2U);
    EXPECT_EQ(bench.exchange.counters().datagrams_out, 3U);
    EXPECT_EQ(bench.exchange.counters().bytes_out, 3 * sent[0].payload.size());
}

// Gives every four bytes twice before it gives others: the worst that chance can do.
class StutteringRandom final : public SecureRandom {
public:
    void fill(std::span<std::byte> out) override {
        std::fill(out.begin(), out.end(), static_cast<std::byte>(++calls_ / 2));
    }

private:
    unsigned calls_ = 0;
};

TEST(Exchange, NeverAsksUnderAnIdThatIsPending) { // PNRP-010
    StutteringRandom stuttering;
    SeededRandom plain(1);
    Exchange exchange({}, stuttering, plain);
    const Endpoint own = endpoint_of(1);
    exchange.set_endpoints(std::span(&own, 1));
    std::set<MessageId> ids;
    for (int i = 0; i < 100; ++i) {
        const auto id = exchange.request(at({}), {endpoint_of(5)}, Flood{}, {}, {});
        ASSERT_TRUE(id);
        EXPECT_TRUE(ids.insert(*id).second);
    }
}

TEST(Exchange, DrawsItsIdsFromSecureChance) { // PNRP-010
    Bench bench;
    SeededSecureRandom same(11); // the bench's
    EXPECT_EQ(bench.exchange.fresh_id(), MessageId{same.next_u32()});
    EXPECT_EQ(bench.exchange.fresh_id(), MessageId{same.next_u32()});
}

TEST(Exchange, AsksNoMoreThanItCanAwait) {
    Bench bench;
    EXPECT_FALSE(bench.exchange.request(at({}), {}, Flood{}, {}, {}));
    for (std::size_t i = 0; i < kPendingMax; ++i)
        ASSERT_TRUE(bench.exchange.request(at({}), {endpoint_of(5)}, Flood{}, {}, {}));
    EXPECT_FALSE(bench.exchange.request(at({}), {endpoint_of(5)}, Flood{}, {}, {}));
    EXPECT_EQ(bench.sent().size(), kPendingMax);
    bench.exchange.request_once(at({}), endpoint_of(6), Flood{}, {});
    EXPECT_EQ(bench.sent().size(), kPendingMax);
}

TEST(Exchange, AsksStrangersForProofWithinALimit) {
    Bench bench;
    for (unsigned i = 0; i < 2 * kProofsPendingMax; ++i)
        bench.exchange.request_once(at({}), endpoint_of(i), Flood{}, {Errand::proof, 0, {}});
    EXPECT_EQ(bench.sent().size(), kProofsPendingMax);
    bench.exchange.handle_timeout(at(3s));
    bench.exchange.request_once(at(3s), endpoint_of(5), Flood{}, {Errand::proof, 0, {}});
    EXPECT_EQ(bench.sent().size(), kProofsPendingMax + 1);
    EXPECT_EQ(bench.exchange.counters().resent, 0U);
}

TEST(Exchange, WaitsAsLongAsThePeerOrTheCloudUsuallyTakes) {
    Bench bench;
    EXPECT_EQ(bench.exchange.hedge_delay(nullptr), Duration(30ms));
    bench.exchange.cloud_round_trip().sample(80ms);
    EXPECT_EQ(bench.exchange.hedge_delay(nullptr), Duration(80ms));
    RoundTrip peer;
    EXPECT_EQ(bench.exchange.hedge_delay(&peer), Duration(80ms));
    peer.sample(10ms);
    EXPECT_EQ(bench.exchange.hedge_delay(&peer), Duration(30ms)); // and four deviations
    RoundTrip close;
    close.sample(100us);
    EXPECT_EQ(bench.exchange.hedge_delay(&close), Duration(3ms));
    // A new peer is given three times what the cloud takes.
    ASSERT_TRUE(bench.exchange.request(at({}), {endpoint_of(5)}, Flood{}, {}, {}));
    EXPECT_EQ(bench.exchange.pending().next_timeout(), at(240ms).instant);
}

} // namespace
} // namespace kith::pnrp
