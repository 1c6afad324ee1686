#include "base/random.hpp"
#include "graph/sync_range.hpp"
#include "graph/wire_limits.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <initializer_list>

namespace kith::graph {
namespace {

using store::SyncKey;

SyncKey key(std::uint64_t time, std::uint64_t high, std::uint64_t low) {
    return {{time}, Guid::from_halves(high, low)};
}

constexpr std::uint64_t kOnes = ~std::uint64_t{0};

Bytes written(const std::vector<SyncRange>& ranges, RangeUse use = RangeUse::question) {
    Bytes out;
    wire::Writer writer(out);
    write_ranges(writer, ranges, use);
    EXPECT_EQ(out.size(), size_of(ranges, use));
    return out;
}

Bytes bytes(std::initializer_list<int> values) {
    Bytes out;
    for (const int value : values)
        out.push_back(static_cast<std::byte>(value));
    return out;
}

bool reads(const Bytes& input, std::uint64_t count, RangeUse use = RangeUse::question) {
    wire::Reader in(input);
    const auto ranges = read_ranges(in, count, use);
    EXPECT_TRUE(ranges.empty() || !in.failed());
    return !in.failed();
}

TEST(SyncRange, TheHighestKeyIsNoBytesAtAll) {
    EXPECT_EQ(written({{RangeKind::settled, SyncKey::highest()}}), bytes({0x00, 0}));
    EXPECT_EQ(written({{RangeKind::list, SyncKey::highest()}}), bytes({0x40, 0}));
    EXPECT_EQ(
        written({{RangeKind::list, SyncKey::highest(), {}, 258}}, RangeUse::answer),
        bytes({0x40, 0, 0, 0, 1, 2}));
}

TEST(SyncRange, SeparatorIsShortAndBetween) {
    // By time, by the creator's half and by the other half of the id.
    EXPECT_EQ(
        separator(key(0x0102030405060708, 1, 2), key(0x0102040000000000, 0, 0)),
        key(0x010203FFFFFFFFFF, kOnes, kOnes));
    EXPECT_EQ(separator(key(7, 1, 2), key(7, 2, 0)), key(7, 1, kOnes));
    EXPECT_EQ(
        separator(key(7, 1, 0x0500000000000000), key(7, 1, 0x0700000000000000)),
        key(7, 1, 0x05FFFFFFFFFFFFFF));
    SeededRandom random(3);
    for (int i = 0; i < 1000; ++i) {
        SyncKey last = key(random.below(4), random.below(4), random.next());
        SyncKey next = key(random.below(4), random.below(4), random.next());
        if (last == next) continue;
        if (next < last) std::swap(last, next);
        EXPECT_LE(last, separator(last, next));
        EXPECT_LT(separator(last, next), next);
    }
}

TEST(SyncRange, WhatAKeySharesWithTheOneBeforeIsNotRepeated) {
    EXPECT_EQ(
        written(
            {{RangeKind::settled, key(0x0102'03FF'FFFF'FFFF, kOnes, kOnes)},
             {RangeKind::list, key(0x0102'05FF'FFFF'FFFF, kOnes, kOnes)},
             {RangeKind::list, key(0x01FF'FFFF'FFFF'FFFF, kOnes, kOnes)}}),
        bytes({0x03, 0, 1, 2, 3, 0x41, 2, 5, 0x40, 1}));
}

// One meaning has one encoding, and what has another one is refused.
TEST(SyncRange, KeysThatAreNotShortestOrDoNotAscendAreRefused) {
    EXPECT_TRUE(reads(bytes({0x01, 0, 0x05}), 1));
    EXPECT_FALSE(reads(bytes({0x01, 0, 0xFF}), 1)) << "the highest, written longer";
    EXPECT_FALSE(reads(bytes({0x02, 0, 0x00, 0x05}), 1)) << "the first one follows on zeros";
    EXPECT_TRUE(reads(bytes({0x01, 1, 0x05}), 1));
    EXPECT_TRUE(reads(bytes({0x01, 0, 0x05, 0x01, 0, 0x06}), 2));
    EXPECT_FALSE(reads(bytes({0x01, 0, 0x05, 0x02, 0, 0x05, 0x06}), 2)) << "shares a byte";
    EXPECT_FALSE(reads(bytes({0x01, 0, 0x05, 0x00, 1}), 2)) << "the same again";
    EXPECT_FALSE(reads(bytes({0x01, 0, 0x05, 0x01, 0, 0x04}), 2));
    EXPECT_FALSE(reads(bytes({0x00, 0, 0x01, 0, 0x05}), 2)) << "nothing comes behind the highest";
}

TEST(SyncRange, UnknownKindsAndLengthsAreRefused) {
    Bytes longest(26, std::byte{1});
    longest[0] = std::byte{24};
    longest[1] = std::byte{0};
    EXPECT_TRUE(reads(longest, 1));
    longest.push_back(std::byte{1});
    longest[0] = std::byte{25};
    EXPECT_FALSE(reads(longest, 1));
    longest[0] = std::byte{24};
    longest[1] = std::byte{1};
    EXPECT_FALSE(reads(longest, 1));
    EXPECT_FALSE(reads(bytes({0x60, 0}), 1));
    EXPECT_FALSE(reads(bytes({0x80, 0}), 1));
}

TEST(SyncRange, WhatIsCutShortOrTooManyIsRefused) {
    const std::vector<SyncRange> ranges = {
        {RangeKind::sum, key(5, 6, 7), {std::byte{1}}},
        {RangeKind::list, SyncKey::highest(), {}, 3},
    };
    const Bytes whole = written(ranges, RangeUse::answer);
    ASSERT_TRUE(reads(whole, 2, RangeUse::answer));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_FALSE(reads(part, 2, RangeUse::answer)) << size;
    }
    EXPECT_FALSE(reads(whole, kSyncRangesMax + 1, RangeUse::answer));
}

} // namespace
} // namespace kith::graph
