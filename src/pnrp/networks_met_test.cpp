#include "pnrp/limits.hpp"
#include "pnrp/network.hpp"
#include "pnrp/networks_met.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

Address address_of(const char* text) {
    return *parse_address(text);
}

TEST(NetworkOf, IsWhatOneOwnerHas) {
    EXPECT_EQ(
        network_of(address_of("2001:db8:1:2::3")), network_of(address_of("2001:db8:1:ff::1")));
    EXPECT_NE(network_of(address_of("2001:db8:1:2::3")), network_of(address_of("2001:db8:2:2::3")));
    EXPECT_EQ(network_of(address_of("192.0.2.1")), network_of(address_of("192.0.2.200")));
    EXPECT_NE(network_of(address_of("192.0.2.1")), network_of(address_of("192.0.3.1")));
}

TEST(NetworksMet, HasHadItsTurnAfterTwo) {
    NetworksMet met;
    const Address one = network_of(address_of("2001:db8:1::1"));
    const Address other = network_of(address_of("2001:db8:2::1"));
    for (unsigned i = 0; i < kAsksPerNetworkMax; ++i) {
        EXPECT_FALSE(met.is_spent(one)) << i;
        met.note_asked(one);
    }
    EXPECT_TRUE(met.is_spent(one));
    EXPECT_FALSE(met.has_lied(one));
    EXPECT_FALSE(met.is_spent(other));
}

TEST(NetworksMet, HasHadItsTurnAfterALie) {
    NetworksMet met;
    const Address one = network_of(address_of("2001:db8:1::1"));
    met.note_lie(one);
    EXPECT_TRUE(met.is_spent(one));
    EXPECT_TRUE(met.has_lied(one));
}

TEST(NetworksMet, IsSuspiciousOnce) {
    NetworksMet met;
    const Address one = network_of(address_of("2001:db8:1::1"));
    const Address other = network_of(address_of("2001:db8:2::1"));
    EXPECT_TRUE(met.note_suspicion(one));
    EXPECT_FALSE(met.note_suspicion(one));
    EXPECT_TRUE(met.note_suspicion(other));
}

} // namespace
} // namespace kith::pnrp
