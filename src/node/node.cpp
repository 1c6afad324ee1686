#include "node/node.hpp"

#include "base/check.hpp"
#include "base/fifo.hpp"
#include "base/overload.hpp"
#include "node/discovery.hpp"

#include <algorithm>
#include <utility>

namespace kith::node {

std::string_view to_string(CloudState state) {
    switch (state) {
    case CloudState::virtual_cloud:
        return "virtual";
    case CloudState::synchronizing:
        return "synchronizing";
    case CloudState::active:
        return "active";
    case CloudState::dead:
        return "dead";
    case CloudState::disabled:
        return "disabled";
    case CloudState::no_net:
        return "no_net";
    case CloudState::alone:
        return "alone";
    }
    return "virtual";
}

struct Node::Parts {
    Parts(const NodeConfig& config, Scope cloud_scope, SecureRandom& secure, PlainRandom& plain)
        : cloud_name(config.cloud_name),
          scope(cloud_scope),
          cloud(
              {.scope = cloud_scope,
               .allow_loopback = config.allow_loopback,
               .profile = config.profile},
              secure,
              plain),
          discovery({cloud_scope, config.profile, config.use_ssdp, config.remembered}, plain) {}

    void settle(Now now);
    void handle(Now now, pnrp::Event event);
    void introduce(Now now, const pnrp::SynchronizeDone& done);
    CloudState current_state() const;
    std::vector<Endpoint> local_endpoints() const;

    std::string cloud_name;
    Scope scope;
    pnrp::Cloud cloud;
    Discovery discovery;
    CloudState state = CloudState::virtual_cloud;
    bool is_opened = false;
    bool has_looked = false; // since it came to where it is: a first search is over, or found some
    bool had_members = false;
    bool is_introduced = false; // once in each time without members
    Fifo<Event> events;
};

Node::Node(const NodeConfig& config, SecureRandom& secure, PlainRandom& plain) {
    const auto scope = scope_of_cloud(config.cloud_name);
    KITH_CHECK(scope.has_value());
    parts_ = std::make_unique<Parts>(config, *scope, secure, plain);
}

Node::~Node() = default;

// Commands ------------------------------------------------------------------------

void Node::set_endpoints(
    Now now, std::span<const Endpoint> endpoints, std::span<const Endpoint> ways_out) {
    Parts& parts = *parts_;
    parts.is_opened = true;
    parts.has_looked = false;
    parts.cloud.set_endpoints(now, endpoints, ways_out);
    // At a new place the old members may be out of reach, and there may be others on the link.
    parts.discovery.start_round(now, parts.local_endpoints());
    parts.settle(now);
}

void Node::set_forwarded(Now now, const std::optional<Endpoint>& outside) {
    parts_->cloud.set_forwarded(now, outside);
    parts_->settle(now);
}

void Node::set_seeds(Now now, std::span<const Endpoint> seeds) {
    parts_->discovery.set_seeds(now, seeds);
    parts_->settle(now);
}

std::expected<pnrp::RegistrationId, pnrp::RegisterErrc>
Node::publish(Now now, pnrp::Registration registration) {
    auto id = parts_->cloud.register_name(now, std::move(registration));
    // Nobody could know of us for want of an id: now there is one to be introduced by.
    if (id && parts_->cloud.cache_size() == 0)
        parts_->discovery.ask_again(now, parts_->local_endpoints());
    parts_->settle(now);
    return id;
}

std::expected<void, pnrp::RegisterErrc>
Node::update(Now now, pnrp::RegistrationId id, pnrp::Registration registration) {
    auto outcome = parts_->cloud.update(now, id, std::move(registration));
    parts_->settle(now);
    return outcome;
}

std::expected<void, pnrp::RegisterErrc> Node::unpublish(Now now, pnrp::RegistrationId id) {
    auto outcome = parts_->cloud.unregister(now, id);
    parts_->settle(now);
    return outcome;
}

std::expected<pnrp::ResolveId, pnrp::ResolveErrc>
Node::resolve(Now now, const pnrp::ResolveQuery& query) {
    if (parts_->cloud.cache_size() == 0)
        parts_->discovery.ask_again(now, parts_->local_endpoints());
    auto id = parts_->cloud.start_resolve(now, query);
    parts_->settle(now);
    return id;
}

void Node::cancel(Now now, pnrp::ResolveId id) {
    parts_->cloud.cancel_resolve(now, id);
    parts_->settle(now);
}

void Node::leave(Now now) {
    parts_->cloud.leave(now);
    parts_->settle(now);
}

// The world ------------------------------------------------------------------------

void Node::handle_datagram(
    Now now, Channel channel, const Endpoint& local, const Endpoint& from, ByteView payload) {
    Parts& parts = *parts_;
    switch (channel) {
    case Channel::pnrp:
        parts.cloud.handle_datagram(now, local, from, payload);
        break;
    case Channel::ssdp:
        parts.discovery.handle_ssdp(
            now, from, payload, parts.cloud.endpoints(), parts.cloud.registration_count());
        break;
    }
    parts.settle(now);
}

void Node::handle_timeout(Now now) {
    parts_->cloud.handle_timeout(now);
    Discovery& discovery = parts_->discovery;
    discovery.handle_timeout(now);
    if (discovery.is_refresh_due()) discovery.refresh(now, parts_->local_endpoints());
    parts_->settle(now);
}

std::optional<Instant> Node::next_timeout() const {
    const auto cloud = parts_->cloud.next_timeout();
    const auto discovery = parts_->discovery.next_timeout();
    if (!cloud || !discovery) return cloud ? cloud : discovery;
    return std::min(*cloud, *discovery);
}

std::optional<Datagram> Node::poll_datagram() {
    if (auto datagram = parts_->cloud.poll_datagram()) {
        return Datagram{
            Channel::pnrp, datagram->local, datagram->remote, std::move(datagram->payload), 0};
    }
    if (auto ssdp = parts_->discovery.poll_ssdp()) {
        return Datagram{Channel::ssdp, {}, ssdp->to, std::move(ssdp->payload), 0};
    }
    return std::nullopt;
}

std::optional<Event> Node::poll_event() {
    if (parts_->events.empty()) return std::nullopt;
    Event next = std::move(parts_->events.front());
    parts_->events.pop_front();
    return next;
}

void Node::Parts::settle(Now now) {
    if (cloud.cache_size() == 0 && !cloud.is_synchronizing()) {
        discovery.continue_round(now, local_endpoints());
    }
    for (bool is_moving = true; is_moving;) {
        is_moving = false;
        while (const auto member = discovery.poll_member()) {
            cloud.synchronize(now, *member);
            is_moving = true;
        }
        if (const auto seed = discovery.poll_split_test()) {
            cloud.test_for_split(now, *seed);
            is_moving = true;
        }
        while (auto event = cloud.poll_event()) {
            handle(now, std::move(*event));
            is_moving = true;
        }
    }
    if (discovery.poll_search_heard()) cloud.look_for_members(now);
    if (discovery.poll_seeds_needed()) events.emplace_back(SeedsNeeded{});
    if (cloud.cache_size() > 0) {
        had_members = true;
        has_looked = true;
        is_introduced = false;
        if (!discovery.has_refresh()) {
            discovery.schedule_refresh(now, cloud.estimated_nodes().value_or(1));
        }
    }
    if (!discovery.is_searching() && !cloud.is_synchronizing()) has_looked = true;
    if (const CloudState reached = current_state(); reached != state) {
        state = reached;
        events.emplace_back(CloudStateChanged{state});
    }
}

void Node::Parts::handle(Now now, pnrp::Event event) {
    std::visit(
        Overload{
            [&](pnrp::ResolveDone& done) { events.emplace_back(std::move(done)); },
            [&](pnrp::RegistrationAnnounced& announced) { events.emplace_back(announced); },
            [&](pnrp::SynchronizeDone& done) { introduce(now, done); },
            [&](pnrp::ReachChanged& changed) { events.emplace_back(changed); },
            [&](pnrp::MembersNeeded&) { discovery.start_round(now, local_endpoints()); }},
        event);
}

// A conversation may have begun before there was a name to be introduced by. A member that then
// knew nobody is told of us now: whoever comes next hears of us from it.
void Node::Parts::introduce(Now now, const pnrp::SynchronizeDone& done) {
    const bool is_unknown = cloud.cache_size() == 0 && cloud.registration_count() > 0;
    if (!is_unknown || is_introduced || !done.answered || done.ids > 0) return;
    is_introduced = true;
    cloud.synchronize(now, done.member);
}

// What searches for members leave from; where members are told that we are is another matter.
std::vector<Endpoint> Node::Parts::local_endpoints() const {
    std::vector<Endpoint> out(cloud.endpoints().begin(), cloud.endpoints().end());
    out.insert(out.end(), cloud.ways_out().begin(), cloud.ways_out().end());
    return out;
}

CloudState Node::Parts::current_state() const {
    if (!is_opened) return CloudState::virtual_cloud;
    if (!cloud.is_open()) return CloudState::no_net;
    if (cloud.cache_size() > 0) return CloudState::active;
    // Later searches are upkeep: somebody who is alone stays so until another one is found.
    if (!has_looked) return CloudState::synchronizing;
    return had_members ? CloudState::dead : CloudState::alone;
}

// Observation ------------------------------------------------------------------------

std::span<const Endpoint> Node::endpoints() const {
    return parts_->cloud.endpoints();
}

std::span<const Endpoint> Node::ways_out() const {
    return parts_->cloud.ways_out();
}

bool Node::concerns(ByteView ssdp) const {
    return parts_->discovery.concerns(ssdp);
}

CloudStatus Node::status(Now now) const {
    const Parts& parts = *parts_;
    CloudStatus status;
    status.name = parts.cloud_name;
    status.scope = parts.scope;
    status.state = parts.state;
    status.reach = parts.cloud.reach();
    status.reach_reason = parts.cloud.reach_reason();
    status.endpoints.assign(parts.cloud.endpoints().begin(), parts.cloud.endpoints().end());
    for (const pnrp::PeerInfo& peer : parts.cloud.peers(now)) {
        ++status.cached;
        if (peer.in_leaf_set) ++status.leaf_set;
    }
    status.names = parts.cloud.registration_count();
    status.estimated_nodes = parts.cloud.estimated_nodes();
    status.state_bytes = parts.cloud.state_bytes();
    status.counters = parts.cloud.counters();
    status.ssdp_dropped = parts.discovery.ssdp_dropped();
    return status;
}

std::size_t Node::state_bytes() const {
    return parts_->cloud.state_bytes();
}

std::vector<pnrp::PeerInfo> Node::peers(Now now) const {
    return parts_->cloud.peers(now);
}

std::vector<pnrp::RegisteredName> Node::names() const {
    return parts_->cloud.registrations();
}

bool Node::knows(const pnrp::PnrpId& id) const {
    return parts_->cloud.knows(id);
}

std::vector<Endpoint> Node::remembered(Now now) const {
    auto peers = parts_->cloud.peers(now);
    std::sort(peers.begin(), peers.end(), [](const pnrp::PeerInfo& a, const pnrp::PeerInfo& b) {
        return a.heard_ago < b.heard_ago;
    });
    std::vector<Endpoint> found;
    const auto add = [&](const Endpoint& endpoint) {
        if (found.size() >= kRememberedMax) return;
        if (std::find(found.begin(), found.end(), endpoint) == found.end())
            found.push_back(endpoint);
    };
    for (const pnrp::PeerInfo& peer : peers) {
        for (const Address& address : peer.entry.addresses)
            add({address, peer.entry.port});
    }
    // What the last run remembered stays as long as there is room: a node that was offline all day
    // should not have forgotten everybody.
    for (const Endpoint& endpoint : parts_->discovery.remembered())
        add(endpoint);
    return found;
}

} // namespace kith::node
