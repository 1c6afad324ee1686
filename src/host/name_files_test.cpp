#include "host/name_files.hpp"
#include "host/temporary_directory_test.hpp"

#include <filesystem>
#include <gmock/gmock.h>

namespace kith::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(NameFiles, keep_one_content_for_each_name) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "names";
    {
        const auto files = NameFiles::open(path);
        ASSERT_TRUE(files);
        EXPECT_THAT(files->read_all(100), IsEmpty());
        ASSERT_TRUE(files->write("0.web", "one"));
        ASSERT_TRUE(files->write("0.\xc3\xa6/../x", "two"));
        ASSERT_TRUE(files->write("0.web", "three"));
    }
    const auto files = NameFiles::open(path);
    ASSERT_TRUE(files);
    EXPECT_THAT(files->read_all(100), UnorderedElementsAre("two", "three"));
    EXPECT_THAT(files->read_all(3), ElementsAre("two"));
    ASSERT_TRUE(files->remove("0.web"));
    ASSERT_TRUE(files->remove("0.web"));
    EXPECT_THAT(files->read_all(100), ElementsAre("two"));
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
        EXPECT_EQ(
            entry.status().permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
}

} // namespace
} // namespace kith::host
