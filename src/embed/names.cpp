#include "api/app_address.hpp"
#include "embed/callback_gate.hpp"
#include "embed/error_text.hpp"
#include "embed/guarded.hpp"
#include "embed/patience.hpp"
#include "host/clocks.hpp"
#include "host/entropy.hpp"
#include "host/node_driver.hpp"
#include "host/private_directory.hpp"
#include "host/remembered_nodes.hpp"
#include "node/cloud_name.hpp"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <deque>
#include <fmt/format.h>
#include <future>
#include <kith/names.hpp>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace kith {

namespace {

namespace asio = boost::asio;

constexpr auto kLeaveTime = std::chrono::seconds(1); // for the neighbours of revoked names
constexpr int kPortTriesMax = 16;                    // the other family may have the port taken

std::unexpected<Error> refuse(Errc code, std::string message) {
    return std::unexpected(Error{code, std::move(message)});
}

// All on one port: the first socket decides where none is asked for.
Result<std::vector<host::UdpSocket>>
bind_all(const std::vector<Endpoint>& listen, bool is_default) {
    std::vector<host::UdpSocket> sockets;
    std::uint16_t port = 0;
    for (Endpoint local : listen) {
        if (port != 0) local.port = port;
        auto socket = host::UdpSocket::open({.local = local});
        const bool lacks_family =
            !socket && is_default && socket.error() != std::errc::address_in_use;
        if (lacks_family) continue;
        if (!socket) {
            return refuse(
                Errc::cannot_listen,
                fmt::format("cannot listen on {}: {}", to_string(local), socket.error().message()));
        }
        port = socket->local().port;
        sockets.push_back(std::move(*socket));
    }
    if (sockets.empty()) return refuse(Errc::cannot_listen, "this machine has no IP");
    return sockets;
}

bool is_loopback(const Endpoint& endpoint) {
    return endpoint.address.scope() == Scope::loopback;
}

// One node has one port, and is this machine's own or is not.
Result<void> check_together(const std::vector<Endpoint>& listen) {
    std::uint16_t port = 0;
    for (const Endpoint& one : listen) {
        if (port != 0 && one.port != 0 && one.port != port) {
            return refuse(
                Errc::bad_argument, to_string(one) + ": a node has the same port everywhere");
        }
        if (one.port != 0) port = one.port;
        if (is_loopback(one) != is_loopback(listen.front())) {
            return refuse(
                Errc::bad_argument,
                fmt::format(
                    "a node on loopback has no other addresses: {} and {}",
                    to_string(listen.front()),
                    to_string(one)));
        }
    }
    return {};
}

Result<std::vector<host::UdpSocket>> open_sockets(const std::vector<std::string>& texts) {
    std::vector<Endpoint> listen;
    for (const std::string& text : texts) {
        // A port of 0 is no endpoint of the wire; here it means any.
        const bool any_port = text.ends_with(":0");
        auto endpoint = parse_endpoint(any_port ? text.substr(0, text.size() - 1) + "1" : text);
        if (!endpoint) return refuse(Errc::bad_argument, text + " is not ADDRESS:PORT");
        if (any_port) endpoint->port = 0;
        listen.push_back(*endpoint);
    }
    if (const auto fits = check_together(listen); !fits) return std::unexpected(fits.error());
    const bool is_default = listen.empty();
    if (is_default) listen = {Endpoint{Address{}, 0}, Endpoint{Address::v4(0), 0}};
    auto sockets = bind_all(listen, is_default);
    for (int tries = 1; !sockets && is_default && tries < kPortTriesMax; ++tries)
        sockets = bind_all(listen, is_default);
    return sockets;
}

// All but the name and its key.
Result<void> read_content(const Publication& wish, pnrp::Registration& out) {
    for (const std::string& text : wish.addresses) {
        const auto endpoint = api::parse_app_address(text);
        if (!endpoint) {
            return refuse(Errc::bad_argument, text + " is neither IP:PORT/PROTOCOL nor IP");
        }
        out.endpoints.push_back(*endpoint);
    }
    out.comment = wish.comment;
    if (!wish.payload.empty()) {
        out.payload = pnrp::Payload{pnrp::PayloadKind::binary, wish.payload};
    }
    return {};
}

Found to_found(const pnrp::Resolution& resolution, const std::string& cloud) {
    Found out;
    out.name = resolution.name.to_string();
    for (const auto& endpoint : resolution.endpoints)
        out.addresses.push_back(api::to_string(endpoint));
    out.comment = resolution.comment;
    if (resolution.payload) out.payload = resolution.payload->bytes;
    out.public_key = resolution.public_key;
    out.cloud = cloud;
    out.is_secure = resolution.name.is_secure();
    return out;
}

} // namespace

struct Names::Inside {
    using Callback = std::function<void(Resolved)>;

    Inside(NodeOptions given, host::DriverConfig config, std::optional<host::PrivateDirectory> dir)
        : options(std::move(given)),
          memory(std::move(dir)),
          plain(host::make_plain_random(entropy)),
          driver(std::in_place, loop, std::move(config), host::DriverHooks{}, entropy, plain) {
        for (const Endpoint& endpoint : driver->listening())
            listening.push_back(to_string(endpoint));
        asio::post(loop, [this] { driver->start(); });
        thread = std::thread([this] { loop.run(); });
    }

    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

    // NOLINTNEXTLINE(bugprone-exception-escape): out of memory only, and that ends the program
    ~Inside() {
        gate->close();
        asio::post(loop, [this] { leave(); });
        thread.join();
        driver.reset();
    }

    // Runs on the node's thread, whoever asks; the driver knows no other.
    template<class Job>
    auto on_loop(Job job) {
        if (std::this_thread::get_id() == thread.get_id()) return job();
        std::packaged_task<decltype(job())()> task(std::move(job));
        auto result = task.get_future();
        asio::post(loop, [&task] { task(); });
        return result.get();
    }

    void leave() {
        if (memory) {
            // What is not kept costs time at the next start and nothing else.
            static_cast<void>(
                host::save_remembered_nodes(*memory, driver->clouds().remembered(now())));
        }
        is_leaving = true;
        const bool worth_waiting = driver->leave();
        end.expires_after(worth_waiting ? kLeaveTime : std::chrono::seconds(0));
        end.async_wait([this](const auto&) { loop.stop(); });
    }

    static Now now() { return host::read_clocks(); }

    void deliver(Resolved resolved, const Callback& done) {
        if (is_leaving) return;
        if (!done) {
            {
                const std::lock_guard lock(mutex);
                queue.push_back(std::move(resolved));
            }
            arrived.notify_all();
        } else if (options.executor) {
            options.executor([gate = gate, done, resolved = std::move(resolved)]() mutable {
                gate->pass([&] { done(std::move(resolved)); });
            });
        } else {
            done(std::move(resolved));
        }
    }

    NodeOptions options;
    std::optional<host::PrivateDirectory> memory;
    host::EntropySource entropy;
    SeededRandom plain;
    asio::io_context loop{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{loop.get_executor()};
    asio::steady_timer end{loop};
    std::optional<host::NodeDriver> driver;
    struct Published {
        node::PublicationId id{};
        std::shared_ptr<const crypto::PrivateKey> key; // an update is signed by the same
    };
    std::map<std::string, Published> published; // of the node's thread
    std::uint32_t next_ticket = 1;              // of the node's thread
    bool is_leaving = false;                    // of the node's thread
    std::vector<std::string> listening;
    std::mutex mutex; // of the queue
    std::condition_variable arrived;
    std::deque<Resolved> queue;
    std::shared_ptr<embed::CallbackGate> gate = std::make_shared<embed::CallbackGate>();
    std::thread thread; // last: it uses all of the above
};

Names::Names(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Names::Names(Names&&) noexcept = default;
Names& Names::operator=(Names&&) noexcept = default;
Names::~Names() = default;

Result<Names> Names::open(NodeOptions options) {
    return embed::guarded([&] { return open_node(std::move(options)); });
}

Result<Names> Names::open_node(NodeOptions options) {
    for (const std::string& cloud : options.clouds) {
        if (!node::scope_of_cloud(cloud)) {
            return refuse(
                Errc::bad_argument,
                cloud + " is no cloud: Global_, SiteLocal_, LinkLocal_ or LinkLocal_%INTERFACE");
        }
    }
    auto sockets = open_sockets(options.listen);
    if (!sockets) return std::unexpected(sockets.error());
    host::DriverConfig config;
    config.clouds.node.use_ssdp = options.discover_on_link;
    config.clouds.node.allow_loopback = std::ranges::any_of(
        *sockets, [](const auto& socket) { return is_loopback(socket.local()); });
    config.only = options.clouds;
    config.sockets = std::move(*sockets);
    for (const std::string& text : options.seeds) {
        auto seed = host::parse_seed(text);
        if (!seed) return refuse(Errc::bad_argument, text + " is not HOST or HOST:PORT");
        config.seeds.push_back(std::move(*seed));
    }
    std::optional<host::PrivateDirectory> memory;
    if (!options.memory.empty()) {
        auto directory = host::PrivateDirectory::open(options.memory);
        if (!directory) {
            return refuse(
                Errc::bad_argument, fmt::format("cannot use {}", options.memory.native()));
        }
        config.clouds.remembered = host::load_remembered_nodes(*directory).clouds;
        memory = std::move(*directory);
    }
    return Names(
        std::make_unique<Inside>(std::move(options), std::move(config), std::move(memory)));
}

Result<std::string> Names::publish(const Publication& wish) {
    const auto name =
        wish.owner
            ? identity::PeerName::secure(wish.owner->inside_->name.authority(), wish.classifier)
            : identity::PeerName::unsecured(wish.classifier);
    if (!name) return std::unexpected(embed::to_error(name.error()));
    // Whoever signs an unsecured name proves nothing by it, so no identity shows itself there.
    auto key = wish.owner ? wish.owner->inside_->key
                          : std::make_shared<const crypto::PrivateKey>(crypto::PrivateKey::generate(
                                crypto::KeyAlgorithm::ed25519, inside_->entropy));
    pnrp::Registration registration{
        .name = *name, .key = std::move(key), .endpoints = {}, .comment = {}, .payload = {}};
    if (const auto read = read_content(wish, registration); !read) {
        return std::unexpected(read.error());
    }
    using Addresses = node::Publication::Addresses;
    node::Publication publication{
        .registration = std::move(registration),
        .addresses = wish.addresses.empty() ? Addresses::node : Addresses::given,
        .cloud = wish.cloud};
    return inside_->on_loop([&, text = name->to_string()]() -> Result<std::string> {
        const auto known = inside_->published.find(text);
        if (known != inside_->published.end()) {
            publication.registration.key = known->second.key;
            const auto updated = inside_->driver->update(known->second.id, std::move(publication));
            if (!updated) return std::unexpected(embed::to_error(updated.error()));
            return text;
        }
        auto signer = publication.registration.key;
        const auto id = inside_->driver->publish(std::move(publication));
        if (!id) return std::unexpected(embed::to_error(id.error()));
        inside_->published.emplace(text, Inside::Published{*id, std::move(signer)});
        return text;
    });
}

Result<void> Names::unpublish(std::string_view name) {
    return inside_->on_loop([&]() -> Result<void> {
        const auto known = inside_->published.find(std::string(name));
        if (known == inside_->published.end()) {
            return std::unexpected(embed::to_error(pnrp::RegisterErrc::not_found));
        }
        const auto ended = inside_->driver->unpublish(known->second.id);
        inside_->published.erase(known);
        if (!ended) return std::unexpected(embed::to_error(ended.error()));
        return {};
    });
}

Result<Ticket> Names::resolve(const Question& question, std::function<void(Resolved)> done) {
    const auto name = identity::PeerName::parse(question.name);
    if (!name) return std::unexpected(embed::to_error(name.error()));
    pnrp::ResolveQuery query{.name = *name};
    query.timeout = embed::bounded(question.timeout);
    if (question.which == Which::nearest) query.criteria = pnrp::kNearest;
    if (question.which == Which::all) query.extent = pnrp::Extent::all;
    return inside_->on_loop([&]() -> Result<Ticket> {
        const Ticket ticket{inside_->next_ticket++};
        auto finished = [inside = inside_.get(), ticket, done = std::move(done)](
                            const node::QueryDone& answer) {
            Resolved resolved{ticket, std::unexpected(Error{}), {}, answer.is_complete};
            for (const node::Sighting& other : answer.others)
                resolved.others.push_back(to_found(other.resolution, other.cloud));
            if (answer.outcome) {
                resolved.outcome = to_found(*answer.outcome, answer.cloud);
            } else {
                resolved.outcome = std::unexpected(embed::to_error(answer.outcome.error()));
            }
            inside->deliver(std::move(resolved), done);
        };
        const auto id = inside_->driver->resolve(query, question.cloud, std::move(finished));
        if (!id) return std::unexpected(embed::to_error(id.error()));
        return ticket;
    });
}

std::optional<Resolved> Names::poll() {
    return wait(std::chrono::milliseconds(0));
}

std::optional<Resolved> Names::wait(std::chrono::milliseconds patience) {
    std::unique_lock lock(inside_->mutex);
    inside_->arrived.wait_for(
        lock, embed::bounded(patience), [&] { return !inside_->queue.empty(); });
    if (inside_->queue.empty()) return std::nullopt;
    Resolved next = std::move(inside_->queue.front());
    inside_->queue.pop_front();
    return next;
}

std::vector<std::string> Names::listening() const {
    return inside_->listening;
}

} // namespace kith
