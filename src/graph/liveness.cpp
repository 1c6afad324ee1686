#include "graph/liveness.hpp"

#include "base/guid.hpp"

#include <algorithm>

namespace kith::graph {

namespace {

const Guid kPingType = *parse_guid("0ccbb0d2-be41-4bd6-914b-058ec5dcce64"); // GA-33
const Guid kPongType = *parse_guid("6b697468-0000-4000-8000-706f6e670001");

constexpr std::size_t kEcho = 8; // bytes of a ping that its pong repeats

} // namespace

bool is_liveness(const Guid& type) {
    return type == kPingType || type == kPongType;
}

bool Liveness::handle(Now now, Link& link, const Pt2pt& data) {
    if (data.type == kPingType) {
        if (link.can.pong && data.data.size() == kEcho) link.send(Pt2pt{kPongType, data.data});
        return true;
    }
    if (data.type != kPongType) return false;
    if (link.asked_at != Instant{} && data.data.size() == kEcho) {
        link.round_trip = (link.round_trip * 7 + (now.instant - link.asked_at)) / 8;
        link.asked_at = {};
    }
    return true;
}

Instant Liveness::due(const Link& link) const {
    if (!link.can.pong || !link.is_neighbour()) return Instant::max();
    return link.heard + kIdleTime * (link.misses + 1);
}

void Liveness::handle_timeout(Now now) {
    for (auto& [id, link] : context_.links) {
        if (due(link) > now.instant) continue;
        if (link.misses >= kMissesMax) {
            context_.close(link, DropReason::timed_out);
            continue;
        }
        ++link.misses;
        ping(now, link);
    }
}

void Liveness::ping(Now now, Link& link) {
    if (link.asked_at == Instant{}) link.asked_at = now.instant;
    link.send(Pt2pt{kPingType, Bytes(kEcho, std::byte{0})});
}

void Liveness::ping_all(Now now) {
    for (auto& [id, link] : context_.links) {
        if (link.state == LinkState::connected) ping(now, link);
    }
}

std::optional<Instant> Liveness::next_timeout() const {
    std::optional<Instant> next;
    for (const auto& [id, link] : context_.links) {
        const Instant at = due(link);
        if (at != Instant::max()) keep_earlier(next, at);
    }
    return next;
}

} // namespace kith::graph
