#include "pnrp/cloud_state.hpp"

#include "base/overload.hpp"
#include "pnrp/drop_reason.hpp"

#include <algorithm>
#include <utility>

namespace kith::pnrp {

namespace {

constexpr std::size_t kAdvertiseOverhead = 56; // an ADVERTISE without ids, 2.2.2.2
constexpr std::size_t kPlainInquireSize = 56;  // without A, 2.2.2.5

PnrpId random_id(SecureRandom& random) {
    return PnrpId{random.bytes<32>()};
}

} // namespace

Cloud::State::State(const CloudConfig& config, SecureRandom& secure, PlainRandom& plain)
    : exchange(config, secure, plain),
      cache(random_id(secure)),
      registry(exchange),
      admission(exchange, cache),
      flooding(exchange, cache, registry),
      joiner(exchange, registry),
      member(exchange, cache, registry),
      responder(exchange, cache, registry),
      maintenance(cache, plain, exchange.profile()),
      liveness(exchange, cache, admission, maintenance),
      searches(exchange, cache),
      resolver(exchange, cache, registry, searches),
      split_detection(exchange, cache, registry),
      reach(exchange),
      visits(exchange, cache) {
    if (exchange.limits_networks()) cache.limit_networks();
}

// What arrives ------------------------------------------------------------------------

void Cloud::State::handle_datagram(
    Now now, const Endpoint& local, const Endpoint& from, ByteView payload) {
    Counters& counters = exchange.counters();
    ++counters.datagrams_in;
    counters.bytes_in += payload.size();
    if (!exchange.is_open() || !exchange.is_admissible(from)) {
        counters.drop(Drop::bad_source);
        return;
    }
    if (exchange.is_own(from)) {
        counters.drop(Drop::from_self);
        return;
    }
    const auto message = decode_message(exchange.profile(), payload);
    if (!message) {
        counters.drop(drop_reason(message.error()));
        return;
    }
    exchange.set_reached_at(local);
    const Responder::Arrival arrival{from, message->id, payload.size()};
    std::visit([&](const auto& body) { handle(now, arrival, body); }, message->body);
    exchange.set_reached_at({});
    settle(now);
}

void Cloud::State::handle(Now now, const Responder::Arrival& arrival, const Solicit& message) {
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

void Cloud::State::handle(Now now, const Responder::Arrival& arrival, const Advertise& message) {
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

void Cloud::State::handle(Now now, const Responder::Arrival& arrival, const Request& message) {
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

void Cloud::State::handle(Now now, const Responder::Arrival& arrival, const Flood& message) {
    if (message.visit && message.no_ack) {
        visits.make(now, arrival.from, message);
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
    if (message.revoke_cpa) handle_revocation(now, arrival.from, message);
    if (!message.entry) return;
    Offer offer{*message.entry, arrival.from, message.already_flooded};
    if (reach.is_holding(now)) {
        reach.hold(std::move(offer));
    } else {
        admission.offer(now, std::move(offer));
    }
}

// Whoever wants a visit proves first that he is where it would go.
bool Cloud::State::pass_visit_on(Now now, const Endpoint& from, const Flood& ask) {
    if (exchange.proven().is_proven(now, from)) return visits.pass_on(now, from, ask);
    responder.ask_for_proof(now, from);
    return false;
}

void Cloud::State::handle_revocation(Now now, const Endpoint& from, const Flood& flood) {
    const auto revoked =
        judge_revocation(now, exchange, cache, revoke_budget_, {from, *flood.revoke_cpa});
    if (!revoked) return;
    if (!revoked->is_proved) {
        liveness.probe(now, revoked->id);
        return;
    }
    flooding.pass_on(now, revoked->id, *flood.revoke_cpa, flood);
    liveness.drop(now, revoked->id);
}

void Cloud::State::handle(Now now, const Responder::Arrival& arrival, const Inquire& message) {
    reach.handle_question(now, arrival.from, message.validate);
    responder.handle_inquire(now, arrival, message);
}

void Cloud::State::handle(Now now, const Responder::Arrival& arrival, const Lookup& message) {
    reach.handle_question(now, arrival.from, message.validate);
    responder.handle_lookup(now, arrival, message);
    if (message.best_match) admission.offer(now, {*message.best_match, arrival.from, std::nullopt});
}

void Cloud::State::handle(Now now, const Responder::Arrival& arrival, const Ack& message) {
    const bool is_expected = exchange.pending().expects(message.acked, arrival.from);
    const Errand errand = is_expected ? exchange.pending().purpose(message.acked).errand : Errand{};
    if (!is_expected || (errand != Errand::flood && errand != Errand::request &&
                         errand != Errand::proof && errand != Errand::reach)) {
        exchange.counters().drop(Drop::unexpected_answer);
        return;
    }
    const auto answered = take_answered(now, message.acked, arrival.from);
    if (errand == Errand::request) joiner.handle_acknowledged(answered.purpose.key);
    if (errand == Errand::flood && message.not_found)
        liveness.drop_at(now, answered.purpose.subject, answered.from);
    if (errand == Errand::reach) {
        reach.handle_ack(now, answered.purpose.key, answered.from, message);
    }
}

void Cloud::State::handle(Now now, const Responder::Arrival& arrival, const Authority& message) {
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

PendingList::Answered Cloud::State::take_answered(Now now, MessageId id, const Endpoint& from) {
    auto answered = exchange.pending().take(now, id, from);
    exchange.silent().clear(from);
    if (answered.round_trip) exchange.cloud_round_trip().sample(*answered.round_trip);
    responder.prove(now, from);
    reach.note_member(now, from);
    return answered;
}

// False if the question is still open.
bool Cloud::State::handle_answer(
    Now now, MessageId id, const PendingList::Answered& answered, const AuthorityBuffer& buffer) {
    switch (answered.purpose.errand) {
    case Errand::search_lookup:
    case Errand::search_inquire:
        return searches.handle_answer(now, answered.purpose.key, id, answered, buffer);
    case Errand::entry_check:
        admission.handle_answer(now, answered.purpose.key, answered, buffer);
        break;
    case Errand::probe:
        liveness.handle_answer(now, answered, buffer);
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

void Cloud::State::handle_failure(Now now, const PendingList::Failed& failed) {
    const Purpose& purpose = failed.purpose;
    // Without an address of our own, silence says nothing about others.
    const bool is_meant = exchange.is_open();
    switch (purpose.errand) {
    case Errand::search_lookup:
    case Errand::search_inquire:
        searches.handle_failure(now, failed);
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
        break;
    case Errand::proof:
    case Errand::reach:
    case Errand::visit:
        return;
    }
    if (!is_meant) return;
    // What a search was told of is the search's to judge.
    const bool is_cached_id = purpose.errand == Errand::flood || purpose.errand == Errand::probe;
    for (const Endpoint& endpoint : failed.asked) {
        if (is_cached_id) liveness.drop_at(now, purpose.subject, endpoint);
        liveness.note_late(endpoint);
    }
}

// The time ------------------------------------------------------------------------

void Cloud::State::handle_timeout(Now now) {
    exchange.handle_timeout(now);
    searches.handle_timeout(now);
    member.handle_timeout(now);
    reach.handle_timeout(now);
    settle(now);
    maintain(now);
}

// What was begun may have ended at once, and made room for more of what is due.
void Cloud::State::maintain(Now now) {
    for (bool is_due = true; is_due;) {
        maintenance.handle_timeout(now, upkeep_room());
        settle(now);
        const auto next = maintenance.next_timeout(upkeep_room());
        is_due = next && *next <= now.instant;
    }
}

std::optional<Instant> Cloud::State::next_timeout() const {
    std::optional<Instant> next = exchange.pending().next_timeout();
    keep_earlier(next, searches.next_timeout());
    keep_earlier(next, member.next_timeout());
    keep_earlier(next, reach.next_timeout());
    keep_earlier(next, maintenance.next_timeout(upkeep_room()));
    keep_earlier(next, resolver.next_timeout());
    return next;
}

// Carries what one part has to say to the others until nobody has anything to say.
void Cloud::State::settle(Now now) {
    for (bool is_moving = true; is_moving;) {
        const bool is_news = settle_others(now);
        is_moving = settle_own(now) || is_news;
    }
}

// What was learned of others. True if anything moved.
bool Cloud::State::settle_others(Now now) {
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
        if (exchange.is_open()) liveness.drop(now, *refuted);
        is_moving = true;
    }
    while (auto offer = reach.poll_offer(now)) {
        admission.offer(now, std::move(*offer));
        is_moving = true;
    }
    return is_moving;
}

// What follows for ourselves. True if anything moved.
bool Cloud::State::settle_own(Now now) {
    bool is_moving = false;
    while (auto done = resolver.poll_done())
        events.emplace_back(std::move(*done));
    if (reach.poll_changed()) {
        move(now);
        is_moving = true;
    }
    if (cache.empty() == had_members_) {
        had_members_ = !cache.empty();
        if (had_members_) maintenance.joined(now);
        is_moving = true;
    }
    resolver.release_held(now);
    while (auto done = searches.poll_done()) {
        handle_search_done(now, *done);
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

void Cloud::State::handle_finding(Now now, const SearchFinding& finding) {
    switch (finding.kind) {
    case SearchFinding::Kind::confirmed:
        if (const CachedRoute* cached = cache.find(finding.entry.id); cached && cached->is_late)
            liveness.note_heard(finding.informant);
        admission.confirm(now, finding.entry, finding.informant, finding.round_trip);
        return;
    case SearchFinding::Kind::heard_of:
        admission.offer(now, {finding.entry, finding.informant, std::nullopt});
        return;
    case SearchFinding::Kind::gone:
        liveness.drop_at(now, finding.entry.id, finding.informant);
        return;
    case SearchFinding::Kind::late:
        liveness.note_late(finding.informant);
        return;
    }
}

void Cloud::State::handle_search_done(Now now, const Searches::Done& done) {
    const SearchResult& result = done.result;
    std::visit(
        Overload{
            [&](const ForResolve& client) {
                events.emplace_back(resolver.outcome_of(now, client, result));
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

void Cloud::State::handle_chore(Now now, const Chore& chore) {
    std::visit(
        Overload{
            [&](const ProbeChore& task) { liveness.probe_or_certify(now, task.id); },
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
                revoke_budget_.expire(now);
            }},
        chore);
}

std::size_t Cloud::State::upkeep_room() const {
    if (!exchange.is_open()) return 0;
    return kSearchesUpkeepMax - std::min(kSearchesUpkeepMax, searches.upkeep_count());
}

void Cloud::State::begin_filling(Now now, const RouteCache::Gap& gap) {
    SearchGoal goal;
    goal.target = gap.target;
    goal.criteria = Criteria::upper_bits;
    goal.precision = gap.precision;
    goal.reason = Reason::cache_maintenance;
    goal.deadline = now.instant + kUpkeepSearchTimeout;
    searches.start(now, goal, ForLevel{gap});
}

void Cloud::State::begin_announcement(Now now, const PnrpId& own_id) {
    if (registry.find(own_id) == nullptr || cache.empty() || !exchange.is_offered()) return;
    SearchGoal goal; // MS-PNRP 3.2.4.1
    goal.target = successor(own_id);
    goal.criteria = Criteria::none;
    goal.reason = Reason::registration;
    goal.initial_best = registry.entry_of(own_id);
    goal.deadline = now.instant + kUpkeepSearchTimeout;
    searches.start(now, goal, ForAnnouncement{own_id});
}

// Where this node is, and whether its names are told ------------------------------------------

// The node is somewhere else, or knows now where it is, or whether it is reached there.
void Cloud::State::move(Now now) {
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

void Cloud::State::announce_all(Now now) {
    if (has_revoked_) renew_ids();
    for (auto& [own_id, name] : registry.names()) {
        name.is_announced = false;
        responder.forget_answers_for(own_id);
        maintenance.announce(now.instant, own_id);
    }
}

// Whoever recorded a revoke can repeat it for as long as it is valid: it is to end nothing new.
void Cloud::State::renew_ids() {
    for (const PnrpId& own_id : registry.ids())
        maintenance.forget(own_id);
    registry.renew_ids();
    cache.set_own_ids(registry.ids());
    has_revoked_ = false;
}

// Nobody is sent to where nobody gets through.
void Cloud::State::withhold_all(Now now) {
    searches.cancel_unless([](const SearchClient& client) {
        return !std::holds_alternative<ForAnnouncement>(client);
    });
    for (auto& [own_id, name] : registry.names()) {
        name.is_announced = false;
        responder.forget_answers_for(own_id);
        if (!exchange.is_open()) continue;
        flooding.revoke(now, own_id, registry.revocation(now, name));
        has_revoked_ = true;
    }
}

std::size_t Cloud::State::state_bytes() const {
    std::size_t bytes = sizeof *this + exchange.state_bytes() + cache.state_bytes();
    bytes += registry.state_bytes() + admission.state_bytes();
    bytes += joiner.state_bytes() + member.state_bytes();
    bytes += responder.state_bytes() + maintenance.state_bytes();
    bytes += split_detection.state_bytes();
    bytes += reach.state_bytes() + visits.state_bytes() + revoke_budget_.state_bytes();
    bytes += searches.state_bytes() + resolver.state_bytes();
    bytes += events.state_bytes();
    return bytes;
}

} // namespace kith::pnrp
