#include "cli/standard_output.hpp"

#include <cstdio>
#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace kith::cli {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

// A file of standard output has a buffer, and texts on either side of its size fail differently.
constexpr std::size_t kSizes[] = {1, 100, BUFSIZ - 1, BUFSIZ, BUFSIZ + 1, 40'000, 1'000'000};

TEST(StandardOutput, a_full_disk_is_told_whatever_the_size) {
    for (const std::size_t size : kSizes) {
        const File full(std::fopen("/dev/full", "w"), &std::fclose);
        ASSERT_TRUE(full);
        const auto printed = print(std::string(size, 'x'), full.get());
        ASSERT_FALSE(printed) << size;
        EXPECT_EQ(printed.error().exit_code, kExitFailed);
        EXPECT_EQ(printed.error().sentence, "cannot write to standard output");
    }
}

TEST(StandardOutput, what_is_written_is_no_failure) {
    for (const std::size_t size : kSizes) {
        const File nowhere(std::fopen("/dev/null", "w"), &std::fclose);
        ASSERT_TRUE(nowhere);
        EXPECT_TRUE(print(std::string(size, 'x'), nowhere.get())) << size;
    }
}

} // namespace
} // namespace kith::cli
