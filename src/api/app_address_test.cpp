#include "api/app_address.hpp"

#include <gtest/gtest.h>

namespace kith::api {
namespace {

TEST(AppAddress, is_read_and_printed_alike) {
    for (const char* text :
         {"192.0.2.1:443/tcp",
          "[2001:db8::1]:443/tcp",
          "[2001:db8::1]:53/udp",
          "192.0.2.1:9/132",
          "192.0.2.1:9/0",
          "192.0.2.1",
          "2001:db8::1"}) {
        const auto address = parse_app_address(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(to_string(*address), text);
    }
}

TEST(AppAddress, keeps_port_and_protocol) {
    const auto address = parse_app_address("192.0.2.1:443/tcp");
    ASSERT_TRUE(address);
    EXPECT_EQ(address->port, 443);
    EXPECT_EQ(address->protocol, 6);
    const auto bare = parse_app_address("192.0.2.1");
    ASSERT_TRUE(bare);
    EXPECT_EQ(bare->port, 0);
    EXPECT_EQ(bare->protocol, 0);
}

TEST(AppAddress, refuses_everything_else) {
    for (const char* text :
         {"",
          "/",
          "/tcp",
          "192.0.2.1/tcp",
          "192.0.2.1:443",
          "192.0.2.1:443/",
          "192.0.2.1:0/tcp",
          "192.0.2.1:65536/tcp",
          "192.0.2.1:443/TCP",
          "192.0.2.1:443/65536",
          "192.0.2.1:443/-1",
          "192.0.2.1:443/tcp/",
          "[2001:db8::1]",
          "2001:db8::1:443/tcp",
          "host:443/tcp",
          "192.0.2.1:443/tcp "}) {
        EXPECT_FALSE(parse_app_address(text)) << text;
    }
}

// A peer may sign what nobody here could type; it is shown all the same.
TEST(AppAddress, prints_a_protocol_without_a_port) {
    EXPECT_EQ(to_string(pnrp::AppEndpoint{*parse_address("192.0.2.1"), 0, 6}), "192.0.2.1:0/tcp");
}

} // namespace
} // namespace kith::api
