// A cloud for others to be measured in: N whole nodes in one process, each with one name, idle.

#pragma once

#include <cstddef>
#include <cstdint>

namespace kith::bench {

struct CloudOptions {
    std::size_t nodes = 1000;
    std::uint16_t port = 4100; // of the first node, the others' seed
    double seconds = 600;      // after the last node has started
};

/// Prints a line of JSON when the last node has started, and one each minute. Always zero.
int run_cloud(const CloudOptions& options);

} // namespace kith::bench
