#include "sim/node_core.hpp"

#include "sim/seed.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace kith::sim {

NodeCore::NodeCore(const node::NodeConfig& config, const Origin& origin)
    : secure_(
          derive_seed(origin.seed, Stream::node_secure, index_of(origin.host), origin.incarnation)),
      plain_(
          derive_seed(origin.seed, Stream::node_plain, index_of(origin.host), origin.incarnation)),
      node_(config, secure_, plain_) {}

void NodeCore::set_seeds(Now now, std::vector<Endpoint> seeds) {
    last_ = now.instant;
    seeds_ = std::move(seeds);
    node_.set_seeds(now, seeds_);
}

void NodeCore::handle_datagram(Now now, const Arrival& arrival) {
    last_ = now.instant;
    node_.handle_datagram(now, arrival.channel, arrival.local, arrival.from, arrival.payload);
}

void NodeCore::handle_timeout(Now now) {
    last_ = now.instant;
    if (seeds_due_ && *seeds_due_ <= now.instant) {
        seeds_due_.reset();
        node_.set_seeds(now, seeds_);
    }
    node_.handle_timeout(now);
}

std::optional<node::Event> NodeCore::poll_event() {
    auto event = node_.poll_event();
    if (event && std::holds_alternative<node::SeedsNeeded>(*event) && !seeds_due_) {
        seeds_due_ = last_ + kSeedLookupDelay;
    }
    return event;
}

std::optional<Instant> NodeCore::next_timeout() const {
    const auto due = node_.next_timeout();
    if (!due || !seeds_due_) return due ? due : seeds_due_;
    return std::min(*due, *seeds_due_);
}

} // namespace kith::sim
