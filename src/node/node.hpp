// A node in one cloud: a cloud of names with the discovery of its first members (MS-PNRP 3.1.4.2):
// the nodes remembered from the last run, SSDP on the link, the seeds of the configuration. A host
// that takes part in several clouds drives `Clouds` (node/clouds.hpp), which has one of these each.
//
// The contract is that of every core: one mutation, then drain `poll_datagram()` and
// `poll_event()`, then ask `next_timeout()`.

#pragma once

#include "base/endpoint.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "node/cloud_name.hpp"
#include "pnrp/cloud.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace kith::node {

/// Which of the node's sockets a datagram belongs to.
enum class Channel : std::uint8_t {
    pnrp,
    ssdp, // to a multicast group: sent on every interface that can, or on that of `zone`
};

struct Datagram {
    Channel channel = Channel::pnrp;
    Endpoint local; // unspecified: any
    Endpoint remote;
    Bytes payload;
    Zone zone = 0; // of a link-local cloud: the interface to leave by
};

struct NodeConfig {
    std::string cloud_name = "Global_"; // Global_, SiteLocal_<rest>, LinkLocal_<rest>
    bool allow_loopback = false;
    bool use_ssdp = true;
    std::vector<Endpoint> remembered; // nodes of the last run, best first; at most kRememberedMax
    const pnrp::Profile* profile = &pnrp::modern_profile();
};

inline constexpr std::size_t kRememberedMax = 64; // nodes kept across a restart; more are dropped

/// Cloud states as the published API names them (spec/api 3.11).
enum class CloudState : std::uint8_t {
    virtual_cloud, // not opened yet
    synchronizing,
    active,
    dead, // no member answers any more
    disabled,
    no_net, // no address of the cloud's scope
    alone,  // discovery is through, and nobody is there
};

std::string_view to_string(CloudState state);

/// A change of state, of the estimate or of the members worth showing.
struct CloudStateChanged {
    CloudState state{};
};

/// The seeds' host names should be resolved (again) and given to `set_seeds()`.
struct SeedsNeeded {};

using Event = std::variant<
    pnrp::ResolveDone,
    pnrp::RegistrationAnnounced,
    CloudStateChanged,
    SeedsNeeded,
    pnrp::ReachChanged>;

struct CloudStatus {
    std::string name;
    Scope scope{};
    Zone zone = 0; // of a link-local cloud
    CloudState state{};
    pnrp::Reach reach{};
    pnrp::ReachReason reach_reason{};
    std::vector<Endpoint> endpoints; // where others are told that it is
    std::size_t cached = 0;
    std::size_t leaf_set = 0;
    std::size_t names = 0;
    std::optional<double> estimated_nodes;
    std::size_t state_bytes = 0;
    pnrp::Counters counters;
    std::uint64_t ssdp_dropped = 0;
};

class Node {
public:
    /// Requires: `scope_of_cloud(config.cloud_name)`.
    Node(const NodeConfig& config, SecureRandom& secure, PlainRandom& plain);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    // Commands -----------------------------------------------------------------------------------

    /// Opens the cloud at `endpoints` (those of its scope; at most 4), or moves it there. With
    /// `ways_out` only it is a cloud to resolve in, until more is found out (pnrp::Reach).
    void set_endpoints(
        Now now, std::span<const Endpoint> endpoints, std::span<const Endpoint> ways_out = {});

    /// As pnrp::Cloud has it.
    void set_forwarded(Now now, const std::optional<Endpoint>& outside);

    /// The addresses of the seeds, in the order to try them. They are shuffled per node, so that
    /// several seeds share the load.
    void set_seeds(Now now, std::span<const Endpoint> seeds);

    std::expected<pnrp::RegistrationId, pnrp::RegisterErrc>
    publish(Now now, pnrp::Registration registration);
    std::expected<void, pnrp::RegisterErrc>
    update(Now now, pnrp::RegistrationId id, pnrp::Registration registration);
    std::expected<void, pnrp::RegisterErrc> unpublish(Now now, pnrp::RegistrationId id);

    std::expected<pnrp::ResolveId, pnrp::ResolveErrc>
    resolve(Now now, const pnrp::ResolveQuery& query);
    void cancel(Now now, pnrp::ResolveId id);

    /// Revokes every name and stops answering searches on the link. Drain afterwards.
    void leave(Now now);

    // The world ----------------------------------------------------------------------------------

    void handle_datagram(
        Now now, Channel channel, const Endpoint& local, const Endpoint& from, ByteView payload);
    void handle_timeout(Now now);
    std::optional<Datagram> poll_datagram();
    std::optional<Event> poll_event();
    std::optional<Instant> next_timeout() const;

    // Observation --------------------------------------------------------------------------------

    /// Where the cloud really is: those of its scope and profile, at most 4; behind a translator
    /// what that shows, once it is proved.
    std::span<const Endpoint> endpoints() const;

    /// Where datagrams leave and arrive for it, through a translator.
    std::span<const Endpoint> ways_out() const;

    /// True if what came by SSDP is about this cloud: its profile and its scope.
    bool concerns(ByteView ssdp) const;

    CloudStatus status(Now now) const;
    /// As in the status, which costs more to ask for.
    std::size_t state_bytes() const;
    std::vector<pnrp::PeerInfo> peers(Now now) const;
    std::vector<pnrp::RegisteredName> names() const;
    /// True if a route to `id` is known here already.
    bool knows(const pnrp::PnrpId& id) const;

    /// Members worth trying first after a restart, most recently heard first; at most
    /// `kRememberedMax`.
    std::vector<Endpoint> remembered(Now now) const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace kith::node
