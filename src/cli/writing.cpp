#include "cli/writing.hpp"

#include "cli/interrupt.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <poll.h>

namespace kith::cli {

std::expected<void, Unwritten> write_all(int fd, std::string_view bytes) {
    const InterruptWatch interrupts;
    while (!bytes.empty()) {
        std::array<pollfd, 2> waits{
            pollfd{.fd = fd, .events = POLLOUT, .revents = 0},
            pollfd{.fd = interrupts.fd(), .events = POLLIN, .revents = 0}};
        if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) {
            return std::unexpected(Unwritten{.error = errno});
        }
        if (const auto signal = interrupts.take()) {
            return std::unexpected(Unwritten{.signal = signal});
        }
        if (waits[0].revents == 0) continue;
        // A pipe that is writable takes so much at once; of more, write() would wait for the rest.
        const std::size_t size = std::min<std::size_t>(bytes.size(), PIPE_BUF);
        const ssize_t written = ::write(fd, bytes.data(), size);
        if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (written < 0 && errno == EPIPE) return std::unexpected(Unwritten{.signal = SIGPIPE});
        if (written <= 0) return std::unexpected(Unwritten{.error = errno});
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

} // namespace kith::cli
