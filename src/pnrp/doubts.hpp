// Whom a search does not trust, and what follows (docs/protocol/pnrp.md, Resolving): nodes that
// were silent or lied to anybody here lately, and in this search the networks of liars and what was
// told by them.

#pragma once

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/hop.hpp"
#include "pnrp/networks_met.hpp"
#include "pnrp/route_entry.hpp"

#include <cstddef>
#include <optional>

namespace kith::pnrp {

class Doubts {
public:
    explicit Doubts(Exchange& exchange) : exchange_(exchange) {}

    /// True if somebody at an address of `entry` gave a false answer lately.
    bool is_liar(Now now, const RouteEntry& entry) const;

    /// The same, or the answer of somebody there is overdue.
    bool is_liar_or_silent(Now now, const RouteEntry& entry) const;

    /// True if the network of `entry` has had its turn; never where networks are not limited.
    bool is_spent(const RouteEntry& entry) const;

    /// True if somebody of a liar's network told of `hop`.
    bool is_hearsay_of_liars(const Hop& hop) const;

    /// True if `endpoint` is a liar's, or in the network of one met.
    bool is_with_liars(Now now, const Endpoint& endpoint) const;

    /// True if `hop` is not followed any further once `liar` is found out: one of his ids, what he
    /// told of, who told of him, and what else that one told of.
    bool is_doubtful(Now now, const Hop& hop, const Hop& liar) const;

    /// One more node is asked.
    void note_asked(const RouteEntry& entry);

    /// A node finds it suspicious that it cannot help. True if that counts: once for a network.
    bool note_suspicion(const RouteEntry& entry);

    /// `liar`, at the address that it was asked at and no other, gave a false answer: for a while
    /// it is believed nothing else.
    void note_lie(Now now, const Hop& liar);

    /// The same one answered truthfully. If it was accused before, somebody else had answered in
    /// its name.
    void acquit(const RouteEntry& entry);

    /// The network of a node, where its nodes count as one.
    std::optional<Address> limited_network_of(const RouteEntry& entry) const;

    std::size_t state_bytes() const { return networks_.state_bytes(); }

private:
    Exchange& exchange_;
    NetworksMet networks_;
};

} // namespace kith::pnrp
