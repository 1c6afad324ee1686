#include "sim/record_ledger.hpp"

#include "sim/trace.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <utility>

namespace kith::sim {

namespace {

constexpr std::chrono::minutes kRetireAfter{10};
constexpr std::chrono::milliseconds kEarlySlack{100}; // of clocks that are corrected

std::uint64_t content_of(const store::Record& record) {
    TraceHash hash;
    hash.mix(ByteView(record.payload));
    hash.mix(as_bytes(record.attributes));
    return hash.value();
}

} // namespace

// Hosts ------------------------------------------------------------------------------------------

RecordLedger::Node& RecordLedger::node(HostId host) {
    if (index_of(host) >= nodes_.size()) nodes_.resize(index_of(host) + 1);
    return nodes_[index_of(host)];
}

RecordLedger::Known& RecordLedger::known(HostId host, Serial serial) {
    auto& all = node(host).known;
    if (serial >= all.size()) all.resize(records_.size());
    return all[serial];
}

const RecordLedger::Known* RecordLedger::find_known(HostId host, Serial serial) const {
    if (index_of(host) >= nodes_.size()) return nullptr;
    const auto& all = nodes_[index_of(host)].known;
    return serial < all.size() ? &all[serial] : nullptr;
}

void RecordLedger::booted(HostId host, bool has_store) {
    Node& it = node(host);
    it.is_up = true;
    it.synchronized.reset();
    if (!has_store) it.known.clear();
    // What expired meanwhile goes without a word.
    for (Known& each : it.known)
        each.is_shown = false;
}

void RecordLedger::halted(HostId host) {
    node(host).is_up = false;
    node(host).synchronized.reset();
}

void RecordLedger::synchronized(Instant now, HostId host) {
    if (!node(host).synchronized) node(host).synchronized = now;
}

// What is published ------------------------------------------------------------------------------

void RecordLedger::published(Instant now, HostId by, const store::Record& record) {
    const auto [found, is_new] = serials_.emplace(record.id, static_cast<Serial>(records_.size()));
    if (is_new) {
        records_.push_back({record.id, record.expires, {}, false, false});
        unexpired_.push_back(found->second);
    }
    Entry& entry = records_[found->second];
    entry.expires = std::max(entry.expires, record.expires);
    entry.changes.push_back({record.version, content_of(record), by, now, false, is_measuring_});
    Known& mine = known(by, found->second);
    mine.version = std::max(mine.version, record.version);
    mine.hops = 0;
    mine.is_shown = true;
}

void RecordLedger::deleted(Instant now, HostId by, const store::RecordId& id) {
    const auto found = serials_.find(id);
    if (found == serials_.end()) return;
    Known& mine = known(by, found->second);
    ++mine.version; // an update to nothing
    mine.hops = 0;
    mine.is_shown = false;
    Entry& entry = records_[found->second];
    entry.is_deleted = true;
    entry.changes.push_back({mine.version, 0, by, now, true, is_measuring_});
}

void RecordLedger::contest(const store::RecordId& id) {
    const auto found = serials_.find(id);
    if (found != serials_.end()) records_[found->second].is_contested = true;
}

// What is seen -----------------------------------------------------------------------------------

Complaint RecordLedger::saw(Instant now, const View& view, const graph::RecordChanged& change) {
    const auto found = serials_.find(change.id);
    if (found == serials_.end()) return "shows a record that nobody has published";
    const Serial serial = found->second;
    Entry& entry = records_[serial];
    Known& it = known(view.host, serial);
    if (change.kind == graph::RecordChangeKind::expired) {
        it.is_shown = false;
        if (entry.is_contested || view.now.plus(kEarlySlack) >= entry.expires) return std::nullopt;
        return fmt::format(
            "lets a record expire {} ms too early",
            std::chrono::duration_cast<std::chrono::milliseconds>(entry.expires.since(view.now))
                .count());
    }
    if (change.kind == graph::RecordChangeKind::deleted) {
        it.is_shown = false;
        for (const Change& each : entry.changes) {
            if (!each.deletes) continue;
            learn(now, view, serial, each.version);
            return std::nullopt;
        }
        return "shows the end of a record that nobody has deleted";
    }
    if (view.record == nullptr) return std::nullopt; // replaced again in the same step
    const std::uint64_t content = content_of(*view.record);
    const bool is_true = std::ranges::any_of(entry.changes, [&](const Change& each) {
        return !each.deletes && each.version == view.record->version && each.content == content;
    });
    if (!is_true) {
        return fmt::format("shows a forged version {} of a record", view.record->version);
    }
    if (view.record->expires < view.now) return "shows a record that has expired";
    it.is_shown = true;
    if (view.record->version < it.version && !entry.is_contested) {
        return fmt::format("went back from version {} to {}", it.version, view.record->version);
    }
    learn(now, view, serial, view.record->version);
    return std::nullopt;
}

void RecordLedger::learn(Instant now, const View& view, Serial serial, std::uint32_t version) {
    const Known* source = view.from ? find_known(*view.from, serial) : nullptr;
    const unsigned hops = source != nullptr ? source->hops + 1U : 0U;
    Known& it = known(view.host, serial);
    const std::uint32_t before = std::exchange(it.version, std::max(it.version, version));
    if (before >= version) return;
    it.hops = static_cast<std::uint8_t>(std::min(hops, 255U));
    const Entry& entry = records_[serial];
    if (entry.is_contested) return;
    const auto& since = node(view.host).synchronized;
    for (const Change& each : entry.changes) {
        const bool is_news = each.version > before && each.version <= version;
        if (!is_news || !each.counts || !since || *since > each.at) continue;
        const std::chrono::duration<float, std::milli> took = now - each.at;
        latencies_ms_.push_back(took.count());
        hops_max_ = std::max(hops_max_, hops);
        hops_sum_ += hops;
    }
}

Complaint RecordLedger::check_expired(HostId host, store::PeerTime now) const {
    for (const Serial serial : unexpired_) {
        const Known* it = find_known(host, serial);
        if (it == nullptr || !it->is_shown || records_[serial].is_contested) continue;
        if (records_[serial].expires.plus(kExpirySlack) >= now) continue;
        return fmt::format(
            "still shows a record {} s after it expired",
            std::chrono::duration_cast<std::chrono::seconds>(now.since(records_[serial].expires))
                .count());
    }
    return std::nullopt;
}

void RecordLedger::retire(store::PeerTime now) {
    std::erase_if(unexpired_, [&](Serial serial) {
        const Entry& entry = records_[serial];
        if (entry.expires.plus(kRetireAfter) >= now) return false;
        if (!entry.is_contested) tally_retired(entry, serial);
        return true;
    });
}

void RecordLedger::tally_retired(const Entry& entry, Serial serial) {
    for (const Change& change : entry.changes) {
        if (!change.counts) continue;
        std::size_t expected = 0;
        std::size_t delivered = 0;
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            const auto& since = nodes_[i].synchronized;
            if (!since || *since > change.at) continue;
            ++expected;
            if (has_all(find_known(host_id(i), serial), change)) ++delivered;
        }
        // What was lost with its publisher before anybody had it is no news for anybody.
        if (delivered == 0) continue;
        retired_expected_ += expected;
        retired_delivered_ += delivered;
    }
}

// Who joins after the end of a record is told neither of its life nor of its end.
bool RecordLedger::is_due(HostId host, Serial serial) const {
    if (!records_[serial].is_deleted) return true;
    const Known* it = find_known(host, serial);
    return it != nullptr && it->version > 0;
}

bool RecordLedger::has_all(const Known* known, const Change& change) {
    return known != nullptr && known->version >= change.version;
}

Deliveries RecordLedger::deliveries(std::span<const HostId> live, store::PeerTime now) const {
    Deliveries out;
    out.expected = retired_expected_;
    out.delivered = retired_delivered_;
    for (Serial serial = 0; serial < records_.size(); ++serial) {
        const Entry& entry = records_[serial];
        for (const Change& each : entry.changes) {
            if (!each.counts) continue;
            ++out.published;
            if (entry.is_contested || entry.expires < now) continue;
            const auto having = static_cast<std::size_t>(std::ranges::count_if(
                live, [&](HostId host) { return has_all(find_known(host, serial), each); }));
            // What was lost with its publisher before anybody had it is no news for anybody.
            if (having == 0) continue;
            out.delivered += having;
            out.expected += static_cast<std::size_t>(
                std::ranges::count_if(live, [&](HostId host) { return is_due(host, serial); }));
        }
    }
    out.latencies_ms = latencies_ms_;
    std::ranges::sort(out.latencies_ms);
    out.hops_max = hops_max_;
    const auto count = static_cast<double>(std::max<std::size_t>(latencies_ms_.size(), 1));
    out.hops_mean = static_cast<double>(hops_sum_) / count;
    return out;
}

std::optional<std::string>
RecordLedger::find_incomplete(std::span<const HostId> live, store::PeerTime now) const {
    const auto version_at = [&](HostId host, Serial serial) {
        const Known* it = find_known(host, serial);
        return it == nullptr ? 0U : it->version;
    };
    for (const Serial serial : unexpired_) {
        const Entry& entry = records_[serial];
        if (entry.is_contested || entry.is_deleted || entry.expires < now) continue;
        for (const HostId host : live) {
            const std::uint32_t first = version_at(live.front(), serial);
            if (version_at(host, serial) == first) continue;
            return fmt::format(
                "{} of host {}: version {} at host {}, version {} at host {}",
                to_string(entry.id),
                index_of(entry.changes.front().by),
                first,
                index_of(live.front()),
                version_at(host, serial),
                index_of(host));
        }
    }
    return std::nullopt;
}

} // namespace kith::sim
