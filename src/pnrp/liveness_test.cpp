#include "pnrp/liveness.hpp"
#include "pnrp/test_stage.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::Bench;
using test::Peer;

class LivenessTest : public testing::Test {
protected:
    LivenessTest() { have_cached(peer.entry()); }

    void have_cached(const RouteEntry& entry) {
        CachedRoute route;
        route.entry = entry;
        route.heard = at({}).instant;
        bench.cache.insert(std::move(route));
    }

    bool is_cached(const PnrpId& id) { return bench.cache.find(id) != nullptr; }

    std::vector<test::Heard<Inquire>> asked() { return bench.sent().to<Inquire>(peer.endpoint); }

    void answer(const test::Heard<Inquire>& inquire, const AuthorityBuffer& buffer) {
        const auto answered = bench.exchange.pending().take(at(1s), inquire.id, inquire.to);
        ASSERT_EQ(answered.purpose.errand, Errand::probe);
        liveness.handle_answer(at(1s), answered, buffer);
    }

    Bench bench;
    Peer peer{10};
    Admission admission{bench.exchange, bench.cache};
    Maintenance maintenance{bench.cache, bench.plain};
    Liveness liveness{bench.exchange, bench.cache, admission, maintenance};
};

TEST_F(LivenessTest, AsksOnceAtATime) {
    liveness.probe(at({}), Bench::id_of_byte(1)); // nobody has that
    EXPECT_TRUE(bench.sent().empty());
    liveness.probe(at({}), peer.id);
    liveness.probe(at({}), peer.id);
    ASSERT_EQ(asked().size(), 1U);
    EXPECT_EQ(asked()[0].body, (Inquire{{}, peer.id, {}, false}));
}

TEST_F(LivenessTest, HearsWhoAnswers) {
    liveness.probe(at({}), peer.id);
    answer(asked()[0], AuthorityBuffer{});
    ASSERT_TRUE(is_cached(peer.id));
    EXPECT_EQ(bench.cache.find(peer.id)->heard, at(1s).instant);
}

TEST_F(LivenessTest, DropsWhoDenies) {
    liveness.probe(at({}), peer.id);
    AuthorityBuffer denial;
    denial.not_found = true;
    answer(asked()[0], denial);
    EXPECT_FALSE(is_cached(peer.id));
}

TEST_F(LivenessTest, DemandsProofOfWhoWasTakenOnItsWord) {
    liveness.probe_or_certify(at({}), peer.id);
    ASSERT_EQ(asked().size(), 1U);
    const auto& purpose = bench.exchange.pending().purpose(asked()[0].id);
    EXPECT_EQ(purpose.errand, Errand::entry_check);
}

TEST_F(LivenessTest, ProbesWhoHasProvedItself) {
    bench.cache.find(peer.id)->key = KeyFingerprint{};
    liveness.probe_or_certify(at({}), peer.id);
    ASSERT_EQ(asked().size(), 1U);
    EXPECT_EQ(bench.exchange.pending().purpose(asked()[0].id).errand, Errand::probe);
}

TEST_F(LivenessTest, DropsAnIdOnlyWhereItIs) {
    Endpoint elsewhere = peer.endpoint;
    ++elsewhere.port;
    liveness.drop_at(at({}), peer.id, elsewhere);
    EXPECT_TRUE(is_cached(peer.id));
    liveness.drop_at(at({}), peer.id, peer.endpoint);
    EXPECT_FALSE(is_cached(peer.id));
    liveness.drop_at(at({}), peer.id, peer.endpoint);
}

TEST_F(LivenessTest, LooksBeyondANeighbourThatIsGone) {
    const LocalName& name = bench.add_name(test::secure_registration(1));
    maintenance.announce(at(1h).instant, name.id);
    const auto before = maintenance.next_timeout(1);
    liveness.drop(at({}), peer.id);
    EXPECT_FALSE(is_cached(peer.id));
    const auto after = maintenance.next_timeout(1);
    ASSERT_TRUE(before && after);
    EXPECT_LT(*after, *before);
}

TEST_F(LivenessTest, HoldsForAllIdsOfANode) {
    RouteEntry other = peer.entry();
    other.id.bytes[0] ^= std::byte{0x40};
    have_cached(other);
    have_cached(Bench::entry_of_byte(1));
    liveness.note_late(peer.endpoint);
    EXPECT_TRUE(bench.cache.find(peer.id)->is_late && bench.cache.find(other.id)->is_late);
    EXPECT_FALSE(bench.cache.find(Bench::id_of_byte(1))->is_late);
    liveness.note_heard(peer.endpoint);
    EXPECT_FALSE(bench.cache.find(peer.id)->is_late || bench.cache.find(other.id)->is_late);
}

} // namespace
} // namespace kith::pnrp
