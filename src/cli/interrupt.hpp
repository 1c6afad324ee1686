// Ctrl-C while there is something to tidy up: an unechoed terminal, a line of progress, a
// half-written file.

#pragma once

#include <csignal>
#include <optional>

namespace kith::cli {

/// While one exists, SIGINT, SIGTERM and SIGHUP wait to be taken instead of ending the process.
/// Those that were not taken take effect when it goes. Nests.
class InterruptWatch {
public:
    InterruptWatch();
    ~InterruptWatch();
    InterruptWatch(const InterruptWatch&) = delete;
    InterruptWatch& operator=(const InterruptWatch&) = delete;

    /// Readable once a signal waits. -1 where the system has no descriptor left; then signals wait
    /// until the watch goes.
    int fd() const { return fd_; }

    /// The number of the signal that came, once; nothing if none did.
    std::optional<int> take() const;

    /// Waits until there is something to read at `fd`, or its end; or until a signal comes, which
    /// is taken: its number.
    std::optional<int> wait_readable(int fd) const;

private:
    sigset_t before_{};
    int fd_ = -1;
};

} // namespace kith::cli
