#include "host/remembered_nodes.hpp"
#include "host/temporary_directory_test.hpp"
#include "node/node.hpp"

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

TEST_F(RememberedNodesTest, come_back_in_their_order) {
    const std::vector<Endpoint> nodes{
        *parse_endpoint("[2001:db8::2]:3540"), *parse_endpoint("192.0.2.1:4000")};
    ASSERT_TRUE(save_remembered_nodes(directory, "Global_", nodes));
    const auto loaded = load_remembered_nodes(directory, "Global_");
    EXPECT_EQ(loaded.source, Source::file);
    EXPECT_EQ(loaded.endpoints, nodes);
}

TEST_F(RememberedNodesTest, are_none_at_first_and_in_another_cloud) {
    EXPECT_EQ(load_remembered_nodes(directory, "Global_").source, Source::nothing);
    const std::vector<Endpoint> nodes{*parse_endpoint("192.0.2.1:4000")};
    ASSERT_TRUE(save_remembered_nodes(directory, "Global_", nodes));
    const auto loaded = load_remembered_nodes(directory, "SiteLocal_");
    EXPECT_EQ(loaded.source, Source::nothing);
    EXPECT_TRUE(loaded.endpoints.empty());
}

TEST_F(RememberedNodesTest, count_as_none_when_their_file_is_damaged) {
    const std::string damaged[] = {
        "",
        "rubbish\n",
        "kith nodes 1 Global_\n192.0.2.1:4000\n192.0.2.1:99999\n",
        std::string(100'000, 'x'),
    };
    for (const std::string& content : damaged) {
        put(content);
        const auto loaded = load_remembered_nodes(directory, "Global_");
        EXPECT_EQ(loaded.source, Source::unreadable) << content.substr(0, 40);
        EXPECT_TRUE(loaded.endpoints.empty());
    }
}

TEST_F(RememberedNodesTest, are_bounded) {
    std::vector<Endpoint> nodes;
    nodes.reserve(2 * node::kRememberedMax);
    for (std::uint32_t i = 0; i < 2 * node::kRememberedMax; ++i)
        nodes.push_back({Address::v4(0xc000'0200U + i), 3540});
    ASSERT_TRUE(save_remembered_nodes(directory, "Global_", nodes));
    const auto loaded = load_remembered_nodes(directory, "Global_");
    ASSERT_EQ(loaded.endpoints.size(), node::kRememberedMax);
    EXPECT_EQ(loaded.endpoints.front(), nodes.front());
}

} // namespace
} // namespace kith::host
