#include "host/unix_listener.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace kith::host {

namespace {

constexpr mode_t kSocketMode = 0600;

std::expected<sockaddr_un, ListenErrc> socket_address(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.native().size() >= sizeof address.sun_path) {
        return std::unexpected(ListenErrc::path_too_long);
    }
    std::memcpy(address.sun_path, path.c_str(), path.native().size());
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

// Takes away the file of a process that has ended; refuses anything that is in use.
std::expected<void, ListenErrc>
clear_path(const std::filesystem::path& path, const sockaddr_un& address) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) return {};
    if (!S_ISSOCK(status.st_mode)) return std::unexpected(ListenErrc::occupied);
    const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const bool answers = ::connect(probe.get(), generic(address), sizeof address) == 0;
    // EAGAIN: somebody listens whose backlog is full.
    if (answers || errno == EAGAIN) return std::unexpected(ListenErrc::already_running);
    if (::unlink(path.c_str()) != 0) return std::unexpected(ListenErrc::failed);
    return {};
}

bool make_parent(const std::filesystem::path& path) {
    const std::filesystem::path parent = path.parent_path();
    if (parent.empty()) return true;
    // Only a folder that we make is ours alone; one that exists (say /tmp) is the user's choice,
    // and the socket's own mode protects it.
    struct stat status{};
    if (::stat(parent.c_str(), &status) == 0) return S_ISDIR(status.st_mode);
    return PrivateDirectory::open(parent).has_value();
}

} // namespace

std::expected<UnixListener, ListenErrc> UnixListener::open(const std::filesystem::path& path) {
    const auto address = socket_address(path);
    if (!address) return std::unexpected(address.error());
    if (!make_parent(path)) return std::unexpected(ListenErrc::bad_directory);

    const std::string lock_path = path.native() + ".lock";
    const int lock_flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd lock(::open(lock_path.c_str(), lock_flags, kSocketMode));
    if (!lock) return std::unexpected(ListenErrc::bad_directory);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        return std::unexpected(ListenErrc::already_running);
    }
    if (auto cleared = clear_path(path, *address); !cleared) {
        return std::unexpected(cleared.error());
    }
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    // On Linux bind() gives the file the mode of the socket, so there is no moment at which it is
    // open to others, and no umask to change for the whole process.
    const bool listens = fd && ::fchmod(fd.get(), kSocketMode) == 0 &&
                         ::bind(fd.get(), generic(*address), sizeof *address) == 0 &&
                         ::listen(fd.get(), SOMAXCONN) == 0;
    if (!listens) return std::unexpected(ListenErrc::failed);
    return UnixListener(std::move(fd), std::move(lock), path);
}

// The lock file stays: to remove it would let two processes hold locks on two files of that name.
UnixListener::~UnixListener() {
    if (lock_) ::unlink(path_.c_str());
}

} // namespace kith::host
