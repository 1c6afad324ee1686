// Real sockets on loopback.

#include "host/network_namespace_test.hpp"
#include "host/socket_address.hpp"
#include "host/tcp_links.hpp"
#include "host/unique_fd.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <poll.h>
#include <string>
#include <vector>

namespace kith::host {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

// One end: what its hooks were told.
struct End {
    explicit End(asio::io_context& io, const TcpLimits& limits = {})
        : links(std::make_unique<TcpLinks>(
              io,
              TcpHooks{
                  .accepted =
                      [this](TcpListenerId listener, TcpLinkId link, const Endpoint& from) {
                          accepted.push_back(link);
                          listeners.push_back(listener);
                          sources.push_back(from);
                          if (on_accepted) on_accepted(link);
                      },
                  .opened = [this](TcpLinkId link) { opened.push_back(link); },
                  .received =
                      [this](TcpLinkId link, ByteView bytes) {
                          EXPECT_LE(bytes.size(), kTcpReadMax);
                          text[link] += as_text(bytes);
                          if (on_received) on_received(link);
                      },
                  .sent = [this](TcpLinkId link, std::size_t size) { sent[link] += size; },
                  .ended = [this](TcpLinkId link, TcpEnd why) { ended[link] = why; }},
              limits)) {}

    std::vector<TcpLinkId> accepted;
    std::vector<TcpListenerId> listeners;
    std::vector<Endpoint> sources;
    std::vector<TcpLinkId> opened;
    std::map<TcpLinkId, std::string> text;
    std::map<TcpLinkId, std::size_t> sent;
    std::map<TcpLinkId, TcpEnd> ended;
    std::function<void(TcpLinkId)> on_accepted;
    std::function<void(TcpLinkId)> on_received;
    std::unique_ptr<TcpLinks> links;
};

class TcpLinksTest : public testing::Test {
protected:
    static Endpoint at(const std::string& address, std::uint16_t port = 0) {
        return {parse_address(address).value(), port};
    }

    TcpLinks::Listener listen(End& end, const std::string& address = "127.0.0.1") {
        auto listener = end.links->listen(at(address));
        EXPECT_TRUE(listener) << listener.error().message();
        return *listener;
    }

    // Turns the loop until `done`, at most ten seconds. False if it never was.
    bool turn(const std::function<bool()>& done) {
        for (int i = 0; i < 2000; ++i) {
            if (done()) return true;
            io.restart();
            io.run_for(5ms);
        }
        return done();
    }
    void settle() {
        for (int i = 0; i < 20; ++i) {
            io.restart();
            io.run_for(5ms);
        }
    }

    // A connection from `client` to `server`, both ends open.
    std::pair<TcpLinkId, TcpLinkId> join(const Endpoint& local) {
        const std::size_t before = server.accepted.size();
        const TcpLinkId link = client.links->connect(local);
        EXPECT_TRUE(turn([&] {
            return server.accepted.size() > before && std::ranges::count(client.opened, link) == 1;
        }));
        return {link, server.accepted.back()};
    }

    asio::io_context io;
    End server{io};
    End client{io};
};

Bytes bytes(std::string_view text) {
    return to_owned(as_bytes(text));
}

// A socket that a test reads and writes itself.
UniqueFd plain_socket(const Endpoint& to) {
    const SocketAddress address = to_socket_address(to, 0);
    UniqueFd fd(::socket(to.address.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(fd.get(), address.get(), address.size), 0);
    return fd;
}

// GRAPH-010: and IPv4, mapped.
TEST_F(TcpLinksTest, CarriesBytesBothWaysOverBothFamilies) {
    for (const char* address : {"127.0.0.1", "::1"}) {
        const auto listener = listen(server, address);
        EXPECT_NE(listener.local.port, 0);
        const auto [here, there] = join(listener.local);
        EXPECT_EQ(server.listeners.back(), listener.id);
        EXPECT_EQ(server.sources.back().address, *parse_address(address));
        EXPECT_TRUE(client.links->send(here, bytes("ques")));
        EXPECT_TRUE(client.links->send(here, bytes("tion")));
        ASSERT_TRUE(turn([&, l = there] { return server.text[l] == "question"; }));
        EXPECT_TRUE(server.links->send(there, bytes("answer")));
        ASSERT_TRUE(turn([&, l = here] { return client.text[l] == "answer"; }));
        EXPECT_EQ(client.sent[here], 8U);
        EXPECT_EQ(client.links->queued(here), 0U);
    }
    EXPECT_EQ(server.links->counters().accepted, 2U);
    EXPECT_EQ(client.links->counters().opened, 2U);
    EXPECT_EQ(client.links->counters().bytes_sent, 16U);
    EXPECT_EQ(client.links->counters().bytes_received, 12U);
}

// GRAPH-123: bound to the port that was given.
TEST_F(TcpLinksTest, ListensOnBothFamiliesAtOnePort) {
    const auto v6 = server.links->listen(at("::"));
    ASSERT_TRUE(v6.has_value());
    const auto v4 = server.links->listen(at("0.0.0.0", v6->local.port));
    ASSERT_TRUE(v4.has_value()) << v4.error().message();
    join(at("127.0.0.1", v6->local.port));
    EXPECT_EQ(server.listeners.back(), v4->id);
    join(at("::1", v6->local.port));
    EXPECT_EQ(server.listeners.back(), v6->id);
    EXPECT_FALSE(client.links->listen(at("::", v6->local.port)).has_value()); // taken
}

TEST_F(TcpLinksTest, StopsListeningAndKeepsWhatItAccepted) {
    const auto listener = listen(server);
    const auto [here, there] = join(listener.local);
    server.links->stop_listening(listener.id);
    const TcpLinkId late = client.links->connect(listener.local);
    ASSERT_TRUE(turn([&] { return client.ended.contains(late); }));
    EXPECT_EQ(client.ended[late], TcpEnd::unreachable);
    EXPECT_TRUE(client.links->send(here, bytes("still")));
    EXPECT_TRUE(turn([&, l = there] { return server.text[l] == "still"; }));
}

TEST_F(TcpLinksTest, IdsAreNeverUsedAgain) {
    const auto listener = listen(server);
    const auto [first, first_there] = join(listener.local);
    client.links->close(first, TcpClose::abort);
    ASSERT_TRUE(turn([&, l = first_there] { return server.ended.contains(l); }));
    const auto [second, second_there] = join(listener.local);
    EXPECT_NE(first, second);
    EXPECT_NE(first_there, second_there);
    // What is said to one that is gone does nothing.
    EXPECT_TRUE(client.links->send(first, bytes("lost")));
    client.links->close(first, TcpClose::drain);
    client.links->admit(first);
    EXPECT_EQ(client.links->queued(first), 0U);
    settle();
    EXPECT_EQ(server.text[second_there], "");
    EXPECT_FALSE(client.ended.contains(first)); // it was closed here
}

TEST_F(TcpLinksTest, BytesWaitForTheConnection) {
    const auto listener = listen(server);
    const TcpLinkId link = client.links->connect(listener.local);
    EXPECT_TRUE(client.links->send(link, bytes("early")));
    EXPECT_TRUE(turn([&] { return !server.text.empty(); }));
    EXPECT_EQ(server.text.begin()->second, "early");
}

TEST_F(TcpLinksTest, AConnectionThatNobodyAnswersTimesOut) {
    End hasty(io, {.connect_time = 50ms});
    // A listener whose backlog is full and that accepts nobody: further SYNs stay unanswered.
    const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    SocketAddress address = to_socket_address(at("127.0.0.1"), 0);
    ASSERT_EQ(::bind(listener.get(), address.get(), address.size), 0);
    ASSERT_EQ(::listen(listener.get(), 0), 0);
    address.size = sizeof address.storage;
    ASSERT_EQ(::getsockname(listener.get(), address.get(), &address.size), 0);
    const Endpoint to = from_socket_address(address.storage)->endpoint;
    std::vector<TcpLinkId> tried;
    for (int i = 0; i < 4; ++i)
        tried.push_back(hasty.links->connect(to));
    const auto timed_out = [&] {
        return std::ranges::count_if(
            hasty.ended, [](const auto& one) { return one.second == TcpEnd::timed_out; });
    };
    EXPECT_TRUE(turn([&] { return hasty.opened.size() + hasty.ended.size() == tried.size(); }));
    EXPECT_GT(timed_out(), 0);
    EXPECT_EQ(hasty.links->size(), hasty.opened.size());
}

// A burst is carried whole and in order, whatever sizes it is sent in.
TEST_F(TcpLinksTest, CarriesMegabytesInOrder) {
    const auto [here, there] = join(listen(server).local);
    std::string whole;
    std::size_t refused = 0;
    while (whole.size() < 8'000'000) {
        Bytes piece(1 + whole.size() % 40'000);
        for (std::size_t i = 0; i < piece.size(); ++i)
            piece[i] = static_cast<std::byte>((whole.size() + i) * 7 / 5);
        const std::string text(as_text(piece));
        if (client.links->send(here, std::move(piece))) {
            whole += text;
        } else {
            ++refused;
            const std::size_t before = client.sent[here];
            ASSERT_TRUE(turn([&, l = here] { return client.sent[l] > before; }));
        }
        ASSERT_LE(client.links->queued(here), TcpLimits().queue_max);
    }
    ASSERT_TRUE(turn([&, l = there] { return server.text[l].size() == whole.size(); }));
    EXPECT_TRUE(server.text[there] == whole);
    EXPECT_EQ(client.sent[here], whole.size());
    EXPECT_GT(refused, 0U);
}

TEST_F(TcpLinksTest, QueuesNoMoreThanItsLimitForAPeerThatDoesNotRead) {
    const UniqueFd peer = plain_socket(listen(server).local);
    ASSERT_TRUE(turn([&] { return server.accepted.size() == 1; }));
    const TcpLinkId there = server.accepted[0];
    std::size_t taken = 0;
    for (int quiet = 0; quiet < 20;) {
        if (server.links->send(there, Bytes(50'000))) {
            taken += 50'000;
            quiet = 0;
        } else {
            ++quiet;
            io.restart();
            io.run_for(5ms);
        }
        ASSERT_LE(server.links->queued(there), TcpLimits().queue_max);
        ASSERT_LT(taken, 100'000'000U);
    }
    EXPECT_GT(server.links->queued(there), TcpLimits().queue_max - 50'000);
    std::size_t read = 0;
    EXPECT_TRUE(turn([&] {
        Bytes piece(1'000'000);
        const auto got = ::recv(peer.get(), piece.data(), piece.size(), MSG_DONTWAIT);
        if (got > 0) read += static_cast<std::size_t>(got);
        return read == taken;
    }));
    EXPECT_TRUE(server.links->send(there, Bytes(50'000)));
}

// The last message arrives even though the peer has sent what nobody read.
TEST_F(TcpLinksTest, DrainsWhatWaitsBeforeItCloses) {
    const auto [here, there] = join(listen(server).local);
    EXPECT_TRUE(client.links->send(here, Bytes(200'000)));
    EXPECT_TRUE(server.links->send(there, Bytes(900'000, std::byte{'x'})));
    EXPECT_TRUE(server.links->send(there, bytes("goodbye")));
    server.links->close(there, TcpClose::drain);
    EXPECT_EQ(server.links->draining(), 1U);
    EXPECT_TRUE(server.links->send(there, bytes("too late")));
    ASSERT_TRUE(turn([&, l = here] { return client.ended.contains(l); }));
    EXPECT_EQ(client.ended[here], TcpEnd::ended);
    EXPECT_EQ(client.text[here].size(), 900'007U);
    EXPECT_TRUE(client.text[here].ends_with("xgoodbye"));
    EXPECT_TRUE(turn([&] { return server.links->size() == 0; }));
    EXPECT_EQ(server.links->draining(), 0U);
    EXPECT_FALSE(server.ended.contains(there)); // nothing more is heard of it
    EXPECT_FALSE(server.sent.contains(there));
}

TEST_F(TcpLinksTest, APeerThatDoesNotTakeTheLastMessageIsLeftBehind) {
    End impatient(io, {.linger_time = 50ms});
    const auto listener = listen(impatient);
    const UniqueFd peer = plain_socket(listener.local);
    ASSERT_TRUE(turn([&] { return impatient.accepted.size() == 1; }));
    impatient.links->close(impatient.accepted[0], TcpClose::drain);
    EXPECT_TRUE(turn([&] { return impatient.links->size() == 0; }));
    EXPECT_EQ(impatient.links->draining(), 0U);
}

TEST_F(TcpLinksTest, AbortLosesWhatWaits) {
    const auto [here, there] = join(listen(server).local);
    EXPECT_TRUE(client.links->send(here, bytes("never")));
    client.links->close(here, TcpClose::abort);
    EXPECT_EQ(client.links->size(), 0U);
    ASSERT_TRUE(turn([&, l = there] { return server.ended.contains(l); }));
    EXPECT_EQ(server.ended[there], TcpEnd::broken);
    EXPECT_EQ(server.text[there], "");
}

TEST_F(TcpLinksTest, ClosesBeforeItIsOpen) {
    const auto listener = listen(server);
    client.links->close(client.links->connect(listener.local), TcpClose::drain);
    client.links->close(client.links->connect(listener.local), TcpClose::abort);
    EXPECT_EQ(client.links->size(), 0U);
    settle();
    EXPECT_TRUE(client.opened.empty());
    EXPECT_TRUE(client.ended.empty());
}

TEST_F(TcpLinksTest, ConnectionsAreTuned) {
    const auto listener = listen(server);
    const UniqueFd peer = plain_socket(listener.local);
    join(listener.local);
    // The sockets are the kernel's to ask: of this process, those connected to the listener.
    std::size_t tuned = 0;
    for (int fd = 3; fd < 256; ++fd) {
        SocketAddress remote;
        remote.size = sizeof remote.storage;
        if (::getpeername(fd, remote.get(), &remote.size) != 0 || fd == peer.get()) continue;
        const auto option = [&](int level, int name) {
            int value = -1;
            socklen_t size = sizeof value;
            return ::getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
        };
        if (option(SOL_SOCKET, SO_PROTOCOL) != IPPROTO_TCP) continue;
        EXPECT_EQ(option(IPPROTO_TCP, TCP_NODELAY), 1);
        EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 90'000);
        EXPECT_EQ(option(IPPROTO_TCP, TCP_NOTSENT_LOWAT), kTcpUnsentLow);
        EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
        ++tuned;
    }
    EXPECT_EQ(tuned, 3U); // both ends of one, one end of the other
}

TEST_F(TcpLinksTest, OnlySoManyMayBePending) {
    End guarded(io, {.links_max = 5, .pending_max = 3});
    const auto listener = listen(guarded);
    std::vector<UniqueFd> peers;
    const auto arrive = [&](std::size_t count) {
        const TcpCounters& seen = guarded.links->counters();
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint64_t before =
                seen.accepted + seen[TcpRefusal::pending] + seen[TcpRefusal::links];
            peers.push_back(plain_socket(listener.local));
            ASSERT_TRUE(turn([&] {
                return seen.accepted + seen[TcpRefusal::pending] + seen[TcpRefusal::links] > before;
            }));
        }
    };
    arrive(5);
    EXPECT_EQ(guarded.accepted.size(), 3U);
    EXPECT_EQ(guarded.links->pending(), 3U);
    EXPECT_EQ(guarded.links->counters()[TcpRefusal::pending], 2U);
    // One that was refused is closed.
    char byte = 0;
    EXPECT_LE(::recv(peers[4].get(), &byte, 1, 0), 0);

    for (const TcpLinkId link : guarded.accepted)
        guarded.links->admit(link);
    EXPECT_EQ(guarded.links->pending(), 0U);
    arrive(3);
    EXPECT_EQ(guarded.accepted.size(), 5U);
    EXPECT_EQ(guarded.links->counters()[TcpRefusal::links], 1U);

    // Whatever ends a pending one makes room.
    guarded.links->close(guarded.accepted[3], TcpClose::abort);
    EXPECT_EQ(guarded.links->pending(), 1U);
    peers.clear();
    EXPECT_TRUE(turn([&] { return guarded.links->size() == 0; }));
    EXPECT_EQ(guarded.links->pending(), 0U);
}

TEST(TcpLinksNetworkTest, OnlySoManyOfOneNetworkMayBePending) {
    const bool ran = in_network_namespace([] {
        ASSERT_TRUE(add_address("lo:1", "198.51.100.1"));
        asio::io_context io;
        End guarded(io, {.pending_per_network_max = 2});
        const auto listener = guarded.links->listen({Address::v4(0), 0});
        ASSERT_TRUE(listener.has_value());
        std::vector<UniqueFd> peers;
        const auto arrive = [&](const std::string& to) {
            peers.push_back(plain_socket({*parse_address(to), listener->local.port}));
            for (int i = 0; i < 10; ++i) {
                io.restart();
                io.run_for(5ms);
            }
        };
        for (int i = 0; i < 3; ++i)
            arrive("198.51.100.1"); // from the same address
        EXPECT_EQ(guarded.accepted.size(), 2U);
        EXPECT_EQ(guarded.links->counters()[TcpRefusal::pending_network], 1U);
        for (int i = 0; i < 3; ++i)
            arrive("127.0.0.1"); // loopback belongs to nobody
        EXPECT_EQ(guarded.accepted.size(), 5U);
        guarded.links->admit(guarded.accepted[0]);
        arrive("198.51.100.1");
        EXPECT_EQ(guarded.accepted.size(), 6U);
    });
    if (!ran) GTEST_SKIP() << "no right to make a network namespace";
}

TEST_F(TcpLinksTest, HooksMayDoAnything) {
    const auto listener = listen(server);
    server.on_accepted = [&](TcpLinkId link) { server.links->close(link, TcpClose::abort); };
    const TcpLinkId link = client.links->connect(listener.local);
    EXPECT_TRUE(turn([&] { return client.ended.contains(link); }));
    server.on_accepted = nullptr;

    const auto [here, there] = join(listener.local);
    server.on_received = [&](TcpLinkId) { server.links.reset(); };
    EXPECT_TRUE(client.links->send(here, bytes("the end")));
    EXPECT_TRUE(turn([&, l = here] { return client.ended.contains(l); }));
    EXPECT_EQ(server.text[there], "the end");
    settle(); // handlers of what is gone do nothing
}

} // namespace
} // namespace kith::host
