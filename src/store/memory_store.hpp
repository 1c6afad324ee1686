// Records in memory: for simulation and for nodes that keep nothing.

#pragma once

#include "store/record_store.hpp"

#include <map>
#include <string>

namespace kith::store {

/// Never fails, and has nothing to make durable: `commit()` does nothing.
class MemoryStore final : public RecordStore {
public:
    explicit MemoryStore(Rules rules) : rules_(rules) {}

    Rules rules() const override { return rules_; }
    const RecordIndex& index() const override { return index_; }
    StoreResult<std::optional<Record>> get(const RecordId& id) override;
    StoreResult<std::optional<RecordHead>>
    head(const RecordId& id, std::size_t payload_max) override;
    StoreResult<std::optional<RecordAge>> age(const RecordId& id) override;
    StoreResult<void> put(const Record& record) override;
    StoreResult<void> erase(const RecordId& id) override;
    StoreResult<void> commit() override { return {}; }
    StoreResult<std::vector<RecordId>>
    search(const Query& query, PeerTime now, std::size_t limit) override;
    StoreResult<std::vector<RecordId>> list(
        const RecordType& type, std::string_view creator, PeerTime now, std::size_t limit) override;
    StoreResult<std::optional<Bytes>> property(std::string_view key) override;
    StoreResult<void> set_property(std::string_view key, ByteView value) override;

private:
    Rules rules_;
    RecordIndex index_;
    std::map<RecordId, Record> records_;
    std::map<std::string, Bytes, std::less<>> properties_;
};

} // namespace kith::store
