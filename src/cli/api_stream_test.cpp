#include "cli/api_stream.hpp"
#include "cli/testing/local_server.hpp"
#include "cli/testing/temporary_directory.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <thread>

namespace kith::cli {
namespace {

using namespace std::chrono_literals;

/// Takes one connection, sends `answer` at once and keeps the connection open until the end.
class Keeper {
public:
    explicit Keeper(std::string answer)
        : answer_(std::move(answer)),
          path_(directory_.path() + "/api.sock"),
          listener_(socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(&address.sun_path[0], path_.c_str(), path_.size() + 1);
        EXPECT_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(listen(listener_, 1), 0);
        thread_ = std::thread([this] {
            connection_ = accept(listener_, nullptr, nullptr);
            EXPECT_EQ(
                send(connection_, answer_.data(), answer_.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(answer_.size()));
        });
    }

    ~Keeper() {
        thread_.join();
        close(connection_);
        close(listener_);
    }

    Keeper(const Keeper&) = delete;
    Keeper& operator=(const Keeper&) = delete;

    const std::string& path() const { return path_; }

private:
    std::string answer_;
    testing::TemporaryDirectory directory_;
    std::string path_;
    int listener_;
    int connection_ = -1;
    std::thread thread_;
};

// A refusal of an upgrade keeps the connection: nothing more becomes readable.
TEST(ApiStream, BodyThatCameWithTheHeadIsNotWaitedFor) {
    const Keeper server("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nbody");
    auto stream = ApiStream::open(server.path(), {.target = "/x", .upgrades = true});
    ASSERT_TRUE(stream);
    std::string body;
    for (int i = 0; i < 3 && !stream->is_over(); ++i) {
        const auto piece = stream->receive_within(100ms);
        ASSERT_TRUE(piece) << "it waited for what it had";
        body += *piece;
    }
    EXPECT_TRUE(stream->is_over());
    EXPECT_EQ(body, "body");
}

TEST(ApiStream, SilenceInABodyEndsTheWait) {
    const Keeper server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody");
    auto stream = ApiStream::open(server.path(), {.target = "/x"});
    ASSERT_TRUE(stream);
    const auto first = stream->receive_within(100ms);
    ASSERT_TRUE(first);
    const auto second = stream->receive_within(100ms);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ClientErrc::timed_out);
}

} // namespace
} // namespace kith::cli
