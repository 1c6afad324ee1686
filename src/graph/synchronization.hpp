// How two neighbours make their databases equal when they meet (MS-PPGRH 3.1.7.29 to 3.1.7.32;
// docs/protocol/graph.md, Synchronisation).
//
// The end that opened the connection asks, the other one answers. The first time it asks for
// everything, after an absence for what changed since, and otherwise the ends compare ranges of
// records. Published links compare MD5 digests of ranges of ten, in one round; modern ones compare
// sums of a few large ranges and look into those that differ.

#pragma once

#include "base/time.hpp"
#include "graph/context.hpp"
#include "graph/database.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace kith::graph {

class Synchronization {
public:
    Synchronization(Context& context, Database& database)
        : context_(context),
          database_(database) {}

    /// When this node was in the graph last; nothing: never.
    void set_left_at(std::optional<store::PeerTime> left_at) { left_at_ = left_at; }

    /// A connection that we opened has become a neighbour.
    void begin(Now now, Link& link);

    void handle(Now now, Link& link, const SolicitNew& solicit);
    void handle(Now now, Link& link, const SolicitTime& solicit);
    void handle(Now now, Link& link, const SolicitHash& solicit);
    void handle(Now now, Link& link, const Advertise& advert);
    void handle(Now now, Link& link, const Request& request);
    void handle(Now now, Link& link, const SyncEnd& end);

    /// The neighbour goes on: a record came that nothing is wrong with.
    static void hear(Now now, Link& link);

    /// `size` bytes of a message came that is not over: a large record may take longer than a
    /// synchronisation is waited for.
    static void hear_part(Now now, Link& link, std::size_t size);

    void forget(const Link& link);

    void handle_timeout(Now now);
    std::optional<Instant> next_timeout() const;

    /// The sum over all records, which two ends compare before they begin.
    store::RangeSum root() const;

    bool is_synchronizing(const Link& link) const { return link.sync.type != SyncType::none; }

private:
    void begin_types(Now now, Link& link, SyncType type);
    void ask_next_type(Now now, Link& link);
    void begin_ranges(Now now, Link& link);
    void ask_ranges(Now now, Link& link, std::size_t parts_max);
    void ask_flat(Now now, Link& link);
    std::vector<OpenRange>
    cut(const store::SyncKey& lower, const store::SyncKey& upper, std::size_t parts_max) const;
    void take_boundaries(Link& link, const Advertise& advert) const;
    bool take_ranges(Link& link, const Advertise& advert) const;
    void compare(
        Link& link,
        const store::SyncKey& lower,
        const store::SyncKey& upper,
        std::span<const RecordAbstract> theirs) const;
    void request(Now now, Link& link);
    void complete(Now now, Link& link);
    void go_on(Now now, Link& link);
    bool has_something() const;
    void become_synchronized();
    bool may_solicit(Now now, Link& link, std::size_t cost = 1);
    Advertise answer_published(const SolicitHash& solicit) const;
    Advertise answer_sums(const SolicitHash& solicit) const;
    bool
    list_range(Advertise& advert, const store::SyncKey& lower, const store::SyncKey& upper) const;
    void count(std::size_t bytes) { context_.counters.sync_bytes += bytes; }
    void send(Link& link, const Message& message);

    Context& context_;
    Database& database_;
    std::optional<store::PeerTime> left_at_;
    bool had_neighbour_ = false; // since this node was opened
};

/// The published hash of a range: MD5 over (id, version) of its records in order
/// (MS-PPGRH 3.1.7.31).
ByteArray<16> published_hash(
    const store::RecordIndex& index, const store::SyncKey& first, const store::SyncKey& last);

/// The first 16 bytes of SHA-256 over the range's sum and count (docs/protocol/graph.md).
ByteArray<16> sum_hash(const store::RangeSum& sum);

/// What is here from `lower` to `upper`, as it travels.
SyncRange sum_range(
    const store::RecordIndex& index, const store::SyncKey& lower, const store::SyncKey& upper);

} // namespace kith::graph
