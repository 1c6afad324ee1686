// What simulated publishers publish: real keys and every kind of content, all from the seed.

#pragma once

#include "base/endpoint.hpp"
#include "pnrp/registration.hpp"
#include "sim/host_id.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kith::sim {

/// Where keys and contents come from.
struct ContentSource {
    std::uint64_t seed = 0;
    crypto::KeyAlgorithm algorithm = crypto::KeyAlgorithm::ed25519;
};

/// A secure name of `host`, its `serial`-th one: own key, one or two endpoints of `address`, and a
/// comment; every 8th host has a payload of some hundred bytes and every 64th one that does not fit
/// a datagram.
pnrp::Registration make_content(
    const ContentSource& source, HostId host, std::uint32_t serial, const Address& address);

/// `count` secure names of one key, the nearest to `target` among enough for all of them to lie
/// between it and its neighbours in a cloud of `nodes` names. Each costs two digests to try.
std::vector<pnrp::Registration> grind_content(
    const ContentSource& source,
    const identity::PeerName& target,
    std::size_t count,
    std::size_t nodes);

/// A secure name that nobody publishes.
identity::PeerName make_unpublished_name(const ContentSource& source, std::uint32_t serial);

} // namespace kith::sim
