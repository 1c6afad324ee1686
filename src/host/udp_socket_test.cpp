#include "host/udp_socket.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <set>
#include <string>
#include <vector>

namespace kith::host {
namespace {

Endpoint at(const std::string& text) {
    return *parse_endpoint(text);
}

UdpSocket open(Address address) {
    auto socket = UdpSocket::open({.local = {address, 0}});
    EXPECT_TRUE(socket) << socket.error().message();
    return std::move(*socket);
}

// Waits at most two seconds for datagrams; what arrives on loopback is there at once.
std::span<const ReceivedDatagram> receive(UdpSocket& socket) {
    pollfd waiting{.fd = socket.native_handle(), .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, 2000);
    return socket.receive_batch();
}

void send(UdpSocket& socket, const Endpoint& to, std::string_view text, Address local = {}) {
    const OutgoingDatagram datagram{
        .local = local, .remote = to, .zone = 0, .payload = as_bytes(text)};
    EXPECT_EQ(socket.send_batch({&datagram, 1}), 1U);
}

// PNRP-001
TEST(UdpSocket, carries_a_datagram_each_way_over_both_families) {
    for (const char* any : {"127.0.0.1", "::1"}) {
        UdpSocket a = open(*parse_address(any));
        UdpSocket b = open(*parse_address(any));
        send(a, b.local(), "question");
        const auto got = receive(b);
        ASSERT_EQ(got.size(), 1U) << any;
        EXPECT_EQ(as_text(got[0].payload), "question");
        EXPECT_EQ(got[0].remote, a.local());
        EXPECT_EQ(got[0].local, b.local());
        send(b, got[0].remote, "answer");
        const auto answer = receive(a);
        ASSERT_EQ(answer.size(), 1U);
        EXPECT_EQ(as_text(answer[0].payload), "answer");
    }
}

TEST(UdpSocket, answers_from_the_address_that_was_asked) {
    UdpSocket server = open(Address::v4(0));
    UdpSocket client = open(*parse_address("127.0.0.1"));
    const Endpoint asked{*parse_address("127.0.0.77"), server.local().port};
    send(client, asked, "question");
    const auto got = receive(server);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].local, asked);
    send(server, got[0].remote, "answer", got[0].local.address);
    const auto answer = receive(client);
    ASSERT_EQ(answer.size(), 1U);
    EXPECT_EQ(answer[0].remote, asked);
}

TEST(UdpSocket, keeps_the_families_apart_on_one_port) {
    UdpSocket v6 = open(Address{});
    auto v4 = UdpSocket::open({.local = {Address::v4(0), v6.local().port}});
    ASSERT_TRUE(v4) << v4.error().message();
    send(*v4, {*parse_address("127.0.0.1"), v6.local().port}, "to the IPv4 socket");
    EXPECT_EQ(receive(*v4).size(), 1U);
    EXPECT_TRUE(v6.receive_batch().empty());
}

TEST(UdpSocket, moves_batches_and_leaves_the_rest_for_the_next) {
    UdpSocket a = open(*parse_address("127.0.0.1"));
    UdpSocket b = open(*parse_address("127.0.0.1"));
    const Bytes payload(1216, std::byte{7});
    std::vector<OutgoingDatagram> batch(
        kUdpBatchMax, {.local = {}, .remote = b.local(), .zone = 0, .payload = payload});
    ASSERT_EQ(a.send_batch(batch), kUdpBatchMax);
    ASSERT_EQ(a.send_batch(std::span(batch).first(3)), 3U);
    const auto first = receive(b);
    ASSERT_EQ(first.size(), kUdpBatchMax);
    EXPECT_EQ(first.back().payload.size(), 1216U);
    EXPECT_EQ(b.receive_batch().size(), 3U);
    EXPECT_TRUE(b.receive_batch().empty());
}

TEST(UdpSocket, shows_an_oversized_datagram_as_one) {
    UdpSocket a = open(*parse_address("127.0.0.1"));
    UdpSocket b = open(*parse_address("127.0.0.1"));
    send(a, b.local(), std::string(9000, 'x'));
    const auto got = receive(b);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].payload.size(), kUdpReadSizeMax);
}

TEST(UdpSocket, sends_the_others_when_one_cannot_go) {
    UdpSocket a = open(*parse_address("127.0.0.1"));
    UdpSocket b = open(*parse_address("127.0.0.1"));
    // From 127.0.0.1 nothing leaves for a group without a route, nor for port 0.
    const OutgoingDatagram batch[] = {
        {.local = {}, .remote = b.local(), .zone = 0, .payload = as_bytes("first")},
        {.local = {}, .remote = {b.local().address, 0}, .zone = 0, .payload = as_bytes("lost")},
        {.local = {}, .remote = b.local(), .zone = 0, .payload = as_bytes("last")}};
    EXPECT_EQ(a.send_batch(batch), 2U);
    std::set<std::string> texts;
    for (int i = 0; i < 2 && texts.size() < 2; ++i) {
        for (const auto& datagram : receive(b))
            texts.emplace(as_text(datagram.payload));
    }
    EXPECT_EQ(texts, (std::set<std::string>{"first", "last"}));
}

TEST(UdpSocket, tells_a_taken_port) {
    const UdpSocket first = open(*parse_address("127.0.0.1"));
    const auto second = UdpSocket::open({.local = first.local()});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(), std::errc::address_in_use);
}

TEST(SocketAddress, keeps_endpoints_and_zones) {
    for (const char* text : {"192.0.2.1:80", "[2001:db8::1]:65535", "[::1]:1"}) {
        const auto back = from_socket_address(to_socket_address(at(text), 7).storage);
        ASSERT_TRUE(back);
        EXPECT_EQ(back->endpoint, at(text));
        EXPECT_EQ(back->zone, 0U);
    }
    const auto link = from_socket_address(to_socket_address(at("[fe80::1]:9"), 7).storage);
    EXPECT_EQ(link->zone, 7U);
    sockaddr_storage strange{};
    strange.ss_family = AF_UNIX;
    EXPECT_FALSE(from_socket_address(strange));
}

} // namespace
} // namespace kith::host
