#include "swarm.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <utility>

namespace kith::bench {

using namespace std::chrono_literals;

Swarm::Driver Swarm::start_node() {
    host::UdpOptions options;
    options.local = *parse_endpoint("127.0.0.1:1");
    options.local.port = seed_port_ == 0 ? first_port_ : std::uint16_t{0};
    auto socket = host::UdpSocket::open(options);
    KITH_CHECK(socket.has_value());
    host::DriverConfig config;
    config.clouds.node.allow_loopback = true;
    config.clouds.node.use_ssdp = false;
    const std::uint16_t port = socket->local().port;
    config.sockets.push_back(std::move(*socket));
    if (seed_port_ != 0) config.seeds.push_back({"127.0.0.1", seed_port_});
    auto driver = std::make_unique<host::NodeDriver>(
        loop, std::move(config), host::DriverHooks{}, entropy_, plain_);
    driver->start();
    if (seed_port_ == 0) seed_port_ = port;
    return driver;
}

bool Swarm::run_until(
    std::chrono::steady_clock::duration limit, const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        loop.run_one_until(std::min(end, std::chrono::steady_clock::now() + 100ms));
    }
    return true;
}

void Swarm::run_for(double seconds) {
    loop.run_for(std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(seconds)));
}

} // namespace kith::bench
