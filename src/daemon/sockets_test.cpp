#include "daemon/sockets.hpp"

#include <gtest/gtest.h>

namespace kith::daemon {
namespace {

host::LocalAddress own(const char* address) {
    return {.address = *parse_address(address), .zone = 2, .interface = "eth0"};
}

const std::vector<Endpoint> kEverywhere{{Address{}, 3540}, {Address::v4(0), 3540}};

TEST(ChooseCloud, takes_the_widest_scope_of_the_machine) {
    const std::vector<host::LocalAddress> all{
        own("127.0.0.1"), own("fe80::1"), own("192.168.1.1"), own("2001:db8::1")};
    const std::span<const host::LocalAddress> machine(all);
    EXPECT_EQ(choose_cloud(kEverywhere, machine), "Global_");
    EXPECT_EQ(choose_cloud(kEverywhere, machine.first(3)), "SiteLocal_");
    EXPECT_EQ(choose_cloud(kEverywhere, machine.first(2)), "LinkLocal_");
    EXPECT_EQ(choose_cloud(kEverywhere, machine.first(1)), "Global_");
}

TEST(ChooseCloud, looks_only_where_it_listens) {
    const std::vector<host::LocalAddress> machine{own("192.168.1.1"), own("2001:db8::1")};
    EXPECT_EQ(choose_cloud(std::span(kEverywhere).last(1), machine), "SiteLocal_");
    const std::vector<Endpoint> bound{*parse_endpoint("10.0.0.1:4000")};
    EXPECT_EQ(choose_cloud(bound, machine), "SiteLocal_");
}

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
