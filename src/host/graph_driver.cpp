#include "host/graph_driver.hpp"

#include "base/check.hpp"
#include "base/overload.hpp"
#include "crypto/key.hpp"
#include "host/clocks.hpp"
#include "host/local_addresses.hpp"
#include "pnrp/limits.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

namespace kith::host {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using graph::LinkId;

constexpr auto kAddressLook = 30s;
constexpr auto kLeaveTime = 2s;
constexpr auto kLeavePoll = 20ms;

// While neighbours send as fast as we read and nobody here waits for an outcome, a commit is put
// off for so long: each one costs the disk's time, whatever is in it.
constexpr auto kBulkTime = 20ms;

// A link that closes hands over all that waits there at once.
constexpr std::size_t kQueueMax = std::size_t{256} << 20U;

constexpr std::uint16_t kTcp = 6; // IANA protocol number

} // namespace

struct GraphDriver::Parts {
    Parts(asio::io_context& io, const GraphDriverConfig& setup, GraphHooks&& told, GraphMeans means)
        : loop(io),
          config(setup),
          hooks(std::move(told)),
          secure(means.secure),
          graphs(setup.graphs, means.stores, means.secure, means.plain),
          links(io, link_hooks(), limits()),
          timer(io),
          look_timer(io),
          leave_timer(io) {}

    template<class Handler>
    auto guard(Handler handler) {
        // NOLINTNEXTLINE(misc-no-recursion): called by the loop, never by itself
        return [token = std::weak_ptr(alive), handler = std::move(handler)](auto&&... arguments) {
            if (!token.expired()) handler(std::forward<decltype(arguments)>(arguments)...);
        };
    }

    static TcpLimits limits() {
        TcpLimits out;
        out.queue_max = kQueueMax;
        out.linger_time = kLeaveTime;
        return out;
    }

    TcpHooks link_hooks();
    LinkId link_of(TcpLinkId id) const;
    void forget(LinkId link);
    void received(TcpLinkId id, ByteView bytes);
    void touch();
    bool put_off();
    void end_turn();
    void tell(const std::vector<node::GraphEvent>& told, const std::weak_ptr<const int>& token);
    void carry_out(graph::LinkCommand& command);
    void handle(const node::NameWanted& wanted);
    void handle(const node::NameUnwanted& unwanted);
    void handle(const node::PeersWanted& wanted);
    void publish(const std::string& graph);
    void arm_timer();
    void follow_addresses();
    void schedule_look();
    void refresh_addresses();
    void tell_exposure(const std::string& name);
    void tell_rules(const node::GraphEvent& event);
    void wait_for_goodbyes(std::chrono::steady_clock::time_point until, std::function<void()> done);

    struct Pending {
        std::string graph;
        graph::GraphResult<void> outcome;
        Done done;
    };
    struct Watch {
        std::string graph;
        Watcher watcher;
    };
    struct Name {
        node::NameWanted wanted;
        std::optional<node::PublicationId> id;
    };

    asio::io_context& loop;
    GraphDriverConfig config;
    GraphHooks hooks;
    SecureRandom& secure;
    std::shared_ptr<const int> alive = std::make_shared<const int>(0);
    node::Graphs graphs;
    TcpLinks links;
    std::unordered_map<TcpLinkId, LinkId> ours;    // a connection's link
    std::unordered_map<LinkId, TcpLinkId> sockets; // and back
    std::vector<TcpListenerId> listeners;
    std::vector<Endpoint> listening; // of those
    std::vector<Endpoint> endpoints; // as last given to the graphs
    bool turn_is_due = false;
    bool is_bulk = false; // this turn brought as much as one read takes
    std::optional<std::chrono::steady_clock::time_point> put_off_since;
    std::vector<Pending> pending;
    std::map<WatchId, Watch> watches;
    std::uint64_t next_watch = 1;
    std::map<std::string, Name> names;
    std::set<std::string> searched;                // graphs whose members are being looked for
    std::shared_ptr<const crypto::PrivateKey> key; // signs unsecured names, and proves nothing
    std::set<std::string> exposed;
    std::set<std::string> of_other_rules; // graphs of which it was told
    asio::steady_timer timer;
    std::optional<Instant> armed;
    asio::steady_timer look_timer;
    bool is_following = false;
    asio::steady_timer leave_timer;
};

// Connections -------------------------------------------------------------------------------------

TcpHooks GraphDriver::Parts::link_hooks() {
    TcpHooks out;
    out.accepted = [this](TcpListenerId, TcpLinkId id, const Endpoint& from) {
        const LinkId link = graphs.take_link_id();
        ours.emplace(id, link);
        sockets.emplace(link, id);
        graphs.handle_accepted(read_clocks(), link, from);
        touch();
    };
    out.opened = [this](TcpLinkId id) {
        graphs.handle_opened(read_clocks(), link_of(id));
        touch();
    };
    out.received = [this](TcpLinkId id, ByteView bytes) { received(id, bytes); };
    out.sent = [this](TcpLinkId id, std::size_t size) {
        graphs.handle_sent(read_clocks(), link_of(id), size);
        touch();
    };
    out.ended = [this](TcpLinkId id, TcpEnd) {
        const LinkId link = link_of(id);
        forget(link);
        graphs.handle_closed(read_clocks(), link);
        touch();
    };
    return out;
}

LinkId GraphDriver::Parts::link_of(TcpLinkId id) const {
    const auto at = ours.find(id);
    return at == ours.end() ? 0 : at->second; // 0 is nobody's
}

void GraphDriver::Parts::forget(LinkId link) {
    const auto at = sockets.find(link);
    if (at == sockets.end()) return;
    ours.erase(at->second);
    sockets.erase(at);
}

void GraphDriver::Parts::received(TcpLinkId id, ByteView bytes) {
    const LinkId link = link_of(id);
    const bool was_greeting = graphs.is_greeting(link);
    graphs.handle_bytes(read_clocks(), link, bytes);
    if (was_greeting && !graphs.is_greeting(link)) links.admit(id);
    if (bytes.size() >= kTcpReadMax / 2) is_bulk = true;
    touch();
}

// The loop calls these one after the other: no recursion.
// NOLINTBEGIN(misc-no-recursion)
void GraphDriver::Parts::carry_out(graph::LinkCommand& command) {
    std::visit(
        Overload{
            [&](const graph::OpenLink& open) {
                const TcpLinkId id = links.connect(open.to);
                ours.emplace(id, open.link);
                sockets.emplace(open.link, id);
            },
            [&](graph::SendBytes& send) {
                const auto at = sockets.find(send.link);
                if (at == sockets.end()) return;
                if (links.send(at->second, std::move(send.bytes))) return;
                links.close(at->second, TcpClose::abort);
                forget(send.link);
                graphs.handle_closed(read_clocks(), send.link);
                touch();
            },
            [&](const graph::CloseLink& close) {
                const auto at = sockets.find(close.link);
                if (at == sockets.end()) return;
                links.close(at->second, close.drains ? TcpClose::drain : TcpClose::abort);
                forget(close.link);
            }},
        command);
}

// Turns -------------------------------------------------------------------------------------------

// The end of the turn comes after everything that is ready now: what arrived on several
// connections, and what several callers changed, is committed at once.
void GraphDriver::Parts::touch() {
    if (turn_is_due) return;
    turn_is_due = true;
    asio::post(loop, guard([this] { end_turn(); }));
}

/// True if more records of many are worth waiting for, and nobody waits for these.
bool GraphDriver::Parts::put_off() {
    const bool has_time = std::exchange(is_bulk, false) && pending.empty();
    const auto steady = std::chrono::steady_clock::now();
    if (has_time && !put_off_since) put_off_since = steady;
    if (!has_time || steady - *put_off_since >= kBulkTime) {
        put_off_since.reset();
        return false;
    }
    // What comes within that time begins the next turn; if nothing comes, the timer does.
    timer.expires_at(*put_off_since + kBulkTime);
    timer.async_wait(guard([this](const boost::system::error_code& error) {
        if (!error) touch();
    }));
    armed.reset();
    return true;
}

void GraphDriver::Parts::end_turn() {
    turn_is_due = false;
    if (put_off()) return;
    const Now now = read_clocks();
    graphs.commit(now);
    std::vector<Pending> ended = std::exchange(pending, {});
    while (auto command = graphs.poll_link())
        carry_out(*command);
    std::vector<node::GraphEvent> events;
    while (auto event = graphs.poll_event()) {
        std::visit(
            Overload{
                [&](node::GraphEvent& it) { events.push_back(std::move(it)); },
                [&](const auto& it) { handle(it); }},
            *event);
    }
    arm_timer();
    // From here on others are called, who may call anything, and may destroy this.
    const auto token = std::weak_ptr(alive);
    for (const node::GraphEvent& event : events) {
        const auto* failed = std::get_if<graph::StoreFailed>(&event.event);
        tell_rules(event);
        if (failed == nullptr) continue;
        for (Pending& one : ended) {
            const bool is_undone = one.graph == event.graph && one.outcome;
            if (is_undone) one.outcome = std::unexpected(graph::graph_error(failed->why));
        }
        if (hooks.store_failed) hooks.store_failed(event.graph, failed->why);
    }
    for (const Pending& one : ended) {
        one.done(one.outcome);
        if (token.expired()) return;
    }
    tell(events, token);
}

// Those who watch; one of them may destroy this.
void GraphDriver::Parts::tell(
    const std::vector<node::GraphEvent>& told, const std::weak_ptr<const int>& token) {
    for (const node::GraphEvent& event : told) {
        std::vector<WatchId> asking;
        for (const auto& [id, watch] : watches) {
            if (watch.graph == event.graph) asking.push_back(id);
        }
        for (const WatchId id : asking) {
            const auto at = watches.find(id);
            if (at == watches.end()) continue;
            const Watcher watcher = at->second.watcher;
            watcher(event.event);
            if (token.expired()) return;
        }
    }
}
// NOLINTEND(misc-no-recursion)

void GraphDriver::Parts::arm_timer() {
    const auto next = graphs.next_timeout();
    if (next == armed && next) return;
    armed = next;
    if (!next) {
        timer.cancel();
        return;
    }
    timer.expires_after(*next - read_clocks().instant); // on another clock than the loop's
    timer.async_wait(guard([this](const boost::system::error_code& error) {
        if (error) return;
        armed.reset();
        graphs.handle_timeout(read_clocks());
        touch();
    }));
}

// Addresses and names -----------------------------------------------------------------------------

/// Now and then, while there is a graph that wants to know.
void GraphDriver::Parts::follow_addresses() {
    if (is_following) return;
    is_following = true;
    refresh_addresses();
    schedule_look();
}

void GraphDriver::Parts::schedule_look() {
    look_timer.expires_after(kAddressLook);
    look_timer.async_wait(guard([this](const boost::system::error_code& error) {
        if (error) return;
        is_following = !graphs.names().empty();
        if (!is_following) return;
        refresh_addresses();
        schedule_look();
    }));
}

void GraphDriver::Parts::refresh_addresses() {
    std::vector<Endpoint> found;
    const Listening where{.locals = listening, .allow_loopback = config.allow_loopback, .only = {}};
    if (!listening.empty()) {
        const auto machine = local_addresses();
        if (!machine) return; // it looks again
        for (const node::Place& place : choose_places(where, *machine)) {
            // An address of a link means nothing without the interface, which records cannot say.
            if (place.zone != 0) continue;
            for (const Endpoint& endpoint : place.endpoints) {
                if (std::ranges::find(found, endpoint) == found.end()) found.push_back(endpoint);
            }
        }
    }
    for (const auto& [graph, name] : names) {
        if (!name.id) publish(graph); // there was no network
    }
    if (found == endpoints) return;
    endpoints = std::move(found);
    graphs.set_endpoints(read_clocks(), endpoints);
    touch();
}

void GraphDriver::Parts::handle(const node::NameWanted& wanted) {
    const auto [at, is_new] = names.try_emplace(wanted.graph, Name{wanted, std::nullopt});
    if (!is_new) at->second.wanted = wanted;
    publish(wanted.graph);
}

void GraphDriver::Parts::publish(const std::string& graph) {
    if (config.names == nullptr) return;
    Name& name = names.at(graph);
    if (!key) {
        key = std::make_shared<const crypto::PrivateKey>(
            crypto::PrivateKey::generate(config.profile->key_algorithm, secure));
    }
    std::vector<pnrp::AppEndpoint> where;
    for (const Endpoint& endpoint : name.wanted.endpoints) {
        if (where.size() == pnrp::kAppEndpointsMax) break;
        where.push_back({endpoint.address, endpoint.port, kTcp});
    }
    node::Publication publication{
        .registration = {name.wanted.name, key, std::move(where), "", {}}, .cloud = {}};
    if (name.id) {
        if (config.names->update(*name.id, publication)) return;
        static_cast<void>(config.names->unpublish(*name.id));
        name.id.reset();
    }
    // Without a network there is no cloud to publish in; the next look at the addresses tries.
    if (auto id = config.names->publish(std::move(publication))) name.id = *id;
}

void GraphDriver::Parts::handle(const node::NameUnwanted& unwanted) {
    const auto at = names.find(unwanted.graph);
    if (at == names.end()) return;
    if (at->second.id) static_cast<void>(config.names->unpublish(*at->second.id));
    names.erase(at);
}

void GraphDriver::Parts::handle(const node::PeersWanted& wanted) {
    if (config.names == nullptr || !searched.insert(wanted.graph).second) return;
    pnrp::ResolveQuery query{.name = wanted.name};
    query.include_local = false;
    auto done = guard([this, graph = wanted.graph](const node::QueryDone& answer) {
        searched.erase(graph);
        if (!answer.outcome) return;
        for (const pnrp::AppEndpoint& endpoint : answer.outcome->endpoints) {
            if (endpoint.protocol != kTcp || endpoint.port == 0) continue;
            graphs.offer_peer(read_clocks(), graph, {endpoint.address, endpoint.port});
        }
        touch();
    });
    if (!config.names->resolve(query, std::nullopt, std::move(done))) searched.erase(wanted.graph);
}

void GraphDriver::Parts::tell_exposure(const std::string& name) {
    const node::GraphOptions* const options = graphs.options(name);
    const bool is_open_to_all = options != nullptr && options->listens && !graphs.is_secured(name);
    if (!is_open_to_all || !hooks.exposed) return;
    for (const Endpoint& local : listening) {
        if (local.address.scope() == Scope::loopback) continue;
        if (exposed.insert(name).second) hooks.exposed(name, local.port);
    }
}

void GraphDriver::Parts::tell_rules(const node::GraphEvent& event) {
    const auto* changed = std::get_if<graph::ConnectionChanged>(&event.event);
    const node::GraphOptions* const options = graphs.options(event.graph);
    if (changed == nullptr || options == nullptr || !hooks.other_rules) return;
    if (changed->reason != graph::FailureReason::other_rules) return;
    if (of_other_rules.insert(event.graph).second) hooks.other_rules(event.graph, options->rules);
}

void GraphDriver::Parts::wait_for_goodbyes(
    std::chrono::steady_clock::time_point until, std::function<void()> done) {
    if (links.draining() == 0 || std::chrono::steady_clock::now() >= until) return done();
    leave_timer.expires_after(kLeavePoll);
    leave_timer.async_wait(
        guard([this, until, done = std::move(done)](const boost::system::error_code& error) {
            if (!error) wait_for_goodbyes(until, done);
        }));
}

// Commands ----------------------------------------------------------------------------------------

GraphDriver::GraphDriver(
    asio::io_context& loop, const GraphDriverConfig& config, GraphHooks hooks, GraphMeans means)
    : parts_(std::make_unique<Parts>(loop, config, std::move(hooks), means)) {}

GraphDriver::~GraphDriver() = default;

std::error_code GraphDriver::listen(const Endpoint& at) {
    const auto listener = parts_->links.listen(at);
    if (!listener) return listener.error();
    parts_->listeners.push_back(listener->id);
    parts_->listening.push_back(listener->local);
    parts_->refresh_addresses();
    return {};
}

void GraphDriver::stop_listening() {
    for (const TcpListenerId listener : std::exchange(parts_->listeners, {}))
        parts_->links.stop_listening(listener);
    parts_->listening.clear();
    parts_->refresh_addresses();
}

std::expected<void, node::GraphsErrc> GraphDriver::create(
    const std::string& name,
    const node::GraphOptions& options,
    const graph::GraphInfo& info,
    std::shared_ptr<graph::SecurityProvider> security) {
    parts_->follow_addresses();
    const Now now = read_clocks();
    auto done = parts_->graphs.create(now, name, options, info, std::move(security));
    parts_->graphs.commit(now);
    parts_->touch();
    if (done) parts_->tell_exposure(name);
    return done;
}

std::expected<void, node::GraphsErrc> GraphDriver::open(
    const std::string& name,
    const node::GraphOptions& options,
    std::shared_ptr<graph::SecurityProvider> security) {
    parts_->follow_addresses();
    auto done = parts_->graphs.open(read_clocks(), name, options, std::move(security));
    parts_->touch();
    if (done) parts_->tell_exposure(name);
    return done;
}

std::expected<void, node::GraphsErrc> GraphDriver::close(const std::string& name) {
    auto done = parts_->graphs.close(read_clocks(), name);
    parts_->of_other_rules.erase(name);
    parts_->touch();
    return done;
}

std::expected<void, node::GraphsErrc> GraphDriver::remove(const std::string& name) {
    auto done = parts_->graphs.remove(read_clocks(), name);
    parts_->of_other_rules.erase(name);
    parts_->touch();
    return done;
}

void GraphDriver::change(const std::string& name, const Change& act, Done done) {
    graph::Graph* const graph = parts_->graphs.find(name);
    graph::GraphResult<void> outcome = std::unexpected(graph::GraphErrc::closed);
    if (graph != nullptr) outcome = act(*graph, read_clocks());
    parts_->pending.push_back({name, outcome, std::move(done)});
    parts_->touch();
}

GraphDriver::WatchId GraphDriver::watch(const std::string& name, Watcher watcher) {
    const WatchId id{parts_->next_watch++};
    parts_->watches.emplace(id, Parts::Watch{name, std::move(watcher)});
    return id;
}

void GraphDriver::unwatch(WatchId id) {
    parts_->watches.erase(id);
}

void GraphDriver::refresh_addresses() {
    parts_->refresh_addresses();
}

void GraphDriver::leave(std::function<void()> done) {
    Parts& parts = *parts_;
    parts.graphs.close_all(read_clocks());
    asio::post(parts.loop, parts.guard([this, done = std::move(done)] {
        parts_->is_bulk = false; // a goodbye is not put off
        parts_->end_turn();
        parts_->wait_for_goodbyes(std::chrono::steady_clock::now() + kLeaveTime, done);
    }));
}

std::span<const Endpoint> GraphDriver::listening() const {
    return parts_->listening;
}

node::Graphs& GraphDriver::graphs() {
    return parts_->graphs;
}

const TcpLinks& GraphDriver::links() const {
    return parts_->links;
}

} // namespace kith::host
