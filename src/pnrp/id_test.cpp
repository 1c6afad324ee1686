#include "base/random.hpp"
#include "pnrp/cpa.hpp"
#include "pnrp/id.hpp"
#include "pnrp/test_golden.hpp"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

PnrpId number(std::uint64_t low) {
    PnrpId id;
    for (std::size_t i = 0; i < 8; ++i) {
        id.bytes[31 - i] = static_cast<std::byte>(low >> (8 * i));
    }
    return id;
}

const PnrpId kZero{};

PnrpId all_ones() {
    return kZero - number(1);
}

PnrpId random_id(SeededRandom& random) {
    PnrpId id;
    for (std::byte& b : id.bytes)
        b = static_cast<std::byte>(random.next());
    // Many carries, borrows and equal halves: the ones and zeros of real arithmetic's edges.
    if (random.below(2) == 0) {
        const auto fill = static_cast<std::byte>(random.below(2) == 0 ? 0x00 : 0xff);
        std::fill_n(
            id.bytes.begin() + static_cast<std::ptrdiff_t>(random.below(16)),
            random.below(17),
            fill);
    }
    return id;
}

// The obvious way, a byte at a time.
PnrpId add_slowly(const PnrpId& a, const PnrpId& b) {
    PnrpId out;
    unsigned carry = 0;
    for (std::size_t i = 32; i-- > 0;) {
        const unsigned sum =
            std::to_integer<unsigned>(a.bytes[i]) + std::to_integer<unsigned>(b.bytes[i]) + carry;
        out.bytes[i] = static_cast<std::byte>(sum & 0xffU);
        carry = sum >> 8U;
    }
    return out;
}

TEST(PnrpIdTest, SumAndDifferenceAgreeWithArithmeticByHand) {
    SeededRandom random(1);
    for (int i = 0; i < 20'000; ++i) {
        const PnrpId a = random_id(random);
        const PnrpId b = random_id(random);
        ASSERT_EQ(a + b, add_slowly(a, b));
        ASSERT_EQ(a - b + b, a);
    }
}

// PNRP-121: vectors 3.2.
TEST(PnrpIdTest, DistanceGoesTheShorterWayRound) {
    EXPECT_EQ(distance(all_ones(), kZero), number(1));
    EXPECT_EQ(distance(kZero, power_of_two(255) + number(1)), power_of_two(255) - number(1));
    EXPECT_EQ(distance(kZero, power_of_two(255)), power_of_two(255));
    EXPECT_EQ(successor(all_ones()), kZero);
    EXPECT_EQ(successor(number(0xffffffffffffffff)), power_of_two(64));
}

TEST(PnrpIdTest, DistanceIsSymmetricAndCloserIsLess) {
    SeededRandom random(2);
    for (int i = 0; i < 10'000; ++i) {
        const PnrpId a = random_id(random);
        const PnrpId b = random_id(random);
        const PnrpId target = random_id(random);
        ASSERT_EQ(distance(a, b), distance(b, a));
        ASSERT_LE(distance(a, b), power_of_two(255));
        ASSERT_EQ(is_closer(a, b, target), distance(a, target) < distance(b, target));
        ASSERT_FALSE(is_closer(a, a, target));
    }
}

TEST(PnrpIdTest, PrefixBitsAndLogarithmCountFromBothEnds) {
    for (unsigned bit = 0; bit < 256; ++bit) {
        const PnrpId power = power_of_two(bit);
        ASSERT_EQ(floor_log2(power), bit);
        ASSERT_EQ(floor_log2(power + (power - number(1))), bit);
        ASSERT_EQ(common_prefix_bits(power, kZero), 255 - bit);
    }
    EXPECT_EQ(floor_log2(kZero), std::nullopt);
    EXPECT_EQ(common_prefix_bits(all_ones(), all_ones()), 256U);
}

// Vectors 3.2: the published estimate of the cloud is 2 / circle_fraction(gap).
TEST(PnrpIdTest, FractionIsExactForPowersAndStaysBelowOne) {
    for (unsigned bit = 0; bit < 256; ++bit) {
        ASSERT_EQ(circle_fraction(power_of_two(bit)), std::ldexp(1.0, static_cast<int>(bit) - 256));
    }
    EXPECT_EQ(circle_fraction(kZero), 0.0);
    EXPECT_LT(circle_fraction(all_ones()), 1.0);
    EXPECT_GT(circle_fraction(all_ones()), 1.0 - 0x1.0p-52);
    EXPECT_EQ(2.0 / circle_fraction(power_of_two(251)), 64.0);
    EXPECT_EQ(2.0 / circle_fraction(power_of_two(225)), 0x1.0p32);
    // A number whose 53 leading bits lie across two words.
    const PnrpId three = power_of_two(64) + power_of_two(63);
    EXPECT_EQ(circle_fraction(three), std::ldexp(3.0, 63 - 256));
}

TEST(PnrpIdTest, FractionKeepsTheOrderOfIds) {
    SeededRandom random(3);
    for (int i = 0; i < 10'000; ++i) {
        const PnrpId a = random_id(random);
        const PnrpId b = random_id(random);
        if (a < b) {
            ASSERT_LE(circle_fraction(a), circle_fraction(b));
        } else {
            ASSERT_GE(circle_fraction(a), circle_fraction(b));
        }
    }
}

TEST(PnrpIdTest, HalvesMakeTheWhole) {
    const auto name = hex_array<16>("7775c82766bfb84e1ca6276fe033d797");
    const auto location = hex_array<16>("20010db8000000000102030405060708");
    const PnrpId id = make_id(name, location);
    EXPECT_EQ(to_string(id), "7775c82766bfb84e1ca6276fe033d79720010db8000000000102030405060708");
    EXPECT_EQ(p2p_id_of(id), name);
    EXPECT_EQ(service_location_of(id), location);
}

struct NamedId {
    const char* name;
    const char* classifier_hash;
    const char* p2p_id;
};

void expect_ids(const Profile& profile, std::initializer_list<NamedId> vectors) {
    for (const NamedId& vector : vectors) {
        SCOPED_TRACE(vector.name);
        const auto name = identity::PeerName::parse(vector.name);
        ASSERT_TRUE(name.has_value());
        EXPECT_EQ(to_hex(classifier_hash(profile, name->classifier())), vector.classifier_hash);
        EXPECT_EQ(to_hex(p2p_id(profile, *name)), vector.p2p_id);
    }
}

// PNRP-166 to PNRP-168: vectors 3.1.
TEST(P2pIdTest, PublishedNamesHaveTheirPublishedIds) {
    expect_ids(
        windows_profile(),
        {{"0.MyApplication",
          "5aaeff8d28696055198e4405d0db2444285e37f3",
          "7775c82766bfb84e1ca6276fe033d797"},
         {"0.tylersReg",
          "abe138b942ad9762f2758417c2b89f4887dcb218",
          "993fed0f19a792b4e1213f32abdaa159"},
         {"6520c005f63fc1864b7d8f3cabebd4916ae7f33d.JohnDoe",
          "472013a6e5f09e05b63bfe2d642426bc4607733f",
          "d6a67713d784cafddd143cd4835dec8d"},
         {"6520c005f63fc1864b7d8f3cabebd4916ae7f33d",
          "da39a3ee5e6b4b0d3255bfef95601890afd80709",
          "6cdba858fceade5fc563d2a603665dbd"},
         {"0.M\u00fcller \U0001F600",
          "7a2f022b0019cfc704b2229741e8ee77a1fc0cee",
          "b347c2789f0f6bbfefad11ceba773003"}});
}

// docs/protocol/pnrp.md, Names and ids.
TEST(P2pIdTest, ModernNamesHaveTheirSpecifiedIds) {
    expect_ids(
        modern_profile(),
        {{"0.MyApplication",
          "4123bbf24e1ea6e9832bbb2a745f80bf9e637e97",
          "377e921b5fd7390574b824f5c9a15194"},
         {"06e3fd8fda29bb60ab59557de61edb0aecdb2311.MyApplication",
          "4123bbf24e1ea6e9832bbb2a745f80bf9e637e97",
          "71d492db305ab855e9219076fca39c28"},
         {"06e3fd8fda29bb60ab59557de61edb0aecdb2311",
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4",
          "e22dcfe7fdb5d64f6d09a05404f60a57"}});
}

TEST(P2pIdTest, ModernIdsAreThoseOfTheComposedForm) {
    const Profile& profile = modern_profile();
    EXPECT_EQ(classifier_hash(profile, "Mu\u0308ller"), classifier_hash(profile, "M\u00fcller"));
    EXPECT_NE(classifier_hash(profile, "M\u00fcller"), classifier_hash(profile, "muller"));
}

} // namespace
} // namespace kith::pnrp
