#include "pnrp/search.hpp"

#include "base/check.hpp"
#include "pnrp/drop_reason.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/network.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

namespace kith::pnrp {

namespace {

// The first hop of a split test has no id that we know: it stands for an address (MS-PNRP
// 3.2.6.2.1), is never best and never cached (decision A43).
bool is_made_up(const RouteEntry& entry) {
    return entry.id.is_zero();
}

// A LOOKUP that is late by this many times its patience no longer keeps others from being asked.
constexpr int kPatienceUntilWrittenOff = 2;

unsigned bits_wanted(const SearchGoal& goal) {
    switch (goal.criteria) {
    case Criteria::none:
    case Criteria::nearest_peer_name:
        return 256;
    case Criteria::any_peer_name:
        return 128;
    case Criteria::nearest64_peer_name:
        return 192;
    case Criteria::upper_bits:
        return goal.precision;
    }
    return 256;
}

} // namespace

bool satisfies(const SearchGoal& goal, const PnrpId& id) {
    return common_prefix_bits(id, goal.target) >= bits_wanted(goal);
}

bool is_acceptable(const SearchGoal& goal, const PnrpId& id) {
    if (goal.reason == Reason::split_detection) return true;
    const bool is_nearest = goal.criteria == Criteria::nearest_peer_name ||
                            goal.criteria == Criteria::nearest64_peer_name;
    if (is_nearest) return common_prefix_bits(id, goal.target) >= 128;
    return satisfies(goal, id);
}

Search::Search(
    std::uint32_t key, const SearchGoal& goal, Exchange& exchange, const RouteCache& cache)
    : key_(key),
      goal_(goal),
      exchange_(exchange),
      cache_(cache) {}

void Search::start(Now now) {
    if (goal_.initial_best) best_ = Hop{*goal_.initial_best};
    if (goal_.initial_hop) {
        next_hops_.push_back(Hop{{{}, goal_.initial_hop->port, {goal_.initial_hop->address}}});
        step(now);
        return;
    }
    // The nearest cached entry is the first hop; the published profile knows no other. Upkeep may
    // name its first hops, which is as good as a search from each of them: who announces itself to
    // the nearest only is not known to all whose leaf sets it belongs to.
    const bool is_hedged = exchange_.profile().hedge.in_flight_max > 1;
    const bool is_upkeep = goal_.reason != Reason::application;
    const std::size_t wanted = is_hedged || is_upkeep ? kFirstHopsMax : 1;
    std::vector<Hop> late;
    NetworksMet taken;
    cache_.visit_outward(goal_.target, [&](const CachedRoute& route) {
        const auto network = limited_network_of(route.entry);
        const bool is_last = route.is_late || is_distrusted_or_silent(now, route.entry) ||
                             (network && taken.is_spent(*network));
        if (network && !is_last) taken.note_asked(*network);
        (is_last ? late : next_hops_).push_back(Hop{route.entry});
        return next_hops_.size() < wanted;
    });
    std::reverse(next_hops_.begin(), next_hops_.end());
    // Whoever let others wait is asked when there is nobody else.
    std::reverse(late.begin(), late.end());
    if (late.size() > wanted)
        late.erase(late.begin(), late.end() - static_cast<std::ptrdiff_t>(wanted));
    next_hops_.insert(next_hops_.begin(), late.begin(), late.end());
    if (exchange_.profile().inquires_match_at_once && !next_hops_.empty()) {
        // A cached entry that already is what we look for needs no LOOKUP.
        const auto is_match = [&](const Hop& hop) {
            return satisfies(goal_, hop.entry.id) && !is_at_any(exchange_.liars(), now, hop.entry);
        };
        auto match = std::find_if(next_hops_.rbegin(), next_hops_.rend(), is_match);
        while (match != next_hops_.rend()) {
            offer_best(*match);
            next_hops_.erase(std::next(match).base());
            if (goal_.extent == Extent::one) break;
            match = std::find_if(next_hops_.rbegin(), next_hops_.rend(), is_match);
        }
    }
    step(now);
}

// Steps 7 to 9 of MS-PNRP 3.1.4.4.2: inquire a match, else ask the next hop, else end.
void Search::step(Now now) {
    while (!result_) {
        if (has_timely_inquiry()) return;
        if (best_ && satisfies(goal_, best_->entry.id) && !is_being_inquired(best_->entry)) {
            if (inquire_best(now) && has_timely_inquiry()) return;
            continue;
        }
        if (!is_exhausted()) {
            if (lookups_in_flight() == 0) ask_next_hop(now, Whom::anybody);
            while (lookups_in_flight() > 0 && lookups_in_flight() < lookups_wanted() &&
                   ask_next_hop(now, Whom::first_choice)) {
            }
            if (lookups_in_flight() > 0) return;
            if (!lookups_.empty()) return; // only written-off ones: their failure comes
            if (widen(now)) continue;
        }
        if (awaits_inquiry()) return; // late ones: their answer or their failure comes
        if (best_ && is_acceptable(goal_, best_->entry.id)) {
            if (inquire_best(now)) return;
            continue;
        }
        if (inquire_silent_match(now)) return;
        if (begin_again(now)) continue;
        if (!inquiries_.empty()) return; // a valid answer may still come
        finish(
            {had_invalid_answer_ ? SearchResult::Kind::no_valid_answer
                                 : SearchResult::Kind::not_found});
    }
}

// Whoever claims the target and stays silent holds nobody up: the search goes on beside him.
bool Search::has_timely_inquiry() const {
    return std::any_of(inquiries_.begin(), inquiries_.end(), [](const Inquiry& inquiry) {
        return inquiry.is_awaited() && !inquiry.is_late;
    });
}

bool Search::is_being_inquired(const RouteEntry& entry) const {
    return std::any_of(inquiries_.begin(), inquiries_.end(), [&](const Inquiry& inquiry) {
        return inquiry.hop.entry == entry;
    });
}

bool Search::has_used_up_its_way() const {
    // Who lies shall not use up the way of those who do not.
    const unsigned useful_max = kUsefulHopsMax + kHopsPerLie * std::min(lies_, kLiesMax) +
                                std::min(passed_over_, kPassedOverMax);
    return suspicious_ > kSuspiciousMax || useful_ > useful_max || dead_ >= kDeadHopsMax;
}

// True while somebody who publishes the name may know others; liars do not keep it so for ever.
bool Search::asks_publishers() const {
    if (dead_ >= kDeadHopsMax || lies_ > kLiesMax) return false;
    return !publishers_.empty() ||
           std::any_of(lookups_.begin(), lookups_.end(), [](const Lookup& asked) {
               return asked.hop.is_publisher;
           });
}

bool Search::is_exhausted() const {
    return has_used_up_its_way() && !asks_publishers();
}

std::size_t Search::lookups_in_flight() const {
    return static_cast<std::size_t>(
        std::count_if(lookups_.begin(), lookups_.end(), [](const Lookup& lookup) {
            return !lookup.is_written_off;
        }));
}

// True once somebody lied, or is likely to lead this search astray.
bool Search::met_falsehood() const {
    return lies_ > 0 || passed_over_ >= kPassedOverSuspicious;
}

// Among liars one answer at a time takes too long.
std::size_t Search::lookups_wanted() const {
    const std::size_t in_flight_max = exchange_.profile().hedge.in_flight_max;
    return met_falsehood() ? std::min(kLookupsAmongLies, in_flight_max) : 1;
}

bool Search::ask_next_hop(Now now, Whom whom) {
    while (!publishers_.empty() && asks_publishers()) {
        Hop publisher = std::move(publishers_.back());
        publishers_.pop_back();
        if (send_lookup(now, std::move(publisher))) return true;
    }
    if (has_used_up_its_way()) return false;
    while (!next_hops_.empty()) {
        auto next = std::find_if(next_hops_.rbegin(), next_hops_.rend(), [&](const Hop& hop) {
            return !is_asked_last(now, hop);
        });
        if (next == next_hops_.rend()) {
            // Others farther out come before those that liars told of.
            if (met_falsehood() && widen(now)) continue;
            if (whom == Whom::first_choice) return false;
            next = next_hops_.rbegin();
        }
        Hop hop = std::move(*next);
        next_hops_.erase(std::next(next).base());
        if (send_lookup(now, std::move(hop))) return true;
    }
    return false;
}

// When silent nodes or liars stood in the way, the cached entries beyond the first hops have their
// turn: the way round a hole in the cloud may begin farther out. Those of a network that has had
// its turn come if there is nobody else at all.
bool Search::widen(Now now) {
    const bool is_hedged = exchange_.profile().hedge.in_flight_max > 1;
    // A split test asks what others know: from our own cache it would learn nothing.
    if (goal_.initial_hop || has_used_up_its_way()) return false;
    if (!is_hedged || (!met_silence_ && !met_falsehood()) || widenings_ == kWideningsMax)
        return false;
    ++widenings_;
    std::vector<Hop> found;
    std::vector<Hop> spent;
    cache_.visit_outward(goal_.target, [&](const CachedRoute& route) {
        const bool was_asked =
            std::any_of(path_.begin(), path_.end(), [&](const Endpoint& endpoint) {
                return route.entry.has_endpoint(endpoint);
            });
        if (!was_asked && !is_known(route.entry) && !is_distrusted_or_silent(now, route.entry))
            (is_spent(route.entry) ? spent : found).push_back(Hop{route.entry});
        return found.size() < kFirstHopsMax;
    });
    if (found.empty() && next_hops_.empty()) {
        spent.resize(std::min(spent.size(), kFirstHopsMax));
        found = std::move(spent);
    }
    next_hops_.insert(next_hops_.end(), found.rbegin(), found.rend());
    return !found.empty();
}

// Where lies or silence were met, nobody's ignorance of the target is final: who answered is asked
// once more, and is told whom to pass over.
bool Search::begin_again(Now now) {
    const bool is_hedged = exchange_.profile().hedge.in_flight_max > 1;
    const unsigned restarts_max = met_falsehood() ? kRestartsMax : met_silence_ ? 1 : 0;
    if (goal_.reason != Reason::application || !is_hedged || restarts_ >= restarts_max)
        return false;
    if (!met_falsehood() && dead_ >= kDeadHopsMax) return false;
    ++restarts_;
    suspicious_ = useful_ = widenings_ = 0;
    if (met_falsehood()) dead_ = 0;
    std::erase_if(path_, [&](const Endpoint& endpoint) {
        return !exchange_.liars().contains(now, endpoint) &&
               !networks_.has_lied(network_of(endpoint.address));
    });
    return widen(now) || !next_hops_.empty();
}

bool Search::send_lookup(Now now, Hop hop) {
    pnrp::Lookup message;
    // Nothing is nearer to a publisher than itself.
    const PnrpId& target = hop.is_publisher ? hop.entry.id : goal_.target;
    message.accept_any =
        cache_.size() < kAcceptAnyBelow || is_made_up(hop.entry) || hop.is_publisher;
    message.precision = goal_.precision;
    message.criteria = goal_.criteria;
    message.reason = static_cast<std::uint8_t>(goal_.reason);
    message.target = target;
    message.validate = hop.entry.id;
    if (best_) message.best_match = best_->entry;
    message.path = flagged_path(now, target);
    const CachedRoute* cached = cache_.find(hop.entry.id);
    const RoundTrip* peer = cached != nullptr ? &cached->round_trip : nullptr;
    const Purpose purpose{Errand::search_lookup, key_, hop.entry.id};
    const auto id = exchange_.request(
        now,
        exchange_.destinations(hop.entry),
        message,
        purpose,
        peer != nullptr ? peer->late_after() : std::nullopt);
    if (!id) return false;
    const auto network = limited_network_of(hop.entry);
    if (network && hop.uses == 0) networks_.note_asked(*network);
    ++hop.uses;
    lookups_.push_back({*id, std::move(hop), now.instant, exchange_.hedge_delay(peer)});
    return true;
}

bool Search::inquire_best(Now now) {
    const bool needs_cpa =
        goal_.reason == Reason::application || goal_.reason == Reason::split_detection;
    if (!needs_cpa) {
        SearchResult result{SearchResult::Kind::found};
        result.entry = best_->entry;
        result.lookups = best_->lookups;
        finish(std::move(result));
        return true;
    }
    const Hop hop = *best_;
    if (send_inquire(now, hop)) return true;
    rejected_.push_back(hop.entry);
    discard_best();
    return false;
}

// Before a name is said to be nowhere, a match that was silent is asked once more: on a bad line
// all three datagrams of a request can be lost.
bool Search::inquire_silent_match(Now now) {
    while (!silent_matches_.empty()) {
        const Hop hop = std::move(silent_matches_.back());
        silent_matches_.pop_back();
        if (send_inquire(now, hop)) return true;
    }
    return false;
}

bool Search::send_inquire(Now now, const Hop& hop) {
    Inquire message;
    message.flags = {.cpa = true, .extended_payload = true, .chain = true};
    message.validate = hop.entry.id;
    message.nonce = exchange_.secure().bytes<16>();
    message.padded = exchange_.profile().inquire_size > 0;
    const CachedRoute* cached = cache_.find(hop.entry.id);
    const RoundTrip* peer = cached != nullptr ? &cached->round_trip : nullptr;
    const Purpose purpose{Errand::search_inquire, key_, hop.entry.id};
    const auto id = exchange_.request(
        now,
        exchange_.destinations(hop.entry),
        message,
        purpose,
        peer != nullptr ? peer->late_after() : std::nullopt);
    if (!id) return false;
    // Where lies were told nobody waits for what may be one more.
    inquiries_.push_back(
        {.id = *id,
         .hop = hop,
         .nonce = *message.nonce,
         .late_at = now.instant + exchange_.hedge_delay(peer),
         .is_late = met_falsehood() && exchange_.profile().hedge.in_flight_max > 1});
    return true;
}

bool Search::handle_answer(
    Now now, MessageId id, const PendingList::Answered& answered, const AuthorityBuffer& buffer) {
    const auto lookup = std::find_if(
        lookups_.begin(), lookups_.end(), [&](const Lookup& asked) { return asked.id == id; });
    bool is_answered = true;
    if (lookup != lookups_.end()) {
        Lookup asked = std::move(*lookup);
        lookups_.erase(lookup);
        handle_lookup_answer(now, std::move(asked), answered, buffer);
    } else {
        is_answered = handle_inquire_answer(now, id, answered, buffer);
    }
    step(now);
    return is_answered;
}

void Search::handle_lookup_answer(
    Now now, Lookup asked, const PendingList::Answered& answered, const AuthorityBuffer& buffer) {
    remember_endpoint(answered.from);
    // Busy (A35): a live node without an answer; the hop is spent and counts for nothing.
    if (buffer.busy) return;
    if (asked.hop.is_publisher) {
        return handle_neighbour_answer(now, std::move(asked.hop), answered, buffer);
    }
    ++useful_;
    const auto network = limited_network_of(asked.hop.entry);
    if (buffer.suspicious && (!network || networks_.note_suspicion(*network))) ++suspicious_;
    bool is_alive = true;
    if (buffer.not_found) {
        is_alive = false;
        rejected_.push_back(asked.hop.entry);
        findings_.push_back({SearchFinding::Kind::gone, asked.hop.entry, answered.from, {}});
    } else if (!is_made_up(asked.hop.entry)) {
        findings_.push_back(
            {SearchFinding::Kind::confirmed, asked.hop.entry, answered.from, answered.round_trip});
        const bool is_better =
            !best_ || is_closer(asked.hop.entry.id, best_->entry.id, goal_.target);
        if (is_better || is_wanted(asked.hop.entry.id)) {
            offer_best(asked.hop);
        }
    }
    if (!buffer.entry) return; // asked again it would know no more
    const Hop hop = asked.hop;
    // Once a publisher is known, it knows its neighbours best.
    const bool is_reusable = is_alive && hop.uses < kNextHopUsesMax && !has_met_publisher();
    if (is_reusable && next_hops_.size() < kNextHopsMax) next_hops_.push_back(std::move(asked.hop));
    if (!exchange_.is_admissible(*buffer.entry)) {
        exchange_.counters().drop(Drop::bad_entry);
        return;
    }
    const unsigned passed_over_before = passed_over_;
    consider(now, Hop{*buffer.entry, 0, hop.lookups + 1, answered.from}, hop, answered.from);
    // It may well know others, and its next answer passes over that one.
    if (passed_over_ == passed_over_before || passed_over_ > kPassedOverMax) return;
    const auto at = std::ranges::find(next_hops_, hop.entry, &Hop::entry);
    if (at != next_hops_.end() && at->uses > 0) --at->uses;
}

// The route entry that a hop returned: the last part of MS-PNRP 3.1.5.6.1.
void Search::consider(Now now, Hop returned, const Hop& asked, const Endpoint& from) {
    const PnrpId& id = returned.entry.id;
    // A node that was asked as another id may publish the name as well.
    if (!is_wanted(id) && is_in_path(returned.entry)) return;
    if (is_known(returned.entry)) return;
    const bool is_own = std::any_of(
        returned.entry.addresses.begin(),
        returned.entry.addresses.end(),
        [&](const Address& address) { return exchange_.is_own({address, returned.entry.port}); });
    if (is_own) return;
    if (is_at_any(exchange_.liars(), now, returned.entry)) return;
    const bool is_match =
        (exchange_.profile().inquires_match_at_once || goal_.extent == Extent::all) &&
        satisfies(goal_, id);
    // Whom this search inquires itself need not be inquired for the cache as well.
    const bool is_asked = is_match && goal_.reason == Reason::application;
    if (!is_asked) findings_.push_back({SearchFinding::Kind::heard_of, returned.entry, from, {}});
    if (is_match) {
        offer_best(returned);
        return;
    }
    const bool is_progress = is_made_up(asked.entry) || is_closer(id, asked.entry.id, goal_.target);
    if (is_progress || cache_.size() < kAcceptAnyBelow) {
        const bool is_last = is_spent(returned.entry) || is_hearsay_of_liars(returned);
        if (is_last) pass_over(returned.entry);
        if (next_hops_.size() >= kNextHopsMax) {
            if (is_last) return;
            next_hops_.erase(next_hops_.begin());
        }
        next_hops_.push_back(std::move(returned));
    } else if (cache_.size() > kAcceptAnyBelow && !next_hops_.empty()) {
        // A hop that leads away is not asked again; with exactly eight entries it is (A16).
        if (next_hops_.back().entry.id == asked.entry.id) next_hops_.pop_back();
    }
}

bool Search::handle_inquire_answer(
    Now now, MessageId id, const PendingList::Answered& answered, const AuthorityBuffer& buffer) {
    const auto inquiry = std::find_if(
        inquiries_.begin(), inquiries_.end(), [&](const Inquiry& asked) { return asked.id == id; });
    if (inquiry == inquiries_.end()) return true;
    const Hop hop = inquiry->hop;
    const auto reject = [&] {
        if (!is_rejected(hop.entry)) rejected_.push_back(hop.entry);
        if (best_ && best_->entry.id == hop.entry.id) discard_best();
    };
    if (buffer.not_found || buffer.busy) {
        inquiries_.erase(inquiry);
        if (buffer.not_found) findings_.push_back({SearchFinding::Kind::gone, hop.entry, {}, {}});
        reject();
        return true;
    }
    auto result = certified(now, *inquiry, buffer);
    if (!result) {
        // Whoever sees the question can answer it before the node that holds the id: the others
        // are asked meanwhile, and a valid answer to this question still wins.
        exchange_.counters().drop(result.error());
        had_invalid_answer_ = true;
        const bool is_first = inquiry->refused == 0;
        const bool is_hopeless = ++inquiry->refused >= kInvalidAnswersMax;
        if (is_hopeless) {
            findings_.push_back({SearchFinding::Kind::gone, hop.entry, {}, {}});
            inquiries_.erase(inquiry);
        }
        reject();
        if (is_first) ++lies_;
        // A wrong clock is no lie.
        if (is_first && result.error() != Drop::cpa_expired) distrust(now, hop);
        return is_hopeless;
    }
    findings_.push_back(
        {SearchFinding::Kind::confirmed, hop.entry, answered.from, answered.round_trip});
    // If it was accused before, somebody else had answered in its name.
    for (const Endpoint& endpoint : exchange_.destinations(hop.entry))
        exchange_.liars().clear(endpoint);
    inquiries_.erase(inquiry);
    accept(hop, std::move(*result));
    return true;
}

// A registration that is proved. One that is wanted ends the search; where all are, it is asked for
// those beside it.
void Search::accept(const Hop& hop, SearchResult result) {
    if (goal_.extent == Extent::one) return finish(std::move(result));
    if (!is_rejected(hop.entry)) rejected_.push_back(hop.entry); // nobody inquires it again
    if (best_ && best_->entry.id == hop.entry.id) discard_best();
    if (is_gathered(hop.entry.id)) return;
    gathered_.push_back(std::move(static_cast<SearchMatch&>(result)));
    if (gathered_.size() >= kGatheredMax) return finish({SearchResult::Kind::not_found});
    Hop publisher = hop;
    publisher.is_publisher = true;
    publisher.uses = 0;
    publishers_.push_back(std::move(publisher));
}

bool Search::is_gathered(const PnrpId& id) const {
    return std::any_of(gathered_.begin(), gathered_.end(), [&](const SearchMatch& found) {
        return found.entry->id == id;
    });
}

// True for another registration of a name of which all are looked for.
bool Search::is_wanted(const PnrpId& id) const {
    return goal_.extent == Extent::all && satisfies(goal_, id) && !is_gathered(id);
}

// Whom a publisher names beside itself. One that names nobody new has no more to say.
void Search::handle_neighbour_answer(
    Now now, Hop publisher, const PendingList::Answered& answered, const AuthorityBuffer& buffer) {
    if (buffer.not_found || !buffer.entry) return;
    if (!exchange_.is_admissible(*buffer.entry)) {
        exchange_.counters().drop(Drop::bad_entry);
        return;
    }
    if (!is_wanted(buffer.entry->id) || is_known(*buffer.entry)) return;
    Hop returned{*buffer.entry, 0, publisher.lookups + 1, answered.from};
    const Hop asked = publisher;
    if (publisher.uses < kNeighbourAsksMax) publishers_.push_back(std::move(publisher));
    consider(now, std::move(returned), asked, answered.from);
}

// The checks of MS-PNRP 3.1.5.7 and 3.1.5.8; the error is what the answer is counted under.
std::expected<SearchResult, Drop>
Search::certified(Now now, const Inquiry& asked, const AuthorityBuffer& buffer) {
    const PnrpId& id = asked.hop.entry.id;
    if (!buffer.cpa) return std::unexpected(Drop::cpa_missing);
    if (buffer.entry && buffer.entry->id != id) return std::unexpected(Drop::cpa_id);
    CpaExpectation expected{
        .now = now.wall, .id = id, .nonce = asked.nonce, .clock_skew = kClockSkewMax};
    if (buffer.chain) expected.chain = *buffer.chain;
    if (buffer.classifier) expected.classifier = *buffer.classifier;
    ++exchange_.counters().signatures_checked;
    auto cpa = verify_cpa(exchange_.profile(), *buffer.cpa, expected);
    if (!cpa) return std::unexpected(drop_reason(cpa.error()));
    SearchResult result{SearchResult::Kind::found};
    if ((*cpa)->has_extended_payload) {
        if (!buffer.extended_payload) return std::unexpected(Drop::payload_invalid);
        if (!vouches_for_payload(**cpa)) ++exchange_.counters().signatures_checked;
        auto payload =
            verify_extended_payload(exchange_.profile(), *buffer.extended_payload, expected, *cpa);
        if (!payload) return std::unexpected(Drop::payload_invalid);
        result.payload = std::move(*payload);
    }
    result.entry = asked.hop.entry;
    result.is_delegated = (*cpa)->authority && !is_owners(exchange_.profile(), **cpa);
    result.cpa = std::move(*cpa);
    result.lookups = asked.hop.lookups;
    return result;
}

// True while an INQUIRE is under way whose answer may be what is looked for. Of one that had an
// invalid answer the others do not wait.
bool Search::awaits_inquiry() const {
    return std::any_of(inquiries_.begin(), inquiries_.end(), [](const Inquiry& inquiry) {
        return inquiry.is_awaited();
    });
}

void Search::handle_failure(Now now, MessageId id) {
    std::optional<Hop> hop;
    const std::size_t had_refused = std::erase_if(inquiries_, [&](const Inquiry& asked) {
        const bool is_it = asked.id == id && asked.refused > 0; // not silent, passed over already
        if (is_it) findings_.push_back({SearchFinding::Kind::gone, asked.hop.entry, {}, {}});
        return is_it;
    });
    if (had_refused > 0) return step(now);
    std::erase_if(lookups_, [&](const Lookup& asked) {
        if (asked.id == id) hop = asked.hop;
        return asked.id == id;
    });
    std::erase_if(inquiries_, [&](const Inquiry& asked) {
        if (asked.id != id) return false;
        hop = asked.hop;
        if (!is_rejected(hop->entry)) silent_matches_.push_back(asked.hop);
        return true;
    });
    if (hop) {
        ++dead_;
        met_silence_ = true;
        rejected_.push_back(hop->entry);
        for (const Endpoint& endpoint : exchange_.destinations(hop->entry)) {
            remember_endpoint(endpoint);
            exchange_.silent().note(now, endpoint);
        }
        findings_.push_back({SearchFinding::Kind::gone, hop->entry, {}, {}});
        if (best_ && best_->entry.id == hop->entry.id) discard_best();
    }
    step(now);
}

void Search::handle_timeout(Now now) {
    if (result_) return;
    if (now.instant >= goal_.deadline) {
        finish({SearchResult::Kind::timed_out});
        return;
    }
    const HedgePolicy& hedge = exchange_.profile().hedge;
    if (hedge.in_flight_max <= 1) return;
    unsigned newly_late = 0;
    for (Lookup& lookup : lookups_) {
        if (!lookup.is_late && now.instant >= lookup.sent + lookup.patience) {
            lookup.is_late = true;
            met_silence_ = true;
            ++newly_late;
            // Others should not refer us to it while we wait.
            const auto endpoints = exchange_.destinations(lookup.hop.entry);
            if (!endpoints.empty()) {
                remember_endpoint(endpoints.front());
                exchange_.silent().note(now, endpoints.front());
            }
            findings_.push_back({SearchFinding::Kind::late, lookup.hop.entry, {}, {}});
        }
        const auto given_up = lookup.sent + kPatienceUntilWrittenOff * lookup.patience;
        if (!lookup.is_written_off && now.instant >= given_up) {
            lookup.is_written_off = true;
            ++newly_late;
        }
    }
    for (Inquiry& inquiry : inquiries_) {
        if (!inquiry.is_awaited() || inquiry.is_late || now.instant < inquiry.late_at) continue;
        inquiry.is_late = true;
        const auto endpoints = exchange_.destinations(inquiry.hop.entry);
        if (!endpoints.empty()) exchange_.silent().note(now, endpoints.front());
        findings_.push_back({SearchFinding::Kind::late, inquiry.hop.entry, {}, {}});
        if (inquiries_.size() >= hedge.in_flight_max) continue;
        const auto other = take_other_match();
        if (other && send_inquire(now, *other)) break; // `inquiries_` has moved
    }
    for (; newly_late > 0 && !awaits_inquiry() && !is_exhausted(); --newly_late) {
        if (lookups_in_flight() >= hedge.in_flight_max || !ask_next_hop(now, Whom::anybody)) break;
    }
    step(now);
}

std::optional<Instant> Search::next_timeout() const {
    if (result_) return std::nullopt;
    Instant next = goal_.deadline;
    if (exchange_.profile().hedge.in_flight_max > 1) {
        for (const Lookup& lookup : lookups_) {
            if (lookup.is_written_off) continue;
            next = std::min(
                next,
                lookup.sent + (lookup.is_late ? kPatienceUntilWrittenOff * lookup.patience
                                              : lookup.patience));
        }
        for (const Inquiry& inquiry : inquiries_) {
            if (inquiry.is_awaited() && !inquiry.is_late) next = std::min(next, inquiry.late_at);
        }
    }
    return next;
}

void Search::cancel() {
    if (!result_) finish({SearchResult::Kind::cancelled});
}

std::optional<SearchFinding> Search::poll_finding() {
    if (findings_.empty()) return std::nullopt;
    SearchFinding next = std::move(findings_.front());
    findings_.pop_front();
    return next;
}

// Another registration of the same name, if one was met: inquired beside one that is late.
std::optional<Search::Hop> Search::take_other_match() {
    const auto is_other = [&](const Hop& hop) {
        return satisfies(goal_, hop.entry.id) && !is_rejected(hop.entry) &&
               std::none_of(inquiries_.begin(), inquiries_.end(), [&](const Inquiry& inquiry) {
                   return inquiry.hop.entry == hop.entry;
               });
    };
    if (best_ && is_other(*best_)) return best_;
    for (std::vector<Hop>* stack : {&best_stack_, &next_hops_}) {
        const auto other = std::find_if(stack->rbegin(), stack->rend(), is_other);
        if (other == stack->rend()) continue;
        Hop hop = std::move(*other);
        stack->erase(std::next(other).base());
        return hop;
    }
    return std::nullopt;
}

void Search::offer_best(const Hop& hop) {
    if (best_) best_stack_.push_back(std::move(*best_));
    best_ = hop;
}

void Search::discard_best() {
    best_.reset();
    while (!best_stack_.empty() && !best_) {
        Hop hop = std::move(best_stack_.back());
        best_stack_.pop_back();
        if (!is_rejected(hop.entry)) best_ = std::move(hop);
    }
}

void Search::remember_endpoint(const Endpoint& endpoint) {
    if (std::find(path_.begin(), path_.end(), endpoint) == path_.end()) path_.push_back(endpoint);
}

bool Search::is_at_any(const SilentNodes& nodes, Now now, const RouteEntry& entry) const {
    return !nodes.empty() &&
           std::any_of(entry.addresses.begin(), entry.addresses.end(), [&](const Address& address) {
               return nodes.contains(now, {address, entry.port});
           });
}

bool Search::is_distrusted_or_silent(Now now, const RouteEntry& entry) const {
    return is_at_any(exchange_.silent(), now, entry) || is_at_any(exchange_.liars(), now, entry);
}

bool Search::is_asked_last(Now now, const Hop& hop) const {
    return is_distrusted_or_silent(now, hop.entry) || is_spent(hop.entry) ||
           is_hearsay_of_liars(hop) || is_answerable(hop);
}

// What it told of is being inquired: only then is it known what its word is worth.
bool Search::is_answerable(const Hop& hop) const {
    return std::any_of(inquiries_.begin(), inquiries_.end(), [&](const Inquiry& inquiry) {
        const auto& informant = inquiry.hop.informant;
        return inquiry.is_awaited() && informant && hop.entry.has_endpoint(*informant);
    });
}

// The network of a node, where its nodes count as one.
std::optional<Address> Search::limited_network_of(const RouteEntry& entry) const {
    if (!exchange_.limits_network_of(entry)) return std::nullopt;
    return network_of(entry.addresses.front());
}

bool Search::is_spent(const RouteEntry& entry) const {
    const auto network = limited_network_of(entry);
    return network && networks_.is_spent(*network);
}

bool Search::is_hearsay_of_liars(const Hop& hop) const {
    return hop.informant && networks_.has_lied(network_of(hop.informant->address));
}

// It is asked last; named in the path, it is not told of again.
void Search::pass_over(const RouteEntry& entry) {
    ++passed_over_;
    for (const Endpoint& endpoint : exchange_.destinations(entry))
        remember_endpoint(endpoint);
}

// Whoever gives a false answer from where it was asked is believed nothing else for a while; and
// whoever referred to it is not followed any further here.
void Search::distrust(Now now, const Hop& liar) {
    for (const Endpoint& endpoint : exchange_.destinations(liar.entry))
        exchange_.liars().note(now, endpoint);
    const auto network = limited_network_of(liar.entry);
    if (network) networks_.note_lie(*network);
    const auto is_doubtful = [&](const Hop& hop) {
        const bool is_informant = liar.informant && hop.entry.has_endpoint(*liar.informant);
        const bool is_hearsay = hop.informant && (hop.informant == liar.informant ||
                                                  liar.entry.has_endpoint(*hop.informant));
        return is_informant || is_hearsay || is_at_any(exchange_.liars(), now, hop.entry);
    };
    for (const Endpoint& endpoint : exchange_.destinations(liar.entry))
        remember_endpoint(endpoint);
    std::erase_if(next_hops_, is_doubtful);
    // Of his network nobody else is asked first any more.
    for (const Hop& hop : next_hops_) {
        if (is_spent(hop.entry) || is_hearsay_of_liars(hop)) pass_over(hop.entry);
    }
    std::erase_if(best_stack_, is_doubtful);
    if (best_ && is_doubtful(*best_)) discard_best();
}

bool Search::is_in_path(const RouteEntry& entry) const {
    // The last one may come back: it is the node that was just asked (MS-PNRP 3.1.5.6.1).
    if (path_.empty()) return false;
    return std::any_of(path_.begin(), std::prev(path_.end()), [&](const Endpoint& endpoint) {
        return entry.has_endpoint(endpoint);
    });
}

bool Search::is_rejected(const RouteEntry& entry) const {
    return std::find(rejected_.begin(), rejected_.end(), entry) != rejected_.end();
}

bool Search::is_known(const RouteEntry& entry) const {
    const auto is_it = [&](const Hop& hop) { return hop.entry == entry; };
    return is_rejected(entry) || std::any_of(next_hops_.begin(), next_hops_.end(), is_it) ||
           std::any_of(
               lookups_.begin(), lookups_.end(), [&](const Lookup& l) { return is_it(l.hop); }) ||
           std::any_of(inquiries_.begin(), inquiries_.end(), [&](const Inquiry& i) {
               return is_it(i.hop);
           });
}

// Own endpoint first, then the last 21 of the nodes asked (decision A15). Who begins again says as
// well who was silent, or the others would refer to them again. Whoever looks for further
// registrations names those that it has instead: others than these are to be told of, also by a
// node that was asked before.
std::vector<Endpoint> Search::flagged_path(Now now, const PnrpId& target) const {
    std::vector<Endpoint> flagged;
    flagged.push_back(exchange_.path_endpoint());
    const bool names_publishers = has_met_publisher();
    const std::vector<Endpoint> known = names_publishers ? publishers_near(target) : path_;
    const std::size_t kept = std::min(known.size(), kPathEndpointsMax - 1);
    const auto asked = std::span(known).last(kept);
    if (restarts_ > 0 && !names_publishers) {
        for (const Endpoint& silent :
             exchange_.silent().latest(now, kPathEndpointsMax - 1 - kept)) {
            if (std::ranges::find(asked, silent) == asked.end()) flagged.push_back(silent);
        }
    }
    flagged.insert(flagged.end(), asked.begin(), asked.end());
    return flagged;
}

// An endpoint of each registration met, whether it is proved or of no use, the nearest to `target`
// last.
std::vector<Endpoint> Search::publishers_near(const PnrpId& target) const {
    std::vector<const RouteEntry*> entries;
    for (const RouteEntry& entry : rejected_) { // those found are among them
        if (satisfies(goal_, entry.id)) entries.push_back(&entry);
    }
    std::sort(entries.begin(), entries.end(), [&](const RouteEntry* a, const RouteEntry* b) {
        return is_closer(b->id, a->id, target);
    });
    std::vector<Endpoint> endpoints;
    for (const RouteEntry* entry : entries) {
        const auto reached = exchange_.destinations(*entry);
        if (!reached.empty()) endpoints.push_back(reached.front());
    }
    return endpoints;
}

void Search::finish(SearchResult result) {
    KITH_ASSUME(!result_);
    // Whoever still owes an answer shows by it, or by its absence, whether it is alive.
    for (const Lookup& lookup : lookups_)
        exchange_.pending().reassign(lookup.id, Errand::probe);
    for (const Inquiry& inquiry : inquiries_)
        exchange_.pending().reassign(inquiry.id, Errand::probe);
    lookups_.clear();
    inquiries_.clear();
    if (!gathered_.empty() && result.kind != SearchResult::Kind::cancelled) {
        const bool is_complete = result.kind != SearchResult::Kind::timed_out &&
                                 gathered_.size() < kGatheredMax && dead_ < kDeadHopsMax;
        result.kind = SearchResult::Kind::found;
        static_cast<SearchMatch&>(result) = std::move(gathered_.front());
        result.others.assign(
            std::make_move_iterator(std::next(gathered_.begin())),
            std::make_move_iterator(gathered_.end()));
        result.is_complete = is_complete;
        gathered_.clear();
    } else {
        const bool has_ended = result.kind == SearchResult::Kind::not_found ||
                               result.kind == SearchResult::Kind::no_valid_answer;
        result.is_complete = has_ended && dead_ < kDeadHopsMax;
    }
    result_ = std::move(result);
}

std::size_t Search::state_bytes() const {
    const auto hops = next_hops_.capacity() + best_stack_.capacity() + lookups_.capacity();
    return sizeof *this + hops * (sizeof(Lookup) + 2 * sizeof(Address)) +
           path_.capacity() * sizeof(Endpoint) + rejected_.capacity() * sizeof(RouteEntry) +
           publishers_.capacity() * sizeof(Hop) + networks_.state_bytes() +
           gathered_.capacity() * sizeof(SearchMatch);
}

} // namespace kith::pnrp
