#include "host/seed_resolver.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <gtest/gtest.h>
#include <optional>

namespace kith::host {
namespace {

TEST(ParseSeed, reads_literals_and_names) {
    EXPECT_EQ(parse_seed("192.0.2.1:3540"), (Seed{"192.0.2.1", 3540}));
    EXPECT_EQ(parse_seed("[2001:db8::1]:3540"), (Seed{"2001:db8::1", 3540}));
    EXPECT_EQ(parse_seed("seed-1.example.net:4000"), (Seed{"seed-1.example.net", 4000}));
}

// PNRP-143
TEST(ParseSeed, takes_the_port_of_names_where_none_is_given) {
    EXPECT_EQ(parse_seed("192.0.2.1"), (Seed{"192.0.2.1", 3540}));
    EXPECT_EQ(parse_seed("2001:db8::1"), (Seed{"2001:db8::1", 3540}));
    EXPECT_EQ(parse_seed("seed.example.net"), (Seed{"seed.example.net", 3540}));
}

TEST(ParseSeed, refuses_everything_else) {
    for (const char* text :
         {"",
          ":",
          "host:",
          ":3540",
          "host:0",
          "host:65536",
          "host:12x",
          "ho st:1",
          "[2001:db8::1]",
          "300.300.300.300",
          "192.0.2.300:3540",
          "host/x:80",
          "[host]:80"}) {
        EXPECT_FALSE(parse_seed(text)) << text;
    }
}

TEST(LiteralAddresses, need_no_look_up) {
    const auto found =
        literal_addresses({{"192.0.2.1", 1}, {"seed.example.net", 2}, {"2001:db8::1", 3}});
    ASSERT_EQ(found.endpoints.size(), 2U);
    EXPECT_EQ(to_string(found.endpoints[1]), "[2001:db8::1]:3");
    EXPECT_EQ(found.unresolved, std::vector<std::string>{"seed.example.net"});
}

// `localhost` is in every hosts file; a name with a space is in none and on no wire.
TEST(SeedResolver, looks_names_up_beside_the_loop) {
    boost::asio::io_context loop;
    SeedResolver resolver(loop);
    std::optional<SeedAddresses> found;
    const auto work = boost::asio::make_work_guard(loop);
    resolver.start({{"localhost", 3540}, {"192.0.2.1", 9}, {"a b", 1}}, [&](SeedAddresses result) {
        found = std::move(result);
        loop.stop();
    });
    loop.run_for(std::chrono::seconds(30));
    ASSERT_TRUE(found);
    ASSERT_GE(found->endpoints.size(), 2U);
    EXPECT_EQ(found->endpoints.front().address.scope(), Scope::loopback);
    EXPECT_EQ(found->endpoints.front().port, 3540);
    EXPECT_EQ(to_string(found->endpoints.back()), "192.0.2.1:9");
    EXPECT_EQ(found->unresolved, std::vector<std::string>{"a b"});
}

TEST(SeedResolver, says_nothing_once_it_is_gone) {
    boost::asio::io_context loop;
    bool called = false;
    {
        SeedResolver resolver(loop);
        resolver.start({{"192.0.2.1", 9}}, [&](const SeedAddresses&) { called = true; });
    }
    loop.run_for(std::chrono::milliseconds(200));
    EXPECT_FALSE(called);
}

} // namespace
} // namespace kith::host
