// Whether the nodes of cached entries still live (MS-PNRP 3.1.6.2, 3.2.6.3): they are asked when
// that falls due, are asked last by searches while they are late, and leave when they are gone.

#pragma once

#include "base/time.hpp"
#include "pnrp/admission.hpp"
#include "pnrp/authority_buffer.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/maintenance.hpp"
#include "pnrp/pending_list.hpp"
#include "pnrp/route_cache.hpp"

namespace kith::pnrp {

class Liveness {
public:
    Liveness(Exchange& exchange, RouteCache& cache, Admission& admission, Maintenance& maintenance)
        : exchange_(exchange),
          cache_(cache),
          admission_(admission),
          maintenance_(maintenance) {}

    /// Asks the node of a cached entry whether it still holds `id`. No-op if it is not cached, or
    /// is being asked.
    void probe(Now now, const PnrpId& id);

    /// The same, but a node of the modern profile that was taken on its word so far has to show
    /// that the id is its own: liars hold whatever they are asked for.
    void probe_or_certify(Now now, const PnrpId& id);

    /// The answer to a probe.
    void
    handle_answer(Now now, const PendingList::Answered& answered, const AuthorityBuffer& buffer);

    /// The entry of `id` leaves the cache, and own ids whose neighbour it was look for the ones
    /// beyond it. No-op if it is not cached.
    void drop(Now now, const PnrpId& id);

    /// The same, if the cache has `id` at `asked`, where somebody denied it or was silent: whoever
    /// says that a known id is elsewhere as well, where nobody has it, does not remove it.
    void drop_at(Now now, const PnrpId& id, const Endpoint& asked);

    /// An answer from `endpoint` is overdue, or came: a node has many ids in the cache and one
    /// silence, so what holds for one of them holds for all.
    void note_late(const Endpoint& endpoint);
    void note_heard(const Endpoint& endpoint);

private:
    void set_late(const Endpoint& endpoint, bool is_late);

    Exchange& exchange_;
    RouteCache& cache_;
    Admission& admission_;
    Maintenance& maintenance_;
};

} // namespace kith::pnrp
