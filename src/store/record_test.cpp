#include "base/random.hpp"
#include "base/unicode.hpp"
#include "crypto/digest.hpp"
#include "store/record.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace kith::store {
namespace {

Record sample() {
    Record record;
    record.type = *parse_guid("00112233-4455-6677-8899-aabbccddeeff");
    record.id = *parse_guid("6c796768-7732-406b-bc6e-5e9c0d864580");
    record.version = 7;
    record.creator = "alice";
    record.modifier = "b\xC3\xB6";
    record.security = {std::byte{1}};
    record.created = {10};
    record.expires = {30};
    record.modified = {20};
    record.payload = to_owned(as_bytes("payload"));
    record.attributes = "<attributes/>";
    return record;
}

// Small ranges everywhere, so that ties reach every key.
Record record_like_others(PlainRandom& random) {
    static const std::array<std::string, 6> kModifiers{
        "", "a", "b", "a\xEF\xBF\xBF", "a\xF0\x90\x80\x80", "aa"};
    Record record = sample();
    record.version = static_cast<std::uint32_t>(1 + random.below(2));
    record.modifier = kModifiers[random.below(kModifiers.size())];
    record.modified = {20 + random.below(2)};
    record.security.assign(random.below(3), static_cast<std::byte>(random.below(2)));
    record.payload.assign(1, static_cast<std::byte>(random.below(2)));
    return record;
}

const Record& merge(const Record& left, const Record& right, Rules rules) {
    return compare_age(left, right, rules) >= 0 ? left : right;
}

TEST(ContentDigest, IsOfTheFieldsInTheirOrder) {
    const std::string payload_digest = to_hex(crypto::sha256({as_bytes("payload")}));
    const auto input = from_hex(
        "50475250207265636f726420763200"     // "PGRP record v2" and its zero
        "00112233445566778899aabbccddeeff"   // type
        "6c7967687732406bbc6e5e9c0d864580"   // id
        "00000007"                           // version
        "00000000"                           // reserved and flags
        "000000000000000a"                   // created
        "000000000000001e"                   // expires
        "0000000000000014"                   // modified
        "00000005616c696365"                 // creator
        "0000000362c3b6"                     // modifier
        "0000000d3c617474726962757465732f3e" // attributes
        "00000007" +
        payload_digest);
    ASSERT_TRUE(input);
    EXPECT_EQ(content_digest(sample()), crypto::sha256({*input}));
}

TEST(ContentDigest, DependsOnEveryFieldThatTravelsButTheSecurityData) {
    const auto digest = content_digest(sample());
    const std::vector<std::function<void(Record&)>> changes{
        [](Record& r) { r.type = {}; },
        [](Record& r) { r.id = {}; },
        [](Record& r) { ++r.version; },
        [](Record& r) { r.is_deleted = true; },
        [](Record& r) { ++r.created.ticks; },
        [](Record& r) { ++r.expires.ticks; },
        [](Record& r) { ++r.modified.ticks; },
        [](Record& r) { r.creator += 'x'; },
        [](Record& r) { r.modifier += 'x'; },
        [](Record& r) { r.attributes += 'x'; },
        [](Record& r) { r.payload.push_back(std::byte{0}); },
    };
    for (std::size_t i = 0; i < changes.size(); ++i) {
        Record changed = sample();
        changes[i](changed);
        EXPECT_NE(content_digest(changed), digest) << "change " << i;
    }
    Record same = sample();
    same.security.clear();
    same.refreshes = true;
    EXPECT_EQ(content_digest(same), digest);
}

// GRAPH-275, GRAPH-276, GRAPH-277: the first key that differs decides, in this order.
TEST(CompareAge, TakesTheKeysInTheirOrder) {
    const std::vector<std::function<void(Record&)>> raises{
        [](Record& r) { ++r.version; },
        [](Record& r) { r.modifier = "a"; },
        [](Record& r) { r.modifier = "b"; },
        [](Record& r) { ++r.modified.ticks; },
        [](Record& r) { r.security = {std::byte{0}, std::byte{0}}; },
        [](Record& r) { r.security = {std::byte{0xFF}}; },
    };
    for (const Rules rules : {Rules::published, Rules::modern}) {
        for (std::size_t i = 0; i < raises.size(); ++i) {
            // The newer one has the key that counts, the older one all the later keys.
            Record newer = sample();
            newer.modifier.clear();
            if (i == 2) newer.modifier = "a";
            Record older = newer;
            raises[i](newer);
            for (std::size_t j = i + 1; j < raises.size(); ++j) {
                if (i != 1 || j != 2) raises[j](older);
            }
            if (i == 1) older.modifier.clear();
            if (i >= 2) older.modifier = i == 2 ? "a" : newer.modifier;
            EXPECT_TRUE(compare_age(newer, older, rules) > 0) << "key " << i;
            EXPECT_TRUE(compare_age(older, newer, rules) < 0) << "key " << i;
        }
    }
}

// GRAPH-277: modifiers compare as UTF-16, where U+10000 comes before U+FFFF.
TEST(CompareAge, OrdersModifiersByCodeUnitsOfUtf16) {
    const std::vector<std::string> modifiers{
        "a",
        "b",
        "\xC3\xB6",
        "\xED\x9F\xBF",
        "\xEE\x80\x80",
        "\xEF\xBF\xBF",
        "\xF0\x90\x80\x80",
        "\xF4\x8F\xBF\xBF",
        "aa",
        "a\xF0\x90\x80\x80z",
        "a\xEF\xBF\xBFz"};
    for (const std::string& left : modifiers) {
        for (const std::string& right : modifiers) {
            Record one = sample();
            Record other = sample();
            one.modifier = left;
            other.modifier = right;
            EXPECT_EQ(
                compare_age(one, other, Rules::published) < 0,
                *utf8_to_utf16(left) < *utf8_to_utf16(right))
                << left << " and " << right;
        }
    }
}

// GRAPH-277: all equal means already present; only the modern rules look at the content.
TEST(CompareAge, LooksAtTheContentInTheModernRulesOnly) {
    Record one = sample();
    Record other = sample();
    other.payload = to_owned(as_bytes("other"));
    EXPECT_TRUE(compare_age(one, other, Rules::published) == 0);
    const auto order = compare_age(one, other, Rules::modern);
    EXPECT_TRUE(order != 0);
    EXPECT_EQ(order > 0, content_digest(one) > content_digest(other));
    EXPECT_TRUE(compare_age(one, one, Rules::modern) == 0);
}

// GRAPH-275, GRAPH-276, GRAPH-277: every node picks the same, in whatever order records arrive.
TEST(CompareAge, IsATotalOrderAndMergingAgreesInAnyOrder) {
    SeededRandom random(1);
    for (const Rules rules : {Rules::published, Rules::modern}) {
        for (int round = 0; round < 20'000; ++round) {
            const Record a = record_like_others(random);
            const Record b = record_like_others(random);
            const Record c = record_like_others(random);
            const auto same = [&](const Record& left, const Record& right) {
                return compare_age(left, right, rules) == 0;
            };
            ASSERT_TRUE(compare_age(a, b, rules) == 0 <=> compare_age(b, a, rules));
            const RecordAge age{b.version, b.modifier, b.modified, b.security, content_digest(b)};
            ASSERT_EQ(compare_age(a, b, rules), compare_age(a, age, rules));
            if (compare_age(a, b, rules) <= 0 && compare_age(b, c, rules) <= 0) {
                ASSERT_TRUE(compare_age(a, c, rules) <= 0);
            }
            ASSERT_EQ(merge(a, a, rules), a);
            ASSERT_TRUE(same(merge(a, b, rules), merge(b, a, rules)));
            ASSERT_TRUE(
                same(merge(merge(a, b, rules), c, rules), merge(a, merge(b, c, rules), rules)));
            // In the modern rules what ties is the same record.
            if (rules == Rules::modern && same(a, b)) {
                ASSERT_EQ(a, b);
            }
        }
    }
}

TEST(PeerTime, Saturates) {
    using Ticks = PeerTime::Ticks;
    EXPECT_EQ(PeerTime::max().plus(Ticks(1)), PeerTime::max());
    EXPECT_EQ(PeerTime{5}.plus(Ticks(-6)), PeerTime{0});
    EXPECT_EQ(PeerTime{5}.plus(Ticks::min()), PeerTime{0});
    EXPECT_EQ(PeerTime{5}.since(PeerTime{7}), Ticks(-2));
    EXPECT_EQ(PeerTime::max().since(PeerTime{0}), Ticks::max());
    EXPECT_EQ(PeerTime{0}.since(PeerTime::max()), -Ticks::max());
}

} // namespace
} // namespace kith::store
