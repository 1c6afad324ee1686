#include "node/clouds.hpp"

#include "base/check.hpp"
#include "base/overload.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/registry.hpp"

#include <algorithm>
#include <deque>
#include <iterator>
#include <tuple>
#include <utility>

namespace kith::node {

namespace {

using pnrp::RegisterErrc;
using pnrp::ResolveErrc;

/// A cloud's key for as long as it is here: its name may come back as another cloud.
enum class CloudKey : std::uint32_t {};

// Addresses of a narrower scope than the cloud's mean nothing, or something else, to its members.
bool is_reachable_across(Scope cloud, const Address& address, bool allow_loopback) {
    const Scope scope = address.scope();
    if (scope == Scope::loopback) return allow_loopback;
    return std::to_underlying(scope) >= std::to_underlying(cloud);
}

// How much an error says: with several clouds the one that says most is told.
int weight_of(ResolveErrc error) {
    switch (error) {
    case ResolveErrc::no_valid_answer:
        return 4;
    case ResolveErrc::timed_out:
        return 3;
    case ResolveErrc::not_found:
        return 2;
    case ResolveErrc::cancelled:
        return 1;
    case ResolveErrc::no_addresses:
    case ResolveErrc::too_many_resolves:
    case ResolveErrc::unknown_cloud:
        return 0;
    }
    return 0;
}

struct Member {
    CloudKey key{};
    std::string name;
    Scope scope{};
    Zone zone = 0;
    std::unique_ptr<Node> node;
    std::vector<Endpoint> endpoints;
    std::optional<Instant> dropped_at; // while it is not among the places

    bool is_open() const { return !endpoints.empty() || !node->ways_out().empty(); }

    bool leaves_by(const Address& local) const {
        return std::ranges::any_of(
            node->ways_out(), [&](const Endpoint& way) { return way.address == local; });
    }
};

// Widest scope first: what is said of a name as a whole is said of its first cloud.
bool comes_before(const Member& a, const Member& b) {
    return std::tuple(std::to_underlying(b.scope), std::string_view(a.name)) <
           std::tuple(std::to_underlying(a.scope), std::string_view(b.name));
}

struct Published {
    Publication publication;
    std::map<CloudKey, pnrp::RegistrationId> registrations;
};

struct Query {
    enum class Wants : std::uint8_t { first, nearest, all };

    std::map<CloudKey, pnrp::ResolveId> asked;
    Wants wants = Wants::first;
    ResolveErrc error = ResolveErrc::no_addresses; // the best so far
    std::vector<Sighting> found{};
    bool is_complete = true; // of the clouds that have answered, none broke off
};

Scope scope_of(const Sighting& sighting) {
    return scope_of_cloud(sighting.cloud).value_or(Scope::global);
}

Query::Wants wants_of(const pnrp::ResolveQuery& query) {
    if (query.extent == pnrp::Extent::all) return Query::Wants::all;
    const bool is_near = query.criteria == pnrp::Criteria::nearest_peer_name ||
                         query.criteria == pnrp::Criteria::nearest64_peer_name;
    return is_near ? Query::Wants::nearest : Query::Wants::first;
}

} // namespace

struct Clouds::Parts {
    Parts(CloudsConfig&& given, SecureRandom& secure_random, PlainRandom& plain_random)
        : config(std::move(given)),
          secure(secure_random),
          plain(plain_random) {}

    Member* find(std::string_view name);
    Member* member_at(const Endpoint& local, Zone zone, const Endpoint& from);
    Member* member_of_search(const Arrival& arrival);
    bool is_taken(const Place& place, std::span<const Place> before) const;
    void place(Now now, const Place& place);
    void remove_from_network(Now now, Member& member);
    Member* open(Now now, const Place& place);
    void forget_absent(Now now);
    void drop_strangers(Remembered& remembered) const;
    void give_seeds(Now now, Member& member);

    bool belongs(const Publication& publication, const Member& member) const;
    std::optional<pnrp::Registration>
    registration_for(const Publication& publication, const Member& member) const;
    std::expected<void, RegisterErrc> apply(Now now, Published& published, Member& member) const;
    std::optional<RegisterErrc> defect(Now now, const Publication& publication) const;

    void settle();
    void take_event(Member& member, Event event);
    void take_reach(Member& member, const pnrp::ReachChanged& changed);
    void handle(const Member& member, pnrp::ResolveDone done);
    bool is_settled(const Query& query) const;
    QueryDone conclusion(QueryId id, Query query) const;
    void cancel_rest(const Query& query);

    CloudsConfig config;
    SecureRandom& secure;
    PlainRandom& plain;
    std::vector<Member> members; // in the order of comes_before()
    std::uint32_t next_cloud = 1;
    std::vector<Endpoint> seeds;
    std::optional<Endpoint> forwarded; // by a gateway
    std::map<PublicationId, Published> published;
    std::uint32_t next_publication = 1;
    std::map<QueryId, Query> queries;
    std::uint32_t next_query = 1;
    std::deque<CloudsEvent> events;
    std::uint64_t unclaimed = 0;
    Now latest{}; // of the mutation under way
};

// Where the host is ------------------------------------------------------------------------

Member* Clouds::Parts::find(std::string_view name) {
    const auto found = std::ranges::find(members, name, &Member::name);
    return found == members.end() ? nullptr : &*found;
}

Member* Clouds::Parts::open(Now now, const Place& place) {
    if (members.size() >= kCloudsMax) return nullptr;
    NodeConfig node = config.node;
    node.cloud_name = place.cloud;
    node.remembered.clear();
    if (const auto known = config.remembered.find(place.cloud); known != config.remembered.end()) {
        node.remembered = known->second;
    }
    Member member;
    member.key = CloudKey{next_cloud++};
    member.name = place.cloud;
    member.scope = scope_of_cloud(place.cloud).value_or(Scope::none);
    member.zone = place.zone;
    member.node = std::make_unique<Node>(node, secure, plain);
    const CloudKey key = member.key;
    members.insert(std::ranges::upper_bound(members, member, comes_before), std::move(member));
    Member& opened = *std::ranges::find(members, key, &Member::key);
    give_seeds(now, opened);
    return &opened;
}

// Two clouds never share an endpoint (MS-PNRP 3.1.4.1).
bool Clouds::Parts::is_taken(const Place& place, std::span<const Place> before) const {
    const auto scope = scope_of_cloud(place.cloud);
    return std::ranges::any_of(before, [&](const Place& other) {
        if (scope_of_cloud(other.cloud) != scope) return false;
        return other.cloud == place.cloud || scope != Scope::link ||
               (place.zone != 0 && other.zone == place.zone);
    });
}

void Clouds::Parts::place(Now now, const Place& place) {
    Member* member = find(place.cloud);
    if (member == nullptr) member = open(now, place);
    if (member == nullptr) return;
    member->dropped_at.reset();
    member->zone = place.zone;
    member->node->set_endpoints(now, place.endpoints, place.ways_out);
    if (member->scope == Scope::global) member->node->set_forwarded(now, forwarded);
    const auto own = member->node->endpoints();
    member->endpoints.assign(own.begin(), own.end());
    // In the same step, as nobody is to be told of an address that the node has left.
    for (auto& [id, published_name] : published)
        static_cast<void>(apply(now, published_name, *member));
}

void Clouds::Parts::remove_from_network(Now now, Member& member) {
    if (member.dropped_at) return;
    member.dropped_at = now.instant + kCloudCleanup;
    member.zone = 0;
    member.endpoints.clear();
    member.node->set_endpoints(now, {});
}

void Clouds::Parts::forget_absent(Now now) {
    const bool is_due = std::ranges::any_of(members, [&](const Member& member) {
        return member.dropped_at && *member.dropped_at <= now.instant;
    });
    if (!is_due) return;
    for (auto at = members.begin(); at != members.end();) {
        if (!at->dropped_at || *at->dropped_at > now.instant) {
            ++at;
            continue;
        }
        if (auto nodes = at->node->remembered(now); !nodes.empty()) {
            config.remembered[at->name] = std::move(nodes);
        }
        for (auto& [id, published_name] : published)
            published_name.registrations.erase(at->key);
        at = members.erase(at);
    }
    drop_strangers(config.remembered);
}

// Links come and go; what was remembered of one that is not here gives way first.
void Clouds::Parts::drop_strangers(Remembered& remembered) const {
    for (auto at = remembered.begin(); at != remembered.end() && remembered.size() > kCloudsMax;) {
        const bool is_here = std::ranges::find(members, at->first, &Member::name) != members.end();
        at = is_here ? std::next(at) : remembered.erase(at);
    }
}

void Clouds::Parts::give_seeds(Now now, Member& member) {
    std::vector<Endpoint> fitting;
    for (const Endpoint& seed : seeds) {
        const Scope scope = seed.address.scope();
        const bool is_local = scope == Scope::loopback && config.node.allow_loopback;
        if (scope == member.scope || is_local) fitting.push_back(seed);
    }
    member.node->set_seeds(now, fitting);
}

// Names ------------------------------------------------------------------------

bool Clouds::Parts::belongs(const Publication& publication, const Member& member) const {
    return !publication.cloud || selects_cloud(*publication.cloud, member.name, member.zone);
}

// What is published of a name in one cloud; nothing if that would be neither address nor payload.
std::optional<pnrp::Registration>
Clouds::Parts::registration_for(const Publication& publication, const Member& member) const {
    pnrp::Registration registration = publication.registration;
    switch (publication.addresses) {
    case Publication::Addresses::node:
        registration.endpoints.clear();
        for (const Endpoint& endpoint : member.endpoints)
            registration.endpoints.push_back({endpoint.address, 0, 0});
        break;
    case Publication::Addresses::given:
        std::erase_if(registration.endpoints, [&](const pnrp::AppEndpoint& endpoint) {
            return !is_reachable_across(member.scope, endpoint.address, config.node.allow_loopback);
        });
        break;
    }
    if (registration.endpoints.empty() && !registration.payload) return std::nullopt;
    return registration;
}

// Brings a name in one cloud to what its publication says.
std::expected<void, RegisterErrc>
Clouds::Parts::apply(Now now, Published& published_name, Member& member) const {
    const auto known = published_name.registrations.find(member.key);
    const bool is_there = known != published_name.registrations.end();
    // Without a network the name stays as it was: nobody can ask for it now.
    if (!member.is_open()) return std::unexpected(RegisterErrc::no_addresses);
    if (member.endpoints.empty()) return std::unexpected(RegisterErrc::resolve_only);
    std::optional<pnrp::Registration> registration;
    if (belongs(published_name.publication, member)) {
        registration = registration_for(published_name.publication, member);
        if (!registration && !is_there) return std::unexpected(RegisterErrc::no_endpoints);
    }
    if (!registration) {
        if (!is_there) return std::unexpected(RegisterErrc::unknown_cloud);
        static_cast<void>(member.node->unpublish(now, known->second));
        published_name.registrations.erase(known);
        return {};
    }
    if (is_there) return member.node->update(now, known->second, std::move(*registration));
    const auto id = member.node->publish(now, std::move(*registration));
    if (!id) return std::unexpected(id.error());
    published_name.registrations.emplace(member.key, *id);
    return {};
}

// What every cloud would refuse.
std::optional<RegisterErrc> Clouds::Parts::defect(Now now, const Publication& publication) const {
    pnrp::Registration registration = publication.registration;
    if (publication.addresses == Publication::Addresses::node) {
        registration.endpoints = {{Address::v4(0), 0, 0}};
    }
    return pnrp::defect_of(now, registration);
}

std::expected<PublicationId, RegisterErrc> Clouds::publish(Now now, Publication publication) {
    Parts& parts = *parts_;
    parts.latest = now;
    if (const auto defect = parts.defect(now, publication)) return std::unexpected(*defect);
    if (parts.published.size() >= pnrp::kRegistrationsMax) {
        return std::unexpected(RegisterErrc::too_many_names);
    }
    Published published{std::move(publication), {}};
    auto refusal = RegisterErrc::unknown_cloud;
    for (Member& member : parts.members) {
        if (!parts.belongs(published.publication, member)) continue;
        const auto applied = parts.apply(now, published, member);
        // The widest cloud that has a network says why.
        const bool says_more =
            refusal == RegisterErrc::unknown_cloud || refusal == RegisterErrc::no_addresses;
        if (!applied && says_more) refusal = applied.error();
    }
    const bool is_somewhere = !published.registrations.empty();
    const PublicationId id{parts.next_publication};
    if (is_somewhere) {
        ++parts.next_publication;
        parts.published.emplace(id, std::move(published));
    }
    parts.settle();
    if (!is_somewhere) return std::unexpected(refusal);
    return id;
}

std::expected<void, RegisterErrc>
Clouds::update(Now now, PublicationId id, Publication publication) {
    Parts& parts = *parts_;
    parts.latest = now;
    const auto found = parts.published.find(id);
    if (found == parts.published.end()) return std::unexpected(RegisterErrc::not_found);
    if (const auto defect = parts.defect(now, publication)) return std::unexpected(*defect);
    Published& published = found->second;
    const pnrp::Registration& old = published.publication.registration;
    const bool is_same = publication.registration.name == old.name &&
                         publication.registration.key->public_key() == old.key->public_key();
    if (!is_same) return std::unexpected(RegisterErrc::wrong_key);
    const bool has_place = std::ranges::any_of(parts.members, [&](const Member& member) {
        return parts.belongs(publication, member) && !member.endpoints.empty() &&
               parts.registration_for(publication, member);
    });
    const bool is_offline =
        std::ranges::all_of(parts.members, [](const Member& member) { return !member.is_open(); });
    const bool is_hidden = std::ranges::any_of(parts.members, [&](const Member& member) {
        return parts.belongs(publication, member) && member.is_open() && member.endpoints.empty();
    });
    if (!has_place) {
        return std::unexpected(
            is_offline  ? RegisterErrc::no_addresses
            : is_hidden ? RegisterErrc::resolve_only
                        : RegisterErrc::no_endpoints);
    }
    published.publication = std::move(publication);
    for (Member& member : parts.members)
        static_cast<void>(parts.apply(now, published, member));
    parts.settle();
    return {};
}

std::expected<void, RegisterErrc> Clouds::unpublish(Now now, PublicationId id) {
    Parts& parts = *parts_;
    parts.latest = now;
    const auto found = parts.published.find(id);
    if (found == parts.published.end()) return std::unexpected(RegisterErrc::not_found);
    for (Member& member : parts.members) {
        const auto registration = found->second.registrations.find(member.key);
        if (registration == found->second.registrations.end()) continue;
        static_cast<void>(member.node->unpublish(now, registration->second));
    }
    parts.published.erase(found);
    parts.settle();
    return {};
}

// Questions ------------------------------------------------------------------------

std::expected<QueryId, ResolveErrc>
Clouds::resolve(Now now, const pnrp::ResolveQuery& query, const std::optional<std::string>& cloud) {
    Parts& parts = *parts_;
    parts.latest = now;
    if (parts.queries.size() >= pnrp::kResolvesMax) {
        return std::unexpected(ResolveErrc::too_many_resolves);
    }
    Query asking;
    asking.wants = wants_of(query);
    auto refusal = ResolveErrc::unknown_cloud;
    for (Member& member : parts.members) {
        if (cloud && !selects_cloud(*cloud, member.name, member.zone)) continue;
        const auto id = member.node->resolve(now, query);
        if (id) {
            asking.asked.emplace(member.key, *id);
        } else if (refusal != ResolveErrc::too_many_resolves) {
            refusal = id.error();
        }
    }
    if (asking.asked.empty()) return std::unexpected(refusal);
    const QueryId id{parts.next_query++};
    parts.queries.emplace(id, std::move(asking));
    parts.settle();
    return id;
}

void Clouds::Parts::cancel_rest(const Query& query) {
    for (Member& member : members) {
        const auto asked = query.asked.find(member.key);
        if (asked != query.asked.end()) member.node->cancel(latest, asked->second);
    }
}

void Clouds::cancel(Now now, QueryId id) {
    Parts& parts = *parts_;
    parts.latest = now;
    const auto found = parts.queries.find(id);
    if (found == parts.queries.end()) return;
    const Query query = std::move(found->second);
    parts.queries.erase(found);
    parts.cancel_rest(query);
    parts.events.emplace_back(QueryDone{id, {}, std::unexpected(ResolveErrc::cancelled)});
    parts.settle();
}

// True if nobody who has not answered yet could change what is found: of several, the narrower
// cloud's is nearer, and what is registered here is nearest.
bool Clouds::Parts::is_settled(const Query& query) const {
    if (query.asked.empty()) return true;
    if (query.found.empty() || query.wants == Query::Wants::all) return false;
    if (query.wants == Query::Wants::first) return true;
    return std::ranges::any_of(query.found, [&](const Sighting& sighting) {
        if (sighting.resolution.is_local) return true;
        return std::ranges::all_of(members, [&](const Member& other) {
            return !query.asked.contains(other.key) || other.scope >= scope_of(sighting);
        });
    });
}

QueryDone Clouds::Parts::conclusion(QueryId id, Query query) const {
    if (query.found.empty()) return {id, {}, std::unexpected(query.error), {}, query.is_complete};
    const auto rank = [&](const Sighting& sighting) {
        return std::ranges::find(members, sighting.cloud, &Member::name) - members.begin();
    };
    std::ranges::sort(query.found, [&](const Sighting& a, const Sighting& b) {
        const auto key = [&](const Sighting& sighting) {
            return std::tuple(
                rank(sighting), !sighting.resolution.is_local, sighting.resolution.id);
        };
        return key(a) < key(b);
    });
    QueryDone done{id, {}, std::unexpected(query.error), {}, false};
    if (query.wants == Query::Wants::all) {
        done.is_complete = query.is_complete && query.found.size() <= kSightingsMax;
        if (query.found.size() > kSightingsMax)
            query.found.erase(query.found.begin() + kSightingsMax, query.found.end());
        done.others.assign(
            std::make_move_iterator(std::next(query.found.begin())),
            std::make_move_iterator(query.found.end()));
    } else if (query.wants == Query::Wants::nearest) {
        const auto nearest =
            std::ranges::min_element(query.found, {}, [](const Sighting& sighting) {
                return std::pair(!sighting.resolution.is_local, scope_of(sighting));
            });
        std::ranges::iter_swap(query.found.begin(), nearest);
    }
    done.cloud = std::move(query.found.front().cloud);
    done.outcome = std::move(query.found.front().resolution);
    return done;
}

// A miss counts when every cloud has missed.
void Clouds::Parts::handle(const Member& member, pnrp::ResolveDone done) {
    const auto found = std::ranges::find_if(queries, [&](const auto& item) {
        const auto asked = item.second.asked.find(member.key);
        return asked != item.second.asked.end() && asked->second == done.id;
    });
    if (found == queries.end()) return; // another cloud was first, or the question is withdrawn
    Query& query = found->second;
    query.asked.erase(member.key);
    if (!done.outcome && weight_of(done.outcome.error()) > weight_of(query.error)) {
        query.error = done.outcome.error();
    }
    if (done.outcome) query.found.push_back({member.name, std::move(*done.outcome)});
    for (pnrp::Resolution& other : done.others)
        query.found.push_back({member.name, std::move(other)});
    query.is_complete &= done.is_complete;
    if (!is_settled(query)) return;
    const QueryId id = found->first;
    Query ended = std::move(query);
    queries.erase(found);
    cancel_rest(ended);
    events.emplace_back(conclusion(id, std::move(ended)));
}

// Names that were refused here may be welcome now, with the endpoint that has come out.
void Clouds::Parts::take_reach(Member& member, const pnrp::ReachChanged& changed) {
    const auto own = member.node->endpoints();
    member.endpoints.assign(own.begin(), own.end());
    for (auto& [id, published_name] : published)
        static_cast<void>(apply(latest, published_name, member));
    events.emplace_back(
        CloudReachChanged{member.name, changed.reach, changed.reason, member.endpoints});
}

void Clouds::Parts::take_event(Member& member, Event event) {
    std::visit(
        Overload{
            [&](pnrp::ResolveDone& done) { handle(member, std::move(done)); },
            [](pnrp::RegistrationAnnounced&) {}, // names() shows it
            [&](const pnrp::ReachChanged& changed) { take_reach(member, changed); },
            [&](const CloudStateChanged& changed) {
                events.emplace_back(CloudChanged{member.name, changed.state});
            },
            [&](const SeedsNeeded&) {
                // No name leads to an address that means something on one link only.
                if (member.scope != Scope::link) events.emplace_back(SeedsNeeded{});
            }},
        event);
}

// An answer in one cloud cancels the question in others, which then have something to say.
void Clouds::Parts::settle() {
    for (bool is_moving = true; is_moving;) {
        is_moving = false;
        for (Member& member : members) {
            while (auto event = member.node->poll_event()) {
                take_event(member, std::move(*event));
                is_moving = true;
            }
        }
    }
}

// Commands ------------------------------------------------------------------------

Clouds::Clouds(CloudsConfig config, SecureRandom& secure, PlainRandom& plain)
    : parts_(std::make_unique<Parts>(std::move(config), secure, plain)) {}

Clouds::~Clouds() = default;

void Clouds::set_places(Now now, std::span<const Place> places) {
    Parts& parts = *parts_;
    parts.latest = now;
    // Those that go make room in their zone first.
    for (Member& member : parts.members) {
        const auto stays = std::ranges::find(places, member.name, &Place::cloud);
        if (stays == places.end()) parts.remove_from_network(now, member);
    }
    for (std::size_t i = 0; i < places.size(); ++i) {
        KITH_CHECK(scope_of_cloud(places[i].cloud).has_value());
        if (!parts.is_taken(places[i], places.first(i))) parts.place(now, places[i]);
    }
    parts.settle();
}

void Clouds::set_seeds(Now now, std::span<const Endpoint> seeds) {
    Parts& parts = *parts_;
    parts.latest = now;
    parts.seeds.assign(seeds.begin(), seeds.end());
    for (Member& member : parts.members)
        parts.give_seeds(now, member);
    parts.settle();
}

void Clouds::set_forwarded(Now now, const std::optional<Endpoint>& outside) {
    Parts& parts = *parts_;
    parts.latest = now;
    parts.forwarded = outside;
    for (Member& member : parts.members) {
        if (member.scope == Scope::global) member.node->set_forwarded(now, outside);
    }
    parts.settle();
}

void Clouds::leave(Now now) {
    Parts& parts = *parts_;
    parts.latest = now;
    for (Member& member : parts.members)
        member.node->leave(now);
    parts.published.clear();
    parts.settle();
}

// The world ------------------------------------------------------------------------

// The cloud is that of the address the datagram came to (MS-PNRP 3.1.5.2); behind a translator what
// comes from outside the site came to what the translator shows.
Member* Clouds::Parts::member_at(const Endpoint& local, Zone zone, const Endpoint& from) {
    const Scope scope = local.address.scope();
    const bool is_from_outside = scope == Scope::site && from.address.scope() == Scope::global;
    for (Member& member : members) {
        if (is_from_outside && member.scope == Scope::global && member.leaves_by(local.address)) {
            return &member;
        }
        if (member.endpoints.empty()) continue;
        const bool is_local = scope == Scope::loopback && config.node.allow_loopback;
        const bool is_here =
            is_local ? std::ranges::find(member.endpoints, local) != member.endpoints.end()
                     : member.scope == scope && (scope != Scope::link || member.zone == zone);
        if (is_here) return &member;
    }
    return nullptr;
}

// Discovery names the scope it is for, and stays on its link.
Member* Clouds::Parts::member_of_search(const Arrival& arrival) {
    for (Member& member : members) {
        const bool is_here = member.scope != Scope::link || member.zone == arrival.zone;
        if (is_here && member.is_open() && member.node->concerns(arrival.payload)) {
            return &member;
        }
    }
    return nullptr;
}

void Clouds::handle_datagram(Now now, const Arrival& arrival) {
    Parts& parts = *parts_;
    parts.latest = now;
    Member* const member = arrival.channel == Channel::ssdp
                               ? parts.member_of_search(arrival)
                               : parts.member_at(arrival.local, arrival.zone, arrival.from);
    if (member == nullptr) {
        ++parts.unclaimed;
        return;
    }
    member->node->handle_datagram(
        now, arrival.channel, arrival.local, arrival.from, arrival.payload);
    parts.settle();
}

void Clouds::handle_timeout(Now now) {
    Parts& parts = *parts_;
    parts.latest = now;
    for (Member& member : parts.members) {
        const auto due = member.node->next_timeout();
        if (due && *due <= now.instant) member.node->handle_timeout(now);
    }
    parts.settle();
    parts.forget_absent(now);
}

std::optional<Datagram> Clouds::poll_datagram() {
    for (Member& member : parts_->members) {
        if (auto datagram = member.node->poll_datagram()) {
            if (member.scope == Scope::link) datagram->zone = member.zone;
            return datagram;
        }
    }
    return std::nullopt;
}

std::optional<CloudsEvent> Clouds::poll_event() {
    if (parts_->events.empty()) return std::nullopt;
    CloudsEvent next = std::move(parts_->events.front());
    parts_->events.pop_front();
    return next;
}

std::optional<Instant> Clouds::next_timeout() const {
    std::optional<Instant> next;
    for (const Member& member : parts_->members) {
        keep_earlier(next, member.node->next_timeout());
        keep_earlier(next, member.dropped_at);
    }
    return next;
}

// Observation ------------------------------------------------------------------------

std::vector<CloudStatus> Clouds::status(Now now) const {
    std::vector<CloudStatus> out;
    for (const Member& member : parts_->members) {
        out.push_back(member.node->status(now));
        out.back().zone = member.zone;
    }
    return out;
}

std::vector<std::string> Clouds::names_of(std::string_view wanted) const {
    std::vector<std::string> out;
    for (const Member& member : parts_->members) {
        if (member.name == wanted) return {member.name};
        if (selects_cloud(wanted, member.name, member.zone)) out.push_back(member.name);
    }
    return out;
}

std::vector<pnrp::PeerInfo> Clouds::peers(Now now, std::string_view cloud) const {
    const Member* const member = parts_->find(cloud);
    return member == nullptr ? std::vector<pnrp::PeerInfo>() : member->node->peers(now);
}

std::vector<PublishedName> Clouds::names() const {
    const Parts& parts = *parts_;
    std::map<CloudKey, std::vector<pnrp::RegisteredName>> registered;
    for (const Member& member : parts.members)
        registered.emplace(member.key, member.node->names());
    std::vector<PublishedName> out;
    for (const auto& [id, published] : parts.published) {
        const Publication& publication = published.publication;
        PublishedName name{id, publication.registration.name, {}};
        for (const Member& member : parts.members) {
            const auto known = published.registrations.find(member.key);
            if (known == published.registrations.end()) continue;
            const auto& here = registered.at(member.key);
            const auto found = std::ranges::find(here, known->second, &pnrp::RegisteredName::id);
            if (found == here.end()) continue;
            const auto registration = parts.registration_for(publication, member);
            name.presences.push_back(
                {member.name,
                 found->pnrp_id,
                 found->is_announced,
                 registration ? registration->endpoints : std::vector<pnrp::AppEndpoint>()});
        }
        out.push_back(std::move(name));
    }
    return out;
}

bool Clouds::knows(const pnrp::PnrpId& id) const {
    return std::ranges::any_of(
        parts_->members, [&](const Member& member) { return member.node->knows(id); });
}

Remembered Clouds::remembered(Now now) const {
    auto out = parts_->config.remembered;
    for (const Member& member : parts_->members) {
        auto nodes = member.node->remembered(now);
        if (!nodes.empty()) out[member.name] = std::move(nodes);
    }
    parts_->drop_strangers(out);
    return out;
}

std::uint64_t Clouds::unclaimed() const {
    return parts_->unclaimed;
}

} // namespace kith::node
