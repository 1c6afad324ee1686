#include "host/private_directory.hpp"
#include "host/temporary_directory_test.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <string>

namespace kith::host {
namespace {

using Existing = PrivateDirectory::Existing;

unsigned mode_of(const std::filesystem::path& path) {
    struct stat status{};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777U;
}

void put(const std::filesystem::path& path, const std::string& content, unsigned mode) {
    std::ofstream(path) << content;
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
}

TEST(PrivateDirectory, makes_itself_and_its_parents_for_this_user_alone) {
    const TemporaryDirectory folder;
    const mode_t before = ::umask(0);
    const auto directory = PrivateDirectory::open(folder / "a/b");
    ::umask(before);
    ASSERT_TRUE(directory);
    EXPECT_EQ(mode_of(folder / "a"), 0700U);
    EXPECT_EQ(mode_of(folder / "a/b"), 0700U);
    ASSERT_TRUE(directory->write("file", "text", Existing::keep));
    EXPECT_EQ(mode_of(folder / "a/b/file"), 0600U);
}

TEST(PrivateDirectory, gives_back_what_was_written) {
    const TemporaryDirectory folder;
    const auto directory = PrivateDirectory::open(folder.path());
    ASSERT_TRUE(directory);
    ASSERT_TRUE(directory->write("b", "one", Existing::keep));
    ASSERT_TRUE(directory->write("a", "", Existing::keep));
    EXPECT_EQ(directory->read("b", 3).value(), "one");
    EXPECT_EQ(directory->read("a", 3).value(), "");
    EXPECT_EQ(directory->names(), (std::vector<std::string>{"a", "b"}));
    ASSERT_TRUE(directory->remove("a"));
    EXPECT_EQ(directory->read("a", 3).error().code, FileErrc::not_found);
}

TEST(PrivateDirectory, says_why_it_cannot_be_made) {
    const auto directory = PrivateDirectory::open("/sys/kith-test"); // nobody makes folders there
    ASSERT_FALSE(directory);
    EXPECT_NE(directory.error().code, FileErrc::not_found);
}

TEST(PrivateDirectory, replaces_only_where_it_is_told_to) {
    const TemporaryDirectory folder;
    const auto directory = PrivateDirectory::open(folder.path());
    ASSERT_TRUE(directory);
    ASSERT_TRUE(directory->write("file", "first", Existing::keep));
    const auto again = directory->write("file", "second", Existing::keep);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, FileErrc::already_exists);
    EXPECT_EQ(directory->read("file", 99).value(), "first");
    ASSERT_TRUE(directory->write("file", "third", Existing::replace));
    EXPECT_EQ(directory->read("file", 99).value(), "third");
}

TEST(PrivateDirectory, refuses_a_link_in_place_of_itself) {
    const TemporaryDirectory folder;
    std::filesystem::create_directory(folder / "real");
    ::chmod((folder / "real").c_str(), 0700);
    std::filesystem::create_symlink(folder / "real", folder / "link");
    const auto directory = PrivateDirectory::open(folder / "link");
    ASSERT_FALSE(directory);
    EXPECT_EQ(directory.error().code, FileErrc::is_symlink);
}

TEST(PrivateDirectory, refuses_one_that_is_open_to_others) {
    const TemporaryDirectory folder;
    ::chmod(folder.path().c_str(), 0750);
    const auto directory = PrivateDirectory::open(folder.path());
    ASSERT_FALSE(directory);
    EXPECT_EQ(directory.error().code, FileErrc::open_to_others);
}

TEST(PrivateDirectory, refuses_a_file_in_place_of_itself) {
    const TemporaryDirectory folder;
    put(folder / "file", "x", 0600);
    const auto directory = PrivateDirectory::open(folder / "file");
    ASSERT_FALSE(directory);
    EXPECT_EQ(directory.error().code, FileErrc::wrong_kind);
}

TEST(PrivateDirectory, refuses_files_that_are_not_plainly_ours) {
    const TemporaryDirectory folder;
    const auto directory = PrivateDirectory::open(folder.path());
    ASSERT_TRUE(directory);
    put(folder / "open", "x", 0640);
    EXPECT_EQ(directory->read("open", 9).error().code, FileErrc::open_to_others);
    put(folder / "target", "x", 0600);
    std::filesystem::create_symlink(folder / "target", folder / "link");
    EXPECT_EQ(directory->read("link", 9).error().code, FileErrc::is_symlink);
    ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
    EXPECT_EQ(directory->read("fifo", 9).error().code, FileErrc::wrong_kind);
    put(folder / "large", "0123456789", 0600);
    EXPECT_EQ(directory->read("large", 9).error().code, FileErrc::too_large);
    EXPECT_EQ(directory->read("large", 10).value(), "0123456789");
}

TEST(PrivateDirectory, refuses_a_file_of_another_user) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
    const TemporaryDirectory folder;
    const auto directory = PrivateDirectory::open(folder.path());
    ASSERT_TRUE(directory);
    put(folder / "file", "x", 0600);
    ASSERT_EQ(::chown((folder / "file").c_str(), 65534, 65534), 0);
    EXPECT_EQ(directory->read("file", 9).error().code, FileErrc::wrong_owner);
}

TEST(PrivateDirectory, forgets_what_an_interrupted_write_left) {
    const TemporaryDirectory folder;
    {
        const auto directory = PrivateDirectory::open(folder.path());
        ASSERT_TRUE(directory);
        ASSERT_TRUE(directory->write("file", "whole", Existing::keep));
    }
    // What lies there after a crash in the middle of the next write.
    put(folder / ".unfinished-file", "hal", 0600);
    const auto directory = PrivateDirectory::open(folder.path());
    ASSERT_TRUE(directory);
    EXPECT_FALSE(std::filesystem::exists(folder / ".unfinished-file"));
    EXPECT_EQ(directory->read("file", 99).value(), "whole");
}

// The limit on the size of a file stands for a full disk: both make write() fail half-way.
TEST(PrivateDirectory, keeps_the_old_content_when_the_new_does_not_fit) {
    const TemporaryDirectory folder;
    const auto directory = PrivateDirectory::open(folder.path());
    ASSERT_TRUE(directory);
    ASSERT_TRUE(directory->write("file", "old", Existing::keep));
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    rlimit small = before;
    small.rlim_cur = 8;
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto written = directory->write("file", std::string(4096, 'x'), Existing::replace);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, handler);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, FileErrc::too_large);
    EXPECT_EQ(directory->read("file", 99).value(), "old");
    EXPECT_FALSE(std::filesystem::exists(folder / ".unfinished-file"));
}

TEST(PrivateDirectory, locks_once) {
    const TemporaryDirectory folder;
    const auto directory = PrivateDirectory::open(folder.path());
    ASSERT_TRUE(directory);
    {
        const auto first = directory->lock("lock");
        ASSERT_TRUE(first);
        const auto second = directory->lock("lock");
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, FileErrc::locked);
    }
    EXPECT_TRUE(directory->lock("lock"));
}

TEST(FileErrc, tells_full_and_read_only_disks_apart) {
    EXPECT_EQ(file_errc(ENOSPC), FileErrc::disk_full);
    EXPECT_EQ(file_errc(EDQUOT), FileErrc::disk_full);
    EXPECT_EQ(file_errc(EROFS), FileErrc::read_only);
    EXPECT_EQ(file_errc(EACCES), FileErrc::not_permitted);
    EXPECT_EQ(file_errc(EIO), FileErrc::failed);
}

} // namespace
} // namespace kith::host
