#include "pnrp/doubts.hpp"
#include "pnrp/test_stage.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::Bench;
using test::endpoint_of_byte;

// entry_of_byte() gives each byte a network of its own.
class DoubtsTest : public testing::Test {
protected:
    explicit DoubtsTest(const CloudConfig& config = {}) : bench(config), doubts(bench.exchange) {}

    static Hop hop(unsigned byte, std::optional<unsigned> informant = {}) {
        Hop hop{Bench::entry_of_byte(byte)};
        if (informant) hop.informant = endpoint_of_byte(*informant);
        return hop;
    }

    // Another node of the network of `byte`.
    static RouteEntry neighbour_of(unsigned byte) {
        RouteEntry entry = Bench::entry_of_byte(byte);
        entry.id.bytes[1] = std::byte{1};
        entry.addresses[0].bytes[15] ^= std::byte{0x55};
        return entry;
    }

    Bench bench;
    Doubts doubts;
};

TEST_F(DoubtsTest, LeaveANetworkItsTurn) {
    for (unsigned i = 0; i < kAsksPerNetworkMax; ++i) {
        EXPECT_FALSE(doubts.is_spent(neighbour_of(1)));
        doubts.note_asked(Bench::entry_of_byte(1));
    }
    EXPECT_TRUE(doubts.is_spent(neighbour_of(1)));
    EXPECT_FALSE(doubts.is_spent(Bench::entry_of_byte(2)));
}

TEST_F(DoubtsTest, CountTheSuspicionOfANetworkOnce) {
    EXPECT_TRUE(doubts.note_suspicion(Bench::entry_of_byte(1)));
    EXPECT_FALSE(doubts.note_suspicion(neighbour_of(1)));
    EXPECT_TRUE(doubts.note_suspicion(Bench::entry_of_byte(2)));
}

TEST_F(DoubtsTest, FollowALieToItsNetworkAndItsHearsay) {
    doubts.note_lie(at({}), hop(1));
    EXPECT_TRUE(doubts.is_liar(at({}), Bench::entry_of_byte(1)));
    EXPECT_FALSE(doubts.is_liar(at({}), neighbour_of(1)));
    EXPECT_TRUE(doubts.is_spent(neighbour_of(1)));
    EXPECT_TRUE(doubts.is_hearsay_of_liars(hop(5, 1)));
    EXPECT_FALSE(doubts.is_hearsay_of_liars(hop(5, 2)));
    EXPECT_FALSE(doubts.is_hearsay_of_liars(hop(5)));
    const RouteEntry neighbour = neighbour_of(1);
    EXPECT_TRUE(doubts.is_with_liars(at({}), {neighbour.addresses[0], neighbour.port}));
    EXPECT_FALSE(doubts.is_with_liars(at({}), endpoint_of_byte(2)));
}

TEST_F(DoubtsTest, AreForAllWhoHadToDoWithALie) {
    const Hop liar = hop(1, 2);
    EXPECT_TRUE(doubts.is_doubtful(at({}), hop(2), liar));    // who told of him
    EXPECT_TRUE(doubts.is_doubtful(at({}), hop(3, 2), liar)); // what else that one told of
    EXPECT_TRUE(doubts.is_doubtful(at({}), hop(4, 1), liar)); // what he told of
    EXPECT_FALSE(doubts.is_doubtful(at({}), hop(5, 3), liar));
    EXPECT_FALSE(doubts.is_doubtful(at({}), hop(1), liar));
    doubts.note_lie(at({}), liar);
    EXPECT_TRUE(doubts.is_doubtful(at({}), hop(1), liar)); // himself, by any id
}

TEST_F(DoubtsTest, EndWithATrueAnswer) {
    doubts.note_lie(at({}), hop(1));
    doubts.acquit(Bench::entry_of_byte(1));
    EXPECT_FALSE(doubts.is_liar(at({}), Bench::entry_of_byte(1)));
    EXPECT_TRUE(doubts.is_spent(Bench::entry_of_byte(1))); // here somebody lied all the same
}

TEST_F(DoubtsTest, AreOfTheSilentAsWell) {
    bench.exchange.silent().note(at({}), endpoint_of_byte(1));
    EXPECT_TRUE(doubts.is_liar_or_silent(at({}), Bench::entry_of_byte(1)));
    EXPECT_FALSE(doubts.is_liar(at({}), Bench::entry_of_byte(1)));
    EXPECT_FALSE(doubts.is_liar_or_silent(at(kSilentNodeLifetime + 1s), Bench::entry_of_byte(1)));
}

class UnlimitedDoubts : public DoubtsTest {
protected:
    UnlimitedDoubts() : DoubtsTest({.limits_networks = false}) {}
};

TEST_F(UnlimitedDoubts, KnowNoNetworks) {
    for (unsigned i = 0; i < 2 * kAsksPerNetworkMax; ++i)
        doubts.note_asked(Bench::entry_of_byte(1));
    doubts.note_lie(at({}), hop(1));
    EXPECT_FALSE(doubts.is_spent(neighbour_of(1)));
    EXPECT_TRUE(doubts.note_suspicion(Bench::entry_of_byte(1)));
    EXPECT_TRUE(doubts.note_suspicion(neighbour_of(1)));
}

} // namespace
} // namespace kith::pnrp
