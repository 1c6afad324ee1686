// What is behind `Cloud`: the machines of one cloud, and how what one of them has reaches the
// others. Each does its own work and is polled for what concerns the others; `settle()` carries
// that across until nothing moves.

#pragma once

#include "base/fifo.hpp"
#include "pnrp/admission.hpp"
#include "pnrp/cloud.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/flooding.hpp"
#include "pnrp/liveness.hpp"
#include "pnrp/maintenance.hpp"
#include "pnrp/reach.hpp"
#include "pnrp/registry.hpp"
#include "pnrp/resolver.hpp"
#include "pnrp/responder.hpp"
#include "pnrp/revocation.hpp"
#include "pnrp/route_cache.hpp"
#include "pnrp/searches.hpp"
#include "pnrp/split_detection.hpp"
#include "pnrp/synchronization.hpp"
#include "pnrp/visits.hpp"

#include <cstddef>

namespace kith::pnrp {

class Cloud::State {
public:
    State(const CloudConfig& config, SecureRandom& secure, PlainRandom& plain);

    void handle_datagram(Now now, const Endpoint& local, const Endpoint& from, ByteView payload);
    void handle_timeout(Now now);
    std::optional<Instant> next_timeout() const;
    void settle(Now now);
    void maintain(Now now);
    std::size_t state_bytes() const;

    Exchange exchange;
    RouteCache cache;
    Registry registry;
    Admission admission;
    Flooding flooding;
    Joiner joiner;
    Member member;
    Responder responder;
    Maintenance maintenance;
    Liveness liveness;
    Searches searches;
    Resolver resolver;
    SplitDetection split_detection;
    ReachFinder reach;
    Visits visits;
    Fifo<Event> events;

private:
    void handle(Now now, const Responder::Arrival& arrival, const Solicit& message);
    void handle(Now now, const Responder::Arrival& arrival, const Advertise& message);
    void handle(Now now, const Responder::Arrival& arrival, const Request& message);
    void handle(Now now, const Responder::Arrival& arrival, const Flood& message);
    void handle(Now now, const Responder::Arrival& arrival, const Inquire& message);
    void handle(Now now, const Responder::Arrival& arrival, const Authority& message);
    void handle(Now now, const Responder::Arrival& arrival, const Ack& message);
    void handle(Now now, const Responder::Arrival& arrival, const Lookup& message);
    void handle_revocation(Now now, const Endpoint& from, const Flood& flood);
    bool pass_visit_on(Now now, const Endpoint& from, const Flood& ask);
    PendingList::Answered take_answered(Now now, MessageId id, const Endpoint& from);
    bool handle_answer(
        Now now,
        MessageId id,
        const PendingList::Answered& answered,
        const AuthorityBuffer& buffer);
    void handle_failure(Now now, const PendingList::Failed& failed);

    bool settle_others(Now now);
    bool settle_own(Now now);
    void handle_finding(Now now, const SearchFinding& finding);
    void handle_search_done(Now now, const Searches::Done& done);
    void handle_chore(Now now, const Chore& chore);
    std::size_t upkeep_room() const;
    void begin_filling(Now now, const RouteCache::Gap& gap);
    void begin_announcement(Now now, const PnrpId& own_id);

    void move(Now now);
    void announce_all(Now now);
    void withhold_all(Now now);
    void renew_ids();

    RevokeBudget revoke_budget_;
    bool had_members_ = false;
    bool has_revoked_ = false; // what is registered
};

} // namespace kith::pnrp
