#include "daemon/sockets.hpp"

#include <gtest/gtest.h>

namespace kith::daemon {
namespace {

TEST(OpenSockets, shares_one_free_port) {
    Config config;
    config.listen = {{*parse_address("127.0.0.1"), 0}, {*parse_address("127.0.0.2"), 0}};
    const auto opened = open_sockets(config, {});
    ASSERT_TRUE(opened) << opened.error().message;
    ASSERT_EQ(opened->sockets.size(), 2U);
    EXPECT_NE(opened->sockets[0].local().port, 0);
    EXPECT_EQ(opened->sockets[0].local().port, opened->sockets[1].local().port);
    EXPECT_FALSE(opened->changed_port);
}

TEST(OpenSockets, refuses_a_taken_port_that_was_asked_for) {
    Config config;
    config.listen = {{*parse_address("127.0.0.1"), 0}};
    const auto first = open_sockets(config, {});
    ASSERT_TRUE(first);
    config.listen = {first->sockets[0].local()};
    const auto second = open_sockets(config, {});
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find("127.0.0.1"), std::string::npos);
}

TEST(OpenSockets, takes_another_port_where_none_was_asked_for) {
    Config config;
    config.listen = {{*parse_address("127.0.0.1"), 0}};
    const auto first = open_sockets(config, {});
    ASSERT_TRUE(first);
    config.listen = {first->sockets[0].local()};
    config.may_change_port = true;
    const auto second = open_sockets(config, {});
    ASSERT_TRUE(second) << second.error().message;
    EXPECT_TRUE(second->changed_port);
    EXPECT_NE(second->sockets[0].local().port, first->sockets[0].local().port);
}

TEST(OpenSockets, refuses_an_address_that_is_not_ours) {
    Config config;
    config.listen = {*parse_endpoint("192.0.2.1:4000")};
    const auto opened = open_sockets(config, {});
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("192.0.2.1:4000"), std::string::npos);
}

} // namespace
} // namespace kith::daemon
