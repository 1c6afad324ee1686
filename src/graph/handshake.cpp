#include "graph/handshake.hpp"

#include "graph/wire_limits.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace kith::graph {

static_assert(kAddressesMax <= kMessageAddressesMax && kReferralsSent <= kMessageAddressesMax);

// Opening -----------------------------------------------------------------------------------------

Link& Handshake::dial(
    Now now, const Endpoint& to, LinkKind kind, std::optional<std::string> peer_id) {
    Link& link = context_.links.add(context_.links.take_id());
    link.kind = kind;
    link.remote = to;
    link.wanted_peer = std::move(peer_id);
    link.deadline = now.instant + authentication_time(context_.links.size());
    link.invalid_refilled = now.instant;
    context_.commands.emplace_back(OpenLink{link.id, to});
    return link;
}

void Handshake::opened(Now now, Link& link) {
    if (link.state != LinkState::opening) return;
    link.is_opened = true;
    link.heard = now.instant;
    AuthInfo info{link.kind, context_.config.graph_id, context_.config.peer_id, link.wanted_peer};
    link.send(info);
    authenticate(now, link, info);
}

void Handshake::accepted(Now now, Link& link) {
    link.is_incoming = true;
    link.is_opened = true;
    link.state = LinkState::accepted;
    link.heard = now.instant;
    link.invalid_refilled = now.instant;
    link.deadline = now.instant + authentication_time(context_.links.size());
    if (context_.links.size() > kLinksMax ||
        context_.links.pending_accepts() > kPendingAcceptsMax || !context_.is_open) {
        context_.close(link, DropReason::too_many_links);
    }
}

void Handshake::handle(Now now, Link& link, const AuthInfo& info) {
    if (link.state != LinkState::accepted) {
        context_.close(link, DropReason::out_of_state);
        return;
    }
    const bool is_for_us = !info.destination || *info.destination == context_.config.peer_id;
    if (info.graph_id != context_.config.graph_id || !is_for_us) {
        context_.close(link, DropReason::other_graph);
        return;
    }
    link.kind = info.kind;
    link.peer_id = info.source;
    authenticate(now, link, info);
}

void Handshake::authenticate(Now now, Link& link, const AuthInfo& info) {
    if (context_.security == nullptr) {
        authenticated(now, link);
        return;
    }
    link.session = context_.security->start(now, !link.is_incoming, info);
    if (!link.session) {
        context_.close(link, DropReason::not_authenticated);
        return;
    }
    link.state = LinkState::negotiating;
    while (auto frame = link.writer.poll())
        link.raw.push_back(std::move(*frame)); // AUTH_INFO
    step(now, link, link.session->begin(now));
}

void Handshake::negotiate(Now now, Link& link, ByteView bytes) {
    step(now, link, link.session->feed(now, bytes));
}

void Handshake::step(Now now, Link& link, SecurityStep step) {
    if (step.has_failed) {
        context_.close(link, DropReason::not_authenticated);
        return;
    }
    for (ByteView left = step.reply; !left.empty();) {
        const ByteView payload = left.first(std::min(left.size(), kFrameSent));
        link.raw.push_back(frame_of(payload));
        left = left.subspan(payload.size());
    }
    if (!step.is_done) return;
    link.is_protected = true;
    authenticated(now, link);
}

void Handshake::authenticated(Now now, Link& link) {
    link.state = LinkState::authenticated;
    link.deadline = now.instant + kConnectTime;
    if (link.is_incoming) return;
    Connect connect;
    connect.is_direct = link.kind == LinkKind::direct;
    connect.wants_neighbours = !connect.is_direct; // GA-22
    connect.node = context_.node;
    if (context_.is_listening() && !connect.is_direct) connect.addresses = context_.addresses;
    if (!context_.config.friendly_name.empty()) {
        connect.friendly_name = context_.config.friendly_name;
    }
    connect.capabilities = write_greeting(greeting(!connect.is_direct));
    link.state = LinkState::connect_wait;
    link.connect_sent = now.instant;
    link.send(connect);
}

Greeting Handshake::greeting(bool with_root) const {
    if (!context_.config.offers_capabilities) return {};
    Greeting greeting{Capabilities::all(), std::nullopt};
    if (with_root) greeting.root = synchronization_.root();
    return greeting;
}

// Deciding ----------------------------------------------------------------------------------------

void Handshake::handle(Now now, Link& link, const Connect& connect) {
    if (link.state == LinkState::connected) {
        if (!connect.is_update) {
            refuse(link, RefuseCode::already_connected);
            return;
        }
        link.addresses = connect.addresses;
        return;
    }
    if (link.state != LinkState::authenticated || !link.is_incoming) {
        context_.close(link, DropReason::out_of_state);
        return;
    }
    const auto offered = read_greeting(connect.capabilities);
    if (!offered) {
        context_.close(link, DropReason::bad_message);
        return;
    }
    // The security provider was told the kind that AUTH_INFO announced.
    if (connect.is_direct != (link.kind == LinkKind::direct)) {
        context_.close(link, DropReason::bad_message);
        return;
    }
    link.node = connect.node;
    link.friendly_name = connect.friendly_name.value_or(std::string{});
    link.addresses = connect.addresses;
    if (const auto why = refusal(link, connect)) {
        refuse(link, *why);
        return;
    }
    const Greeting ours = greeting(!connect.is_direct);
    link.can = ours.capabilities.common(offered->capabilities);
    link.their_root = offered->root;

    Welcome welcome;
    welcome.node = context_.node;
    welcome.time = context_.peer_now(now);
    if (connect.wants_neighbours && !connect.is_direct) welcome.addresses = referrals_for(link);
    welcome.peer_id = context_.config.peer_id;
    if (!context_.config.friendly_name.empty()) {
        welcome.friendly_name = context_.config.friendly_name;
    }
    if (link.can.any()) {
        Greeting agreed{link.can, ours.root};
        if (!link.can.sums) agreed.root.reset();
        welcome.capabilities = write_greeting(agreed);
    }
    link.send(welcome);
    become_connected(now, link);
}

/// Nothing if the connection is welcome.
std::optional<RefuseCode> Handshake::refusal(const Link& link, const Connect& connect) {
    if (connect.is_direct) {
        if (!context_.config.accepts_direct) return RefuseCode::direct_disallowed;
        return std::nullopt;
    }
    if (!context_.is_synchronized) return RefuseCode::busy; // nothing to offer yet
    if (connect.node == context_.node || loses_to_crossing(link, connect.node)) {
        return RefuseCode::duplicate;
    }
    const bool is_full = context_.links.neighbours() >= context_.config.tuning.neighbours_max;
    return is_full ? std::optional(RefuseCode::busy) : std::nullopt;
}

bool Handshake::loses_to_crossing(const Link& link, NodeId node) {
    if (context_.links.neighbour(node) != nullptr) return true;
    // Both ends connect to each other at once: the one that the lower node id opened stays
    // (GA-23). We know the other end's id only once it has said WELCOME or CONNECT; what we opened
    // to the same address is what can cross.
    for (auto& [id, other] : context_.links) {
        if (id == link.id || other.is_incoming || other.state != LinkState::connect_wait ||
            other.kind != LinkKind::neighbour) {
            continue;
        }
        if (std::ranges::find(link.addresses, other.remote) == link.addresses.end()) continue;
        if (context_.node < node) return true;
        context_.close(other, false, FailureReason::duplicate);
    }
    return false;
}

void Handshake::refuse(Link& link, RefuseCode code) {
    const bool helps = code == RefuseCode::busy && link.kind == LinkKind::neighbour;
    link.send(Refuse{code, helps ? referrals_for(link) : std::vector<Endpoint>{}});
    context_.close(link, true, FailureReason::refused);
}

std::vector<Endpoint> Handshake::referrals_for(const Link& link) const {
    std::vector<const Link*> known;
    for (const auto& [id, other] : context_.links) {
        if (other.is_neighbour() && id != link.id && !other.addresses.empty()) {
            known.push_back(&other);
        }
    }
    std::ranges::sort(known, {}, [](const Link* other) { return other->order; });
    std::vector<Endpoint> addresses;
    for (const Link* other : known) {
        for (const Endpoint& address : other->addresses) {
            if (addresses.size() < kReferralsSent) addresses.push_back(address);
        }
    }
    return addresses;
}

void Handshake::handle(Now now, Link& link, const Welcome& welcome) {
    if (link.state != LinkState::connect_wait) {
        context_.close(link, DropReason::out_of_state);
        return;
    }
    const auto agreed = read_greeting(welcome.capabilities);
    if (!agreed) {
        context_.close(link, DropReason::bad_message);
        return;
    }
    const bool is_wanted = !link.wanted_peer || *link.wanted_peer == welcome.peer_id;
    if (!is_wanted || (link.session && !link.session->is_peer(welcome.peer_id))) {
        context_.close(link, DropReason::not_authenticated);
        return;
    }
    for (const Endpoint& address : welcome.addresses)
        referrals_.push_back(address);
    link.node = welcome.node;
    link.peer_id = welcome.peer_id;
    link.friendly_name = welcome.friendly_name.value_or(std::string{});
    link.addresses = {link.remote};
    if (link.kind == LinkKind::neighbour &&
        (welcome.node == context_.node || context_.links.neighbour(welcome.node) != nullptr)) {
        link.send(Disconnect{DisconnectReason::least_useful, {}});
        context_.close(link, true, FailureReason::duplicate);
        return;
    }
    // Others may have come while this one was on its way.
    const std::size_t most = context_.config.tuning.neighbours_max;
    if (link.kind == LinkKind::neighbour && context_.links.neighbours() >= most) {
        link.send(Disconnect{DisconnectReason::least_useful, referrals_for(link)});
        context_.close(link, true, FailureReason::refused);
        return;
    }
    link.can = greeting(false).capabilities.common(agreed->capabilities);
    link.their_root = agreed->root;
    link.round_trip = now.instant - link.connect_sent;
    if (link.kind == LinkKind::neighbour) {
        context_.clock.correct(
            now,
            welcome.time,
            link.round_trip,
            context_.links.neighbours() == 0,
            !context_.is_synchronized);
    }
    become_connected(now, link);
}

void Handshake::handle(Now, Link& link, const Refuse& refuse) {
    if (link.state != LinkState::connect_wait) {
        context_.close(link, DropReason::out_of_state);
        return;
    }
    for (const Endpoint& address : refuse.addresses)
        referrals_.push_back(address);
    const bool is_there =
        refuse.code == RefuseCode::duplicate || refuse.code == RefuseCode::already_connected;
    context_.close(link, false, is_there ? FailureReason::duplicate : FailureReason::refused);
}

void Handshake::become_connected(Now now, Link& link) {
    link.state = LinkState::connected;
    link.deadline = Instant::max();
    link.connected_at = now.instant;
    link.heard = now.instant;
    link.order = ++order_;
    if (link.can.streams) {
        link.reader.use_streams();
        link.writer.use_streams();
    }
    const bool is_direct = link.kind == LinkKind::direct;
    link.reader.set_message_max(
        is_direct ? kDirectMessageMax : message_size_max(context_.record_max()));
    neighbours_.push_back(link.id);
}

void Handshake::announce_addresses() {
    if (!context_.is_listening()) return;
    for (auto& [id, link] : context_.links) {
        if (!link.is_neighbour()) continue;
        Connect update;
        update.is_update = true;
        update.node = context_.node;
        update.addresses = context_.addresses;
        link.send(update);
    }
}

// Time --------------------------------------------------------------------------------------------

void Handshake::handle_timeout(Now now) {
    for (auto& [id, link] : context_.links) {
        if (link.is_dead() || link.deadline > now.instant) continue;
        context_.close(link, DropReason::timed_out);
    }
}

std::optional<Instant> Handshake::next_timeout() const {
    std::optional<Instant> next;
    for (const auto& [id, link] : context_.links) {
        if (!link.is_dead() && link.deadline != Instant::max()) keep_earlier(next, link.deadline);
    }
    return next;
}

std::optional<LinkId> Handshake::poll_neighbour() {
    if (neighbours_.empty()) return std::nullopt;
    const LinkId id = neighbours_.front();
    neighbours_.pop_front();
    return id;
}

std::optional<Endpoint> Handshake::poll_referral() {
    if (referrals_.empty()) return std::nullopt;
    const Endpoint address = referrals_.front();
    referrals_.pop_front();
    return address;
}

} // namespace kith::graph
