// Shared helpers of the peer benchmarks: clock, percentiles, packet counters, RSS, CPU time.
#pragma once
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace bench {

inline double now() {
    using namespace std::chrono;
    return duration<double>(steady_clock::now().time_since_epoch()).count();
}

inline void sleep_s(double s) {
    ::usleep(static_cast<useconds_t>(s * 1e6));
}

// q in [0,1]; values in any unit.
inline double pct(std::vector<double> v, double q) {
    if (v.empty()) return -1;
    std::sort(v.begin(), v.end());
    size_t i = std::min(v.size() - 1, static_cast<size_t>(q * static_cast<double>(v.size())));
    return v[i];
}

// UDP datagrams received in this network namespace and IP bytes carried by lo.
struct Net {
    double datagrams = 0, bytes = 0;
    Net operator-(const Net& o) const { return {datagrams - o.datagrams, bytes - o.bytes}; }
};

inline Net net() {
    Net n;
    std::ifstream f("/proc/net/snmp");
    std::string line;
    bool header = true;
    while (std::getline(f, line))
        if (line.rfind("Udp: ", 0) == 0) {
            if (header) {
                header = false;
                continue;
            }
            n.datagrams = std::strtod(line.c_str() + 5, nullptr); // InDatagrams
            break;
        }
    std::ifstream d("/proc/net/dev");
    while (std::getline(d, line)) {
        size_t p = line.find("lo:");
        if (p == std::string::npos) continue;
        char* e = nullptr;
        double bytes = std::strtod(line.c_str() + p + 3, &e), packets = std::strtod(e, nullptr);
        n.bytes = bytes - 14 * packets; // lo counts a 14-byte link header per packet
        break;
    }
    return n;
}

inline double rss_mib() {
    std::ifstream f("/proc/self/statm");
    long total = 0, res = 0;
    f >> total >> res;
    return static_cast<double>(res) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

inline double cpu_s() {
    rusage u{};
    getrusage(RUSAGE_SELF, &u);
    return static_cast<double>(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           static_cast<double>(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

// Counters over a phase; the idle rate measured before is taken off.
struct Phase {
    double t0 = now(), c0 = cpu_s();
    Net n0 = net();
    static inline double idle_dps = 0, idle_bps = 0, idle_cpu = 0;

    static void measure_idle(double seconds) {
        Phase p;
        sleep_s(seconds);
        double dt = now() - p.t0;
        Net d = net() - p.n0;
        idle_dps = d.datagrams / dt;
        idle_bps = d.bytes / dt;
        idle_cpu = (cpu_s() - p.c0) / dt;
    }

    // prints one JSON line
    void report(
        const char* name,
        int n_nodes,
        const std::vector<double>& first,
        const std::vector<double>& done,
        size_t ok,
        size_t total) const {
        double dt = now() - t0;
        Net d = net() - n0;
        double per = total ? 1.0 / static_cast<double>(total) : 0;
        std::printf(
            "{\"phase\":\"%s\",\"n\":%d,\"ops\":%zu,\"ok_pct\":%.2f,"
            "\"first_ms\":[%.3f,%.3f,%.3f],\"done_ms\":[%.3f,%.3f,%.3f],"
            "\"ops_per_s\":%.1f,\"udp_per_op\":%.1f,\"bytes_per_op\":%.0f,\"cpu_us_per_op\":%.0f}"
            "\n",
            name,
            n_nodes,
            total,
            total ? 100.0 * static_cast<double>(ok) * per : 0,
            pct(first, .5),
            pct(first, .95),
            pct(first, .99),
            pct(done, .5),
            pct(done, .95),
            pct(done, .99),
            static_cast<double>(total) / dt,
            (d.datagrams - idle_dps * dt) * per,
            (d.bytes - idle_bps * dt) * per,
            (cpu_s() - c0 - idle_cpu * dt) * 1e6 * per);
        std::fflush(stdout);
    }
};

inline const char* arg(int argc, char** argv, const char* name, const char* def) {
    for (int i = 1; i + 1 < argc; ++i)
        if (!std::strcmp(argv[i], name)) return argv[i + 1];
    return def;
}
inline int argi(int argc, char** argv, const char* name, int def) {
    return std::atoi(arg(argc, argv, name, std::to_string(def).c_str()));
}

} // namespace bench
