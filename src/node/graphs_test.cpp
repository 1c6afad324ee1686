#include "base/overload.hpp"
#include "graph/frame.hpp"
#include "graph/limits.hpp"
#include "node/graphs.hpp"
#include "store/memory_store.hpp"

#include <algorithm>
#include <deque>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kith::node {
namespace {

using namespace std::chrono_literals;
using graph::LinkId;

const store::RecordType kNotes = *parse_guid("8d2a2f0e-5a25-4f6c-9a55-1b6b1c6f0001");

// A store that lives on in its factory when the graph has gone.
class Borrowed final : public store::RecordStore {
public:
    explicit Borrowed(store::RecordStore& inside) : inside_(inside) {}

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
        return inside_.put(record);
    }
    store::StoreResult<void> erase(const store::RecordId& id) override { return inside_.erase(id); }
    store::StoreResult<void> commit() override { return inside_.commit(); }
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
    store::RecordStore& inside_;
};

class Shelf final : public StoreFactory {
public:
    std::expected<std::unique_ptr<store::RecordStore>, store::StoreErrc>
    open(const StoreWish& wish) override {
        if (fails_with) return std::unexpected(*fails_with);
        auto& kept = stores_[wish.graph_id];
        if (!kept) kept = std::make_unique<store::MemoryStore>(wish.rules);
        return std::make_unique<Borrowed>(*kept);
    }

    std::expected<void, store::StoreErrc> remove(const std::string& graph_id) override {
        stores_.erase(graph_id);
        return {};
    }

    std::optional<store::StoreErrc> fails_with;

private:
    std::map<std::string, std::unique_ptr<store::MemoryStore>> stores_;
};

struct Host {
    Host(std::uint8_t number_in, const std::string& peer_id)
        : number(number_in),
          secure(number_in),
          plain(number_in + 100U),
          graphs({.peer_id = peer_id, .tuning = {}}, stores, secure, plain) {}

    Endpoint endpoint() const { return {Address::v4(0x0A000000U + number), 4000}; }

    template<class T>
    std::vector<T> told() const {
        std::vector<T> out;
        for (const GraphsEvent& event : events) {
            if (const auto* it = std::get_if<T>(&event)) out.push_back(*it);
        }
        return out;
    }

    std::uint8_t number;
    SeededSecureRandom secure;
    SeededRandom plain;
    Shelf stores;
    Graphs graphs;
    std::vector<GraphsEvent> events;
    std::vector<LinkId> closed; // by this host
};

// Hosts on wires without delay, in virtual time.
class GraphsTest : public testing::Test {
protected:
    Host& add(const std::string& peer_id) {
        hosts_.push_back(
            std::make_unique<Host>(static_cast<std::uint8_t>(hosts_.size() + 1), peer_id));
        Host& host = *hosts_.back();
        const Endpoint at = host.endpoint();
        host.graphs.set_endpoints(now(), std::span(&at, 1));
        return host;
    }

    Now now() const {
        return {Instant(elapsed_), WallTime(WallClock::duration(133'000'000) * 1'000'000'000)};
    }

    void drain(Host& host) {
        host.graphs.commit(now());
        while (auto command = host.graphs.poll_link()) {
            std::visit(
                Overload{
                    [&](const graph::OpenLink& open) { dial(host, open); },
                    [&](graph::SendBytes& send) {
                        const auto at = wires_.find({host.number, send.link});
                        if (at != wires_.end()) {
                            const auto [to, link] = at->second;
                            traffic_.push_back(
                                [this, target = to, wire = link, bytes = send.bytes] {
                                    this->host(target).graphs.handle_bytes(now(), wire, bytes);
                                });
                        }
                        const std::size_t size = send.bytes.size();
                        traffic_.push_back([this, &host, link = send.link, size] {
                            host.graphs.handle_sent(now(), link, size);
                        });
                    },
                    [&](const graph::CloseLink& close) {
                        host.closed.push_back(close.link);
                        const auto at = wires_.find({host.number, close.link});
                        if (at == wires_.end()) return;
                        const auto [to, link] = at->second;
                        wires_.erase(at);
                        wires_.erase({to, link});
                        traffic_.push_back([this, target = to, wire = link] {
                            this->host(target).graphs.handle_closed(now(), wire);
                        });
                    }},
                *command);
        }
        while (auto event = host.graphs.poll_event())
            host.events.push_back(std::move(*event));
    }

    void settle() {
        for (int turn = 0; turn < 10'000; ++turn) {
            for (auto& host : hosts_)
                drain(*host);
            if (traffic_.empty()) return;
            const auto act = std::move(traffic_.front());
            traffic_.pop_front();
            act();
        }
        FAIL() << "the hosts do not come to rest";
    }

    void pass(Duration span) {
        elapsed_ += span;
        for (auto& host : hosts_)
            host->graphs.handle_timeout(now());
        settle();
    }

    Host& host(std::uint8_t number) { return *hosts_[number - 1U]; }

    void connect(Host& from, const std::string& graph, const Host& to) {
        ASSERT_TRUE(from.graphs.find(graph)->connect(now(), to.endpoint(), std::nullopt));
        settle();
    }

    store::RecordId note(Host& at, const std::string& graph, std::string_view text) {
        graph::NewRecord wish;
        wish.type = kNotes;
        wish.lifetime = 1h;
        wish.payload = to_owned(as_bytes(text));
        const auto id = at.graphs.find(graph)->add(now(), wish);
        EXPECT_TRUE(id);
        settle();
        return id.value_or(store::RecordId{});
    }

    bool has(Host& at, const std::string& graph, const store::RecordId& id) {
        graph::Graph* const found = at.graphs.find(graph);
        return found != nullptr && found->get(now(), id).has_value();
    }

    /// A connection from `from` that says `bytes`; the host's link.
    LinkId knock(Host& at, const Endpoint& from, ByteView bytes = {}) {
        const LinkId link = at.graphs.take_link_id();
        at.graphs.handle_accepted(now(), link, from);
        if (!bytes.empty()) at.graphs.handle_bytes(now(), link, bytes);
        drain(at);
        return link;
    }

    static Endpoint stranger(std::uint32_t net) {
        return {Address::v4(0xC0000000U + (net << 8U) + 9), 50'000};
    }

    static std::uint64_t refused(const Host& at, GreetingRefusal why) {
        return at.graphs.refused()[static_cast<std::size_t>(why)];
    }

private:
    void dial(Host& from, const graph::OpenLink& open) {
        const auto at = std::ranges::find_if(
            hosts_, [&](const auto& other) { return other->endpoint() == open.to; });
        if (at == hosts_.end()) {
            traffic_.push_back(
                [this, &from, open] { from.graphs.handle_closed(now(), open.link); });
            return;
        }
        Host& to = **at;
        const LinkId link = to.graphs.take_link_id();
        wires_[{from.number, open.link}] = {to.number, link};
        wires_[{to.number, link}] = {from.number, open.link};
        traffic_.push_back([this, &from, &to, link, open] {
            to.graphs.handle_accepted(now(), link, {from.endpoint().address, 50'000});
            from.graphs.handle_opened(now(), open.link);
        });
    }

    Duration elapsed_ = 1s;
    std::vector<std::unique_ptr<Host>> hosts_;
    std::map<std::pair<std::uint8_t, LinkId>, std::pair<std::uint8_t, LinkId>> wires_;
    std::deque<std::function<void()>> traffic_;
};

Bytes greeting_for(const std::string& graph) {
    return graph::frame_of(
        graph::encode(graph::AuthInfo{graph::LinkKind::neighbour, graph, "peer", std::nullopt}));
}

TEST_F(GraphsTest, several_graphs_share_one_port_and_nothing_else) {
    Host& a = add("a");
    Host& b = add("b");
    for (const char* name : {"one", "two"}) {
        ASSERT_TRUE(a.graphs.create(now(), name, {}, {}));
        ASSERT_TRUE(b.graphs.open(now(), name, {}));
        connect(b, name, a);
        EXPECT_TRUE(b.graphs.find(name)->status().is_synchronized) << name;
    }
    const auto first = note(a, "one", "first");
    const auto second = note(b, "two", "second");
    EXPECT_TRUE(has(b, "one", first));
    EXPECT_TRUE(has(a, "two", second));
    EXPECT_FALSE(has(b, "two", first));
    EXPECT_FALSE(has(a, "one", second));
    for (const GraphEvent& told : b.told<GraphEvent>()) {
        const auto* change = std::get_if<graph::RecordChanged>(&told.event);
        if (change == nullptr) continue;
        EXPECT_EQ(told.graph, change->id == first ? "one" : "two");
    }
    EXPECT_EQ(a.graphs.names(), (std::vector<std::string>{"one", "two"}));
}

TEST_F(GraphsTest, one_graph_closes_politely_and_the_other_goes_on) {
    Host& a = add("a");
    Host& b = add("b");
    for (const char* name : {"one", "two"}) {
        ASSERT_TRUE(a.graphs.create(now(), name, {}, {}));
        ASSERT_TRUE(b.graphs.open(now(), name, {}));
        connect(b, name, a);
    }
    ASSERT_TRUE(b.graphs.close(now(), "one"));
    EXPECT_EQ(b.graphs.close(now(), "one").error(), GraphsErrc::not_open);
    settle();
    EXPECT_FALSE(a.graphs.find("one")->status().has_neighbours);
    EXPECT_TRUE(a.graphs.find("two")->status().has_neighbours);
    const auto missed = note(a, "one", "missed");
    EXPECT_TRUE(has(b, "two", note(a, "two", "heard")));

    ASSERT_TRUE(b.graphs.open(now(), "one", {}));
    EXPECT_TRUE(b.graphs.find("one")->status().is_synchronized) << "the store was lost";
    connect(b, "one", a);
    EXPECT_TRUE(has(b, "one", missed));
}

TEST_F(GraphsTest, refuse_names_twice_and_names_that_are_none) {
    Host& a = add("a");
    const auto create = [&](const std::string& name) {
        return a.graphs.create(now(), name, {}, {});
    };
    ASSERT_TRUE(create("x"));
    EXPECT_EQ(create("x").error(), GraphsErrc::already_open);
    EXPECT_EQ(a.graphs.open(now(), "x", {}).error(), GraphsErrc::already_open);
    ASSERT_TRUE(a.graphs.close(now(), "x"));
    EXPECT_EQ(create("x").error(), GraphsErrc::already_exists);
    ASSERT_TRUE(a.graphs.remove(now(), "x"));
    EXPECT_TRUE(create("x"));
    EXPECT_EQ(create("").error(), GraphsErrc::bad_name);
    EXPECT_EQ(create("a\xFF").error(), GraphsErrc::bad_name);
    EXPECT_TRUE(create(std::string(255, 'y')));
    EXPECT_EQ(create(std::string(256, 'y')).error(), GraphsErrc::bad_name);
    for (std::size_t i = a.graphs.names().size(); i < kGraphsMax; ++i)
        ASSERT_TRUE(create("graph " + std::to_string(i)));
    EXPECT_EQ(create("one too many").error(), GraphsErrc::too_many);
}

TEST_F(GraphsTest, tell_what_the_store_said) {
    Host& a = add("a");
    a.stores.fails_with = store::StoreErrc::full;
    EXPECT_EQ(a.graphs.create(now(), "x", {}, {}).error(), GraphsErrc::store_full);
    a.stores.fails_with = store::StoreErrc::wrong_graph;
    EXPECT_EQ(a.graphs.open(now(), "x", {}).error(), GraphsErrc::store_wrong_graph);
    EXPECT_TRUE(a.graphs.names().empty());
}

TEST_F(GraphsTest, a_connection_belongs_to_the_graph_that_it_names) {
    Host& a = add("a");
    ASSERT_TRUE(a.graphs.create(now(), "x", {}, {}));
    GraphOptions deaf;
    deaf.listens = false;
    ASSERT_TRUE(a.graphs.create(now(), "deaf", deaf, {}));

    // In pieces, and with more behind it.
    const Bytes greeting = greeting_for("x");
    const LinkId whole = knock(a, stranger(1));
    for (const std::byte byte : greeting)
        a.graphs.handle_bytes(now(), whole, std::span(&byte, 1));
    drain(a);
    EXPECT_TRUE(a.closed.empty());
    EXPECT_EQ(a.graphs.greeters(), 0U);

    const LinkId unknown = knock(a, stranger(2), greeting_for("y"));
    const LinkId unheard = knock(a, stranger(3), greeting_for("deaf"));
    EXPECT_EQ(a.closed, (std::vector<LinkId>{unknown, unheard}));
    EXPECT_EQ(refused(a, GreetingRefusal::no_such_graph), 2U);

    knock(a, stranger(4), graph::frame_of(graph::encode(graph::SyncEnd{})));
    knock(a, stranger(5), as_bytes("\xFF\xFF\xFF\xFF"));
    EXPECT_EQ(
        refused(a, GreetingRefusal::no_greeting) + refused(a, GreetingRefusal::too_large), 2U);
    EXPECT_EQ(a.closed.size(), 4U);
}

TEST_F(GraphsTest, who_says_nothing_is_bounded_in_number_bytes_and_time) {
    Host& a = add("a");
    ASSERT_TRUE(a.graphs.create(now(), "x", {}, {}));
    for (std::size_t i = 0; i < kGreetersOfPrefixMax; ++i)
        knock(a, stranger(1));
    knock(a, stranger(1));
    EXPECT_EQ(refused(a, GreetingRefusal::too_many_of_prefix), 1U);
    EXPECT_EQ(a.graphs.greeters(), kGreetersOfPrefixMax);
    for (std::uint32_t net = 2; a.graphs.greeters() < kGreetersMax; ++net)
        knock(a, stranger(net));
    knock(a, stranger(1000));
    EXPECT_EQ(refused(a, GreetingRefusal::too_many), 1U);

    pass(kGreetingTime - 1s);
    EXPECT_EQ(a.graphs.greeters(), kGreetersMax);
    pass(1s);
    EXPECT_EQ(a.graphs.greeters(), 0U);
    EXPECT_EQ(refused(a, GreetingRefusal::timed_out), kGreetersMax);

    // One byte a frame: the message stays small, what has to be held does not.
    const LinkId slow = knock(a, stranger(1));
    const Bytes drop = graph::frame_of(as_bytes("\x7F"));
    Bytes size(4);
    size[1] = std::byte{0x0F};
    a.graphs.handle_bytes(now(), slow, graph::frame_of(size));
    for (std::size_t sent = 0; sent <= kGreetingBytesMax && a.graphs.greeters() > 0;
         sent += drop.size())
        a.graphs.handle_bytes(now(), slow, drop);
    EXPECT_EQ(a.graphs.greeters(), 0U);

    // This machine's own connections come as they like.
    const std::size_t most = kGreetersOfPrefixMax + 3;
    for (std::size_t i = 0; i < most; ++i)
        knock(a, {Address::v4(0x7F000001U), 50'000});
    EXPECT_EQ(a.graphs.greeters(), most);
}

TEST_F(GraphsTest, members_find_each_other_by_a_name) {
    Host& a = add("a");
    Host& b = add("b");
    ASSERT_TRUE(a.graphs.create(now(), "x", {}, {}));
    settle();
    const auto wanted = a.told<NameWanted>();
    ASSERT_EQ(wanted.size(), 1U);
    EXPECT_EQ(wanted[0].graph, "x");
    EXPECT_EQ(wanted[0].endpoints, std::vector<Endpoint>{a.endpoint()});
    // SHA-256("kith graphx")
    EXPECT_EQ(wanted[0].name, graph_name("x"));
    EXPECT_EQ(wanted[0].name.to_string().size(), std::string("0.kith-graph-").size() + 32);
    EXPECT_NE(graph_name("x"), graph_name("y"));

    ASSERT_TRUE(b.graphs.open(now(), "x", {}));
    settle();
    EXPECT_TRUE(b.told<NameWanted>().empty()) << "a node that has nothing has nothing to offer";
    ASSERT_EQ(b.told<PeersWanted>().size(), 1U) << "at once";
    pass(kAskPeersInterval);
    const auto asked = b.told<PeersWanted>();
    ASSERT_EQ(asked.size(), 2U) << "and again";
    EXPECT_EQ(asked[0].name, graph_name("x"));
    b.graphs.offer_peer(now(), "x", b.endpoint()); // ours is no news
    b.graphs.offer_peer(now(), "x", a.endpoint());
    settle();
    EXPECT_TRUE(b.graphs.find("x")->status().is_synchronized);
    EXPECT_EQ(b.told<NameWanted>().size(), 1U);
    pass(kAskPeersInterval);
    EXPECT_EQ(b.told<PeersWanted>().size(), 2U) << "found";

    const Endpoint moved{Address::v4(0x0A000063U), 4000};
    a.graphs.set_endpoints(now(), std::span(&moved, 1));
    settle();
    ASSERT_EQ(a.told<NameWanted>().size(), 2U);
    EXPECT_EQ(a.told<NameWanted>()[1].endpoints, std::vector<Endpoint>{moved});
    ASSERT_TRUE(a.graphs.close(now(), "x"));
    settle();
    ASSERT_EQ(a.told<NameUnwanted>().size(), 1U);
    EXPECT_EQ(a.told<NameUnwanted>()[0].graph, "x");
}

TEST_F(GraphsTest, a_private_graph_is_in_no_cloud) {
    Host& a = add("a");
    GraphOptions options;
    options.uses_names = false;
    ASSERT_TRUE(a.graphs.create(now(), "x", options, {}));
    ASSERT_TRUE(a.graphs.open(now(), "y", options));
    settle();
    pass(60s);
    EXPECT_TRUE(a.told<NameWanted>().empty());
    EXPECT_TRUE(a.told<PeersWanted>().empty());
}

TEST_F(GraphsTest, closing_all_leaves_nothing_behind) {
    Host& a = add("a");
    Host& b = add("b");
    ASSERT_TRUE(a.graphs.create(now(), "x", {}, {}));
    ASSERT_TRUE(b.graphs.open(now(), "x", {}));
    connect(b, "x", a);
    const LinkId waiting = knock(b, stranger(1));
    b.graphs.close_all(now());
    settle();
    EXPECT_TRUE(b.graphs.names().empty());
    EXPECT_EQ(b.graphs.greeters(), 0U);
    EXPECT_FALSE(b.graphs.next_timeout());
    EXPECT_NE(std::ranges::find(b.closed, waiting), b.closed.end());
    EXPECT_FALSE(a.graphs.find("x")->status().has_neighbours);
    b.graphs.handle_bytes(now(), waiting, as_bytes("late"));
    b.graphs.handle_closed(now(), waiting);
}

} // namespace
} // namespace kith::node
