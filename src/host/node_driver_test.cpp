#include "host/clocks.hpp"
#include "host/entropy.hpp"
#include "host/network_namespace_test.hpp"
#include "host/no_descriptors_test.hpp"
#include "host/node_driver.hpp"

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace kith::host {
namespace {

using namespace std::chrono_literals;

UdpSocket open(const Endpoint& local) {
    auto socket = UdpSocket::open({.local = local});
    EXPECT_TRUE(socket) << socket.error().message();
    return std::move(*socket);
}

node::CloudState state_of(const NodeDriver& driver) {
    return driver.clouds().status(read_clocks()).front().state;
}

pnrp::Counters counters_of(const NodeDriver& driver) {
    return driver.clouds().status(read_clocks()).front().counters;
}

// PNRP-238
TEST(NodeDriver, follows_the_addresses_of_the_machine) {
    const bool ran = in_network_namespace([] {
        boost::asio::io_context loop;
        EntropySource entropy;
        SeededRandom plain = make_plain_random(entropy);
        std::vector<std::vector<std::string>> told;
        DriverConfig config;
        config.clouds.node.use_ssdp = false;
        config.sockets.push_back(open({Address::v4(0), 3540}));
        DriverHooks hooks;
        hooks.places_changed = [&](std::span<const node::Place> places) {
            told.emplace_back();
            for (const Endpoint& endpoint : places.front().endpoints)
                told.back().push_back(to_string(endpoint));
        };
        NodeDriver driver(loop, std::move(config), std::move(hooks), entropy, plain);
        driver.start();
        EXPECT_EQ(state_of(driver), node::CloudState::no_net);
        ASSERT_TRUE(add_address("lo:1", "203.0.113.7"));
        for (int turn = 0; turn < 1000 && told.size() < 2; ++turn)
            loop.run_for(10ms);
        ASSERT_EQ(told.size(), 2U);
        EXPECT_TRUE(told[0].empty());
        EXPECT_EQ(told[1], std::vector<std::string>{"203.0.113.7:3540"});
        EXPECT_NE(state_of(driver), node::CloudState::no_net);
        ASSERT_TRUE(add_address("lo:2", "203.0.113.8"));
        {
            const NoDescriptors none;
            loop.run_for(1s); // it is told, and cannot look
            EXPECT_EQ(told.size(), 2U);
            EXPECT_NE(state_of(driver), node::CloudState::no_net);
        }
        for (int turn = 0; turn < 1000 && told.size() < 3; ++turn)
            loop.run_for(10ms);
        ASSERT_EQ(told.size(), 3U);
        EXPECT_EQ(told[2].size(), 2U);
    });
    if (!ran) GTEST_SKIP() << "needs the right to make a network namespace";
}

// A node of the link-local cloud of "kith0", with whatever it needs.
struct LinkNode {
    LinkNode(boost::asio::io_context& loop, std::uint16_t port)
        : plain(make_plain_random(entropy)),
          driver(loop, config(port), {}, entropy, plain) {
        driver.start();
    }

    static DriverConfig config(std::uint16_t port) {
        DriverConfig out;
        out.only = {"LinkLocal_kith0"};
        out.sockets.push_back(open({Address{}, port}));
        return out;
    }

    EntropySource entropy;
    SeededRandom plain;
    NodeDriver driver;
};

// PNRP-251
TEST(NodeDriver, finds_a_name_on_the_link_without_any_seed) {
    const bool ran = in_network_namespace([] {
        ASSERT_TRUE(make_link());
        boost::asio::io_context loop;
        LinkNode publishes(loop, 3540);
        const auto name = identity::PeerName::unsecured("printer");
        ASSERT_TRUE(name);
        auto key = std::make_shared<const crypto::PrivateKey>(
            crypto::PrivateKey::generate(crypto::KeyAlgorithm::ed25519, publishes.entropy));
        ASSERT_TRUE(publishes.driver.publish(
            {.registration =
                 {.name = *name,
                  .key = key,
                  .endpoints = {{*parse_address("fe80::1"), 631, 6}},
                  .comment = "",
                  .payload = std::nullopt},
             .cloud = std::nullopt}));
        loop.run_for(500ms);
        LinkNode resolves(loop, 3541);
        std::optional<node::QueryDone> done;
        for (int attempt = 0; attempt < 10 && !(done && done->outcome); ++attempt) {
            done.reset();
            ASSERT_TRUE(resolves.driver.resolve(
                {.name = *name}, std::nullopt, [&](const node::QueryDone& result) {
                    done = result;
                }));
            for (int turn = 0; turn < 1500 && !done; ++turn)
                loop.run_for(10ms);
            ASSERT_TRUE(done) << "a resolve that never ends";
        }
        ASSERT_TRUE(done->outcome) << static_cast<int>(done->outcome.error());
        EXPECT_FALSE(done->outcome->is_local);
        EXPECT_EQ(done->cloud, "LinkLocal_%kith0");
        EXPECT_EQ(
            done->outcome->service_addresses,
            std::vector<Endpoint>{*parse_endpoint("[fe80::1]:3540")});
    });
    if (!ran) GTEST_SKIP() << "needs the right to make a network namespace";
}

TEST(NodeDriver, may_go_while_the_loop_goes_on) {
    boost::asio::io_context loop;
    EntropySource entropy;
    SeededRandom plain = make_plain_random(entropy);
    const auto make = [&](const Endpoint& seed) {
        DriverConfig config;
        config.clouds.node.allow_loopback = true;
        config.clouds.node.use_ssdp = false;
        config.sockets.push_back(open({*parse_address("127.0.0.1"), 0}));
        config.seeds = {{"127.0.0.1", seed.port}};
        auto driver =
            std::make_unique<NodeDriver>(loop, std::move(config), DriverHooks{}, entropy, plain);
        driver->start();
        return driver;
    };
    std::vector<std::unique_ptr<NodeDriver>> drivers;
    for (int i = 0; i < 8; ++i)
        drivers.push_back(make({{}, 9}));
    loop.run_for(20ms);
    // Every timer is overdue when the loop looks again: the handlers stand in one queue, and all
    // but the first belong to drivers that have gone when their turn comes.
    std::this_thread::sleep_for(1500ms);
    loop.run_one();
    drivers.clear();
    loop.run_for(50ms); // the sanitizers see whom they touch
    SUCCEED();
}

TEST(NodeDriver, counts_the_nonsense_of_strangers_and_says_nothing) {
    boost::asio::io_context loop;
    EntropySource entropy;
    SeededRandom plain = make_plain_random(entropy);
    DriverConfig config;
    config.clouds.node.allow_loopback = true;
    config.clouds.node.use_ssdp = false;
    config.sockets.push_back(open({*parse_address("127.0.0.1"), 0}));
    NodeDriver driver(loop, std::move(config), {}, entropy, plain);
    driver.start();
    UdpSocket stranger = open({*parse_address("127.0.0.1"), 0});
    const Bytes oversized(9000, std::byte{1});
    const OutgoingDatagram nonsense[] = {
        {.local = {},
         .remote = driver.listening().front(),
         .zone = 0,
         .payload = as_bytes("nonsense of some length")},
        {.local = {}, .remote = driver.listening().front(), .zone = 0, .payload = oversized}};
    ASSERT_EQ(stranger.send_batch(nonsense), 2U);
    for (int turn = 0; turn < 500 && counters_of(driver).datagrams_in < 2; ++turn)
        loop.run_for(10ms);
    const auto counters = counters_of(driver);
    EXPECT_EQ(counters.dropped_for(pnrp::Drop::oversized), 1U);
    std::uint64_t dropped = 0;
    for (const std::uint64_t count : counters.dropped)
        dropped += count;
    EXPECT_EQ(dropped, 2U);
    EXPECT_TRUE(stranger.receive_batch().empty());
}

} // namespace
} // namespace kith::host
