#include "daemon/graph_keeper.hpp"
#include "host/clocks.hpp"
#include "host/entropy.hpp"
#include "host/temporary_directory_test.hpp"

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kith::daemon {
namespace {

using namespace std::chrono_literals;

const store::RecordType kThings = *parse_guid("8d2a2f0e-5a25-4f6c-9a55-1b6b1c6f0001");

// One run of a daemon, as far as its graphs go.
class DaemonRun {
public:
    explicit DaemonRun(const std::filesystem::path& folder)
        : data_(*host::PrivateDirectory::open(folder)),
          plain_(host::make_plain_random(entropy_)) {
        config_.data = folder;
        config_.graph_listen = {{Address::v4(0x7F000001U), 0}};
        host::DriverConfig names;
        names.clouds.node.allow_loopback = true;
        names.clouds.node.use_ssdp = false;
        names.sockets.push_back(
            std::move(*host::UdpSocket::open({.local = {Address::v4(0x7F000001U), 0}})));
        names_.emplace(loop_, std::move(names), host::DriverHooks{}, entropy_, plain_);
        auto holdings = take_graphs(config_, data_, entropy_);
        if (!holdings) {
            refusal = holdings.error().message;
            return;
        }
        keeper.emplace(loop_, config_, data_, std::move(*holdings), *names_, entropy_, plain_);
        const auto started = keeper->start();
        EXPECT_TRUE(started) << (started ? "" : started.error().message);
    }

    ~DaemonRun() {
        if (!keeper) return;
        bool has_left = false;
        keeper->leave([&] { has_left = true; });
        EXPECT_TRUE(run_until([&] { return has_left; }));
    }
    DaemonRun(const DaemonRun&) = delete;
    DaemonRun& operator=(const DaemonRun&) = delete;

    template<class Done>
    bool run_until(Done done) {
        for (int i = 0; i < 1500 && !done(); ++i)
            loop_.run_one_for(10ms);
        return done();
    }

    store::RecordId add(const std::string& graph) {
        store::RecordId id;
        bool is_done = false;
        keeper->change(
            graph,
            [&](graph::Graph& core, Now now) -> graph::GraphResult<void> {
                graph::NewRecord wish;
                wish.type = kThings;
                wish.lifetime = 1h;
                const auto added = core.add(now, wish);
                if (!added) return std::unexpected(added.error());
                id = *added;
                return {};
            },
            [&](const graph::GraphResult<void>& outcome) { is_done = outcome.has_value(); });
        EXPECT_TRUE(run_until([&] { return is_done; }));
        return id;
    }

    bool has(const std::string& graph, const store::RecordId& id) {
        graph::Graph* const core = keeper->graphs().find(graph);
        return core != nullptr && core->get(host::read_clocks(), id).has_value();
    }

private:
    host::PrivateDirectory data_;
    host::EntropySource entropy_;
    SeededRandom plain_;
    boost::asio::io_context loop_{1};
    Config config_;
    std::optional<host::NodeDriver> names_;

public:
    std::optional<GraphKeeper> keeper;
    std::string refusal;
};

TEST(GraphKeeper, finds_everything_again_after_a_restart) {
    const host::TemporaryDirectory place;
    const auto folder = place.path() / "data";
    store::RecordId id;
    std::uint16_t port = 0;
    std::string peer_id;
    {
        DaemonRun run(folder);
        ASSERT_TRUE(run.keeper->create("kept", {}, {}));
        ASSERT_TRUE(run.keeper->create("closed", {}, {}));
        ASSERT_TRUE(run.keeper->create("removed", {}, {}));
        node::GraphOptions passing;
        passing.in_memory = true;
        ASSERT_TRUE(run.keeper->create("passing", passing, {}));
        id = run.add("kept");
        ASSERT_TRUE(run.keeper->close("closed"));
        ASSERT_TRUE(run.keeper->remove("removed"));
        port = run.keeper->listening().front().port;
        peer_id = run.keeper->graphs().options("kept")->peer_id;
    }
    {
        DaemonRun run(folder);
        EXPECT_EQ(run.keeper->graphs().names(), std::vector<std::string>{"kept"});
        EXPECT_TRUE(run.has("kept", id));
        EXPECT_EQ(run.keeper->listening().front().port, port);
        EXPECT_EQ(run.keeper->graphs().options("kept")->peer_id, peer_id);
        EXPECT_EQ(run.keeper->create("closed", {}, {}).error(), node::GraphsErrc::already_exists);
        EXPECT_TRUE(run.keeper->create("removed", {}, {}));
    }
}

// A graph that the next start would not open was not founded, whatever it is that the disk refused.
TEST(GraphKeeper, founds_no_graph_that_it_cannot_remember) {
    const host::TemporaryDirectory place;
    const auto folder = place.path() / "data";
    DaemonRun run(folder);
    ASSERT_TRUE(run.keeper->create("old", {}, {}));
    ASSERT_TRUE(run.keeper->close("old"));
    // Nothing is written over a folder.
    std::filesystem::remove(folder / "graphs.json");
    std::filesystem::create_directory(folder / "graphs.json");
    EXPECT_EQ(run.keeper->create("new", {}, {}).error(), node::GraphsErrc::store_failed);
    EXPECT_EQ(run.keeper->open("old", {}).error(), node::GraphsErrc::store_failed);
    EXPECT_TRUE(run.keeper->graphs().names().empty());
    std::filesystem::remove(folder / "graphs.json");
    EXPECT_TRUE(run.keeper->create("new", {}, {}));
    EXPECT_TRUE(run.keeper->open("old", {}));
}

enum class Loss : std::uint8_t { emptied, removed };

class GraphLoss : public testing::TestWithParam<Loss> {
protected:
    // What happens to a graph's file while no daemon runs.
    static void lose(const std::filesystem::path& file) {
        std::filesystem::remove(file.native() + "-wal");
        std::filesystem::remove(file.native() + "-shm");
        if (GetParam() == Loss::emptied)
            std::filesystem::resize_file(file, 0);
        else
            std::filesystem::remove(file);
    }

    // As it was left: nothing was put in its place.
    static bool is_untouched(const std::filesystem::path& file) {
        const bool is_there = std::filesystem::exists(file);
        if (GetParam() == Loss::removed) return !is_there;
        return is_there && std::filesystem::file_size(file) == 0;
    }
};

// A graph whose records are gone is not one that never had any.
TEST_P(GraphLoss, is_an_error_until_the_graph_is_given_up) {
    const host::TemporaryDirectory place;
    const auto folder = place.path() / "data";
    const auto file = host::GraphStores::open(folder / "graphs")->file_of("kept");
    {
        DaemonRun run(folder);
        ASSERT_TRUE(run.keeper->create("kept", {}, {}));
        ASSERT_TRUE(run.keeper->create("other", {}, {}));
        run.add("kept");
    }
    lose(file);
    {
        DaemonRun run(folder);
        EXPECT_EQ(run.keeper->graphs().names(), std::vector<std::string>{"other"});
        using Unopened = std::map<std::string, node::GraphsErrc>;
        EXPECT_EQ(run.keeper->unopened(), (Unopened{{"kept", node::GraphsErrc::store_missing}}));
        EXPECT_EQ(run.keeper->open("kept", {}).error(), node::GraphsErrc::store_missing);
        EXPECT_EQ(run.keeper->create("kept", {}, {}).error(), node::GraphsErrc::store_missing);
        EXPECT_TRUE(is_untouched(file));
    }
    {
        DaemonRun run(folder); // it keeps its place
        EXPECT_TRUE(run.keeper->unopened().contains("kept"));
        EXPECT_TRUE(is_untouched(file));
        ASSERT_TRUE(run.keeper->remove("kept"));
        EXPECT_TRUE(run.keeper->unopened().empty());
        EXPECT_TRUE(run.keeper->open("kept", {}));
    }
    DaemonRun run(folder);
    EXPECT_TRUE(run.keeper->unopened().empty());
    EXPECT_NE(run.keeper->graphs().find("kept"), nullptr);
}

TEST_P(GraphLoss, is_an_error_of_a_closed_graph_as_well) {
    const host::TemporaryDirectory place;
    const auto folder = place.path() / "data";
    const auto file = host::GraphStores::open(folder / "graphs")->file_of("kept");
    {
        DaemonRun run(folder);
        ASSERT_TRUE(run.keeper->create("kept", {}, {}));
        ASSERT_TRUE(run.keeper->close("kept"));
        lose(file);
        EXPECT_EQ(run.keeper->open("kept", {}).error(), node::GraphsErrc::store_missing);
    }
    DaemonRun run(folder);
    EXPECT_TRUE(run.keeper->unopened().empty());
    EXPECT_EQ(run.keeper->open("kept", {}).error(), node::GraphsErrc::store_missing);
    EXPECT_EQ(run.keeper->create("kept", {}, {}).error(), node::GraphsErrc::store_missing);
    EXPECT_TRUE(is_untouched(file));
    ASSERT_TRUE(run.keeper->remove("kept"));
    EXPECT_TRUE(run.keeper->open("kept", {}));
    ASSERT_TRUE(run.keeper->close("kept"));
    EXPECT_TRUE(run.keeper->open("kept", {})) << "its file is there";
}

INSTANTIATE_TEST_SUITE_P(Both, GraphLoss, testing::Values(Loss::emptied, Loss::removed));

TEST(GraphKeeper, closes_what_it_could_not_open) {
    const host::TemporaryDirectory place;
    const auto folder = place.path() / "data";
    {
        DaemonRun run(folder);
        ASSERT_TRUE(run.keeper->create("broken", {}, {}));
    }
    const auto file = host::GraphStores::open(folder / "graphs")->file_of("broken");
    std::filesystem::remove(file.native() + "-wal");
    std::ofstream(file, std::ios::trunc) << std::string(9000, 'x');
    {
        DaemonRun run(folder);
        EXPECT_TRUE(run.keeper->unopened().contains("broken"));
        EXPECT_TRUE(run.keeper->close("broken"));
        EXPECT_TRUE(run.keeper->unopened().empty());
        EXPECT_EQ(run.keeper->close("broken").error(), node::GraphsErrc::not_open);
    }
    const DaemonRun run(folder);
    EXPECT_TRUE(run.keeper->unopened().empty());
    EXPECT_EQ(std::filesystem::file_size(file), 9000U);
}

TEST(GraphKeeper, takes_another_port_if_its_own_is_taken) {
    const host::TemporaryDirectory place;
    const host::TemporaryDirectory elsewhere;
    std::uint16_t port = 0;
    {
        const DaemonRun run(place.path() / "data");
        port = run.keeper->listening().front().port;
    }
    boost::asio::io_context loop;
    host::TcpLinks other(
        loop,
        {.accepted = [](auto, auto, const auto&) {},
         .opened = [](auto) {},
         .received = [](auto, auto) {},
         .sent = [](auto, auto) {},
         .ended = [](auto, auto) {}});
    ASSERT_TRUE(other.listen({Address::v4(0x7F000001U), port}));
    const DaemonRun run(place.path() / "data");
    EXPECT_NE(run.keeper->listening().front().port, port);
}

TEST(GraphKeeper, does_not_start_under_another_peer_id) {
    const host::TemporaryDirectory place;
    const auto folder = place.path() / "data";
    const auto data = *host::PrivateDirectory::open(folder);
    ASSERT_TRUE(data.write("graphs.json", "{", host::PrivateDirectory::Existing::replace));
    const DaemonRun run(folder);
    EXPECT_NE(run.refusal.find("graphs.json is damaged"), std::string::npos) << run.refusal;
    EXPECT_NE(run.refusal.find("put a copy of it back"), std::string::npos) << run.refusal;
}

} // namespace
} // namespace kith::daemon
