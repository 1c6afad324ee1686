#include "embed/callback_gate.hpp"
#include "embed/event_queue.hpp"
#include "embed/graph_text.hpp"
#include "embed/guarded.hpp"
#include "embed/patience.hpp"
#include "host/clocks.hpp"
#include "host/entropy.hpp"
#include "host/graph_driver.hpp"
#include "host/graph_list.hpp"
#include "host/graph_stores.hpp"
#include "host/private_directory.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <fmt/format.h>
#include <future>
#include <kith/graph.hpp>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace kith {

namespace {

namespace asio = boost::asio;

std::unexpected<Error> failure(Errc code, std::string message) {
    return std::unexpected(Error{code, std::move(message)});
}

Result<Endpoint> read_endpoint(std::string_view text, bool any_port_is_allowed) {
    const bool is_any = any_port_is_allowed && text.ends_with(":0");
    std::string readable(text);
    if (is_any) readable.back() = '1'; // a port of 0 is no endpoint of the wire
    auto endpoint = parse_endpoint(readable);
    if (!endpoint) return failure(Errc::bad_argument, std::string(text) + " is not ADDRESS:PORT");
    if (is_any) endpoint->port = 0;
    return *endpoint;
}

template<class T>
Result<T> to_result(graph::GraphResult<T> outcome) {
    if (outcome) return std::move(*outcome);
    return std::unexpected(embed::to_error(outcome.error()));
}

Result<void> to_result(const graph::GraphResult<void>& outcome) {
    if (outcome) return {};
    return std::unexpected(embed::to_error(outcome.error()));
}

// What a folder holds beside the records: who we are there.
Result<std::string> peer_of(const std::filesystem::path& folder, SecureRandom& random) {
    const auto fresh = [&] { return to_hex(random.bytes<16>()); };
    if (folder.empty()) return fresh();
    const auto cannot = fmt::format("cannot use {}", folder.native());
    const auto directory = host::PrivateDirectory::open(folder);
    if (!directory) return failure(Errc::disk, cannot);
    auto list = host::load_graph_list(*directory);
    if (!list) return failure(Errc::disk, cannot);
    if (list->peer_id.empty()) {
        list->peer_id = fresh();
        if (!host::save_graph_list(*directory, *list)) return failure(Errc::disk, cannot);
    }
    return list->peer_id;
}

} // namespace

struct Graph::Inside {
    explicit Inside(GraphOptions given)
        : options(std::move(given)),
          plain(host::make_plain_random(entropy)) {}

    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

    // NOLINTNEXTLINE(bugprone-exception-escape): out of memory only, and that ends the program
    ~Inside() {
        gate->close();
        if (!thread.joinable()) return;
        asio::post(loop, [this] {
            is_leaving = true;
            driver->leave([this] { loop.stop(); });
        });
        thread.join();
        driver.reset();
    }

    using Begin = std::function<std::expected<void, node::GraphsErrc>(
        host::GraphDriver&, const node::GraphOptions&, std::shared_ptr<graph::SecurityProvider>)>;

    Result<void> start(const Begin& begin) {
        if (options.name.empty()) return failure(Errc::bad_argument, "the graph has no name");
        auto peer = options.peer_id.empty() ? peer_of(options.folder, entropy)
                                            : Result<std::string>(options.peer_id);
        if (!peer) return std::unexpected(peer.error());
        peer_id = *peer;
        std::vector<Endpoint> at;
        for (const std::string& text : options.listen) {
            auto endpoint = read_endpoint(text, true);
            if (!endpoint) return std::unexpected(endpoint.error());
            at.push_back(*endpoint);
        }
        if (options.folder.empty()) {
            stores = std::make_unique<host::MemoryStores>();
        } else {
            auto files = host::GraphStores::open(options.folder);
            if (!files) {
                return failure(Errc::disk, fmt::format("cannot use {}", options.folder.native()));
            }
            stores = std::make_unique<host::GraphStores>(std::move(*files));
        }
        host::GraphDriverConfig config;
        config.graphs.peer_id = peer_id;
        config.allow_loopback = std::ranges::any_of(
            at, [](const Endpoint& one) { return one.address.scope() == Scope::loopback; });
        driver = std::make_unique<host::GraphDriver>(
            loop, config, host::GraphHooks{}, host::GraphMeans{*stores, entropy, plain});
        for (Endpoint one : at) {
            if (one.port == 0 && !listening.empty()) one.port = driver->listening().front().port;
            if (const auto error = driver->listen(one)) {
                return failure(
                    Errc::cannot_listen,
                    fmt::format("cannot listen on {}: {}", to_string(one), error.message()));
            }
            listening.push_back(to_string(driver->listening().back()));
        }
        driver->watch(options.name, [this](const graph::Event& event) { tell(event); });
        node::GraphOptions inner;
        inner.friendly_name = options.friendly_name;
        inner.durability =
            options.is_durable ? store::Durability::full : store::Durability::relaxed;
        inner.in_memory = options.folder.empty();
        inner.listens = !at.empty();
        inner.uses_names = false;
        if (const auto done = begin(*driver, inner, embed::adapt(options.security)); !done) {
            return std::unexpected(embed::to_error(done.error()));
        }
        driver->graphs().find(options.name)->accept_direct(options.accepts_direct);
        thread = std::thread([this] { loop.run(); });
        return {};
    }

    // Runs on the node's thread, whoever asks.
    template<class Job>
    auto on_loop(Job job) {
        if (std::this_thread::get_id() == thread.get_id()) return job();
        std::packaged_task<decltype(job())()> task(std::move(job));
        auto result = task.get_future();
        asio::post(loop, [&task] { task(); });
        return result.get();
    }

    graph::Graph& core() const { return *driver->graphs().find(options.name); }

    // Waits for the commit; on the node's own thread it would wait for itself.
    Result<void> change(const host::GraphDriver::Change& act) {
        if (std::this_thread::get_id() == thread.get_id()) {
            graph::GraphResult<void> outcome;
            driver->change(
                options.name,
                [&](graph::Graph& graph, Now now) { return outcome = act(graph, now); },
                [](const graph::GraphResult<void>&) {});
            return to_result(outcome);
        }
        const auto promise = std::make_shared<std::promise<graph::GraphResult<void>>>();
        auto result = promise->get_future();
        asio::post(loop, [this, &act, promise] {
            driver->change(options.name, act, [promise](const graph::GraphResult<void>& outcome) {
                promise->set_value(outcome);
            });
        });
        return to_result(result.get());
    }

    // Whom the application has not asked says nothing to it: neighbours come of themselves.
    bool is_wanted(const graph::Event& event) const {
        const auto* data = std::get_if<graph::DataReceived>(&event);
        return data == nullptr || data->is_direct || options.accepts_direct;
    }

    void tell(const graph::Event& inside) {
        if (is_leaving || !is_wanted(inside)) return;
        GraphEvent event = embed::to_event(inside);
        if (!options.told) {
            {
                const std::lock_guard lock(mutex);
                queue.push(std::move(event));
            }
            arrived.notify_all();
        } else if (options.executor) {
            options.executor(
                [gate = gate, told = options.told, event = std::move(event)]() mutable {
                    gate->pass([&] { told(std::move(event)); });
                });
        } else {
            options.told(std::move(event));
        }
    }

    GraphOptions options;
    host::EntropySource entropy;
    SeededRandom plain;
    std::string peer_id;
    std::vector<std::string> listening;
    std::unique_ptr<node::StoreFactory> stores;
    asio::io_context loop{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{loop.get_executor()};
    std::unique_ptr<host::GraphDriver> driver;
    bool is_leaving = false; // of the node's thread
    std::shared_ptr<embed::CallbackGate> gate = std::make_shared<embed::CallbackGate>();
    std::mutex mutex; // of the queue
    std::condition_variable arrived;
    embed::EventQueue queue;
    std::thread thread; // last: it uses all of the above
};

Graph::Graph(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;
Graph::~Graph() = default;

Result<Graph> Graph::create(GraphOptions options, const GraphProperties& properties) {
    return embed::guarded([&]() -> Result<Graph> {
        auto inside = std::make_unique<Inside>(std::move(options));
        const graph::GraphInfo info = embed::to_info(properties);
        auto started = inside->start([&](auto& driver, const auto& inner, auto security) {
            return driver.create(inside->options.name, inner, info, std::move(security));
        });
        if (!started) return std::unexpected(started.error());
        return Graph(std::move(inside));
    });
}

Result<Graph> Graph::open(GraphOptions options) {
    return embed::guarded([&]() -> Result<Graph> {
        auto inside = std::make_unique<Inside>(std::move(options));
        auto started = inside->start([&](auto& driver, const auto& inner, auto security) {
            return driver.open(inside->options.name, inner, std::move(security));
        });
        if (!started) return std::unexpected(started.error());
        return Graph(std::move(inside));
    });
}

// Connections -------------------------------------------------------------------------------------

Result<LinkId> Graph::connect(std::string_view address, std::optional<std::string> peer_id) {
    auto to = read_endpoint(address, false);
    if (!to) return std::unexpected(to.error());
    LinkId link = 0;
    bool is_own = false;
    auto done = inside_->change([&](graph::Graph& graph, Now now) -> graph::GraphResult<void> {
        const auto opened = graph.connect(now, *to, std::move(peer_id));
        is_own = !opened && opened.error() == graph::GraphErrc::bad_argument;
        if (!opened) return std::unexpected(opened.error());
        link = *opened;
        return {};
    });
    if (is_own) return failure(Errc::bad_argument, std::string(address) + " is this node's own");
    if (!done) return std::unexpected(done.error());
    return link;
}

Result<LinkId> Graph::connect_direct(std::string_view address, std::optional<std::string> peer_id) {
    auto to = read_endpoint(address, false);
    if (!to) return std::unexpected(to.error());
    LinkId link = 0;
    auto done = inside_->change([&](graph::Graph& graph, Now now) -> graph::GraphResult<void> {
        const auto opened = graph.connect_direct(now, *to, std::move(peer_id));
        if (!opened) return std::unexpected(opened.error());
        link = *opened;
        return {};
    });
    if (!done) return std::unexpected(done.error());
    return link;
}

Result<void> Graph::send(LinkId link, const Id& type, std::span<const std::byte> data) {
    auto kind = embed::to_guid(type);
    if (!kind) return std::unexpected(kind.error());
    return inside_->change(
        [&](graph::Graph& graph, Now now) { return graph.send(now, link, *kind, data); });
}

Result<void> Graph::offer_peer(std::string_view address) {
    const auto to = read_endpoint(address, false);
    if (!to) return std::unexpected(to.error());
    return inside_->change([&](graph::Graph& graph, Now now) -> graph::GraphResult<void> {
        graph.offer_peer(now, *to);
        return {};
    });
}

Result<void> Graph::disconnect(LinkId link) {
    return inside_->change(
        [&](graph::Graph& graph, Now now) { return graph.disconnect(now, link); });
}

// Records -----------------------------------------------------------------------------------------

Result<Id> Graph::add(const NewRecord& wish) {
    auto ids = add(std::span(&wish, 1));
    if (!ids) return std::unexpected(ids.error());
    return std::move(ids->front());
}

Result<std::vector<Id>> Graph::add(std::span<const NewRecord> wishes) {
    std::vector<graph::NewRecord> inner;
    for (const NewRecord& wish : wishes) {
        auto one = embed::to_wish(wish);
        if (!one) return std::unexpected(one.error());
        inner.push_back(std::move(*one));
    }
    std::vector<Id> ids;
    auto done = inside_->change([&](graph::Graph& graph, Now now) -> graph::GraphResult<void> {
        for (const graph::NewRecord& one : inner) {
            const auto id = graph.add(now, one);
            if (!id) return std::unexpected(id.error());
            ids.push_back(embed::to_id(*id));
        }
        return {};
    });
    if (!done) return std::unexpected(done.error());
    return ids;
}

Result<void> Graph::update(const Id& id, const RecordChange& change) {
    auto guid = embed::to_guid(id);
    if (!guid) return std::unexpected(guid.error());
    auto inner = embed::to_change(change);
    if (!inner) return std::unexpected(inner.error());
    return inside_->change(
        [&](graph::Graph& graph, Now now) { return graph.update(now, *guid, *inner); });
}

Result<void> Graph::remove(const Id& id) {
    auto guid = embed::to_guid(id);
    if (!guid) return std::unexpected(guid.error());
    return inside_->change([&](graph::Graph& graph, Now now) { return graph.remove(now, *guid); });
}

Result<Record> Graph::get(const Id& id) const {
    auto guid = embed::to_guid(id);
    if (!guid) return std::unexpected(guid.error());
    return inside_->on_loop([&]() -> Result<Record> {
        const auto record = inside_->core().get(host::read_clocks(), *guid);
        if (!record) return std::unexpected(embed::to_error(record.error()));
        return embed::to_record(*record);
    });
}

namespace {

Result<std::vector<Id>> to_ids(const graph::GraphResult<std::vector<Guid>>& found) {
    if (!found) return std::unexpected(embed::to_error(found.error()));
    std::vector<Id> ids;
    for (const Guid& id : *found)
        ids.push_back(embed::to_id(id));
    return ids;
}

} // namespace

Result<std::vector<Id>>
Graph::list(const Id& type, std::string_view creator, std::size_t limit) const {
    Guid wanted;
    if (!type.empty()) {
        auto guid = embed::to_guid(type);
        if (!guid) return std::unexpected(guid.error());
        wanted = *guid;
    }
    return inside_->on_loop(
        [&] { return to_ids(inside_->core().list(host::read_clocks(), wanted, creator, limit)); });
}

Result<std::vector<Id>> Graph::search(std::string_view query, std::size_t limit) const {
    const auto parsed = store::parse_query(query);
    if (!parsed) return failure(Errc::bad_argument, "this is no search over records");
    return inside_->on_loop(
        [&] { return to_ids(inside_->core().search(host::read_clocks(), *parsed, limit)); });
}

// The graph ---------------------------------------------------------------------------------------

Result<GraphProperties> Graph::properties() const {
    return inside_->on_loop([&]() -> Result<GraphProperties> {
        const auto info = inside_->core().properties();
        if (!info) return std::unexpected(embed::to_error(graph::GraphErrc::not_ready));
        return embed::to_properties(*info);
    });
}

Result<void> Graph::set_properties(const GraphProperties& properties) {
    const graph::GraphInfo info = embed::to_info(properties);
    return inside_->change(
        [&](graph::Graph& graph, Now now) { return graph.set_properties(now, info); });
}

Result<void> Graph::set_presence(std::span<const Attribute> attributes, bool is_forced) {
    auto document = embed::to_document({attributes.begin(), attributes.end()});
    if (!document) return std::unexpected(document.error());
    return inside_->change([&](graph::Graph& graph, Now now) {
        return graph.set_presence(now, *document, is_forced);
    });
}

GraphStatus Graph::status() const {
    return inside_->on_loop([&] { return embed::to_status(inside_->core().status()); });
}

std::vector<GraphNode> Graph::nodes() const {
    return inside_->on_loop([&] {
        std::vector<GraphNode> out;
        for (const graph::NodeInfo& info : inside_->core().nodes()) {
            GraphNode node{info.node, info.peer_id, {}, embed::to_attributes(info.attributes)};
            node.is_own = info.node == inside_->core().node_id();
            for (const Endpoint& address : info.addresses)
                node.addresses.push_back(to_string(address));
            out.push_back(std::move(node));
        }
        return out;
    });
}

std::vector<GraphLink> Graph::links() const {
    return inside_->on_loop([&] {
        std::vector<GraphLink> out;
        for (const graph::LinkInfo& info : inside_->core().links()) {
            out.push_back(
                {info.link,
                 info.node,
                 info.peer_id,
                 to_string(info.address),
                 info.is_direct,
                 info.is_incoming,
                 info.friendly_name});
        }
        return out;
    });
}

std::vector<std::string> Graph::listening() const {
    return inside_->listening;
}

std::string Graph::peer_id() const {
    return inside_->peer_id;
}

void Graph::validate_deferred() {
    static_cast<void>(inside_->change([](graph::Graph& graph, Now now) -> graph::GraphResult<void> {
        graph.validate_deferred(now);
        return {};
    }));
}

std::optional<GraphEvent> Graph::poll() {
    return wait(std::chrono::milliseconds(0));
}

std::optional<GraphEvent> Graph::wait(std::chrono::milliseconds patience) {
    std::unique_lock lock(inside_->mutex);
    inside_->arrived.wait_for(
        lock, embed::bounded(patience), [&] { return !inside_->queue.empty(); });
    return inside_->queue.pop();
}

} // namespace kith
