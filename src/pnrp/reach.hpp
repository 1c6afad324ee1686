// What a node can do in its cloud: publish, because strangers reach it at an endpoint that it
// knows, or resolve only (docs/protocol/pnrp.md, Reach).
//
// It is told by others and believes none of them alone. Where it is seen from outside counts when
// several networks, and most of those asked, saw the same; and that it is reached there counts when
// a node that it had not contacted has come with a token that only the way in could have told it.

#pragma once

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "pnrp/admission.hpp"
#include "pnrp/cloud.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/message.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace kith::pnrp {

class ReachFinder {
public:
    explicit ReachFinder(Exchange& exchange) : exchange_(exchange) {}

    /// Begins anew: the node is at `own`, or at none of the cloud's scope and has only the ways out
    /// of the exchange. False, and nothing happens, where it was already.
    bool set_place(Now now, std::span<const Endpoint> own);

    /// What a gateway forwards to this node; nothing: none any more. True if that is news.
    bool set_forwarded(Now now, const std::optional<Endpoint>& outside);

    /// Where others are to be told that this node is.
    std::vector<Endpoint> endpoints() const;

    /// What is known, and why.
    Reach reach() const { return reach_; }
    ReachReason reason() const { return reason_; }
    /// True once after either has changed, or endpoints().
    bool poll_changed();

    /// `member` has answered something: it may be asked.
    void note_member(Now now, const Endpoint& member);

    /// Anybody has asked something, about the id `validate` or none in particular. Somebody of our
    /// own network shows nothing: between us is no translator and no firewall.
    void handle_question(Now now, const Endpoint& from, const PnrpId& validate);

    void handle_ack(Now now, std::uint32_t key, const Endpoint& from, const Ack& ack);

    /// While a node behind a translator has not been tested it contacts nobody but who helps it:
    /// in a small cloud there would be no stranger left. `offer` is kept meanwhile.
    bool is_holding(Now now) const;
    void hold(Offer offer);
    std::optional<Offer> poll_offer(Now now);

    void handle_timeout(Now now);
    std::optional<Instant> next_timeout() const;
    std::size_t state_bytes() const;

private:
    struct Helper {
        Endpoint endpoint;
        Instant asked_at; // Instant{}: never
    };

    /// One question under way, and what has come of it.
    struct Ask {
        std::uint32_t key = 0;
        PnrpId token;
        Instant at;
        std::optional<Endpoint> seen;
        bool is_passed_on = false;
        bool is_visited = false;
    };

    /// Where a network says that it has seen this node.
    struct Vote {
        Address network;
        Endpoint seen;
        Instant at;
    };

    bool is_tested() const;
    bool is_hidden() const { return own_.empty(); }
    bool is_neighbour(const Address& address) const;
    void begin(Now now);
    void begin_burst(Now now);
    void ask(Now now);
    Helper* choose_helper(Now now);
    void take_visit(Ask& visited);
    void lapse(Now now);
    void judge(Now now);
    void judge_own();
    void judge_hidden(Now now);
    void conclude(Reach reach, ReachReason reason, const std::optional<Endpoint>& outside);
    struct Majority {
        std::optional<Endpoint> seen;
        std::size_t voters = 0;
    };
    Majority majority(Now now);

    Exchange& exchange_;
    std::vector<Endpoint> given_;         // by the host
    std::optional<Endpoint> forwarded_;   // by a gateway
    std::vector<Endpoint> own_;           // both
    std::optional<Endpoint> outside_;     // what a translator shows, as far as it is proved
    std::optional<Address> open_address_; // at which strangers have been let in
    bool is_reached_ = false;             // by a stranger, at an address of its own
    unsigned missed_ = 0;                 // visits that never came, in a row
    std::deque<Helper> helpers_;
    std::deque<Ask> asks_;
    std::deque<Vote> votes_;
    std::uint32_t next_key_ = 1;
    unsigned burst_left_ = 0;
    unsigned bursts_ = 0;
    std::optional<Instant> next_ask_;
    std::optional<Instant> held_until_;
    std::deque<Offer> offers_;
    std::vector<Endpoint> ways_out_; // when it began
    Reach reach_ = Reach::unknown;
    ReachReason reason_ = ReachReason::no_network;
    bool is_changed_ = false;
};

} // namespace kith::pnrp
