#include "api/event_stream.hpp"
#include "base/random.hpp"
#include "store/memory_store.hpp"

#include <cstdint>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace kith::api {
namespace {

class Stores final : public node::StoreFactory {
public:
    std::expected<std::unique_ptr<store::RecordStore>, store::StoreErrc>
    open(const node::StoreWish& wish) override {
        return std::make_unique<store::MemoryStore>(wish.rules);
    }
    std::expected<void, store::StoreErrc> remove(const std::string&) override { return {}; }
};

// Graphs in memory, and a clock that counts who looks at it: each document that is written does.
class Service final : public GraphService {
public:
    Now now() const override {
        ++documents;
        return {};
    }
    node::Graphs& graphs() override { return graphs_; }
    std::span<const Endpoint> listening() const override { return {}; }
    std::expected<void, node::GraphsErrc> create(
        const std::string& name,
        const node::GraphOptions& options,
        const graph::GraphInfo& info) override {
        return graphs_.create({}, name, options, info);
    }
    std::expected<void, node::GraphsErrc>
    open(const std::string& name, const node::GraphOptions& options) override {
        return graphs_.open({}, name, options);
    }
    std::expected<void, node::GraphsErrc> close(const std::string& name) override {
        return graphs_.close({}, name);
    }
    std::expected<void, node::GraphsErrc> remove(const std::string& name) override {
        return graphs_.remove({}, name);
    }
    bool knows(const std::string& name) override { return graphs_.find(name) != nullptr; }
    const std::map<std::string, node::GraphsErrc>& unopened() const override { return unopened_; }
    void change(const std::string&, const Change&, Done) override {}
    WatchId watch(const std::string&, Watcher watcher) override {
        const auto id = static_cast<WatchId>(++last_);
        watchers.emplace(id, std::move(watcher));
        return id;
    }
    void unwatch(WatchId id) override { watchers.erase(id); }
    std::expected<void, node::GraphsErrc>
    rework(const std::string&, const std::function<void(store::RecordStore&)>&) override {
        return {};
    }

    std::map<WatchId, Watcher> watchers;
    mutable int documents = 0;

private:
    Stores stores_;
    SeededSecureRandom secure_{1};
    SeededRandom plain_{2};
    node::Graphs graphs_{{.peer_id = "alice", .tuning = {}}, stores_, secure_, plain_};
    std::map<std::string, node::GraphsErrc> unopened_;
    std::uint64_t last_ = 0;
};

std::shared_ptr<Flow> watch(EventStreams& streams) {
    std::shared_ptr<Flow> flow;
    const Request request;
    static_cast<void>(streams.open(
        {request, {"plans"}, Parameters({}), [&](const Reply& reply) { flow = reply.flow; }}));
    return flow;
}

std::string text_of(Flow& flow) {
    std::string out;
    while (auto piece = flow.next())
        out += *piece;
    return out;
}

TEST(EventStreams, WriteAnEventOnceForAllThatWatch) {
    Service service;
    ASSERT_TRUE(service.create("plans", {}, {}));
    EventStreams streams(service);
    auto one = watch(streams);
    const auto other = watch(streams);
    ASSERT_TRUE(one && other);
    text_of(*one);
    text_of(*other);
    const auto happens = [&] {
        for (const auto& [id, watcher] : service.watchers)
            watcher(graph::RecordChanged{});
    };
    happens();
    EXPECT_EQ(service.documents, 1);
    EXPECT_TRUE(text_of(*one).contains("record_added"));
    EXPECT_TRUE(text_of(*other).contains("record_added"));
    one.reset();
    happens();
    EXPECT_EQ(service.documents, 2);
    EXPECT_TRUE(text_of(*other).contains("record_added"));
}

TEST(EventStreams, WatchNothingForNobody) {
    Service service;
    ASSERT_TRUE(service.create("plans", {}, {}));
    EventStreams streams(service);
    watch(streams).reset();
    EXPECT_TRUE(service.watchers.empty());
}

} // namespace
} // namespace kith::api
