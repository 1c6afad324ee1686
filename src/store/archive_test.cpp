#include "base/random.hpp"
#include "store/archive.hpp"
#include "store/limits.hpp"
#include "store/memory_store.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace kith::store {
namespace {

Record archived_record(std::uint64_t number) {
    Record record;
    record.type = Guid::from_halves(1, 1);
    record.id = Guid::from_halves(~number, number);
    record.version = static_cast<std::uint32_t>(1 + number % 3);
    record.is_deleted = number % 5 == 0;
    record.creator = "alice";
    record.modifier = number % 2 == 0 ? "" : "b\xC3\xB6";
    record.security = Bytes(number % 3, std::byte{9});
    record.created = record.modified = {number / 7};
    record.expires = PeerTime::max();
    record.payload = Bytes(number, static_cast<std::byte>(number));
    record.attributes = number % 2 == 0 ? "" : "<attributes/>";
    return record;
}

const ArchiveHead kHead{"graph", "peer", Rules::modern};

Bytes exported(RecordStore& store) {
    ArchiveWriter writer(store, kHead);
    Bytes file;
    for (int parts = 0; parts < 10'000; ++parts) {
        const auto part = writer.next();
        EXPECT_TRUE(part);
        if (!part || part->empty()) break;
        file.insert(file.end(), part->begin(), part->end());
    }
    return file;
}

/// Reads `file` in parts of `step` bytes.
std::expected<std::vector<Record>, ArchiveErrc> read_all(ByteView file, std::size_t step) {
    ArchiveReader reader;
    std::vector<Record> records;
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
    EXPECT_EQ(reader.head(), kHead);
    return records;
}

TEST(Archive, GivesBackEveryRecordInPartsOfAnySize) {
    MemoryStore store(Rules::modern);
    for (std::uint64_t i = 0; i < 1200; ++i)
        ASSERT_TRUE(store.put(archived_record(i)));
    const Bytes file = exported(store);
    for (const std::size_t step : {std::size_t{1}, std::size_t{1000}, file.size()}) {
        const auto records = read_all(file, step);
        ASSERT_TRUE(records);
        ASSERT_EQ(records->size(), 1200U);
        for (const Record& record : *records)
            EXPECT_EQ(store.get(record.id), record);
    }
}

TEST(Archive, OfAnEmptyStoreHasAnEndToo) {
    MemoryStore store(Rules::modern);
    const auto records = read_all(exported(store), 7);
    ASSERT_TRUE(records);
    EXPECT_TRUE(records->empty());
    EXPECT_EQ(read_all({}, 1).error(), ArchiveErrc::truncated);
}

TEST(Archive, FindsEveryCutAndEveryChangedByte) {
    MemoryStore store(Rules::modern);
    for (std::uint64_t i = 0; i < 4; ++i)
        ASSERT_TRUE(store.put(archived_record(i)));
    const Bytes file = exported(store);
    for (std::size_t size = 0; size < file.size(); ++size) {
        const auto records = read_all(ByteView(file).first(size), 64);
        ASSERT_FALSE(records) << size;
        EXPECT_EQ(records.error(), ArchiveErrc::truncated);
    }
    for (std::size_t at = 0; at < file.size(); ++at) {
        Bytes changed = file;
        changed[at] ^= std::byte{0x10};
        EXPECT_FALSE(read_all(changed, 64)) << at;
    }
    Bytes longer = file;
    longer.push_back(std::byte{0});
    EXPECT_EQ(read_all(longer, longer.size()).error(), ArchiveErrc::damaged);
    EXPECT_EQ(read_all(longer, file.size()).error(), ArchiveErrc::damaged);
}

TEST(Archive, RefusesOtherFilesLaterVersionsAndGreatLengths) {
    EXPECT_EQ(read_all(as_bytes("something else"), 3).error(), ArchiveErrc::not_an_archive);
    const auto file = [](std::string_view hex) {
        Bytes bytes = to_owned(as_bytes("KITHREC\n"));
        const Bytes more = *from_hex(hex);
        bytes.insert(bytes.end(), more.begin(), more.end());
        return bytes;
    };
    EXPECT_EQ(read_all(file("000200000000"), 3).error(), ArchiveErrc::newer_version);
    EXPECT_EQ(read_all(file("0001ffffffff"), 3).error(), ArchiveErrc::too_large);
    EXPECT_EQ(
        read_all(file("000100000009010000000000000000ffffffff"), 3).error(),
        ArchiveErrc::too_large);
}

// Written by another program after docs/formats.md.
TEST(Archive, IsTheDocumentedFormat) {
    Record record;
    std::uint8_t next = 0;
    for (std::byte& byte : record.type.bytes)
        byte = std::byte{next++};
    for (std::byte& byte : record.id.bytes)
        byte = std::byte{next++};
    record.version = 5;
    record.is_deleted = true;
    record.creator = "a";
    record.security = {std::byte{7}};
    record.created = {10};
    record.expires = {30};
    record.modified = {20};
    record.payload = to_owned(as_bytes("p"));
    MemoryStore store(Rules::modern);
    ASSERT_TRUE(store.put(record));
    EXPECT_EQ(
        to_hex(exported(store)),
        "4b4954485245430a000100000012010000000567726170680000000470656572"
        "00000054000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        "0000000501000000000000000a000000000000001e000000000000001400000001610000"
        "000000000001070000000000000001700000000000000000000000"
        "0136588f00a1ff9e00027f7bf0f76d00a8ea748f7a57fff6debb9527daecd6f2bd");
}

TEST(Archive, MergesByAge) {
    MemoryStore store(Rules::modern);
    Record older = archived_record(2);
    older.version = 1;
    Record newer = older;
    newer.version = 2;
    EXPECT_EQ(merge_record(store, newer), true);
    EXPECT_EQ(merge_record(store, older), false);
    EXPECT_EQ(merge_record(store, newer), false);
    EXPECT_EQ(store.get(older.id), newer);
    older.version = 3;
    EXPECT_EQ(merge_record(store, older), true);
    EXPECT_EQ(store.get(older.id), older);
}

} // namespace
} // namespace kith::store
