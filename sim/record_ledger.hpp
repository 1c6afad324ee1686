// The truth about records: what was published, and the verdict on every node's view of it.
//
// What a node shows must have been published by somebody, byte for byte; it is shown neither after
// it has expired nor gone before; and in the end everybody has it. Where it came from is told by
// the bytes that a node was given when it learnt of it: so hops are counted without asking anybody.

#pragma once

#include "base/time.hpp"
#include "graph/graph.hpp"
#include "sim/contract.hpp"
#include "sim/host_id.hpp"
#include "store/record.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kith::sim {

/// A record may be shown this much longer than it lives: expiry is looked for every 15 s
/// (MS-PPGRH 3.1.6.7).
inline constexpr std::chrono::seconds kExpirySlack{20};

/// What is known of the changes that were published while the ledger was measuring.
struct Deliveries {
    std::size_t published = 0; // changes: added, updated, deleted
    std::size_t expected = 0;  // pairs of a change and a node that should know it
    std::size_t delivered = 0;
    std::vector<float> latencies_ms; // sorted; of nodes that were there when it was published
    unsigned hops_max = 0;
    double hops_mean = 0;
};

class RecordLedger {
public:
    /// What a checker knows of the node that is judged.
    struct View {
        HostId host{};
        std::optional<HostId> from; // whose bytes it has just been given
        store::PeerTime now;
        const store::Record* record = nullptr; // as the node shows it; null: not at all
    };

    // Hosts --------------------------------------------------------------------------------------

    /// A node starts, with the database that it had or with none.
    void booted(HostId host, bool has_store);
    void halted(HostId host);
    void synchronized(Instant now, HostId host);

    // What is published --------------------------------------------------------------------------

    /// `record` is how its publisher shows it. Call it before the publisher's events are drained.
    void published(Instant now, HostId by, const store::Record& record);
    void deleted(Instant now, HostId by, const store::RecordId& id);

    /// Several nodes change it at once: which one wins is not the ledger's to know.
    void contest(const store::RecordId& id);

    /// Changes count from now on in `deliveries()`, or no longer.
    void measure(bool counts) { is_measuring_ = counts; }

    // What is seen -------------------------------------------------------------------------------

    Complaint saw(Instant now, const View& view, const graph::RecordChanged& change);

    /// Nothing that has expired is still shown by `host`, whose time it is. Call it now and then.
    Complaint check_expired(HostId host, store::PeerTime now) const;

    /// Forgets records that have expired long before `now`, everywhere; who was there all their
    /// life should have had them.
    void retire(store::PeerTime now);

    /// Of records that live at `now` among `live` nodes, and of those that are retired.
    Deliveries deliveries(std::span<const HostId> live, store::PeerTime now) const;

    /// All that live nodes should know at `now` they know; contested and deleted records left out.
    bool is_complete(std::span<const HostId> live, store::PeerTime now) const {
        return !find_incomplete(live, now);
    }

    /// The first of those who do not, and what; for people.
    std::optional<std::string>
    find_incomplete(std::span<const HostId> live, store::PeerTime now) const;

    std::size_t records() const { return records_.size(); }

    /// Records that have not expired, or not long ago; deleted ones among them.
    std::size_t unexpired() const { return unexpired_.size(); }

private:
    struct Change {
        std::uint32_t version = 0;
        std::uint64_t content = 0;
        HostId by{};
        Instant at;
        bool deletes = false;
        bool counts = false;
    };

    struct Entry {
        store::RecordId id;
        store::PeerTime expires;
        std::vector<Change> changes; // in the order of publishing
        bool is_contested = false;
        bool is_deleted = false; // by somebody: who comes later never hears of it
    };

    /// What a node knows of a record.
    struct Known {
        std::uint32_t version = 0;
        std::uint8_t hops = 0;
        bool is_shown = false;
    };

    struct Node {
        bool is_up = false;
        std::optional<Instant> synchronized;
        std::vector<Known> known; // by serial
    };

    using Serial = std::uint32_t;

    Node& node(HostId host);
    Known& known(HostId host, Serial serial);
    const Known* find_known(HostId host, Serial serial) const;
    void learn(Instant now, const View& view, Serial serial, std::uint32_t version);
    void tally_retired(const Entry& entry, Serial serial);
    bool is_due(HostId host, Serial serial) const;
    static bool has_all(const Known* known, const Change& change);

    std::map<store::RecordId, Serial> serials_;
    std::vector<Entry> records_;
    std::vector<Serial> unexpired_;
    std::vector<Node> nodes_;
    std::vector<float> latencies_ms_;
    std::size_t retired_expected_ = 0;
    std::size_t retired_delivered_ = 0;
    std::uint64_t hops_sum_ = 0;
    unsigned hops_max_ = 0;
    bool is_measuring_ = false;
};

} // namespace kith::sim
