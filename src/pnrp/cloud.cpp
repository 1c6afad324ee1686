#include "pnrp/cloud.hpp"

#include "pnrp/cloud_state.hpp"

#include <utility>

namespace kith::pnrp {

Cloud::Cloud(const CloudConfig& config, SecureRandom& secure, PlainRandom& plain)
    : state_(std::make_unique<State>(config, secure, plain)) {}

Cloud::~Cloud() = default;

// Where this node is, and who else ------------------------------------------------------------

void Cloud::set_endpoints(
    Now now, std::span<const Endpoint> endpoints, std::span<const Endpoint> ways_out) {
    State& state = *state_;
    const bool has_new_ways = state.exchange.set_ways_out(ways_out);
    if (!state.reach.set_place(now, endpoints) && !has_new_ways) return;
    state.settle(now);
    state.maintain(now);
}

void Cloud::set_forwarded(Now now, const std::optional<Endpoint>& outside) {
    State& state = *state_;
    if (!state.reach.set_forwarded(now, outside)) return;
    state.settle(now);
    state.maintain(now);
}

void Cloud::synchronize(Now now, const Endpoint& member) {
    state_->joiner.start(now, member);
    state_->settle(now);
}

void Cloud::look_for_members(Now now) {
    state_->maintenance.heard(now);
}

void Cloud::test_for_split(Now now, const Endpoint& seed) {
    state_->split_detection.start(seed);
    state_->settle(now);
}

// Names registered here -----------------------------------------------------------------------

std::expected<RegistrationId, RegisterErrc>
Cloud::register_name(Now now, Registration registration) {
    State& state = *state_;
    if (!state.exchange.is_open()) return std::unexpected(RegisterErrc::no_addresses);
    if (!state.exchange.is_offered()) return std::unexpected(RegisterErrc::resolve_only);
    if (const auto defect = defect_of(now, registration)) return std::unexpected(*defect);
    if (registration.key->public_key().algorithm() != state.exchange.profile().key_algorithm) {
        return std::unexpected(RegisterErrc::wrong_key);
    }
    if (state.registry.size() >= kRegistrationsMax) {
        return std::unexpected(RegisterErrc::too_many_names);
    }
    const LocalName& name = state.registry.add(std::move(registration));
    const RegistrationId id = name.registration_id;
    state.cache.set_own_ids(state.registry.ids());
    state.maintenance.announce(now.instant, name.id);
    state.maintain(now);
    return id;
}

std::expected<void, RegisterErrc>
Cloud::update(Now now, RegistrationId id, Registration registration) {
    State& state = *state_;
    LocalName* name = state.registry.find(id);
    if (name == nullptr) return std::unexpected(RegisterErrc::not_found);
    if (const auto defect = defect_of(now, registration)) return std::unexpected(*defect);
    const bool is_same = registration.name == name->registration.name &&
                         registration.key->public_key() == name->registration.key->public_key();
    if (!is_same) return std::unexpected(RegisterErrc::wrong_key);
    name->registration = std::move(registration);
    state.responder.forget_answers_for(name->id);
    return {};
}

std::expected<void, RegisterErrc> Cloud::unregister(Now now, RegistrationId id) {
    State& state = *state_;
    const LocalName* name = state.registry.find(id);
    if (name == nullptr) return std::unexpected(RegisterErrc::not_found);
    const PnrpId own_id = name->id;
    const Bytes revocation = state.registry.revocation(now, *name);
    state.registry.remove(id);
    state.maintenance.forget(own_id);
    state.responder.forget_answers_for(own_id);
    state.searches.cancel_unless([&](const SearchClient& client) {
        const auto* announcement = std::get_if<ForAnnouncement>(&client);
        return announcement == nullptr || announcement->own_id != own_id;
    });
    state.flooding.revoke(now, own_id, revocation);
    state.cache.set_own_ids(state.registry.ids());
    state.settle(now);
    return {};
}

void Cloud::leave(Now now) {
    for (const RegisteredName& name : registrations())
        static_cast<void>(unregister(now, name.id));
}

// Resolving -----------------------------------------------------------------------------------

std::expected<ResolveId, ResolveErrc> Cloud::start_resolve(Now now, const ResolveQuery& query) {
    const auto id = state_->resolver.start(now, query);
    if (id) state_->settle(now);
    return id;
}

void Cloud::cancel_resolve(Now now, ResolveId id) {
    state_->resolver.cancel(id);
    state_->settle(now);
}

// The world -----------------------------------------------------------------------------------

void Cloud::handle_datagram(
    Now now, const Endpoint& local, const Endpoint& from, ByteView payload) {
    state_->handle_datagram(now, local, from, payload);
}

void Cloud::handle_timeout(Now now) {
    state_->handle_timeout(now);
}

std::optional<Datagram> Cloud::poll_datagram() {
    return state_->exchange.poll_datagram();
}

std::optional<Event> Cloud::poll_event() {
    if (state_->events.empty()) return std::nullopt;
    Event next = std::move(state_->events.front());
    state_->events.pop_front();
    return next;
}

std::optional<Instant> Cloud::next_timeout() const {
    return state_->next_timeout();
}

// Observation ---------------------------------------------------------------------------------

std::span<const Endpoint> Cloud::endpoints() const {
    return state_->exchange.endpoints();
}

std::span<const Endpoint> Cloud::ways_out() const {
    return state_->exchange.ways_out();
}

bool Cloud::is_open() const {
    return state_->exchange.is_open();
}

Reach Cloud::reach() const {
    return state_->reach.reach();
}

ReachReason Cloud::reach_reason() const {
    return state_->reach.reason();
}

std::vector<RegisteredName> Cloud::registrations() const {
    std::vector<RegisteredName> names;
    for (const auto& [id, name] : state_->registry.names()) {
        names.push_back({name.registration_id, name.registration.name, id, name.is_announced});
    }
    return names;
}

std::size_t Cloud::registration_count() const {
    return state_->registry.size();
}

std::vector<PeerInfo> Cloud::peers(Now now) const {
    std::vector<PeerInfo> peers;
    for (const CachedRoute& route : state_->cache.entries()) {
        PeerInfo peer;
        peer.entry = route.entry;
        peer.in_leaf_set = state_->cache.is_in_leaf_set(route.entry.id);
        peer.heard_ago = now.instant - route.heard;
        peer.round_trip = route.round_trip.smoothed();
        peers.push_back(std::move(peer));
    }
    return peers;
}

std::size_t Cloud::cache_size() const {
    return state_->cache.size();
}

bool Cloud::knows(const PnrpId& id) const {
    return std::as_const(state_->cache).find(id) != nullptr;
}

bool Cloud::is_synchronizing() const {
    return !state_->joiner.is_idle();
}

std::optional<double> Cloud::estimated_nodes() const {
    const auto ids = state_->cache.estimated_ids();
    if (!ids) return std::nullopt;
    return *ids / static_cast<double>(state_->cache.own_id_count());
}

std::optional<SplitVerdict> Cloud::split_verdict() const {
    return state_->split_detection.verdict();
}

const Counters& Cloud::counters() const {
    return state_->exchange.counters();
}

std::size_t Cloud::state_bytes() const {
    return state_->state_bytes();
}

} // namespace kith::pnrp
