#include "store/memory_store.hpp"

#include "base/check.hpp"
#include "store/attributes.hpp"
#include "store/condition.hpp"
#include "store/limits.hpp"

#include <algorithm>
#include <utility>

namespace kith::store {
namespace {

/// Ids with their records' times of creation, in any order, as a store gives them back.
class Findings {
public:
    void add(const Record& record) { found_.emplace_back(record.created, record.id); }

    std::vector<RecordId> first(std::size_t limit) {
        std::sort(found_.begin(), found_.end());
        std::vector<RecordId> ids;
        ids.reserve(std::min(limit, found_.size()));
        for (const auto& [created, id] : found_) {
            if (ids.size() == limit) break;
            ids.push_back(id);
        }
        return ids;
    }

private:
    std::vector<std::pair<PeerTime, RecordId>> found_;
};

bool is_live(const Record& record, PeerTime now) {
    return !record.is_deleted && record.expires >= now;
}

} // namespace

StoreResult<std::optional<Record>> MemoryStore::get(const RecordId& id) {
    const auto found = records_.find(id);
    if (found == records_.end()) return std::nullopt;
    return found->second;
}

StoreResult<std::optional<RecordHead>>
MemoryStore::head(const RecordId& id, std::size_t payload_max) {
    const auto found = records_.find(id);
    if (found == records_.end()) return std::nullopt;
    const Record& stored = found->second;
    RecordHead head;
    head.record.type = stored.type;
    head.record.id = stored.id;
    head.record.version = stored.version;
    head.record.is_deleted = stored.is_deleted;
    head.record.refreshes = stored.refreshes;
    head.record.creator = stored.creator;
    head.record.modifier = stored.modifier;
    head.record.created = stored.created;
    head.record.expires = stored.expires;
    head.record.modified = stored.modified;
    head.record.attributes = stored.attributes;
    head.payload_size = stored.payload.size();
    if (stored.payload.size() <= payload_max) head.record.payload = stored.payload;
    return head;
}

StoreResult<std::optional<RecordAge>> MemoryStore::age(const RecordId& id) {
    const auto found = records_.find(id);
    if (found == records_.end()) return std::nullopt;
    const Record& stored = found->second;
    return RecordAge{
        stored.version, stored.modifier, stored.modified, stored.security, index_.find(id)->digest};
}

StoreResult<void> MemoryStore::put(const Record& record) {
    index_.put(make_index_entry(record));
    records_.insert_or_assign(record.id, record);
    return {};
}

StoreResult<void> MemoryStore::erase(const RecordId& id) {
    index_.erase(id);
    records_.erase(id);
    return {};
}

StoreResult<std::vector<RecordId>>
MemoryStore::search(const Query& query, PeerTime now, std::size_t limit) {
    Findings findings;
    for (const auto& [id, record] : records_) {
        if (!is_live(record, now)) continue;
        // Attributes that cannot be read are none.
        const auto attributes = parse_attributes(record.attributes);
        if (matches(query, record, attributes ? *attributes : std::vector<Attribute>{})) {
            findings.add(record);
        }
    }
    return findings.first(limit);
}

StoreResult<std::vector<RecordId>> MemoryStore::list(
    const RecordType& type, std::string_view creator, PeerTime now, std::size_t limit) {
    Findings findings;
    for (const auto& [id, record] : records_) {
        if (is_live(record, now) && (type.is_nil() || record.type == type) &&
            (creator.empty() || record.creator == creator)) {
            findings.add(record);
        }
    }
    return findings.first(limit);
}

StoreResult<std::optional<Bytes>> MemoryStore::property(std::string_view key) {
    const auto found = properties_.find(key);
    if (found == properties_.end()) return std::nullopt;
    return found->second;
}

StoreResult<void> MemoryStore::set_property(std::string_view key, ByteView value) {
    KITH_CHECK(key.size() <= kPropertyKeyMax && value.size() <= kPropertyValueMax);
    properties_.insert_or_assign(std::string(key), to_owned(value));
    return {};
}

} // namespace kith::store
