#include "host/clocks.hpp"

#include "base/check.hpp"

#include <chrono>
#include <ctime>

namespace kith::host {

Now read_clocks() {
    timespec since_boot{};
    KITH_CHECK(::clock_gettime(CLOCK_BOOTTIME, &since_boot) == 0);
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    return {
        .instant = Instant(
            std::chrono::seconds(since_boot.tv_sec) + std::chrono::nanoseconds(since_boot.tv_nsec)),
        .wall = wall_from_unix(since_1970)};
}

} // namespace kith::host
