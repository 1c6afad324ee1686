#include "pnrp/admission.hpp"

#include "pnrp/cpa.hpp"
#include "pnrp/drop_reason.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/network.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kith::pnrp {

namespace {

bool has_same_addresses(const RouteEntry& entry, const Cpa& cpa) {
    if (entry.addresses.size() != cpa.service_addresses.size()) return false;
    return std::all_of(
        cpa.service_addresses.begin(), cpa.service_addresses.end(), [&](const Endpoint& endpoint) {
            return entry.has_endpoint(endpoint);
        });
}

bool has_same_addresses(const RouteEntry& a, const RouteEntry& b) {
    return a.port == b.port &&
           std::is_permutation(
               a.addresses.begin(), a.addresses.end(), b.addresses.begin(), b.addresses.end());
}

} // namespace

// By its id as well: whoever says that our id is elsewhere would be sent the searches for it.
bool Admission::is_ours(const RouteEntry& entry) const {
    if (cache_.is_own_id(entry.id)) return true;
    return std::any_of(entry.addresses.begin(), entry.addresses.end(), [&](const Address& address) {
        return exchange_.is_own({address, entry.port});
    });
}

bool Admission::has_place_for(const RouteEntry& entry) {
    if (!cache_.has_room_for(entry.id)) return false;
    if (!exchange_.limits_network_of(entry) || !cache_.has_too_many_like(entry)) return true;
    exchange_.counters().drop(Drop::entry_diversity);
    return false;
}

void Admission::offer(Now now, Offer offer) {
    const RouteEntry& entry = offer.entry;
    if (!exchange_.is_admissible(entry)) {
        exchange_.counters().drop(Drop::bad_entry);
        return;
    }
    if (is_ours(entry)) return;
    const CachedRoute* cached = cache_.find(entry.id);
    if (cached != nullptr && has_same_addresses(cached->entry, entry)) return;
    if (cached == nullptr && !has_place_for(entry)) return;
    start(now, std::move(offer));
}

// A leaf set is what names depend on; and another address for a known id is an announcement that
// only its owner may make.
bool Admission::needs_cpa(const PnrpId& id) const {
    return cache_.is_in_leaf_set(id) || cache_.find(id) != nullptr;
}

void Admission::certify(Now now, const CachedRoute& route) {
    start(now, Offer{route.entry, {}, std::nullopt});
}

// Whoever has answered before may be asked for more than a yes.
std::vector<Endpoint> Admission::whom_to_ask(Now now, const RouteEntry& entry) const {
    auto all = exchange_.destinations(entry);
    std::vector<Endpoint> proven;
    std::copy_if(all.begin(), all.end(), std::back_inserter(proven), [&](const Endpoint& endpoint) {
        return exchange_.proven().is_proven(now, endpoint);
    });
    return proven.empty() ? all : proven;
}

// One address is asked about one id at a time, whoever says that it holds how many.
bool Admission::is_under_way(const PnrpId& id, const Endpoint& asked) const {
    return std::any_of(checks_.begin(), checks_.end(), [&](const auto& item) {
        return item.second.offer.entry.id == id && item.second.asked == asked;
    });
}

Admission::Standing Admission::standing_of(Now now, const Endpoint& informant) const {
    if (informant == Endpoint{}) return Standing::own;
    return exchange_.proven().is_proven(now, informant) ? Standing::proven : Standing::unproven;
}

// A network has as many addresses to forge as it likes.
std::size_t Admission::checks_for(const Endpoint& informant, Standing standing) const {
    const bool counts_network =
        standing == Standing::unproven && has_telling_network(informant.address);
    const Address network = narrow_network_of(informant.address);
    const auto count = std::count_if(checks_.begin(), checks_.end(), [&](const auto& item) {
        const Check& check = item.second;
        if (check.offer.informant == informant) return true;
        return counts_network && check.standing == standing &&
               narrow_network_of(check.offer.informant.address) == network;
    });
    return static_cast<std::size_t>(count);
}

// False if so many checks are under way that there is none for the word of `informant`.
bool Admission::make_room(const Endpoint& informant, Standing standing) {
    if (standing != Standing::own && checks_for(informant, standing) >= kEntryChecksPerSource)
        return false;
    const auto is_unproven = [](const auto& item) {
        return item.second.standing == Standing::unproven;
    };
    const bool is_own = standing == Standing::own;
    const std::size_t count_max = is_own ? kEntryChecksMax : kEntryChecksMax - kEntryChecksOwn;
    const bool has_room = checks_.size() < count_max;
    if (standing == Standing::unproven) {
        const auto unproven = std::count_if(checks_.begin(), checks_.end(), is_unproven);
        return has_room && static_cast<std::size_t>(unproven) < kEntryChecksUnproven;
    }
    if (has_room) return true;
    const auto oldest = std::find_if(checks_.begin(), checks_.end(), is_unproven);
    if (oldest == checks_.end()) return false;
    exchange_.pending().cancel(oldest->second.question);
    checks_.erase(oldest);
    return true;
}

void Admission::start(Now now, Offer offer) {
    const auto destinations = whom_to_ask(now, offer.entry);
    if (destinations.empty() || is_under_way(offer.entry.id, destinations.front())) return;
    Check check;
    check.standing = standing_of(now, offer.informant);
    if (!make_room(offer.informant, check.standing)) {
        exchange_.counters().drop(Drop::entry_table_full);
        return;
    }
    check.asked = destinations.front();
    // A large question, sent three times, is not for somebody who may be a victim: first comes the
    // small one, and its answer leads here again (docs/protocol/pnrp.md, Limits against abuse).
    const bool is_reachable = exchange_.proven().is_proven(now, check.asked);
    const bool is_small = exchange_.profile().inquire_size == 0;
    check.needs_cpa = needs_cpa(offer.entry.id) && (is_reachable || is_small);
    Inquire message;
    message.validate = offer.entry.id;
    if (check.needs_cpa) {
        check.nonce = exchange_.secure().bytes<16>();
        message.flags = {.cpa = true, .extended_payload = false, .chain = true};
        message.nonce = check.nonce;
        message.padded = exchange_.profile().inquire_size > 0;
    }
    const std::uint32_t key = next_key_++;
    const Purpose purpose{Errand::entry_check, key, offer.entry.id};
    const CachedRoute* cached = cache_.find(offer.entry.id);
    const auto late_after = cached != nullptr ? cached->round_trip.late_after() : std::nullopt;
    const auto question = exchange_.request(now, destinations, message, purpose, late_after);
    if (!question) return;
    check.question = *question;
    check.offer = std::move(offer);
    checks_.emplace(key, std::move(check));
}

void Admission::confirm(
    Now now, const RouteEntry& entry, const Endpoint& from, std::optional<Duration> round_trip) {
    CachedRoute* cached = cache_.find(entry.id);
    if (cached != nullptr && cached->entry.has_endpoint(from)) {
        cached->heard = now.instant;
        cached->is_late = false;
        if (round_trip) cached->round_trip.sample(*round_trip);
        return;
    }
    if (!exchange_.is_admissible(entry) || is_ours(entry)) return;
    if (cached != nullptr || cache_.is_in_leaf_set(entry.id) ||
        !exchange_.profile().inquires_match_at_once) {
        offer(now, Offer{entry, {}, std::nullopt});
        return;
    }
    if (has_place_for(entry))
        admit(now, Offer{entry, from, std::nullopt}, std::nullopt, round_trip);
}

void Admission::handle_answer(
    Now now,
    std::uint32_t key,
    const PendingList::Answered& answered,
    const AuthorityBuffer& buffer) {
    const auto at = checks_.find(key);
    if (at == checks_.end()) return;
    Check check = std::move(at->second);
    checks_.erase(at);
    if (buffer.not_found) {
        exchange_.counters().drop(Drop::entry_unconfirmed);
        refute(check);
        return;
    }
    std::optional<KeyFingerprint> fingerprint;
    if (check.needs_cpa) {
        fingerprint = verified_key(now, check, buffer);
        if (!fingerprint) return refute(check);
    } else if (needs_cpa(check.offer.entry.id)) {
        start(now, std::move(check.offer)); // it is there: now it has to show its CPA
        return;
    }
    admit(now, std::move(check.offer), fingerprint, answered.round_trip);
}

std::optional<KeyFingerprint>
Admission::verified_key(Now now, const Check& check, const AuthorityBuffer& buffer) {
    Counters& counters = exchange_.counters();
    if (!buffer.cpa) {
        counters.drop(Drop::cpa_missing);
        return std::nullopt;
    }
    if (buffer.entry && buffer.entry->id != check.offer.entry.id) { // MS-PNRP 3.1.5.7
        counters.drop(Drop::cpa_id);
        return std::nullopt;
    }
    ++counters.signatures_checked;
    CpaExpectation expected{
        .now = now.wall,
        .id = check.offer.entry.id,
        .nonce = check.nonce,
        .clock_skew = kClockSkewMax};
    if (buffer.chain) expected.chain = *buffer.chain;
    if (buffer.classifier) expected.classifier = *buffer.classifier;
    const auto cpa = verify_cpa(exchange_.profile(), *buffer.cpa, expected);
    if (!cpa) {
        counters.drop(drop_reason(cpa.error()));
        return std::nullopt;
    }
    if (!has_same_addresses(check.offer.entry, **cpa)) {
        counters.drop(Drop::cpa_addresses);
        return std::nullopt;
    }
    const KeyFingerprint fingerprint = key_fingerprint((*cpa)->public_key);
    const CachedRoute* cached = cache_.find(check.offer.entry.id);
    if (cached != nullptr && cached->key && *cached->key != fingerprint) {
        counters.drop(Drop::cpa_signature);
        return std::nullopt;
    }
    return fingerprint;
}

void Admission::admit(
    Now now, Offer offer, std::optional<KeyFingerprint> key, std::optional<Duration> round_trip) {
    const CachedRoute* before = cache_.find(offer.entry.id);
    const bool is_new = before == nullptr;
    const bool is_news = is_new || !has_same_addresses(before->entry, offer.entry);
    CachedRoute route;
    if (before != nullptr) route = *before;
    route.entry = offer.entry;
    route.heard = now.instant;
    route.is_late = false;
    if (key) route.key = key;
    if (round_trip) route.round_trip.sample(*round_trip);
    cache_.insert(std::move(route));
    if (is_new) refute_predecessors(offer.entry);
    // An entry that is already in the leaf set is not flooded again: that ends the wave.
    if (!is_news) return;
    auto own_ids = cache_.leaf_sets_of(offer.entry.id);
    if (!own_ids.empty()) admitted_.push_back({std::move(offer), std::move(own_ids)});
}

/// A node that comes back after a restart publishes its names under new ids: what was known of the
/// same name at the same endpoint is gone, and would stand before it in every answer.
void Admission::refute_predecessors(const RouteEntry& entry) {
    for (const CachedRoute& other : cache_.entries()) {
        const bool is_same_name = p2p_id_of(other.entry.id) == p2p_id_of(entry.id);
        if (!is_same_name || other.entry.id == entry.id) continue;
        if (has_same_addresses(other.entry, entry)) refuted_.push_back(other.entry.id);
    }
}

void Admission::handle_failure(std::uint32_t key) {
    const auto at = checks_.find(key);
    if (at == checks_.end()) return;
    exchange_.counters().drop(Drop::entry_unconfirmed);
    const Check check = std::move(at->second);
    checks_.erase(at);
    if (check.offer.informant == Endpoint{}) refute(check);
}

// What somebody else said of a cached id refutes nothing but himself.
void Admission::refute(const Check& check) {
    const RouteEntry& entry = check.offer.entry;
    const CachedRoute* cached = cache_.find(entry.id);
    if (cached != nullptr && has_same_addresses(cached->entry, entry)) refuted_.push_back(entry.id);
}

std::optional<PnrpId> Admission::poll_refuted() {
    if (refuted_.empty()) return std::nullopt;
    const PnrpId next = refuted_.front();
    refuted_.pop_front();
    return next;
}

std::optional<Admitted> Admission::poll_admitted() {
    if (admitted_.empty()) return std::nullopt;
    Admitted next = std::move(admitted_.front());
    admitted_.pop_front();
    return next;
}

std::size_t Admission::state_bytes() const {
    std::size_t bytes = 0;
    for (const auto& [key, check] : checks_) {
        bytes += sizeof check + 5 * sizeof(void*) +
                 check.offer.entry.addresses.capacity() * sizeof(Address);
        if (check.offer.already_flooded) {
            bytes += check.offer.already_flooded->capacity() * sizeof(Endpoint);
        }
    }
    return bytes;
}

} // namespace kith::pnrp
