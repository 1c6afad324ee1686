#include "pnrp/search.hpp"

#include "base/check.hpp"
#include "pnrp/first_hops.hpp"
#include "pnrp/limits.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kith::pnrp {

namespace {

// The other addresses of an entry are what somebody said of others.
Hop asked_at(Hop hop, const Endpoint& endpoint) {
    hop.entry.addresses = {endpoint.address};
    return hop;
}

} // namespace

Search::Search(
    std::uint32_t key, const SearchGoal& goal, Exchange& exchange, const RouteCache& cache)
    : key_(key),
      goal_(goal),
      exchange_(exchange),
      cache_(cache),
      doubts_(exchange) {}

void Search::start(Now now) {
    if (goal_.initial_best) best_.offer(Hop{*goal_.initial_best});
    if (goal_.initial_hop) {
        next_hops_.push(Hop{{{}, goal_.initial_hop->port, {goal_.initial_hop->address}}});
        step(now);
        return;
    }
    // The nearest cached entry is the first hop; the published profile knows no other. Upkeep may
    // name its first hops, which is as good as a search from each of them: who announces itself to
    // the nearest only is not known to all whose leaf sets it belongs to.
    const bool is_hedged = exchange_.profile().hedge.in_flight_max > 1;
    const bool is_upkeep = goal_.reason != Reason::application;
    const std::size_t wanted = is_hedged || is_upkeep ? kFirstHopsMax : 1;
    auto [timely, late] = choose_first_hops(now, cache_, doubts_, goal_.target, wanted);
    next_hops_.push_all(std::move(timely));
    next_hops_.push_below(std::move(late));
    if (exchange_.profile().inquires_match_at_once) {
        // A cached entry that already is what we look for needs no LOOKUP.
        const auto is_match = [&](const Hop& hop) {
            return satisfies(goal_, hop.entry.id) && !doubts_.is_liar(now, hop.entry);
        };
        while (const auto match = next_hops_.take(is_match)) {
            best_.offer(*match);
            if (goal_.extent == Extent::one) break;
        }
    }
    step(now);
}

// Steps 7 to 9 of MS-PNRP 3.1.4.4.2: inquire a match, else ask the next hop, else end.
void Search::step(Now now) {
    while (!result_) {
        if (questions_.has_timely_inquiry()) return;
        const auto& best = best_.current();
        if (best && satisfies(goal_, best->entry.id) && !questions_.inquires(best->entry)) {
            if (inquire_best(now) && questions_.has_timely_inquiry()) return;
            continue;
        }
        if (!is_exhausted()) {
            if (questions_.lookups_in_flight() == 0) ask_next_hop(now, Whom::anybody);
            while (questions_.lookups_in_flight() > 0 &&
                   questions_.lookups_in_flight() < lookups_wanted() &&
                   ask_next_hop(now, Whom::first_choice)) {
            }
            if (!questions_.lookups().empty()) return; // of those written off the failure comes
            if (widen(now)) continue;
        }
        if (questions_.awaits_inquiry()) return; // late ones: their answer or their failure comes
        if (best && is_acceptable(goal_, best->entry.id)) {
            if (inquire_best(now)) return;
            continue;
        }
        if (inquire_silent_match(now)) return;
        if (begin_again(now)) continue;
        if (!questions_.inquiries().empty()) return; // a valid answer may still come
        finish(
            {had_invalid_answer_ ? SearchResult::Kind::no_valid_answer
                                 : SearchResult::Kind::not_found});
    }
}

// True while somebody who publishes the name may know others.
bool Search::asks_publishers() const {
    return !budget_.is_worn_out() && (gathered_.has_publisher() || questions_.asks_publisher());
}

bool Search::is_exhausted() const {
    return budget_.is_used_up() && !asks_publishers();
}

// Among liars one answer at a time takes too long.
std::size_t Search::lookups_wanted() const {
    const std::size_t in_flight_max = exchange_.profile().hedge.in_flight_max;
    return budget_.met_falsehood() ? std::min(kLookupsAmongLies, in_flight_max) : 1;
}

bool Search::ask_next_hop(Now now, Whom whom) {
    while (gathered_.has_publisher() && asks_publishers()) {
        if (send_lookup(now, *gathered_.take_publisher())) return true;
    }
    if (budget_.is_used_up()) return false;
    while (!next_hops_.empty()) {
        auto hop = next_hops_.take([&](const Hop& next) { return !is_asked_last(now, next); });
        if (!hop) {
            // Others farther out come before those that liars told of.
            if (budget_.met_falsehood() && widen(now)) continue;
            if (whom == Whom::first_choice) return false;
            hop = next_hops_.take();
        }
        if (send_lookup(now, std::move(*hop))) return true;
    }
    return false;
}

// When silent nodes or liars stood in the way, the cached entries beyond the first hops have their
// turn: the way round a hole in the cloud may begin farther out. Those of a network that has had
// its turn come if there is nobody else at all.
bool Search::widen(Now now) {
    const bool is_hedged = exchange_.profile().hedge.in_flight_max > 1;
    // A split test asks what others know: from our own cache it would learn nothing.
    if (goal_.initial_hop || !is_hedged || !budget_.take_widening()) return false;
    const auto is_new = [&](const RouteEntry& entry) {
        return !path_.contains_any_of(entry) && !is_known(entry);
    };
    auto [found, spent] = choose_further_hops(now, cache_, doubts_, goal_.target, is_new);
    if (found.empty() && next_hops_.empty()) found = std::move(spent);
    const bool is_wider = !found.empty();
    next_hops_.push_all(std::move(found));
    return is_wider;
}

// Where lies or silence were met, nobody's ignorance of the target is final: who answered is asked
// once more, and is told whom to pass over.
bool Search::begin_again(Now now) {
    const bool is_hedged = exchange_.profile().hedge.in_flight_max > 1;
    if (goal_.reason != Reason::application || !is_hedged || !budget_.take_restart()) return false;
    path_.erase_if([&](const Endpoint& endpoint) { return !doubts_.is_with_liars(now, endpoint); });
    return widen(now) || !next_hops_.empty();
}

const RoundTrip* Search::round_trip_of(const Hop& hop) const {
    const CachedRoute* cached = cache_.find(hop.entry.id);
    return cached != nullptr ? &cached->round_trip : nullptr;
}

std::optional<MessageId> Search::request(Now now, const Hop& hop, const Body& body, Errand errand) {
    const RoundTrip* peer = round_trip_of(hop);
    return exchange_.request(
        now,
        exchange_.destinations(hop.entry),
        body,
        Purpose{errand, key_, hop.entry.id},
        peer != nullptr ? peer->late_after() : std::nullopt);
}

bool Search::send_lookup(Now now, Hop hop) {
    Lookup message;
    // Nothing is nearer to a publisher than itself.
    const PnrpId& target = hop.is_publisher ? hop.entry.id : goal_.target;
    message.accept_any =
        cache_.size() < kAcceptAnyBelow || is_made_up(hop.entry) || hop.is_publisher;
    message.precision = goal_.precision;
    message.criteria = goal_.criteria;
    message.reason = static_cast<std::uint8_t>(goal_.reason);
    message.target = target;
    message.validate = hop.entry.id;
    if (best_.current()) message.best_match = best_.current()->entry;
    message.path = path_for(now, target);
    const auto id = request(now, hop, message, Errand::search_lookup);
    if (!id) return false;
    if (!std::exchange(hop.was_asked, true)) doubts_.note_asked(hop.entry);
    ++hop.uses;
    const Duration patience = exchange_.hedge_delay(round_trip_of(hop));
    questions_.add(AskedLookup{*id, std::move(hop), now.instant, patience});
    return true;
}

bool Search::inquire_best(Now now) {
    const bool needs_cpa =
        goal_.reason == Reason::application || goal_.reason == Reason::split_detection;
    if (!needs_cpa) {
        const Hop& best = *best_.current();
        finish(SearchMatch{.entry = best.entry, .lookups = best.lookups});
        return true;
    }
    const Hop hop = *best_.current();
    if (send_inquire(now, hop)) return true;
    best_.reject(hop.entry);
    best_.give_way(hop.entry.id);
    return false;
}

// Before a name is said to be nowhere, a match that was silent is asked once more: on a bad line
// all three datagrams of a request can be lost.
bool Search::inquire_silent_match(Now now) {
    while (const auto hop = best_.take_silent()) {
        if (send_inquire(now, *hop)) return true;
    }
    return false;
}

bool Search::send_inquire(Now now, const Hop& hop) {
    Inquire message;
    message.flags = {.cpa = true, .extended_payload = true, .chain = true};
    message.validate = hop.entry.id;
    message.nonce = exchange_.secure().bytes<16>();
    message.padded = exchange_.profile().inquire_size > 0;
    const auto id = request(now, hop, message, Errand::search_inquire);
    if (!id) return false;
    // Where lies were told nobody waits for what may be one more.
    questions_.add(AskedInquire{
        .id = *id,
        .hop = hop,
        .nonce = *message.nonce,
        .late_at = now.instant + exchange_.hedge_delay(round_trip_of(hop)),
        .is_late = budget_.met_falsehood() && exchange_.profile().hedge.in_flight_max > 1});
    return true;
}

bool Search::handle_answer(
    Now now, MessageId id, const PendingList::Answered& answered, const AuthorityBuffer& buffer) {
    bool is_answered = true;
    if (auto lookup = questions_.take_lookup(id)) {
        handle_lookup_answer(now, std::move(*lookup), answered, buffer);
    } else {
        is_answered = handle_inquire_answer(now, id, answered, buffer);
    }
    step(now);
    return is_answered;
}

void Search::handle_lookup_answer(
    Now now,
    AskedLookup asked,
    const PendingList::Answered& answered,
    const AuthorityBuffer& buffer) {
    path_.add(answered.from);
    // Busy (A35): a live node without an answer; the hop is spent and counts for nothing.
    if (buffer.busy) return;
    if (asked.hop.is_publisher) {
        return handle_neighbour_answer(now, std::move(asked.hop), answered, buffer);
    }
    budget_.note_useful();
    if (buffer.suspicious && doubts_.note_suspicion(asked.hop.entry)) budget_.note_suspicious();
    bool is_alive = true;
    if (buffer.not_found) {
        is_alive = false;
        best_.reject(asked.hop.entry);
        note_gone(asked.hop, std::span(&answered.from, 1));
    } else if (!is_made_up(asked.hop.entry)) {
        findings_.push_back(
            {SearchFinding::Kind::confirmed, asked.hop.entry, answered.from, answered.round_trip});
        const auto& best = best_.current();
        const bool is_better = !best || is_closer(asked.hop.entry.id, best->entry.id, goal_.target);
        if (is_better || is_wanted(asked.hop.entry.id)) best_.offer(asked.hop);
    }
    if (!buffer.entry) return; // asked again it would know no more
    const Hop hop = asked.hop;
    // Once a publisher is known, it knows its neighbours best.
    const bool is_reusable = is_alive && hop.uses < kNextHopUsesMax && gathered_.empty();
    if (is_reusable && !next_hops_.is_full()) next_hops_.push(std::move(asked.hop));
    if (!exchange_.is_admissible(*buffer.entry)) {
        exchange_.counters().drop(Drop::bad_entry);
        return;
    }
    const unsigned in_vain_before = budget_.in_vain();
    consider(now, Hop{*buffer.entry, 0, hop.lookups + 1, answered.from}, hop, answered.from);
    // It may well know others, and its next answer passes over that one.
    const unsigned in_vain = budget_.in_vain();
    if (in_vain == in_vain_before || in_vain > kPassedOverMax) return;
    next_hops_.take_use_back(hop.entry);
}

// The route entry that a hop returned: the last part of MS-PNRP 3.1.5.6.1.
void Search::consider(Now now, Hop returned, const Hop& asked, const Endpoint& from) {
    const PnrpId& id = returned.entry.id;
    // A node that was asked as another id may publish the name as well.
    if (!is_wanted(id) && path_.returns_to(returned.entry)) return;
    if (!satisfies(goal_, id)) pass_over_silent(now, returned.entry);
    if (is_known(returned.entry)) return;
    const bool is_own = std::any_of(
        returned.entry.addresses.begin(),
        returned.entry.addresses.end(),
        [&](const Address& address) { return exchange_.is_own({address, returned.entry.port}); });
    if (is_own) return;
    if (doubts_.is_liar(now, returned.entry)) return;
    const bool is_match =
        (exchange_.profile().inquires_match_at_once || goal_.extent == Extent::all) &&
        satisfies(goal_, id);
    // Whom this search inquires itself need not be inquired for the cache as well.
    const bool is_asked = is_match && goal_.reason == Reason::application;
    if (!is_asked) findings_.push_back({SearchFinding::Kind::heard_of, returned.entry, from, {}});
    if (is_match) {
        best_.offer(returned);
        return;
    }
    const bool is_progress = is_made_up(asked.entry) || is_closer(id, asked.entry.id, goal_.target);
    if (is_progress || cache_.size() < kAcceptAnyBelow) {
        const bool is_last = is_out_of_turn(returned);
        if (is_last) pass_over(returned.entry);
        if (is_last && next_hops_.is_full()) return;
        next_hops_.push(std::move(returned));
    } else if (cache_.size() > kAcceptAnyBelow) {
        // A hop that leads away is not asked again; with exactly eight entries it is (A16).
        next_hops_.pop_if(asked.entry.id);
    }
}

bool Search::handle_inquire_answer(
    Now now, MessageId id, const PendingList::Answered& answered, const AuthorityBuffer& buffer) {
    AskedInquire* inquiry = questions_.find_inquire(id);
    if (inquiry == nullptr) return true;
    const Hop hop = inquiry->hop;
    if (buffer.not_found || buffer.busy) {
        questions_.take_inquire(id);
        if (buffer.not_found) note_gone(hop, std::span(&answered.from, 1));
        reject(hop);
        // The node is there without that id: after a restart it has another one of the name.
        const bool may_know = buffer.not_found && exchange_.profile().inquires_match_at_once;
        if (may_know && !next_hops_.is_full()) next_hops_.push(Hop{hop.entry, 0, hop.lookups, {}});
        return true;
    }
    auto match = verify_match(now, exchange_, hop, inquiry->nonce, buffer);
    if (!match) {
        // Whoever sees the question can answer it before the node that holds the id: the others
        // are asked meanwhile, and a valid answer to this question still wins.
        exchange_.counters().drop(match.error());
        had_invalid_answer_ = true;
        const bool is_first = inquiry->refused == 0;
        const bool is_hopeless = ++inquiry->refused >= kInvalidAnswersMax;
        if (is_hopeless) {
            note_gone(hop, std::span(&answered.from, 1));
            questions_.take_inquire(id);
        }
        reject(hop);
        if (is_first) budget_.note_lie();
        // A wrong clock is no lie.
        if (is_first && match.error() != Drop::cpa_expired)
            distrust(now, asked_at(hop, answered.from));
        return is_hopeless;
    }
    findings_.push_back(
        {SearchFinding::Kind::confirmed, hop.entry, answered.from, answered.round_trip});
    doubts_.acquit(asked_at(hop, answered.from).entry);
    questions_.take_inquire(id);
    accept(hop, std::move(*match));
    return true;
}

// A registration that is proved. One that is wanted ends the search; where all are, it is asked for
// those beside it.
void Search::accept(const Hop& hop, SearchMatch match) {
    if (goal_.extent == Extent::one) return finish(std::move(match));
    reject(hop); // nobody inquires it again
    if (gathered_.contains(hop.entry.id)) return;
    gathered_.add(std::move(match));
    if (gathered_.is_full()) return finish({SearchResult::Kind::not_found});
    Hop publisher = hop;
    publisher.is_publisher = true;
    publisher.uses = 0;
    gathered_.add_publisher(std::move(publisher));
}

// Neither inquired nor followed again.
void Search::reject(const Hop& hop) {
    best_.reject(hop.entry);
    best_.give_way(hop.entry.id);
}

// True for another registration of a name of which all are looked for.
bool Search::is_wanted(const PnrpId& id) const {
    return goal_.extent == Extent::all && satisfies(goal_, id) && !gathered_.contains(id);
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
    if (publisher.uses < kNeighbourAsksMax) gathered_.add_publisher(std::move(publisher));
    consider(now, std::move(returned), asked, answered.from);
}

// Where it was asked: at its other addresses, which somebody may have made up, it may well be.
void Search::note_gone(const Hop& hop, std::span<const Endpoint> asked) {
    for (const Endpoint& endpoint : asked)
        findings_.push_back({SearchFinding::Kind::gone, hop.entry, endpoint, {}});
}

void Search::handle_failure(Now now, const PendingList::Failed& failed) {
    std::optional<Hop> hop;
    if (auto lookup = questions_.take_lookup(failed.id)) {
        hop = std::move(lookup->hop);
    } else if (auto inquiry = questions_.take_inquire(failed.id)) {
        if (!inquiry->is_awaited()) { // not silent, passed over already
            note_gone(inquiry->hop, failed.asked);
            return step(now);
        }
        hop = std::move(inquiry->hop);
        if (!best_.is_rejected(hop->entry)) best_.note_silent(*hop);
    }
    if (hop) {
        budget_.note_dead();
        best_.reject(hop->entry);
        for (const Endpoint& endpoint : failed.asked) {
            path_.add(endpoint);
            exchange_.silent().note(now, endpoint);
        }
        note_gone(*hop, failed.asked);
        best_.give_way(hop->entry.id);
    }
    step(now);
}

// Returns where it was asked.
std::optional<Endpoint> Search::note_late(Now now, const RouteEntry& late) {
    const auto endpoints = exchange_.destinations(late);
    if (endpoints.empty()) return std::nullopt;
    exchange_.silent().note(now, endpoints.front());
    findings_.push_back({SearchFinding::Kind::late, late, endpoints.front(), {}});
    return endpoints.front();
}

void Search::handle_timeout(Now now) {
    if (result_) return;
    if (now.instant >= goal_.deadline) {
        finish({SearchResult::Kind::timed_out});
        return;
    }
    const HedgePolicy& hedge = exchange_.profile().hedge;
    if (hedge.in_flight_max <= 1) return;
    unsigned newly_late = questions_.write_off(now);
    for (const RouteEntry& late : questions_.note_late_lookups(now)) {
        budget_.note_late();
        ++newly_late;
        // Others should not refer us to it while we wait.
        if (const auto endpoint = note_late(now, late)) path_.add(*endpoint);
    }
    for (AskedInquire& inquiry : questions_.inquiries()) {
        if (!inquiry.is_awaited() || inquiry.is_late || now.instant < inquiry.late_at) continue;
        inquiry.is_late = true;
        note_late(now, inquiry.hop.entry);
        if (questions_.inquiries().size() >= hedge.in_flight_max) continue;
        const auto other = take_other_match();
        if (other && send_inquire(now, *other)) break; // the inquiries have moved
    }
    for (; newly_late > 0 && !questions_.awaits_inquiry() && !is_exhausted(); --newly_late) {
        if (questions_.lookups_in_flight() >= hedge.in_flight_max ||
            !ask_next_hop(now, Whom::anybody))
            break;
    }
    step(now);
}

std::optional<Instant> Search::next_timeout() const {
    if (result_) return std::nullopt;
    std::optional<Instant> next = goal_.deadline;
    if (exchange_.profile().hedge.in_flight_max > 1) keep_earlier(next, questions_.next_late());
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
std::optional<Hop> Search::take_other_match() {
    const auto is_other = [&](const Hop& hop) {
        return satisfies(goal_, hop.entry.id) && !best_.is_rejected(hop.entry) &&
               !questions_.inquires(hop.entry);
    };
    auto other = best_.take(is_other);
    return other ? other : next_hops_.take(is_other);
}

bool Search::is_asked_last(Now now, const Hop& hop) const {
    return doubts_.is_liar_or_silent(now, hop.entry) || is_out_of_turn(hop) ||
           questions_.tests_word_of(hop);
}

bool Search::is_out_of_turn(const Hop& hop) const {
    return doubts_.is_spent(hop.entry) || doubts_.is_hearsay_of_liars(hop);
}

// It is asked last; named in the path, it is not told of again.
void Search::pass_over(const RouteEntry& entry) {
    budget_.note_passed_over();
    for (const Endpoint& endpoint : exchange_.destinations(entry))
        path_.add(endpoint);
}

// Others go on telling of a node's many ids until they notice that it is silent: named in the path,
// it uses up one answer of the search and not all of them.
void Search::pass_over_silent(Now now, const RouteEntry& entry) {
    if (exchange_.profile().hedge.in_flight_max <= 1 || path_.contains_any_of(entry)) return;
    const auto endpoints = exchange_.destinations(entry);
    const bool is_silent =
        !endpoints.empty() && std::ranges::all_of(endpoints, [&](const Endpoint& it) {
            return exchange_.silent().contains(now, it);
        });
    if (!is_silent) return;
    budget_.note_told_of_silent();
    for (const Endpoint& endpoint : endpoints)
        path_.add(endpoint);
}

// Whoever gives a false answer from where it was asked is believed nothing else for a while; and
// whoever referred to it is not followed any further here.
void Search::distrust(Now now, const Hop& liar) {
    doubts_.note_lie(now, liar);
    for (const Endpoint& endpoint : exchange_.destinations(liar.entry))
        path_.add(endpoint);
    const auto is_doubtful = [&](const Hop& hop) { return doubts_.is_doubtful(now, hop, liar); };
    next_hops_.erase_if(is_doubtful);
    // Of his network nobody else is asked first any more.
    for (const Hop& hop : next_hops_) {
        if (is_out_of_turn(hop)) pass_over(hop.entry);
    }
    best_.drop_if(is_doubtful);
}

bool Search::is_known(const RouteEntry& entry) const {
    return best_.is_rejected(entry) || next_hops_.contains(entry) || questions_.asks(entry);
}

// Who begins again says as well who was silent, or the others would refer to them again. Whoever
// looks for further registrations names those that it has instead: others than these are to be
// told of, also by a node that was asked before.
std::vector<Endpoint> Search::path_for(Now now, const PnrpId& target) const {
    const Endpoint own = exchange_.path_endpoint();
    if (!gathered_.empty()) return flagged_path(own, publishers_near(target), {});
    std::vector<Endpoint> silent;
    if (budget_.has_begun_again()) silent = exchange_.silent().latest(now, kPathEndpointsMax);
    return flagged_path(own, path_.endpoints(), silent);
}

// An endpoint of each registration met, whether it is proved or of no use, the nearest to `target`
// last.
std::vector<Endpoint> Search::publishers_near(const PnrpId& target) const {
    std::vector<Endpoint> endpoints;
    // Those found are among the rejected.
    for (const RouteEntry* entry : best_.rejected_matches(goal_, target)) {
        const auto reached = exchange_.destinations(*entry);
        if (!reached.empty()) endpoints.push_back(reached.front());
    }
    return endpoints;
}

void Search::finish(SearchResult result) {
    KITH_ASSUME(!result_);
    // Whoever still owes an answer shows by it, or by its absence, whether it is alive.
    for (const AskedLookup& lookup : questions_.lookups())
        exchange_.pending().reassign(lookup.id, Errand::probe);
    for (const AskedInquire& inquiry : questions_.inquiries())
        exchange_.pending().reassign(inquiry.id, Errand::probe);
    questions_.clear();
    if (!gathered_.empty() && result.kind != SearchResult::Kind::cancelled) {
        result.is_complete = result.kind != SearchResult::Kind::timed_out && !gathered_.is_full() &&
                             !budget_.has_met_the_dead();
        result.kind = SearchResult::Kind::found;
        auto matches = gathered_.take_matches();
        static_cast<SearchMatch&>(result) = std::move(matches.front());
        result.others.assign(
            std::make_move_iterator(std::next(matches.begin())),
            std::make_move_iterator(matches.end()));
    } else {
        const bool has_ended = result.kind == SearchResult::Kind::not_found ||
                               result.kind == SearchResult::Kind::no_valid_answer;
        result.is_complete = has_ended && !budget_.has_met_the_dead();
    }
    result_ = std::move(result);
}

std::size_t Search::state_bytes() const {
    return sizeof *this + path_.state_bytes() + next_hops_.state_bytes() + best_.state_bytes() +
           gathered_.state_bytes() + questions_.state_bytes() + doubts_.state_bytes();
}

} // namespace kith::pnrp
