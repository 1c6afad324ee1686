// Archives: in parts of any size the same is read, and what reads as a record is written so.

#include "base/check.hpp"
#include "store/archive.hpp"
#include "store/memory_store.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <utility>
#include <vector>

namespace {

using namespace kith;
using Outcome = std::expected<std::vector<store::Record>, store::ArchiveErrc>;

Outcome read_all(ByteView file, std::size_t step) {
    store::ArchiveReader reader;
    std::vector<store::Record> records;
    while (!file.empty()) {
        const ByteView part = file.first(std::min(step, file.size()));
        file = file.subspan(part.size());
        reader.feed(part);
        while (true) {
            auto record = reader.next();
            if (!record) return std::unexpected(record.error());
            if (!*record) break;
            records.push_back(std::move(**record));
        }
    }
    if (auto finished = reader.finish(); !finished) return std::unexpected(finished.error());
    return records;
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView file = std::as_bytes(std::span(data, size));
    if (const auto record = store::decode_archived(file)) {
        KITH_CHECK(std::ranges::equal(store::encode_archived(*record), file));
    }
    const Outcome whole = read_all(file, std::max<std::size_t>(size, 1));
    KITH_CHECK(read_all(file, 13).has_value() == whole.has_value());
    if (!whole) return 0;
    store::MemoryStore merged(store::Rules::modern);
    for (const store::Record& record : *whole) {
        KITH_CHECK(store::merge_record(merged, record).has_value());
    }
    return 0;
}
