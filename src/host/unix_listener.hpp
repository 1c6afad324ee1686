// The Unix socket of the local API: only its owner may connect, and no two processes serve it.

#pragma once

#include "host/private_directory.hpp"
#include "host/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>

namespace kith::host {

/// Bytes of a socket's path: what `sockaddr_un` holds, less its NUL.
inline constexpr std::size_t kSocketPathMax = 107;

enum class ListenErrc : std::uint8_t {
    path_too_long,   // above kSocketPathMax
    already_running, // somebody listens there
    occupied,        // something that is not a socket is there
    bad_directory,   // the folder cannot be made or is not ours
    failed,
};

/// A listening socket of mode 0600 from its first moment; its file goes with it.
class UnixListener {
public:
    /// Makes the folder where it is missing. The socket file of a process that has ended is
    /// replaced; a lock file beside it keeps two starting processes from replacing each other's.
    static std::expected<UnixListener, ListenErrc> open(const std::filesystem::path& path);

    UnixListener(UnixListener&&) noexcept = default;
    UnixListener& operator=(UnixListener&&) = delete;
    UnixListener(const UnixListener&) = delete;
    UnixListener& operator=(const UnixListener&) = delete;
    ~UnixListener();

    /// Gives the listening descriptor to whoever accepts. Once.
    UniqueFd take_socket() { return std::move(socket_); }

private:
    UnixListener(UniqueFd socket, UniqueFd lock, std::filesystem::path path)
        : socket_(std::move(socket)),
          lock_(std::move(lock)),
          path_(std::move(path)) {}

    UniqueFd socket_;
    UniqueFd lock_; // invalid after a move: then the file is another object's
    std::filesystem::path path_;
};

} // namespace kith::host
