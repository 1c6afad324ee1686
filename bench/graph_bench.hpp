// Graphs on real sockets: whole nodes in this process on 127.0.0.1, driven as kithd drives its own.

#pragma once

#include <cstddef>
#include <string>

namespace kith::bench {

struct GraphOptions {
    std::string only;                          // one phase; empty: all
    std::string folder = ".";                  // where files are made, and removed again
    std::size_t runs = 5;                      // of each phase; medians are printed
    std::size_t records = 100'000;             // caught up with
    std::size_t reconcile_records = 1'000'000; // of two stores that differ in one
    std::size_t differences = 16;              // of each kind, one at a time
    std::size_t nodes = 32;                    // that a record reaches
    double seconds = 8;                        // of throughput
    std::size_t window = 64;                   // records under way
    std::size_t publish_records = 100'000;
    std::size_t search_records = 1'000'000;
};

/// Prints one line of JSON per phase: catch_up, reconcile, reach_all_unloaded, throughput,
/// publish_durable, search. Zero if every phase came to its end and nothing was lost.
int run_graph(const GraphOptions& options);

} // namespace kith::bench
