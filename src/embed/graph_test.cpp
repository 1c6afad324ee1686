#include "base/test_sanitizer.hpp"
#include "embed/test_executor.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <gtest/gtest.h>
#include <kith/graph.hpp>
#include <kith/names.hpp>
#include <memory>
#include <stdlib.h>
#include <thread>

namespace kith {
namespace {

using namespace std::chrono_literals;

const Id kNotes = "8d2a2f0e-5a25-4f6c-9a55-1b6b1c6f0001";

std::vector<std::byte> bytes(std::string_view text) {
    const auto view = std::as_bytes(std::span(text.data(), text.size()));
    return {view.begin(), view.end()};
}

template<class Done>
bool within(std::chrono::milliseconds limit, Done done) {
    for (auto waited = 0ms; waited < limit; waited += 10ms) {
        if (done()) return true;
        std::this_thread::sleep_for(10ms);
    }
    return done();
}

Graph need(Result<Graph> graph) {
    if (!graph) throw std::runtime_error(graph.error().message);
    return std::move(*graph);
}

GraphOptions options(std::shared_ptr<SecurityProvider> security = {}) {
    GraphOptions out;
    out.name = "club";
    out.listen = {"127.0.0.1:0"};
    out.security = std::move(security);
    return out;
}

NewRecord note(std::string_view text) {
    return {.type = kNotes, .lifetime = 1h, .payload = bytes(text)};
}

template<class T>
std::optional<T> wait_for(Graph& graph, const std::function<bool(const T&)>& is_it) {
    for (int i = 0; i < 1000; ++i) {
        const auto event = graph.wait(20ms);
        if (!event) continue;
        if (const auto* found = std::get_if<T>(&*event); found != nullptr && is_it(*found)) {
            return *found;
        }
    }
    return std::nullopt;
}

TEST(Graph, two_nodes_have_the_same_records) {
    GraphOptions named = options();
    named.friendly_name = "at home";
    Graph home = need(Graph::create(named, {.friendly_name = "The club"}));
    Graph away = need(Graph::open(options()));
    EXPECT_EQ(away.add(note("early")).error().code, Errc::not_ready);
    ASSERT_TRUE(away.connect(home.listening().front()));
    ASSERT_TRUE(within(15s, [&] { return away.status().is_synchronized; }));
    EXPECT_EQ(away.properties()->friendly_name, "The club");
    EXPECT_EQ(away.properties()->creator, home.peer_id());
    EXPECT_EQ(away.set_properties({}).error().code, Errc::not_allowed);

    NewRecord wish = note("one");
    wish.attributes = {{"room", Attribute::Type::string, "a & b"}};
    const auto id = home.add(wish);
    ASSERT_TRUE(id) << id.error().message;
    ASSERT_TRUE(wait_for<RecordChanged>(away, [&](const auto& it) {
        return it.id == *id && it.kind == RecordChanged::Kind::added && it.type == kNotes;
    }));
    const auto record = away.get(*id);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->payload, bytes("one"));
    EXPECT_EQ(record->attributes, wish.attributes);
    EXPECT_EQ(record->creator, home.peer_id());
    EXPECT_GT(record->expires, record->created);
    EXPECT_EQ(*away.list(kNotes), std::vector<Id>{*id});
    EXPECT_EQ(away.list(kNotes, away.peer_id())->size(), 0U);
    const std::string query = "<peersearch><clause attrib=\"room\" type=\"string\" "
                              "compare=\"equal\">a &amp; b</clause></peersearch>";
    EXPECT_EQ(*away.search(query), std::vector<Id>{*id});
    EXPECT_EQ(away.search("<no>").error().code, Errc::bad_argument);

    ASSERT_TRUE(away.update(*id, {.payload = bytes("two")}));
    ASSERT_TRUE(within(15s, [&] { return home.get(*id)->payload == bytes("two"); }));
    EXPECT_EQ(home.get(*id)->modifier, away.peer_id());
    ASSERT_TRUE(home.remove(*id));
    ASSERT_TRUE(within(15s, [&] { return !away.get(*id); }));
    EXPECT_EQ(away.get(*id).error().code, Errc::not_found);
    ASSERT_EQ(away.links().size(), 1U);
    EXPECT_EQ(away.links().front().friendly_name, "at home");
    EXPECT_TRUE(within(15s, [&] { return away.nodes().size() == 2; }));
}

TEST(Graph, many_records_go_at_once) {
    Graph home = need(Graph::create(options()));
    const std::vector<NewRecord> wishes(500, note("x"));
    EXPECT_EQ(home.add(wishes)->size(), 500U);
    EXPECT_EQ(home.list(kNotes)->size(), 500U);
    EXPECT_EQ(home.list(kNotes, {}, 10)->size(), 10U);
}

TEST(Graph, direct_connections_carry_data_both_ways) {
    GraphOptions open_to_all = options();
    open_to_all.accepts_direct = true;
    Graph home = need(Graph::create(open_to_all));
    Graph away = need(Graph::open(options()));
    ASSERT_TRUE(away.connect(home.listening().front()));
    ASSERT_TRUE(within(15s, [&] { return away.status().is_synchronized; }));
    const auto link = away.connect_direct(home.listening().front());
    ASSERT_TRUE(link);
    const auto is_ours = [&](const ConnectionChanged& it) { return it.link == *link; };
    const auto opened = wait_for<ConnectionChanged>(away, is_ours);
    ASSERT_TRUE(opened);
    ASSERT_EQ(opened->state, ConnectionChanged::State::connected) << opened->reason;
    ASSERT_TRUE(away.send(*link, kNotes, bytes("hello")));
    const auto heard = wait_for<DataReceived>(home, [](const auto&) { return true; });
    ASSERT_TRUE(heard);
    EXPECT_EQ(heard->data, bytes("hello"));
    EXPECT_EQ(heard->type, kNotes);
    ASSERT_TRUE(home.send(heard->link, kNotes, bytes("and you")));
    EXPECT_EQ(
        wait_for<DataReceived>(away, [](const auto&) { return true; })->data, bytes("and you"));
    ASSERT_TRUE(away.disconnect(*link));
    EXPECT_EQ(away.send(*link, kNotes, bytes("more")).error().code, Errc::not_found);
}

TEST(Graph, neighbours_say_nothing_to_who_does_not_listen) {
    GraphOptions open_to_all = options();
    open_to_all.accepts_direct = true;
    Graph home = need(Graph::create(open_to_all));
    Graph away = need(Graph::open(options()));
    const auto link = away.connect(home.listening().front());
    ASSERT_TRUE(link);
    ASSERT_TRUE(within(15s, [&] { return away.status().is_synchronized; }));
    ASSERT_TRUE(away.send(*link, kNotes, bytes("hello")));
    const auto heard = wait_for<DataReceived>(home, [](const auto&) { return true; });
    ASSERT_TRUE(heard);
    ASSERT_TRUE(home.send(heard->link, kNotes, bytes("and you")));
    ASSERT_TRUE(home.add(note("after it")));
    bool is_told = false;
    ASSERT_TRUE(within(15s, [&] {
        for (auto event = away.poll(); event; event = away.poll()) {
            EXPECT_FALSE(std::holds_alternative<DataReceived>(*event));
            is_told |= std::holds_alternative<RecordChanged>(*event);
        }
        return is_told;
    }));
}

TEST(Graph, keeps_its_records_in_its_folder) {
    std::string folder = "/tmp/kith-graph-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    GraphOptions kept = options();
    kept.folder = folder;
    Id id;
    std::string peer;
    {
        Graph home = need(Graph::create(kept));
        id = *home.add(note("kept"));
        peer = home.peer_id();
        EXPECT_EQ(Graph::open(kept).error().code, Errc::disk) << "two processes, one file";
    }
    EXPECT_EQ(Graph::create(kept).error().code, Errc::already_exists);
    {
        Graph home = need(Graph::open(kept));
        EXPECT_EQ(home.peer_id(), peer);
        EXPECT_EQ(home.get(id)->payload, bytes("kept"));
    }
    std::filesystem::remove_all(folder);
}

TEST(Graph, tells_on_the_callers_executor) {
    PutBy waiting;
    std::vector<GraphEvent> told;
    GraphOptions mine = options();
    mine.executor = waiting.executor();
    mine.told = [&](GraphEvent event) { told.push_back(std::move(event)); };
    Graph home = need(Graph::create(mine));
    const auto id = home.add(note("x"));
    ASSERT_TRUE(id);
    EXPECT_TRUE(told.empty());
    const bool came = within(15s, [&] {
        waiting.run();
        return std::ranges::any_of(told, [&](const GraphEvent& event) {
            const auto* changed = std::get_if<RecordChanged>(&event);
            return changed != nullptr && changed->id == *id;
        });
    });
    EXPECT_TRUE(came);
    EXPECT_FALSE(home.poll());
}

TEST(Graph, tells_nothing_after_its_end) {
    PutBy waiting;
    int told = 0;
    {
        GraphOptions mine = options();
        mine.executor = waiting.executor();
        mine.told = [&](const GraphEvent&) { ++told; };
        Graph home = need(Graph::create(mine));
        ASSERT_TRUE(home.add(note("x")));
    }
    ASSERT_GT(waiting.size(), 0U);
    waiting.run();
    EXPECT_EQ(told, 0);
}

// The handler looks up what changed, as one does, while the graph goes.
TEST(Graph, waits_for_the_callback_that_runs) {
    std::atomic<Graph*> graph = nullptr;
    std::promise<void> began;
    std::atomic<bool> has_ended{false};
    std::thread thread;
    GraphOptions mine = options();
    mine.executor = [&](const std::function<void()>& task) {
        if (!thread.joinable() && graph.load() != nullptr) thread = std::thread(task);
    };
    mine.told = [&](const GraphEvent&) {
        began.set_value();
        std::this_thread::sleep_for(50ms);
        EXPECT_TRUE(graph.load()->list(kNotes));
        has_ended = true;
    };
    {
        Graph home = need(Graph::create(mine));
        graph = &home;
        ASSERT_TRUE(home.add(note("x")));
        ASSERT_EQ(began.get_future().wait_for(15s), std::future_status::ready);
    }
    EXPECT_TRUE(has_ended);
    thread.join();
}

TEST(Graph, waits_as_long_as_it_is_asked_to) {
    Graph home = need(Graph::create(options()));
    for (int i = 0; i < 100 && home.wait(100ms); ++i) {
    }
    std::thread later([&] {
        std::this_thread::sleep_for(50ms);
        EXPECT_TRUE(home.add(note("x")));
    });
    EXPECT_TRUE(home.wait(std::chrono::milliseconds::max()));
    later.join();
}

TEST(Graph, shows_who_is_there_and_asks_for_peers) {
    std::optional<Graph> home = need(Graph::create(options()));
    const std::vector<Attribute> mood{{"mood", Attribute::Type::string, "sunny"}};
    ASSERT_TRUE(home->set_presence(mood, true));
    Graph away = need(Graph::open(options()));
    EXPECT_EQ(away.offer_peer("nowhere").error().code, Errc::bad_argument);
    ASSERT_TRUE(away.offer_peer(home->listening().front()));
    ASSERT_TRUE(within(15s, [&] { return away.nodes().size() == 2; }));
    for (const GraphNode& node : away.nodes()) {
        EXPECT_EQ(node.is_own, node.peer_id == away.peer_id());
        EXPECT_EQ(node.attributes, node.is_own ? std::vector<Attribute>{} : mood);
    }
    home.reset();
    EXPECT_TRUE(wait_for<PeersNeeded>(away, [](const auto&) { return true; }));
}

TEST(Graph, may_be_changed_from_inside_a_callback) {
    std::atomic<Graph*> graph = nullptr;
    std::atomic<int> added = 0;
    GraphOptions mine = options();
    mine.told = [&](const GraphEvent& event) {
        const auto* changed = std::get_if<RecordChanged>(&event);
        if (changed == nullptr || graph == nullptr) return;
        if (++added > 1) return;
        EXPECT_TRUE(graph.load()->add(note("answer"))) << "a callback may add";
    };
    Graph home = need(Graph::create(mine));
    graph = &home;
    ASSERT_TRUE(home.add(note("question")));
    EXPECT_TRUE(within(15s, [&] { return added == 2; }));
    EXPECT_EQ(home.list(kNotes)->size(), 2U);
}

// A rule of the application's: a word at the door, a mark on each record.
class Rule final : public SecurityProvider {
public:
    explicit Rule(std::string word) : word_(std::move(word)) {}

    std::atomic<bool> lets_later_in{false};
    std::atomic<int> refused{0};
    std::atomic<int> deletions{0};
    std::atomic<bool> throws{false};
    std::string own_mark = "own mark"; // of the graph's records

    class Door final : public SecuritySession {
    public:
        explicit Door(Rule& rule) : rule_(rule) {}
        SecurityStep begin() override { return {.reply = bytes(rule_.word_)}; }
        SecurityStep feed(std::span<const std::byte> said) override {
            const bool is_it = std::ranges::equal(said, bytes(rule_.word_));
            if (!is_it) ++rule_.refused;
            return {.is_done = is_it, .has_failed = !is_it};
        }
        std::optional<std::vector<std::byte>> protect(std::span<const std::byte> plain) override {
            return turned(plain);
        }
        std::optional<std::vector<std::byte>> unprotect(std::span<const std::byte> wire) override {
            return turned(wire);
        }

    private:
        static std::vector<std::byte> turned(std::span<const std::byte> in) {
            std::vector<std::byte> out(in.begin(), in.end());
            for (std::byte& byte : out)
                byte ^= std::byte{0x55};
            return out;
        }
        Rule& rule_;
    };

    std::unique_ptr<SecuritySession> start(const PeerAnnounced& peer) override {
        if (peer.peer_id == "banned") return nullptr;
        return std::make_unique<Door>(*this);
    }
    std::optional<std::vector<std::byte>> secure(const Record& record) override {
        if (record.payload == bytes("unspeakable")) return std::nullopt;
        return bytes("mark");
    }
    Verdict validate(const Record& record) override {
        if (throws) throw std::runtime_error("the application's own");
        deletions += record.is_deleted ? 1 : 0;
        if (record.security != bytes("mark")) return Verdict::invalid;
        if (record.payload == bytes("bad")) return Verdict::invalid;
        if (record.payload == bytes("later") && !lets_later_in) return Verdict::defer;
        return Verdict::valid;
    }

    std::optional<std::vector<std::byte>> secure_internal(const Record&) override {
        return bytes(own_mark);
    }
    Verdict validate_internal(const Record& record) override {
        return record.security == bytes("own mark") ? Verdict::valid : Verdict::invalid;
    }

private:
    std::string word_;
};

bool joins(Graph& graph, const std::string& address) {
    EXPECT_TRUE(graph.connect(address));
    const auto end = wait_for<ConnectionChanged>(graph, [](const auto&) { return true; });
    return end && end->state == ConnectionChanged::State::connected &&
           within(15s, [&] { return graph.status().is_synchronized; });
}

// Issue: a provider of the application's refuses a connection, and accepts, rejects and defers
// records.
TEST(Graph, the_application_says_who_connects_and_what_counts) {
    const auto rule = std::make_shared<Rule>("swordfish");
    Graph home = need(Graph::create(options(rule)));
    const std::string door = home.listening().front();

    Graph stranger = need(Graph::open(options(std::make_shared<Rule>("tuna"))));
    EXPECT_FALSE(joins(stranger, door));
    EXPECT_FALSE(stranger.status().is_synchronized);
    Graph naked = need(Graph::open(options()));
    EXPECT_FALSE(joins(naked, door)) << "without a provider there is no handshake";
    GraphOptions banned = options(std::make_shared<Rule>("swordfish"));
    banned.peer_id = "banned";
    Graph outcast = need(Graph::open(banned));
    EXPECT_FALSE(joins(outcast, door));
    EXPECT_GE(rule->refused, 1);

    // The members' own rule lets everything out that they write.
    const auto lenient = std::make_shared<Rule>("swordfish");
    lenient->lets_later_in = true;
    Graph member = need(Graph::open(options(lenient)));
    ASSERT_TRUE(joins(member, door));
    EXPECT_EQ(member.add(note("unspeakable")).error().code, Errc::not_allowed);
    const auto bad = member.add(note("bad"));
    const auto later = member.add(note("later"));
    const auto good = member.add(note("good"));
    ASSERT_TRUE(bad && later && good);
    ASSERT_TRUE(within(15s, [&] { return home.get(*good).has_value(); }));
    EXPECT_EQ(home.get(*good)->security, bytes("mark"));
    EXPECT_FALSE(home.get(*bad));
    EXPECT_FALSE(home.get(*later));
    home.validate_deferred();
    EXPECT_FALSE(home.get(*later));
    rule->lets_later_in = true;
    home.validate_deferred();
    EXPECT_TRUE(within(15s, [&] { return home.get(*later).has_value(); }));
    EXPECT_FALSE(home.get(*bad));

    ASSERT_TRUE(member.remove(*good));
    EXPECT_TRUE(within(15s, [&] { return !home.get(*good); }));
    EXPECT_GE(rule->deletions, 1);
}

TEST(Graph, the_application_says_whose_presence_counts) {
    Graph home = need(Graph::create(options(std::make_shared<Rule>("swordfish"))));
    const auto careless = std::make_shared<Rule>("swordfish");
    careless->own_mark = "";
    Graph member = need(Graph::open(options(careless)));
    ASSERT_TRUE(joins(member, home.listening().front()));
    ASSERT_TRUE(within(15s, [&] { return member.nodes().size() == 2; }));
    const auto id = member.add(note("good"));
    ASSERT_TRUE(id);
    ASSERT_TRUE(within(15s, [&] { return home.get(*id).has_value(); }));
    EXPECT_EQ(home.nodes().size(), 1U);
}

// What the application throws goes no further, and loses nothing.
TEST(Graph, survives_a_provider_that_throws) {
    const auto rule = std::make_shared<Rule>("swordfish");
    Graph home = need(Graph::create(options(rule)));
    Graph member = need(Graph::open(options(std::make_shared<Rule>("swordfish"))));
    ASSERT_TRUE(joins(member, home.listening().front()));
    rule->throws = true;
    const auto id = member.add(note("good"));
    ASSERT_TRUE(id);
    std::this_thread::sleep_for(200ms);
    EXPECT_FALSE(home.get(*id));
    rule->throws = false;
    home.validate_deferred();
    EXPECT_TRUE(within(15s, [&] { return home.get(*id).has_value(); }));
}

TEST(Graph, says_that_the_system_has_no_descriptor_left) {
    if (kIsSanitized) GTEST_SKIP() << "a sanitizer needs descriptors itself";
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit none = before;
    none.rlim_cur = 0;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    const auto graph = Graph::create(options());
    const auto names = Names::open({.listen = {"127.0.0.1:0"}, .discover_on_link = false});
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(graph.error().code, Errc::cannot_start);
    EXPECT_FALSE(names);
}

TEST(Graph, refuses_what_cannot_be) {
    EXPECT_EQ(Graph::create({}).error().code, Errc::bad_argument);
    GraphOptions wrong = options();
    wrong.listen = {"nowhere"};
    EXPECT_EQ(Graph::create(wrong).error().code, Errc::bad_argument);
    wrong.listen = {"192.0.2.1:4000"};
    EXPECT_EQ(Graph::create(wrong).error().code, Errc::cannot_listen);
    wrong = options();
    wrong.name = std::string(256, 'x');
    EXPECT_EQ(Graph::create(wrong).error().code, Errc::bad_argument);
    GraphProperties odd;
    for (const auto lifetime : {-1s, 299s, std::chrono::seconds(1LL << 40)}) {
        odd.presence_lifetime = lifetime;
        EXPECT_FALSE(Graph::create(options(), odd)) << lifetime.count();
    }
    Graph home = need(Graph::create(options()));
    EXPECT_EQ(home.connect("nowhere").error().code, Errc::bad_argument);
    EXPECT_TRUE(
        home.connect(home.listening().front()).error().message.ends_with("this node's own"));
    EXPECT_EQ(home.disconnect(987'654).error().code, Errc::not_found);
    NewRecord wish = note("x");
    wish.type = "no id";
    EXPECT_EQ(home.add(wish).error().code, Errc::bad_argument);
    wish = note("x");
    wish.lifetime = 0s;
    EXPECT_EQ(home.add(wish).error().code, Errc::bad_argument);
    wish = note("x");
    wish.attributes = {{"peercreatorid", Attribute::Type::string, "me"}};
    EXPECT_EQ(home.add(wish).error().code, Errc::bad_argument);
    EXPECT_EQ(home.remove(kNotes).error().code, Errc::not_found);
}

} // namespace
} // namespace kith
