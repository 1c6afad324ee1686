// How a connection becomes a link: AUTH_INFO, the security provider, CONNECT, and WELCOME or REFUSE
// (MS-PPGRH 3.1.5.1, 3.1.5.2.1 to 3.1.5.2.4, 3.1.7.24, 3.1.7.26).

#pragma once

#include "base/time.hpp"
#include "graph/context.hpp"
#include "graph/synchronization.hpp"

#include <deque>
#include <optional>

namespace kith::graph {

class Handshake {
public:
    Handshake(Context& context, Synchronization& synchronization)
        : context_(context),
          synchronization_(synchronization) {}

    /// A connection that the host is to open.
    Link& dial(Now now, const Endpoint& to, LinkKind kind, std::optional<std::string> peer_id);

    void opened(Now now, Link& link);
    void accepted(Now now, Link& link);
    /// Bytes of the security provider's negotiation.
    void negotiate(Now now, Link& link, ByteView bytes);

    void handle(Now now, Link& link, const AuthInfo& info);
    void handle(Now now, Link& link, const Connect& connect);
    void handle(Now now, Link& link, const Welcome& welcome);
    void handle(Now now, Link& link, const Refuse& refuse);

    /// The addresses of ours that neighbours should know have changed.
    void announce_addresses();

    void handle_timeout(Now now);
    std::optional<Instant> next_timeout() const;

    /// Links that became neighbours, in order, for the other machines.
    std::optional<LinkId> poll_neighbour();
    /// Addresses that peers referred us to.
    std::optional<Endpoint> poll_referral();

    /// Up to ten addresses of neighbours, the least recently added first (MS-PPGRH 3.1.7.25).
    std::vector<Endpoint> referrals_for(const Link& link) const;

private:
    void authenticate(Now now, Link& link, const AuthInfo& info);
    void step(Now now, Link& link, SecurityStep step);
    void authenticated(Now now, Link& link);
    void refuse(Link& link, RefuseCode code);
    void become_connected(Now now, Link& link);
    std::optional<RefuseCode> refusal(const Link& link, const Connect& connect);
    bool loses_to_crossing(const Link& link, NodeId node);
    Greeting greeting(bool with_root) const;

    Context& context_;
    Synchronization& synchronization_;
    std::deque<LinkId> neighbours_;
    std::deque<Endpoint> referrals_;
    std::uint64_t order_ = 0;
};

} // namespace kith::graph
