// Every scenario runs twice from its one seed: chance that does not come from it shows as two
// traces.

#pragma once

#include "sim/figures.hpp"
#include "sim/progress.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <fmt/format.h>
#include <string>
#include <thread>

namespace kith::sim {

enum class Order : std::uint8_t {
    side_by_side, // two threads
    in_turn,      // half the memory
};

/// `run_once(progress)` twice from scratch; it fails as well if the traces differ.
/// The report has a `trace_hash`, and a `wall_s` that is filled in.
template<class RunOnce>
auto run_twice(const RunOnce& run_once, Progress& progress, Order order = Order::side_by_side)
    -> decltype(run_once(progress)) {
    using Outcome = decltype(run_once(progress));
    const auto begin = std::chrono::steady_clock::now();
    Outcome second = std::unexpected("did not run");
    const auto run_again = [&] {
        NoProgress silent;
        second = run_once(silent);
    };
    std::thread other;
    if (order == Order::side_by_side) other = std::thread(run_again);
    auto first = run_once(progress);
    if (other.joinable()) {
        other.join();
    } else if (first) {
        run_again();
    }
    if (!first) return first;
    if (!second) {
        const std::string& why = second.error();
        return std::unexpected("only the second run failed: " + why);
    }
    if (first->trace_hash != second->trace_hash) {
        return std::unexpected(fmt::format(
            "two runs of one seed differ: trace {:016x} and {:016x}",
            first->trace_hash,
            second->trace_hash));
    }
    const auto took = std::chrono::steady_clock::now() - begin;
    first->wall_s = std::chrono::duration<double>(took).count();
    return first;
}

} // namespace kith::sim
