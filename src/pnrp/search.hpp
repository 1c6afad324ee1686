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
#include "pnrp/cpa.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/extended_payload.hpp"
#include "pnrp/message.hpp"
#include "pnrp/networks_met.hpp"
#include "pnrp/registration.hpp"
#include "pnrp/route_cache.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

namespace kith::pnrp {

struct SearchGoal {
    PnrpId target;
    Criteria criteria = Criteria::none;
    Reason reason = Reason::application;
    std::uint16_t precision = 0;            // for Criteria::upper_bits only
    std::optional<RouteEntry> initial_best; // rides in every LOOKUP until something closer is met
    std::optional<Endpoint> initial_hop;    // asked first, by the id zero, instead of the cache
    Instant deadline;
    Extent extent = Extent::one; // all: for Criteria::any_peer_name of an application only
};

/// True if an entry with `id` ends the search at once (MS-PNRP 2.2.2.8).
bool satisfies(const SearchGoal& goal, const PnrpId& id);

/// True if an entry with `id` is good enough once there is nobody left to ask: for split detection
/// any (decision A12).
bool is_acceptable(const SearchGoal& goal, const PnrpId& id);

/// One registration, or one entry, that a search found.
struct SearchMatch {
    std::optional<RouteEntry> entry{};
    std::optional<VerifiedCpa> cpa{};
    std::optional<ExtendedPayload> payload{};
    unsigned lookups = 0;      // on the path that won
    bool is_delegated = false; // by a chain that holds, to the key of `cpa`
};

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
    Endpoint informant;
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
    void handle_failure(Now now, MessageId id);

    void handle_timeout(Now now);
    std::optional<Instant> next_timeout() const;

    void cancel();

    const SearchGoal& goal() const { return goal_; }
    const std::optional<SearchResult>& result() const { return result_; }
    std::optional<SearchFinding> poll_finding();

    std::size_t state_bytes() const;

private:
    struct Hop {
        RouteEntry entry;
        unsigned uses = 0;
        unsigned lookups = 0;                // on the path to it
        std::optional<Endpoint> informant{}; // who told of it; nothing: we knew it
        bool is_publisher = false;           // found already: asked for those beside it
    };
    struct Lookup { // one LOOKUP under way
        MessageId id{};
        Hop hop;
        Instant sent;
        Duration patience{};
        bool is_late = false;
        bool is_written_off = false;
    };
    struct Inquiry { // one INQUIRE under way
        MessageId id{};
        Hop hop;
        Nonce nonce{};
        Instant late_at;
        bool is_late = false;
        unsigned refused = 0; // answers that were not valid

        bool is_awaited() const { return refused == 0; }
    };

    void step(Now now);
    enum class Whom : std::uint8_t { first_choice, anybody }; // also those who are asked last
    bool ask_next_hop(Now now, Whom whom);
    bool widen(Now now);
    bool begin_again(Now now);
    bool inquire_best(Now now);
    bool inquire_silent_match(Now now);
    bool send_lookup(Now now, Hop hop);
    bool send_inquire(Now now, const Hop& hop);
    void handle_lookup_answer(
        Now now,
        Lookup asked,
        const PendingList::Answered& answered,
        const AuthorityBuffer& buffer);
    void consider(Now now, Hop returned, const Hop& asked, const Endpoint& from);
    bool handle_inquire_answer(
        Now now,
        MessageId id,
        const PendingList::Answered& answered,
        const AuthorityBuffer& buffer);
    std::expected<SearchResult, Drop>
    certified(Now now, const Inquiry& asked, const AuthorityBuffer& buffer);
    bool awaits_inquiry() const;
    void accept(const Hop& hop, SearchResult result);
    bool has_met_publisher() const { return !gathered_.empty(); }
    bool is_wanted(const PnrpId& id) const;
    bool is_gathered(const PnrpId& id) const;
    bool asks_publishers() const;
    void handle_neighbour_answer(
        Now now,
        Hop publisher,
        const PendingList::Answered& answered,
        const AuthorityBuffer& buffer);
    std::vector<Endpoint> publishers_near(const PnrpId& target) const;
    std::optional<Hop> take_other_match();
    void offer_best(const Hop& hop);
    void discard_best();
    void remember_endpoint(const Endpoint& endpoint);
    bool is_at_any(const SilentNodes& nodes, Now now, const RouteEntry& entry) const;
    bool is_distrusted_or_silent(Now now, const RouteEntry& entry) const;
    bool is_asked_last(Now now, const Hop& hop) const;
    std::optional<Address> limited_network_of(const RouteEntry& entry) const;
    bool is_spent(const RouteEntry& entry) const;
    bool is_hearsay_of_liars(const Hop& hop) const;
    bool is_answerable(const Hop& hop) const;
    void pass_over(const RouteEntry& entry);
    bool met_falsehood() const;
    void distrust(Now now, const Hop& liar);
    bool is_in_path(const RouteEntry& entry) const;
    bool is_known(const RouteEntry& entry) const;
    bool is_rejected(const RouteEntry& entry) const;
    std::vector<Endpoint> flagged_path(Now now, const PnrpId& target) const;
    std::size_t lookups_in_flight() const;
    std::size_t lookups_wanted() const;
    bool has_timely_inquiry() const;
    bool is_being_inquired(const RouteEntry& entry) const;
    bool has_used_up_its_way() const;
    bool is_exhausted() const;
    void finish(SearchResult result);

    std::uint32_t key_;
    SearchGoal goal_;
    Exchange& exchange_;
    const RouteCache& cache_;

    std::vector<Endpoint> path_;        // ResolvePath without the own endpoint
    std::vector<Hop> next_hops_;        // NextHopStack, top last
    std::vector<Hop> best_stack_;       // BestMatchStack, top last
    std::optional<Hop> best_;           // CurrentBestMatch
    std::vector<RouteEntry> rejected_;  // proved to be of no use, at the addresses they had
    std::vector<Hop> silent_matches_;   // inquired once in vain: the last resort
    std::vector<SearchMatch> gathered_; // with Extent::all: found, the first first
    std::vector<Hop> publishers_;       // of them, those that may know others
    std::vector<Lookup> lookups_;
    std::vector<Inquiry> inquiries_;
    unsigned suspicious_ = 0;
    unsigned useful_ = 0;
    unsigned dead_ = 0;
    unsigned widenings_ = 0;
    unsigned restarts_ = 0;
    bool met_silence_ = false;
    unsigned lies_ = 0; // false answers met
    unsigned passed_over_ = 0;
    NetworksMet networks_;
    bool had_invalid_answer_ = false;
    Fifo<SearchFinding> findings_;
    std::optional<SearchResult> result_;
};

} // namespace kith::pnrp
