#include "daemon/daemon.hpp"

#include "api/api.hpp"
#include "api/http_server.hpp"
#include "daemon/driver_service.hpp"
#include "daemon/fault_text.hpp"
#include "daemon/graph_keeper.hpp"
#include "daemon/sockets.hpp"
#include "daemon/stored_names.hpp"
#include "host/clocks.hpp"
#include "host/entropy.hpp"
#include "host/identity_vault.hpp"
#include "host/node_driver.hpp"
#include "host/remembered_nodes.hpp"
#include "host/unix_listener.hpp"
#include "host/worker.hpp"
#include "kith_version.hpp"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <fmt/ranges.h>
#include <memory>
#include <optional>
#include <spdlog/spdlog.h>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace kith::daemon {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto kRememberInterval = 5min; // each time wakes two threads and a disk
constexpr auto kRememberFirst = 5s;      // in the first minute, when most is new
constexpr int kRememberFirstTimes = 12;

// How long a revoked name's neighbours have to say that they heard (MS-PNRP 3.2.4.2: acknowledged
// floods), with one retransmission.
constexpr auto kLeaveTime = 1s;

std::string_view state_text(node::CloudState state) {
    switch (state) {
    case node::CloudState::virtual_cloud:
        return "not open";
    case node::CloudState::synchronizing:
        return "synchronizing";
    case node::CloudState::active:
        return "active";
    case node::CloudState::dead:
        return "dead: no member answers";
    case node::CloudState::disabled:
        return "disabled";
    case node::CloudState::no_net:
        return "without a network";
    case node::CloudState::alone:
        return "alone: no other member found yet";
    }
    return "unknown";
}

std::vector<std::string> texts(std::span<const Endpoint> endpoints) {
    std::vector<std::string> out;
    for (const Endpoint& endpoint : endpoints)
        out.push_back(to_string(endpoint));
    return out;
}

// What is on the disk and in the file system, taken hold of before anything else happens.
struct Holdings {
    host::PrivateDirectory data;
    host::UniqueFd lock; // two processes never share a data directory
    host::IdentityVault vault;
    StoredNames names;
    host::UnixListener listener;
    GraphHoldings graphs;
};

std::unexpected<StartError> give_up(std::string message) {
    return std::unexpected(StartError{StartError::Kind::refused, std::move(message)});
}

std::expected<Holdings, StartError> take_hold(const Config& config) {
    auto data = host::PrivateDirectory::open(config.data);
    if (!data) return give_up(to_sentence(data.error()));
    auto lock = data->lock("lock");
    if (!lock && lock.error().code == host::FileErrc::locked) {
        return std::unexpected(StartError{
            StartError::Kind::data_in_use,
            fmt::format(
                "another kithd, or kith --embedded, uses the data in {}", config.data.native())});
    }
    if (!lock) return give_up(to_sentence(lock.error()));
    auto vault = host::IdentityVault::open(config.data / "identities");
    if (!vault) return give_up(to_sentence(vault.error()));
    auto names = host::NameFiles::open(config.data / "names");
    if (!names) return give_up(to_sentence(names.error()));
    host::EntropySource entropy;
    auto graphs = take_graphs(config, *data, entropy);
    if (!graphs) return give_up(graphs.error().message);
    auto listener = host::UnixListener::open(config.api);
    if (!listener) return give_up(to_sentence(listener.error(), config.api));
    return Holdings{
        .data = std::move(*data),
        .lock = std::move(*lock),
        .vault = std::move(*vault),
        .names = StoredNames(std::move(*names)),
        .listener = std::move(*listener),
        .graphs = std::move(*graphs)};
}

/// Whether the program around is ours: then its signals are for us.
enum class Role : std::uint8_t { owner, guest };

class Process {
public:
    Process(Config config, Holdings holdings, Sockets sockets, Role role);

    /// Until a signal or `stop()`.
    std::expected<void, StartError> run(Network network);

    /// From any thread, once.
    void stop();

private:
    host::DriverConfig driver_config(Sockets sockets) const;
    host::DriverHooks driver_hooks();
    api::Services services();
    void remember_regularly();
    void remember();
    static void tell(const std::expected<void, host::FileError>& saved);
    void wait_for_signal();
    void leave();
    void leave_names();

    Role role_;
    Config config_;
    Holdings holdings_;
    std::vector<Endpoint> listen_;
    host::EntropySource entropy_;
    SeededRandom plain_;
    asio::io_context loop_{1};
    std::optional<asio::signal_set> signals_;
    asio::steady_timer remember_timer_;
    asio::steady_timer leave_timer_;
    node::Remembered remembered_; // as last given to the disk
    node::Remembered last_known_; // when we left
    int remembering_ = 0;         // times, up to kRememberFirstTimes
    host::NodeDriver driver_;
    DriverService node_;
    GraphKeeper graphs_;
    std::optional<host::Worker> worker_;
    api::Api api_;
    api::HttpServer server_;
};

Process::Process(Config config, Holdings holdings, Sockets sockets, Role role)
    : role_(role),
      config_(std::move(config)),
      holdings_(std::move(holdings)),
      plain_(host::make_plain_random(entropy_)),
      remember_timer_(loop_),
      leave_timer_(loop_),
      driver_(loop_, driver_config(std::move(sockets)), driver_hooks(), entropy_, plain_),
      node_(driver_),
      graphs_(
          loop_, config_, holdings_.data, std::move(holdings_.graphs), driver_, entropy_, plain_),
      worker_(std::in_place, loop_),
      api_(services()),
      server_(loop_, holdings_.listener.take_socket().release(), api_, {}) {
    if (role == Role::owner) signals_.emplace(loop_, SIGTERM, SIGINT, SIGHUP);
}

host::DriverConfig Process::driver_config(Sockets sockets) const {
    auto remembered = host::load_remembered_nodes(holdings_.data);
    if (remembered.source == host::RememberedNodes::Source::unreadable) {
        spdlog::warn("the remembered nodes in {} cannot be read", config_.data.native());
    }
    return {
        .clouds =
            {.node =
                 {.allow_loopback = config_.allow_loopback,
                  .use_ssdp = config_.use_ssdp,
                  .remembered = {},
                  .profile = config_.profile},
             .remembered = std::move(remembered.clouds)},
        .only = config_.clouds,
        .sockets = std::move(sockets.sockets),
        .seeds = config_.seeds,
        .use_port_mapping = config_.use_port_mapping};
}

host::DriverHooks Process::driver_hooks() {
    return {
        .state_changed =
            [](const node::CloudChanged& changed) {
                spdlog::info("cloud {} is {}", changed.cloud, state_text(changed.state));
            },
        .places_changed =
            [this](std::span<const node::Place> places) {
                asio::post(loop_, [this] { api_.resume_names(); });
                graphs_.refresh_addresses();
                for (const node::Place& place : places) {
                    spdlog::info(
                        "addresses in {}: {}", place.cloud, fmt::join(texts(place.endpoints), " "));
                }
            },
        .reach_changed =
            [](const node::CloudReachChanged& changed) {
                spdlog::info(
                    "reach in {}: {} ({}) {}",
                    changed.cloud,
                    to_string(changed.reach),
                    to_string(changed.reason),
                    fmt::join(texts(changed.endpoints), " "));
            },
        .forwarding_changed =
            [](const std::optional<host::Forwarding>& found) {
                if (found) {
                    spdlog::info(
                        "the gateway forwards {} to this node ({})",
                        to_string(found->outside),
                        found->protocol);
                } else {
                    spdlog::info("no gateway forwards a port to this node any more");
                }
            },
        .seeds_unresolved =
            [](std::span<const std::string> hosts) {
                spdlog::warn("no address found for the seed {}", fmt::join(hosts, ", "));
            },
        .ssdp_failed =
            [](const std::error_code& error) {
                spdlog::warn("no discovery on the link: {}", error.message());
            },
        .address_watch_failed =
            [](const std::error_code& error) {
                spdlog::warn("address changes are noticed late: {}", error.message());
            }};
}

api::Services Process::services() {
    return {
        .node = node_,
        .vault = holdings_.vault,
        .random = entropy_,
        .run_blocking =
            [this](std::function<void()> job, std::function<void()> done) {
                return worker_->run(std::move(job), std::move(done));
            },
        .seal_cost = crypto::kSealCostDefault,
        .facts =
            {.version = kKithVersion,
             .commit = kKithCommit,
             .pid = ::getpid(),
             .started = host::read_clocks().wall,
             .is_seed_node = config_.is_seed_node,
             .data = config_.data.native()},
        .profile = config_.profile,
        // What a guest publishes ends with it, and what kithd publishes is not for it to publish.
        .store = role_ == Role::owner ? &holdings_.names : nullptr,
        .graphs = role_ == Role::owner ? &graphs_ : nullptr};
}

void Process::tell(const std::expected<void, host::FileError>& saved) {
    if (!saved) spdlog::warn("{}", to_sentence(saved.error()));
}

// Written beside the loop: a disk may take its time.
void Process::remember() {
    auto nodes = driver_.clouds().remembered(host::read_clocks());
    // Nobody known is no reason to forget whom we knew: the network may be away for a while.
    if (nodes.empty() || nodes == remembered_) return;
    const auto saved = std::make_shared<std::expected<void, host::FileError>>();
    const bool runs = worker_->run(
        [this, nodes, saved] { *saved = host::save_remembered_nodes(holdings_.data, nodes); },
        [saved] { tell(*saved); });
    if (runs) remembered_ = std::move(nodes);
}

void Process::remember_regularly() {
    const bool is_early = remembering_ < kRememberFirstTimes;
    if (is_early) ++remembering_;
    remember_timer_.expires_after(is_early ? kRememberFirst : kRememberInterval);
    remember_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        remember();
        remember_regularly();
    });
}

void Process::stop() {
    asio::post(loop_, [this] { leave(); });
}

void Process::wait_for_signal() {
    if (!signals_) return;
    signals_->async_wait([this](const boost::system::error_code& error, int number) {
        if (error) return;
        spdlog::info("signal {}: leaving", number);
        // From here on signals have their usual effect: the next one ends us at once.
        boost::system::error_code ignored;
        static_cast<void>(signals_->clear(ignored));
        leave();
    });
}

void Process::leave() {
    server_.stop();
    remember_timer_.cancel();
    last_known_ = driver_.clouds().remembered(host::read_clocks());
    graphs_.leave([this] { leave_names(); });
}

void Process::leave_names() {
    if (!driver_.leave()) return loop_.stop();
    leave_timer_.expires_after(kLeaveTime);
    leave_timer_.async_wait([this](const boost::system::error_code&) { loop_.stop(); });
}

std::expected<void, StartError> Process::run(Network network) {
    for (const host::VaultProblem& problem : holdings_.vault.problems())
        spdlog::warn("{}", to_sentence(problem));
    wait_for_signal();
    if (network == Network::online) {
        remember_regularly();
        driver_.start();
        api_.resume_names();
    }
    if (role_ == Role::owner) {
        if (auto begun = graphs_.start(); !begun) return give_up(begun.error().message);
    }
    spdlog::info(
        "kithd ready: api={} listen={} graphs={}",
        config_.api.native(),
        fmt::join(texts(driver_.listening()), ","),
        fmt::join(texts(graphs_.listening()), ","));
    loop_.run();
    // Whatever the worker still writes comes before what we write last.
    worker_.reset();
    if (!last_known_.empty()) {
        tell(host::save_remembered_nodes(holdings_.data, last_known_));
    }
    spdlog::info("kithd ended");
    return {};
}

} // namespace

std::expected<void, StartError> run(const Config& config) {
    auto holdings = take_hold(config);
    if (!holdings) return std::unexpected(holdings.error());
    auto sockets =
        open_sockets(config, host::local_addresses().value_or(std::vector<host::LocalAddress>{}));
    if (!sockets) return give_up(sockets.error().message);
    if (sockets->changed_port) {
        spdlog::warn(
            "port {} is taken; listening on port {} instead",
            kDefaultPort,
            sockets->sockets.front().local().port);
    }
    if (sockets->lacks_family) spdlog::info("this machine has only one of IPv6 and IPv4");
    Process process(config, std::move(*holdings), std::move(*sockets), Role::owner);
    return process.run(Network::online);
}

struct Guest::Parts {
    Parts(Config config, Holdings holdings, Sockets sockets, Network network)
        : process(std::move(config), std::move(holdings), std::move(sockets), Role::guest),
          thread([this, network] { static_cast<void>(process.run(network)); }) {}

    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    // NOLINTNEXTLINE(bugprone-exception-escape): out of memory only, and that ends the program
    ~Parts() {
        process.stop();
        thread.join();
    }

    Process process;
    std::thread thread;
};

Guest::Guest(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Guest::~Guest() = default;
Guest::Guest(Guest&&) noexcept = default;
Guest& Guest::operator=(Guest&&) noexcept = default;

std::expected<Guest, StartError> Guest::start(Config config, Network network) {
    spdlog::set_level(spdlog::level::off);
    config.use_port_mapping = false; // a guest is gone before it pays
    auto holdings = take_hold(config);
    if (!holdings) return std::unexpected(holdings.error());
    Sockets sockets;
    if (network == Network::online) {
        auto opened = open_sockets(
            config, host::local_addresses().value_or(std::vector<host::LocalAddress>{}));
        if (!opened) return give_up(opened.error().message);
        sockets = std::move(*opened);
    }
    // The program around handles the signals: our threads must not take them, and begin without.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    auto parts = std::make_unique<Parts>(
        std::move(config), std::move(*holdings), std::move(sockets), network);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return Guest(std::move(parts));
}

} // namespace kith::daemon
