#include "measure.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

namespace kith::bench {

double now_s() {
    using namespace std::chrono;
    return duration<double>(steady_clock::now().time_since_epoch()).count();
}

double quantile(std::vector<double> values, double q) {
    if (values.empty()) return -1;
    std::sort(values.begin(), values.end());
    const auto index = static_cast<std::size_t>(q * static_cast<double>(values.size()));
    return values[std::min(values.size() - 1, index)];
}

double resident_mib() {
    std::ifstream file("/proc/self/statm");
    double total = 0;
    double resident = 0;
    file >> total >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

double cpu_s() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

NetworkCount network_count() {
    constexpr double kLinkHeaderBytes = 14; // lo counts one per packet
    NetworkCount count;
    std::ifstream snmp("/proc/net/snmp");
    bool is_header_seen = false;
    for (std::string line; std::getline(snmp, line);) {
        if (!line.starts_with("Udp: ")) continue;
        if (is_header_seen) {
            std::istringstream(line.substr(5)) >> count.datagrams; // InDatagrams
            break;
        }
        is_header_seen = true;
    }
    std::ifstream devices("/proc/net/dev");
    for (std::string line; std::getline(devices, line);) {
        const std::size_t at = line.find("lo:");
        if (at == line.npos) continue;
        double bytes = 0;
        double packets = 0;
        std::istringstream(line.substr(at + 3)) >> bytes >> packets;
        count.bytes = bytes - kLinkHeaderBytes * packets;
        break;
    }
    return count;
}

void print_line(const std::string& json) {
    fmt::print("{}\n", json);
    static_cast<void>(std::fflush(stdout));
}

IdleRate Phase::rate() const {
    const double elapsed = now_s() - started_s_;
    const NetworkCount network = network_count() - network_;
    return {network.datagrams / elapsed, network.bytes / elapsed, (cpu_s() - cpu_s_) / elapsed};
}

void Phase::report(const Outcome& outcome, const IdleRate& idle) const {
    const double elapsed = now_s() - started_s_;
    const double cpu = cpu_s() - cpu_s_ - idle.cpu_s * elapsed;
    const NetworkCount network = network_count() - network_;
    const auto operations = static_cast<double>(std::max<std::size_t>(outcome.operations, 1));
    print_line(fmt::format(
        R"({{"phase":"{}","n":{},"ops":{},"ok_pct":{:.2f},"first_ms":[{:.3f},{:.3f},{:.3f}],)"
        R"("ops_per_s":{:.1f},"udp_per_op":{:.1f},"bytes_per_op":{:.0f},"cpu_us_per_op":{:.0f},)"
        R"("cached":{}}})",
        outcome.name,
        outcome.nodes,
        outcome.operations,
        100 * static_cast<double>(outcome.succeeded) / operations,
        quantile(outcome.first_ms, 0.5),
        quantile(outcome.first_ms, 0.95),
        quantile(outcome.first_ms, 0.99),
        static_cast<double>(outcome.operations) / elapsed,
        (network.datagrams - idle.datagrams * elapsed) / operations,
        (network.bytes - idle.bytes * elapsed) / operations,
        cpu * 1e6 / operations,
        outcome.cached));
}

} // namespace kith::bench
