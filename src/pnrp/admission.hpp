// How a route entry comes into the cache (MS-PNRP 3.1.5.11, 3.2.5.1, 3.1.5.6.1.2).
//
// Nobody is believed about somebody else: the node at the entry's address is asked whether it holds
// the id (INQUIRE). An entry that falls into a leaf set must show a certified peer address for the
// same id and the same addresses. What costs the victim of a false entry a datagram costs its
// inventor one too: one check per address, a few per informant, and only for entries that have a
// place. Informants can be forged, so those who have not proved themselves have a part of all
// checks, each of their networks a few, and their checks make room for those of others.

#pragma once

#include "base/fifo.hpp"
#include "base/time.hpp"
#include "pnrp/authority_buffer.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/message.hpp"
#include "pnrp/route_cache.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace kith::pnrp {

/// A route entry that somebody told us of.
struct Offer {
    RouteEntry entry;
    Endpoint informant;
    std::optional<std::vector<Endpoint>> already_flooded; // if it came by FLOOD
};

/// An entry that has entered the leaf sets of `own_ids`: the neighbours are to be told.
struct Admitted {
    Offer offer;
    std::vector<PnrpId> own_ids;
};

class Admission {
public:
    Admission(Exchange& exchange, RouteCache& cache) : exchange_(exchange), cache_(cache) {}

    /// Checks the entry if there is a place for it. No-op for our own, for a known one and for one
    /// that is being checked.
    void offer(Now now, Offer offer);

    /// `entry` answered a LOOKUP for its id from an address of its own: that is as good as an
    /// answer to our INQUIRE, except for a leaf set.
    void confirm(
        Now now, const RouteEntry& entry, const Endpoint& from, std::optional<Duration> round_trip);

    /// The answer to the INQUIRE of check `key`.
    void handle_answer(
        Now now,
        std::uint32_t key,
        const PendingList::Answered& answered,
        const AuthorityBuffer& buffer);

    /// The INQUIRE of check `key` stayed unanswered, or its answer did not decode.
    void handle_failure(std::uint32_t key);

    /// Asks an entry of a leaf set that got there without one for its certified peer address.
    void certify(Now now, const CachedRoute& route);

    std::optional<Admitted> poll_admitted();

    /// A cached entry whose node was asked for its certified peer address and did not have it.
    std::optional<PnrpId> poll_refuted();

    std::size_t state_bytes() const;

private:
    /// Whose word it is that an entry is checked on.
    enum class Standing : std::uint8_t { unproven, proven, own };

    struct Check {
        Offer offer;
        Standing standing{};
        MessageId question{};
        Nonce nonce{};
        bool needs_cpa = false;
        Endpoint asked;
    };

    void refute(const Check& check);
    void refute_predecessors(const RouteEntry& entry);
    bool is_ours(const RouteEntry& entry) const;
    bool needs_cpa(const PnrpId& id) const;
    bool has_place_for(const RouteEntry& entry);
    void start(Now now, Offer offer);
    bool is_under_way(const PnrpId& id, const Endpoint& asked) const;
    Standing standing_of(Now now, const Endpoint& informant) const;
    std::size_t checks_for(const Endpoint& informant, Standing standing) const;
    bool make_room(const Endpoint& informant, Standing standing);
    std::vector<Endpoint> whom_to_ask(Now now, const RouteEntry& entry) const;
    void admit(
        Now now,
        Offer offer,
        std::optional<KeyFingerprint> key,
        std::optional<Duration> round_trip);
    std::optional<KeyFingerprint>
    verified_key(Now now, const Check& check, const AuthorityBuffer& buffer);

    Exchange& exchange_;
    RouteCache& cache_;
    std::map<std::uint32_t, Check> checks_;
    std::uint32_t next_key_ = 0;
    Fifo<Admitted> admitted_;
    Fifo<PnrpId> refuted_;
};

} // namespace kith::pnrp
