#include "pnrp/first_hops.hpp"
#include "pnrp/test_stage.hpp"

#include <gmock/gmock.h>

namespace kith::pnrp {
namespace {

using test::at;
using test::Bench;
using test::endpoint_of_byte;
using testing::ElementsAre;
using testing::IsEmpty;

class FirstHopsTest : public testing::Test {
protected:
    FirstHopsTest() {
        for (const unsigned byte : {0x10U, 0x20U, 0x30U, 0x40U})
            bench.cache_byte(byte);
    }

    static std::vector<unsigned> bytes_of(const std::vector<Hop>& hops) {
        std::vector<unsigned> bytes;
        bytes.reserve(hops.size());
        for (const Hop& hop : hops)
            bytes.push_back(std::to_integer<unsigned>(hop.entry.id.bytes[0]));
        return bytes;
    }

    FirstHops choose(std::size_t wanted) const {
        return choose_first_hops(at({}), bench.cache, doubts, Bench::id_of_byte(0x11), wanted);
    }

    Bench bench;
    Doubts doubts{bench.exchange};
};

TEST_F(FirstHopsTest, AreTheNearest) {
    const auto [timely, late] = choose(3);
    EXPECT_THAT(bytes_of(timely), ElementsAre(0x10U, 0x20U, 0x30U));
    EXPECT_THAT(bytes_of(late), IsEmpty());
}

TEST_F(FirstHopsTest, AreLateWhereTheyLetOthersWait) {
    bench.cache.find(Bench::id_of_byte(0x10))->is_late = true;
    bench.exchange.silent().note(at({}), endpoint_of_byte(0x20));
    bench.exchange.liars().note(at({}), endpoint_of_byte(0x30));
    const auto [timely, late] = choose(2);
    EXPECT_THAT(bytes_of(timely), ElementsAre(0x40U));
    EXPECT_THAT(bytes_of(late), ElementsAre(0x10U, 0x20U)); // no more than wanted
}

TEST_F(FirstHopsTest, AreTwoOfANetwork) {
    for (unsigned i = 1; i <= kAsksPerNetworkMax; ++i) {
        CachedRoute route;
        route.entry = Bench::entry_of_byte(0x10);
        route.entry.id.bytes[1] = static_cast<std::byte>(i);
        route.entry.addresses[0].bytes[15] ^= static_cast<std::byte>(0x50 + i);
        bench.cache.insert(std::move(route));
    }
    const auto [timely, late] = choose(8);
    EXPECT_THAT(bytes_of(timely), ElementsAre(0x10U, 0x10U, 0x20U, 0x30U, 0x40U));
    EXPECT_THAT(bytes_of(late), ElementsAre(0x10U));
}

TEST_F(FirstHopsTest, AreFollowedByThoseThatAreNew) {
    const RouteEntry spent = Bench::entry_of_byte(0x30);
    for (unsigned i = 0; i < kAsksPerNetworkMax; ++i)
        doubts.note_asked(spent);
    bench.exchange.silent().note(at({}), endpoint_of_byte(0x20));
    const auto is_new = [](const RouteEntry& entry) { return entry != Bench::entry_of_byte(0x10); };
    const auto further =
        choose_further_hops(at({}), bench.cache, doubts, Bench::id_of_byte(0x11), is_new);
    EXPECT_THAT(bytes_of(further.fresh), ElementsAre(0x40U));
    EXPECT_THAT(bytes_of(further.spent), ElementsAre(0x30U));
}

} // namespace
} // namespace kith::pnrp
