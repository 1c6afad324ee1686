#include "host/graph_list.hpp"
#include "host/graph_stores.hpp"
#include "host/temporary_directory_test.hpp"

#include <gtest/gtest.h>

namespace kith::host {
namespace {

TEST(GraphList, comes_back_as_it_was) {
    const TemporaryDirectory place;
    const auto directory = *PrivateDirectory::open(place.path() / "data");
    EXPECT_EQ(*load_graph_list(directory), GraphList{});
    GraphList list{.peer_id = "me", .port = 4711, .graphs = {}, .closed = {"old"}};
    node::GraphOptions options;
    options.peer_id = "me";
    options.friendly_name = "my desk";
    options.rules = store::Rules::published;
    options.durability = store::Durability::relaxed;
    options.in_memory = options.is_published = true;
    options.listens = options.uses_names = false;
    options.sync_first = {*parse_guid("8d2a2f0e-5a25-4f6c-9a55-1b6b1c6f0001")};
    list.graphs["line\nand \"quote\" \xC3\xA4"] = options;
    list.graphs["plain"] = {};
    ASSERT_TRUE(save_graph_list(directory, list));
    EXPECT_EQ(*load_graph_list(directory), list);
}

TEST(GraphList, is_not_guessed_at_when_it_is_damaged) {
    const TemporaryDirectory place;
    const auto directory = *PrivateDirectory::open(place.path() / "data");
    for (const char* text :
         {"",
          "{}",
          "[1",
          R"({"version":2,"peer":"a","port":1,"graphs":[]})",
          R"({"version":1,"peer":1,"port":1,"graphs":[]})"}) {
        ASSERT_TRUE(directory.write("graphs.json", text, PrivateDirectory::Existing::replace));
        const auto list = load_graph_list(directory);
        ASSERT_FALSE(list) << text;
        EXPECT_EQ(list.error().code, FileErrc::damaged);
    }
}

TEST(GraphStores, keep_a_graph_in_a_file_until_it_is_removed) {
    const TemporaryDirectory place;
    auto stores = *GraphStores::open(place.path() / "graphs");
    const node::StoreWish wish{.graph_id = "a/../b", .peer_id = "me"};
    const auto file = stores.file_of(wish.graph_id);
    EXPECT_EQ(file.parent_path(), place.path() / "graphs");
    {
        auto store = stores.open(wish);
        ASSERT_TRUE(store);
        ASSERT_TRUE((*store)->set_property("key", as_bytes("value")));
        ASSERT_TRUE((*store)->commit());
        EXPECT_EQ(stores.open(wish).error(), store::StoreErrc::locked);
    }
    {
        auto store = stores.open(wish);
        ASSERT_TRUE(store);
        EXPECT_EQ(*(*store)->property("key"), to_owned(as_bytes("value")));
    }
    node::StoreWish other = wish;
    other.peer_id = "you";
    EXPECT_EQ(stores.open(other).error(), store::StoreErrc::wrong_graph);
    ASSERT_TRUE(stores.remove(wish.graph_id));
    EXPECT_FALSE(std::filesystem::exists(file));
    EXPECT_TRUE(stores.remove(wish.graph_id));
    EXPECT_TRUE(stores.open(other));
}

// A database has a first page: an empty file is what is left of one.
TEST(GraphStores, leave_an_emptied_file_alone) {
    const TemporaryDirectory place;
    auto stores = *GraphStores::open(place.path() / "graphs");
    const node::StoreWish wish{.graph_id = "x", .peer_id = "me"};
    const auto file = stores.file_of("x");
    EXPECT_FALSE(stores.has("x"));
    ASSERT_TRUE(stores.open(wish));
    EXPECT_TRUE(stores.has("x"));
    std::filesystem::resize_file(file, 0);
    EXPECT_FALSE(stores.has("x"));
    EXPECT_EQ(stores.open(wish).error(), store::StoreErrc::missing);
    EXPECT_EQ(std::filesystem::file_size(file), 0U);
    ASSERT_TRUE(stores.remove("x"));
    EXPECT_TRUE(stores.open(wish));
}

TEST(GraphStores, keep_nothing_of_a_graph_in_memory) {
    const TemporaryDirectory place;
    auto stores = *GraphStores::open(place.path() / "graphs");
    node::StoreWish wish{.graph_id = "x", .peer_id = "me"};
    wish.in_memory = true;
    ASSERT_TRUE((*stores.open(wish))->set_property("key", as_bytes("value")));
    EXPECT_FALSE((*(*stores.open(wish))->property("key")).has_value());
    EXPECT_FALSE(std::filesystem::exists(stores.file_of("x")));
}

} // namespace
} // namespace kith::host
