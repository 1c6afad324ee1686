#include "cli/client.hpp"
#include "cli/testing/local_server.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <thread>
#include <vector>

namespace kith::cli {
namespace {

using namespace std::chrono_literals;
using testing::http_answer;
using testing::LocalServer;

ClientErrc error_with(const std::string& answer) {
    const LocalServer server([&](const auto&) { return answer; });
    Request request{.target = "/v1/status"};
    const auto result = ApiClient(server.path()).exchange(request);
    EXPECT_FALSE(result);
    return result ? ClientErrc::timed_out : result.error().code;
}

TEST(ApiClient, SendsARequestAndReadsItsAnswer) {
    const LocalServer server([](const auto&) { return http_answer(201, R"({"b": 1, "a": 2})"); });
    Request request{
        .method = Method::post, .target = "/v1/names", .body = Json{{"classifier", "wéb"}}};
    const auto answer = ApiClient(server.path()).exchange(request);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 201U);
    EXPECT_EQ(answer->document.dump(), R"({"b":1,"a":2})"); // in the daemon's order
    ASSERT_EQ(server.seen().size(), 1U);
    EXPECT_EQ(server.seen()[0].line, "POST /v1/names");
    EXPECT_EQ(server.seen()[0].body, (Json{{"classifier", "wéb"}}));
}

// A server that accepts nobody for a while, with a queue that is full.
TEST(ApiClient, WaitsForRoomInAFullQueue) {
    const testing::TemporaryDirectory directory;
    const std::string path = directory.path() + "/api.sock";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(&address.sun_path[0], path.c_str(), path.size() + 1);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(bind(listener, generic, sizeof address), 0);
    ASSERT_EQ(listen(listener, 0), 0);
    std::vector<int> queued;
    bool is_full = false;
    while (!is_full && queued.size() < 16) {
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        is_full = connect(fd, generic, sizeof address) != 0;
        if (is_full)
            close(fd);
        else
            queued.push_back(fd);
    }
    ASSERT_TRUE(is_full);

    std::thread server([listener, count = queued.size()] {
        std::this_thread::sleep_for(100ms);
        for (std::size_t i = 0; i < count; ++i)
            close(accept(listener, nullptr, nullptr));
        pollfd waiting{.fd = listener, .events = POLLIN, .revents = 0};
        if (poll(&waiting, 1, 5000) != 1) return;
        const int fd = accept(listener, nullptr, nullptr);
        std::array<char, 4096> request{};
        EXPECT_GT(recv(fd, request.data(), request.size(), 0), 0);
        const std::string answer = http_answer(200, "{}");
        EXPECT_GT(send(fd, answer.data(), answer.size(), MSG_NOSIGNAL), 0);
        close(fd);
    });
    Request request{.target = "/v1/status"};
    EXPECT_TRUE(ApiClient(path).exchange(request));
    server.join();
    for (const int fd : queued)
        close(fd);
    close(listener);
}

TEST(ApiClient, MethodsAreThoseOfTheApi) {
    const LocalServer server([](const auto&) { return http_answer(200, "{}"); });
    for (const Method method : {Method::get, Method::post, Method::remove}) {
        Request request{.method = method, .target = "/x"};
        EXPECT_TRUE(ApiClient(server.path()).exchange(request));
    }
    ASSERT_EQ(server.seen().size(), 3U);
    EXPECT_EQ(server.seen()[0].line, "GET /x");
    EXPECT_EQ(server.seen()[1].line, "POST /x");
    EXPECT_EQ(server.seen()[2].line, "DELETE /x");
}

TEST(ApiClient, WipesTheStringsOfABody) {
    const LocalServer server([](const auto&) { return http_answer(200, "{}"); });
    Request request{
        .method = Method::post, .target = "/x", .body = Json{{"passphrase", "hush"}, {"n", 1}}};
    EXPECT_TRUE(ApiClient(server.path()).exchange(request));
    EXPECT_EQ(request.body, (Json{{"passphrase", ""}, {"n", 1}}));
    EXPECT_EQ(server.seen().at(0).body, (Json{{"passphrase", "hush"}, {"n", 1}}));
}

TEST(ApiClient, AnErrorStatusIsAnAnswer) {
    const LocalServer server(
        [](const auto&) { return testing::http_error(404, "not_found", "no"); });
    Request request{.target = "/x"};
    const auto answer = ApiClient(server.path()).exchange(request);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 404U);
}

TEST(ApiClient, TellsAMissingSocketFromADeadOne) {
    Request request{.target = "/x"};
    const testing::TemporaryDirectory directory;
    const auto missing = ApiClient(directory.path() + "/none").exchange(request);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ClientErrc::no_socket);
    const auto dead = ApiClient(directory.write("f", "no socket")).exchange(request);
    ASSERT_FALSE(dead);
    EXPECT_EQ(dead.error().code, ClientErrc::nobody);
}

TEST(ApiClient, ReadsTheAnswerOfAServerThatWillNotReadTheRequest) {
    const LocalServer server(
        [](const auto&) { return testing::http_error(400, "bad_request", "larger than 256 KiB"); },
        testing::Reading::head);
    Request request{
        .method = Method::post, .target = "/x", .raw = std::string(std::size_t{8} << 20U, 'x')};
    const auto answer = ApiClient(server.path()).exchange(request);
    ASSERT_TRUE(answer) << static_cast<int>(answer.error().code);
    EXPECT_EQ(answer->status, 400U);
}

TEST(ApiClient, RefusesWhatIsNotAnAnswerOfTheApi) {
    EXPECT_EQ(error_with(""), ClientErrc::broken);
    EXPECT_EQ(error_with("SSH-2.0-OpenSSH\r\n\r\n"), ClientErrc::broken);
    EXPECT_EQ(error_with("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}"), ClientErrc::broken);
    EXPECT_EQ(error_with(http_answer(200, "<html>")), ClientErrc::no_document);
    EXPECT_EQ(error_with(http_answer(200, "[]")), ClientErrc::no_document);
    EXPECT_EQ(error_with(http_answer(200, "{\"a\": \"\xff\"}")), ClientErrc::no_document);
    const std::string deep =
        R"({"a":)" + std::string(500'000, '[') + std::string(500'000, ']') + "}";
    EXPECT_EQ(error_with(http_answer(200, deep)), ClientErrc::no_document);
}

TEST(ApiClient, ReadsAnswersUpToTheirLimit) {
    const auto document = [](std::size_t size) {
        return R"({"a":")" + std::string(size - 8, 'x') + R"("})";
    };
    const LocalServer server(
        [&](const auto&) { return http_answer(200, document(kAnswerSizeMax)); });
    Request request{.target = "/x"};
    EXPECT_TRUE(ApiClient(server.path()).exchange(request));
    EXPECT_EQ(error_with(http_answer(200, document(kAnswerSizeMax + 1))), ClientErrc::too_long);
}

TEST(ApiClient, GivesUpOnASilentDaemonAndSaysThatItWaits) {
    const LocalServer server([](const auto&) { return std::nullopt; });
    Request request{.target = "/x", .time_max = 250ms};
    unsigned told = 0;
    const auto answer =
        ApiClient(server.path()).exchange(request, [&](std::chrono::milliseconds) { ++told; });
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ClientErrc::timed_out);
    EXPECT_GE(told, 1U);
}

TEST(ApiClient, AnInterruptionEndsTheWait) {
    const LocalServer server([](const auto&) { return std::nullopt; });
    Request request{.target = "/x"};
    const auto answer = ApiClient(server.path()).exchange(request, [](std::chrono::milliseconds) {
        raise(SIGINT); // this thread's, and the client watches it
    });
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ClientErrc::interrupted);
    EXPECT_EQ(answer.error().signal, SIGINT);
}

TEST(PercentEncoded, KeepsASegmentOneSegment) {
    EXPECT_EQ(percent_encoded("alice-1.2_~"), "alice-1.2_~");
    EXPECT_EQ(percent_encoded("a/b?c#d%e f"), "a%2Fb%3Fc%23d%25e%20f");
    EXPECT_EQ(percent_encoded("ü\n"), "%C3%BC%0A");
}

} // namespace
} // namespace kith::cli
