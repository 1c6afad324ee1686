#include "pnrp/route_entry.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

// Decision A19: paths hold endpoints, so that several nodes of one host are told apart.
TEST(RouteEntryTest, AnEndpointIsAddressAndPort) {
    const Endpoint first = *parse_endpoint("[2001:db8::1]:3540");
    const Endpoint second = *parse_endpoint("203.0.113.7:3540");
    const RouteEntry entry{{}, 3540, {first.address, second.address}};
    EXPECT_TRUE(entry.has_endpoint(first));
    EXPECT_TRUE(entry.has_endpoint(second));
    EXPECT_FALSE(entry.has_endpoint({first.address, 3541}));
    EXPECT_FALSE(entry.has_endpoint(*parse_endpoint("[2001:db8::2]:3540")));
}

} // namespace
} // namespace kith::pnrp
