// How a record that is new here gets to everybody: whole over eager links, as an abstract over lazy
// ones, and what comes back (MS-PPGRH 3.1.5.2.10, 3.1.5.2.12, 3.1.7.33). Between published links
// every neighbour gets every record; modern ones share a tree (push_tree.hpp).

#pragma once

#include "base/time.hpp"
#include "graph/context.hpp"
#include "graph/database.hpp"
#include "graph/push_tree.hpp"

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace kith::graph {

class Flooding {
public:
    Flooding(Context& context, Database& database)
        : context_(context),
          database_(database),
          tree_(context) {}

    /// A record became another one here.
    void spread(Now now, const Change& change);

    void handle(Now now, Link& link, const Flood& flood);
    void handle(Link& link, const Ack& ack);
    /// An ADVERTISE without boundaries: what the peer has.
    void handle(Now now, Link& link, const Advertise& advert) { tree_.handle(now, link, advert); }
    /// A REQUEST that grafts.
    void handle(Link& link, const Request& request) { tree_.handle(link, request); }

    void forget(const Link& gone) { tree_.forget(gone); }

    /// Puts records into the frames of a link while there is room; what takes longer than others
    /// should wait goes on at `next_timeout()`.
    void fill(Now now, Link& link);

    void handle_timeout(Now now);
    std::optional<Instant> next_timeout() const;
    std::size_t memory() const;

private:
    struct Encoded {
        store::RecordId id;
        std::uint32_t version = 0;
        Instant made{};
        ByteArray<32> digest{};
        Bytes message;
    };

    void offer(Now now, Link& link, const store::IndexEntry& entry);
    void rate(Link& link, bool was_useful);
    static bool has_room(const Link& link);
    void answer_older(Now now, Link& link, const store::RecordId& id) const;
    bool send_record(Now now, Link& link, const store::RecordId& id);
    const Encoded* encoded(Now now, const store::IndexEntry& entry);
    void forget_encoded(Now now);
    void flush_acks(Link& link);
    bool spend_invalid(Now now, Link& link);
    std::size_t fill_from_source(Now now, Link& link);

    Context& context_;
    Database& database_;
    PushTree tree_;
    std::list<Encoded> encoded_; // the newest first
    std::map<store::RecordId, std::list<Encoded>::iterator> encoded_by_id_;
    std::size_t encoded_bytes_ = 0;
    Instant more_due_ = Instant::max(); // a link had its share of a turn, and wants more
};

} // namespace kith::graph
