#include "host/alarm.hpp"

#include "base/check.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <utility>

namespace kith::host {

namespace {

// The clock of read_clocks().
UniqueFd open_timer() {
    UniqueFd fd(::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!fd) throw boost::system::system_error(errno, boost::system::system_category(), "timerfd");
    return fd;
}

} // namespace

Alarm::Alarm(boost::asio::io_context& loop, std::function<void()> ring)
    : fd_(open_timer()),
      ring_(std::move(ring)),
      readiness_(loop, fd_.get(), [this] { handle(); }) {
    readiness_.wait();
}

void Alarm::set(std::optional<Instant> when) {
    using std::chrono::nanoseconds;
    if (when == set_) return;
    set_ = when;
    itimerspec at{}; // all zero disarms
    if (when) {
        const auto since = std::max(nanoseconds(when->time_since_epoch()), nanoseconds(1));
        const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
        at.it_value.tv_sec = seconds.count();
        at.it_value.tv_nsec = (since - seconds).count();
    }
    KITH_CHECK(::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &at, nullptr) == 0);
}

void Alarm::handle() {
    std::uint64_t rung = 0;
    // Nothing to read: it was put off after it had rung.
    if (::read(fd_.get(), &rung, sizeof(rung)) != static_cast<ssize_t>(sizeof(rung))) return;
    set_.reset();
    ring_();
}

} // namespace kith::host
