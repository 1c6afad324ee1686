// Where the time of a node comes from: the only place that reads the clocks of the machine.

#pragma once

#include "base/time.hpp"

namespace kith::host {

/// CLOCK_BOOTTIME for the instant, CLOCK_REALTIME for the date. It goes on while the machine is
/// suspended, as everybody else does: std::chrono::steady_clock is another one.
Now read_clocks();

} // namespace kith::host
