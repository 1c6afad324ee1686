// What every machine of a cloud sends and awaits through: the profile, the local endpoints, the
// datagrams on their way out, and the requests that await an answer.

#pragma once

#include "base/endpoint.hpp"
#include "base/fifo.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "pnrp/cloud.hpp"
#include "pnrp/contacts.hpp"
#include "pnrp/counters.hpp"
#include "pnrp/guard.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/message.hpp"
#include "pnrp/pending_list.hpp"
#include "pnrp/profile.hpp"
#include "pnrp/round_trip.hpp"
#include "pnrp/route_entry.hpp"
#include "pnrp/silent_nodes.hpp"

#include <optional>
#include <span>
#include <vector>

namespace kith::pnrp {

class Exchange {
public:
    Exchange(const CloudConfig& config, SecureRandom& secure, PlainRandom& plain)
        : config_(config),
          secure_(secure),
          plain_(plain),
          pending_(config.profile->retransmit) {}

    const Profile& profile() const { return *config_.profile; }
    const CloudConfig& config() const { return config_; }
    SecureRandom& secure() { return secure_; }
    PlainRandom& plain() { return plain_; }
    Counters& counters() { return counters_; }
    const Counters& counters() const { return counters_; }
    PendingList& pending() { return pending_; }
    const PendingList& pending() const { return pending_; }
    CloudRoundTrip& cloud_round_trip() { return cloud_round_trip_; }
    ProvenSources& proven() { return proven_; }
    const ProvenSources& proven() const { return proven_; }
    SilentNodes& silent() { return silent_; }
    const SilentNodes& silent() const { return silent_; }
    SilentNodes& liars() { return liars_; }
    const SilentNodes& liars() const { return liars_; }

    // Addresses ----------------------------------------------------------------------------------

    /// Keeps the endpoints that may be in this cloud, at most 4, all with the first one's port.
    /// True if the list is another than before.
    bool set_endpoints(std::span<const Endpoint> endpoints);

    std::span<const Endpoint> endpoints() const { return endpoints_; }

    /// Local endpoints of a narrower scope from which a translator leads to this cloud: IPv4 ones
    /// of a site, in the global cloud, where the profile has IPv4. True if the list has changed.
    bool set_ways_out(std::span<const Endpoint> ways_out);

    std::span<const Endpoint> ways_out() const { return ways_out_; }

    /// True if the node can ask others: it has an endpoint, or a way out.
    bool is_open() const { return !endpoints_.empty() || !ways_out_.empty(); }

    /// True if others are told of the names registered here: it has an endpoint where strangers
    /// reach it, as far as it knows.
    bool is_offered() const { return !endpoints_.empty() && !is_withheld_; }
    void set_withheld(bool is_withheld) { is_withheld_ = is_withheld; }

    /// How this node stands in a path of its own: an endpoint, or [::] and its port.
    Endpoint path_endpoint() const;

    /// Whom it has sent something.
    Contacts& contacts() { return contacts_; }
    const Contacts& contacts() const { return contacts_; }
    bool is_own(const Endpoint& endpoint) const;

    /// True if a peer of this cloud may have `endpoint`: scope, family, a port above 1024.
    bool is_admissible(const Endpoint& endpoint) const;
    bool is_admissible(const RouteEntry& entry) const;

    /// True if entries of one network are limited here: only in the global cloud does a prefix say
    /// anything about its owner, and never on loopback.
    bool limits_network_of(const RouteEntry& entry) const;
    bool limits_networks() const; // of some entries

    /// The endpoints of `entry` that can be reached from ours, best first (RFC 6724: a family that
    /// we have, then the longest prefix in common with an address of ours). May be empty.
    std::vector<Endpoint> destinations(const RouteEntry& entry) const;

    // Sending ------------------------------------------------------------------------------------

    /// Sends a message that needs no answer, or is one. Returns its size in bytes.
    std::size_t send(const Endpoint& to, MessageId id, const Body& body);
    std::size_t send(const Endpoint& to, const Body& body);

    /// Sends bytes that were encoded before, from `local`.
    void send_encoded(const Endpoint& local, const Endpoint& to, Bytes datagram);

    /// Sends a request to the first of `destinations` and awaits its answer. `late_after` is how
    /// long the peer usually takes at most. Nothing if too much is pending or nobody is reachable.
    std::optional<MessageId> request(
        Now now,
        std::vector<Endpoint> destinations,
        const Body& body,
        const Purpose& purpose,
        std::optional<Duration> late_after);

    /// The same to somebody who may be a victim of whoever made us send it: once, in silence. The
    /// answer counts, its absence does not. No-op if too many such requests are pending.
    void request_once(Now now, const Endpoint& to, const Body& body, const Purpose& purpose);

    /// An unpredictable id that nothing pending has.
    MessageId fresh_id();

    /// How long to wait for a peer before another is asked as well.
    Duration hedge_delay(const RoundTrip* peer) const;

    /// From which of our endpoints the datagram being handled was reached; answers leave from
    /// there.
    void set_reached_at(const Endpoint& local) { reached_at_ = local; }
    const Endpoint& reached_at() const { return reached_at_; }

    void handle_timeout(Now now);
    std::optional<Datagram> poll_datagram();
    std::size_t state_bytes() const;

private:
    void push(const Endpoint& local, const Endpoint& to, Bytes datagram);

    CloudConfig config_;
    SecureRandom& secure_;
    PlainRandom& plain_;
    Counters counters_;
    PendingList pending_;
    CloudRoundTrip cloud_round_trip_;
    ProvenSources proven_;
    SilentNodes silent_;
    SilentNodes liars_{kLiarLifetime};
    std::vector<Endpoint> endpoints_;
    std::vector<Endpoint> ways_out_;
    bool is_withheld_ = false;
    Contacts contacts_;
    Fifo<Datagram> outbox_;
    Endpoint reached_at_;
};

} // namespace kith::pnrp
