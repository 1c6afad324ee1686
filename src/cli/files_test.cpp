#include "cli/files.hpp"
#include "cli/testing/temporary_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::cli {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryDirectory;

TEST(ReadFile, ReadsWholeFilesUpToTheLimit) {
    const TemporaryDirectory directory;
    const std::string bytes(10'000, '\xfe');
    const std::string path = directory.write("f", bytes);
    EXPECT_EQ(read_file(path, bytes.size()), bytes);
    const auto refused = read_file(path, bytes.size() - 1);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().exit_code, kExitUsage);
    EXPECT_THAT(refused.error().sentence, HasSubstr("at most 9999 bytes"));
}

TEST(ReadFile, AMissingFileIsAMistakeOfUsage) {
    EXPECT_EQ(read_file("/nonexistent", 1).error().exit_code, kExitUsage);
}

TEST(ReadFile, ASignalEndsTheWaitForAPipe) {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    const InterruptWatch outer; // as an embedded node has one
    raise(SIGTERM);
    const auto refused = read_file("/dev/fd/" + std::to_string(ends[0]), 1);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().exit_code, kExitSignalBase + SIGTERM);
    for (const int fd : ends)
        close(fd);
}

TEST(PrivateFile, OnlyItsOwnerMayReadIt) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/f";
    const mode_t before = umask(0);
    const auto written = write_private_file(path, "content", Existing::refuse);
    umask(before);
    ASSERT_TRUE(written) << written.error().sentence;
    struct stat status{};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_EQ(directory.read("f"), "content");
    EXPECT_EQ(directory.entries(), 1U);
}

TEST(PrivateFile, AnExistingFileStaysUnlessReplacedOnPurpose) {
    const TemporaryDirectory directory;
    const std::string path = directory.write("f", "old");
    EXPECT_FALSE(check_free(path));
    const auto refused = write_private_file(path, "new", Existing::refuse);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().sentence, HasSubstr("--force"));
    EXPECT_EQ(directory.read("f"), "old");

    EXPECT_TRUE(write_private_file(path, "new", Existing::replace));
    EXPECT_EQ(directory.read("f"), "new");
    EXPECT_EQ(directory.entries(), 1U);
}

TEST(PrivateFile, ADanglingLinkCountsAsExisting) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/link";
    std::filesystem::create_symlink(directory.path() + "/elsewhere", path);
    EXPECT_FALSE(write_private_file(path, "x", Existing::refuse));
    EXPECT_FALSE(write_private_file(path, "x", Existing::replace));
    EXPECT_FALSE(std::filesystem::exists(directory.path() + "/elsewhere"));
}

TEST(PrivateFile, AFailureLeavesNothingBehind) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/directory";
    std::filesystem::create_directory(path);
    EXPECT_FALSE(write_private_file(path, "x", Existing::replace));
    const auto nowhere = write_private_file(directory.path() + "/none/f", "x", Existing::refuse);
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().exit_code, kExitFailed);
    EXPECT_EQ(directory.entries(), 1U);
}

TEST(OutputFile, IsThereWholeOrNotAtAll) {
    const TemporaryDirectory directory;
    const std::string path = directory.write("f", "old");
    const std::string other = directory.write("f.part", "somebody's own");
    {
        auto given_up = OutputFile::open(path, Existing::replace);
        ASSERT_TRUE(given_up);
        EXPECT_TRUE(given_up->write("one, "));
    }
    EXPECT_EQ(directory.read("f"), "old");
    EXPECT_EQ(directory.entries(), 2U);
    auto finished = OutputFile::open(path, Existing::replace);
    ASSERT_TRUE(finished);
    EXPECT_TRUE(finished->write("one, "));
    EXPECT_TRUE(finished->write("two"));
    EXPECT_EQ(directory.read("f"), "old");
    EXPECT_TRUE(finished->finish());
    EXPECT_EQ(directory.read("f"), "one, two");
    EXPECT_EQ(directory.read("f.part"), "somebody's own");
    EXPECT_EQ(directory.entries(), 2U);
}

TEST(OutputFile, WritesToADeviceOrAPipeAndReplacesNeither) {
    const TemporaryDirectory directory;
    const std::string pipe = directory.path() + "/pipe";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    EXPECT_TRUE(write_private_file(pipe, "content", Existing::replace));
    std::array<char, 16> read_back{};
    EXPECT_EQ(read(reader, read_back.data(), read_back.size()), 7);
    close(reader);
    EXPECT_TRUE(std::filesystem::is_fifo(pipe));

    const std::string link = directory.path() + "/full";
    std::filesystem::create_symlink("/dev/full", link);
    const auto refused = write_private_file(link, "x", Existing::replace);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().sentence, HasSubstr("cannot write"));
    EXPECT_TRUE(std::filesystem::is_symlink(link));
    EXPECT_EQ(directory.entries(), 2U);
}

TEST(OutputFile, ASignalThatComesMeanwhileLeavesNothing) {
    const TemporaryDirectory directory;
    const InterruptWatch outer; // the test goes on
    {
        auto file = OutputFile::open(directory.path() + "/f", Existing::refuse);
        ASSERT_TRUE(file);
        raise(SIGINT);
        const auto written = file->write("content");
        ASSERT_FALSE(written);
        EXPECT_EQ(written.error().exit_code, kExitSignalBase + SIGINT);
    }
    EXPECT_EQ(directory.entries(), 0U);
    EXPECT_FALSE(outer.take());
}

TEST(PlainFile, WritesToWhateverIsThere) {
    const TemporaryDirectory directory;
    const std::string path = directory.write("f", "longer than the new content");
    EXPECT_TRUE(write_plain_file(path, "short"));
    EXPECT_EQ(directory.read("f"), "short");
    EXPECT_TRUE(write_plain_file("/dev/null", "x"));
    EXPECT_FALSE(write_plain_file("/dev/full", "x"));
}

TEST(Files, AHyphenIsStandardOutputAndNoFile) {
    EXPECT_TRUE(check_free("-"));
    ::testing::internal::CaptureStdout();
    EXPECT_TRUE(write_plain_file("-", "plain "));
    EXPECT_TRUE(write_private_file("-", "private", Existing::refuse));
    EXPECT_EQ(::testing::internal::GetCapturedStdout(), "plain private");
    struct stat status{};
    EXPECT_NE(lstat("-", &status), 0);
}

} // namespace
} // namespace kith::cli
