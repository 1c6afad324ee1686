// What a publisher says of a name, and what a resolver learns of it.

#pragma once

#include "base/time.hpp"
#include "crypto/key.hpp"
#include "identity/peer_name.hpp"
#include "pnrp/cpa.hpp"
#include "pnrp/extended_payload.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kith::pnrp {

enum class RegistrationId : std::uint32_t {};
enum class ResolveId : std::uint32_t {};

/// The application's data beside the addresses of a name.
struct Payload {
    PayloadKind kind = PayloadKind::binary;
    Bytes bytes; // 1 to kPayloadBytesMax

    bool operator==(const Payload&) const = default;
};

struct Registration {
    identity::PeerName name;
    std::shared_ptr<const crypto::PrivateKey> key; // owns the name, or any key for an unsecured one
    std::vector<AppEndpoint> endpoints; // 1 to kAppEndpointsMax; may be none with payload
    std::string comment;                // UTF-8, 0 to 39 characters and 78 bytes
    std::optional<Payload> payload;
    /// Upper half of the service location; without one, that of a local address (MS-PNRP 3.2.4.1).
    std::optional<ByteArray<8>> prefix{};
    std::optional<Bytes> chain{}; // the owner's delegation to `key`, where that is not the owner's
};

enum class RegisterErrc : std::uint8_t {
    no_addresses,       // the cloud has no local endpoint
    wrong_key,          // the key does not own the name, or is of the other profile
    no_endpoints,       // neither an endpoint nor a payload
    too_many_endpoints, // above kAppEndpointsMax
    comment_too_long,   // or not UTF-8, or with a NUL
    payload_too_long,   // or empty, or text without its NUL
    too_many_names,     // above kRegistrationsMax
    not_found,          // for update and unregister
    unknown_cloud,      // of a node of several clouds: none has that name
    bad_delegation,     // the chain is none, or not from the owner of this name to this key
    delegation_expired, // or not valid yet
    resolve_only,       // no stranger reaches this node in the cloud (the API's search only)
};

/// How much of what is registered under a name a resolve looks for.
enum class Extent : std::uint8_t {
    one, // the first registration that satisfies the criterion
    all, // every one, up to kGatheredMax, until nobody is left to ask
};

struct ResolveQuery {
    identity::PeerName name;
    Criteria criteria = Criteria::any_peer_name; // of no account with Extent::all
    /// Upper half of the wanted service location; without one, with a criterion of nearness that of
    /// a local address, as in a registration, else zeros.
    std::optional<ByteArray<8>> prefix{};
    bool include_local = true; // names registered in this cloud object may answer
    std::chrono::milliseconds timeout{10'000};
    Extent extent = Extent::one;
};

/// What `--nearest` means (decision A47): a registration of one's own network at once, or the
/// nearest of all that the search meets.
inline constexpr Criteria kNearest = Criteria::nearest64_peer_name;

enum class ResolveErrc : std::uint8_t {
    no_addresses,
    too_many_resolves, // above kResolvesMax in flight
    not_found,         // the search ended: nobody holds the name
    no_valid_answer,   // somebody answered for the name, and nothing they signed was valid
    timed_out,
    cancelled,
    unknown_cloud, // of a node of several clouds: none has that name
};

struct Resolution {
    identity::PeerName name;
    PnrpId id{};
    std::vector<AppEndpoint> endpoints{};
    std::string comment{};
    std::optional<Payload> payload{};
    std::vector<Endpoint> service_addresses{}; // where the publisher's node listens
    Bytes public_key{};
    WallTime not_after{};
    bool is_local = false;
    bool is_delegated = false; // signed by another key, which the owner's chain lets publish it
    unsigned lookups = 0;      // LOOKUP messages on the path that won
    Duration took{};
};

} // namespace kith::pnrp
