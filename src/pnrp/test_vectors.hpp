// The values that the golden vectors are made of (tests/golden/pnrp/README.md).

#pragma once

#include "base/check.hpp"
#include "crypto/key.hpp"
#include "pnrp/authority_buffer.hpp"
#include "pnrp/cpa.hpp"
#include "pnrp/extended_payload.hpp"
#include "pnrp/test_golden.hpp"

#include <string>

namespace kith::pnrp::vector {

inline constexpr std::uint16_t kPort = 3540;
inline constexpr WallTime kNotAfter{WallClock::duration(133500000000000000)};
inline const ServiceLocation kLocation = hex_array<16>("20010db8000000000102030405060708");
inline const Nonce kNonce = hex_array<16>("000102030405060708090a0b0c0d0e0f");
inline const std::string kClassifier = "MyApplication";

/// RFC 8032 7.1, test 1.
inline crypto::PrivateKey key() {
    const auto seed = from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    auto made = crypto::PrivateKey::from_seed(crypto::KeyAlgorithm::ed25519, *seed);
    KITH_CHECK(made.has_value());
    return std::move(*made);
}

inline Endpoint endpoint(const std::string& address, std::uint16_t port = kPort) {
    const auto parsed = parse_address(address);
    KITH_CHECK(parsed.has_value());
    return {*parsed, port};
}

inline RouteEntry entry(const PnrpId& id, std::initializer_list<const char*> addresses) {
    RouteEntry entry{id, kPort, {}};
    for (const char* address : addresses)
        entry.addresses.push_back(endpoint(address).address);
    return entry;
}

/// The application of every vector.
inline AppEndpoint application() {
    return {endpoint("2001:db8::77").address, 8080, 6};
}

inline PnrpId id_of_name(const Profile& profile, const std::string& name) {
    const auto parsed = identity::PeerName::parse(name);
    KITH_CHECK(parsed.has_value());
    return make_id(p2p_id(profile, *parsed), kLocation);
}

} // namespace kith::pnrp::vector
