#include "pnrp/exchange.hpp"

#include "pnrp/limits.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace kith::pnrp {

namespace {

unsigned common_bits(const Address& a, const Address& b) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < a.bytes.size(); ++i) {
        const auto different = std::to_integer<std::uint8_t>(a.bytes[i] ^ b.bytes[i]);
        if (different != 0) return bits + static_cast<unsigned>(std::countl_zero(different));
        bits += 8;
    }
    return bits;
}

} // namespace

bool Exchange::set_endpoints(std::span<const Endpoint> endpoints) {
    std::vector<Endpoint> kept;
    for (const Endpoint& endpoint : endpoints) {
        if (kept.size() == kServiceAddressesMax) break;
        if (!is_admissible(endpoint)) continue;
        if (!kept.empty() && endpoint.port != kept.front().port) continue;
        if (std::find(kept.begin(), kept.end(), endpoint) == kept.end()) kept.push_back(endpoint);
    }
    if (kept == endpoints_) return false;
    endpoints_ = std::move(kept);
    return true;
}

bool Exchange::set_ways_out(std::span<const Endpoint> ways_out) {
    std::vector<Endpoint> kept;
    for (const Endpoint& endpoint : ways_out) {
        if (kept.size() == kServiceAddressesMax) break;
        const bool is_one = config_.scope == Scope::global && profile().allows_v4 &&
                            endpoint.address.is_v4() && endpoint.address.scope() == Scope::site &&
                            endpoint.port > kReservedPortMax;
        if (is_one) kept.push_back(endpoint);
    }
    if (kept == ways_out_) return false;
    ways_out_ = std::move(kept);
    return true;
}

Endpoint Exchange::path_endpoint() const {
    if (!endpoints_.empty()) return endpoints_.front();
    return {Address{}, ways_out_.empty() ? std::uint16_t{0} : ways_out_.front().port};
}

bool Exchange::is_own(const Endpoint& endpoint) const {
    return std::find(endpoints_.begin(), endpoints_.end(), endpoint) != endpoints_.end();
}

bool Exchange::is_admissible(const Endpoint& endpoint) const {
    if (endpoint.port <= kReservedPortMax) return false;
    if (endpoint.address.is_v4() && !profile().allows_v4) return false;
    const Scope scope = endpoint.address.scope();
    return scope == config_.scope || (config_.allow_loopback && scope == Scope::loopback);
}

bool Exchange::is_admissible(const RouteEntry& entry) const {
    return !entry.addresses.empty() && entry.addresses.size() <= kCachedAddressesMax &&
           std::all_of(entry.addresses.begin(), entry.addresses.end(), [&](const Address& address) {
               return is_admissible(Endpoint{address, entry.port});
           });
}

bool Exchange::limits_networks() const {
    return profile().limits_networks && config_.limits_networks && config_.scope == Scope::global;
}

bool Exchange::limits_network_of(const RouteEntry& entry) const {
    return limits_networks() && entry.addresses.front().scope() == Scope::global;
}

std::vector<Endpoint> Exchange::destinations(const RouteEntry& entry) const {
    struct Ranked {
        unsigned common = 0;
        std::size_t position = 0; // keeps the entry's order among equals
        Endpoint endpoint;
    };
    std::vector<Ranked> ranked;
    for (const Address& address : entry.addresses) {
        const Endpoint endpoint{address, entry.port};
        if (is_own(endpoint)) continue;
        std::optional<unsigned> best;
        for (const Endpoint& own : endpoints_) {
            if (own.address.is_v4() != address.is_v4()) continue;
            best = std::max(best.value_or(0), common_bits(own.address, address));
        }
        const bool has_way = std::any_of(ways_out_.begin(), ways_out_.end(), [&](const auto& way) {
            return way.address.is_v4() == address.is_v4();
        });
        if (!best && has_way) best = 0;
        if (best) ranked.push_back({*best, ranked.size(), endpoint});
    }
    std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
        return std::pair(b.common, a.position) < std::pair(a.common, b.position);
    });
    std::vector<Endpoint> found;
    found.reserve(ranked.size());
    for (const Ranked& each : ranked)
        found.push_back(each.endpoint);
    return found;
}

std::size_t Exchange::send(const Endpoint& to, MessageId id, const Body& body) {
    Bytes datagram = encode_message(profile(), Message{id, body});
    const std::size_t size = datagram.size();
    push(reached_at_, to, std::move(datagram));
    return size;
}

std::size_t Exchange::send(const Endpoint& to, const Body& body) {
    return send(to, fresh_id(), body);
}

void Exchange::send_encoded(const Endpoint& local, const Endpoint& to, Bytes datagram) {
    push(local, to, std::move(datagram));
}

std::optional<MessageId> Exchange::request(
    Now now,
    std::vector<Endpoint> destinations,
    const Body& body,
    const Purpose& purpose,
    std::optional<Duration> late_after) {
    if (destinations.empty() || pending_.is_full()) return std::nullopt;
    const MessageId id = fresh_id();
    Bytes datagram = encode_message(profile(), Message{id, body});
    // A peer not heard yet: three times what the cloud usually takes covers nearly everybody.
    if (!late_after && cloud_round_trip_.median()) late_after = 3 * *cloud_round_trip_.median();
    push({}, destinations.front(), datagram);
    pending_.add(now, id, purpose, std::move(destinations), std::move(datagram), late_after);
    return id;
}

void Exchange::request_once(Now now, const Endpoint& to, const Body& body, const Purpose& purpose) {
    if (pending_.is_full() || pending_.unrepeated() >= kProofsPendingMax) return;
    const MessageId id = fresh_id();
    pending_.add_unrepeated(now, id, purpose, to);
    push(reached_at_, to, encode_message(profile(), Message{id, body}));
}

MessageId Exchange::fresh_id() {
    MessageId id{secure_.next_u32()};
    while (pending_.contains(id))
        id = MessageId{secure_.next_u32()};
    return id;
}

Duration Exchange::hedge_delay(const RoundTrip* peer) const {
    const HedgePolicy& hedge = profile().hedge;
    std::optional<Duration> usual;
    if (peer != nullptr) usual = peer->late_after();
    if (!usual) usual = cloud_round_trip_.median();
    return std::max<Duration>(usual.value_or(hedge.delay_unknown), hedge.delay_min);
}

void Exchange::push(const Endpoint& local, const Endpoint& to, Bytes datagram) {
    ++counters_.datagrams_out;
    counters_.bytes_out += datagram.size();
    contacts_.note(to);
    outbox_.push_back({local, to, std::move(datagram)});
}

void Exchange::handle_timeout(Now now) {
    pending_.handle_timeout(now);
    while (auto resend = pending_.poll_resend()) {
        if (!is_open()) continue; // there is nowhere to send it from
        ++counters_.resent;
        push({}, resend->to, std::move(resend->datagram));
    }
}

std::optional<Datagram> Exchange::poll_datagram() {
    if (outbox_.empty()) return std::nullopt;
    Datagram next = std::move(outbox_.front());
    outbox_.pop_front();
    return next;
}

std::size_t Exchange::state_bytes() const {
    std::size_t bytes = pending_.state_bytes() + endpoints_.capacity() * sizeof(Endpoint);
    bytes += proven_.state_bytes() + silent_.state_bytes() + liars_.state_bytes();
    bytes += contacts_.state_bytes() + outbox_.state_bytes();
    for (const Datagram& datagram : outbox_)
        bytes += datagram.payload.capacity();
    return bytes;
}

} // namespace kith::pnrp
