#include "cli/interrupt.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <poll.h>

namespace kith::cli {

InterruptWatch::InterruptWatch() {
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &watched, &before_);
    fd_ = signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
}

InterruptWatch::~InterruptWatch() {
    if (fd_ >= 0) close(fd_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> InterruptWatch::take() const {
    signalfd_siginfo info{};
    if (fd_ < 0 || read(fd_, &info, sizeof info) != sizeof info) return std::nullopt;
    return static_cast<int>(info.ssi_signo);
}

std::optional<int> InterruptWatch::wait_readable(int fd) const {
    std::array<pollfd, 2> waits{
        pollfd{.fd = fd, .events = POLLIN, .revents = 0},
        pollfd{.fd = fd_, .events = POLLIN, .revents = 0}};
    while (true) {
        const bool is_woken = poll(waits.data(), waits.size(), -1) < 0 && errno == EINTR;
        if (const auto signal = take()) return signal;
        if (!is_woken) return std::nullopt;
    }
}

} // namespace kith::cli
