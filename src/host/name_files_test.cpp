#include "host/name_files.hpp"
#include "host/temporary_directory_test.hpp"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>

namespace kith::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> contents(const NameFiles& files, std::size_t size_max) {
    std::vector<FileError> problems;
    std::vector<std::string> out;
    for (NameFile& file : files.read_all(size_max, problems))
        out.push_back(std::move(file.content));
    return out;
}

TEST(NameFiles, keep_one_content_for_each_name) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "names";
    {
        const auto files = NameFiles::open(path);
        ASSERT_TRUE(files);
        EXPECT_THAT(contents(*files, 100), IsEmpty());
        ASSERT_TRUE(files->write("0.web", "one"));
        ASSERT_TRUE(files->write("0.\xc3\xa6/../x", "two"));
        ASSERT_TRUE(files->write("0.web", "three"));
    }
    const auto files = NameFiles::open(path);
    ASSERT_TRUE(files);
    EXPECT_THAT(contents(*files, 100), UnorderedElementsAre("two", "three"));
    EXPECT_THAT(contents(*files, 3), ElementsAre("two"));
    ASSERT_TRUE(files->remove("0.web"));
    ASSERT_TRUE(files->remove("0.web"));
    EXPECT_THAT(contents(*files, 100), ElementsAre("two"));
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
        EXPECT_EQ(
            entry.status().permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
}

TEST(NameFiles, tell_what_cannot_be_used) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "names";
    const auto files = NameFiles::open(path);
    ASSERT_TRUE(files);
    ASSERT_TRUE(files->write("0.web", "one"));
    ASSERT_TRUE(files->write("0.large", "much too much"));
    const auto open = path / "open.json";
    std::ofstream(open) << "two";
    std::filesystem::permissions(open, std::filesystem::perms(0644));
    std::vector<FileError> problems;
    const auto all = files->read_all(5, problems);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all.front().content, "one");
    ASSERT_EQ(problems.size(), 2U);
    for (const FileError& problem : problems) {
        const bool is_open = problem.path == open;
        EXPECT_EQ(problem.code, is_open ? FileErrc::open_to_others : FileErrc::too_large);
    }
}

} // namespace
} // namespace kith::host
