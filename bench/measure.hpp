// What a benchmark measures of this process and of its network namespace. The same figures as
// peers/common.hpp, so that the lines can stand side by side.

#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace kith::bench {

/// Seconds on the monotonic clock.
double now_s();

/// The `q`-th quantile of `values` (any unit), as peers/common.hpp takes it; -1 of nothing.
double quantile(std::vector<double> values, double q);

/// Resident memory of this process, MiB.
double resident_mib();

/// CPU time of this process, user and system, seconds.
double cpu_s();

/// UDP datagrams delivered in this network namespace, and IP bytes carried by lo.
struct NetworkCount {
    double datagrams = 0;
    double bytes = 0;

    NetworkCount operator-(const NetworkCount& other) const {
        return {datagrams - other.datagrams, bytes - other.bytes};
    }
};
NetworkCount network_count();

/// What runs without anybody asking, per second: taken off what a phase counts.
struct IdleRate {
    double datagrams = 0;
    double bytes = 0;
    double cpu_s = 0;
};

/// One line of JSON, written to standard output and flushed.
void print_line(const std::string& json);

/// Counts from its construction on.
class Phase {
public:
    Phase() : started_s_(now_s()), cpu_s_(cpu_s()), network_(network_count()) {}

    IdleRate rate() const;

    struct Outcome {
        std::string name;
        std::size_t nodes = 0;
        std::size_t operations = 0;
        std::size_t succeeded = 0;
        std::vector<double> first_ms; // per success: time to the first verified value
        std::size_t cached = 0;       // operations whose route was in the resolver's cache
    };
    void report(const Outcome& outcome, const IdleRate& idle) const;

private:
    double started_s_;
    double cpu_s_;
    NetworkCount network_;
};

} // namespace kith::bench
