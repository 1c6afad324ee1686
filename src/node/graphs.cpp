#include "node/graphs.hpp"

#include "base/check.hpp"
#include "base/overload.hpp"
#include "base/unicode.hpp"
#include "crypto/digest.hpp"
#include "graph/frame.hpp"
#include "graph/message.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

namespace kith::node {

using graph::LinkId;

namespace {

constexpr std::size_t kNameDigits = 32;

// A graph that looks for members itself is not asked for oftener than this.
constexpr std::chrono::seconds kAskPeersPause{5};

GraphsErrc graphs_error(store::StoreErrc why) {
    switch (why) {
    case store::StoreErrc::full:
        return GraphsErrc::store_full;
    case store::StoreErrc::read_only:
        return GraphsErrc::store_read_only;
    case store::StoreErrc::corrupt:
        return GraphsErrc::store_corrupt;
    case store::StoreErrc::locked:
        return GraphsErrc::store_locked;
    case store::StoreErrc::newer_schema:
        return GraphsErrc::store_newer;
    case store::StoreErrc::wrong_graph:
        return GraphsErrc::store_wrong_graph;
    case store::StoreErrc::missing:
        return GraphsErrc::store_missing;
    case store::StoreErrc::io:
        return GraphsErrc::store_failed;
    }
    return GraphsErrc::store_failed;
}

GraphsErrc graphs_error(graph::GraphErrc why) {
    switch (why) {
    case graph::GraphErrc::store_full:
        return GraphsErrc::store_full;
    case graph::GraphErrc::store_read_only:
        return GraphsErrc::store_read_only;
    case graph::GraphErrc::store_corrupt:
        return GraphsErrc::store_corrupt;
    case graph::GraphErrc::store_failed:
        return GraphsErrc::store_failed;
    default:
        return GraphsErrc::bad_argument;
    }
}

// A connection that has not said which graph it is for.
struct Greeter {
    Endpoint from;
    Address prefix;
    Instant deadline{};
    graph::FrameReader reader{kGreetingSizeMax};
    Bytes bytes; // all that came
};

// Where a connection of the host belongs.
struct Belonging {
    std::string graph;
    LinkId link = 0; // the graph's
};

struct Participant {
    Participant(
        const graph::GraphConfig& config,
        GraphOptions chosen,
        std::unique_ptr<store::RecordStore> kept,
        std::shared_ptr<graph::SecurityProvider> provider,
        SecureRandom& secure,
        PlainRandom& plain)
        : options(std::move(chosen)),
          store(std::move(kept)),
          security(std::move(provider)),
          core(config, *store, security.get(), secure, plain) {}

    GraphOptions options;
    std::unique_ptr<store::RecordStore> store;
    std::shared_ptr<graph::SecurityProvider> security;
    graph::Graph core;
    std::map<LinkId, LinkId> links; // the graph's to the host's
    bool has_name = false;          // published
    std::vector<Endpoint> published;
    std::optional<Instant> asked_at;

    // The core looks for members itself once it is synchronised.
    bool is_lost() const {
        const graph::StatusChanged status = core.status();
        return options.uses_names && !status.is_synchronized && !status.has_neighbours;
    }
    Instant asks_at() const { return asked_at ? *asked_at + kAskPeersInterval : Instant::min(); }
};

} // namespace

std::string_view to_string(GreetingRefusal reason) {
    switch (reason) {
    case GreetingRefusal::no_such_graph:
        return "no_such_graph";
    case GreetingRefusal::no_greeting:
        return "no_greeting";
    case GreetingRefusal::too_large:
        return "too_large";
    case GreetingRefusal::timed_out:
        return "timed_out";
    case GreetingRefusal::too_many:
        return "too_many";
    case GreetingRefusal::too_many_of_prefix:
        return "too_many_of_prefix";
    case GreetingRefusal::count:
        break;
    }
    return "unknown";
}

bool is_graph_name(std::string_view text) {
    return !text.empty() && is_utf8(text) && text.find('\0') == std::string_view::npos &&
           utf16_length(text) <= kGraphNameUnitsMax;
}

identity::PeerName graph_name(std::string_view graph_id) {
    const auto digest = crypto::sha256({as_bytes("kith graph"), as_bytes(graph_id)});
    const auto name =
        identity::PeerName::unsecured("kith-graph-" + to_hex(digest).substr(0, kNameDigits));
    KITH_CHECK(name.has_value());
    return *name;
}

struct Graphs::Parts {
    Parts(GraphsConfig setup, StoreFactory& factory, SecureRandom& random, PlainRandom& chance)
        : config(std::move(setup)),
          stores(factory),
          secure(random),
          plain(chance) {}

    Participant* find(std::string_view name) {
        const auto at = members.find(name);
        return at == members.end() ? nullptr : at->second.get();
    }

    std::expected<Participant*, GraphsErrc> admit(
        const std::string& name,
        const GraphOptions& options,
        std::shared_ptr<graph::SecurityProvider> security);
    void give_addresses(Now now, Participant& member);
    void refuse(LinkId link, GreetingRefusal why);
    void hear_greeting(Now now, LinkId link, Greeter& greeter, ByteView bytes);
    void hand_over(Now now, LinkId link, const std::string& graph);
    template<class Act>
    void route(LinkId link, Act act);
    std::optional<graph::LinkCommand>
    translate(const std::string& name, Participant& member, graph::LinkCommand command);
    void drain_links(const std::string& name, Participant& member);
    void take_events(const std::string& name, Participant& member);
    void ask_for_peers(const std::string& name, Participant& member);
    void watch_status(const std::string& name, Participant& member);
    void tell(GraphsEvent event);
    void close(Now now, const std::string& name);

    GraphsConfig config;
    StoreFactory& stores;
    SecureRandom& secure;
    PlainRandom& plain;
    std::vector<Endpoint> endpoints;
    std::map<std::string, std::unique_ptr<Participant>, std::less<>> members;
    std::map<LinkId, Belonging> routes;
    std::map<LinkId, Greeter> greeters;
    GreetingCounters refused{};
    std::deque<graph::LinkCommand> commands;
    std::deque<GraphsEvent> events;
    std::string next_served; // graphs take turns
    LinkId last_link = 0;
    Now last_now{};
};

// Graphs ------------------------------------------------------------------------------------------

std::expected<Participant*, GraphsErrc> Graphs::Parts::admit(
    const std::string& name,
    const GraphOptions& options,
    std::shared_ptr<graph::SecurityProvider> security) {
    GraphOptions chosen = options;
    if (chosen.peer_id.empty()) chosen.peer_id = config.peer_id;
    if (!is_graph_name(name)) return std::unexpected(GraphsErrc::bad_name);
    const bool is_sound = is_graph_name(chosen.peer_id) &&
                          (chosen.friendly_name.empty() || is_graph_name(chosen.friendly_name));
    if (!is_sound) return std::unexpected(GraphsErrc::bad_argument);
    if (members.contains(name)) return std::unexpected(GraphsErrc::already_open);
    if (members.size() >= kGraphsMax) return std::unexpected(GraphsErrc::too_many);
    auto opened = stores.open(
        {.graph_id = name,
         .peer_id = chosen.peer_id,
         .rules = chosen.rules,
         .durability = chosen.durability,
         .in_memory = chosen.in_memory});
    if (!opened) return std::unexpected(graphs_error(opened.error()));
    graph::GraphConfig setup;
    setup.graph_id = name;
    setup.peer_id = chosen.peer_id;
    setup.friendly_name = chosen.friendly_name;
    setup.rules = (*opened)->rules();
    setup.offers_capabilities = !chosen.is_published;
    setup.tuning = config.tuning;
    setup.tunes_itself = config.tunes_itself;
    setup.sync_first = chosen.sync_first;
    chosen.rules = setup.rules;
    auto member = std::make_unique<Participant>(
        setup, std::move(chosen), std::move(*opened), std::move(security), secure, plain);
    Participant* const out = member.get();
    members.emplace(name, std::move(member));
    return out;
}

void Graphs::Parts::give_addresses(Now now, Participant& member) {
    if (member.options.listens) member.core.set_addresses(now, endpoints);
}

void Graphs::Parts::close(Now now, const std::string& name) {
    Participant* const member = find(name);
    KITH_CHECK(member != nullptr);
    member->core.close(now);
    static_cast<void>(member->core.commit(now)); // `StoreFailed` tells
    drain_links(name, *member);
    take_events(name, *member);
    if (member->has_name) tell(NameUnwanted{name});
    // What the graph did not close itself has nobody any more.
    for (const auto& [own, link] : member->links) {
        commands.emplace_back(graph::CloseLink{link, false});
        routes.erase(link);
    }
    members.erase(name);
}

// Connections that were accepted ------------------------------------------------------------------

void Graphs::Parts::refuse(LinkId link, GreetingRefusal why) {
    ++refused[static_cast<std::size_t>(why)];
    greeters.erase(link);
    commands.emplace_back(graph::CloseLink{link, false});
}

void Graphs::Parts::hear_greeting(Now now, LinkId link, Greeter& greeter, ByteView bytes) {
    greeter.bytes.insert(greeter.bytes.end(), bytes.begin(), bytes.end());
    static_cast<void>(greeter.reader.feed(bytes));
    const auto message = greeter.reader.poll();
    if (message) {
        const auto decoded = graph::decode(*message);
        const auto* info = decoded ? std::get_if<graph::AuthInfo>(&*decoded) : nullptr;
        if (info == nullptr) return refuse(link, GreetingRefusal::no_greeting);
        const Participant* const member = find(info->graph_id);
        if (member == nullptr || !member->options.listens) {
            return refuse(link, GreetingRefusal::no_such_graph);
        }
        return hand_over(now, link, info->graph_id);
    }
    if (const auto error = greeter.reader.error()) {
        const bool is_size = *error == graph::FrameErrc::message_too_large ||
                             *error == graph::FrameErrc::frame_too_large;
        return refuse(link, is_size ? GreetingRefusal::too_large : GreetingRefusal::no_greeting);
    }
    if (greeter.bytes.size() > kGreetingBytesMax) refuse(link, GreetingRefusal::too_large);
}

void Graphs::Parts::hand_over(Now now, LinkId link, const std::string& graph) {
    const auto at = greeters.find(link);
    const Greeter greeter = std::move(at->second);
    greeters.erase(at);
    Participant& member = *find(graph);
    const LinkId own = member.core.take_link_id();
    member.links.emplace(own, link);
    routes.emplace(link, Belonging{graph, own});
    member.core.handle_accepted(now, own, greeter.from);
    member.core.handle_bytes(now, own, greeter.bytes);
}

template<class Act>
void Graphs::Parts::route(LinkId link, Act act) {
    const auto at = routes.find(link);
    if (at == routes.end()) return;
    Participant* const member = find(at->second.graph);
    KITH_CHECK(member != nullptr);
    act(*member, at->second.link);
}

// Outputs -----------------------------------------------------------------------------------------

std::optional<graph::LinkCommand>
Graphs::Parts::translate(const std::string& name, Participant& member, graph::LinkCommand command) {
    return std::visit(
        Overload{
            [&](graph::OpenLink& open) -> std::optional<graph::LinkCommand> {
                const LinkId link = ++last_link;
                routes.emplace(link, Belonging{name, open.link});
                member.links.emplace(open.link, link);
                return graph::OpenLink{link, open.to};
            },
            [&](graph::SendBytes& send) -> std::optional<graph::LinkCommand> {
                const auto at = member.links.find(send.link);
                if (at == member.links.end()) return std::nullopt; // gone already
                return graph::SendBytes{at->second, std::move(send.bytes)};
            },
            [&](graph::CloseLink& close) -> std::optional<graph::LinkCommand> {
                const auto at = member.links.find(close.link);
                if (at == member.links.end()) return std::nullopt;
                const LinkId link = at->second;
                member.links.erase(at);
                routes.erase(link);
                return graph::CloseLink{link, close.drains};
            }},
        command);
}

void Graphs::Parts::drain_links(const std::string& name, Participant& member) {
    while (auto command = member.core.poll_link()) {
        if (auto out = translate(name, member, std::move(*command))) {
            commands.push_back(std::move(*out));
        }
    }
}

void Graphs::Parts::tell(GraphsEvent event) {
    if (events.size() < kGraphEventsMax + kNameEventsMax) events.push_back(std::move(event));
}

void Graphs::Parts::take_events(const std::string& name, Participant& member) {
    while (events.size() < kGraphEventsMax) {
        auto event = member.core.poll_event();
        if (!event) return;
        const bool wants_peers = std::holds_alternative<graph::PeersNeeded>(*event);
        tell(GraphEvent{name, std::move(*event)});
        const bool is_soon =
            member.asked_at && last_now.instant - *member.asked_at < kAskPeersPause;
        if (!wants_peers || !member.options.uses_names || is_soon) continue;
        ask_for_peers(name, member);
    }
}

void Graphs::Parts::ask_for_peers(const std::string& name, Participant& member) {
    member.asked_at = last_now.instant;
    tell(PeersWanted{name, graph_name(name)});
}

// A name stands for a node that members can connect to: one that is synchronised and listens.
void Graphs::Parts::watch_status(const std::string& name, Participant& member) {
    const bool wants = member.options.uses_names && member.core.status().is_listening;
    if (wants && (!member.has_name || member.published != endpoints)) {
        member.has_name = true;
        member.published = endpoints;
        tell(NameWanted{name, graph_name(name), endpoints});
    } else if (!wants && member.has_name) {
        member.has_name = false;
        tell(NameUnwanted{name});
    }
}

// Commands ----------------------------------------------------------------------------------------

Graphs::Graphs(GraphsConfig config, StoreFactory& stores, SecureRandom& secure, PlainRandom& plain)
    : parts_(std::make_unique<Parts>(std::move(config), stores, secure, plain)) {}

Graphs::~Graphs() = default;

void Graphs::set_endpoints(Now now, std::span<const Endpoint> endpoints) {
    parts_->last_now = now;
    parts_->endpoints.assign(endpoints.begin(), endpoints.end());
    for (const auto& [name, member] : parts_->members)
        parts_->give_addresses(now, *member);
}

std::expected<void, GraphsErrc> Graphs::create(
    Now now,
    const std::string& name,
    const GraphOptions& options,
    const graph::GraphInfo& info,
    std::shared_ptr<graph::SecurityProvider> security) {
    parts_->last_now = now;
    auto member = parts_->admit(name, options, std::move(security));
    if (!member) return std::unexpected(member.error());
    if ((*member)->store->index().size() > 0) {
        parts_->members.erase(name);
        return std::unexpected(GraphsErrc::already_exists);
    }
    if (auto done = (*member)->core.create(now, info); !done) {
        parts_->members.erase(name);
        return std::unexpected(graphs_error(done.error()));
    }
    parts_->give_addresses(now, **member);
    // A graph that is not kept was never founded.
    if (auto kept = (*member)->core.commit(now); !kept) {
        parts_->members.erase(name);
        return std::unexpected(graphs_error(kept.error()));
    }
    return {};
}

std::expected<void, GraphsErrc> Graphs::open(
    Now now,
    const std::string& name,
    const GraphOptions& options,
    std::shared_ptr<graph::SecurityProvider> security) {
    parts_->last_now = now;
    auto member = parts_->admit(name, options, std::move(security));
    if (!member) return std::unexpected(member.error());
    if (auto done = (*member)->core.open(now); !done) {
        parts_->members.erase(name);
        return std::unexpected(graphs_error(done.error()));
    }
    parts_->give_addresses(now, **member);
    if ((*member)->is_lost()) parts_->ask_for_peers(name, **member);
    return {};
}

std::expected<void, GraphsErrc> Graphs::close(Now now, std::string_view name) {
    parts_->last_now = now;
    if (parts_->find(name) == nullptr) return std::unexpected(GraphsErrc::not_open);
    parts_->close(now, std::string(name));
    return {};
}

void Graphs::close_all(Now now) {
    parts_->last_now = now;
    while (!parts_->members.empty())
        parts_->close(now, parts_->members.begin()->first);
    while (!parts_->greeters.empty()) {
        const LinkId link = parts_->greeters.begin()->first;
        parts_->greeters.erase(link);
        parts_->commands.emplace_back(graph::CloseLink{link, false});
    }
}

std::expected<void, GraphsErrc> Graphs::remove(Now now, const std::string& name) {
    if (!is_graph_name(name)) return std::unexpected(GraphsErrc::bad_name);
    if (parts_->find(name) != nullptr) static_cast<void>(close(now, name));
    if (auto done = parts_->stores.remove(name); !done) {
        return std::unexpected(graphs_error(done.error()));
    }
    return {};
}

graph::Graph* Graphs::find(std::string_view name) {
    Participant* const member = parts_->find(name);
    return member == nullptr ? nullptr : &member->core;
}

const graph::Graph* Graphs::find(std::string_view name) const {
    const Participant* const member = parts_->find(name);
    return member == nullptr ? nullptr : &member->core;
}

store::RecordStore* Graphs::store(std::string_view name) {
    Participant* const member = parts_->find(name);
    return member == nullptr ? nullptr : member->store.get();
}

void Graphs::offer_peer(Now now, std::string_view name, const Endpoint& address) {
    parts_->last_now = now;
    Participant* const member = parts_->find(name);
    const bool is_own = std::ranges::find(parts_->endpoints, address) != parts_->endpoints.end();
    if (member != nullptr && !is_own) member->core.offer_peer(now, address);
}

// The world ---------------------------------------------------------------------------------------

LinkId Graphs::take_link_id() {
    return ++parts_->last_link;
}

void Graphs::handle_accepted(Now now, LinkId link, const Endpoint& from) {
    parts_->last_now = now;
    const Address prefix = from.address.prefix(from.address.is_v4() ? 24 : 64);
    const bool is_own = from.address.scope() == Scope::loopback;
    const auto same = std::ranges::count_if(
        parts_->greeters, [&](const auto& item) { return item.second.prefix == prefix; });
    if (!is_own && static_cast<std::size_t>(same) >= kGreetersOfPrefixMax) {
        return parts_->refuse(link, GreetingRefusal::too_many_of_prefix);
    }
    if (parts_->greeters.size() >= kGreetersMax) {
        return parts_->refuse(link, GreetingRefusal::too_many);
    }
    Greeter& greeter = parts_->greeters[link];
    greeter.from = from;
    greeter.prefix = prefix;
    greeter.deadline = now.instant + kGreetingTime;
}

void Graphs::handle_opened(Now now, LinkId link) {
    parts_->last_now = now;
    parts_->route(
        link, [&](Participant& member, LinkId own) { member.core.handle_opened(now, own); });
}

void Graphs::handle_bytes(Now now, LinkId link, ByteView bytes) {
    parts_->last_now = now;
    const auto greeter = parts_->greeters.find(link);
    if (greeter != parts_->greeters.end()) {
        return parts_->hear_greeting(now, link, greeter->second, bytes);
    }
    parts_->route(
        link, [&](Participant& member, LinkId own) { member.core.handle_bytes(now, own, bytes); });
}

void Graphs::handle_sent(Now now, LinkId link, std::size_t size) {
    parts_->last_now = now;
    parts_->route(
        link, [&](Participant& member, LinkId own) { member.core.handle_sent(now, own, size); });
}

void Graphs::handle_closed(Now now, LinkId link) {
    parts_->last_now = now;
    parts_->greeters.erase(link);
    parts_->route(link, [&](Participant& member, LinkId own) {
        member.links.erase(own);
        parts_->routes.erase(link);
        member.core.handle_closed(now, own);
    });
}

void Graphs::handle_timeout(Now now) {
    parts_->last_now = now;
    std::vector<LinkId> late;
    for (const auto& [link, greeter] : parts_->greeters) {
        if (greeter.deadline <= now.instant) late.push_back(link);
    }
    for (const LinkId link : late)
        parts_->refuse(link, GreetingRefusal::timed_out);
    for (const auto& [name, member] : parts_->members) {
        const auto due = member->core.next_timeout();
        if (due && *due <= now.instant) member->core.handle_timeout(now);
        if (member->is_lost() && member->asks_at() <= now.instant) {
            parts_->ask_for_peers(name, *member);
        }
    }
}

void Graphs::commit(Now now) {
    parts_->last_now = now;
    for (const auto& [name, member] : parts_->members)
        static_cast<void>(member->core.commit(now)); // `StoreFailed` tells
}

std::optional<graph::LinkCommand> Graphs::poll_link() {
    Parts& parts = *parts_;
    if (!parts.commands.empty()) {
        graph::LinkCommand command = std::move(parts.commands.front());
        parts.commands.pop_front();
        return command;
    }
    for (std::size_t i = 0; i < parts.members.size(); ++i) {
        auto at = parts.members.upper_bound(parts.next_served);
        if (at == parts.members.end()) at = parts.members.begin();
        parts.next_served = at->first;
        while (auto command = at->second->core.poll_link()) {
            if (auto out = parts.translate(at->first, *at->second, std::move(*command))) {
                return out;
            }
        }
    }
    return std::nullopt;
}

std::optional<GraphsEvent> Graphs::poll_event() {
    Parts& parts = *parts_;
    if (parts.events.empty()) {
        for (const auto& [name, member] : parts.members) {
            parts.take_events(name, *member);
            parts.watch_status(name, *member);
        }
    }
    if (parts.events.empty()) return std::nullopt;
    GraphsEvent event = std::move(parts.events.front());
    parts.events.pop_front();
    return event;
}

std::optional<Instant> Graphs::next_timeout() const {
    std::optional<Instant> next;
    for (const auto& [link, greeter] : parts_->greeters)
        keep_earlier(next, greeter.deadline);
    for (const auto& [name, member] : parts_->members) {
        keep_earlier(next, member->core.next_timeout());
        if (member->is_lost()) keep_earlier(next, member->asks_at());
    }
    return next;
}

// Observation -------------------------------------------------------------------------------------

std::vector<std::string> Graphs::names() const {
    std::vector<std::string> out;
    for (const auto& [name, member] : parts_->members)
        out.push_back(name);
    return out;
}

const GraphOptions* Graphs::options(std::string_view name) const {
    const Participant* const member = parts_->find(name);
    return member == nullptr ? nullptr : &member->options;
}

bool Graphs::is_secured(std::string_view name) const {
    const Participant* const member = parts_->find(name);
    return member != nullptr && member->security != nullptr;
}

bool Graphs::is_greeting(LinkId link) const {
    return parts_->greeters.contains(link);
}

std::size_t Graphs::greeters() const {
    return parts_->greeters.size();
}

const GreetingCounters& Graphs::refused() const {
    return parts_->refused;
}

} // namespace kith::node
