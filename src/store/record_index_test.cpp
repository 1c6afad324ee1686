#include "base/random.hpp"
#include "crypto/digest.hpp"
#include "store/record_index.hpp"
#include "wire/writer.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <vector>

namespace kith::store {
namespace {

RecordId id_of(std::uint64_t number) {
    // Neighbouring numbers are not neighbours in the order of ids.
    return Guid::from_halves(number * 0x9E37'79B9'7F4A'7C15U, number);
}

IndexEntry random_entry(PlainRandom& random, std::uint64_t ids) {
    IndexEntry entry;
    entry.id = id_of(random.below(ids));
    entry.version = static_cast<std::uint32_t>(random.next());
    entry.modified = {random.below(50)}; // many of one time: the id decides then
    entry.expires = {random.below(60)};
    entry.digest[random.below(32)] = static_cast<std::byte>(random.next());
    return entry;
}

bool same(const IndexEntry& left, const IndexEntry& right) {
    return left.id == right.id && left.version == right.version &&
           left.modified == right.modified && left.expires == right.expires &&
           left.digest == right.digest;
}

/// What the index must say, in the simplest way.
class Model {
public:
    void put(const IndexEntry& entry) { entries[entry.id] = entry; }
    void erase(const RecordId& id) { entries.erase(id); }

    std::vector<IndexEntry> range(const SyncKey& first, const SyncKey& last) const {
        std::vector<IndexEntry> out;
        for (const auto& [id, entry] : entries) {
            if (entry.key() >= first && entry.key() <= last) out.push_back(entry);
        }
        std::sort(
            out.begin(), out.end(), [](const auto& a, const auto& b) { return a.key() < b.key(); });
        return out;
    }

    std::map<RecordId, IndexEntry> entries;
};

RangeSum sum_of(const std::vector<IndexEntry>& entries) {
    RangeSum total;
    for (const IndexEntry& entry : entries) {
        Bytes input;
        wire::Writer{input}(entry.id.bytes, entry.version, entry.digest);
        const auto digest = crypto::sha256({input});
        unsigned carry = 0;
        for (std::size_t i = 32; i-- > 0;) {
            carry += std::to_integer<unsigned>(total.sum[i]) + std::to_integer<unsigned>(digest[i]);
            total.sum[i] = static_cast<std::byte>(carry);
            carry >>= 8U;
        }
        ++total.count;
    }
    return total;
}

SyncKey random_key(PlainRandom& random) {
    switch (random.below(6)) {
    case 0:
        return SyncKey::lowest();
    case 1:
        return SyncKey::highest();
    default:
        return {{random.below(52)}, id_of(random.below(400))};
    }
}

void expect_like(const RecordIndex& index, const Model& model, PlainRandom& random) {
    ASSERT_EQ(index.size(), model.entries.size());
    const SyncKey first = random_key(random);
    const SyncKey last = random_key(random);
    const auto expected = model.range(first, last);
    ASSERT_EQ(index.sum(first, last), sum_of(expected));

    std::vector<IndexEntry> visited;
    const std::size_t stop_after = random.below(expected.size() + 2);
    index.visit(first, last, [&](const IndexEntry& entry) {
        visited.push_back(entry);
        return visited.size() < stop_after;
    });
    ASSERT_EQ(visited.size(), std::min(expected.size(), std::max<std::size_t>(stop_after, 1)));
    ASSERT_TRUE(std::equal(visited.begin(), visited.end(), expected.begin(), same));

    const auto rest = model.range(first, SyncKey::highest());
    const std::uint64_t rank = random.below(rest.size() + 2);
    const auto key = index.key_at(first, rank);
    ASSERT_EQ(key.has_value(), rank < rest.size());
    if (key) {
        ASSERT_EQ(*key, rest[rank].key());
    }

    const IndexEntry* next = index.first_to_expire();
    ASSERT_EQ(next == nullptr, model.entries.empty());
    for (const auto& [id, entry] : model.entries)
        ASSERT_GE(entry.expires, next->expires);
}

TEST(RecordIndex, AgreesWithAPlainMapUnderRandomChanges) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        SeededRandom random(seed);
        RecordIndex index;
        Model model;
        const std::uint64_t ids = 1 + random.below(400);
        for (int step = 0; step < 1500; ++step) {
            if (random.below(3) > 0) {
                const IndexEntry entry = random_entry(random, ids);
                index.put(entry);
                model.put(entry);
            } else {
                const RecordId id = id_of(random.below(ids));
                index.erase(id);
                model.erase(id);
            }
            if (step % 10 == 0) expect_like(index, model, random);
            if (HasFatalFailure()) return;
        }
        for (std::uint64_t number = 0; number < ids; ++number) {
            const IndexEntry* found = index.find(id_of(number));
            const auto expected = model.entries.find(id_of(number));
            ASSERT_EQ(found != nullptr, expected != model.entries.end());
            if (found != nullptr) {
                ASSERT_TRUE(same(*found, expected->second));
            }
        }
    }
}

TEST(RecordIndex, AssignedAtOnceIsAsPutOneByOne) {
    for (std::size_t count : {0U, 1U, 2U, 3U, 7U, 100U, 1000U}) {
        SeededRandom random(count);
        Model model;
        while (model.entries.size() < count)
            model.put(random_entry(random, 4 * count));
        std::vector<IndexEntry> entries;
        for (const auto& [id, entry] : model.entries)
            entries.push_back(entry);
        RecordIndex index;
        index.put(random_entry(random, 1)); // goes away
        ASSERT_TRUE(index.assign(entries));
        for (int step = 0; step < 300; ++step) {
            expect_like(index, model, random);
            if (HasFatalFailure()) return;
            const IndexEntry entry = random_entry(random, 4 * count + 1);
            index.put(entry);
            model.put(entry);
            const RecordId gone = id_of(random.below(4 * count + 1));
            index.erase(gone);
            model.erase(gone);
        }
    }
}

TEST(RecordIndex, RefusesToBeAssignedOneIdTwice) {
    SeededRandom random(1);
    IndexEntry entry = random_entry(random, 1);
    IndexEntry other = entry;
    ++other.modified.ticks;
    RecordIndex index;
    EXPECT_FALSE(index.assign({entry, other}));
    EXPECT_EQ(index.size(), 0U);
}

TEST(RecordIndex, TakesAtMostTwoHundredBytesAnEntry) {
    SeededRandom random(3);
    RecordIndex index;
    constexpr std::uint64_t kEntries = 50'000;
    for (std::uint64_t i = 0; i < kEntries; ++i) {
        IndexEntry entry = random_entry(random, 1);
        entry.id = id_of(i);
        index.put(entry);
    }
    EXPECT_LE(index.memory() / kEntries, 200U);
    for (std::uint64_t i = 0; i < kEntries; ++i)
        index.erase(id_of(i));
    const std::size_t empty = index.memory();
    for (std::uint64_t i = 0; i < kEntries; ++i) {
        IndexEntry entry = random_entry(random, 1);
        entry.id = id_of(kEntries + i);
        index.put(entry);
    }
    EXPECT_LE(index.memory(), empty) << "what is erased is used again";
}

TEST(SyncKey, SuccessorIsTheNextNumberOfTimeAndId) {
    EXPECT_EQ(SyncKey::lowest().successor(), (SyncKey{{0}, Guid::from_halves(0, 1)}));
    EXPECT_EQ(
        (SyncKey{{4}, Guid::from_halves(0, ~std::uint64_t{0})}).successor(),
        (SyncKey{{4}, Guid::from_halves(1, 0)}));
    const SyncKey last{{4}, SyncKey::highest().id};
    EXPECT_EQ(last.successor(), (SyncKey{{5}, Guid{}}));
    EXPECT_EQ(SyncKey::highest().successor(), SyncKey::highest());
}

} // namespace
} // namespace kith::store
