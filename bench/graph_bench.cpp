#include "graph_bench.hpp"

#include "base/check.hpp"
#include "base/random.hpp"
#include "graph/record_codec.hpp"
#include "host/clocks.hpp"
#include "host/entropy.hpp"
#include "host/graph_driver.hpp"
#include "host/graph_stores.hpp"
#include "measure.hpp"
#include "store/attributes.hpp"
#include "store/memory_store.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace kith::bench {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

const std::string kGraph = "bench";
const store::RecordType kType = *parse_guid("8d2a2f0e-5a25-4f6c-9a55-1b6b1c6f0001");
constexpr std::size_t kCaughtUpSize = 256; // bytes of payload
constexpr std::size_t kSpreadSize = 1024;
constexpr std::size_t kRecordsPerCommit = 1000;
constexpr std::size_t kReconcileLeast = 10'000; // smallest stores that are reconciled
constexpr auto kLimit = 300s;                   // a phase that takes longer has failed

double median(std::vector<double> values) {
    return quantile(std::move(values), 0.5);
}

// A folder that is not there before and after.
class ScratchFolder {
public:
    explicit ScratchFolder(const std::string& folder) : path_(folder + "/kith-bench-graph") {
        remove();
    }
    ~ScratchFolder() { remove(); }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;

    const std::string& path() const { return path_; }

private:
    void remove() const {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::string path_;
};

// Hands out memory, and remembers where it is.
class KnownStores final : public node::StoreFactory {
public:
    std::expected<std::unique_ptr<store::RecordStore>, store::StoreErrc>
    open(const node::StoreWish& wish) override {
        auto made = std::make_unique<store::MemoryStore>(wish.rules);
        last = made.get();
        return made;
    }
    std::expected<void, store::StoreErrc> remove(const std::string&) override { return {}; }

    store::MemoryStore* last = nullptr;
};

// One node on a loop that may be shared.
class Node {
public:
    Node(asio::io_context& loop, node::StoreFactory& stores, std::size_t number)
        : plain_(host::make_plain_random(entropy_)),
          driver(
              loop,
              {.graphs = {.peer_id = fmt::format("bench peer {}", number), .tuning = {}},
               .allow_loopback = true},
              {},
              {stores, entropy_, plain_}) {}

    void listen() {
        Endpoint at = *parse_endpoint("127.0.0.1:1");
        at.port = 0;
        KITH_CHECK(!driver.listen(at));
    }

    void create(const node::GraphOptions& options = {}) {
        KITH_CHECK(driver.create(kGraph, options, {}).has_value());
    }
    void open(const node::GraphOptions& options = {}) {
        KITH_CHECK(driver.open(kGraph, options).has_value());
    }

    graph::Graph& graph() { return *driver.graphs().find(kGraph); }

    void connect(const Endpoint& to) {
        driver.change(
            kGraph,
            [to](graph::Graph& graph, Now now) -> graph::GraphResult<void> {
                static_cast<void>(graph.connect(now, to, std::nullopt));
                return {};
            },
            [](const graph::GraphResult<void>&) {});
    }

private:
    host::EntropySource entropy_;
    SeededRandom plain_;

public:
    host::GraphDriver driver;
};

// A loop on a thread of its own for as long as this lives: another process, as good as.
class Aside {
public:
    explicit Aside(asio::io_context& loop) : loop_(loop), thread_([&loop] { loop.run(); }) {}
    ~Aside() {
        loop_.stop();
        thread_.join();
    }
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;

private:
    asio::io_context& loop_;
    std::thread thread_;
};

bool run_until(asio::io_context& loop, const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + kLimit;
    while (!done()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        loop.run_one_for(100ms);
    }
    return true;
}

void run_for(asio::io_context& loop, double seconds) {
    loop.run_for(std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(seconds)));
}

graph::NewRecord wish_of(std::uint64_t number, std::size_t size) {
    graph::NewRecord wish;
    wish.type = kType;
    wish.lifetime = 24h;
    wish.payload.assign(size, std::byte{7});
    for (std::size_t i = 0; i < 8 && i < size; ++i)
        wish.payload[i] = static_cast<std::byte>(number >> (8 * i));
    return wish;
}

// Adds `count` records, `kRecordsPerCommit` a commit; true if all of them were taken.
bool fill(
    asio::io_context& loop,
    Node& node,
    std::size_t count,
    const std::function<graph::NewRecord(std::size_t)>& make) {
    bool is_good = true;
    for (std::size_t begun = 0; begun < count && is_good;) {
        const std::size_t end = std::min(count, begun + kRecordsPerCommit);
        bool is_done = false;
        node.driver.change(
            kGraph,
            [&](graph::Graph& graph, Now now) -> graph::GraphResult<void> {
                for (std::size_t i = begun; i < end; ++i) {
                    const auto id = graph.add(now, make(i));
                    if (!id) return std::unexpected(id.error());
                }
                return {};
            },
            [&](const graph::GraphResult<void>& done) {
                is_done = true;
                is_good = done.has_value();
            });
        if (!run_until(loop, [&] { return is_done; })) return false;
        begun = end;
    }
    return is_good;
}

std::string_view text_of(store::Durability durability) {
    return durability == store::Durability::full ? "full" : "relaxed";
}

enum class Difference : std::uint8_t { missing_here, missing_there, changed_here, changed_there };
constexpr std::array<std::pair<Difference, std::string_view>, 4> kDifferences = {{
    {Difference::missing_here, "missing_here"},
    {Difference::missing_there, "missing_there"},
    {Difference::changed_here, "changed_here"},
    {Difference::changed_there, "changed_there"},
}};

// Two nodes with the same records in memory; "here" asks, "there" answers.
class StorePair {
public:
    // Of each difference that was settled.
    struct Cost {
        std::vector<double> round_trips; // questions, the request for the record among them
        std::vector<double> bytes;       // of both ways from the connection on, less the record
        std::vector<double> micros;      // from the connection until both are equal

        void append(const Cost& other) {
            round_trips.insert(
                round_trips.end(), other.round_trips.begin(), other.round_trips.end());
            bytes.insert(bytes.end(), other.bytes.begin(), other.bytes.end());
            micros.insert(micros.end(), other.micros.begin(), other.micros.end());
        }
    };

    explicit StorePair(asio::io_context& loop)
        : loop_(loop),
          there_(loop, stores_, 0),
          here_(loop, stores_, 1) {}

    /// The second one joins, and leaves again.
    bool meet() {
        there_.listen();
        there_.create();
        theirs_ = stores_.last;
        here_.open();
        ours_ = stores_.last;
        here_.connect(there_.driver.listening().front());
        const bool is_met = run_until(loop_, [&] {
            const auto status = here_.graph().status();
            return status.is_synchronized && status.has_neighbours;
        });
        if (!is_met) return false;
        run_for(loop_, 1);
        return part();
    }

    std::size_t size() const { return ids_.size(); }

    /// Both have `size` records, half of them from moments of their own within thirty days and half
    /// published a thousand at a time, by a hundred creators.
    void fill(std::size_t size) {
        constexpr std::uint64_t kDay = 864'000'000'000U; // ticks
        const store::PeerTime now = there_.graph().peer_time(host::read_clocks().wall);
        store::PeerTime batch;
        while (ids_.size() < size) {
            const std::size_t number = ids_.size();
            const auto any_time = [&] {
                return store::PeerTime{now.ticks - kDay / 24 - random_.below(30 * kDay)};
            };
            if (number % (2 * kRecordsPerCommit) == 0) batch = any_time();
            store::Record record;
            record.type = kType;
            record.creator = fmt::format("creator {}", random_.below(100));
            record.id = graph::make_record_id(
                record.creator,
                Guid::from_halves(random_.next(), random_.next()),
                store::Rules::modern);
            record.created = record.modified = number % 2 == 0 ? batch : any_time();
            record.expires = {now.ticks + kDay};
            record.payload.assign(16, static_cast<std::byte>(number));
            KITH_CHECK(theirs_->put(record) && ours_->put(record));
            ids_.push_back(record.id);
        }
    }

    /// Makes one difference, lets the two meet, and parts them again.
    bool measure(Difference kind, Cost& costs) {
        const store::Record record = differ(kind);
        const std::uint64_t rounds = here_.graph().counters().sync_rounds;
        const std::uint64_t completed = here_.graph().counters().syncs_completed;
        const double bytes = wire_bytes();
        const double started = now_s();
        here_.connect(there_.driver.listening().front());
        if (!run_until(loop_, [&] { return is_equal(); })) return false;
        costs.micros.push_back((now_s() - started) * 1e6);
        const bool is_done =
            run_until(loop_, [&] { return here_.graph().counters().syncs_completed > completed; });
        if (!is_done) return false;
        run_for(loop_, 0.1); // acknowledgements wait for company
        // Every question has an answer, and so has the REQUEST that ends them.
        costs.round_trips.push_back(
            static_cast<double>(here_.graph().counters().sync_rounds - rounds + 1));
        costs.bytes.push_back(wire_bytes() - bytes - flood_size(record));
        return part() && is_equal();
    }

private:
    bool is_equal() const { return digest(*theirs_) == digest(*ours_); }
    static store::RangeSum digest(const store::MemoryStore& store) {
        return store.index().sum(store::SyncKey::lowest(), store::SyncKey::highest());
    }

    double wire_bytes() {
        const auto counters = here_.driver.links().counters();
        return static_cast<double>(counters.bytes_received + counters.bytes_sent);
    }

    // The message, and its frame with the number of its stream: what the bound leaves out.
    static double flood_size(const store::Record& record) {
        const graph::Flood flood{graph::encode_record(record, kGraph, store::Rules::modern)};
        constexpr std::size_t kFrame = 3;
        return static_cast<double>(graph::encode(flood).size() + kFrame);
    }

    // What will have to travel.
    store::Record differ(Difference kind) {
        const store::RecordId id = ids_[random_.below(ids_.size())];
        const bool is_here = kind == Difference::missing_here || kind == Difference::changed_here;
        store::MemoryStore& changed = is_here ? *ours_ : *theirs_;
        store::Record record = changed.get(id).value().value();
        if (kind == Difference::missing_here || kind == Difference::missing_there) {
            KITH_CHECK(changed.erase(id));
            return record;
        }
        ++record.version;
        record.modifier = fmt::format("modifier {}", random_.below(100));
        const store::PeerTime now = there_.graph().peer_time(host::read_clocks().wall);
        record.modified.ticks += 1 + random_.below(now.ticks - record.modified.ticks);
        KITH_CHECK(changed.put(record));
        return record;
    }

    bool part() {
        for (const graph::LinkInfo& link : here_.graph().links())
            here_.graph().disconnect(host::read_clocks(), link.link);
        here_.driver.change(
            kGraph, [](graph::Graph&, Now) { return graph::GraphResult<void>{}; }, [](auto&&) {});
        return run_until(
            loop_, [&] { return here_.graph().links().empty() && there_.graph().links().empty(); });
    }

    asio::io_context& loop_;
    KnownStores stores_;
    Node there_;
    Node here_;
    store::MemoryStore* theirs_ = nullptr;
    store::MemoryStore* ours_ = nullptr;
    std::vector<store::RecordId> ids_;
    SeededRandom random_{4242};
};

class GraphBench {
public:
    explicit GraphBench(const GraphOptions& options) : options_(options) {}

    int run() {
        if (wants("catch_up")) {
            catch_up(store::Durability::relaxed);
            catch_up(store::Durability::full);
        }
        if (wants("reconcile")) reconcile();
        if (wants("reach_all_unloaded") || wants("throughput")) spread();
        if (wants("publish_durable")) publish_durable();
        if (wants("search")) search();
        return is_good_ ? 0 : 1;
    }

private:
    bool wants(std::string_view phase) const {
        return options_.only.empty() || options_.only == phase;
    }

    void fail(std::string_view phase) {
        is_good_ = false;
        print_line(fmt::format(R"({{"phase":"{}","failed":true}})", phase));
    }

    void catch_up(store::Durability durability) {
        std::vector<double> rates;
        std::vector<double> cpus;
        host::MemoryStores memory;
        asio::io_context other{1};
        Node source(other, memory, 0);
        source.listen();
        source.create();
        const Endpoint at = source.driver.listening().front();
        const bool is_filled = fill(other, source, options_.records, [](std::size_t number) {
            return wish_of(number, kCaughtUpSize);
        });
        if (!is_filled) return fail("catch_up");
        const Aside aside(other);
        for (std::size_t run = 0; run < options_.runs; ++run) {
            const ScratchFolder scratch(options_.folder);
            auto stores = host::GraphStores::open(scratch.path());
            KITH_CHECK(stores.has_value());
            asio::io_context loop{1};
            Node fresh(loop, *stores, 1 + run);
            node::GraphOptions how;
            how.durability = durability;
            fresh.open(how);
            std::size_t have = 0;
            fresh.driver.watch(kGraph, [&](const graph::Event& event) {
                const auto* changed = std::get_if<graph::RecordChanged>(&event);
                if (changed != nullptr) ++have; // told after the commit
            });
            const double cpu = cpu_s();
            const double started = now_s();
            fresh.connect(at);
            if (!run_until(loop, [&] { return have == options_.records; })) return fail("catch_up");
            const double took = now_s() - started;
            rates.push_back(static_cast<double>(options_.records) / took);
            cpus.push_back((cpu_s() - cpu) * 1e6 / static_cast<double>(options_.records));
        }
        print_line(fmt::format(
            R"({{"phase":"catch_up","records":{},"size":{},"durability":"{}","runs":{},)"
            R"("records_per_s":{:.0f},"cpu_us_per_record":{:.1f}}})",
            options_.records,
            kCaughtUpSize,
            text_of(durability),
            options_.runs,
            median(rates),
            median(cpus)));
    }

    // One difference after another between two stores that grow to the size asked for.
    void reconcile() {
        asio::io_context loop{1};
        StorePair pair(loop);
        if (!pair.meet()) return fail("reconcile");
        std::vector<std::size_t> sizes;
        std::size_t next = options_.reconcile_records;
        do
            sizes.insert(sizes.begin(), next);
        while ((next /= 10) >= kReconcileLeast);
        for (const std::size_t size : sizes) {
            pair.fill(size);
            if (!reconcile_at(pair)) return fail("reconcile");
        }
    }

    bool reconcile_at(StorePair& pair) {
        StorePair::Cost all;
        std::string by_kind;
        for (const auto& [kind, name] : kDifferences) {
            StorePair::Cost costs;
            for (std::size_t i = 0; i < options_.differences; ++i)
                if (!pair.measure(kind, costs)) return false;
            by_kind += fmt::format(
                R"(,"{}":{{"round_trips":[{:.0f},{:.0f}],"bytes":[{:.0f},{:.0f}],)"
                R"("us":[{:.0f},{:.0f}]}})",
                name,
                median(costs.round_trips),
                quantile(costs.round_trips, 1),
                median(costs.bytes),
                quantile(costs.bytes, 1),
                median(costs.micros),
                quantile(costs.micros, 1));
            all.append(costs);
        }
        print_line(fmt::format(
            R"({{"phase":"reconcile","records":{},"differ":1,"differences":{},)"
            R"("round_trips":{:.0f},)"
            R"("round_trips_max":{:.0f},"bytes":{:.0f},"bytes_max":{:.0f},)"
            R"("us":{:.0f},"us_max":{:.0f}{}}})",
            pair.size(),
            all.bytes.size(),
            median(all.round_trips),
            quantile(all.round_trips, 1),
            median(all.bytes),
            quantile(all.bytes, 1),
            median(all.micros),
            quantile(all.micros, 1),
            by_kind));
        return true;
    }

    struct UnderWay {
        double started = 0;
        std::size_t left = 0;
    };

    void spread() {
        asio::io_context loop{1};
        host::MemoryStores memory;
        std::vector<std::unique_ptr<Node>> nodes;
        SeededRandom random(7);
        std::map<store::RecordId, UnderWay> under_way;
        std::vector<double> took_ms;
        std::size_t completed = 0;
        std::function<void()> on_complete;
        const double resident = resident_mib();
        for (std::size_t i = 0; i < options_.nodes; ++i) {
            nodes.push_back(std::make_unique<Node>(loop, memory, i));
            Node& node = *nodes.back();
            node.listen();
            if (i == 0) {
                node.create();
            } else {
                node.open();
                node.connect(nodes[random.below(i)]->driver.listening().front());
                const bool is_in =
                    run_until(loop, [&] { return node.graph().status().is_synchronized; });
                if (!is_in) return fail("start");
            }
            node.driver.watch(kGraph, [&](const graph::Event& event) {
                const auto* changed = std::get_if<graph::RecordChanged>(&event);
                if (changed == nullptr) return;
                const auto at = under_way.find(changed->id);
                if (at == under_way.end() || --at->second.left > 0) return;
                took_ms.push_back((now_s() - at->second.started) * 1e3);
                under_way.erase(at);
                ++completed;
                if (on_complete) on_complete();
            });
        }
        run_for(loop, 3);
        print_line(fmt::format(
            R"({{"phase":"start","n":{},"rss_mib_per_node":{:.2f}}})",
            options_.nodes,
            (resident_mib() - resident) / static_cast<double>(options_.nodes)));
        std::uint64_t number = 0;
        const auto publish = [&] {
            Node& node = *nodes[random.below(nodes.size())];
            const double started = now_s();
            node.driver.change(
                kGraph,
                [&, started](graph::Graph& graph, Now now) -> graph::GraphResult<void> {
                    const auto id = graph.add(now, wish_of(number++, kSpreadSize));
                    if (!id) return std::unexpected(id.error());
                    under_way[*id] = {started, nodes.size()}; // ours counts as well
                    return {};
                },
                [](const graph::GraphResult<void>&) {});
        };
        for (int i = 0; i < 30; ++i) {
            publish();
            run_for(loop, 0.05);
        }
        run_for(loop, 1);
        if (wants("reach_all_unloaded")) {
            std::vector<double> medians;
            std::size_t reached = 0;
            std::size_t sent = 0;
            std::vector<double> all;
            for (std::size_t run = 0; run < options_.runs; ++run) {
                under_way.clear();
                took_ms.clear();
                for (int i = 0; i < 200; ++i, ++sent) {
                    publish();
                    run_for(loop, 0.02);
                }
                run_for(loop, 1);
                reached += took_ms.size();
                medians.push_back(median(took_ms));
                all.insert(all.end(), took_ms.begin(), took_ms.end());
            }
            print_line(fmt::format(
                R"({{"phase":"reach_all_unloaded","n":{},"size":{},"runs":{},"sent":{},)"
                R"("reached_all":{},"ms":[{:.3f},{:.3f},{:.3f}]}})",
                options_.nodes,
                kSpreadSize,
                options_.runs,
                sent,
                reached,
                median(medians),
                quantile(all, 0.95),
                quantile(all, 0.99)));
            is_good_ &= reached == sent;
        }
        if (wants("throughput")) {
            std::vector<double> rates;
            std::size_t incomplete = 0;
            std::vector<double> all;
            double bytes = 0;
            double cpu = 0;
            for (std::size_t run = 0; run < options_.runs; ++run) {
                under_way.clear();
                took_ms.clear();
                completed = 0;
                const double started = now_s();
                const double cpu_before = cpu_s();
                const NetworkCount network = network_count();
                on_complete = [&] {
                    if (now_s() - started < options_.seconds) publish();
                };
                for (std::size_t i = 0; i < options_.window; ++i)
                    publish();
                run_for(loop, options_.seconds);
                const auto done = static_cast<double>(completed);
                rates.push_back(done / (now_s() - started));
                const double deliveries = done * static_cast<double>(options_.nodes - 1);
                bytes = (network_count() - network).bytes / deliveries;
                cpu = (cpu_s() - cpu_before) * 1e6 / deliveries;
                on_complete = {};
                run_for(loop, 1.5);
                incomplete += under_way.size();
                all.insert(all.end(), took_ms.begin(), took_ms.end());
            }
            print_line(fmt::format(
                R"({{"phase":"throughput","n":{},"size":{},"window":{},"runs":{},)"
                R"("msgs_per_s_to_all":{:.1f},"incomplete":{},"ms":[{:.3f},{:.3f},{:.3f}],)"
                R"("bytes_per_delivery":{:.0f},"cpu_us_per_delivery":{:.1f}}})",
                options_.nodes,
                kSpreadSize,
                options_.window,
                options_.runs,
                median(rates),
                incomplete,
                quantile(all, 0.5),
                quantile(all, 0.95),
                quantile(all, 0.99),
                bytes,
                cpu));
            is_good_ &= incomplete == 0;
        }
    }

    void publish_durable() {
        std::vector<double> rates;
        for (std::size_t run = 0; run < options_.runs; ++run) {
            const ScratchFolder scratch(options_.folder);
            auto stores = host::GraphStores::open(scratch.path());
            KITH_CHECK(stores.has_value());
            asio::io_context loop{1};
            Node node(loop, *stores, 0);
            node.create();
            const double started = now_s();
            const bool is_good = fill(loop, node, options_.publish_records, [](std::size_t number) {
                return wish_of(number, kCaughtUpSize);
            });
            if (!is_good) return fail("publish_durable");
            rates.push_back(static_cast<double>(options_.publish_records) / (now_s() - started));
        }
        print_line(fmt::format(
            R"({{"phase":"publish_durable","records":{},"size":{},"rows_per_tx":{},"runs":{},)"
            R"("records_per_s":{:.0f}}})",
            options_.publish_records,
            kCaughtUpSize,
            kRecordsPerCommit,
            options_.runs,
            median(rates)));
    }

    void search() {
        const ScratchFolder scratch(options_.folder);
        auto stores = host::GraphStores::open(scratch.path());
        KITH_CHECK(stores.has_value());
        asio::io_context loop{1};
        Node node(loop, *stores, 0);
        node.create();
        // One clause alone matches 1000 records, both together 100.
        const std::size_t groups = std::max<std::size_t>(1, options_.search_records / 1000);
        const auto make = [&](std::size_t number) {
            graph::NewRecord wish = wish_of(number, 64);
            using Type = store::AttributeType;
            const auto text = [](std::string_view word, std::size_t value) {
                return fmt::format("{}{}", word, value);
            };
            wish.attributes = *store::attributes_document(
                {{"group", Type::string, text("g", number % groups)},
                 {"shelf", Type::integer, std::to_string(number / groups % 10)},
                 {"author", Type::string, text("a", number % 7)},
                 {"day", Type::date, "2026-01-02"},
                 {"size", Type::integer, std::to_string(number)}});
            return wish;
        };
        if (!fill(loop, node, options_.search_records, make)) return fail("search");
        std::vector<double> took_ms;
        std::size_t hits = 0;
        constexpr std::size_t kQueries = 300;
        const double cpu = cpu_s();
        for (std::size_t i = 0; i < kQueries; ++i) {
            const auto query = store::parse_query(fmt::format(
                "<peersearch><and><clause attrib=\"group\" type=\"string\" "
                "compare=\"equal\">g{}</clause><clause attrib=\"shelf\" type=\"int\" "
                "compare=\"equal\">{}</clause></and></peersearch>",
                i % groups,
                i % 10));
            KITH_CHECK(query.has_value());
            const double started = now_s();
            const auto found = node.graph().search(host::read_clocks(), *query, 10'000);
            took_ms.push_back((now_s() - started) * 1e3);
            if (!found) return fail("search");
            hits = found->size();
        }
        const double used = (cpu_s() - cpu) * 1e3;
        print_line(fmt::format(
            R"({{"phase":"search","records":{},"attributes":5,"hits":{},)"
            R"("ms":[{:.3f},{:.3f},{:.3f}],"cpu_ms_per_query":{:.3f}}})",
            options_.search_records,
            hits,
            quantile(took_ms, 0.5),
            quantile(took_ms, 0.95),
            quantile(took_ms, 0.99),
            used / kQueries));
    }

    GraphOptions options_;
    bool is_good_ = true;
};

} // namespace

int run_graph(const GraphOptions& options) {
    return GraphBench(options).run();
}

} // namespace kith::bench
