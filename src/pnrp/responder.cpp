#include "pnrp/responder.hpp"

#include "pnrp/limits.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace kith::pnrp {

namespace {

constexpr std::size_t kAuthorityOverhead = 28;  // header, acked header and split controls, 2.2.2.6
constexpr std::size_t kRemoteCandidatesMax = 3; // the nearest that qualify; one is drawn
constexpr double kLateWeight = 1.0 / 64;        // of one that owes us an answer

std::size_t size_on_wire(std::size_t buffer_size) {
    const std::size_t fragments = (buffer_size + kFragmentSize - 1) / kFragmentSize;
    return buffer_size + std::max<std::size_t>(fragments, 1) * kAuthorityOverhead;
}

bool is_in(const RouteEntry& entry, const std::vector<Endpoint>& path) {
    return std::any_of(path.begin(), path.end(), [&](const Endpoint& endpoint) {
        return entry.has_endpoint(endpoint);
    });
}

} // namespace

// One of the nearest candidates, at random, the nearer the likelier by the cube of the distance: a
// searcher that comes again meets others, and nobody can foresee the path.
const RouteEntry* Responder::choose_remote(const Lookup& lookup) {
    std::array<const RouteEntry*, kRemoteCandidatesMax> candidates{};
    std::array<double, kRemoteCandidatesMax> weights{};
    std::size_t found = 0;
    double nearest = 0;
    double total = 0;
    cache_.visit_outward(lookup.target, [&](const CachedRoute& route) {
        const PnrpId& id = route.entry.id;
        const bool is_progress = lookup.accept_any || is_closer(id, lookup.validate, lookup.target);
        if (!is_progress) return false; // the others are farther still
        if (is_in(route.entry, lookup.path)) return true;
        const double apart = circle_fraction(distance(id, lookup.target));
        if (found == 0) nearest = apart;
        const double ratio = apart > 0 ? nearest / apart : 1;
        candidates[found] = &route.entry;
        weights[found] = std::pow(ratio, 3) * (route.is_late ? kLateWeight : 1);
        total += weights[found];
        return ++found < kRemoteCandidatesMax;
    });
    if (found == 0) return nullptr;
    double draw = exchange_.plain().unit() * total;
    for (std::size_t i = 0; i + 1 < found; ++i) {
        draw -= weights[i];
        if (draw < 0) return candidates[i];
    }
    return candidates[found - 1];
}

std::optional<RouteEntry>
Responder::choose_local(const Lookup& lookup, const std::optional<PnrpId>& closer_than) const {
    const bool was_here =
        std::any_of(lookup.path.begin(), lookup.path.end(), [&](const Endpoint& endpoint) {
            return exchange_.is_own(endpoint);
        });
    const LocalName* local = registry_.nearest(lookup.target);
    if (was_here || local == nullptr || !exchange_.is_offered()) return std::nullopt;
    if (closer_than && !is_closer(local->id, *closer_than, lookup.target)) return std::nullopt;
    return registry_.entry_of(local->id);
}

void Responder::handle_lookup(Now now, const Arrival& arrival, const Lookup& lookup) {
    AuthorityBuffer buffer;
    const bool is_addressed = !lookup.validate.is_zero();
    buffer.not_found = is_addressed && registry_.find(lookup.validate) == nullptr;
    const bool must_be_closer = is_addressed && !buffer.not_found;
    const auto local =
        choose_local(lookup, must_be_closer ? std::optional(lookup.validate) : std::nullopt);
    const RouteEntry* remote = choose_remote(lookup);
    // We should know whoever is that near to one of our ids (MS-PNRP 3.2.5.2).
    buffer.suspicious = remote == nullptr && cache_.is_in_leaf_set(lookup.target);
    if (remote != nullptr) buffer.entry = *remote;
    if (local && (remote == nullptr || is_closer(local->id, remote->id, lookup.target))) {
        buffer.entry = local;
    }
    answer_unsigned(now, arrival, buffer);
}

void Responder::handle_inquire(Now now, const Arrival& arrival, const Inquire& inquire) {
    const LocalName* name = registry_.find(inquire.validate);
    if (name == nullptr || !exchange_.is_offered()) {
        AuthorityBuffer buffer;
        buffer.not_found = true;
        answer_unsigned(now, arrival, buffer);
        return;
    }
    const bool is_signed = inquire.flags.cpa || inquire.flags.extended_payload;
    if (!is_signed) {
        answer_unsigned(now, arrival, registry_.answer(now, *name, inquire));
        return;
    }
    const AnswerCache::Key key{
        arrival.from, inquire.validate, inquire.nonce.value_or(Nonce{}), inquire.flags};
    if (const SignedAnswer* known = answers_.find(now, key)) {
        answer(now, arrival, *known);
        return;
    }
    if (!signatures_.take(now, arrival.from.address)) {
        exchange_.counters().drop(Drop::rate_limited);
        return;
    }
    SignedAnswer fresh{
        exchange_.fresh_id(),
        encode_authority_buffer(exchange_.profile(), registry_.answer(now, *name, inquire))};
    answers_.add(now, key, fresh);
    answer(now, arrival, std::move(fresh));
}

std::size_t Responder::answer_size_max(Now now, const Arrival& arrival) const {
    const unsigned factor = exchange_.profile().amplification_max;
    if (exchange_.proven().is_proven(now, arrival.from)) {
        return std::numeric_limits<std::size_t>::max();
    }
    return factor * arrival.size;
}

bool Responder::takes_large_answer(Now now, const Arrival& arrival) {
    const double per_second = exchange_.profile().large_answers_per_second;
    return per_second > 0 && large_answers_.take(now, arrival.from.address, per_second);
}

std::size_t Responder::take_answer_size(Now now, const Arrival& arrival) {
    const std::size_t size_max = answer_size_max(now, arrival);
    if (size_max == std::numeric_limits<std::size_t>::max()) return size_max;
    if (takes_large_answer(now, arrival)) return std::numeric_limits<std::size_t>::max();
    return size_max;
}

void Responder::answer_unsigned(Now now, const Arrival& arrival, const AuthorityBuffer& buffer) {
    answer(
        now, arrival, {exchange_.fresh_id(), encode_authority_buffer(exchange_.profile(), buffer)});
}

void Responder::answer(Now now, const Arrival& arrival, SignedAnswer answer) {
    const std::size_t size_max = answer_size_max(now, arrival);
    if (size_on_wire(answer.buffer.size()) <= size_max || takes_large_answer(now, arrival)) {
        send_fragments({exchange_.reached_at(), arrival.from, arrival.id, std::move(answer), {}});
        return;
    }
    exchange_.counters().drop(Drop::amplification);
    if (size_max < kProofFloodSize) return;
    forget_held(now);
    const bool is_held = std::any_of(held_.begin(), held_.end(), [&](const HeldAnswer& held) {
        return held.to == arrival.from && held.acked == arrival.id;
    });
    if (!is_held && held_.size() < kAnswersHeldMax) {
        held_.push_back(
            {exchange_.reached_at(), arrival.from, arrival.id, std::move(answer), now.instant});
    }
    // Even where nothing is held: then the next copy of the question is answered.
    ask_for_proof(now, arrival.from);
}

void Responder::ask_for_proof(Now now, const Endpoint& source) {
    // Sent once: whoever wants the answer asks again.
    exchange_.request_once(now, source, Flood{}, {Errand::proof, 0, {}});
}

void Responder::prove(Now now, const Endpoint& source) {
    exchange_.proven().prove(now, source);
    for (const HeldAnswer& held : held_) {
        if (held.to == source) send_fragments(held);
    }
    std::erase_if(held_, [&](const HeldAnswer& held) { return held.to == source; });
}

// One Message ID for all fragments of an answer (MS-PNRP 3.2.5.10).
void Responder::send_fragments(const HeldAnswer& held) {
    for (Authority& fragment : split_authority(held.acked, held.answer.buffer)) {
        exchange_.send_encoded(
            held.local,
            held.to,
            encode_message(exchange_.profile(), Message{held.answer.id, std::move(fragment)}));
    }
}

void Responder::expire(Now now) {
    answers_.expire(now);
    signatures_.expire(now);
    large_answers_.expire(now);
    forget_held(now);
}

void Responder::forget_held(Now now) {
    std::erase_if(
        held_, [&](const HeldAnswer& held) { return now.instant - held.at > kAnswerCacheTime; });
}

std::size_t Responder::state_bytes() const {
    std::size_t bytes =
        signatures_.state_bytes() + large_answers_.state_bytes() + answers_.state_bytes();
    for (const HeldAnswer& held : held_)
        bytes += sizeof held + held.answer.buffer.capacity();
    return bytes;
}

} // namespace kith::pnrp
