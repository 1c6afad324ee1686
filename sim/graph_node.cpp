#include "sim/graph_node.hpp"

#include "sim/seed.hpp"

#include <variant>

namespace kith::sim {

namespace {

constexpr std::uint64_t kGraphStreams = 1U << 20U; // apart from those of nodes of a cloud

std::uint64_t stream(const GraphNode::Origin& origin, Stream which) {
    return derive_seed(
        origin.seed, which, kGraphStreams + index_of(origin.host), origin.incarnation);
}

} // namespace

GraphNode::GraphNode(
    const graph::GraphConfig& config,
    const Origin& origin,
    store::RecordStore& store,
    Directory& directory)
    : host_(origin.host),
      directory_(directory),
      secure_(stream(origin, Stream::node_secure)),
      plain_(stream(origin, Stream::node_plain)),
      names_(stream(origin, Stream::scenario)),
      security_(
          origin.is_secured ? std::optional<SealProvider>(mix_bits(origin.seed)) : std::nullopt),
      graph_(config, store, security_ ? &*security_ : nullptr, secure_, plain_) {}

void GraphNode::join(Now now) {
    last_ = now.instant;
    join_at_ = now.instant + kJoinRetry;
    look_up(now);
}

void GraphNode::look_up(Now now) {
    const auto found = directory_.somebody(host_, names_);
    if (!found) return;
    if (graph_.status().is_synchronized) {
        graph_.offer_peer(now, *found);
    } else {
        // A refusal is followed by an event and a new attempt.
        (void)graph_.connect(now, *found, std::nullopt);
    }
}

void GraphNode::handle_accepted(Now now, graph::LinkId link, const Endpoint& from) {
    last_ = now.instant;
    graph_.handle_accepted(now, link, from);
}

void GraphNode::handle_opened(Now now, graph::LinkId link) {
    last_ = now.instant;
    graph_.handle_opened(now, link);
}

void GraphNode::handle_bytes(Now now, graph::LinkId link, ByteView bytes) {
    last_ = now.instant;
    graph_.handle_bytes(now, link, bytes);
}

void GraphNode::handle_sent(Now now, graph::LinkId link, std::size_t size) {
    last_ = now.instant;
    graph_.handle_sent(now, link, size);
}

void GraphNode::handle_closed(Now now, graph::LinkId link) {
    last_ = now.instant;
    graph_.handle_closed(now, link);
}

void GraphNode::handle_timeout(Now now) {
    last_ = now.instant;
    if (found_at_ && *found_at_ <= now.instant) {
        found_at_.reset();
        look_up(now);
    }
    if (join_at_ && *join_at_ <= now.instant) {
        join_at_.reset();
        if (!graph_.status().is_synchronized) {
            join_at_ = now.instant + kJoinRetry;
            if (graph_.links().empty()) look_up(now);
        }
    }
    if (ripe_at_ && *ripe_at_ <= now.instant) {
        ripe_at_.reset();
        if (security_ && security_->ripen()) graph_.validate_deferred(now);
    }
    const auto due = graph_.next_timeout();
    if (due && *due <= now.instant) graph_.handle_timeout(now);
}

void GraphNode::commit(Now now) {
    last_ = now.instant;
    static_cast<void>(graph_.commit(now)); // `StoreFailed` tells
    if (security_ && security_->has_unripe() && !ripe_at_) ripe_at_ = now.instant + kRipening;
}

std::optional<graph::Event> GraphNode::poll_event() {
    auto event = graph_.poll_event();
    if (event && std::holds_alternative<graph::PeersNeeded>(*event) && !found_at_) {
        found_at_ = last_ + kNameLookupDelay;
    }
    return event;
}

std::optional<Instant> GraphNode::next_timeout() const {
    auto due = graph_.next_timeout();
    keep_earlier(due, found_at_);
    keep_earlier(due, join_at_);
    keep_earlier(due, ripe_at_);
    return due;
}

} // namespace kith::sim
