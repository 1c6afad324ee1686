#include "host/remembered_nodes.hpp"
#include "host/temporary_directory_test.hpp"

#include <gtest/gtest.h>
#include <string>

namespace kith::host {
namespace {

using Source = RememberedNodes::Source;
using Existing = PrivateDirectory::Existing;

struct RememberedNodesTest : testing::Test {
    TemporaryDirectory folder;
    PrivateDirectory directory = *PrivateDirectory::open(folder.path());

    void put(const std::string& content) const {
        ASSERT_TRUE(directory.write("nodes", content, Existing::replace));
    }
};

TEST_F(RememberedNodesTest, come_back_in_their_order_and_to_their_cloud) {
    const node::Remembered clouds{
        {"Global_", {*parse_endpoint("[2001:db8::2]:3540"), *parse_endpoint("192.0.2.1:4000")}},
        {"LinkLocal_%eth0", {*parse_endpoint("[fe80::2]:3540")}}};
    ASSERT_TRUE(save_remembered_nodes(directory, clouds));
    const auto loaded = load_remembered_nodes(directory);
    EXPECT_EQ(loaded.source, Source::file);
    EXPECT_EQ(loaded.clouds, clouds);
}

TEST_F(RememberedNodesTest, are_none_at_first) {
    const auto loaded = load_remembered_nodes(directory);
    EXPECT_EQ(loaded.source, Source::nothing);
    EXPECT_TRUE(loaded.clouds.empty());
}

// What the first version wrote, of its one cloud.
TEST_F(RememberedNodesTest, of_one_cloud_are_the_simplest_file) {
    put("kith nodes 1 Global_\n192.0.2.1:4000\n");
    EXPECT_EQ(
        load_remembered_nodes(directory).clouds,
        (node::Remembered{{"Global_", {*parse_endpoint("192.0.2.1:4000")}}}));
}

TEST_F(RememberedNodesTest, count_as_none_when_their_file_is_damaged) {
    const std::string damaged[] = {
        "",
        "rubbish\n",
        "192.0.2.1:4000\n",
        "kith nodes 1 nonsense\n192.0.2.1:4000\n",
        "kith nodes 1 Global_\n192.0.2.1:4000\n192.0.2.1:99999\n",
        "kith nodes 1 Global_\nkith nodes 1 Global_\n",
        std::string(100'000, 'x'),
    };
    for (const std::string& content : damaged) {
        put(content);
        const auto loaded = load_remembered_nodes(directory);
        EXPECT_EQ(loaded.source, Source::unreadable) << content.substr(0, 40);
        EXPECT_TRUE(loaded.clouds.empty());
    }
}

TEST_F(RememberedNodesTest, are_bounded) {
    std::vector<Endpoint> nodes;
    nodes.reserve(2 * node::kRememberedMax);
    for (std::uint32_t i = 0; i < 2 * node::kRememberedMax; ++i)
        nodes.push_back({Address::v4(0xc000'0200U + i), 3540});
    node::Remembered clouds;
    for (std::size_t i = 0; i < 2 * node::kCloudsMax; ++i)
        clouds["LinkLocal_%" + std::to_string(i)] = nodes;
    ASSERT_TRUE(save_remembered_nodes(directory, clouds));
    const auto loaded = load_remembered_nodes(directory);
    ASSERT_EQ(loaded.clouds.size(), node::kCloudsMax);
    for (const auto& [cloud, kept] : loaded.clouds) {
        ASSERT_EQ(kept.size(), node::kRememberedMax);
        EXPECT_EQ(kept.front(), nodes.front());
    }
}

} // namespace
} // namespace kith::host
