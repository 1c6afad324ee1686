// The process as a whole: each daemon here is a child process, ended by its own id.

#include "daemon/daemon.hpp"
#include "host/udp_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <gmock/gmock.h>
#include <optional>
#include <spdlog/spdlog.h>
#include <string>
#include <string_view>
#include <vector>

namespace kith::daemon {
namespace {

using testing::HasSubstr;

constexpr int kTurnsMax = 3000; // of 10 ms: a daemon that takes longer to come or go has failed

void pause() {
    ::usleep(10'000);
}

struct DaemonTest : testing::Test {
    DaemonTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "kith-XXXXXX").string();
        folder = ::mkdtemp(pattern.data());
        config.data = folder / "data";
        config.api = folder / "run/api.sock";
        config.listen = {{*parse_address("127.0.0.1"), 0}};
        config.graph_listen = config.listen;
        config.allow_loopback = true;
        config.use_ssdp = false;
        config.log_level = LogLevel::off;
    }

    ~DaemonTest() override {
        for (const pid_t child : children) {
            ::kill(child, SIGKILL);
            ::waitpid(child, nullptr, 0);
        }
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }

    // A child whose exit code is 0 where run() ended well and 1 where it refused.
    pid_t start() {
        const pid_t child = ::fork();
        if (child == 0) {
            spdlog::set_level(spdlog::level::off);
            ::_exit(run(config) ? 0 : 1);
        }
        EXPECT_GT(child, 0);
        children.push_back(child);
        for (int turn = 0; turn < kTurnsMax && !serves(); ++turn)
            pause();
        EXPECT_TRUE(serves());
        return child;
    }

    std::optional<int> wait_for(pid_t child) {
        int status = 0;
        for (int turn = 0; turn < kTurnsMax; ++turn) {
            if (::waitpid(child, &status, WNOHANG) == child) {
                std::erase(children, child);
                return status;
            }
            pause();
        }
        return std::nullopt;
    }

    int connect() const {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, config.api.c_str(), sizeof address.sun_path - 1);
        const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const auto* generic = reinterpret_cast<const sockaddr*>(&address);
        if (::connect(fd, generic, sizeof address) == 0) return fd;
        ::close(fd);
        return -1;
    }

    bool serves() const {
        const int fd = connect();
        if (fd >= 0) ::close(fd);
        return fd >= 0;
    }

    // What the daemon says to one request; it closes afterwards.
    std::string
    ask(const std::string& method, const std::string& path, const std::string& body) const {
        const int fd = connect();
        const std::string request =
            method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body;
        EXPECT_EQ(
            ::send(fd, request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
        std::string out;
        char buffer[4096];
        ssize_t got = 0;
        while ((got = ::recv(fd, buffer, sizeof buffer, 0)) > 0)
            out.append(buffer, static_cast<std::size_t>(got));
        ::close(fd);
        return out;
    }

    std::filesystem::path folder;
    Config config;
    std::vector<pid_t> children;
};

TEST_F(DaemonTest, serves_until_a_signal_and_tidies_up) {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        const pid_t child = start();
        EXPECT_THAT(ask("GET", "/v1/status", ""), HasSubstr("\"profile\":\"modern\""));
        ::kill(child, signal);
        const auto status = wait_for(child);
        ASSERT_TRUE(status);
        EXPECT_TRUE(WIFEXITED(*status) && WEXITSTATUS(*status) == 0) << *status;
        EXPECT_FALSE(std::filesystem::exists(config.api));
    }
}

TEST_F(DaemonTest, keeps_identities_and_names_through_its_death) {
    const pid_t child = start();
    EXPECT_THAT(
        ask("POST", "/v1/identities", R"({"name": "alice", "passphrase": null})"),
        HasSubstr("201 Created"));
    EXPECT_THAT(ask("POST", "/v1/names", R"({"classifier": "web"})"), HasSubstr("201 Created"));
    ::kill(child, SIGKILL);
    ASSERT_TRUE(wait_for(child));
    ASSERT_TRUE(std::filesystem::exists(config.api)) << "nobody was left to take it away";
    start();
    EXPECT_THAT(ask("GET", "/v1/identities/alice", ""), HasSubstr("\"default\":true"));
    std::string names;
    for (int turn = 0; turn < kTurnsMax && !names.contains("\"waiting\":null"); ++turn) {
        names = ask("GET", "/v1/names", "");
        pause();
    }
    EXPECT_THAT(names, HasSubstr(".web\""));
    EXPECT_THAT(names, HasSubstr("\"waiting\":null"));
}

TEST_F(DaemonTest, ends_at_once_on_a_second_signal) {
    // On a machine that is busy the first signal may have had its full effect before the second.
    bool ended_at_once = false;
    for (int attempt = 0; attempt < 5 && !ended_at_once; ++attempt) {
        const pid_t child = start();
        // A published name makes it wait for the acknowledgements of its neighbours.
        ask("POST", "/v1/names", R"({"classifier": "web", "unsecured": true})");
        ::kill(child, SIGTERM);
        for (int turn = 0; turn < kTurnsMax && serves(); ++turn)
            pause();
        ::kill(child, SIGTERM);
        const auto status = wait_for(child);
        ASSERT_TRUE(status);
        ended_at_once = WIFSIGNALED(*status) && WTERMSIG(*status) == SIGTERM;
    }
    EXPECT_TRUE(ended_at_once);
}

TEST_F(DaemonTest, refuses_to_share_its_data_or_its_socket) {
    start();
    const auto same_data = run(config);
    ASSERT_FALSE(same_data);
    EXPECT_THAT(same_data.error().message, HasSubstr("uses the data in"));
    config.data = folder / "other";
    const auto same_socket = run(config);
    ASSERT_FALSE(same_socket);
    EXPECT_THAT(same_socket.error().message, HasSubstr("running already"));
    EXPECT_TRUE(serves());
}

TEST_F(DaemonTest, refuses_data_that_is_not_private) {
    std::filesystem::create_directory(config.data);
    ASSERT_EQ(::chmod(config.data.c_str(), 0755), 0);
    const auto open = run(config);
    ASSERT_FALSE(open);
    EXPECT_THAT(open.error().message, HasSubstr("open to other users"));
    std::filesystem::remove(config.data);
    std::filesystem::create_directory(folder / "elsewhere");
    std::filesystem::create_symlink(folder / "elsewhere", config.data);
    const auto link = run(config);
    ASSERT_FALSE(link);
    EXPECT_THAT(link.error().message, HasSubstr("symbolic link"));
}

TEST_F(DaemonTest, refuses_a_port_that_is_taken) {
    auto taken = host::UdpSocket::open({.local = config.listen.front()});
    ASSERT_TRUE(taken);
    config.listen = {taken->local()};
    const auto refused = run(config);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("cannot listen on 127.0.0.1"));
    EXPECT_FALSE(std::filesystem::exists(config.api)) << "a refusal leaves nothing behind";
}

} // namespace
} // namespace kith::daemon
