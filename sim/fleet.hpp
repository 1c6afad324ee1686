// A world of whole nodes in one cloud, with the ledger of their names.

#pragma once

#include "base/endpoint.hpp"
#include "identity/peer_name.hpp"
#include "node/node.hpp"
#include "sim/name_ledger.hpp"
#include "sim/node_core.hpp"
#include "sim/world.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <span>
#include <vector>

namespace kith::sim {

struct FleetConfig {
    std::uint64_t seed = 1;
    LinkConfig link;
    Scope scope = Scope::global;
    std::chrono::seconds clock_offset_max{30}; // of each host's wall clock
    bool uses_multicast = false;               // all hosts on one link, searching it by SSDP
    bool has_v4 = false;                       // of global scope, beside its IPv6; in `add()`
    const pnrp::Profile* profile = &pnrp::modern_profile();
};

inline constexpr std::chrono::milliseconds kResolveTimeout{10'000}; // of every question

enum class Memory : std::uint8_t {
    kept, // the node starts with the members it remembered
    lost,
};

class Fleet {
public:
    explicit Fleet(const FleetConfig& config);

    World& world() { return world_; }
    const World& world() const { return world_; }
    NameLedger& ledger() { return ledger_; }
    const NameLedger& ledger() const { return ledger_; }

    // Hosts --------------------------------------------------------------------------------------

    HostId add();

    /// A translator with an outside address of its own.
    NatId add_nat(NatKind kind);

    /// A host at an endpoint of the caller's choice, nobody else's.
    HostId add_at(const Endpoint& endpoint);

    /// A host with a private IPv4 address behind `nat`, and no other.
    HostId add_behind(NatId nat);

    /// Switches `host` on with these seeds; it may be its own.
    void start(HostId host, std::span<const HostId> seeds, Memory memory = Memory::lost);

    /// Off without a word; what it remembers stays on its disk.
    void crash(HostId host);

    /// Says goodbye. The host stays on, so that its farewell can be repeated; `crash()` it later.
    void leave(HostId host);

    /// Gives `host` another address, once.
    void move(HostId host);

    /// Requires: the host is on.
    node::Node& node(HostId host);

    /// The id under which `host` has registered `publication`. Requires: it has.
    pnrp::PnrpId id_of(HostId host, PublicationId publication);

    /// Hosts that are on, in their order.
    std::vector<HostId> live() const;

    // Names --------------------------------------------------------------------------------------

    /// Publishes one more name of `host` and says so in the ledger.
    std::expected<PublicationId, pnrp::RegisterErrc> publish(HostId host);

    /// The same with a content of the caller's choice.
    std::expected<PublicationId, pnrp::RegisterErrc>
    publish(HostId host, const pnrp::Registration& content);

    void unpublish(PublicationId id);

    /// Asks as `asker` for what was published as `id`; the ledger takes the answer. A node that
    /// refuses to ask has answered `refused`.
    void ask(HostId asker, PublicationId id);

    /// Asks for a name that nobody has ever published.
    void ask_unpublished(HostId asker, std::uint32_t serial);

    // Observation --------------------------------------------------------------------------------

    /// The counters of all nodes that ever were, added up.
    pnrp::Counters counters() const;

private:
    struct Machine {
        NodeCore* core = nullptr; // the world's; null while off
        std::uint32_t incarnation = 0;
        std::uint32_t names = 0;
        std::vector<Endpoint> remembered;
        std::vector<std::pair<PublicationId, pnrp::RegistrationId>> registrations;
    };

    HostId add(std::vector<Endpoint> endpoints, std::optional<NatId> nat);
    Machine& machine(HostId host) { return machines_[index_of(host)]; }
    node::NodeConfig node_config(const Machine& machine, Memory memory) const;
    void
    ask_for(HostId asker, const identity::PeerName& name, std::optional<PublicationId> publication);

    FleetConfig config_;
    NameLedger ledger_;
    World world_;
    std::vector<Machine> machines_;
    std::uint32_t nats_ = 0;
    pnrp::Counters gone_; // of nodes that are no more
};

} // namespace kith::sim
