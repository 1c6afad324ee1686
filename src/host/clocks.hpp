// Where the time of a node comes from: the only place that reads the clocks of the machine.

#pragma once

#include "base/time.hpp"

namespace kith::host {

/// CLOCK_MONOTONIC for the instant, CLOCK_REALTIME for the date.
Now read_clocks();

} // namespace kith::host
