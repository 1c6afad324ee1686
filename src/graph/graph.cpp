#include "graph/graph.hpp"

#include "base/overload.hpp"
#include "base/unicode.hpp"
#include "crypto/digest.hpp"
#include "graph/context.hpp"
#include "graph/database.hpp"
#include "graph/flooding.hpp"
#include "graph/handshake.hpp"
#include "graph/liveness.hpp"
#include "graph/synchronization.hpp"
#include "graph/topology.hpp"
#include "graph/wire_limits.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace kith::graph {

using store::PeerTime;
using store::Record;
using store::RecordId;

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

bool is_text(std::string_view text, std::size_t units_max) {
    return is_utf8(text) && text.find('\0') == std::string_view::npos &&
           utf16_length(text) < units_max;
}

} // namespace

class Graph::State {
public:
    State(
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

    GraphResult<void> load(Now now);
    void mark(Now now);
    void settle(Now now);
    bool settle_one(Now now);
    void begin(Now now, Link& link);
    void handle_bytes(Now now, Link& link, ByteView bytes);
    void handle_message(Now now, Link& link, const Message& message);
    void handle(Now now, Link& link, const Advertise& advert);
    void handle(Now now, Link& link, const Request& request);
    void handle(Now now, Link& link, const Disconnect& disconnect);
    void handle(Now now, Link& link, const Pt2pt& data);
    void end(Now now, LinkId id, FailureReason why);
    void tell_status();
    std::optional<LinkCommand> poll_bytes(Now now);
    GraphResult<void> usable() const;
    StatusChanged status() const;

    Context context;
    Database database;
    Flooding flooding;
    Synchronization synchronization;
    Handshake handshake;
    Topology topology;
    Liveness liveness;
    StatusChanged told;
    bool was_synchronized = false;
    bool is_dirty = false; // something happened since the last commit
    Instant marked_at{};
    Now last_now{};
    LinkId next_served = 0; // links take turns
    std::size_t committed_events = 0;
};

// Life --------------------------------------------------------------------------------------------

GraphResult<void> Graph::State::load(Now now) {
    context.is_open = true;
    const auto property = [&](std::string_view key) -> std::optional<Bytes> {
        auto value = context.store.property(key);
        return value ? *value : std::nullopt;
    };
    if (const auto difference = number_of(property(kDifference))) {
        context.clock.restore(PeerTime::Ticks(static_cast<std::int64_t>(*difference)));
    }
    if (const auto left_at = number_of(property(kLeftAt))) {
        synchronization.set_left_at(PeerTime{*left_at});
    }
    if (auto done = database.load(now); !done) return done;
    auto info = context.store.get(kGraphInfoId);
    if (!info) return std::unexpected(graph_error(info.error()));
    if (*info && !(*info)->is_deleted) {
        if (auto known = decode_graph_info((*info)->payload)) context.info = std::move(*known);
    }
    context.is_synchronized = property(kSynchronized).has_value();
    return {};
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
    if (handshake.poll_refused()) return true;
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
    topology.link_lost(now, *link, was_neighbour);
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
            [&](const Connect& it) { handshake.handle(now, link, it); },
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
            [&](const Ack& it) { only_neighbours([&] { flooding.handle(now, link, it); }); },
        },
        message);
}

void Graph::State::handle(Now now, Link& link, const Advertise& advert) {
    const bool is_push = advert.boundaries.empty() && !advert.abstracts.empty();
    if (is_push && link.can.lazy_push)
        flooding.handle_advert(now, link, advert);
    else
        synchronization.handle(now, link, advert);
}

void Graph::State::handle(Now now, Link& link, const Request& request) {
    if (request.is_graft && link.can.lazy_push)
        flooding.handle_graft(now, link, request);
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
    context.tell(DataReceived{link.id, data.type, data.data});
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
                if (!sealed) continue; // dropped (MS-PPGRH 3.1.7.1)
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

// The public face ---------------------------------------------------------------------------------

Graph::Graph(
    const GraphConfig& config,
    store::RecordStore& store,
    SecurityProvider* security,
    SecureRandom& secure,
    PlainRandom& plain)
    : state_(std::make_unique<State>(config, store, security, secure, plain)) {}

Graph::~Graph() = default;

GraphResult<void> Graph::create(Now now, GraphInfo info) {
    State& state = *state_;
    Context& context = state.context;
    const bool fits = is_text(context.config.graph_id, kIdUnitsMax) &&
                      is_text(context.config.peer_id, kIdUnitsMax) &&
                      is_text(info.friendly_name, kNameUnitsMax) &&
                      is_text(info.comment, kCommentUnitsMax) && !context.config.graph_id.empty() &&
                      !context.config.peer_id.empty();
    const bool is_size = info.record_max == 0 || (info.record_max >= kRecordMaxLeast &&
                                                  info.record_max <= kRecordMaxDefault);
    if (!fits || !is_size) return std::unexpected(GraphErrc::bad_argument);
    info.graph_id = context.config.graph_id;
    info.creator = context.config.peer_id;
    context.is_open = true;
    context.is_synchronized = true;
    context.info = info;
    InternalWish wish;
    wish.type = kGraphInfoType;
    wish.id = kGraphInfoId;
    wish.payload = encode_graph_info(info);
    const bool is_modern = context.config.rules == store::Rules::modern;
    wish.lifetime = is_modern ? Duration(kInfoLifetimeModern) : kInfoLifetime;
    wish.refreshes = true;
    auto done = state.database.publish(now, std::move(wish));
    if (!done) {
        context.is_open = false;
        return std::unexpected(done.error());
    }
    state.settle(now);
    return {};
}

GraphResult<void> Graph::open(Now now) {
    if (auto done = state_->load(now); !done) return done;
    state_->settle(now);
    return {};
}

void Graph::set_addresses(Now now, std::span<const Endpoint> addresses) {
    std::vector<Endpoint> kept(addresses.begin(), addresses.end());
    if (kept.size() > kAddressesMax) kept.resize(kAddressesMax);
    state_->topology.set_addresses(now, std::move(kept));
    state_->settle(now);
}

GraphResult<LinkId>
Graph::connect(Now now, const Endpoint& to, std::optional<std::string> peer_id) {
    Context& context = state_->context;
    if (!context.is_open) return std::unexpected(GraphErrc::closed);
    if (context.links.size() >= kLinksMax) return std::unexpected(GraphErrc::too_many);
    for (const auto& [id, link] : context.links) {
        const bool is_there = !link.is_incoming && !link.is_dead() && link.remote == to &&
                              link.kind == LinkKind::neighbour;
        if (is_there) return std::unexpected(GraphErrc::already_connected);
    }
    if (std::ranges::find(context.addresses, to) != context.addresses.end()) {
        return std::unexpected(GraphErrc::bad_argument);
    }
    Link& link = state_->handshake.dial(now, to, LinkKind::neighbour, std::move(peer_id));
    link.by_application = true;
    const LinkId id = link.id;
    state_->settle(now);
    return id;
}

void Graph::offer_peer(Now now, const Endpoint& address) {
    if (!state_->context.is_open) return;
    state_->topology.offer_peer(now, address);
    state_->settle(now);
}

GraphResult<LinkId>
Graph::connect_direct(Now now, const Endpoint& to, std::optional<std::string> peer_id) {
    Context& context = state_->context;
    if (!context.is_open) return std::unexpected(GraphErrc::closed);
    if (context.links.size() >= kLinksMax) return std::unexpected(GraphErrc::too_many);
    const LinkId id = state_->handshake.dial(now, to, LinkKind::direct, std::move(peer_id)).id;
    state_->settle(now);
    return id;
}

void Graph::accept_direct(bool accepts) {
    state_->context.config.accepts_direct = accepts;
}

GraphResult<void> Graph::send(Now now, LinkId id, const Guid& type, ByteView data) {
    Link* link = state_->context.links.find(id);
    if (link == nullptr || link->state != LinkState::connected) {
        return std::unexpected(GraphErrc::not_found);
    }
    if (data.size() > kDataMax || is_liveness(type)) {
        return std::unexpected(GraphErrc::bad_argument);
    }
    if (!is_writable(id)) return std::unexpected(GraphErrc::too_many);
    const bool is_bulk = link->can.streams && data.size() > kBulkAbove;
    // One connection keeps its order: what is sent on a direct link stays on one stream.
    link->send(
        Pt2pt{type, to_owned(data)},
        is_bulk && link->is_neighbour() ? Stream::bulk : Stream::small);
    state_->settle(now);
    return {};
}

bool Graph::is_writable(LinkId id) const {
    const Link* link = state_->context.links.find(id);
    return link != nullptr && link->state == LinkState::connected &&
           link->writer.queued() < kDirectQueueMax;
}

void Graph::disconnect(Now now, LinkId id) {
    Link* link = state_->context.links.find(id);
    if (link == nullptr || link->is_dead()) return;
    if (link->state == LinkState::connected) {
        link->send(
            Disconnect{DisconnectReason::application, state_->handshake.referrals_for(*link)});
    }
    state_->context.close(*link, true);
    state_->settle(now);
}

GraphResult<RecordId> Graph::add(Now now, const NewRecord& wish) {
    if (auto usable = state_->usable(); !usable) return std::unexpected(usable.error());
    auto id = state_->database.add(now, wish);
    state_->settle(now);
    return id;
}

GraphResult<void> Graph::update(Now now, const RecordId& id, const RecordChange& change) {
    if (auto usable = state_->usable(); !usable) return usable;
    auto done = state_->database.update(now, id, change);
    state_->settle(now);
    return done;
}

GraphResult<void> Graph::remove(Now now, const RecordId& id) {
    if (auto usable = state_->usable(); !usable) return usable;
    auto done = state_->database.remove(now, id);
    state_->settle(now);
    return done;
}

GraphResult<void> Graph::set_properties(Now now, const GraphInfo& info) {
    if (auto usable = state_->usable(); !usable) return usable;
    const Context& context = state_->context;
    if (context.info.creator != context.config.peer_id) {
        return std::unexpected(GraphErrc::not_allowed);
    }
    if (!is_text(info.friendly_name, kNameUnitsMax) || !is_text(info.comment, kCommentUnitsMax)) {
        return std::unexpected(GraphErrc::bad_argument);
    }
    GraphInfo next = context.info;
    next.friendly_name = info.friendly_name;
    next.comment = info.comment;
    next.presence_lifetime = info.presence_lifetime;
    next.presence_max = info.presence_max;
    InternalWish wish;
    wish.type = kGraphInfoType;
    wish.id = kGraphInfoId;
    wish.payload = encode_graph_info(next);
    const bool is_modern = context.config.rules == store::Rules::modern;
    wish.lifetime = is_modern ? Duration(kInfoLifetimeModern) : kInfoLifetime;
    auto done = state_->database.publish(now, std::move(wish));
    state_->settle(now);
    if (!done) return std::unexpected(done.error());
    return {};
}

GraphResult<void> Graph::set_presence(Now now, std::string attributes, bool forced) {
    if (!state_->context.is_open) return std::unexpected(GraphErrc::closed);
    if (!is_utf8(attributes)) return std::unexpected(GraphErrc::bad_argument);
    state_->topology.set_presence(now, std::move(attributes), forced);
    state_->settle(now);
    return {};
}

void Graph::validate_deferred(Now now) {
    state_->database.validate_deferred(now);
    state_->settle(now);
}

void Graph::close(Now now) {
    Context& context = state_->context;
    if (!context.is_open) return;
    state_->topology.leave(now);
    state_->settle(now);
    for (auto& [id, link] : context.links) {
        if (link.is_neighbour()) state_->flooding.fill(now, link); // the farewells
        if (link.state == LinkState::connected) {
            link.send(Disconnect{DisconnectReason::leaving, state_->handshake.referrals_for(link)});
        }
        context.close(link, true);
    }
    state_->marked_at = {};
    state_->mark(now);
    context.is_open = false;
    state_->settle(now);
}

LinkId Graph::take_link_id() {
    return state_->context.links.take_id();
}

void Graph::handle_accepted(Now now, LinkId id, const Endpoint& from) {
    Link& link = state_->context.links.add(id);
    link.remote = from;
    state_->handshake.accepted(now, link);
    state_->settle(now);
}

void Graph::handle_opened(Now now, LinkId id) {
    if (Link* link = state_->context.links.find(id)) state_->handshake.opened(now, *link);
    state_->settle(now);
}

void Graph::handle_bytes(Now now, LinkId id, ByteView bytes) {
    Link* link = state_->context.links.find(id);
    if (link == nullptr || link->is_dead()) return;
    state_->handle_bytes(now, *link, bytes);
    state_->settle(now);
}

void Graph::handle_sent(Now, LinkId id, std::size_t size) {
    if (Link* link = state_->context.links.find(id)) {
        link->in_flight -= std::min(link->in_flight, size);
    }
}

void Graph::handle_closed(Now now, LinkId id) {
    Context& context = state_->context;
    Link* link = context.links.find(id);
    if (link == nullptr) return;
    if (link->state == LinkState::draining) {
        context.links.erase(id);
    } else if (!link->is_dead()) {
        link->state = LinkState::ended;
        context.ended.emplace_back(id, FailureReason::unreachable);
    }
    state_->settle(now);
}

void Graph::handle_timeout(Now now) {
    State& state = *state_;
    if (!state.context.is_open) return;
    state.handshake.handle_timeout(now);
    state.database.handle_timeout(now);
    state.flooding.handle_timeout(now);
    state.synchronization.handle_timeout(now);
    state.topology.handle_timeout(now);
    state.liveness.handle_timeout(now);
    state.settle(now);
}

void Graph::commit(Now now) {
    State& state = *state_;
    Context& context = state.context;
    if (!state.is_dirty) return;
    state.is_dirty = false;
    state.last_now = now;
    state.mark(now);
    if (!context.failed) {
        if (auto done = context.store.commit(); !done) context.failed = done.error();
    }
    if (!context.failed) {
        state.committed_events = context.events.size();
        return;
    }
    // What was told and sent in this turn did not happen. Neighbours that saw it are met again, and
    // the synchronisation says which side is right.
    context.events.resize(std::min(state.committed_events, context.events.size()));
    context.events.emplace_back(StoreFailed{*context.failed});
    context.failed.reset();
    for (auto& [id, link] : context.links) {
        if (!link.is_dead()) context.close(link, false);
    }
    state.settle(now);
    state.is_dirty = false;
    state.committed_events = context.events.size();
}

std::optional<LinkCommand> Graph::poll_link() {
    commit(state_->last_now);
    Context& context = state_->context;
    if (!context.commands.empty()) {
        LinkCommand command = std::move(context.commands.front());
        context.commands.pop_front();
        return command;
    }
    return state_->poll_bytes(state_->last_now);
}

std::optional<Event> Graph::poll_event() {
    commit(state_->last_now);
    Context& context = state_->context;
    if (context.events.empty()) return std::nullopt;
    Event event = std::move(context.events.front());
    context.events.pop_front();
    if (state_->committed_events > 0) --state_->committed_events;
    return event;
}

std::optional<Instant> Graph::next_timeout() const {
    const State& state = *state_;
    if (!state.context.is_open) return std::nullopt;
    std::optional<Instant> next = state.handshake.next_timeout();
    keep_earlier(next, state.database.next_timeout());
    keep_earlier(next, state.flooding.next_timeout());
    keep_earlier(next, state.synchronization.next_timeout());
    keep_earlier(next, state.topology.next_timeout());
    keep_earlier(next, state.liveness.next_timeout());
    return next;
}

// Observation -------------------------------------------------------------------------------------

GraphResult<Record> Graph::get(Now now, const RecordId& id) {
    if (auto usable = state_->usable(); !usable) return std::unexpected(usable.error());
    return state_->database.get_live(now, id);
}

GraphResult<std::vector<RecordId>>
Graph::list(Now now, const store::RecordType& type, std::string_view creator, std::size_t limit) {
    if (auto usable = state_->usable(); !usable) return std::unexpected(usable.error());
    auto found =
        state_->context.store.list(type, creator, state_->database.reading_time(now), limit);
    if (!found) return std::unexpected(graph_error(found.error()));
    return std::move(*found);
}

GraphResult<std::vector<RecordId>>
Graph::search(Now now, const store::Query& query, std::size_t limit) {
    if (auto usable = state_->usable(); !usable) return std::unexpected(usable.error());
    auto found = state_->context.store.search(query, state_->database.reading_time(now), limit);
    if (!found) return std::unexpected(graph_error(found.error()));
    return std::move(*found);
}

NodeId Graph::node_id() const {
    return state_->context.node;
}

StatusChanged Graph::status() const {
    return state_->status();
}

std::optional<GraphInfo> Graph::properties() const {
    if (!state_->context.is_synchronized) return std::nullopt;
    return state_->context.info;
}

PeerTime Graph::peer_time(WallTime wall) const {
    return state_->context.clock.at(wall);
}

std::vector<NodeInfo> Graph::nodes() const {
    return state_->topology.nodes();
}

std::vector<LinkInfo> Graph::links() const {
    std::vector<LinkInfo> out;
    for (const auto& [id, link] : state_->context.links) {
        if (link.state != LinkState::connected) continue;
        LinkInfo info;
        info.link = id;
        info.node = link.node;
        info.peer_id = link.peer_id;
        info.address = link.addresses.empty() ? link.remote : link.addresses.front();
        info.is_direct = link.is_direct();
        info.is_incoming = link.is_incoming;
        info.is_modern = link.can.any();
        info.is_eager = link.is_eager;
        info.utility = static_cast<double>(link.utility) / kUtilityMax;
        info.queued = link.writer.queued() + link.in_flight;
        out.push_back(std::move(info));
    }
    return out;
}

std::optional<std::uint64_t> Graph::signature() const {
    return state_->topology.signature();
}

std::size_t Graph::contacts() const {
    return state_->topology.contacts();
}

const Counters& Graph::counters() const {
    return state_->context.counters;
}

std::size_t Graph::memory() const {
    const State& state = *state_;
    std::size_t total = sizeof(State) + state.database.memory() + state.flooding.memory() +
                        state.topology.memory() + state.context.events.size() * sizeof(Event);
    for (const auto& [id, link] : state.context.links) {
        total += sizeof(Link) + link.writer.queued() + link.reader.buffered() +
                 (link.queue.size() + link.backlog.size()) * sizeof(RecordId) +
                 link.queued.size() * (sizeof(RecordId) + 32) +
                 link.adverts.size() * sizeof(RecordAbstract) +
                 (link.sync.to_send.size() + link.sync.to_request.size()) * sizeof(RecordId);
    }
    return total;
}

ByteArray<32> Graph::database_digest() const {
    // A sum of the digests by lanes: the same in any order.
    std::array<std::uint64_t, 4> lanes{};
    std::uint64_t count = 0;
    state_->context.store.index().visit(
        store::SyncKey::lowest(), store::SyncKey::highest(), [&](const store::IndexEntry& entry) {
            if (is_internal(entry.type)) return true;
            ++count;
            for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
                std::uint64_t value = 0;
                std::memcpy(&value, entry.digest.data() + lane * sizeof value, sizeof value);
                lanes[lane] += value;
            }
            return true;
        });
    Bytes input;
    wire::Writer writer(input);
    writer(lanes[0], lanes[1], lanes[2], lanes[3], count);
    return crypto::sha256({input});
}

} // namespace kith::graph
