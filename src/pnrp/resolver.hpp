// Resolving names for the application (MS-PNRP 3.1.4.4): what it asks for becomes a search, and
// what the search found becomes the answer.
//
// While nobody is known a resolve waits for a first member to ask. A name that is registered here
// is its own answer.

#pragma once

#include "base/fifo.hpp"
#include "base/time.hpp"
#include "pnrp/cloud.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/registration.hpp"
#include "pnrp/registry.hpp"
#include "pnrp/route_cache.hpp"
#include "pnrp/searches.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

namespace kith::pnrp {

class Resolver {
public:
    Resolver(
        Exchange& exchange, const RouteCache& cache, const Registry& registry, Searches& searches)
        : exchange_(exchange),
          cache_(cache),
          registry_(registry),
          searches_(searches) {}

    /// One `ResolveDone` follows, by `poll_done()` or as the end of a search for it.
    std::expected<ResolveId, ResolveErrc> start(Now now, const ResolveQuery& query);

    /// No-op for an id that is done.
    void cancel(ResolveId id);

    /// Begins those that waited for a first member, where there is one now or they waited for long
    /// enough.
    void release_held(Now now);

    /// What needs no search.
    std::optional<ResolveDone> poll_done();

    /// What the search for `client` means to the application.
    ResolveDone outcome_of(Now now, const ForResolve& client, const SearchResult& result) const;

    std::optional<Instant> next_timeout() const;
    std::size_t state_bytes() const;

private:
    struct Held {
        ResolveId id{};
        ResolveQuery query;
        Instant started;
        Instant released_at;
    };

    void begin(Now now, ResolveId id, const ResolveQuery& query, Instant started);
    std::expected<Resolution, ResolveErrc>
    resolution_of(Now now, const ForResolve& client, const SearchMatch& match) const;
    Resolution local_resolution(Now now, const LocalName& name) const;

    Exchange& exchange_;
    const RouteCache& cache_;
    const Registry& registry_;
    Searches& searches_;
    std::vector<Held> held_;
    Fifo<ResolveDone> done_;
    std::uint32_t next_id_ = 1;
};

} // namespace kith::pnrp
