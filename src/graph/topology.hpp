// The shape of the graph around this node: its signature, its contacts, who is present, and whom
// this node is connected with (MS-PPGRH 3.1.6, 3.1.7.4 to 3.1.7.6, 3.1.7.11 to 3.1.7.21;
// docs/protocol/graph.md, Topology).

#pragma once

#include "base/time.hpp"
#include "graph/acquaintances.hpp"
#include "graph/context.hpp"
#include "graph/database.hpp"
#include "graph/handshake.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kith::graph {

/// How many contacts a graph with this signature wants at least (MS-PPGRH 3.1.7.12, GA-19).
unsigned contacts_min(std::uint64_t signature);

/// How long a node without a signature record waits before it makes one (3.1.7.11, GA-18).
Duration signature_delay(NodeId node);

class Topology {
public:
    Topology(Context& context, Database& database, Handshake& handshake)
        : context_(context),
          database_(database),
          handshake_(handshake),
          met_(context.store) {}

    /// After the store was opened: looks for the neighbours of before.
    void load(Now now);

    /// After the store has undone what changed: the graph's own records are what the store has of
    /// them, and nobody is told.
    void restore();

    /// A record of the graph's own types changed.
    void handle(Now now, const Change& change);

    void set_addresses(Now now, std::vector<Endpoint> addresses);
    void set_presence(Now now, std::string attributes, bool forced);
    /// The node became synchronised: it may listen from now on.
    void start(Now now);
    void leave(Now now);

    void add_referral(const Endpoint& address);
    void offer_peer(Now now, const Endpoint& address);

    void neighbour_gained(Now now, const Link& link);
    /// A neighbour said where it can be reached.
    void neighbour_listens(const Link& link) { met_.meet(link.node, link.addresses); }
    /// A link ended; `was_neighbour`: it had been one.
    void link_lost(Now now, const Link& link, bool was_neighbour, FailureReason why);

    void handle_timeout(Now now);
    std::optional<Instant> next_timeout() const;

    std::optional<std::uint64_t> signature() const { return signature_; }
    std::size_t contacts() const { return contacts_.size(); }
    std::vector<NodeInfo> nodes() const;
    /// How many nodes there seem to be.
    std::size_t size_estimate() const;
    std::size_t memory() const;

private:
    struct Known {
        NodeId node = 0;
        std::string peer_id;
        std::string attributes;
        std::vector<Endpoint> addresses;
        std::uint64_t signature = 0; // of a contact
    };
    /// An address that was dialled rests for a while, longer each time.
    struct Tried {
        Instant until{};
        Duration rest{};
    };
    /// Somebody to connect with.
    struct Candidate {
        Endpoint address;
        bool is_rationed = false; // named by no record
    };
    using KnownById = std::map<store::RecordId, Known>;

    void use_addresses(Now now);
    void maintain(Now now, bool by_timer);
    void calculate_signature(Now now);
    void maintain_contacts(Now now);
    void detect_partition(Now now);
    void maintain_connections(Now now, bool by_timer);
    void maintain_presence(Now now);
    void presence_lost(Now now);
    void plan_presence(Now now);
    std::size_t presences_most() const;
    void publish_signature(Now now);
    void publish_contact(Now now);
    void publish_presence(Now now);
    void contact_due(Now now);
    void partition_due(Now now);
    void presence_due(Now now);
    void probe_former(Now now);
    void tune();
    void prune(Now now);

    void handle_signature(Now now, const Change& change);
    void handle_contact(Now now, const Change& change);
    void handle_presence(Now now, const Change& change);

    void restore_contact(const store::Record& record);
    void restore_presence(const store::Record& record);

    bool is_connected(const std::vector<Endpoint>& addresses, NodeId node) const;
    bool is_dialling(const Endpoint& address) const;
    std::size_t dials() const;
    bool is_joining(Now now) const;
    bool may_dial(Now now, const Endpoint& address) const;
    void rate(Now now, const Link& link, FailureReason why);
    bool dial(Now now, const Endpoint& address, bool is_repair);
    std::optional<Candidate> pick_candidate(Now now);
    bool may_dial_rationed(Now now);
    void remember_former(Now now, std::span<const Endpoint> addresses);
    Duration presence_lifetime() const;

    Context& context_;
    Database& database_;
    Handshake& handshake_;

    std::optional<std::uint64_t> signature_;
    KnownById contacts_;
    KnownById presences_;
    std::map<NodeId, store::RecordId> present_; // of presences_, by node
    std::optional<store::RecordId> own_contact_;
    std::optional<store::RecordId> own_presence_;
    std::vector<Endpoint> given_; // addresses, of whatever scope
    std::string attributes_;      // of our presence
    bool is_forced_ = false;
    bool is_leaving_ = false;

    std::deque<Endpoint> referrals_;
    std::deque<Instant> rationed_dials_; // of the last kReferralDialsTime
    std::map<Endpoint, Tried> tried_;
    std::map<Endpoint, Tried> barren_;   // connected, and of no use
    std::map<Endpoint, Instant> former_; // until when it is remembered
    Acquaintances met_;

    Instant signature_due_ = Instant::max();
    Instant contact_due_ = Instant::max();
    Instant partition_due_ = Instant::max();
    Instant presence_due_ = Instant::max();
    Instant maintenance_due_ = Instant::max();
    Instant repair_due_ = Instant::max();
    Instant probe_due_ = Instant::max();
    std::optional<Instant> asked_for_peers_;
};

} // namespace kith::graph
