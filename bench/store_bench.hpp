// The record store on a real disk: inserts in batches, opening, searches.

#pragma once

#include <cstddef>
#include <string>

namespace kith::bench {

struct StoreOptions {
    std::string folder = ".";        // where the files are made, and removed again
    double seconds = 4;              // of each phase of inserts, as peers/store_floor
    std::size_t records = 1'000'000; // of the store that is opened and searched
    std::size_t searches = 300;
};

/// Prints one line of JSON per phase: insert_batch and insert_durable (records of 256 bytes with
/// random ids, 1000 a batch), fill, open, search (two clauses; one alone matches at most 1000
/// records, both 100). Zero if everything succeeded.
int run_store(const StoreOptions& options);

} // namespace kith::bench
