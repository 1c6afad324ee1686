#include "graph/graph.hpp"

#include "base/unicode.hpp"
#include "crypto/digest.hpp"
#include "graph/graph_state.hpp"
#include "graph/wire_limits.hpp"
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

bool is_text(std::string_view text, std::size_t units_max) {
    return is_utf8(text) && text.find('\0') == std::string_view::npos &&
           utf16_length(text) < units_max;
}

/// Whether every node will take these properties: what a peer finds malformed or too large, it
/// never has.
GraphResult<void> check_info(const GraphInfo& info) {
    const bool is_size = info.record_max == 0 || (info.record_max >= kRecordMaxLeast &&
                                                  info.record_max <= kRecordMaxDefault);
    const std::chrono::seconds lifetime(info.presence_lifetime);
    const bool is_lifetime =
        info.presence_lifetime >= kPresenceLifetimeLeast && lifetime <= kLifetimeMax;
    if (!is_size || !is_lifetime || !is_text(info.friendly_name, kNameUnitsMax) ||
        !is_text(info.comment, kCommentUnitsMax)) {
        return std::unexpected(GraphErrc::bad_argument);
    }
    const std::size_t size = encode_graph_info(info).size();
    const std::size_t most = info.record_max == 0 ? kRecordMaxDefault : info.record_max;
    const std::size_t quota = read_quotas(info.extras).record_max;
    if (size >= most || (quota != 0 && size > quota)) return std::unexpected(GraphErrc::too_large);
    return {};
}

} // namespace

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
    const bool are_ids = is_text(context.config.graph_id, kIdUnitsMax) &&
                         is_text(context.config.peer_id, kIdUnitsMax) &&
                         !context.config.graph_id.empty() && !context.config.peer_id.empty();
    const bool has_quotas = read_quotas(info.extras).any();
    if (!are_ids || (has_quotas && context.config.rules != store::Rules::modern)) {
        return std::unexpected(GraphErrc::bad_argument);
    }
    info.graph_id = context.config.graph_id;
    info.creator = context.config.peer_id;
    if (auto sound = check_info(info); !sound) return sound;
    context.is_open = true;
    context.is_synchronized = true;
    context.info = info;
    state.database.adopt(now, info);
    if (auto done = state.publish_info(now, info); !done) {
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
    for (const auto& [id, link] : context.links) {
        const bool is_there = !link.is_incoming && !link.is_dead() && link.remote == to &&
                              link.kind == LinkKind::neighbour;
        if (is_there) return id;
    }
    if (context.links.size() >= kLinksMax) return std::unexpected(GraphErrc::too_many);
    if (std::ranges::find(context.addresses, to) != context.addresses.end()) {
        return std::unexpected(GraphErrc::bad_argument);
    }
    Link& link = state_->handshake.dial(now, to, LinkKind::neighbour, std::move(peer_id));
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
        is_bulk && link->is_neighbour() ? Stream::bulk : Stream::small,
        Load::record); // `is_writable` bounds it
    state_->settle(now);
    return {};
}

bool Graph::is_writable(LinkId id) const {
    const Link* link = state_->context.links.find(id);
    return link != nullptr && link->state == LinkState::connected &&
           link->writer.queued() < kDirectQueueMax;
}

GraphResult<void> Graph::disconnect(Now now, LinkId id) {
    Link* link = state_->context.links.find(id);
    if (link == nullptr || link->is_dead()) return std::unexpected(GraphErrc::not_found);
    if (link->state == LinkState::connected) {
        link->send(
            Disconnect{DisconnectReason::application, state_->handshake.referrals_for(*link)});
    }
    state_->context.close(*link, true);
    state_->settle(now);
    return {};
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
    GraphInfo next = context.info;
    next.friendly_name = info.friendly_name;
    next.comment = info.comment;
    next.presence_lifetime = info.presence_lifetime;
    next.presence_max = info.presence_max;
    if (auto sound = check_info(next); !sound) return sound;
    auto done = state_->publish_info(now, next);
    state_->settle(now);
    return done;
}

GraphResult<void> Graph::set_presence(Now now, std::string attributes, bool forced) {
    if (!state_->context.is_open) return std::unexpected(GraphErrc::closed);
    if (!is_text(attributes, kRecordMaxDefault)) return std::unexpected(GraphErrc::bad_argument);
    // With as many addresses as a node may come to have.
    Record record;
    record.payload =
        encode_presence({state_->context.node, attributes, std::vector<Endpoint>(kAddressesMax)});
    if (auto fits = state_->database.check_size(record); !fits) return fits;
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

GraphResult<void> Graph::commit(Now now) {
    return state_->commit(now);
}

std::optional<LinkCommand> Graph::poll_link() {
    static_cast<void>(commit(state_->last_now)); // `StoreFailed` tells
    Context& context = state_->context;
    if (!context.commands.empty()) {
        LinkCommand command = std::move(context.commands.front());
        context.commands.pop_front();
        return command;
    }
    return state_->poll_bytes(state_->last_now);
}

std::optional<Event> Graph::poll_event() {
    static_cast<void>(commit(state_->last_now)); // `StoreFailed` tells
    Context& context = state_->context;
    if (context.events.empty()) return std::nullopt;
    Event event = std::move(context.events.front());
    context.events.pop_front();
    if (context.committed_events > 0) --context.committed_events;
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

GraphResult<store::RecordHead> Graph::head(Now now, const RecordId& id, std::size_t payload_max) {
    if (auto usable = state_->usable(); !usable) return std::unexpected(usable.error());
    return state_->database.head_live(now, id, payload_max);
}

std::optional<store::RecordType> Graph::type_of(const RecordId& id) const {
    const store::IndexEntry* entry = state_->context.store.index().find(id);
    return entry == nullptr ? std::nullopt : std::optional(entry->type);
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

Quotas Graph::quotas() const {
    return state_->database.quotas();
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
        info.friendly_name = link.friendly_name;
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
