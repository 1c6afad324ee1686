#include "host/clocks.hpp"
#include "host/entropy.hpp"
#include "host/graph_driver.hpp"
#include "host/graph_stores.hpp"
#include "store/memory_store.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kith::host {
namespace {

using namespace std::chrono_literals;

const store::RecordType kNotes = *parse_guid("8d2a2f0e-5a25-4f6c-9a55-1b6b1c6f0001");

graph::NewRecord note(std::size_t size = 16) {
    graph::NewRecord wish;
    wish.type = kNotes;
    wish.lifetime = 1h;
    wish.payload.resize(size);
    return wish;
}

// Counts commits, and fails one on demand.
class Store final : public store::RecordStore {
public:
    struct Tally {
        std::size_t commits = 0; // of something
        bool fails = false;
    };

    explicit Store(Tally& tally) : tally_(tally), inside_(store::Rules::modern) {}

    store::Rules rules() const override { return inside_.rules(); }
    const store::RecordIndex& index() const override { return inside_.index(); }
    store::StoreResult<std::optional<store::Record>> get(const store::RecordId& id) override {
        return inside_.get(id);
    }
    store::StoreResult<std::optional<store::RecordHead>>
    head(const store::RecordId& id, std::size_t payload_max) override {
        return inside_.head(id, payload_max);
    }
    store::StoreResult<std::optional<store::RecordAge>> age(const store::RecordId& id) override {
        return inside_.age(id);
    }
    store::StoreResult<void> put(const store::Record& record) override {
        is_open_ = true;
        batch_.push_back(record.id);
        return inside_.put(record);
    }
    store::StoreResult<void> erase(const store::RecordId& id) override { return inside_.erase(id); }
    store::StoreResult<void> commit() override {
        const bool was_open = std::exchange(is_open_, false);
        if (was_open) ++tally_.commits;
        const auto batch = std::exchange(batch_, {});
        if (!was_open || !tally_.fails) return {};
        for (const store::RecordId& id : batch)
            static_cast<void>(inside_.erase(id));
        return std::unexpected(store::StoreErrc::full);
    }
    store::StoreResult<std::vector<store::RecordId>>
    search(const store::Query& query, store::PeerTime now, std::size_t limit) override {
        return inside_.search(query, now, limit);
    }
    store::StoreResult<std::vector<store::RecordId>> list(
        const store::RecordType& type,
        std::string_view creator,
        store::PeerTime now,
        std::size_t limit) override {
        return inside_.list(type, creator, now, limit);
    }
    store::StoreResult<std::optional<Bytes>> property(std::string_view key) override {
        return inside_.property(key);
    }
    store::StoreResult<void> set_property(std::string_view key, ByteView value) override {
        return inside_.set_property(key, value);
    }

private:
    Tally& tally_;
    store::MemoryStore inside_;
    std::vector<store::RecordId> batch_;
    bool is_open_ = false;
};

class Stores final : public node::StoreFactory {
public:
    std::expected<std::unique_ptr<store::RecordStore>, store::StoreErrc>
    open(const node::StoreWish&) override {
        return std::make_unique<Store>(tally);
    }
    std::expected<void, store::StoreErrc> remove(const std::string&) override { return {}; }

    Store::Tally tally;
};

class GraphDriverTest : public testing::Test {
protected:
    struct Node {
        Node(boost::asio::io_context& loop, GraphHooks hooks, const std::string& peer_id)
            : plain(make_plain_random(entropy)),
              driver(
                  loop,
                  {.graphs = {.peer_id = peer_id, .tuning = {}}, .allow_loopback = true},
                  std::move(hooks),
                  {stores, entropy, plain}) {}

        EntropySource entropy;
        SeededRandom plain;
        Stores stores;
        GraphDriver driver;
    };

    Node& add(const std::string& peer_id, GraphHooks hooks = {}) {
        nodes_.push_back(std::make_unique<Node>(loop_, std::move(hooks), peer_id));
        Node& node = *nodes_.back();
        EXPECT_FALSE(node.driver.listen({Address::v4(0x7F000001U), 0}));
        return node;
    }

    void remove_last() { nodes_.pop_back(); }

    template<class Done>
    bool run_until(Done done) {
        for (int i = 0; i < 1500 && !done(); ++i)
            loop_.run_one_for(10ms);
        return done();
    }

    bool join(Node& node, Node& to) {
        if (!node.driver.open("x", {})) return false;
        const Endpoint at = to.driver.listening().front();
        node.driver.change(
            "x",
            [at](graph::Graph& graph, Now now) -> graph::GraphResult<void> {
                return graph.connect(now, at, std::nullopt)
                           ? graph::GraphResult<void>{}
                           : std::unexpected(graph::GraphErrc::bad_argument);
            },
            [](auto&&) {});
        return run_until([&] { return node.driver.graphs().find("x")->status().is_synchronized; });
    }

    /// The outcome, once it has come.
    std::shared_ptr<std::optional<graph::GraphResult<void>>>
    put(Node& node, std::size_t size = 16, store::RecordId* out = nullptr) {
        auto outcome = std::make_shared<std::optional<graph::GraphResult<void>>>();
        node.driver.change(
            "x",
            [=](graph::Graph& graph, Now now) -> graph::GraphResult<void> {
                const auto id = graph.add(now, note(size));
                if (!id) return std::unexpected(id.error());
                if (out != nullptr) *out = *id;
                return {};
            },
            [outcome](const graph::GraphResult<void>& done) { *outcome = done; });
        return outcome;
    }

    boost::asio::io_context loop_{1};
    std::vector<std::unique_ptr<Node>> nodes_;
};

TEST_F(GraphDriverTest, records_reach_the_other_end_of_a_connection) {
    Node& a = add("a");
    Node& b = add("b");
    ASSERT_TRUE(a.driver.create("x", {}, {}));
    ASSERT_TRUE(join(b, a));
    std::vector<store::RecordId> heard;
    b.driver.watch("x", [&](const graph::Event& event) {
        const auto* changed = std::get_if<graph::RecordChanged>(&event);
        if (changed != nullptr) heard.push_back(changed->id);
    });
    store::RecordId small{};
    store::RecordId large{};
    put(a, 16, &small);
    put(a, 3'000'000, &large);
    EXPECT_TRUE(run_until([&] { return heard.size() == 2; }));
    EXPECT_EQ(b.driver.graphs().find("x")->get(read_clocks(), large)->payload.size(), 3'000'000U);
    EXPECT_EQ(a.driver.links().pending(), 0U) << "a greeter that has a graph is none any more";
}

TEST_F(GraphDriverTest, the_changes_of_one_turn_share_a_commit) {
    Node& a = add("a");
    ASSERT_TRUE(a.driver.create("x", {}, {}));
    loop_.poll();
    const std::size_t before = a.stores.tally.commits;
    std::vector<std::shared_ptr<std::optional<graph::GraphResult<void>>>> outcomes;
    for (int i = 0; i < 100; ++i)
        outcomes.push_back(put(a));
    for (const auto& outcome : outcomes)
        EXPECT_FALSE(*outcome) << "said before it was done";
    ASSERT_TRUE(run_until([&] { return outcomes.back()->has_value(); }));
    for (const auto& outcome : outcomes)
        EXPECT_TRUE(outcome->has_value() && (*outcome)->has_value());
    EXPECT_EQ(a.stores.tally.commits, before + 1);
}

TEST_F(GraphDriverTest, what_the_disk_refused_is_not_acknowledged) {
    std::vector<store::StoreErrc> logged;
    GraphHooks hooks;
    hooks.store_failed = [&](const std::string& graph, store::StoreErrc why) {
        EXPECT_EQ(graph, "x");
        logged.push_back(why);
    };
    Node& a = add("a", std::move(hooks));
    ASSERT_TRUE(a.driver.create("x", {}, {}));
    loop_.poll();
    a.stores.tally.fails = true;
    std::size_t told = 0;
    a.driver.watch("x", [&](const graph::Event& event) {
        if (std::holds_alternative<graph::RecordChanged>(event)) ++told;
    });
    const auto outcome = put(a);
    ASSERT_TRUE(run_until([&] { return outcome->has_value(); }));
    EXPECT_EQ((*outcome)->error(), graph::GraphErrc::store_full);
    EXPECT_EQ(logged, std::vector<store::StoreErrc>{store::StoreErrc::full});
    EXPECT_EQ(told, 0U);
    a.stores.tally.fails = false;
    const auto again = put(a);
    ASSERT_TRUE(run_until([&] { return again->has_value(); }));
    EXPECT_TRUE((*again)->has_value());
}

TEST_F(GraphDriverTest, a_graph_that_the_disk_refused_is_not_there) {
    Node& a = add("a");
    a.stores.tally.fails = true;
    const auto refused = a.driver.create("x", {}, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), node::GraphsErrc::store_full);
    EXPECT_TRUE(a.driver.graphs().names().empty());
    a.stores.tally.fails = false;
    EXPECT_TRUE(a.driver.create("x", {}, {}));
}

TEST_F(GraphDriverTest, a_graph_that_is_not_open_says_so_from_the_loop) {
    Node& a = add("a");
    const auto outcome = put(a);
    EXPECT_FALSE(*outcome);
    ASSERT_TRUE(run_until([&] { return outcome->has_value(); }));
    EXPECT_EQ((*outcome)->error(), graph::GraphErrc::closed);
}

TEST_F(GraphDriverTest, leaves_politely) {
    Node& a = add("a");
    Node& b = add("b");
    ASSERT_TRUE(a.driver.create("x", {}, {}));
    ASSERT_TRUE(join(b, a));
    ASSERT_TRUE(run_until([&] { return a.driver.graphs().find("x")->nodes().size() == 2; }));
    bool has_left = false;
    b.driver.leave([&] { has_left = true; });
    EXPECT_TRUE(run_until([&] { return has_left; }));
    EXPECT_TRUE(run_until([&] { return !a.driver.graphs().find("x")->status().has_neighbours; }));
    // Its presence is gone with it, not only when it expires.
    EXPECT_TRUE(run_until([&] { return a.driver.graphs().find("x")->nodes().size() == 1; }));
}

// Whatever arrives in that very turn.
TEST_F(GraphDriverTest, leaves_politely_while_much_arrives) {
    Node& a = add("a");
    Node& b = add("b");
    ASSERT_TRUE(a.driver.create("x", {}, {}));
    ASSERT_TRUE(join(b, a));
    ASSERT_TRUE(run_until([&] { return a.driver.graphs().find("x")->nodes().size() == 2; }));
    boost::asio::ip::tcp::socket talker(loop_);
    talker.connect({boost::asio::ip::address_v4::loopback(), b.driver.listening().front().port});
    for (int i = 0; i < 10; ++i)
        loop_.run_one_for(10ms);
    const Bytes much(kTcpReadMax, std::byte{1});
    ASSERT_EQ(boost::asio::write(talker, boost::asio::buffer(much)), much.size());
    bool has_left = false;
    boost::asio::post(loop_, [&] { b.driver.leave([&] { has_left = true; }); });
    ASSERT_TRUE(run_until([&] { return has_left; }));
    remove_last(); // as a program that ends
    EXPECT_TRUE(run_until([&] { return a.driver.graphs().find("x")->nodes().size() == 1; }));
}

TEST_F(GraphDriverTest, warns_once_of_a_graph_that_anybody_can_reach) {
    std::vector<std::string> warned;
    GraphHooks hooks;
    hooks.exposed = [&](const std::string& graph, std::uint16_t) { warned.push_back(graph); };
    Node& a = add("a", std::move(hooks));
    ASSERT_TRUE(a.driver.create("here", {}, {}));
    EXPECT_TRUE(warned.empty()) << "loopback is nobody else's";
    ASSERT_FALSE(a.driver.listen({Address::v4(0), 0}));
    ASSERT_TRUE(a.driver.create("x", {}, {}));
    ASSERT_TRUE(a.driver.close("x"));
    ASSERT_TRUE(a.driver.open("x", {}));
    node::GraphOptions deaf;
    deaf.listens = false;
    ASSERT_TRUE(a.driver.create("deaf", deaf, {}));
    EXPECT_EQ(warned, std::vector<std::string>{"x"});
}

} // namespace
} // namespace kith::host
