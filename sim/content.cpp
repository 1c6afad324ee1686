#include "sim/content.hpp"

#include "base/check.hpp"
#include "base/random.hpp"
#include "identity/peer_name.hpp"
#include "pnrp/cpa.hpp"
#include "pnrp/profile.hpp"
#include "sim/seed.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <string>
#include <utility>

namespace kith::sim {

namespace {

constexpr std::uint64_t kNobody = UINT32_MAX; // in the place of a host's number

constexpr std::uint64_t kAttacker = UINT32_MAX - 1;

constexpr std::size_t kSmallPayloadEvery = 8;
constexpr std::size_t kSmallPayloadSize = 300;
constexpr std::size_t kLargePayloadEvery = 64;
constexpr std::size_t kLargePayloadSize = 3000; // three fragments

crypto::PrivateKey
make_key(const ContentSource& source, std::uint64_t owner, std::uint64_t serial) {
    SeededSecureRandom random(derive_seed(source.seed, Stream::key, owner, serial));
    return crypto::PrivateKey::generate(source.algorithm, random);
}

identity::PeerName name_of(const crypto::PrivateKey& key, const std::string& classifier) {
    auto name = identity::PeerName::secure(identity::authority_of(key.public_key()), classifier);
    KITH_CHECK(name.has_value());
    return *std::move(name);
}

std::string ground_text(std::size_t serial) {
    return fmt::format("ground {}", serial);
}

std::optional<pnrp::Payload> make_payload(std::uint64_t seed, HostId host, std::uint32_t serial) {
    std::size_t size = 0;
    if (index_of(host) % kSmallPayloadEvery == 1) size = kSmallPayloadSize;
    if (index_of(host) % kLargePayloadEvery == 2) size = kLargePayloadSize;
    if (size == 0) return std::nullopt;
    SeededSecureRandom random(derive_seed(seed, Stream::content, index_of(host), serial));
    pnrp::Payload payload{pnrp::PayloadKind::binary, Bytes(size)};
    random.fill(payload.bytes);
    return payload;
}

} // namespace

pnrp::Registration make_content(
    const ContentSource& source, HostId host, std::uint32_t serial, const Address& address) {
    constexpr std::uint16_t kTcp = 6; // IANA protocol numbers
    constexpr std::uint16_t kUdp = 17;
    constexpr std::uint16_t kAppPort = 8000;
    auto key = std::make_shared<crypto::PrivateKey>(make_key(source, index_of(host), serial));
    auto name = name_of(*key, fmt::format("host {}.name {}", index_of(host), serial));
    pnrp::Registration content{
        std::move(name),
        std::move(key),
        {{address, kAppPort, kTcp}},
        fmt::format("name {} of host {}", serial, index_of(host)),
        make_payload(source.seed, host, serial)};
    if (index_of(host) % 2 == 1) content.endpoints.push_back({address, kAppPort, kUdp});
    return content;
}

std::vector<pnrp::Registration> grind_content(
    const ContentSource& source,
    const identity::PeerName& target,
    std::size_t count,
    std::size_t nodes) {
    constexpr std::size_t kTimesDenser = 16;
    constexpr std::uint16_t kTcp = 6;
    const auto key = std::make_shared<crypto::PrivateKey>(make_key(source, kAttacker, 0));
    const auto id_of = [](const identity::PeerName& name) {
        return pnrp::make_id(pnrp::p2p_id(pnrp::modern_profile(), name), {});
    };
    const pnrp::PnrpId wanted = id_of(target);
    std::vector<std::pair<pnrp::PnrpId, std::size_t>> tried;
    tried.reserve(count * nodes * kTimesDenser);
    for (std::size_t i = 0; i < count * nodes * kTimesDenser; ++i)
        tried.emplace_back(pnrp::distance(id_of(name_of(*key, ground_text(i))), wanted), i);
    std::ranges::nth_element(tried, tried.begin() + static_cast<std::ptrdiff_t>(count));
    tried.resize(count);
    std::ranges::sort(tried);
    std::vector<pnrp::Registration> contents;
    for (const auto& [apart, serial] : tried) {
        pnrp::Registration content{name_of(*key, ground_text(serial)), key, {}, "", std::nullopt};
        content.endpoints = {{Address::v4(0x06060606), 6666, kTcp}};
        contents.push_back(std::move(content));
    }
    return contents;
}

identity::PeerName make_unpublished_name(const ContentSource& source, std::uint32_t serial) {
    return name_of(make_key(source, kNobody, serial), fmt::format("nobody.name {}", serial));
}

} // namespace kith::sim
