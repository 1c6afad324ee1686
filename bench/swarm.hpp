// Whole nodes in one process on 127.0.0.1, driven as kithd drives its one.

#pragma once

#include "base/random.hpp"
#include "host/entropy.hpp"
#include "host/node_driver.hpp"

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace kith::bench {

class Swarm {
public:
    using Driver = std::unique_ptr<host::NodeDriver>;

    /// `seed_port` is that of the first node, which is everybody's seed; 0: any free one.
    explicit Swarm(std::uint16_t seed_port = 0) : first_port_(seed_port) {}

    Driver start_node();

    /// Runs the loop until `done()`; true if that came before `limit`.
    bool run_until(std::chrono::steady_clock::duration limit, const std::function<bool()>& done);

    void run_for(double seconds);

    boost::asio::io_context loop{1};
    SeededRandom& plain() { return plain_; }
    SecureRandom& entropy() { return entropy_; }

private:
    static constexpr std::uint64_t kSeed = 4242;

    host::EntropySource entropy_;
    SeededRandom plain_{kSeed};
    std::uint16_t first_port_;
    std::uint16_t seed_port_ = 0; // 0 until the first node is there
};

} // namespace kith::bench
