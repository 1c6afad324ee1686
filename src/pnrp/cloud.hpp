// One participant in one cloud: the protocol core of names (MS-PNRP 3.1 and 3.2).
//
// A `Cloud` holds the registrations made here, a cache of other nodes' route entries, and the
// searches under way. It opens no socket, reads no clock and draws no entropy of its own: the host
// (or the simulator) hands it datagrams and the time, and takes datagrams and events away. The
// bytes are docs/protocol/pnrp.md; how its parts fit together is docs/ARCHITECTURE.md.

#pragma once

#include "base/endpoint.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "pnrp/counters.hpp"
#include "pnrp/profile.hpp"
#include "pnrp/registration.hpp"
#include "pnrp/route_entry.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kith::pnrp {

/// Where the last split test has found this node (MS-PNRP 3.2.5.11.1).
enum class SplitVerdict : std::uint8_t {
    whole,        // the seed leads to the neighbour that we know
    bigger_part,  // it leads to somebody farther: whoever is there does not know ours
    smaller_part, // it leads to somebody nearer, of whom we did not know
};

/// What a node can do in a cloud.
enum class Reach : std::uint8_t {
    unknown,      // not found out yet; at addresses of its own it publishes meanwhile
    publish,      // others reach it: whatever it likes
    resolve_only, // they do not: it resolves, and its names are told to nobody
};

/// Why that is believed.
enum class ReachReason : std::uint8_t {
    no_network,         // unknown: neither an address nor a way out
    not_tested,         // unknown: nobody was asked yet, or nobody of its profile can be
    local,              // publish: on a link, a site or this machine everybody reaches everybody
    reached,            // publish: a stranger came to an address of its own, or a forwarded port
    reached_translated, // publish: a stranger came to the endpoint that a translator shows
    unconfirmed,        // resolve_only: there were too few to tell where it is seen, and reached
    changing_endpoint,  // resolve_only: everybody sees another endpoint
    filtered,           // resolve_only: whom it has not contacted does not get through to it
};

inline constexpr std::size_t kReachReasons = 8;

std::string_view to_string(Reach reach);
std::string_view to_string(ReachReason reason);

struct CloudConfig {
    Scope scope = Scope::global;
    bool allow_loopback = false; // loopback addresses count as in scope: tests, one-machine clouds
    bool limits_networks = true; // in the global cloud: one network fills no level of the cache
    const Profile* profile = &modern_profile();
};

/// A datagram to send: from `local`, or from any address where that is unspecified.
struct Datagram {
    Endpoint local;
    Endpoint remote;
    Bytes payload;
};

struct ResolveDone {
    ResolveId id{};
    std::expected<Resolution, ResolveErrc> outcome;
    // With Extent::all:
    std::vector<Resolution> others{}; // the further registrations: `outcome` and they are distinct
    bool is_complete = false;         // nobody was left to ask, and no limit was reached
};

/// The outcome of `synchronize`: whether `member` answered, and with how many ids.
struct SynchronizeDone {
    Endpoint member;
    bool answered = false;
    std::size_t ids = 0;
};

/// The cache is empty and maintenance fell due: somebody has to find a member (MS-PNRP 3.1.6.2).
struct MembersNeeded {};

/// Every registration has been announced again after a change of addresses, or for the first time.
struct RegistrationAnnounced {
    RegistrationId id{};
};

/// What this node can do here, why, or where it is reached, is not what it was.
struct ReachChanged {
    Reach reach{};
    ReachReason reason{};
};

using Event =
    std::variant<ResolveDone, SynchronizeDone, MembersNeeded, RegistrationAnnounced, ReachChanged>;

/// One cached peer, for people and for remembering it across a restart.
struct PeerInfo {
    RouteEntry entry;
    bool in_leaf_set = false;
    Duration heard_ago{};
    std::optional<Duration> round_trip; // smoothed; nothing before the first sample
};

struct RegisteredName {
    RegistrationId id{};
    identity::PeerName name;
    PnrpId pnrp_id;
    bool is_announced = false;
};

class Cloud {
public:
    /// `secure` makes nonces and message ids, `plain` spreads choices; both outlive the cloud.
    Cloud(const CloudConfig& config, SecureRandom& secure, PlainRandom& plain);
    ~Cloud();
    Cloud(const Cloud&) = delete;
    Cloud& operator=(const Cloud&) = delete;

    // Commands -----------------------------------------------------------------------------------

    /// The local endpoints: up to 4, one port above 1024, addresses of the cloud's scope; others
    /// are ignored. A changed list announces every registration again (MS-PNRP 3.1.7.1, 3.2.7.2).
    /// `ways_out`: private IPv4 ones from which a translator may lead to the global cloud; others
    /// are ignored. With these only, the node resolves, and finds out whether it can do more.
    void set_endpoints(
        Now now, std::span<const Endpoint> endpoints, std::span<const Endpoint> ways_out = {});

    /// A port that a gateway forwards to the first way out, as the outside sees it; nothing: none
    /// any more. Counts as an address of our own, unless it is not of the cloud's scope.
    void set_forwarded(Now now, const std::optional<Endpoint>& outside);

    /// Starts a synchronisation conversation (MS-PNRP 3.1.4.3); `SynchronizeDone` follows. No-op
    /// while one with `member` is under way.
    void synchronize(Now now, const Endpoint& member);

    /// Somebody was heard who may be a member. Where none is known `MembersNeeded` follows soon,
    /// however long nobody was found; otherwise, and soon after the last time, a no-op.
    void look_for_members(Now now);

    /// Tests at `seed` whether this node is in a part of the cloud that lost the rest, and repairs
    /// it on the way (MS-PNRP 3.2.6.2.1). `split_verdict` says what came out. No-op without a
    /// registration or a cached member, and while a test is under way.
    void test_for_split(Now now, const Endpoint& seed);

    /// Where no stranger reaches this node, `resolve_only`. Should that come out later, or the
    /// endpoint go, what is registered is revoked, kept, and announced again when it is reached.
    std::expected<RegistrationId, RegisterErrc> register_name(Now now, Registration registration);

    /// Replaces endpoints, comment and payload; name and key stay. No datagram is needed: a CPA is
    /// made when it is asked for.
    std::expected<void, RegisterErrc> update(Now now, RegistrationId id, Registration registration);

    /// Revokes the registration (MS-PNRP 3.2.4.2).
    std::expected<void, RegisterErrc> unregister(Now now, RegistrationId id);

    /// Unregisters everything. The datagrams still have to be drained and sent.
    void leave(Now now);

    /// Exactly one `ResolveDone` follows, at the latest `query.timeout` after `now`.
    std::expected<ResolveId, ResolveErrc> start_resolve(Now now, const ResolveQuery& query);

    /// `ResolveDone` with `cancelled` follows; no-op for an id that is done.
    void cancel_resolve(Now now, ResolveId id);

    // The world ----------------------------------------------------------------------------------

    /// Takes one datagram that arrived at `local`. Never fails: what does not decode, is not
    /// signed, or answers nothing we asked is counted under its reason and forgotten. `payload` is
    /// only read during the call.
    void handle_datagram(Now now, const Endpoint& local, const Endpoint& from, ByteView payload);

    /// Does whatever fell due at or before `now`. Calling it early is harmless.
    void handle_timeout(Now now);

    /// The next datagram to send, or nothing. Drain after every call above.
    std::optional<Datagram> poll_datagram();

    /// The next event, or nothing. Drain after every call above.
    std::optional<Event> poll_event();

    /// When `handle_timeout()` is next needed, or nothing when idle. Ask after draining.
    std::optional<Instant> next_timeout() const;

    // Observation --------------------------------------------------------------------------------

    /// Where others are told that this node is.
    std::span<const Endpoint> endpoints() const;
    std::span<const Endpoint> ways_out() const;
    /// True with either: the node can ask others.
    bool is_open() const;
    Reach reach() const;
    ReachReason reach_reason() const;
    std::vector<RegisteredName> registrations() const;
    std::size_t registration_count() const;
    std::vector<PeerInfo> peers(Now now) const;
    std::size_t cache_size() const;
    /// True if the route cache holds `id`.
    bool knows(const PnrpId& id) const;
    /// True while a conversation that `synchronize` started is under way.
    bool is_synchronizing() const;
    /// Nodes in the cloud, estimated from the gaps around our own ids (MS-PNRP 3.2.6.2.1.1).
    std::optional<double> estimated_nodes() const;
    /// What the last split test said; nothing before the first, or where nobody answered.
    std::optional<SplitVerdict> split_verdict() const;
    const Counters& counters() const;

    /// Bytes owned by the containers of this object, an upper estimate.
    std::size_t state_bytes() const;

private:
    class State;
    std::unique_ptr<State> state_;
};

} // namespace kith::pnrp
