#include "host/entropy.hpp"

#include <gtest/gtest.h>
#include <set>
#include <thread>

namespace kith::host {
namespace {

TEST(EntropySourceTest, NeverGivesTheSameTwice) {
    EntropySource entropy;
    std::set<ByteArray<16>> seen;
    for (int i = 0; i < 5000; ++i)
        seen.insert(entropy.bytes<16>());
    // Another thread begins anew.
    std::thread([&] {
        for (int i = 0; i < 5000; ++i)
            seen.insert(entropy.bytes<16>());
    }).join();
    EXPECT_EQ(seen.size(), 10'000U);
    EXPECT_FALSE(seen.contains(ByteArray<16>{}));
}

TEST(EntropySourceTest, FillsWhateverIsAskedFor) {
    EntropySource entropy;
    for (std::size_t size = 0; size < 1000; ++size) {
        Bytes out(size + 2, std::byte{0x55});
        entropy.fill(std::span(out).subspan(1, size));
        EXPECT_EQ(out.front(), std::byte{0x55});
        EXPECT_EQ(out.back(), std::byte{0x55});
        if (size < 16) continue;
        const Bytes untouched(size, std::byte{0x55});
        EXPECT_FALSE(std::ranges::equal(std::span(out).subspan(1, size), untouched));
    }
}

} // namespace
} // namespace kith::host
