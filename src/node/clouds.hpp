// A node in several clouds at once: the global one, those of its sites, and one on every link
// (MS-PNRP 1.3.3). What a host with several networks drives.
//
// The clouds share nothing but the randomness: each has its own cache, counters, state, discovery
// and remembered nodes, and a datagram goes to the cloud of the address (and, on a link, of the
// interface) that it came to (MS-PNRP 3.1.5.2). Only names and questions span them: a name is
// published in all of its clouds, and the first of them to find a name answers for all.
//
// The contract is that of every core: one mutation, then drain `poll_datagram()` and
// `poll_event()`, then ask `next_timeout()`.

#pragma once

#include "base/endpoint.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "node/node.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kith::node {

inline constexpr std::size_t kCloudsMax = 16;            // of one host; further ones do not open
inline constexpr std::size_t kSightingsMax = 128;        // one question; further ones are left out
inline constexpr std::chrono::minutes kCloudCleanup{15}; // MS-PNRP 3.1.2: an absent one is dropped

/// A published name, in however many clouds.
enum class PublicationId : std::uint32_t {};
/// A question, asked in however many clouds.
enum class QueryId : std::uint32_t {};

/// One cloud that the host takes part in, and where.
struct Place {
    std::string cloud;
    Zone zone = 0;                   // of a link-local cloud: its interface
    std::vector<Endpoint> endpoints; // of the cloud's scope, best first; none: no network now
    std::vector<Endpoint>
        ways_out{}; // of the global cloud: private ones that a translator may have

    bool operator==(const Place&) const = default;
};

/// Members worth trying first after a restart, by cloud.
using Remembered = std::map<std::string, std::vector<Endpoint>, std::less<>>;

struct CloudsConfig {
    NodeConfig node; // of every cloud; its name and what it remembers are each cloud's own
    Remembered remembered;
};

/// What is to be published.
struct Publication {
    pnrp::Registration registration;
    enum class Addresses : std::uint8_t {
        given, // those of them that can be reached across a cloud are published in it
        node,  // in each cloud the node's own, without a port; the registration's do not count
    } addresses = Addresses::given;
    std::optional<std::string> cloud; // see selects_cloud(); nothing: every cloud, also later ones
};

/// A name in one of its clouds.
struct Presence {
    std::string cloud;
    pnrp::PnrpId id;
    bool is_announced = false;
    std::vector<pnrp::AppEndpoint> endpoints;
};

struct PublishedName {
    PublicationId id{};
    identity::PeerName name;
    std::vector<Presence> presences; // widest scope first; none while there is no network
};

/// A registration, and the cloud that it is in.
struct Sighting {
    std::string cloud;
    pnrp::Resolution resolution;
};

/// The outcome of a question. With a resolution, `cloud` is the one that answered.
struct QueryDone {
    QueryId id{};
    std::string cloud;
    std::expected<pnrp::Resolution, pnrp::ResolveErrc> outcome;
    // With Extent::all, of all clouds asked:
    std::vector<Sighting> others{}; // the further registrations; widest cloud first, then by id
    bool is_complete = false;       // nobody was left to ask, and no limit was reached
};

struct CloudChanged {
    std::string cloud;
    CloudState state{};
};

/// What the host can do in one of its clouds is another thing now.
struct CloudReachChanged {
    std::string cloud;
    pnrp::Reach reach{};
    pnrp::ReachReason reason{};
    std::vector<Endpoint> endpoints; // where others are told that it is
};

using CloudsEvent = std::variant<QueryDone, CloudChanged, SeedsNeeded, CloudReachChanged>;

/// One datagram that arrived.
struct Arrival {
    Channel channel = Channel::pnrp;
    Endpoint local; // where; with Channel::ssdp it does not matter
    Zone zone = 0;  // the interface
    Endpoint from;
    ByteView payload; // only read during the call
};

class Clouds {
public:
    /// `secure` and `plain` outlive this object.
    Clouds(CloudsConfig config, SecureRandom& secure, PlainRandom& plain);
    ~Clouds();
    Clouds(const Clouds&) = delete;
    Clouds& operator=(const Clouds&) = delete;

    // Commands -----------------------------------------------------------------------------------

    /// Where the host is now. A cloud that is new opens, with every name that belongs there; one
    /// whose endpoints changed moves; one that is missing has no network, and is forgotten with all
    /// that it knew if it stays away for kCloudCleanup (MS-PNRP 3.1.6.1).
    ///
    /// Requires: each name is of the grammar. Of two places in one zone of one scope the first
    /// counts.
    void set_places(Now now, std::span<const Place> places);

    /// The addresses of the seeds; each cloud takes those of its scope.
    void set_seeds(Now now, std::span<const Endpoint> seeds);

    /// What a gateway forwards to this host, as the outside sees it; nothing: none any more. It
    /// counts in the global cloud, also one that opens later.
    void set_forwarded(Now now, const std::optional<Endpoint>& outside);

    /// Fails where no cloud takes the name: `unknown_cloud` if none has the wanted name,
    /// `no_addresses` if none has a network, `resolve_only` if strangers do not reach the host,
    /// `no_endpoints` if none of the addresses given can be reached across it. A name that some
    /// cloud takes comes into the others as soon as these can take it.
    std::expected<PublicationId, pnrp::RegisterErrc> publish(Now now, Publication publication);

    /// Replaces all but the name and its key: also the clouds.
    std::expected<void, pnrp::RegisterErrc>
    update(Now now, PublicationId id, Publication publication);

    std::expected<void, pnrp::RegisterErrc> unpublish(Now now, PublicationId id);

    /// Asks `cloud` (see selects_cloud()), or without one every cloud that has a network. One
    /// `QueryDone` follows: with the first answer, or when nobody is left to give one. Extent::all
    /// waits for all clouds; a criterion of nearness for those that might have a nearer one, which
    /// are the ones of narrower scope (decision A47).
    std::expected<QueryId, pnrp::ResolveErrc>
    resolve(Now now, const pnrp::ResolveQuery& query, const std::optional<std::string>& cloud);

    /// `QueryDone` with `cancelled` follows; no-op for an id that is done.
    void cancel(Now now, QueryId id);

    /// Revokes every name. Drain afterwards.
    void leave(Now now);

    // The world ----------------------------------------------------------------------------------

    void handle_datagram(Now now, const Arrival& arrival);
    void handle_timeout(Now now);
    std::optional<Datagram> poll_datagram();
    std::optional<CloudsEvent> poll_event();
    std::optional<Instant> next_timeout() const;

    // Observation --------------------------------------------------------------------------------

    /// Every cloud, widest scope first, then by name.
    std::vector<CloudStatus> status(Now now) const;

    /// The clouds that `wanted` means: none, one, or those of several links.
    std::vector<std::string> names_of(std::string_view wanted) const;

    /// Of the cloud called exactly so; none for another name.
    std::vector<pnrp::PeerInfo> peers(Now now, std::string_view cloud) const;

    std::vector<PublishedName> names() const;

    /// True if some cloud has a route to `id` already.
    bool knows(const pnrp::PnrpId& id) const;

    /// What to keep for the next run; of clouds that are away as well, up to kCloudsMax in all.
    Remembered remembered(Now now) const;

    /// Datagrams that came to no cloud, discovery's included.
    std::uint64_t unclaimed() const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace kith::node
