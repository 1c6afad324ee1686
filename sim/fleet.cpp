#include "sim/fleet.hpp"

#include "base/check.hpp"
#include "sim/addresses.hpp"
#include "sim/content.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace kith::sim {

namespace {

constexpr std::uint32_t kOneLink = 1;

WorldConfig world_config(const FleetConfig& config) {
    WorldConfig world;
    world.seed = config.seed;
    world.link = config.link;
    world.contract.scope = config.scope;
    world.contract.rations_answers = config.profile->large_answers_per_second > 0;
    return world;
}

std::string cloud_name(Scope scope) {
    if (scope == Scope::link) return "LinkLocal_sim";
    if (scope == Scope::site) return "SiteLocal_sim";
    return "Global_";
}

void add_to(pnrp::Counters& sum, const pnrp::Counters& more) {
    for (std::size_t i = 0; i < pnrp::kDropReasons; ++i)
        sum.dropped[i] += more.dropped[i];
    sum.datagrams_in += more.datagrams_in;
    sum.datagrams_out += more.datagrams_out;
    sum.bytes_in += more.bytes_in;
    sum.bytes_out += more.bytes_out;
    sum.resent += more.resent;
    sum.signatures_made += more.signatures_made;
    sum.signatures_checked += more.signatures_checked;
}

} // namespace

Fleet::Fleet(const FleetConfig& config) : config_(config), world_(world_config(config), ledger_) {}

// Hosts ------------------------------------------------------------------------------------------

HostId Fleet::add() {
    const HostId next = host_id(machines_.size());
    std::vector<Endpoint> endpoints{endpoint_of(config_.scope, next)};
    if (config_.has_v4) endpoints.push_back(v4_endpoint_of(next));
    return add(std::move(endpoints), std::nullopt);
}

HostId Fleet::add_at(const Endpoint& endpoint) {
    return add({endpoint}, std::nullopt);
}

HostId Fleet::add_behind(NatId nat) {
    return add({private_endpoint_of(host_id(machines_.size()))}, nat);
}

NatId Fleet::add_nat(NatKind kind) {
    NatConfig nat;
    nat.kind = kind;
    nat.outside = nat_address(nats_++);
    return world_.add_nat(nat);
}

HostId Fleet::add(std::vector<Endpoint> endpoints, std::optional<NatId> nat) {
    const HostId next = host_id(machines_.size());
    HostConfig host;
    host.endpoints = std::move(endpoints);
    host.nat = nat;
    host.link_group = config_.uses_multicast ? kOneLink : 0;
    host.clock =
        make_host_clock(config_.seed, static_cast<std::uint32_t>(next), config_.clock_offset_max);
    machines_.emplace_back();
    return world_.add_host(host);
}

node::NodeConfig Fleet::node_config(const Machine& machine, Memory memory) const {
    node::NodeConfig config;
    config.cloud_name = cloud_name(config_.scope);
    config.use_ssdp = config_.uses_multicast;
    config.profile = config_.profile;
    if (memory == Memory::kept) config.remembered = machine.remembered;
    return config;
}

void Fleet::start(HostId host, std::span<const HostId> seeds, Memory memory) {
    Machine& starting = machine(host);
    const NodeCore::Origin origin{config_.seed, host, starting.incarnation++};
    auto core = std::make_unique<NodeCore>(node_config(starting, memory), origin);
    starting.core = core.get();
    world_.boot(host, std::move(core));
    std::vector<Endpoint> addresses;
    for (const HostId seed : seeds) {
        for (const Endpoint& endpoint : world_.endpoints(seed))
            addresses.push_back(endpoint);
    }
    const Now now = world_.now_at(host);
    starting.core->node().set_endpoints(now, world_.endpoints(host), world_.endpoints(host));
    world_.drain(host);
    starting.core->set_seeds(now, std::move(addresses));
    world_.drain(host);
}

void Fleet::crash(HostId host) {
    Machine& crashing = machine(host);
    KITH_CHECK(crashing.core != nullptr);
    const Now now = world_.now_at(host);
    crashing.remembered = crashing.core->node().remembered(now);
    add_to(gone_, crashing.core->node().status(now).counters);
    crashing.core = nullptr;
    crashing.registrations.clear();
    crashing.names = 0; // it publishes the same names again
    world_.halt(host);
    ledger_.gone(world_.now(), host);
}

void Fleet::leave(HostId host) {
    node(host).leave(world_.now_at(host));
    for (const auto& [publication, registration] : machine(host).registrations)
        ledger_.withdrawn(world_.now(), publication);
    machine(host).registrations.clear();
    world_.drain(host);
}

void Fleet::move(HostId host) {
    world_.move(host, {moved_endpoint_of(config_.scope, host)});
    node(host).set_endpoints(world_.now_at(host), world_.endpoints(host));
    world_.drain(host);
}

node::Node& Fleet::node(HostId host) {
    KITH_CHECK(machine(host).core != nullptr);
    return machine(host).core->node();
}

pnrp::PnrpId Fleet::id_of(HostId host, PublicationId publication) {
    const auto& registrations = machine(host).registrations;
    const auto registered = std::ranges::find(
        registrations, publication, [](const auto& entry) { return entry.first; });
    KITH_CHECK(registered != registrations.end());
    const auto names = node(host).names();
    const auto found = std::ranges::find(names, registered->second, &pnrp::RegisteredName::id);
    KITH_CHECK(found != names.end());
    return found->pnrp_id;
}

std::vector<HostId> Fleet::live() const {
    std::vector<HostId> out;
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        if (machines_[i].core != nullptr) out.push_back(host_id(i));
    }
    return out;
}

// Names ------------------------------------------------------------------------------------------

std::expected<PublicationId, pnrp::RegisterErrc> Fleet::publish(HostId host) {
    Machine& publisher = machine(host);
    const auto published = publish(
        host,
        make_content(
            {config_.seed, config_.profile->key_algorithm},
            host,
            publisher.names,
            world_.endpoints(host).front().address));
    if (published) ++publisher.names;
    return published;
}

std::expected<PublicationId, pnrp::RegisterErrc>
Fleet::publish(HostId host, const pnrp::Registration& content) {
    Machine& publisher = machine(host);
    const auto registered = node(host).publish(world_.now_at(host), content);
    if (!registered) return std::unexpected(registered.error());
    const PublicationId id = ledger_.published(world_.now(), host, content);
    publisher.registrations.emplace_back(id, *registered);
    world_.drain(host);
    return id;
}

void Fleet::unpublish(PublicationId id) {
    const HostId owner = ledger_.publication(id).owner;
    auto& registrations = machine(owner).registrations;
    const auto found =
        std::ranges::find(registrations, id, [](const auto& entry) { return entry.first; });
    KITH_CHECK(found != registrations.end());
    const auto removed = node(owner).unpublish(world_.now_at(owner), found->second);
    KITH_CHECK(removed.has_value());
    registrations.erase(found);
    ledger_.withdrawn(world_.now(), id);
    world_.drain(owner);
}

void Fleet::ask(HostId asker, PublicationId id) {
    ask_for(asker, ledger_.publication(id).content.name, id);
}

void Fleet::ask_unpublished(HostId asker, std::uint32_t serial) {
    ask_for(
        asker,
        make_unpublished_name({config_.seed, config_.profile->key_algorithm}, serial),
        std::nullopt);
}

void Fleet::ask_for(
    HostId asker, const identity::PeerName& name, std::optional<PublicationId> publication) {
    pnrp::ResolveQuery query{name};
    query.timeout = kResolveTimeout;
    const auto started = node(asker).resolve(world_.now_at(asker), query);
    if (started) {
        ledger_.asked(world_.now(), {asker, *started, publication, query.timeout});
    } else {
        ledger_.refused(world_.now(), asker, publication);
    }
    world_.drain(asker);
}

// Observation ------------------------------------------------------------------------------------

pnrp::Counters Fleet::counters() const {
    pnrp::Counters sum = gone_;
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        if (machines_[i].core == nullptr) continue;
        add_to(sum, machines_[i].core->node().status(world_.now_at(host_id(i))).counters);
    }
    return sum;
}

} // namespace kith::sim
