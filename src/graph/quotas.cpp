#include "graph/quotas.hpp"

#include "graph/limits.hpp"
#include "graph/record_codec.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

#include <algorithm>
#include <chrono>

namespace kith::graph {

using store::IndexEntry;
using store::RecordId;

namespace {

constexpr std::uint16_t kQuotas = 0x0004; // modernization 3, the number that groups use

// The graph's own records end as the protocol has it.
template<class Entry>
bool ends_in_time(const Quotas& quotas, const Entry& entry) {
    return quotas.lifetime_max == 0 || is_internal(entry.type) ||
           entry.expires.since(entry.modified) <= std::chrono::seconds(quotas.lifetime_max);
}

} // namespace

bool Quotas::allows(const store::Record& record) const {
    const bool fits = record_max == 0 || counted_size(record) <= record_max;
    return fits && ends_in_time(*this, record);
}

std::optional<bool> Quotas::allows(const IndexEntry& entry) const {
    if (!ends_in_time(*this, entry)) return false;
    if (record_max == 0) return true;
    // A byte of attributes counts as two at most, and there is one terminator.
    if (2 * (std::uint64_t{entry.bytes} + 1) <= record_max) return true;
    return std::nullopt;
}

Capability write_quotas(const Quotas& quotas) {
    Capability out{kQuotas, {}};
    wire::Writer writer(out.value);
    writer(
        quotas.records,
        quotas.records_each,
        quotas.bytes_each,
        quotas.record_max,
        quotas.lifetime_max);
    return out;
}

Quotas read_quotas(const std::vector<Capability>& extras) {
    const auto found = std::ranges::find(extras, kQuotas, &Capability::type);
    if (found == extras.end()) return {};
    Quotas quotas;
    wire::Reader in(found->value); // what follows is for later versions
    in(quotas.records,
       quotas.records_each,
       quotas.bytes_each,
       quotas.record_max,
       quotas.lifetime_max);
    return in.failed() ? Quotas{} : quotas;
}

QuotaUse::Owner QuotaUse::owner_of(const IndexEntry& entry) {
    return {entry.id.high(), is_internal(entry.type)};
}

// Two records have ids that belong to nobody (GA-08).
bool QuotaUse::is_counted(const RecordId& id) const {
    const bool is_bound = quotas_.records_each != 0 || quotas_.bytes_each != 0;
    return is_bound && id != kGraphInfoId && id != kSignatureId;
}

bool QuotaUse::exceeds(const Owner& owner, std::size_t records, std::uint64_t bytes) const {
    if (owner.is_graph) return records > kOwnEachMax || bytes > kOwnBytesEachMax;
    return (quotas_.records_each != 0 && records > quotas_.records_each) ||
           (quotas_.bytes_each != 0 && bytes > quotas_.bytes_each);
}

void QuotaUse::add(const IndexEntry& entry) {
    if (!is_counted(entry.id)) return;
    Share& share = shares_[owner_of(entry)];
    if (!share.keys.insert(entry.key()).second) return;
    share.bytes += entry.bytes;
    ++records_;
}

void QuotaUse::remove(const IndexEntry& entry) {
    const auto at = shares_.find(owner_of(entry));
    if (at == shares_.end() || at->second.keys.erase(entry.key()) == 0) return;
    at->second.bytes -= entry.bytes;
    --records_;
    if (at->second.keys.empty()) shares_.erase(at);
}

const QuotaUse::Share& QuotaUse::share_of(const Owner& owner) const {
    static const Share nothing;
    const auto at = shares_.find(owner);
    return at == shares_.end() ? nothing : at->second;
}

bool QuotaUse::is_used_up(const IndexEntry& entry, const IndexEntry* known) const {
    if (!is_counted(entry.id)) return false;
    const Owner owner = owner_of(entry);
    const Share& share = share_of(owner);
    if (known != nullptr && owner_of(*known) == owner) {
        return exceeds(owner, share.keys.size(), share.bytes + entry.bytes - known->bytes);
    }
    return exceeds(owner, share.keys.size() + 1, share.bytes + entry.bytes);
}

bool QuotaUse::is_over(const IndexEntry& entry, const IndexEntry* known) const {
    if (!is_used_up(entry, known)) return false;
    // The last one gives way.
    const Share& share = share_of(owner_of(entry));
    auto last = share.keys.rbegin();
    if (known != nullptr && last != share.keys.rend() && *last == known->key()) ++last;
    return last == share.keys.rend() || *last < entry.key();
}

std::optional<RecordId> QuotaUse::excess(const IndexEntry& entry) const {
    const Owner owner = owner_of(entry);
    const Share& share = share_of(owner);
    if (!is_counted(entry.id) || !exceeds(owner, share.keys.size(), share.bytes)) {
        return std::nullopt;
    }
    return share.keys.rbegin()->id;
}

std::size_t QuotaUse::memory() const {
    return records_ * (sizeof(store::SyncKey) + 40) + shares_.size() * (sizeof(Share) + 56);
}

} // namespace kith::graph
