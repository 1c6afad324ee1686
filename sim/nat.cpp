#include "sim/nat.hpp"

#include <array>

namespace kith::sim {

namespace {

constexpr std::array<std::string_view, kNatKinds> kTexts{
    "none", "full-cone", "address-restricted", "port-restricted", "symmetric"};

// Of the ports that it chooses, RFC 4787 REQ-3. Never the host's own port: who believes that it is
// the same outside is to be found out.
constexpr std::uint16_t kPortMin = 20'000;
constexpr std::uint16_t kPorts = 40'000;
constexpr auto kExpireEvery = std::chrono::seconds(10);

} // namespace

std::string_view to_string(NatKind kind) {
    return kTexts[static_cast<std::size_t>(kind)];
}

std::optional<NatKind> find_nat_kind(std::string_view text) {
    for (std::size_t i = 0; i < kNatKinds; ++i) {
        if (kTexts[i] == text) return static_cast<NatKind>(i);
    }
    return std::nullopt;
}

// A new mapping has a new port, as whoever relies on the old one is to be found out as well.
std::optional<std::uint16_t> Nat::new_mapping(const Owner& owner) {
    if (by_port_.size() >= config_.mappings_max) return std::nullopt;
    std::uint16_t port = 0;
    do {
        port = static_cast<std::uint16_t>(kPortMin + next_++ % kPorts);
    } while (by_port_.contains(port));
    by_port_.emplace(port, Mapping{owner, Instant{}, false});
    by_inside_.emplace(owner, port);
    return port;
}

std::optional<std::uint16_t> Nat::mapping_of(Instant now, const Owner& owner) {
    const auto known = by_inside_.find(owner);
    if (known == by_inside_.end()) return std::nullopt;
    const Mapping& mapping = by_port_.at(known->second);
    if (mapping.is_forwarded || mapping.until > now) return known->second;
    by_port_.erase(known->second);
    by_inside_.erase(known);
    return std::nullopt;
}

std::optional<Endpoint> Nat::leave(Instant now, const Endpoint& inside, const Endpoint& to) {
    expire(now);
    // What is forwarded leaves by the forwarded port, whatever the kind.
    auto port = mapping_of(now, {inside, Endpoint{}});
    if (!port && config_.kind == NatKind::symmetric) {
        port = mapping_of(now, {inside, to});
        if (!port) port = new_mapping({inside, to});
    } else if (!port) {
        port = new_mapping({inside, Endpoint{}});
    }
    if (!port) return std::nullopt;
    by_port_.at(*port).until = now + config_.lifetime;
    permit(now, *port, to);
    return Endpoint{config_.outside, *port};
}

void Nat::permit(Instant now, std::uint16_t port, const Endpoint& remote) {
    if (config_.kind == NatKind::full_cone) return;
    Endpoint whom = remote;
    if (config_.kind == NatKind::address_restricted) whom.port = 0;
    const std::tuple key{port, whom};
    const bool has_room = permissions_.size() < config_.permissions_max;
    if (has_room || permissions_.contains(key)) permissions_[key] = now + config_.lifetime;
}

std::optional<Endpoint> Nat::enter(Instant now, const Endpoint& from, const Endpoint& outside) {
    expire(now);
    const auto mapping = by_port_.find(outside.port);
    if (outside.address != config_.outside || mapping == by_port_.end()) return std::nullopt;
    const Endpoint inside = std::get<0>(mapping->second.owner);
    if (mapping->second.is_forwarded) return inside;
    if (mapping->second.until <= now) return std::nullopt;
    if (config_.kind == NatKind::full_cone) return inside;
    Endpoint whom = from;
    if (config_.kind == NatKind::address_restricted) whom.port = 0;
    const auto permission = permissions_.find({outside.port, whom});
    if (permission == permissions_.end() || permission->second <= now) return std::nullopt;
    return inside;
}

std::optional<Endpoint> Nat::forward(Instant now, const Endpoint& inside) {
    const Owner owner{inside, Endpoint{}};
    auto port = mapping_of(now, owner);
    if (!port) port = new_mapping(owner);
    if (!port) return std::nullopt;
    by_port_.at(*port).is_forwarded = true;
    return Endpoint{config_.outside, *port};
}

// Now and then is enough: what is over is told by its time as well.
void Nat::expire(Instant now) {
    const bool is_full =
        by_port_.size() >= config_.mappings_max || permissions_.size() >= config_.permissions_max;
    if (!is_full && now - expired_at_ < kExpireEvery) return;
    expired_at_ = now;
    std::erase_if(permissions_, [&](const auto& item) { return item.second <= now; });
    std::erase_if(by_port_, [&](const auto& item) {
        const Mapping& mapping = item.second;
        if (mapping.is_forwarded || mapping.until > now) return false;
        by_inside_.erase(mapping.owner);
        return true;
    });
}

} // namespace kith::sim
