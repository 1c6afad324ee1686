#include "graph/graph_state.hpp"

#include "base/overload.hpp"
#include "graph/wire_limits.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace kith::graph {

namespace {

// Properties of the store.
constexpr std::string_view kLeftAt = "left_at";        // peer time, 8 bytes
constexpr std::string_view kDifference = "difference"; // UTC less peer time, 8 bytes
constexpr std::string_view kSynchronized = "synchronized";
constexpr Duration kMarkTime = 10s; // how stale `left_at` may be after a crash

/// A graph info record is renewed by its creator; modern graphs keep it for as long as records
/// may live (GA-15).
constexpr Duration kInfoLifetime = 300s;
constexpr std::chrono::hours kInfoLifetimeModern{365 * 24};

Bytes number_bytes(std::uint64_t value) {
    Bytes out;
    wire::Writer writer(out);
    writer(value);
    return out;
}

std::optional<std::uint64_t> number_of(const std::optional<Bytes>& bytes) {
    if (!bytes) return std::nullopt;
    wire::Reader reader(*bytes);
    const auto value = reader.take<std::uint64_t>();
    if (!reader.finish()) return std::nullopt;
    return value;
}

} // namespace

Graph::State::State(
    const GraphConfig& config,
    store::RecordStore& store,
    SecurityProvider* security,
    SecureRandom& secure,
    PlainRandom& plain)
    : context(config, store, security, secure, plain),
      database(context),
      flooding(context, database),
      synchronization(context, database),
      handshake(context, synchronization),
      topology(context, database, handshake),
      liveness(context) {
    while (context.node == 0)
        context.node = number_of(to_owned(secure.bytes<8>())).value_or(0);
}

// Life --------------------------------------------------------------------------------------------

GraphResult<void> Graph::State::load(Now now) {
    context.is_open = true;
    const auto property = [&](std::string_view key) -> std::optional<Bytes> {
        auto value = context.store.property(key);
        return value ? *value : std::nullopt;
    };
    if (const auto difference = number_of(property(kDifference))) {
        context.clock.restore(store::PeerTime::Ticks(static_cast<std::int64_t>(*difference)));
    }
    if (const auto left_at = number_of(property(kLeftAt))) {
        synchronization.set_left_at(store::PeerTime{*left_at});
    }
    if (auto done = database.load(now); !done) return done;
    auto info = stored_info();
    if (!info) return std::unexpected(info.error());
    if (*info) {
        context.info = std::move(**info);
        database.adopt(now, context.info);
    }
    context.is_synchronized = property(kSynchronized).has_value();
    topology.load(now);
    return {};
}

GraphResult<std::optional<GraphInfo>> Graph::State::stored_info() {
    const auto record = context.store.get(kGraphInfoId);
    if (!record) return std::unexpected(graph_error(record.error()));
    if (!*record || (*record)->is_deleted) return std::nullopt;
    return decode_graph_info((*record)->payload);
}

/// Remembers that the node is in the graph now: a crash loses at most `kMarkTime` of it.
void Graph::State::mark(Now now) {
    if (!context.is_synchronized || context.links.neighbours() == 0) return;
    if (now.instant - marked_at < kMarkTime) return;
    marked_at = now.instant;
    const std::uint64_t difference = static_cast<std::uint64_t>(context.clock.difference().count());
    const auto left_at = number_bytes(context.peer_now(now).ticks);
    (void)context.store.set_property(kLeftAt, left_at);
    (void)context.store.set_property(kDifference, number_bytes(difference));
}

GraphResult<void> Graph::State::usable() const {
    if (!context.is_open) return std::unexpected(GraphErrc::closed);
    if (!context.is_synchronized) return std::unexpected(GraphErrc::not_ready);
    return {};
}

StatusChanged Graph::State::status() const {
    return {context.is_listening(), context.links.neighbours() > 0, context.is_synchronized};
}

void Graph::State::tell_status() {
    const StatusChanged now = status();
    if (now == told) return;
    told = now;
    context.tell(now);
}

/// Carries across what one machine has for another until nothing moves.
void Graph::State::settle(Now now) {
    last_now = now;
    is_dirty = true;
    constexpr int kTurnsMax = 10'000;
    for (int turn = 0; turn < kTurnsMax && settle_one(now); ++turn) {
    }
    tell_status();
}

/// One step of that; false if nothing is left.
bool Graph::State::settle_one(Now now) {
    if (auto change = database.poll_change()) {
        if (change->kind != RecordChangeKind::expired) flooding.spread(now, *change);
        if (change->kind && !is_internal(change->type)) {
            context.tell(RecordChanged{*change->kind, change->id, change->type});
        }
        topology.handle(now, *change);
        return true;
    }
    if (auto id = handshake.poll_neighbour()) {
        if (Link* link = context.links.find(*id)) begin(now, *link);
        return true;
    }
    if (auto referral = handshake.poll_referral()) {
        topology.add_referral(*referral);
        return true;
    }
    if (!context.ended.empty()) {
        const auto [id, why] = context.ended.front();
        context.ended.pop_front();
        end(now, id, why);
        return true;
    }
    if (context.is_synchronized && !was_synchronized) {
        was_synchronized = true;
        (void)context.store.set_property(kSynchronized, number_bytes(1));
        topology.start(now);
        return true;
    }
    return false;
}

void Graph::State::begin(Now now, Link& link) {
    if (link.state != LinkState::connected) return;
    context.tell(ConnectionChanged{
        link.is_direct(), ConnectionStatus::connected, link.id, link.node, 0, FailureReason::none});
    if (!link.is_neighbour()) return;
    if (context.info.defers_expiration) database.expire_soon(now);
    if (!link.is_incoming) {
        liveness.ping_all(now);
        synchronization.begin(now, link);
    }
    topology.neighbour_gained(now, link);
}

void Graph::State::end(Now now, LinkId id, FailureReason why) {
    Link* link = context.links.find(id);
    if (link == nullptr) return;
    // `connected_at` tells what it has been: its state is past that.
    const bool was_connected = link->connected_at != Instant{};
    const bool was_neighbour = was_connected && link->kind == LinkKind::neighbour;
    synchronization.forget(*link);
    flooding.forget(*link);
    LinkId next = 0;
    topology.link_lost(now, *link, was_neighbour, why);
    if (was_connected) {
        context.tell(ConnectionChanged{
            link->kind == LinkKind::direct,
            ConnectionStatus::disconnected,
            id,
            link->node,
            0,
            why});
    } else if (!link->is_incoming) {
        for (const auto& [other_id, other] : context.links) {
            const bool follows = other_id > id && !other.is_incoming && !other.is_dead() &&
                                 other.state != LinkState::connected;
            const bool is_referral = link->kind == LinkKind::neighbour && other.kind == link->kind;
            if (follows && is_referral && why == FailureReason::refused) next = other_id;
        }
        context.tell(ConnectionChanged{
            link->kind == LinkKind::direct, ConnectionStatus::failed, id, link->node, next, why});
    }
    if (link->state == LinkState::ended)
        context.links.erase(id);
    else
        link->connected_at = Instant{};
}

// Messages ----------------------------------------------------------------------------------------

void Graph::State::handle_bytes(Now now, Link& link, ByteView bytes) {
    context.counters.bytes_received += bytes.size();
    link.heard = now.instant;
    link.misses = 0;
    if (!link.reader.feed(bytes)) {
        context.close(link, DropReason::bad_frame);
        return;
    }
    while (!link.is_dead()) {
        std::optional<Bytes> message;
        if (link.state == LinkState::negotiating) {
            const auto frame = link.reader.poll_frame();
            if (!frame) break;
            handshake.negotiate(now, link, to_owned(*frame));
            continue;
        }
        if (link.is_protected) {
            const auto frame = link.reader.poll_frame();
            if (!frame) break;
            const auto plain = link.session->unprotect(*frame);
            if (!plain) continue; // dropped; the link stays (MS-PPGRH 3.1.7.1)
            message = link.reader.take_payload(*plain);
            if (!message && !link.reader.error()) continue;
        } else {
            message = link.reader.poll();
        }
        if (!message) break;
        const Agreed agreed{link.can.sums, link.can.sums, link.can.lazy_push};
        const auto decoded = decode(*message, agreed);
        if (!decoded) {
            context.close(link, DropReason::bad_message);
            return;
        }
        handle_message(now, link, *decoded);
    }
    if (link.reader.error()) context.close(link, DropReason::bad_frame);
    if (link.reader.buffered() != 0) Synchronization::hear_part(now, link, bytes.size());
    bound_unfinished(link);
}

/// Messages that began and do not end: nobody can tell a slow peer from one that waits for us to
/// give in, but who holds the most is in nobody's way but ours.
void Graph::State::bound_unfinished(const Link& link) {
    if (link.reader.buffered() <= kGreetingMax) return; // others were looked at when they grew
    std::size_t total = 0;
    Link* most = nullptr;
    for (auto& [id, other] : context.links) {
        if (other.is_dead()) continue;
        total += other.reader.buffered();
        if (most == nullptr || other.reader.buffered() > most->reader.buffered()) most = &other;
    }
    if (total > kUnfinishedMax) context.close(*most, DropReason::unfinished);
}

/// What a peer makes us say is bounded even if it never listens.
void Graph::State::end_slow_readers(Now now) {
    bool is_any = false;
    for (auto& [id, link] : context.links) {
        if (link.is_dead() || link.writer.waiting(Load::talk) <= kTalkMax) continue;
        context.close(link, DropReason::slow_reader);
        is_any = true;
    }
    if (is_any) settle(now);
}

void Graph::State::handle_message(Now now, Link& link, const Message& message) {
    const bool is_neighbour = link.is_neighbour();
    const auto only_neighbours = [&](auto&& act) {
        if (is_neighbour)
            act();
        else
            context.close(link, DropReason::out_of_state);
    };
    std::visit(
        Overload{
            [&](const AuthInfo& it) { handshake.handle(now, link, it); },
            [&](const Connect& it) {
                handshake.handle(now, link, it);
                if (link.is_neighbour()) topology.neighbour_listens(link);
            },
            [&](const Welcome& it) { handshake.handle(now, link, it); },
            [&](const Refuse& it) { handshake.handle(now, link, it); },
            [&](const Disconnect& it) { handle(now, link, it); },
            [&](const SolicitNew& it) {
                only_neighbours([&] { synchronization.handle(now, link, it); });
            },
            [&](const SolicitTime& it) {
                only_neighbours([&] { synchronization.handle(now, link, it); });
            },
            [&](const SolicitHash& it) {
                only_neighbours([&] { synchronization.handle(now, link, it); });
            },
            [&](const Advertise& it) { only_neighbours([&] { handle(now, link, it); }); },
            [&](const Request& it) { only_neighbours([&] { handle(now, link, it); }); },
            [&](const Flood& it) { only_neighbours([&] { flooding.handle(now, link, it); }); },
            [&](const SyncEnd& it) {
                if (is_neighbour) synchronization.handle(now, link, it); // else ignored
            },
            [&](const Pt2pt& it) { handle(now, link, it); },
            [&](const Ack& it) { only_neighbours([&] { flooding.handle(link, it); }); },
        },
        message);
}

void Graph::State::handle(Now now, Link& link, const Advertise& advert) {
    const bool is_answer = !advert.boundaries.empty() || (advert.flags & kRangesFlag) != 0;
    const bool is_push = !is_answer && !advert.abstracts.empty();
    if (is_push && link.can.lazy_push)
        flooding.handle(now, link, advert);
    else
        synchronization.handle(now, link, advert);
}

void Graph::State::handle(Now now, Link& link, const Request& request) {
    if (request.is_graft && link.can.lazy_push)
        flooding.handle(link, request);
    else
        synchronization.handle(now, link, request);
}

void Graph::State::handle(Now, Link& link, const Disconnect& disconnect) {
    for (const Endpoint& address : disconnect.addresses)
        topology.add_referral(address);
    context.close(link, false);
}

void Graph::State::handle(Now now, Link& link, const Pt2pt& data) {
    if (link.state != LinkState::connected) {
        context.close(link, DropReason::out_of_state);
        return;
    }
    if (liveness.handle(now, link, data)) return;
    context.tell(DataReceived{link.id, link.is_direct(), data.type, data.data});
}

// Output ------------------------------------------------------------------------------------------

std::optional<LinkCommand> Graph::State::poll_bytes(Now now) {
    // Every link has its turn, from the one after the last that had it.
    auto& links = context.links;
    for (std::size_t i = 0; i < links.size(); ++i) {
        auto at = std::ranges::find_if(
            links, [&](const auto& item) { return item.first >= next_served; });
        if (at == links.end()) at = links.begin();
        Link& link = at->second;
        next_served = link.id + 1;
        if (!link.is_opened || link.state == LinkState::ended) continue;
        const bool drains = link.state == LinkState::draining;
        if (link.is_neighbour()) flooding.fill(now, link);
        if (!drains && link.in_flight >= kWindow) continue;
        Bytes bytes;
        while (!link.raw.empty() && bytes.size() < kChunk) {
            bytes.insert(bytes.end(), link.raw.front().begin(), link.raw.front().end());
            link.raw.pop_front();
        }
        if (link.is_protected) {
            while (bytes.size() < kChunk) {
                const auto plain = link.writer.poll_payload();
                if (!plain) break;
                const auto sealed = link.session->protect(*plain);
                if (!sealed || !fits_a_frame(*sealed)) continue; // dropped (MS-PPGRH 3.1.7.1)
                const Bytes frame = frame_of(*sealed);
                bytes.insert(bytes.end(), frame.begin(), frame.end());
            }
        } else {
            link.writer.poll_into(bytes, kChunk);
        }
        if (!bytes.empty()) {
            link.in_flight += bytes.size();
            context.counters.bytes_sent += bytes.size();
            return SendBytes{link.id, std::move(bytes)};
        }
        if (drains) {
            const LinkId id = link.id;
            links.erase(id);
            return CloseLink{id, true};
        }
    }
    return std::nullopt;
}

GraphResult<void> Graph::State::commit(Now now) {
    if (!is_dirty) return {};
    end_slow_readers(now);
    is_dirty = false;
    last_now = now;
    mark(now);
    const auto done = context.store.commit();
    if (done) {
        context.committed_events = context.events.size();
        return {};
    }
    undo(now, done.error());
    return std::unexpected(graph_error(done.error()));
}

/// What was told and sent in this turn did not happen, and the machines are as the store is.
/// Neighbours that saw it are met again, and the synchronisation says which side is right.
void Graph::State::undo(Now now, store::StoreErrc why) {
    context.events.resize(std::min(context.committed_events, context.events.size()));
    context.events.emplace_back(StoreFailed{why});
    told.reset();
    marked_at = {};
    for (auto& [id, link] : context.links) {
        if (!link.is_dead()) context.close(link, false);
    }
    const auto info = stored_info();
    if (info) context.info = info->value_or(GraphInfo{});
    if (const auto kept = context.store.property(kSynchronized)) {
        context.is_synchronized = kept->has_value();
        was_synchronized = context.is_synchronized;
    }
    database.restore(now);
    topology.restore();
    settle(now);
    is_dirty = false;
    context.committed_events = context.events.size();
}

// A founder publishes the properties, and whoever changes them is the founder.
GraphResult<void> Graph::State::publish_info(Now now, const GraphInfo& info) {
    InternalWish wish;
    wish.type = kGraphInfoType;
    wish.id = kGraphInfoId;
    wish.payload = encode_graph_info(info);
    const bool is_modern = context.config.rules == store::Rules::modern;
    wish.lifetime = is_modern ? Duration(kInfoLifetimeModern) : kInfoLifetime;
    if (auto done = database.publish(now, std::move(wish)); !done) {
        return std::unexpected(done.error());
    }
    return {};
}

} // namespace kith::graph
