#include "pnrp/cloud.hpp"

#include "base/check.hpp"
#include "base/fifo.hpp"
#include "base/overload.hpp"
#include "pnrp/admission.hpp"
#include "pnrp/drop_reason.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/flooding.hpp"
#include "pnrp/maintenance.hpp"
#include "pnrp/reach.hpp"
#include "pnrp/registry.hpp"
#include "pnrp/responder.hpp"
#include "pnrp/route_cache.hpp"
#include "pnrp/searches.hpp"
#include "pnrp/split_detection.hpp"
#include "pnrp/synchronization.hpp"
#include "pnrp/visits.hpp"

#include <algorithm>
#include <utility>

namespace kith::pnrp {

namespace {

constexpr std::size_t kAdvertiseOverhead = 56; // an ADVERTISE without ids, 2.2.2.2
constexpr std::size_t kPlainInquireSize = 56;  // without A, 2.2.2.5

PnrpId random_id(SecureRandom& random) {
    return PnrpId{random.bytes<32>()};
}

bool has_common_endpoint(const RouteEntry& a, const RouteEntry& b) {
    return std::any_of(b.addresses.begin(), b.addresses.end(), [&](const Address& address) {
        return a.has_endpoint({address, b.port});
    });
}

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

// The sub-machines, and what routes between them. Each part does its own work and is polled for
// what concerns the others; `settle()` carries that across until nothing moves.
struct Cloud::Parts {
    Parts(const CloudConfig& config, SecureRandom& secure, PlainRandom& plain)
        : exchange(config, secure, plain),
          cache(random_id(secure)),
          registry(exchange),
          admission(exchange, cache),
          flooding(exchange, cache, registry),
          joiner(exchange, registry),
          member(exchange, cache, registry),
          responder(exchange, cache, registry),
          maintenance(cache, plain, exchange.profile()),
          searches(exchange, cache),
          split_detection(exchange, cache, registry),
          reach(exchange),
          visits(exchange, cache) {
        if (exchange.limits_networks()) cache.limit_networks();
    }

    // A resolve that waits for a first member to ask.
    struct HeldResolve {
        ResolveId id{};
        ResolveQuery query;
        Instant started;
        Instant released_at;
    };

    void handle(Now now, const Responder::Arrival& arrival, const Solicit& message);
    void handle(Now now, const Responder::Arrival& arrival, const Advertise& message);
    void handle(Now now, const Responder::Arrival& arrival, const Request& message);
    void handle(Now now, const Responder::Arrival& arrival, const Flood& message);
    void handle(Now now, const Responder::Arrival& arrival, const Inquire& message);
    void handle(Now now, const Responder::Arrival& arrival, const Authority& message);
    void handle(Now now, const Responder::Arrival& arrival, const Ack& message);
    void handle(Now now, const Responder::Arrival& arrival, const Lookup& message);
    void handle_revocation(Now now, const Flood& flood);
    bool handle_answer(
        Now now,
        MessageId id,
        const PendingList::Answered& answered,
        const AuthorityBuffer& buffer);
    void handle_failure(Now now, const PendingList::Failed& failed);

    PendingList::Answered take_answered(Now now, MessageId id, const Endpoint& from);
    void handle_finding(Now now, const SearchFinding& finding);
    void handle_search_done(Now now, Searches::Done done);
    void handle_chore(Now now, const Chore& chore);
    void settle(Now now);
    bool settle_others(Now now);
    bool settle_own(Now now);
    void maintain(Now now);
    void move(Now now);
    void announce_all(Now now);
    void withhold_all(Now now);
    bool pass_visit_on(Now now, const Endpoint& from, const Flood& ask);

    void probe(Now now, const PnrpId& id);
    void probe_or_certify(Now now, const PnrpId& id);
    void drop_route(Now now, const PnrpId& id);
    void mark_late(const Endpoint& endpoint, bool is_late);
    void begin_resolve(Now now, ResolveId id, const ResolveQuery& query, Instant started);
    void begin_announcement(Now now, const PnrpId& own_id);
    void begin_filling(Now now, const RouteCache::Gap& gap);
    void release_held(Now now);
    ResolveDone resolve_done(Now now, const ForResolve& client, const SearchResult& result) const;
    std::expected<Resolution, ResolveErrc>
    resolution_of(Now now, const ForResolve& client, const SearchMatch& match) const;
    Resolution local_resolution(Now now, const LocalName& name) const;
    std::size_t upkeep_room() const;

    Exchange exchange;
    RouteCache cache;
    Registry registry;
    Admission admission;
    Flooding flooding;
    Joiner joiner;
    Member member;
    Responder responder;
    Maintenance maintenance;
    Searches searches;
    SplitDetection split_detection;
    ReachFinder reach;
    Visits visits;
    std::vector<HeldResolve> held;
    Fifo<Event> events;
    std::uint32_t next_resolve = 1;
    bool had_members = false;
};

// What arrives ------------------------------------------------------------------------

void Cloud::handle_datagram(
    Now now, const Endpoint& local, const Endpoint& from, ByteView payload) {
    Parts& parts = *parts_;
    Counters& counters = parts.exchange.counters();
    ++counters.datagrams_in;
    counters.bytes_in += payload.size();
    if (!parts.exchange.is_open() || !parts.exchange.is_admissible(from)) {
        counters.drop(Drop::bad_source);
        return;
    }
    if (parts.exchange.is_own(from)) {
        counters.drop(Drop::from_self);
        return;
    }
    const auto message = decode_message(parts.exchange.profile(), payload);
    if (!message) {
        counters.drop(drop_reason(message.error()));
        return;
    }
    parts.exchange.set_reached_at(local);
    const Responder::Arrival arrival{from, message->id, payload.size()};
    std::visit([&](const auto& body) { parts.handle(now, arrival, body); }, message->body);
    parts.exchange.set_reached_at({});
    parts.settle(now);
}

void Cloud::Parts::handle(Now now, const Responder::Arrival& arrival, const Solicit& message) {
    reach.handle_question(now, arrival.from, {});
    std::size_t size_max = responder.take_answer_size(now, arrival);
    if (!exchange.proven().is_proven(now, arrival.from)) {
        // The floods that a REQUEST asks for are larger than it: the joiner proves itself before.
        if (message.padded) {
            responder.ask_for_proof(now, arrival.from);
            size_max -= kProofFloodSize;
        }
        if (message.entry) size_max -= exchange.profile().retransmit.sends_max * kPlainInquireSize;
    }
    const std::size_t ids_max =
        size_max <= kAdvertiseOverhead ? 0 : (size_max - kAdvertiseOverhead) / sizeof(PnrpId);
    exchange.send(arrival.from, member.answer(now, arrival.from, arrival.id, message, ids_max));
    if (message.entry) admission.offer(now, {*message.entry, arrival.from, std::nullopt});
}

void Cloud::Parts::handle(Now now, const Responder::Arrival& arrival, const Advertise& message) {
    const bool is_expected = exchange.pending().expects(message.acked, arrival.from) &&
                             exchange.pending().purpose(message.acked).errand == Errand::solicit &&
                             joiner.expects(exchange.pending().purpose(message.acked).key, message);
    if (!is_expected) {
        exchange.counters().drop(Drop::unexpected_answer);
        return;
    }
    const auto answered = take_answered(now, message.acked, arrival.from);
    joiner.handle_advertise(now, answered.purpose.key, answered, message);
}

void Cloud::Parts::handle(Now now, const Responder::Arrival& arrival, const Request& message) {
    const std::size_t size_max = responder.take_answer_size(now, arrival);
    const auto floods = member.handle_request(now, arrival.from, message);
    if (!floods) return;
    std::size_t sent = exchange.send(arrival.from, Ack{arrival.id, false});
    for (const Flood& flood : *floods) {
        Bytes datagram = encode_message(exchange.profile(), Message{exchange.fresh_id(), flood});
        if (sent + datagram.size() > size_max) {
            exchange.counters().drop(Drop::amplification);
            return;
        }
        sent += datagram.size();
        exchange.send_encoded(exchange.reached_at(), arrival.from, std::move(datagram));
    }
}

void Cloud::Parts::handle(Now now, const Responder::Arrival& arrival, const Flood& message) {
    if (message.visit && message.no_ack) {
        visits.make(now, message);
        return;
    }
    if (!message.no_ack) {
        Ack ack{.acked = arrival.id};
        if (message.visit) {
            ack.passed_on = pass_visit_on(now, arrival.from, message);
        } else {
            ack.not_found =
                !message.validate.is_zero() && registry.find(message.validate) == nullptr;
            reach.handle_question(now, arrival.from, message.validate);
        }
        if (message.asks_source) ack.source = arrival.from;
        exchange.send(arrival.from, ack);
    }
    if (message.revoke_cpa) handle_revocation(now, message);
    if (!message.entry) return;
    Offer offer{*message.entry, arrival.from, message.already_flooded};
    if (reach.is_holding(now)) {
        reach.hold(std::move(offer));
    } else {
        admission.offer(now, std::move(offer));
    }
}

// Whoever wants a visit proves first that he is where it would go.
bool Cloud::Parts::pass_visit_on(Now now, const Endpoint& from, const Flood& ask) {
    if (exchange.proven().is_proven(now, from)) return visits.pass_on(now, from, ask);
    responder.ask_for_proof(now, from);
    return false;
}

// The id of a secure name proves the key that may revoke it, unless a delegate published it. The
// key of an unsecured name is bound to nothing but its first appearance. Where we never saw the key
// the node itself is asked (docs/protocol/pnrp.md, Limits against abuse).
void Cloud::Parts::handle_revocation(Now now, const Flood& flood) {
    const auto claimed = decode_cpa(exchange.profile(), *flood.revoke_cpa);
    if (!claimed) {
        exchange.counters().drop(drop_reason(claimed.error()));
        return;
    }
    const CachedRoute* cached = cache.find(id_of(exchange.profile(), *claimed));
    if (cached == nullptr) return; // nothing to revoke: not worth a signature check
    const bool needs_known_key = exchange.profile().revokes_by_known_key;
    const bool is_delegated = claimed->authority && !is_owners(exchange.profile(), *claimed);
    const bool is_vague = is_delegated || (needs_known_key && !claimed->authority);
    if (is_vague && !cached->key) {
        probe(now, cached->entry.id);
        return;
    }
    ++exchange.counters().signatures_checked;
    // A revoke has no chain: the delegate's key was seen with one when it published.
    const CpaExpectation expected{
        .now = now.wall,
        .revoke = true,
        .clock_skew = kClockSkewMax,
        .key_is_known = cached->key && key_fingerprint(claimed->public_key) == *cached->key};
    const auto cpa = verify_cpa(exchange.profile(), *flood.revoke_cpa, expected);
    if (!cpa) {
        exchange.counters().drop(drop_reason(cpa.error()));
        return;
    }
    if (needs_known_key && cached->key && key_fingerprint((*cpa)->public_key) != *cached->key) {
        exchange.counters().drop(Drop::revoke_unknown_key);
        return;
    }
    flooding.pass_on(now, cpa->id(), *flood.revoke_cpa, flood);
    drop_route(now, cpa->id());
}

void Cloud::Parts::handle(Now now, const Responder::Arrival& arrival, const Inquire& message) {
    reach.handle_question(now, arrival.from, message.validate);
    responder.handle_inquire(now, arrival, message);
}

void Cloud::Parts::handle(Now now, const Responder::Arrival& arrival, const Lookup& message) {
    reach.handle_question(now, arrival.from, message.validate);
    responder.handle_lookup(now, arrival, message);
    if (message.best_match) admission.offer(now, {*message.best_match, arrival.from, std::nullopt});
}

void Cloud::Parts::handle(Now now, const Responder::Arrival& arrival, const Ack& message) {
    const bool is_expected = exchange.pending().expects(message.acked, arrival.from);
    const Errand errand = is_expected ? exchange.pending().purpose(message.acked).errand : Errand{};
    if (!is_expected || (errand != Errand::flood && errand != Errand::request &&
                         errand != Errand::proof && errand != Errand::reach)) {
        exchange.counters().drop(Drop::unexpected_answer);
        return;
    }
    const auto answered = take_answered(now, message.acked, arrival.from);
    if (errand == Errand::request) joiner.handle_acknowledged(answered.purpose.key);
    if (errand == Errand::flood && message.not_found) drop_route(now, answered.purpose.subject);
    if (errand == Errand::reach) {
        reach.handle_ack(now, answered.purpose.key, answered.from, message);
    }
}

void Cloud::Parts::handle(Now now, const Responder::Arrival& arrival, const Authority& message) {
    PendingList& pending = exchange.pending();
    const bool is_expected = pending.expects(message.acked, arrival.from);
    const Errand errand = is_expected ? pending.purpose(message.acked).errand : Errand{};
    if (!is_expected || errand == Errand::solicit || errand == Errand::request ||
        errand == Errand::flood || errand == Errand::proof || errand == Errand::reach) {
        exchange.counters().drop(Drop::unexpected_answer);
        return;
    }
    switch (pending.add_fragment(message.acked, arrival.id, message)) {
    case Reassembly::Outcome::incomplete:
        return;
    case Reassembly::Outcome::refused:
        exchange.counters().drop(Drop::bad_fragment);
        return;
    case Reassembly::Outcome::complete:
        break;
    }
    const Bytes bytes = pending.take_buffer(message.acked);
    const auto buffer = decode_authority_buffer(exchange.profile(), bytes);
    if (!buffer) { // ignored: the request stays pending (MS-PNRP 3.1.5.6.1)
        exchange.counters().drop(drop_reason(buffer.error()));
        return;
    }
    const auto answered = pending.peek(now, message.acked, arrival.from);
    exchange.silent().clear(arrival.from); // late, but not gone
    responder.prove(now, arrival.from);
    reach.note_member(now, arrival.from);
    if (!handle_answer(now, message.acked, answered, *buffer)) return; // the truth may still come
    if (answered.round_trip) exchange.cloud_round_trip().sample(*answered.round_trip);
    pending.cancel(message.acked);
}

PendingList::Answered Cloud::Parts::take_answered(Now now, MessageId id, const Endpoint& from) {
    auto answered = exchange.pending().take(now, id, from);
    exchange.silent().clear(from);
    if (answered.round_trip) exchange.cloud_round_trip().sample(*answered.round_trip);
    responder.prove(now, from);
    reach.note_member(now, from);
    return answered;
}

// False if the question is still open.
bool Cloud::Parts::handle_answer(
    Now now, MessageId id, const PendingList::Answered& answered, const AuthorityBuffer& buffer) {
    switch (answered.purpose.errand) {
    case Errand::search_lookup:
    case Errand::search_inquire:
        return searches.handle_answer(now, answered.purpose.key, id, answered, buffer);
    case Errand::entry_check:
        admission.handle_answer(now, answered.purpose.key, answered, buffer);
        break;
    case Errand::probe:
        if (buffer.not_found) {
            drop_route(now, answered.purpose.subject);
        } else if (const CachedRoute* cached = cache.find(answered.purpose.subject)) {
            admission.confirm(now, RouteEntry(cached->entry), answered.from, answered.round_trip);
        }
        break;
    case Errand::solicit:
    case Errand::request:
    case Errand::flood:
    case Errand::proof:
    case Errand::reach: // not answered by AUTHORITY
    case Errand::visit: // for somebody else's sake
        break;
    }
    return true;
}

void Cloud::Parts::handle_failure(Now now, const PendingList::Failed& failed) {
    const Purpose& purpose = failed.purpose;
    // Without an address of our own, silence says nothing about others.
    const bool is_meant = exchange.is_open();
    switch (purpose.errand) {
    case Errand::search_lookup:
    case Errand::search_inquire:
        searches.handle_failure(now, purpose.key, failed.id);
        break;
    case Errand::entry_check:
        admission.handle_failure(purpose.key);
        return;
    case Errand::solicit:
    case Errand::request:
        joiner.handle_failure(purpose.key);
        return;
    case Errand::flood:
    case Errand::probe:
        if (is_meant) drop_route(now, purpose.subject);
        break;
    case Errand::proof:
    case Errand::reach:
    case Errand::visit:
        return;
    }
    if (!is_meant) return;
    for (const Endpoint& endpoint : failed.asked)
        mark_late(endpoint, true);
}

// The time ------------------------------------------------------------------------

void Cloud::handle_timeout(Now now) {
    Parts& parts = *parts_;
    parts.exchange.handle_timeout(now);
    parts.searches.handle_timeout(now);
    parts.member.handle_timeout(now);
    parts.reach.handle_timeout(now);
    parts.settle(now);
    parts.maintain(now);
}

// What was begun may have ended at once, and made room for more of what is due.
void Cloud::Parts::maintain(Now now) {
    for (bool is_due = true; is_due;) {
        maintenance.handle_timeout(now, upkeep_room());
        settle(now);
        const auto next = maintenance.next_timeout(upkeep_room());
        is_due = next && *next <= now.instant;
    }
}

std::optional<Instant> Cloud::next_timeout() const {
    const Parts& parts = *parts_;
    std::optional<Instant> next = parts.exchange.pending().next_timeout();
    keep_earlier(next, parts.searches.next_timeout());
    keep_earlier(next, parts.member.next_timeout());
    keep_earlier(next, parts.reach.next_timeout());
    keep_earlier(next, parts.maintenance.next_timeout(parts.upkeep_room()));
    for (const Parts::HeldResolve& waiting : parts.held)
        keep_earlier(next, waiting.released_at);
    return next;
}

// Carries what one part has to say to the others until nobody has anything to say.
void Cloud::Parts::settle(Now now) {
    for (bool is_moving = true; is_moving;) {
        const bool is_news = settle_others(now);
        is_moving = settle_own(now) || is_news;
    }
}

// What was learned of others. True if anything moved.
bool Cloud::Parts::settle_others(Now now) {
    bool is_moving = false;
    while (auto failed = exchange.pending().poll_failed()) {
        handle_failure(now, *failed);
        is_moving = true;
    }
    while (auto finding = searches.poll_finding()) {
        handle_finding(now, *finding);
        is_moving = true;
    }
    while (auto admitted = admission.poll_admitted()) {
        flooding.spread(now, *admitted);
        is_moving = true;
    }
    while (const auto refuted = admission.poll_refuted()) {
        // Without an address of our own, silence says nothing about others.
        if (exchange.is_open()) drop_route(now, *refuted);
        is_moving = true;
    }
    while (auto offer = reach.poll_offer(now)) {
        admission.offer(now, std::move(*offer));
        is_moving = true;
    }
    return is_moving;
}

// What follows for ourselves. True if anything moved.
bool Cloud::Parts::settle_own(Now now) {
    bool is_moving = false;
    if (reach.poll_changed()) {
        move(now);
        is_moving = true;
    }
    if (cache.empty() == had_members) {
        had_members = !cache.empty();
        if (had_members) maintenance.joined(now);
        is_moving = true;
    }
    release_held(now);
    while (auto done = searches.poll_done()) {
        handle_search_done(now, std::move(*done));
        is_moving = true;
    }
    while (auto test = split_detection.poll_test(now)) {
        searches.start(now, test->goal, ForSplitTest{test->own_id});
        is_moving = true;
    }
    while (auto done = joiner.poll_done())
        events.emplace_back(*done);
    while (auto chore = maintenance.poll_chore()) {
        handle_chore(now, *chore);
        is_moving = true;
    }
    return is_moving;
}

void Cloud::Parts::handle_finding(Now now, const SearchFinding& finding) {
    switch (finding.kind) {
    case SearchFinding::Kind::confirmed:
        if (const CachedRoute* cached = cache.find(finding.entry.id); cached && cached->is_late)
            mark_late(finding.informant, false);
        admission.confirm(now, finding.entry, finding.informant, finding.round_trip);
        return;
    case SearchFinding::Kind::heard_of:
        admission.offer(now, {finding.entry, finding.informant, std::nullopt});
        return;
    case SearchFinding::Kind::gone:
        // Whoever says that a known id is elsewhere, where nobody has it, does not remove it.
        if (const CachedRoute* cached = cache.find(finding.entry.id);
            cached != nullptr && has_common_endpoint(cached->entry, finding.entry))
            drop_route(now, finding.entry.id);
        return;
    case SearchFinding::Kind::late:
        for (const Address& address : finding.entry.addresses)
            mark_late({address, finding.entry.port}, true);
        return;
    }
}

void Cloud::Parts::handle_chore(Now now, const Chore& chore) {
    std::visit(
        Overload{
            [&](const ProbeChore& task) { probe_or_certify(now, task.id); },
            [&](const CertifyChore& task) {
                if (const CachedRoute* cached = cache.find(task.id))
                    admission.certify(now, *cached);
            },
            [&](const FillChore& task) { begin_filling(now, task.gap); },
            [&](const AnnounceChore& task) { begin_announcement(now, task.own_id); },
            [&](const FindMembersChore&) { events.emplace_back(MembersNeeded{}); },
            [&](const ExpireChore&) {
                responder.expire(now);
                visits.expire(now);
            }},
        chore);
}

std::size_t Cloud::Parts::upkeep_room() const {
    if (!exchange.is_open()) return 0;
    return kSearchesUpkeepMax - std::min(kSearchesUpkeepMax, searches.upkeep_count());
}

// Members ------------------------------------------------------------------------

void Cloud::Parts::probe(Now now, const PnrpId& id) {
    const CachedRoute* cached = cache.find(id);
    // One question serves all who wait for the same answer.
    if (cached == nullptr || exchange.pending().contains(Errand::probe, id)) return;
    Inquire inquire;
    inquire.validate = id;
    const Purpose purpose{Errand::probe, 0, id};
    exchange.request(
        now,
        exchange.destinations(cached->entry),
        inquire,
        purpose,
        cached->round_trip.late_after());
}

void Cloud::Parts::drop_route(Now now, const PnrpId& id) {
    if (cache.find(id) == nullptr) return;
    const auto own_ids = cache.leaf_sets_of(id);
    cache.erase(id);
    maintenance.neighbour_gone(now, own_ids);
}

// Who was taken on his word shows now that the id is his: liars hold whatever they are asked for.
void Cloud::Parts::probe_or_certify(Now now, const PnrpId& id) {
    const CachedRoute* cached = cache.find(id);
    if (cached != nullptr && !cached->key && exchange.profile().inquires_match_at_once) {
        admission.certify(now, *cached);
    } else {
        probe(now, id);
    }
}

// A node has many ids in the cache, and one silence: what holds for one of them holds for all.
void Cloud::Parts::mark_late(const Endpoint& endpoint, bool is_late) {
    for (const CachedRoute& route : cache.entries()) {
        if (route.entry.has_endpoint(endpoint)) cache.find(route.entry.id)->is_late = is_late;
    }
}

void Cloud::Parts::begin_filling(Now now, const RouteCache::Gap& gap) {
    SearchGoal goal;
    goal.target = gap.target;
    goal.criteria = Criteria::upper_bits;
    goal.precision = gap.precision;
    goal.reason = Reason::cache_maintenance;
    goal.deadline = now.instant + kUpkeepSearchTimeout;
    searches.start(now, goal, ForLevel{gap});
}

// Names registered here ------------------------------------------------------------------------

void Cloud::Parts::begin_announcement(Now now, const PnrpId& own_id) {
    if (registry.find(own_id) == nullptr || cache.empty() || !exchange.is_offered()) return;
    SearchGoal goal; // MS-PNRP 3.2.4.1
    goal.target = successor(own_id);
    goal.criteria = Criteria::none;
    goal.reason = Reason::registration;
    goal.initial_best = registry.entry_of(own_id);
    goal.deadline = now.instant + kUpkeepSearchTimeout;
    searches.start(now, goal, ForAnnouncement{own_id});
}

std::expected<RegistrationId, RegisterErrc>
Cloud::register_name(Now now, Registration registration) {
    Parts& parts = *parts_;
    if (!parts.exchange.is_open()) return std::unexpected(RegisterErrc::no_addresses);
    if (!parts.exchange.is_offered()) return std::unexpected(RegisterErrc::resolve_only);
    if (const auto defect = defect_of(now, registration)) return std::unexpected(*defect);
    if (registration.key->public_key().algorithm() != parts.exchange.profile().key_algorithm) {
        return std::unexpected(RegisterErrc::wrong_key);
    }
    if (parts.registry.size() >= kRegistrationsMax) {
        return std::unexpected(RegisterErrc::too_many_names);
    }
    const LocalName& name = parts.registry.add(now, std::move(registration));
    const RegistrationId id = name.registration_id;
    parts.cache.set_own_ids(parts.registry.ids());
    parts.maintenance.announce(now.instant, name.id);
    parts.maintain(now);
    return id;
}

std::expected<void, RegisterErrc>
Cloud::update(Now now, RegistrationId id, Registration registration) {
    Parts& parts = *parts_;
    LocalName* name = parts.registry.find(id);
    if (name == nullptr) return std::unexpected(RegisterErrc::not_found);
    if (const auto defect = defect_of(now, registration)) return std::unexpected(*defect);
    const bool is_same = registration.name == name->registration.name &&
                         registration.key->public_key() == name->registration.key->public_key();
    if (!is_same) return std::unexpected(RegisterErrc::wrong_key);
    name->registration = std::move(registration);
    parts.responder.forget_answers_for(name->id);
    return {};
}

std::expected<void, RegisterErrc> Cloud::unregister(Now now, RegistrationId id) {
    Parts& parts = *parts_;
    const LocalName* name = parts.registry.find(id);
    if (name == nullptr) return std::unexpected(RegisterErrc::not_found);
    const PnrpId own_id = name->id;
    const Bytes revocation = parts.registry.revocation(now, *name);
    parts.registry.remove(id);
    parts.maintenance.forget(own_id);
    parts.responder.forget_answers_for(own_id);
    parts.searches.cancel_unless([&](const SearchClient& client) {
        const auto* announcement = std::get_if<ForAnnouncement>(&client);
        return announcement == nullptr || announcement->own_id != own_id;
    });
    parts.flooding.revoke(now, own_id, revocation);
    parts.cache.set_own_ids(parts.registry.ids());
    parts.settle(now);
    return {};
}

void Cloud::leave(Now now) {
    for (const RegisteredName& name : registrations())
        static_cast<void>(unregister(now, name.id));
}

void Cloud::set_endpoints(
    Now now, std::span<const Endpoint> endpoints, std::span<const Endpoint> ways_out) {
    Parts& parts = *parts_;
    const bool has_new_ways = parts.exchange.set_ways_out(ways_out);
    if (!parts.reach.set_place(now, endpoints) && !has_new_ways) return;
    parts.settle(now);
    parts.maintain(now);
}

void Cloud::set_forwarded(Now now, const std::optional<Endpoint>& outside) {
    Parts& parts = *parts_;
    if (!parts.reach.set_forwarded(now, outside)) return;
    parts.settle(now);
    parts.maintain(now);
}

// The node is somewhere else, or knows now where it is, or whether it is reached there.
void Cloud::Parts::move(Now now) {
    const bool was_offered = exchange.is_offered();
    const bool is_elsewhere = exchange.set_endpoints(reach.endpoints());
    exchange.set_withheld(reach.reach() == Reach::resolve_only);
    if (exchange.is_open()) {
        maintenance.start(now);
        maintenance.look_again(now); // in another place there may be others
    } else {
        searches.cancel_unless([](const SearchClient&) { return false; });
    }
    if (exchange.is_offered() && (is_elsewhere || !was_offered)) announce_all(now);
    if (!exchange.is_offered() && was_offered) withhold_all(now);
    events.emplace_back(ReachChanged{reach.reach(), reach.reason()});
}

void Cloud::Parts::announce_all(Now now) {
    for (auto& [own_id, name] : registry.names()) {
        name.is_announced = false;
        responder.forget_answers_for(own_id);
        maintenance.announce(now.instant, own_id);
    }
}

// Nobody is sent to where nobody gets through.
void Cloud::Parts::withhold_all(Now now) {
    searches.cancel_unless([](const SearchClient& client) {
        return !std::holds_alternative<ForAnnouncement>(client);
    });
    for (auto& [own_id, name] : registry.names()) {
        name.is_announced = false;
        responder.forget_answers_for(own_id);
        if (exchange.is_open()) flooding.revoke(now, own_id, registry.revocation(now, name));
    }
}

void Cloud::synchronize(Now now, const Endpoint& member) {
    parts_->joiner.start(now, member);
    parts_->settle(now);
}

void Cloud::look_for_members(Now now) {
    parts_->maintenance.heard(now);
}

void Cloud::test_for_split(Now now, const Endpoint& seed) {
    parts_->split_detection.start(seed);
    parts_->settle(now);
}

// Resolving ------------------------------------------------------------------------

std::expected<ResolveId, ResolveErrc> Cloud::start_resolve(Now now, const ResolveQuery& query) {
    Parts& parts = *parts_;
    if (!parts.exchange.is_open()) return std::unexpected(ResolveErrc::no_addresses);
    if (parts.searches.resolve_count() + parts.held.size() >= kResolvesMax) {
        return std::unexpected(ResolveErrc::too_many_resolves);
    }
    const ResolveId id{parts.next_resolve++};
    const LocalName* local = query.include_local ? parts.registry.find(query.name) : nullptr;
    // Nothing is nearer than what is here.
    if (local != nullptr && query.extent == Extent::one) {
        parts.events.emplace_back(ResolveDone{id, parts.local_resolution(now, *local)});
    } else if (parts.cache.empty()) {
        const Duration hold = std::min<Duration>(kResolveHoldMax, query.timeout);
        parts.held.push_back({id, query, now.instant, now.instant + hold});
    } else {
        parts.begin_resolve(now, id, query, now.instant);
    }
    parts.settle(now);
    return id;
}

void Cloud::Parts::begin_resolve(
    Now now, ResolveId id, const ResolveQuery& query, Instant started) {
    const bool is_near = query.criteria == Criteria::nearest_peer_name ||
                         query.criteria == Criteria::nearest64_peer_name;
    ByteArray<8> prefix = query.prefix.value_or(ByteArray<8>{});
    if (!query.prefix && is_near && !exchange.endpoints().empty())
        prefix = location_prefix(exchange.endpoints().front().address);
    // The middle of the range of locations with the wanted prefix (MS-PNRP 3.1.4.4).
    ServiceLocation location{};
    std::copy(prefix.begin(), prefix.end(), location.begin());
    location[8] = std::byte{0x80};
    SearchGoal goal;
    goal.target = make_id(p2p_id(exchange.profile(), query.name), location);
    goal.extent = query.extent;
    goal.criteria = query.extent == Extent::all ? Criteria::any_peer_name : query.criteria;
    goal.reason = Reason::application;
    goal.deadline = started + query.timeout;
    const bool includes_local = query.extent == Extent::all && query.include_local;
    searches.start(now, goal, ForResolve{id, query.name, started, includes_local});
}

void Cloud::Parts::release_held(Now now) {
    for (auto at = held.begin(); at != held.end();) {
        if (cache.empty() && at->released_at > now.instant) {
            ++at;
            continue;
        }
        const HeldResolve waiting = std::move(*at);
        at = held.erase(at);
        begin_resolve(now, waiting.id, waiting.query, waiting.started);
    }
}

void Cloud::cancel_resolve(Now now, ResolveId id) {
    Parts& parts = *parts_;
    const auto waiting = std::find_if(
        parts.held.begin(), parts.held.end(), [&](const auto& held) { return held.id == id; });
    if (waiting != parts.held.end()) {
        parts.held.erase(waiting);
        parts.events.emplace_back(ResolveDone{id, std::unexpected(ResolveErrc::cancelled)});
    }
    parts.searches.cancel_unless([&](const SearchClient& client) {
        const auto* resolve = std::get_if<ForResolve>(&client);
        return resolve == nullptr || resolve->id != id;
    });
    parts.settle(now);
}

void Cloud::Parts::handle_search_done(Now now, Searches::Done done) {
    const SearchResult& result = done.result;
    std::visit(
        Overload{
            [&](const ForResolve& client) {
                events.emplace_back(resolve_done(now, client, result));
            },
            [&](const ForAnnouncement& client) {
                LocalName* name = registry.find(client.own_id);
                if (name == nullptr || name->is_announced) return;
                if (result.kind == SearchResult::Kind::cancelled) return;
                name->is_announced = true;
                events.emplace_back(RegistrationAnnounced{name->registration_id});
            },
            [&](const ForLevel& client) {
                const bool is_news = result.entry && cache.find(result.entry->id) == nullptr;
                if (is_news) admission.offer(now, {*result.entry, {}, std::nullopt});
                maintenance.filled(now, client.gap, is_news);
            },
            [&](const ForSplitTest& client) {
                if (result.entry) admission.offer(now, {*result.entry, {}, std::nullopt});
                split_detection.handle_done(client.own_id, result);
            }},
        done.client);
}

ResolveDone
Cloud::Parts::resolve_done(Now now, const ForResolve& client, const SearchResult& result) const {
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
    const LocalName* local = client.includes_local ? registry.find(client.name) : nullptr;
    if (local == nullptr || result.kind == SearchResult::Kind::cancelled) return done;
    if (done.outcome) done.others.insert(done.others.begin(), std::move(*done.outcome));
    done.outcome = local_resolution(now, *local);
    done.outcome->took = now.instant - client.started;
    return done;
}

std::expected<Resolution, ResolveErrc>
Cloud::Parts::resolution_of(Now now, const ForResolve& client, const SearchMatch& match) const {
    if (!match.cpa) return std::unexpected(ResolveErrc::no_valid_answer);
    const Cpa& cpa = **match.cpa;
    // The id proves the name already; this says it without relying on 128 bits of a digest.
    const bool is_owner = client.name.is_secure() ? cpa.authority == client.name.authority().bytes
                                                  : !cpa.authority.has_value();
    const bool is_name = cpa.classifier_hash.value_or(classifier_hash(exchange.profile(), "")) ==
                         classifier_hash(exchange.profile(), client.name.classifier());
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

Resolution Cloud::Parts::local_resolution(Now now, const LocalName& name) const {
    const Registration& registration = name.registration;
    Resolution resolution{.name = registration.name};
    resolution.id = name.id;
    resolution.endpoints = registration.endpoints;
    resolution.comment = registration.comment;
    resolution.payload = registration.payload;
    resolution.service_addresses.assign(exchange.endpoints().begin(), exchange.endpoints().end());
    resolution.public_key = to_owned(registration.key->public_key().material());
    resolution.not_after = now.wall + kCpaLifetime;
    resolution.is_local = true;
    resolution.is_delegated = registration.chain.has_value();
    return resolution;
}

// The rest ------------------------------------------------------------------------

Cloud::Cloud(const CloudConfig& config, SecureRandom& secure, PlainRandom& plain)
    : parts_(std::make_unique<Parts>(config, secure, plain)) {}

Cloud::~Cloud() = default;

std::optional<Datagram> Cloud::poll_datagram() {
    return parts_->exchange.poll_datagram();
}

std::optional<Event> Cloud::poll_event() {
    if (parts_->events.empty()) return std::nullopt;
    Event next = std::move(parts_->events.front());
    parts_->events.pop_front();
    return next;
}

std::span<const Endpoint> Cloud::endpoints() const {
    return parts_->exchange.endpoints();
}

std::span<const Endpoint> Cloud::ways_out() const {
    return parts_->exchange.ways_out();
}

bool Cloud::is_open() const {
    return parts_->exchange.is_open();
}

Reach Cloud::reach() const {
    return parts_->reach.reach();
}

ReachReason Cloud::reach_reason() const {
    return parts_->reach.reason();
}

std::vector<RegisteredName> Cloud::registrations() const {
    std::vector<RegisteredName> names;
    for (const auto& [id, name] : parts_->registry.names()) {
        names.push_back({name.registration_id, name.registration.name, id, name.is_announced});
    }
    return names;
}

std::size_t Cloud::registration_count() const {
    return parts_->registry.size();
}

std::vector<PeerInfo> Cloud::peers(Now now) const {
    std::vector<PeerInfo> peers;
    for (const CachedRoute& route : parts_->cache.entries()) {
        PeerInfo peer;
        peer.entry = route.entry;
        peer.in_leaf_set = parts_->cache.is_in_leaf_set(route.entry.id);
        peer.heard_ago = now.instant - route.heard;
        peer.round_trip = route.round_trip.smoothed();
        peers.push_back(std::move(peer));
    }
    return peers;
}

std::size_t Cloud::cache_size() const {
    return parts_->cache.size();
}

bool Cloud::knows(const PnrpId& id) const {
    return std::as_const(parts_->cache).find(id) != nullptr;
}

bool Cloud::is_synchronizing() const {
    return !parts_->joiner.is_idle();
}

std::optional<double> Cloud::estimated_nodes() const {
    const auto ids = parts_->cache.estimated_ids();
    if (!ids) return std::nullopt;
    return *ids / static_cast<double>(parts_->cache.own_id_count());
}

std::optional<SplitVerdict> Cloud::split_verdict() const {
    return parts_->split_detection.verdict();
}

const Counters& Cloud::counters() const {
    return parts_->exchange.counters();
}

std::size_t Cloud::state_bytes() const {
    const Parts& parts = *parts_;
    std::size_t bytes = sizeof parts + parts.exchange.state_bytes() + parts.cache.state_bytes();
    bytes += parts.registry.state_bytes() + parts.admission.state_bytes();
    bytes += parts.joiner.state_bytes() + parts.member.state_bytes();
    bytes += parts.responder.state_bytes() + parts.maintenance.state_bytes();
    bytes += parts.split_detection.state_bytes();
    bytes += parts.reach.state_bytes() + parts.visits.state_bytes();
    bytes += parts.searches.state_bytes() + parts.held.capacity() * sizeof(Parts::HeldResolve);
    bytes += parts.events.state_bytes();
    return bytes;
}

} // namespace kith::pnrp
