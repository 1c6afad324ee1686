// Answering other nodes: LOOKUP and INQUIRE (MS-PNRP 3.2.5.2, 3.2.5.6, 3.2.5.10), within what a
// stranger may ask for (guard.hpp).

#pragma once

#include "base/time.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/guard.hpp"
#include "pnrp/message.hpp"
#include "pnrp/registry.hpp"
#include "pnrp/route_cache.hpp"

#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

namespace kith::pnrp {

inline constexpr std::size_t kProofFloodSize = 68; // a FLOOD without entry and list, 2.2.2.4

class Responder {
public:
    Responder(Exchange& exchange, const RouteCache& cache, Registry& registry)
        : exchange_(exchange),
          cache_(cache),
          registry_(registry) {}

    /// A request as it arrived; its size is what an unproven source has paid.
    struct Arrival {
        Endpoint from;
        MessageId id{};
        std::size_t size = 0; // bytes of the datagram
    };

    void handle_lookup(Now now, const Arrival& arrival, const Lookup& lookup);
    void handle_inquire(Now now, const Arrival& arrival, const Inquire& inquire);

    /// `source` has answered us: larger answers that waited for this go out.
    void prove(Now now, const Endpoint& source);

    /// How many bytes an answer may have: three times the request, or as many as it takes for a
    /// source that has proved itself.
    std::size_t answer_size_max(Now now, const Arrival& arrival) const;

    /// The same for an answer that is likely to be larger: one of the large answers that the
    /// profile gives strangers is spent on it, if there is any left.
    std::size_t take_answer_size(Now now, const Arrival& arrival);

    /// Sends the empty FLOOD that a reachable source acknowledges.
    void ask_for_proof(Now now, const Endpoint& source);

    void forget_answers_for(const PnrpId& id) { answers_.forget_id(id); }

    /// Drops what is too old to be of use.
    void expire(Now now);

    std::size_t state_bytes() const;

private:
    struct HeldAnswer {
        Endpoint local;
        Endpoint to;
        MessageId acked{};
        SignedAnswer answer;
        Instant at;
    };

    const RouteEntry* choose_remote(const Lookup& lookup);
    std::optional<RouteEntry>
    choose_local(const Lookup& lookup, const std::optional<PnrpId>& closer_than) const;
    void answer(Now now, const Arrival& arrival, SignedAnswer answer);
    bool takes_large_answer(Now now, const Arrival& arrival);
    void answer_unsigned(Now now, const Arrival& arrival, const AuthorityBuffer& buffer);
    void send_fragments(const HeldAnswer& held);
    void forget_held(Now now);

    Exchange& exchange_;
    const RouteCache& cache_;
    Registry& registry_;
    SignatureBudget signatures_;
    LargeAnswerBudget large_answers_;
    AnswerCache answers_;
    std::vector<HeldAnswer> held_;
};

} // namespace kith::pnrp
