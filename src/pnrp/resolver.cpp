#include "pnrp/resolver.hpp"

#include "pnrp/limits.hpp"

#include <algorithm>
#include <utility>

namespace kith::pnrp {

namespace {

ResolveErrc error_of(SearchResult::Kind kind) {
    switch (kind) {
    case SearchResult::Kind::found: // without a CPA that fits the name
    case SearchResult::Kind::no_valid_answer:
        return ResolveErrc::no_valid_answer;
    case SearchResult::Kind::not_found:
        return ResolveErrc::not_found;
    case SearchResult::Kind::timed_out:
        return ResolveErrc::timed_out;
    case SearchResult::Kind::cancelled:
        return ResolveErrc::cancelled;
    }
    return ResolveErrc::not_found;
}

} // namespace

std::expected<ResolveId, ResolveErrc> Resolver::start(Now now, const ResolveQuery& query) {
    if (!exchange_.is_open()) return std::unexpected(ResolveErrc::no_addresses);
    if (searches_.resolve_count() + held_.size() >= kResolvesMax) {
        return std::unexpected(ResolveErrc::too_many_resolves);
    }
    const ResolveId id{next_id_++};
    const LocalName* local = query.include_local ? registry_.find(query.name) : nullptr;
    // Nothing is nearer than what is here.
    if (local != nullptr && query.extent == Extent::one) {
        done_.push_back({id, local_resolution(now, *local)});
    } else if (cache_.empty()) {
        const Duration hold = std::min<Duration>(kResolveHoldMax, query.timeout);
        held_.push_back({id, query, now.instant, now.instant + hold});
    } else {
        begin(now, id, query, now.instant);
    }
    return id;
}

void Resolver::begin(Now now, ResolveId id, const ResolveQuery& query, Instant started) {
    const bool is_near = query.criteria == Criteria::nearest_peer_name ||
                         query.criteria == Criteria::nearest64_peer_name;
    ByteArray<8> prefix = query.prefix.value_or(ByteArray<8>{});
    if (!query.prefix && is_near && !exchange_.endpoints().empty())
        prefix = location_prefix(exchange_.endpoints().front().address);
    // The middle of the range of locations with the wanted prefix (MS-PNRP 3.1.4.4).
    ServiceLocation location{};
    std::copy(prefix.begin(), prefix.end(), location.begin());
    location[8] = std::byte{0x80};
    SearchGoal goal;
    goal.target = make_id(p2p_id(exchange_.profile(), query.name), location);
    goal.extent = query.extent;
    goal.criteria = query.extent == Extent::all ? Criteria::any_peer_name : query.criteria;
    goal.reason = Reason::application;
    goal.deadline = started + query.timeout;
    const bool includes_local = query.extent == Extent::all && query.include_local;
    searches_.start(now, goal, ForResolve{id, query.name, started, includes_local});
}

void Resolver::release_held(Now now) {
    for (auto at = held_.begin(); at != held_.end();) {
        if (cache_.empty() && at->released_at > now.instant) {
            ++at;
            continue;
        }
        const Held waiting = std::move(*at);
        at = held_.erase(at);
        begin(now, waiting.id, waiting.query, waiting.started);
    }
}

void Resolver::cancel(ResolveId id) {
    const auto waiting =
        std::find_if(held_.begin(), held_.end(), [&](const Held& held) { return held.id == id; });
    if (waiting != held_.end()) {
        held_.erase(waiting);
        done_.push_back({id, std::unexpected(ResolveErrc::cancelled)});
    }
    searches_.cancel_unless([&](const SearchClient& client) {
        const auto* resolve = std::get_if<ForResolve>(&client);
        return resolve == nullptr || resolve->id != id;
    });
}

std::optional<ResolveDone> Resolver::poll_done() {
    if (done_.empty()) return std::nullopt;
    ResolveDone next = std::move(done_.front());
    done_.pop_front();
    return next;
}

ResolveDone
Resolver::outcome_of(Now now, const ForResolve& client, const SearchResult& result) const {
    ResolveDone done{client.id, std::unexpected(error_of(result.kind)), {}, result.is_complete};
    if (result.kind == SearchResult::Kind::found) done.outcome = resolution_of(now, client, result);
    for (const SearchMatch& further : result.others) {
        auto other = resolution_of(now, client, further);
        if (!other) continue;
        if (done.outcome) {
            done.others.push_back(std::move(*other));
        } else {
            done.outcome = std::move(other);
        }
    }
    const LocalName* local = client.includes_local ? registry_.find(client.name) : nullptr;
    if (local == nullptr || result.kind == SearchResult::Kind::cancelled) return done;
    if (done.outcome) done.others.insert(done.others.begin(), std::move(*done.outcome));
    done.outcome = local_resolution(now, *local);
    done.outcome->took = now.instant - client.started;
    return done;
}

std::expected<Resolution, ResolveErrc>
Resolver::resolution_of(Now now, const ForResolve& client, const SearchMatch& match) const {
    if (!match.cpa) return std::unexpected(ResolveErrc::no_valid_answer);
    const Cpa& cpa = **match.cpa;
    // The id proves the name already; this says it without relying on 128 bits of a digest.
    const bool is_owner = client.name.is_secure() ? cpa.authority == client.name.authority().bytes
                                                  : !cpa.authority.has_value();
    const bool is_name = cpa.classifier_hash.value_or(classifier_hash(exchange_.profile(), "")) ==
                         classifier_hash(exchange_.profile(), client.name.classifier());
    if (!is_owner || !is_name) return std::unexpected(ResolveErrc::no_valid_answer);
    Resolution resolution{.name = client.name};
    resolution.id = match.cpa->id();
    resolution.endpoints = cpa.app_endpoints;
    resolution.comment = cpa.friendly_name;
    if (match.payload) {
        resolution.payload = Payload{match.payload->kind, match.payload->payload};
    }
    resolution.service_addresses = cpa.service_addresses;
    resolution.public_key = cpa.public_key;
    resolution.not_after = cpa.not_after;
    resolution.is_delegated = match.is_delegated;
    resolution.lookups = match.lookups;
    resolution.took = now.instant - client.started;
    return resolution;
}

Resolution Resolver::local_resolution(Now now, const LocalName& name) const {
    const Registration& registration = name.registration;
    Resolution resolution{.name = registration.name};
    resolution.id = name.id;
    resolution.endpoints = registration.endpoints;
    resolution.comment = registration.comment;
    resolution.payload = registration.payload;
    resolution.service_addresses.assign(exchange_.endpoints().begin(), exchange_.endpoints().end());
    resolution.public_key = to_owned(registration.key->public_key().material());
    resolution.not_after = now.wall + kCpaLifetime;
    resolution.is_local = true;
    resolution.is_delegated = registration.chain.has_value();
    return resolution;
}

std::optional<Instant> Resolver::next_timeout() const {
    std::optional<Instant> next;
    for (const Held& waiting : held_)
        keep_earlier(next, waiting.released_at);
    return next;
}

std::size_t Resolver::state_bytes() const {
    return held_.capacity() * sizeof(Held) + done_.state_bytes();
}

} // namespace kith::pnrp
