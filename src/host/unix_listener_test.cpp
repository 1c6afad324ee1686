#include "host/temporary_directory_test.hpp"
#include "host/unix_listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kith::host {
namespace {

// A connection to the socket at `path`, or none.
UniqueFd connection_to(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    return ::connect(fd.get(), generic, sizeof address) == 0 ? std::move(fd) : UniqueFd();
}

bool connects(const std::filesystem::path& path) {
    return static_cast<bool>(connection_to(path));
}

TEST(UnixListener, is_its_owners_alone_whatever_the_umask) {
    const TemporaryDirectory folder;
    const mode_t before = ::umask(0);
    const auto listener = UnixListener::open(folder / "run/api.sock");
    ::umask(before);
    ASSERT_TRUE(listener);
    struct stat status{};
    ASSERT_EQ(::stat((folder / "run/api.sock").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    ASSERT_EQ(::stat((folder / "run").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0700U);
    EXPECT_TRUE(connects(folder / "run/api.sock"));
}

TEST(UnixListener, lets_many_wait_until_they_are_accepted) {
    const TemporaryDirectory folder;
    const auto listener = UnixListener::open(folder / "api.sock");
    ASSERT_TRUE(listener);
    std::vector<UniqueFd> waiting;
    for (int i = 0; i < 100; ++i) {
        waiting.push_back(connection_to(folder / "api.sock"));
        ASSERT_TRUE(waiting.back()) << i;
    }
}

TEST(UnixListener, refuses_to_take_over_from_a_living_one) {
    const TemporaryDirectory folder;
    const auto first = UnixListener::open(folder / "api.sock");
    ASSERT_TRUE(first);
    const auto second = UnixListener::open(folder / "api.sock");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(), ListenErrc::already_running);
    EXPECT_TRUE(connects(folder / "api.sock"));
}

TEST(UnixListener, refuses_to_take_over_from_another_program) {
    const TemporaryDirectory folder;
    const auto path = folder / "api.sock";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const UniqueFd other(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    ASSERT_EQ(::bind(other.get(), generic, sizeof address), 0);
    ASSERT_EQ(::listen(other.get(), 1), 0);
    const auto listener = UnixListener::open(path);
    ASSERT_FALSE(listener);
    EXPECT_EQ(listener.error(), ListenErrc::already_running);
}

TEST(UnixListener, replaces_the_file_of_a_process_that_has_ended) {
    const TemporaryDirectory folder;
    const auto path = folder / "api.sock";
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const auto* generic = reinterpret_cast<const sockaddr*>(&address);
        ASSERT_EQ(::bind(dead.get(), generic, sizeof address), 0);
    }
    ASSERT_TRUE(std::filesystem::exists(path));
    const auto listener = UnixListener::open(path);
    ASSERT_TRUE(listener);
    EXPECT_TRUE(connects(path));
}

TEST(UnixListener, leaves_a_file_that_is_no_socket) {
    const TemporaryDirectory folder;
    std::ofstream(folder / "api.sock") << "precious";
    const auto listener = UnixListener::open(folder / "api.sock");
    ASSERT_FALSE(listener);
    EXPECT_EQ(listener.error(), ListenErrc::occupied);
    EXPECT_EQ(std::filesystem::file_size(folder / "api.sock"), 8U);
}

TEST(UnixListener, refuses_a_path_that_is_too_long) {
    const TemporaryDirectory folder;
    const auto listener = UnixListener::open(folder / std::string(120, 'x'));
    ASSERT_FALSE(listener);
    EXPECT_EQ(listener.error(), ListenErrc::path_too_long);
}

TEST(UnixListener, takes_its_file_away_and_only_once) {
    const TemporaryDirectory folder;
    const auto path = folder / "api.sock";
    {
        auto opened = UnixListener::open(path);
        ASSERT_TRUE(opened);
        const UnixListener moved = std::move(*opened);
        EXPECT_TRUE(std::filesystem::exists(path));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_TRUE(UnixListener::open(path));
}

} // namespace
} // namespace kith::host
