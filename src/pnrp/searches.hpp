// All searches of a cloud that are under way, and whom each is for.

#pragma once

#include "base/fifo.hpp"
#include "base/time.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/registration.hpp"
#include "pnrp/route_cache.hpp"
#include "pnrp/search.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <variant>

namespace kith::pnrp {

/// The application wants a name.
struct ForResolve {
    ResolveId id{};
    identity::PeerName name;
    Instant started;
    bool includes_local = false; // with Extent::all: a registration made here is one of them
};
/// A registration makes itself known to its neighbours.
struct ForAnnouncement {
    PnrpId own_id;
};
/// A level of the cache has room.
struct ForLevel {
    RouteCache::Gap gap;
};
/// Does a seed know the same neighbour of an own id as we do?
struct ForSplitTest {
    PnrpId own_id;
};
using SearchClient = std::variant<ForResolve, ForAnnouncement, ForLevel, ForSplitTest>;

class Searches {
public:
    Searches(Exchange& exchange, const RouteCache& cache) : exchange_(exchange), cache_(cache) {}

    void start(Now now, const SearchGoal& goal, SearchClient client);

    /// Ends the searches for which `is_wanted(client)` is false, as cancelled.
    template<class Predicate>
    void cancel_unless(Predicate&& is_wanted);

    /// As `Search::handle_answer`; true if the search is over.
    bool handle_answer(
        Now now,
        std::uint32_t key,
        MessageId id,
        const PendingList::Answered& answered,
        const AuthorityBuffer& buffer);
    void handle_failure(Now now, const PendingList::Failed& failed);
    void handle_timeout(Now now);
    std::optional<Instant> next_timeout() const;

    std::optional<SearchFinding> poll_finding();

    struct Done {
        SearchClient client;
        SearchResult result;
    };
    std::optional<Done> poll_done();

    /// Searches that nobody waits for: announcements, levels and split tests.
    std::size_t upkeep_count() const;
    std::size_t resolve_count() const { return running_.size() - upkeep_count(); }

    std::size_t state_bytes() const;

private:
    struct Running {
        Search search;
        SearchClient client;
    };

    void collect(std::map<std::uint32_t, Running>::iterator at);

    Exchange& exchange_;
    const RouteCache& cache_;
    std::map<std::uint32_t, Running> running_;
    std::uint32_t next_key_ = 0;
    Fifo<SearchFinding> findings_;
    Fifo<Done> done_;
};

template<class Predicate>
void Searches::cancel_unless(Predicate&& is_wanted) {
    for (auto at = running_.begin(); at != running_.end();) {
        const auto current = at++;
        if (is_wanted(current->second.client)) continue;
        current->second.search.cancel();
        collect(current);
    }
}

} // namespace kith::pnrp
