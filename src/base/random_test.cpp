#include "base/random.hpp"

#include <array>
#include <cstdint>
#include <gtest/gtest.h>
#include <vector>

namespace kith {
namespace {

// A source that gives what it was told to.
class ScriptedRandom final : public PlainRandom {
public:
    explicit ScriptedRandom(std::vector<std::uint64_t> values) : values_(std::move(values)) {}

    std::uint64_t next() override { return values_.at(used_++); }
    std::size_t used() const { return used_; }

private:
    std::vector<std::uint64_t> values_;
    std::size_t used_ = 0;
};

// One seed decides a whole run, on every machine: these came from a Python version of splitmix64
// and xoshiro256** (prng.di.unimi.it).
TEST(SeededRandom, GivesTheSameSequenceEverywhere) {
    SeededRandom zero(0);
    EXPECT_EQ(zero.next(), 0x99ec5f36cb75f2b4U);
    EXPECT_EQ(zero.next(), 0xbf6e1f784956452aU);
    EXPECT_EQ(zero.next(), 0x1a5f849d4933e6e0U);
    SeededRandom other(0x0123456789abcdefU);
    EXPECT_EQ(other.next(), 0xa2c2a42038d4ec3dU);
    EXPECT_EQ(other.next(), 0x05fc25d0738e7b0fU);
}

TEST(SeededSecureRandom, GivesTheWordsOfItsSeedLowByteFirst) {
    SeededSecureRandom bytes(7);
    SeededRandom words(7);
    const std::uint64_t first = words.next();
    const std::uint64_t second = words.next();
    const auto ten = bytes.bytes<10>();
    for (unsigned i = 0; i < 8; ++i)
        EXPECT_EQ(std::to_integer<std::uint64_t>(ten[i]), first >> (8 * i) & 0xffU);
    EXPECT_EQ(std::to_integer<std::uint64_t>(ten[8]), second & 0xffU);
    EXPECT_EQ(std::to_integer<std::uint64_t>(ten[9]), second >> 8U & 0xffU);
}

TEST(PlainRandom, BelowStaysBelow) {
    SeededRandom random(1);
    for (const std::uint64_t bound : {1U, 2U, 3U, 10U, 1000U}) {
        for (int i = 0; i < 1000; ++i)
            EXPECT_LT(random.below(bound), bound);
    }
    EXPECT_LT(random.below(UINT64_MAX), UINT64_MAX);
}

// Without rejection the low values would come up more often.
TEST(PlainRandom, BelowRejectsTheIncompleteStretch) {
    constexpr std::uint64_t kBound = (std::uint64_t{1} << 63U) + 1;
    ScriptedRandom random({UINT64_MAX, kBound, kBound - 1, 0});
    EXPECT_EQ(random.below(kBound), kBound - 1);
    EXPECT_EQ(random.used(), 3U);
    EXPECT_EQ(random.below(kBound), 0U);
}

// 60,000 throws of a die: each face within 5 standard deviations (91.3) of 10,000.
TEST(PlainRandom, BelowIsUniform) {
    SeededRandom random(2);
    std::array<int, 6> faces{};
    for (int i = 0; i < 60'000; ++i)
        ++faces.at(random.below(6));
    for (const int count : faces)
        EXPECT_NEAR(count, 10'000, 457);
}

TEST(PlainRandomDeathTest, BelowNothingIsNoQuestion) {
    SeededRandom random(1);
    EXPECT_DEATH(static_cast<void>(random.below(0)), "internal error");
}

TEST(PlainRandom, UnitLiesInTheHalfOpenInterval) {
    ScriptedRandom ends({0, UINT64_MAX, std::uint64_t{1} << 63U});
    EXPECT_EQ(ends.unit(), 0.0);
    EXPECT_LT(ends.unit(), 1.0);
    EXPECT_EQ(ends.unit(), 0.5);
}

} // namespace
} // namespace kith
