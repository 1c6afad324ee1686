#include "api/http_server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

namespace kith::api {
namespace {

using namespace std::chrono_literals;

// Says what it is told, and repeats what it hears.
class Parrot final : public Flow {
public:
    Parrot(int& count, std::string_view target) : count_(count), is_endless_(target == "/endless") {
        ++count_;
    }
    ~Parrot() override { --count_; }
    Parrot(const Parrot&) = delete;
    Parrot& operator=(const Parrot&) = delete;

    std::optional<std::string> next() override {
        if (said_.empty()) return std::nullopt;
        return std::exchange(said_, {});
    }
    bool is_over() const override { return is_over_ && said_.empty(); }
    bool is_endless() const override { return is_endless_; }
    void take(ByteView bytes) override { say(as_text(bytes)); }
    void end_input() override { end(); }

    void say(std::string_view text) {
        said_ += text;
        wake();
    }
    void end() {
        is_over_ = true;
        wake();
    }

private:
    int& count_;
    bool is_endless_;
    std::string said_;
    bool is_over_ = false;
};

// Answers each request with its own text; `/later` waits for `waiting()`, `/never` for ever.
class Echo final : public Handler {
public:
    Cancel handle(const Request& request, ReplyTo reply) override {
        ++requests;
        const std::string text = request.method + " " + request.target + " " + request.body;
        if (request.target == "/later") {
            waiting = [reply = std::move(reply), text] { reply({200, text}); };
            return [this] { ++cancelled; };
        }
        if (request.target == "/never") return [this] { ++cancelled; };
        if (request.target == "/both-later") {
            waiting = [this, reply = std::move(reply)] { answer_flow(101, {}, reply); };
            return {};
        }
        if (request.target == "/flow" || request.target == "/both" ||
            request.target == "/endless") {
            answer_flow(request.target == "/both" ? 101 : 200, request.target, reply);
            return {};
        }
        reply({201, text});
        return {};
    }

    BodyRoom room_for(std::string_view, std::string_view target) const override {
        return target == "/large" ? BodyRoom::record : BodyRoom::usual;
    }

    void answer_flow(unsigned status, std::string_view target, const ReplyTo& reply) {
        auto made = std::make_shared<Parrot>(flows, target);
        flow = made;
        reply({.status = status, .body = {}, .content_type = "text/plain", .flow = made});
    }

    std::weak_ptr<Parrot> flow;
    int flows = 0; // that live
    int requests = 0;
    int cancelled = 0;
    std::function<void()> waiting;
};

struct HttpServerTest : testing::Test {
    HttpServerTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "kith-XXXXXX").string();
        folder = ::mkdtemp(pattern.data());
        path = folder / "api.sock";
        limits.read_time = 300ms;
        limits.write_time = 300ms;
        limits.connections_max = 4;
    }

    ~HttpServerTest() override {
        server.reset();
        for (const int fd : clients)
            ::close(fd);
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }

    sockaddr_un address() const {
        sockaddr_un out{};
        out.sun_family = AF_UNIX;
        std::strncpy(out.sun_path, path.c_str(), sizeof out.sun_path - 1);
        return out;
    }

    void serve() {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const sockaddr_un here = address();
        ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&here), sizeof here), 0);
        ASSERT_EQ(::listen(fd, 16), 0);
        server.emplace(loop, fd, echo, limits);
    }

    int connect() {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const sockaddr_un there = address();
        EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&there), sizeof there), 0);
        clients.push_back(fd);
        return fd;
    }

    static void send(int fd, std::string_view text) {
        ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    }

    // What the server said, until `enough` holds, it closed, or five seconds went by.
    std::string receive(int fd, const std::function<bool(const std::string&)>& enough) {
        std::string out;
        ended = false;
        for (int turn = 0; turn < 500 && !ended && !enough(out); ++turn) {
            loop.run_for(10ms);
            char buffer[65536];
            ssize_t got = 0;
            while ((got = ::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0)
                out.append(buffer, static_cast<std::size_t>(got));
            ended = got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
        }
        return out;
    }

    std::string until_text(int fd, const std::string& text) {
        return receive(fd, [&](const std::string& s) { return s.find(text) != std::string::npos; });
    }

    std::string until_end(int fd) {
        return receive(fd, [](const std::string&) { return false; });
    }

    std::filesystem::path folder;
    std::filesystem::path path;
    boost::asio::io_context loop;
    Echo echo;
    HttpLimits limits;
    std::optional<HttpServer> server;
    std::vector<int> clients;
    bool ended = false;
};

TEST_F(HttpServerTest, answers_several_requests_on_one_connection) {
    serve();
    const int client = connect();
    send(client, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
    const std::string first = until_text(client, "POST /a {}");
    EXPECT_TRUE(first.starts_with("HTTP/1.1 201 ")) << first;
    EXPECT_NE(first.find("Content-Type: application/json"), std::string::npos);
    send(client, "GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_NE(until_text(client, "GET /b ").find("GET /b "), std::string::npos);
    EXPECT_EQ(echo.requests, 2);
}

TEST_F(HttpServerTest, closes_where_the_client_asked_for_it) {
    serve();
    const int client = connect();
    send(client, "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_NE(until_end(client).find("GET /a "), std::string::npos);
    EXPECT_TRUE(ended);
}

TEST_F(HttpServerTest, refuses_what_is_not_http) {
    serve();
    for (const char* text :
         {"nonsense\r\n\r\n",
          "GET / HTTP/9.9\r\n\r\n",
          "\x16\x03\x01\r\n\r\n",
          "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"}) {
        const int client = connect();
        send(client, text);
        const std::string said = until_end(client);
        EXPECT_TRUE(said.starts_with("HTTP/1.1 400 ")) << text << said;
        EXPECT_NE(said.find("\"bad_request\""), std::string::npos);
        EXPECT_TRUE(ended) << text;
    }
    EXPECT_EQ(echo.requests, 0);
}

TEST_F(HttpServerTest, refuses_a_body_or_head_that_is_too_large) {
    serve();
    const int body = connect();
    send(body, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 262145\r\n\r\n");
    EXPECT_NE(until_end(body).find("256 KiB"), std::string::npos);
    EXPECT_TRUE(ended);
    const int chunked = connect();
    send(chunked, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n50000\r\n");
    EXPECT_NE(until_end(chunked).find("400"), std::string::npos);
    const int head = connect();
    send(head, "GET / HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n");
    EXPECT_NE(until_end(head).find("400"), std::string::npos);
    EXPECT_EQ(echo.requests, 0);
}

TEST_F(HttpServerTest, takes_a_body_of_just_the_size) {
    serve();
    limits.read_time = 5s;
    const int client = connect();
    const std::string body(limits.body_size_max, 'x');
    std::string request =
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n\r\n" + body;
    for (int turn = 0; turn < 500 && !request.empty(); ++turn) {
        const ssize_t went = ::send(client, request.data(), request.size(), MSG_NOSIGNAL);
        if (went > 0) request.erase(0, static_cast<std::size_t>(went));
        loop.run_for(1ms);
    }
    const auto all = [&](const std::string& s) { return s.size() > body.size(); };
    EXPECT_TRUE(receive(client, all).starts_with("HTTP/1.1 201 "));
    EXPECT_EQ(echo.requests, 1);
}

TEST_F(HttpServerTest, does_not_wait_for_a_slow_request) {
    serve();
    const int silent = connect();
    const int halfway = connect();
    send(halfway, "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n12345");
    EXPECT_EQ(until_end(silent), "");
    EXPECT_TRUE(ended);
    until_end(halfway);
    EXPECT_TRUE(ended);
    EXPECT_EQ(server->connections(), 0U);
    EXPECT_EQ(echo.requests, 0);
}

TEST_F(HttpServerTest, lets_an_answer_take_longer_than_a_request) {
    serve();
    const int client = connect();
    send(client, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    loop.run_for(2 * limits.read_time);
    ASSERT_TRUE(echo.waiting);
    EXPECT_EQ(server->connections(), 1U);
    echo.waiting();
    EXPECT_NE(until_text(client, "GET /later").find("HTTP/1.1 200 "), std::string::npos);
    EXPECT_EQ(echo.cancelled, 0);
}

TEST_F(HttpServerTest, gives_up_what_nobody_waits_for) {
    serve();
    const int client = connect();
    send(client, "GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    for (int turn = 0; turn < 100 && !echo.waiting; ++turn)
        loop.run_for(10ms);
    ::shutdown(client, SHUT_RDWR);
    for (int turn = 0; turn < 100 && echo.cancelled == 0; ++turn)
        loop.run_for(10ms);
    EXPECT_EQ(echo.cancelled, 1);
    EXPECT_EQ(server->connections(), 0U);
    echo.waiting(); // too late, and harmless
    loop.run_for(10ms);
}

TEST_F(HttpServerTest, serves_only_so_many_at_once_and_the_others_after) {
    serve();
    for (std::size_t i = 0; i < limits.connections_max; ++i)
        send(connect(), "GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
    const int last = connect();
    send(last, "GET /last HTTP/1.1\r\nHost: x\r\n\r\n");
    loop.run_for(100ms);
    EXPECT_EQ(server->connections(), limits.connections_max);
    EXPECT_EQ(echo.requests, static_cast<int>(limits.connections_max));
    ::shutdown(clients.front(), SHUT_RDWR);
    EXPECT_NE(until_text(last, "GET /last").find("GET /last"), std::string::npos);
}

TEST_F(HttpServerTest, sends_an_answer_while_it_is_made) {
    serve();
    const int client = connect();
    send(client, "GET /flow HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string head = until_text(client, "\r\n\r\n");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200 ")) << head;
    EXPECT_NE(head.find("chunked"), std::string::npos) << head;
    echo.flow.lock()->say("one");
    EXPECT_EQ(until_text(client, "one\r\n"), "3\r\none\r\n");
    echo.flow.lock()->say("two");
    echo.flow.lock()->end();
    EXPECT_EQ(until_end(client), "3\r\ntwo\r\n0\r\n\r\n");
    EXPECT_EQ(echo.flows, 0);
    EXPECT_EQ(server->connections(), 0U);
}

TEST_F(HttpServerTest, ends_a_flow_whose_client_has_gone) {
    serve();
    const int client = connect();
    send(client, "GET /flow HTTP/1.1\r\nHost: x\r\n\r\n");
    until_text(client, "\r\n\r\n");
    EXPECT_EQ(echo.flows, 1);
    ::shutdown(client, SHUT_RDWR);
    until_end(client);
    for (int turn = 0; turn < 500 && echo.flows > 0; ++turn)
        loop.run_for(10ms);
    EXPECT_EQ(echo.flows, 0);
}

TEST_F(HttpServerTest, hands_an_upgraded_connection_over_both_ways) {
    serve();
    const int client = connect();
    // What follows the head at once belongs to the flow already.
    send(client, "POST /both HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\nhello");
    const std::string said = until_text(client, "hello");
    EXPECT_TRUE(said.starts_with("HTTP/1.1 101 ")) << said;
    EXPECT_TRUE(said.ends_with("\r\n\r\nhello")) << said;
    send(client, " again");
    EXPECT_EQ(until_text(client, "again"), " again");
    ::shutdown(client, SHUT_WR);
    EXPECT_EQ(until_end(client), "");
    EXPECT_EQ(echo.flows, 0);
}

TEST_F(HttpServerTest, loses_nothing_of_a_client_that_was_upgraded_later_and_says_all_at_once) {
    serve();
    const int client = connect();
    send(client, "POST /both-later HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    for (int turn = 0; turn < 100 && !echo.waiting; ++turn)
        loop.run_for(10ms);
    ASSERT_TRUE(echo.waiting);
    echo.waiting();
    until_text(client, "\r\n\r\n");
    send(client, "hello");
    ::shutdown(client, SHUT_WR);
    EXPECT_EQ(until_end(client), "hello");
    EXPECT_TRUE(ended);
    EXPECT_EQ(echo.flows, 0);
}

TEST_F(HttpServerTest, serves_only_so_many_flows) {
    limits.flows_max = 1;
    serve();
    const int first = connect();
    send(first, "GET /flow HTTP/1.1\r\nHost: x\r\n\r\n");
    until_text(first, "\r\n\r\n");
    const int second = connect();
    send(second, "GET /flow HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(until_text(second, "too_many").starts_with("HTTP/1.1 429 "));
}

TEST_F(HttpServerTest, takes_large_bodies_only_where_they_belong) {
    limits.record_size_max = std::size_t{1024} * 1024;
    limits.large_read_time = 10s;
    serve();
    const std::string head = " HTTP/1.1\r\nHost: x\r\nContent-Length: 524288\r\n\r\n";
    const int refused = connect();
    send(refused, "POST /small" + head);
    EXPECT_NE(until_end(refused).find("larger than 256 KiB"), std::string::npos);
    const int taken = connect();
    send(taken, "POST /large" + head);
    for (int piece = 0; piece < 16; ++piece) {
        send(taken, std::string(std::size_t{32} * 1024, 'x'));
        loop.run_for(10ms);
    }
    EXPECT_TRUE(until_text(taken, "xxxx").starts_with("HTTP/1.1 201 "));
}

TEST_F(HttpServerTest, drops_everybody_when_it_stops) {
    serve();
    const int client = connect();
    send(client, "GET /never HTTP/1.1\r\nHost: x\r\n\r\n");
    for (int turn = 0; turn < 100 && echo.requests == 0; ++turn)
        loop.run_for(10ms);
    server->stop();
    EXPECT_EQ(until_end(client), "");
    EXPECT_TRUE(ended);
    EXPECT_EQ(echo.cancelled, 1);
    EXPECT_EQ(server->connections(), 0U);
}

TEST_F(HttpServerTest, ends_what_is_endless_when_it_stops_and_breaks_the_rest_off) {
    serve();
    const int endless = connect();
    send(endless, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n");
    until_text(endless, "\r\n\r\n");
    const int unfinished = connect();
    send(unfinished, "GET /flow HTTP/1.1\r\nHost: x\r\n\r\n");
    until_text(unfinished, "\r\n\r\n");
    server->stop();
    EXPECT_EQ(until_end(endless), "0\r\n\r\n");
    EXPECT_EQ(until_end(unfinished), "");
    EXPECT_EQ(echo.flows, 0);
}

TEST_F(HttpServerTest, turns_other_users_away_even_from_an_open_socket) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
    serve();
    ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
    ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    clients.push_back(fd);
    const sockaddr_un there = address();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const bool connected =
            ::setuid(65534) == 0 &&
            ::connect(fd, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0;
        ::_exit(connected ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0) << "the other user could not connect at all";
    send(fd, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(until_end(fd), "");
    EXPECT_TRUE(ended);
    EXPECT_EQ(echo.requests, 0);
}

} // namespace
} // namespace kith::api
