// A timer that can be put off without the loop waking at the time it was set to before, which a
// timer of the loop's own queue does: most timeouts of a node are of answers that do come.

#pragma once

#include "base/time.hpp"
#include "host/readiness.hpp"
#include "host/unique_fd.hpp"

#include <boost/asio/io_context.hpp>
#include <functional>
#include <optional>

namespace kith::host {

class Alarm {
public:
    /// `ring` is called on the loop, and may destroy this object. Throws
    /// `boost::system::system_error` without a descriptor left, as the loop's own objects do.
    Alarm(boost::asio::io_context& loop, std::function<void()> ring);

    /// Rings once, then or as soon as that has passed on the clock of read_clocks(); what passed
    /// while the machine was suspended, as soon as it wakes. Nothing: not at all.
    void set(std::optional<Instant> when);

private:
    void handle();

    UniqueFd fd_;
    std::function<void()> ring_;
    std::optional<Instant> set_;
    Readiness readiness_;
};

} // namespace kith::host
