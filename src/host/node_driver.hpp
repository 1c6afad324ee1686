// The one loop around a node and its clouds: datagrams, timers, addresses and commands go in, and
// after each of them everything the node has to say is taken out.
//
// Everything here runs on the thread of the io_context, which may go on when the driver has gone.
// Outcomes of resolves come from the loop, never from inside the call that caused them.

#pragma once

#include "base/random.hpp"
#include "host/local_addresses.hpp"
#include "host/port_forwarding.hpp"
#include "host/seed_resolver.hpp"
#include "host/udp_socket.hpp"
#include "node/clouds.hpp"

#include <system_error>

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace kith::host {

struct DriverConfig {
    node::CloudsConfig clouds;
    std::vector<std::string> only;  // the clouds to take part in; empty: all that there are
    std::vector<UdpSocket> sockets; // bound, of one port; at least one
    std::vector<Seed> seeds;
    bool use_port_mapping = false; // ask the gateway for the port where there are ways out only
};

/// What a driver tells of itself, for a log. Any of them may be empty.
struct DriverHooks {
    std::function<void(const node::CloudChanged&)> state_changed;
    std::function<void(std::span<const node::Place>)> places_changed;
    std::function<void(const node::CloudReachChanged&)> reach_changed;
    /// A gateway forwards the port, or none does (any more).
    std::function<void(const std::optional<Forwarding>&)> forwarding_changed;
    std::function<void(std::span<const std::string>)> seeds_unresolved;
    std::function<void(const std::error_code&)> ssdp_failed;
    /// Changes of the machine's addresses are looked for by the clock only.
    std::function<void(const std::error_code&)> address_watch_failed;
};

using ResolveCallback = std::function<void(const node::QueryDone&)>;

class NodeDriver {
public:
    /// `secure` and `plain` outlive the driver.
    NodeDriver(
        boost::asio::io_context& loop,
        DriverConfig config,
        DriverHooks hooks,
        SecureRandom& secure,
        PlainRandom& plain);
    ~NodeDriver();
    NodeDriver(const NodeDriver&) = delete;
    NodeDriver& operator=(const NodeDriver&) = delete;

    /// Opens the clouds and begins to listen. Once.
    void start();

    // As node::Clouds has them.
    std::expected<node::PublicationId, pnrp::RegisterErrc> publish(node::Publication publication);
    std::expected<void, pnrp::RegisterErrc>
    update(node::PublicationId id, node::Publication publication);
    std::expected<void, pnrp::RegisterErrc> unpublish(node::PublicationId id);

    /// `done` is called exactly once, unless the driver goes first.
    std::expected<node::QueryId, pnrp::ResolveErrc> resolve(
        const pnrp::ResolveQuery& query,
        const std::optional<std::string>& cloud,
        ResolveCallback done);
    void cancel(node::QueryId id);

    /// Revokes every name. The answers still arrive for as long as the loop runs. True if anything
    /// was sent that is worth waiting for.
    bool leave();

    /// What a gateway forwards to this node, as far as it was asked and is known.
    const std::optional<Forwarding>& forwarding() const;

    /// The addresses of the sockets, with their ports.
    std::span<const Endpoint> listening() const;

    /// The node and all that can be asked of it.
    const node::Clouds& clouds() const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace kith::host
