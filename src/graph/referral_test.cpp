// Addresses that others name: whom a node calls because somebody said so.

#include "graph/graph.hpp"
#include "graph/limits.hpp"
#include "graph/test_stranger.hpp"
#include "graph/test_world.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
#include <utility>
#include <vector>

namespace kith::graph {
namespace {

using namespace std::chrono_literals;

std::ptrdiff_t calls_in_vain(const Peer& peer) {
    return std::ranges::count_if(peer.told<ConnectionChanged>(), [](const ConnectionChanged& it) {
        return it.status == ConnectionStatus::failed;
    });
}

/// `count` addresses where nobody is.
std::vector<Endpoint> victims(std::uint32_t count, std::uint16_t port) {
    std::vector<Endpoint> out;
    for (std::uint32_t i = 0; i < count; ++i)
        out.push_back({Address::v4(0xC633'6400U + i), port});
    return out;
}

/// The stranger leaves and names others; the world sees what comes of it.
void leave(World& world, Peer& peer, const Stranger& liar, std::vector<Endpoint> named) {
    FrameWriter writer;
    writer.push(encode(Disconnect{DisconnectReason::leaving, std::move(named)}), Stream::small);
    while (const auto frame = writer.poll())
        peer.graph.handle_bytes(world.now(), liar.link(), *frame);
}

// Modernization 4.3: who names a thousand addresses does not make us call them all.
TEST(GraphReferrals, TenAMinuteAreCalled) {
    World world;
    Peer& peer = world.found();
    Stranger liar(peer.graph);
    liar.join(world.now());
    leave(world, peer, liar, victims(200, 4000));
    world.run(59s);
    EXPECT_EQ(calls_in_vain(peer), static_cast<std::ptrdiff_t>(kReferralDialsMax));
    world.run(60s);
    EXPECT_EQ(calls_in_vain(peer), static_cast<std::ptrdiff_t>(2 * kReferralDialsMax));
}

// Modernization 4.3.
TEST(GraphReferrals, PortsOfServicesAreNotCalled) {
    World world;
    Peer& peer = world.found();
    Stranger liar(peer.graph);
    liar.join(world.now());
    leave(world, peer, liar, victims(20, 53));
    world.run(30s);
    EXPECT_EQ(calls_in_vain(peer), 0);
}

} // namespace
} // namespace kith::graph
