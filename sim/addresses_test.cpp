#include "base/endpoint.hpp"
#include "sim/addresses.hpp"

#include <gtest/gtest.h>
#include <set>

namespace kith::sim {
namespace {

class EachScope : public ::testing::TestWithParam<Scope> {};

TEST_P(EachScope, hosts_have_addresses_of_their_own_in_it) {
    std::set<Endpoint> seen;
    for (const std::size_t i : {0U, 1U, 255U, 256U, 65'535U, 65'536U, (1U << 24U) - 1}) {
        EXPECT_EQ(endpoint_of(GetParam(), host_id(i)).address.scope(), GetParam());
        EXPECT_EQ(moved_endpoint_of(GetParam(), host_id(i)).address.scope(), GetParam());
        EXPECT_TRUE(seen.insert(endpoint_of(GetParam(), host_id(i))).second);
        EXPECT_TRUE(seen.insert(moved_endpoint_of(GetParam(), host_id(i))).second);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Addresses, EachScope, ::testing::Values(Scope::link, Scope::site, Scope::global));

TEST(Addresses, global_hosts_have_a_prefix_of_48_bits_each) {
    std::set<Address> prefixes;
    for (std::size_t i = 0; i < 1000; ++i)
        prefixes.insert(endpoint_of(Scope::global, host_id(i)).address.prefix(48));
    EXPECT_EQ(prefixes.size(), 1000U);
}

TEST(Addresses, neighbours_share_48_bits_and_not_64) {
    const Address host = endpoint_of(Scope::global, host_id(7)).address;
    const Address beside = global_endpoint_beside(host_id(7), host_id(8)).address;
    EXPECT_EQ(beside.prefix(48), host.prefix(48));
    EXPECT_NE(beside.prefix(64), host.prefix(64));
    EXPECT_NE(beside.prefix(64), global_endpoint_beside(host_id(7), host_id(9)).address.prefix(64));
    EXPECT_NE(global_endpoint_beside(host_id(7), host_id(0)).address, host);
}

TEST(Addresses, multicast_is_known_in_both_families) {
    EXPECT_TRUE(is_multicast(parse_address("ff02::c").value_or(Address{})));
    EXPECT_TRUE(is_multicast(parse_address("239.255.255.250").value_or(Address{})));
    EXPECT_FALSE(is_multicast(parse_address("2001:db8::1").value_or(Address{})));
    EXPECT_FALSE(is_multicast(parse_address("192.0.2.1").value_or(Address{})));
}

} // namespace
} // namespace kith::sim
