// One walk through the cloud for an id (MS-PNRP 3.1.4.4.2, 3.1.5.6.1).
//
// A search asks one node after another for somebody closer to the target. In the modern profile it
// does not wait for a late one: the next best is asked as well. An application's search and that of
// a split test end with a certified peer address, checked here; the others end with what they met
// on the way.
//
// A search for all registrations of a name goes on after the first. Their ids share the upper half,
// so they stand side by side on the circle, each in the leaf sets of those next to it: whoever is
// found is asked for the others until it knows no more (docs/protocol/pnrp.md, Resolving).
//
// A search knows what it asked and what came back, nothing else: the route cache belongs to others,
// who are told through `poll_finding()`.

#pragma once

#include "base/fifo.hpp"
#include "base/time.hpp"
#include "pnrp/authority_buffer.hpp"
#include "pnrp/best_matches.hpp"
#include "pnrp/doubts.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/gathering.hpp"
#include "pnrp/hop.hpp"
#include "pnrp/message.hpp"
#include "pnrp/next_hop_stack.hpp"
#include "pnrp/questions.hpp"
#include "pnrp/resolve_path.hpp"
#include "pnrp/route_cache.hpp"
#include "pnrp/search_budget.hpp"
#include "pnrp/search_goal.hpp"
#include "pnrp/search_match.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace kith::pnrp {

struct SearchResult : SearchMatch {
    enum class Kind : std::uint8_t {
        found,           // `cpa` is there, or `entry` satisfies the goal (announcements, levels)
        not_found,       // nobody left to ask
        no_valid_answer, // somebody answered for the target, and nothing signed was valid
        timed_out,
        cancelled,
    };

    // NOLINTNEXTLINE(google-explicit-constructor): a kind is a result without a match
    SearchResult(Kind kind_in = Kind::not_found) : kind(kind_in) {}
    // NOLINTNEXTLINE(google-explicit-constructor): and a match is found
    SearchResult(SearchMatch match) : SearchMatch(std::move(match)), kind(Kind::found) {}

    Kind kind;
    // With Extent::all, of a result that is found:
    std::vector<SearchMatch> others; // the further registrations, in the order of finding
    bool is_complete = false;        // nobody was left to ask, and no limit was reached
};

/// What a search learned about somebody on its way.
struct SearchFinding {
    enum class Kind : std::uint8_t {
        confirmed, // it answered for its id from the address asked
        heard_of,  // a node told of it
        gone,      // it does not hold the id any more, or is silent
        late,      // its answer is overdue
    };
    Kind kind{};
    RouteEntry entry;
    Endpoint informant; // who answered or was silent; who told of it
    std::optional<Duration> round_trip;
};

class Search {
public:
    /// `key` names this search in the purposes of its requests.
    Search(std::uint32_t key, const SearchGoal& goal, Exchange& exchange, const RouteCache& cache);

    /// Asks the first hops. Requires: at least one local endpoint.
    void start(Now now);

    /// An AUTHORITY_BUFFER for one of our requests, complete. False if it answers an INQUIRE and
    /// is not valid: then the request stays pending, and the honest answer still counts.
    bool handle_answer(
        Now now,
        MessageId id,
        const PendingList::Answered& answered,
        const AuthorityBuffer& buffer);

    /// A request of ours that stayed unanswered.
    void handle_failure(Now now, const PendingList::Failed& failed);

    void handle_timeout(Now now);
    std::optional<Instant> next_timeout() const;

    void cancel();

    const SearchGoal& goal() const { return goal_; }
    const std::optional<SearchResult>& result() const { return result_; }
    std::optional<SearchFinding> poll_finding();

    std::size_t state_bytes() const;

private:
    void step(Now now);
    enum class Whom : std::uint8_t { first_choice, anybody }; // also those who are asked last
    bool ask_next_hop(Now now, Whom whom);
    bool widen(Now now);
    bool begin_again(Now now);
    bool inquire_best(Now now);
    bool inquire_silent_match(Now now);
    const RoundTrip* round_trip_of(const Hop& hop) const;
    std::optional<MessageId> request(Now now, const Hop& hop, const Body& body, Errand errand);
    bool send_lookup(Now now, Hop hop);
    bool send_inquire(Now now, const Hop& hop);
    void handle_lookup_answer(
        Now now,
        AskedLookup asked,
        const PendingList::Answered& answered,
        const AuthorityBuffer& buffer);
    void consider(Now now, Hop returned, const Hop& asked, const Endpoint& from);
    bool handle_inquire_answer(
        Now now,
        MessageId id,
        const PendingList::Answered& answered,
        const AuthorityBuffer& buffer);
    void accept(const Hop& hop, SearchMatch match);
    void reject(const Hop& hop);
    std::optional<Endpoint> note_late(Now now, const RouteEntry& late);
    void note_gone(const Hop& hop, std::span<const Endpoint> asked);
    bool is_wanted(const PnrpId& id) const;
    bool asks_publishers() const;
    void handle_neighbour_answer(
        Now now,
        Hop publisher,
        const PendingList::Answered& answered,
        const AuthorityBuffer& buffer);
    std::vector<Endpoint> publishers_near(const PnrpId& target) const;
    std::optional<Hop> take_other_match();
    bool is_asked_last(Now now, const Hop& hop) const;
    bool is_out_of_turn(const Hop& hop) const;
    void pass_over(const RouteEntry& entry);
    void pass_over_silent(Now now, const RouteEntry& entry);
    void distrust(Now now, const Hop& liar);
    bool is_known(const RouteEntry& entry) const;
    std::vector<Endpoint> path_for(Now now, const PnrpId& target) const;
    std::size_t lookups_wanted() const;
    bool is_exhausted() const;
    void finish(SearchResult result);

    std::uint32_t key_;
    SearchGoal goal_;
    Exchange& exchange_;
    const RouteCache& cache_;

    ResolvePath path_;
    NextHopStack next_hops_;
    BestMatches best_;
    Gathering gathered_; // with Extent::all
    Questions questions_;
    SearchBudget budget_;
    Doubts doubts_;
    bool had_invalid_answer_ = false;
    Fifo<SearchFinding> findings_;
    std::optional<SearchResult> result_;
};

} // namespace kith::pnrp
