// Upkeep: what falls due without anybody asking (MS-PNRP 3.1.6.2, 3.2.6.2).
//
// Every 15 seconds (in the modern profile 30 where nothing is missing, and where nobody is known
// less and less often): cached entries are probed, a few
// searches fill levels that have room, entries of leaf sets that never showed their CPA are asked
// for it. Every id is announced when it is registered, when a neighbour of it has gone, and again
// every 20 minutes. This part only says what is to be done; the cloud does it.

#pragma once

#include "base/fifo.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/profile.hpp"
#include "pnrp/registry.hpp"
#include "pnrp/route_cache.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <variant>

namespace kith::pnrp {

struct ProbeChore {
    PnrpId id;
};
struct CertifyChore {
    PnrpId id;
};
struct FillChore {
    RouteCache::Gap gap;
};
struct AnnounceChore {
    PnrpId own_id;
};
struct FindMembersChore {};
struct ExpireChore {};

using Chore =
    std::variant<ProbeChore, CertifyChore, FillChore, AnnounceChore, FindMembersChore, ExpireChore>;

class Maintenance {
public:
    Maintenance(
        const RouteCache& cache, PlainRandom& plain, const Profile& profile = modern_profile())
        : cache_(cache),
          plain_(plain),
          profile_(profile) {}

    /// Starts the rounds; no-op if they run.
    void start(Now now);

    /// The place is another one: where nobody was known somebody may be, so the next round comes
    /// soon, the ones after it less often again. No-op while members are known.
    void look_again(Now now);

    /// Somebody is near who may be a member: one round comes soon, if the last such one is long
    /// ago; two who are no members would wake each other for ever. No-op while members are known.
    void heard(Now now);

    /// The first member is known: announce what is registered, and fill the levels at once.
    void joined(Now now);

    void announce(Instant at, const PnrpId& own_id);
    void forget(const PnrpId& own_id);

    /// A neighbour of `own_ids` is gone: they look for the ones beyond it.
    void neighbour_gone(Now now, std::span<const PnrpId> own_ids);

    /// A search for `gap` has ended; without anything new its level rests for a while.
    void filled(Now now, const RouteCache::Gap& gap, bool was_news);

    /// What falls due at `now`. `room` is how many more searches may run.
    void handle_timeout(Now now, std::size_t room);
    std::optional<Chore> poll_chore();

    /// `room` as above: without any, announcements do not wake us.
    std::optional<Instant> next_timeout(std::size_t room) const;

    std::size_t state_bytes() const;

private:
    struct Announcement {
        Instant due;
        std::optional<Instant> repaired;
    };

    void round(Now now, std::size_t room);
    Duration interval() const;
    void probe_at_random();
    void fill(Now now, std::size_t room);
    void reschedule(const PnrpId& own_id, Instant due);
    Duration jittered(Duration interval);

    const RouteCache& cache_;
    PlainRandom& plain_;
    const Profile& profile_;
    std::optional<Instant> next_round_;
    std::uint64_t rounds_ = 0;
    bool is_calm_ = false;       // the last round had nothing to repair
    unsigned lonely_rounds_ = 0; // one after another, in which nobody was known
    std::optional<Instant> heard_at_;
    unsigned fills_at_start_ = kFillsAtStart;
    std::map<PnrpId, Announcement> announcements_;
    std::multimap<Instant, PnrpId> announcements_by_time_;
    std::map<unsigned, Instant> resting_levels_; // until when
    Fifo<Chore> chores_;
};

} // namespace kith::pnrp
