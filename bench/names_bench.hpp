// Names on real sockets: N whole nodes in one process on 127.0.0.1, driven as kithd drives its one.

#pragma once

#include <cstddef>

namespace kith::bench {

struct NamesOptions {
    std::size_t nodes = 64;
    std::size_t names = 800;
    double settle_s = 15;
};

/// Prints one line of JSON per phase. Zero if every get of a living name succeeded.
int run_names(const NamesOptions& options);

} // namespace kith::bench
