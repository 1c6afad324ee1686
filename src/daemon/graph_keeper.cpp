#include "daemon/graph_keeper.hpp"

#include "base/check.hpp"
#include "daemon/fault_text.hpp"
#include "host/clocks.hpp"

#include <system_error>

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <utility>

namespace kith::daemon {

namespace {

// A port that the kernel chose for one address may be taken at the next one: then all try again.
constexpr int kGraphPortTriesMax = 16;

bool lacks_family(const std::error_code& error) {
    return error == std::errc::address_family_not_supported ||
           error == std::errc::address_not_available;
}

node::GraphsErrc graphs_error(host::FileErrc why) {
    switch (why) {
    case host::FileErrc::disk_full:
        return node::GraphsErrc::store_full;
    case host::FileErrc::read_only:
    case host::FileErrc::not_permitted:
        return node::GraphsErrc::store_read_only;
    default:
        return node::GraphsErrc::store_failed;
    }
}

} // namespace

std::string_view to_text(store::StoreErrc code) {
    switch (code) {
    case store::StoreErrc::full:
        return "the disk is full";
    case store::StoreErrc::read_only:
        return "its file may not be written";
    case store::StoreErrc::corrupt:
        return "its file is damaged";
    case store::StoreErrc::locked:
        return "another process has its file open";
    case store::StoreErrc::newer_schema:
        return "its file was written by a later version of Kith";
    case store::StoreErrc::wrong_graph:
        return "its file belongs to another graph or peer id";
    case store::StoreErrc::missing:
        return "its file is empty or gone";
    case store::StoreErrc::io:
        return "the system refused its file";
    }
    return "its file cannot be used";
}

std::string_view to_text(node::GraphsErrc code) {
    using enum node::GraphsErrc;
    switch (code) {
    case bad_name:
        return "a graph's name is 1 to 255 characters";
    case bad_argument:
        return "its properties or options are not allowed";
    case already_open:
        return "it is open";
    case already_exists:
        return "it exists here already";
    case not_open:
        return "it is not open";
    case too_many:
        return "too many graphs are open";
    case store_full:
        return to_text(store::StoreErrc::full);
    case store_read_only:
        return to_text(store::StoreErrc::read_only);
    case store_corrupt:
        return to_text(store::StoreErrc::corrupt);
    case store_locked:
        return to_text(store::StoreErrc::locked);
    case store_newer:
        return to_text(store::StoreErrc::newer_schema);
    case store_wrong_graph:
        return to_text(store::StoreErrc::wrong_graph);
    case store_missing:
        return to_text(store::StoreErrc::missing);
    case store_failed:
        return to_text(store::StoreErrc::io);
    }
    return "it cannot be used";
}

std::expected<GraphHoldings, ConfigError>
take_graphs(const Config& config, const host::PrivateDirectory& data, SecureRandom& random) {
    auto list = host::load_graph_list(data);
    if (!list && list.error().code == host::FileErrc::damaged) {
        return refuse(fmt::format(
            "{}; put a copy of it back, or move it away: kithd then begins under another peer id, "
            "without the graphs that it lists",
            to_sentence(list.error())));
    }
    if (!list) return refuse(to_sentence(list.error()));
    if (list->peer_id.empty()) {
        list->peer_id = to_hex(random.bytes<16>());
        auto saved = host::save_graph_list(data, *list);
        if (!saved) return refuse(to_sentence(saved.error()));
    }
    auto stores = host::GraphStores::open(config.data / "graphs");
    if (!stores) return refuse(to_sentence(stores.error()));
    return GraphHoldings{std::move(*list), std::move(*stores)};
}

GraphKeeper::GraphKeeper(
    boost::asio::io_context& loop,
    const Config& config,
    const host::PrivateDirectory& data,
    GraphHoldings holdings,
    host::NodeDriver& names,
    SecureRandom& secure,
    PlainRandom& plain)
    : config_(config),
      data_(data),
      list_(std::move(holdings.list)),
      stores_(std::move(holdings.stores)),
      driver_(
          loop,
          {.graphs = {.peer_id = list_.peer_id, .tuning = {}},
           .allow_loopback = config.graph_listen.front().address.scope() == Scope::loopback,
           .names = &names,
           .profile = config.profile},
          hooks(),
          {stores_, secure, plain}) {}

host::GraphHooks GraphKeeper::hooks() {
    return {
        .exposed =
            [](const std::string& graph, std::uint16_t port) {
                spdlog::warn(
                    "graph {}: anyone who can reach port {} can read and change it: secure groups "
                    "come next",
                    graph,
                    port);
            },
        .store_failed =
            [](const std::string& graph, store::StoreErrc why) {
                spdlog::error("graph {}: nothing more was kept: {}", graph, to_text(why));
            },
        .other_rules =
            [](const std::string& graph, store::Rules ours) {
                const bool is_modern = ours == store::Rules::modern;
                spdlog::warn(
                    "graph {}: a member has it with {} rules, and here it has {} ones: kith graph "
                    "delete, then open it {} --published-rules",
                    graph,
                    is_modern ? "published" : "modern",
                    is_modern ? "modern" : "published",
                    is_modern ? "with" : "without");
            }};
}

Now GraphKeeper::now() const {
    return host::read_clocks();
}

// Every address on one port; the first one decides where that is 0.
std::error_code GraphKeeper::listen(std::uint16_t port) {
    std::error_code absent;
    for (Endpoint at : config_.graph_listen) {
        at.port = port;
        const std::error_code error = driver_.listen(at);
        const bool is_absent = config_.may_change_port && lacks_family(error);
        if (error && !is_absent) return error;
        if (is_absent)
            absent = error;
        else
            port = driver_.listening().front().port;
    }
    return driver_.listening().empty() ? absent : std::error_code{};
}

std::expected<void, ConfigError> GraphKeeper::start() {
    KITH_CHECK(!config_.graph_listen.empty());
    const std::uint16_t asked = config_.graph_listen.front().port;
    const bool may_choose = asked == 0;
    std::error_code error = listen(may_choose ? list_.port : asked);
    for (int tries = 0; error && may_choose && tries < kGraphPortTriesMax; ++tries) {
        driver_.stop_listening();
        error = listen(0);
    }
    if (error) {
        return refuse(fmt::format(
            "cannot listen for graphs on {}: {}",
            to_string(config_.graph_listen.front()),
            error.message()));
    }
    const std::uint16_t port = driver_.listening().front().port;
    if (may_choose && port != list_.port) {
        if (list_.port != 0) {
            spdlog::warn("port {} is taken; graphs are at port {} now", list_.port, port);
        }
        list_.port = port;
        static_cast<void>(save());
    }
    for (const auto& [name, options] : list_.graphs) {
        const auto opened = open_kept(name, options);
        if (opened) {
            spdlog::info("graph {} is open", name);
            continue;
        }
        unopened_.insert_or_assign(name, opened.error());
        spdlog::error(
            "graph {} does not open: {}: {}; mend that file or put a copy of it back, or give its "
            "records up: kith graph delete, and then open it again",
            name,
            to_text(opened.error()),
            stores_.file_of(name).native());
    }
    return {};
}

std::expected<void, host::FileError> GraphKeeper::save() {
    auto saved = host::save_graph_list(data_, list_);
    if (!saved) spdlog::error("{}", to_sentence(saved.error()));
    return saved;
}

std::expected<void, node::GraphsErrc> GraphKeeper::keep(const std::string& name) {
    const node::GraphOptions* const options = driver_.graphs().options(name);
    if (options != nullptr && !options->in_memory) {
        const host::GraphList before = list_;
        list_.graphs[name] = *options;
        list_.closed.erase(name);
        if (const auto saved = save(); !saved) {
            list_ = before;
            return std::unexpected(graphs_error(saved.error().code));
        }
    }
    unopened_.erase(name);
    return {};
}

void GraphKeeper::note_closed(const std::string& name) {
    unopened_.erase(name);
    if (list_.graphs.erase(name) == 0) return;
    list_.closed.insert(name);
    while (list_.closed.size() > host::kClosedGraphsMax)
        list_.closed.erase(list_.closed.begin());
    static_cast<void>(save());
}

void GraphKeeper::forget(const std::string& name) {
    unopened_.erase(name);
    const std::size_t gone = list_.graphs.erase(name) + list_.closed.erase(name);
    if (gone > 0) static_cast<void>(save());
}

// Each graph of the list had a file when it came there: without it, it would begin as a new one.
std::expected<void, node::GraphsErrc>
GraphKeeper::open_kept(const std::string& name, const node::GraphOptions& options) {
    if (is_lost(name, options)) return std::unexpected(node::GraphsErrc::store_missing);
    return driver_.open(name, options);
}

bool GraphKeeper::is_lost(const std::string& name, const node::GraphOptions& options) const {
    const bool was_here = list_.graphs.contains(name) || list_.closed.contains(name);
    return was_here && !options.in_memory && !stores_.has(name);
}

std::expected<void, node::GraphsErrc> GraphKeeper::create(
    const std::string& name, const node::GraphOptions& options, const graph::GraphInfo& info) {
    if (is_lost(name, options)) return std::unexpected(node::GraphsErrc::store_missing);
    if (auto done = driver_.create(name, options, info); !done) return done;
    auto kept = keep(name);
    // Nobody was told of it, and the next try begins anew.
    if (!kept) static_cast<void>(driver_.remove(name));
    return kept;
}

std::expected<void, node::GraphsErrc>
GraphKeeper::open(const std::string& name, const node::GraphOptions& options) {
    if (auto done = open_kept(name, options); !done) return done;
    auto kept = keep(name);
    if (!kept) static_cast<void>(driver_.close(name));
    return kept;
}

std::expected<void, node::GraphsErrc> GraphKeeper::close(const std::string& name) {
    // One that did not open is closed by being forgotten.
    const bool is_unopened = unopened_.contains(name);
    auto done = driver_.close(name);
    note_closed(name);
    if (is_unopened) return {};
    return done;
}

// Of a graph in memory there is the graph alone; of one that did not open, its place on the list.
bool GraphKeeper::knows(const std::string& name) {
    const bool is_listed = list_.graphs.contains(name) || list_.closed.contains(name);
    if (is_listed || driver_.graphs().find(name) != nullptr) return true;
    std::error_code error;
    return std::filesystem::exists(stores_.file_of(name), error) || error;
}

std::expected<void, node::GraphsErrc> GraphKeeper::remove(const std::string& name) {
    if (!knows(name)) return std::unexpected(node::GraphsErrc::not_open);
    auto done = driver_.remove(name);
    if (done) forget(name);
    return done;
}

std::expected<void, node::GraphsErrc>
GraphKeeper::rework(const std::string& name, const std::function<void(store::RecordStore&)>& act) {
    const node::GraphOptions* const found = driver_.graphs().options(name);
    if (found == nullptr) return std::unexpected(node::GraphsErrc::not_open);
    const node::GraphOptions options = *found;
    if (auto closed = driver_.close(name); !closed) return closed;
    bool is_reworked = false;
    {
        const auto store = stores_.open(
            {.graph_id = name,
             .peer_id = options.peer_id.empty() ? list_.peer_id : options.peer_id,
             .rules = options.rules,
             .durability = options.durability,
             .in_memory = options.in_memory});
        is_reworked = store.has_value();
        if (store)
            act(**store);
        else
            spdlog::error("graph {}: nothing was imported: {}", name, to_text(store.error()));
    }
    // Whatever came of it, the graph is open again, or says why it cannot be.
    auto opened = driver_.open(name, options);
    if (!opened) unopened_.insert_or_assign(name, opened.error());
    if (opened && !is_reworked) return std::unexpected(node::GraphsErrc::store_failed);
    return opened;
}

void GraphKeeper::change(const std::string& name, const Change& act, Done done) {
    driver_.change(name, act, std::move(done));
}

api::GraphService::WatchId GraphKeeper::watch(const std::string& name, Watcher watcher) {
    return WatchId{static_cast<std::uint64_t>(driver_.watch(name, std::move(watcher)))};
}

void GraphKeeper::unwatch(WatchId id) {
    driver_.unwatch(host::GraphDriver::WatchId{static_cast<std::uint64_t>(id)});
}

} // namespace kith::daemon
