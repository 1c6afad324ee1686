#include "pnrp/limits.hpp"
#include "pnrp/resolve_path.hpp"
#include "pnrp/test_stage.hpp"

#include <gmock/gmock.h>

namespace kith::pnrp {
namespace {

using test::Bench;
using test::endpoint_of;
using test::endpoint_of_byte;
using testing::ElementsAre;

std::vector<Endpoint> endpoints_from(unsigned first, std::size_t count) {
    std::vector<Endpoint> endpoints;
    endpoints.reserve(count);
    for (unsigned i = 0; i < count; ++i)
        endpoints.push_back(endpoint_of(first + i));
    return endpoints;
}

TEST(ResolvePath, HasEachEndpointOnce) {
    ResolvePath path;
    path.add(endpoint_of(1));
    path.add(endpoint_of(2));
    path.add(endpoint_of(1));
    EXPECT_THAT(path.endpoints(), ElementsAre(endpoint_of(1), endpoint_of(2)));
}

TEST(ResolvePath, MayReturnToTheLastOne) { // PNRP-205, decision A19
    ResolvePath path;
    EXPECT_FALSE(path.returns_to(Bench::entry_of_byte(1)));
    path.add(endpoint_of_byte(1));
    EXPECT_TRUE(path.contains_any_of(Bench::entry_of_byte(1)));
    EXPECT_FALSE(path.returns_to(Bench::entry_of_byte(1)));
    path.add(endpoint_of_byte(2));
    EXPECT_TRUE(path.returns_to(Bench::entry_of_byte(1)));
    EXPECT_FALSE(path.returns_to(Bench::entry_of_byte(2)));
    EXPECT_FALSE(path.contains_any_of(Bench::entry_of_byte(3)));
}

TEST(FlaggedPath, BeginsWithTheOwnEndpoint) { // PNRP-180
    const auto path = flagged_path(endpoint_of(1), endpoints_from(2, 2), {});
    EXPECT_THAT(path, ElementsAre(endpoint_of(1), endpoint_of(2), endpoint_of(3)));
}

TEST(FlaggedPath, EndsWithTheLastThatFit) { // decision A15
    const auto path = flagged_path(endpoint_of(1), endpoints_from(100, 30), endpoints_from(200, 9));
    ASSERT_EQ(path.size(), kPathEndpointsMax);
    EXPECT_EQ(path.front(), endpoint_of(1));
    EXPECT_EQ(path[1], endpoint_of(109));
    EXPECT_EQ(path.back(), endpoint_of(129));
}

TEST(FlaggedPath, NamesTheSilentWhereThereIsRoom) {
    const auto known = endpoints_from(100, kPathEndpointsMax - 3);
    const std::vector<Endpoint> silent{endpoint_of(200), known.front(), endpoint_of(201)};
    const auto path = flagged_path(endpoint_of(1), known, silent);
    // Two places: one for a silent node, one that stays empty for a node that is named already.
    ASSERT_EQ(path.size(), kPathEndpointsMax - 1);
    EXPECT_EQ(path[1], endpoint_of(200));
    EXPECT_EQ(path[2], known.front());
}

} // namespace
} // namespace kith::pnrp
