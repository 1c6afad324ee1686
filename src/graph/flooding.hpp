// How a record that is new here gets to everybody: whole over eager links, as an abstract over lazy
// ones, and what comes back (MS-PPGRH 3.1.5.2.10, 3.1.5.2.12, 3.1.7.33; docs/protocol/graph.md,
// Push trees).
//
// Between published links every neighbour gets every record. Modern links prune themselves to a
// tree: a link over which a known record came whole becomes lazy, and one whose abstract names a
// record that does not come by itself becomes eager again.

#pragma once

#include "base/time.hpp"
#include "graph/context.hpp"
#include "graph/database.hpp"

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace kith::graph {

class Flooding {
public:
    Flooding(Context& context, Database& database) : context_(context), database_(database) {}

    /// A record became another one here.
    void spread(Now now, const Change& change);

    void handle(Now now, Link& link, const Flood& flood);
    void handle(Now now, Link& link, const Ack& ack);
    /// An ADVERTISE without boundaries: what the peer has.
    void handle_advert(Now now, Link& link, const Advertise& advert);
    /// A REQUEST that grafts.
    void handle_graft(Now now, Link& link, const Request& request);

    void forget(const Link& gone);

    /// Puts records into the frames of a link while there is room.
    void fill(Now now, Link& link);

    void handle_timeout(Now now);
    std::optional<Instant> next_timeout() const;
    std::size_t memory() const;

private:
    struct Missing {
        std::uint32_t version = 0;
        Instant due{};
        std::vector<LinkId> sources; // the first is asked next
    };
    struct Encoded {
        store::RecordId id;
        std::uint32_t version = 0;
        ByteArray<32> digest{};
        Bytes message;
    };

    void offer(Now now, Link& link, const store::IndexEntry& entry, std::size_t size);
    void acknowledge(Now now, Link& link, AckEntry entry);
    void rate(Link& link, bool was_useful);
    void prune(Link& link);
    bool may_be_lazy(const Link& link) const;
    void answer_older(Now now, Link& link, const store::RecordId& id) const;
    bool send_record(Now now, Link& link, const store::RecordId& id);
    const Encoded* encoded(const store::IndexEntry& entry);
    void flush_acks(Link& link);
    void flush_adverts(Link& link);
    void graft(Now now);
    bool spend_invalid(Now now, Link& link);
    bool fill_from_source(Now now, Link& link);

    Context& context_;
    Database& database_;
    std::map<store::RecordId, Missing> missing_;
    Instant graft_due_ = Instant::max(); // not after the first of them
    std::list<Encoded> encoded_;         // the newest first
    std::map<store::RecordId, std::list<Encoded>::iterator> encoded_by_id_;
    std::size_t encoded_bytes_ = 0;
};

/// The abstract of a record, with its digest where both ends compare by it.
RecordAbstract abstract_of(const store::IndexEntry& entry, bool is_wide);

/// True if what `abstract` names is newer than ours, or another record of the same version.
bool is_wanted(const RecordAbstract& abstract, const store::IndexEntry* ours);

} // namespace kith::graph
