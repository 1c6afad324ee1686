// The records of the graph and their life: publication, what peers send, expiry, renewal
// (MS-PPGRH 3.1.4.3 to 3.1.4.5, 3.1.6.7, 3.1.7.2 to 3.1.7.10, 3.1.7.22, 3.1.7.27).

#pragma once

#include "base/time.hpp"
#include "graph/context.hpp"
#include "graph/quotas.hpp"
#include "graph/record_codec.hpp"
#include "graph/security.hpp"
#include "store/record.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace kith::graph {

/// One record became another one here.
struct Change {
    store::RecordId id;
    store::RecordType type;
    std::uint32_t version = 0;
    std::optional<RecordChangeKind> kind;  // nothing: no application saw it before or sees it now
    LinkId from = 0;                       // 0: made here
    std::size_t size = 0;                  // payload and attributes
    std::optional<store::Record> internal; // the record, of the graph's own types
};

enum class Reception : std::uint8_t {
    fresh,
    present,
    older,    // ours is newer
    rejected, // no answer
    deferred,
};

struct Received {
    Reception outcome = Reception::rejected;
    store::RecordId id;
    std::uint32_t version = 0;
    std::optional<DropReason> reason; // of a rejection
};

/// What the graph itself publishes.
struct InternalWish {
    store::RecordType type;
    std::optional<store::RecordId> id; // of the record to replace, or a fixed one
    Bytes payload;
    Duration lifetime{};
    bool refreshes = true;
};

class Database {
public:
    explicit Database(Context& context) : context_(context) {}

    /// After the store was opened: forgets what is not kept across a restart (presence, contacts,
    /// the signature) and takes up renewals.
    GraphResult<void> load(Now now);

    /// After the store has undone what changed: everything is as the store has it. O(records).
    void restore(Now now);

    /// The quotas of the graph, as its properties say when they are first seen: later ones change
    /// nothing (modernization 4.8). Records beyond them go.
    void adopt(Now now, const GraphInfo& info);
    const Quotas& quotas() const { return use_.quotas(); }

    GraphResult<store::RecordId> add(Now now, const NewRecord& wish);
    GraphResult<void> update(Now now, const store::RecordId& id, const RecordChange& change);
    GraphResult<void> remove(Now now, const store::RecordId& id);

    GraphResult<store::RecordId> publish(Now now, InternalWish wish);
    /// `too_large` if no other node would take the record.
    GraphResult<void> check_size(const store::Record& record) const;
    GraphResult<void> remove_internal(Now now, const store::RecordId& id);

    Received receive(Now now, LinkId from, ByteView encoded);
    void validate_deferred(Now now);

    /// Neither deleted nor expired.
    GraphResult<store::Record> get_live(Now now, const store::RecordId& id);
    GraphResult<store::RecordHead>
    head_live(Now now, const store::RecordId& id, std::size_t payload_max);

    /// What readers may see at `now`: with deferred expiration and nobody around, everything.
    store::PeerTime reading_time(Now now) const;
    bool is_live(const store::IndexEntry& entry, Now now) const;

    void handle_timeout(Now now);
    std::optional<Instant> next_timeout() const;
    /// With deferred expiration: now that somebody is here.
    void expire_soon(Now now) { expiry_due_ = now.instant; }

    std::optional<Change> poll_change();
    std::size_t memory() const;

private:
    struct Deferred {
        Bytes encoded;
        LinkId from = 0;
        Instant until{};
    };

    GraphResult<void> check(Now now, const store::Record& record, bool is_new) const;
    GraphResult<void> put(Now now, store::Record record, LinkId from);
    GraphResult<store::Record> get_for_change(Now now, const store::RecordId& id);
    GraphResult<void> replace(Now now, const store::Record& old, store::Record next);
    std::optional<DropReason>
    judge(Now now, const store::Record& record, const store::IndexEntry* known) const;
    bool is_of_the_creator(const store::Record& record) const;
    Reception classify(const store::Record& record, const store::IndexEntry& known);
    Received refuse(DropReason reason);
    GraphResult<Verdict> judge_stored(const store::RecordId& id);
    void defer(Now now, LinkId from, ByteView encoded);
    void expire(Now now);
    bool refresh(Now now);
    void plan_expiry(Now now, store::PeerTime expires);
    void plan_refresh(Now now);
    std::optional<Change> disappearance(Now now, const store::IndexEntry& known);
    void track(const store::IndexEntry& entry);
    bool is_full(const Quotas& quotas) const;
    void recount();
    bool keeps_to(const Quotas& quotas, const store::IndexEntry& entry);
    void keep_quota(const store::RecordId& id);
    bool drop(const store::IndexEntry& stored, RecordChangeKind kind);

    Context& context_;
    std::deque<Change> changes_;
    std::deque<Deferred> deferred_;
    std::size_t deferred_bytes_ = 0;
    std::vector<store::RecordId> unjudged_; // stored, and deferred when they were loaded
    std::set<std::pair<store::PeerTime, store::RecordId>> refreshing_;
    std::pair<store::PeerTime, store::RecordId> refreshed_to_; // of those, in this sweep
    std::uint64_t bytes_ = 0;                                  // of all payloads and attributes
    bool has_quotas_ = false;
    QuotaUse use_;
    Instant expiry_due_ = Instant::max();
    Instant refresh_due_ = Instant::max();
};

} // namespace kith::graph
