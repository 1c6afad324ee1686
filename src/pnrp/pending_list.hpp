// Requests that await their answer (MS-PNRP 3.1.1, Pending List; 3.1.6.3).
//
// Every request is sent again when its answer is late, to the next of the addresses given, and is
// reported once when it failed. An answer counts only if it acknowledges a request by its 32-bit
// Message ID and comes from an address that the request went to (decision A39).

#pragma once

#include "base/endpoint.hpp"
#include "base/fifo.hpp"
#include "base/time.hpp"
#include "pnrp/authority_buffer.hpp"
#include "pnrp/message.hpp"
#include "pnrp/profile.hpp"
#include "pnrp/round_trip.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace kith::pnrp {

/// Which machine a request belongs to, and which of its undertakings.
enum class Errand : std::uint8_t {
    search_lookup,  // key: the search
    search_inquire, // key: the search
    entry_check,    // key: the check
    probe,          // a cached entry is asked whether it still lives
    solicit,        // key: the synchronisation
    request,        // key: the synchronisation
    flood,
    proof, // the empty FLOOD that shows that a source is reachable
    reach, // key: the question where this node is seen, and for a visit
    visit, // an INQUIRE for somebody who wants to know whether he is reached
};

struct Purpose {
    Errand errand{};
    std::uint32_t key = 0;
    PnrpId subject; // the Validate id of the request
};

class PendingList {
public:
    explicit PendingList(const RetransmitPolicy& policy) : policy_(&policy) {}

    bool is_full() const;

    /// Remembers a request whose encoded form is `datagram` and which was just sent to
    /// `destinations[0]`. `late_after` is the peer's estimate; without one the policy's slowest
    /// interval is taken. Requires: not full, 1 destination at least, `id` not pending.
    void
    add(Now now,
        MessageId id,
        const Purpose& purpose,
        std::vector<Endpoint> destinations,
        Bytes datagram,
        std::optional<Duration> late_after);

    /// The same for one that is neither sent again nor reported when it fails.
    void add_unrepeated(Now now, MessageId id, const Purpose& purpose, const Endpoint& destination);

    /// How many of those are pending.
    std::size_t unrepeated() const { return unrepeated_; }

    bool contains(MessageId id) const { return requests_.contains(id); }

    /// True if somebody is asked about `subject` on such an errand already.
    bool contains(Errand errand, const PnrpId& subject) const;

    /// True if `id` is pending and was sent to `from`.
    bool expects(MessageId id, const Endpoint& from) const;

    struct Answered {
        Purpose purpose;
        Endpoint from;
        std::optional<Duration> round_trip; // only if it was sent once (RFC 6298 3)
    };

    /// What an answer from `from` would end. Requires: `expects(id, from)`.
    Answered peek(Now now, MessageId id, const Endpoint& from) const;

    /// Ends the wait. Requires: `expects(id, from)`.
    Answered take(Now now, MessageId id, const Endpoint& from);

    /// The errand of a pending request. Requires: `contains(id)`.
    const Purpose& purpose(MessageId id) const;

    /// Adds a fragment to the answer of `id`. Requires: `expects(id, from)`. A fragment with
    /// another `header_id` than the one before it begins a new answer (MS-PNRP 3.1.5.6).
    Reassembly::Outcome add_fragment(MessageId id, MessageId header_id, const Authority& fragment);

    /// Requires: the last `add_fragment` for `id` was `complete`.
    Bytes take_buffer(MessageId id);

    /// Lets another errand have the answer; no-op if `id` is not pending.
    void reassign(MessageId id, Errand errand);

    /// Forgets a request without reporting it.
    void cancel(MessageId id);

    void handle_timeout(Now now);

    struct Resend {
        Endpoint to;
        Bytes datagram;
    };
    std::optional<Resend> poll_resend();

    struct Failed {
        MessageId id{};
        Purpose purpose;
        std::vector<Endpoint> asked; // those of its destinations that it was sent to
    };
    std::optional<Failed> poll_failed();

    std::optional<Instant> next_timeout() const;

    std::size_t size() const { return requests_.size(); }
    std::size_t state_bytes() const;

private:
    struct Request {
        Purpose purpose;
        std::vector<Endpoint> destinations;
        Bytes datagram;
        Duration interval{};
        Instant first_sent;
        Instant due;
        unsigned sends = 1;
        bool is_repeated = true;
        MessageId answer_id{};
        std::optional<Reassembly> reassembly;
        std::optional<Bytes> buffer;
    };

    static std::size_t asked_count(const Request& request);
    using Place = std::map<MessageId, Request>::iterator;
    Place forget(Place at);

    const RetransmitPolicy* policy_;
    std::map<MessageId, Request> requests_;
    std::size_t unrepeated_ = 0;
    Fifo<Resend> resends_;
    Fifo<Failed> failed_;
};

} // namespace kith::pnrp
