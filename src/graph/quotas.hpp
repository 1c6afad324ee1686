// What a graph allows: fixed when it is created, and the same for every node (modernization 3, 4.8;
// docs/protocol/graph.md, Quotas).

#pragma once

#include "base/time.hpp"
#include "graph/message.hpp"
#include "store/record_index.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace kith::graph {

/// 0: no bound of the graph's own; what a node keeps at most (limits.hpp) bounds it anyway.
struct Quotas {
    std::uint32_t records = 0;      // of the graph
    std::uint32_t records_each = 0; // of one creator
    std::uint64_t bytes_each = 0;   // of one creator: payloads and attributes
    std::uint32_t record_max = 0;   // bytes of one record, as `counted_size` has them
    std::uint32_t lifetime_max = 0; // seconds from modification to expiration

    bool operator==(const Quotas&) const = default;

    bool any() const { return *this != Quotas{}; }
    /// What a single record has to keep to.
    bool allows(const store::Record& record) const;
    /// Of a stored one without reading it; nothing if only its attributes can tell.
    std::optional<bool> allows(const store::IndexEntry& entry) const;
};

/// An extra of the graph info record.
Capability write_quotas(const Quotas& quotas);

/// Of those extras; no bounds if they are not among them.
Quotas read_quotas(const std::vector<Capability>& extras);

/// How much each creator has stored. Of one who has more than the quota the first records in the
/// order (modified, id) count, whatever the order of their arrival: all nodes keep the same ones.
/// What the graph publishes in the creator's name takes nothing of its quota; it has one of its
/// own, the same in every graph (`kOwnEachMax`, `kOwnBytesEachMax`).
class QuotaUse {
public:
    QuotaUse() = default;
    explicit QuotaUse(const Quotas& quotas) : quotas_(quotas) {}

    const Quotas& quotas() const { return quotas_; }

    void add(const store::IndexEntry& entry);
    void remove(const store::IndexEntry& entry);

    /// True if `entry`, which comes in place of `known`, is over its creator's quota: the first
    /// records are not.
    bool is_over(const store::IndexEntry& entry, const store::IndexEntry* known) const;

    /// True if its creator, who publishes it now, has no room left for it.
    bool is_used_up(const store::IndexEntry& entry, const store::IndexEntry* known) const;

    /// The last record of those that `entry` counts among, if they are more than the quota.
    std::optional<store::RecordId> excess(const store::IndexEntry& entry) const;

    std::size_t memory() const;

private:
    /// Whose: the half of ids that is the creator's; and whether the graph published it.
    struct Owner {
        std::uint64_t half = 0;
        bool is_graph = false;

        auto operator<=>(const Owner&) const = default;
    };
    struct Share {
        std::set<store::SyncKey> keys;
        std::uint64_t bytes = 0;
    };

    static Owner owner_of(const store::IndexEntry& entry);
    bool is_counted(const store::RecordId& id) const;
    bool exceeds(const Owner& owner, std::size_t records, std::uint64_t bytes) const;
    const Share& share_of(const Owner& owner) const;

    Quotas quotas_;
    std::map<Owner, Share> shares_;
    std::size_t records_ = 0;
};

} // namespace kith::graph
