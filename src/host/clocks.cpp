#include "host/clocks.hpp"

#include <chrono>

namespace kith::host {

Now read_clocks() {
    const auto monotonic = std::chrono::steady_clock::now().time_since_epoch();
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    return {
        .instant = Instant(std::chrono::duration_cast<Duration>(monotonic)),
        .wall = wall_from_unix(since_1970)};
}

} // namespace kith::host
