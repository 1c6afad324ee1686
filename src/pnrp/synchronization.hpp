// Synchronisation conversations, both sides (MS-PNRP 3.1.4.3, 3.1.5.3, 3.2.5.3, 3.2.5.4):
//
//   joiner   SOLICIT(hash of a nonce) ->            member
//            <- ADVERTISE(ids, the same hash)
//            REQUEST(the nonce, ids) ->
//            <- ACK, then a FLOOD with each id's route entry

#pragma once

#include "base/fifo.hpp"
#include "base/time.hpp"
#include "pnrp/cloud.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/message.hpp"
#include "pnrp/registry.hpp"
#include "pnrp/route_cache.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace kith::pnrp {

/// The joiner's side.
class Joiner {
public:
    Joiner(Exchange& exchange, const Registry& registry)
        : exchange_(exchange),
          registry_(registry) {}

    /// No-op while a conversation with `member` is under way, or too many are.
    void start(Now now, const Endpoint& member);

    void handle_advertise(
        Now now,
        std::uint32_t key,
        const PendingList::Answered& answered,
        const Advertise& advertise);

    /// True if `advertise` may answer the SOLICIT of conversation `key`.
    bool expects(std::uint32_t key, const Advertise& advertise) const;

    void handle_acknowledged(std::uint32_t key);
    void handle_failure(std::uint32_t key);

    bool is_idle() const { return conversations_.empty(); }
    std::optional<SynchronizeDone> poll_done();
    std::size_t state_bytes() const;

private:
    struct Conversation {
        Endpoint member;
        Nonce nonce{};
        HashedNonce hashed_nonce{};
        std::size_t ids = 0;
    };

    void finish(std::uint32_t key, SynchronizeDone done);

    Exchange& exchange_;
    const Registry& registry_;
    std::map<std::uint32_t, Conversation> conversations_;
    std::uint32_t next_key_ = 0;
    Fifo<SynchronizeDone> done_;
};

/// The member's side.
class Member {
public:
    Member(Exchange& exchange, const RouteCache& cache, const Registry& registry)
        : exchange_(exchange),
          cache_(cache),
          registry_(registry) {}

    /// Answers with at most `ids_max` ids; with none where there is no room for a conversation. One
    /// with somebody who has not proved himself makes room for another, the oldest first: whoever
    /// forges sources keeps nobody out.
    Advertise answer(
        Now now, const Endpoint& from, MessageId id, const Solicit& solicit, std::size_t ids_max);

    /// The FLOODs that answer a REQUEST; nothing if it fits no conversation (counted). Validate is
    /// the id that the joiner showed, zero without one (decision A20).
    std::optional<std::vector<Flood>>
    handle_request(Now now, const Endpoint& from, const Request& request);

    void handle_timeout(Now now);
    std::optional<Instant> next_timeout() const;
    std::size_t state_bytes() const;

private:
    struct Conversation {
        Endpoint joiner;
        HashedNonce hashed_nonce{};
        std::vector<PnrpId> advertised;
        PnrpId shown; // an id of the joiner, or zero
        Instant ends;
    };

    bool make_room(Now now, const Endpoint& from);
    template<class Predicate>
    bool make_room(Now now, std::size_t count_max, Predicate&& is_counted);
    std::vector<PnrpId> choose_ids(const Solicit& solicit, std::size_t ids_max);

    Exchange& exchange_;
    const RouteCache& cache_;
    const Registry& registry_;
    std::vector<Conversation> conversations_;
};

} // namespace kith::pnrp
