#include "host/node_driver.hpp"

#include "base/check.hpp"
#include "host/alarm.hpp"
#include "host/clocks.hpp"
#include "host/readiness.hpp"
#include "host/ssdp_sockets.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace kith::host {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

// An interface that comes up changes its addresses several times within this.
constexpr auto kAddressDebounce = 500ms;
// Until the next look after one that failed: a descriptor may be free again.
constexpr auto kAddressRetry = 2s;
// A look at the addresses without notice, should the kernel have lost one or not watch at all.
constexpr auto kAddressPoll = 2min;
constexpr auto kAddressPollUnwatched = 5s;

// Names of seeds are looked up again: after a failure, later each time; when a cloud wants them,
// not too often; and now and then, as they may have moved (MS-PNRP 3.1.4.2.1: at run time).
constexpr auto kSeedRetryMin = 5s;
constexpr auto kSeedRetryMax = 10min;
constexpr auto kSeedLookupInterval = 30s;
constexpr auto kSeedRefresh = 60min;

// Batches taken of one socket before the others have their turn.
constexpr int kBatchesPerTurn = 4;

node::Arrival arrival_of(node::Channel channel, const ReceivedDatagram& datagram) {
    return {channel, datagram.local, datagram.zone, datagram.remote, datagram.payload};
}

} // namespace

struct NodeDriver::Parts {
    Parts(
        asio::io_context& io,
        DriverConfig&& setup,
        DriverHooks&& told,
        SecureRandom& secure,
        PlainRandom& plain)
        : loop(io),
          config(std::move(setup)),
          hooks(std::move(told)),
          node(config.clouds, secure, plain),
          alarm(io, [this] { turn(); }),
          debounce_timer(io),
          poll_timer(io),
          seed_timer(io),
          seed_resolver(io) {
        for (const UdpSocket& socket : config.sockets)
            locals.push_back(socket.local());
    }

    void start();
    void wait_for(int fd, std::function<void()> ready);
    void watch_addresses();
    void schedule_poll();
    void schedule_refresh(std::chrono::steady_clock::duration after);
    void refresh_addresses();
    void choose_ssdp_interfaces();
    void ask_gateway();
    void take_forwarding(const std::optional<Forwarding>& found);
    void resolve_seeds();
    void take_seeds(SeedAddresses found);
    void receive(UdpSocket& socket);
    void receive_ssdp(int fd);
    void drain();
    void send_datagrams();
    void send_group(UdpSocket& socket, std::span<const node::Datagram> datagrams);
    UdpSocket* socket_for(const node::Datagram& datagram);
    void take_events();
    void handle(const node::QueryDone& done);
    void turn();

    asio::io_context& loop;
    DriverConfig config;
    DriverHooks hooks;
    node::Clouds node;
    Alive alive;
    std::vector<Endpoint> locals; // of the sockets, in their order
    std::optional<SsdpSockets> ssdp;
    std::optional<AddressWatch> address_watch;
    std::vector<std::unique_ptr<Readiness>> watched;
    Alarm alarm;
    asio::steady_timer debounce_timer;
    asio::steady_timer poll_timer;
    bool refresh_is_due = false;
    std::optional<std::vector<node::Place>> places; // as last given to the node
    std::optional<PortForwarding> port_forwarding;
    std::optional<Forwarding> forwarding; // as last told
    asio::steady_timer seed_timer;
    SeedResolver seed_resolver;
    SeedAddresses seeds; // as last found
    std::chrono::steady_clock::time_point seeds_asked_at{};
    Duration seed_retry = kSeedRetryMin;
    std::map<node::QueryId, ResolveCallback> resolves;
};

void NodeDriver::Parts::start() {
    for (UdpSocket& socket : config.sockets)
        wait_for(socket.native_handle(), [this, &socket] { receive(socket); });
    if (config.clouds.node.use_ssdp) {
        ssdp.emplace();
        for (const std::error_code& problem : ssdp->problems()) {
            if (hooks.ssdp_failed) hooks.ssdp_failed(problem);
        }
        for (const int fd : ssdp->native_handles())
            wait_for(fd, [this, fd] { receive_ssdp(fd); });
    }
    watch_addresses();
    seeds.endpoints = literal_addresses(config.seeds).endpoints;
    node.set_seeds(read_clocks(), seeds.endpoints);
    refresh_addresses(); // which has the names of seeds looked up as well
}

void NodeDriver::Parts::wait_for(int fd, std::function<void()> ready) {
    watched.push_back(std::make_unique<Readiness>(loop, fd, std::move(ready)));
    watched.back()->wait();
}

void NodeDriver::Parts::watch_addresses() {
    auto opened = AddressWatch::open();
    if (opened) {
        address_watch = std::move(*opened);
        wait_for(address_watch->native_handle(), [this] {
            address_watch->drain();
            schedule_refresh(kAddressDebounce);
        });
    } else if (hooks.address_watch_failed) {
        hooks.address_watch_failed(opened.error());
    }
    schedule_poll();
}

void NodeDriver::Parts::schedule_poll() {
    poll_timer.expires_after(address_watch ? kAddressPoll : kAddressPollUnwatched);
    poll_timer.async_wait(alive.guard([this](const boost::system::error_code& error) {
        if (error) return;
        refresh_addresses();
        schedule_poll();
    }));
}

void NodeDriver::Parts::schedule_refresh(std::chrono::steady_clock::duration after) {
    if (refresh_is_due) return;
    refresh_is_due = true;
    debounce_timer.expires_after(after);
    debounce_timer.async_wait(alive.guard([this](const boost::system::error_code& error) {
        if (error) return;
        refresh_is_due = false;
        refresh_addresses();
    }));
}

void NodeDriver::Parts::refresh_addresses() {
    const Listening listening{
        .locals = locals, .allow_loopback = config.clouds.node.allow_loopback, .only = config.only};
    const auto machine = local_addresses();
    if (!machine) {
        schedule_refresh(kAddressRetry);
        if (places) return; // it is where it was, as far as anybody knows
    }
    std::vector<node::Place> chosen =
        choose_places(listening, machine.value_or(std::vector<LocalAddress>{}));
    if (places && *places == chosen) {
        choose_ssdp_interfaces(); // one may be up again that went down for a moment
        return;
    }
    places = std::move(chosen);
    choose_ssdp_interfaces();
    node.set_places(read_clocks(), *places);
    drain();
    if (hooks.places_changed) hooks.places_changed(*places);
    ask_gateway();
    resolve_seeds(); // another network may know another address for the same seed
}

// A gateway is of use to who leaves through one.
void NodeDriver::Parts::ask_gateway() {
    const bool has_way_out = std::ranges::any_of(
        *places, [](const node::Place& place) { return !place.ways_out.empty(); });
    if (!config.use_port_mapping || !has_way_out) {
        port_forwarding.reset();
        take_forwarding(std::nullopt);
    } else if (port_forwarding) {
        port_forwarding->look_again();
    } else {
        port_forwarding.emplace(
            loop, locals.front().port, [this](const std::optional<Forwarding>& found) {
                take_forwarding(found);
            });
    }
}

void NodeDriver::Parts::take_forwarding(const std::optional<Forwarding>& found) {
    if (found == forwarding) return;
    forwarding = found;
    node.set_forwarded(
        read_clocks(), found ? std::optional(found->outside) : std::optional<Endpoint>());
    drain();
    if (hooks.forwarding_changed) hooks.forwarding_changed(found);
}

// A node that is only on some links has nothing to say on others.
void NodeDriver::Parts::choose_ssdp_interfaces() {
    if (!ssdp) return;
    auto up = up_interfaces();
    if (!up) return;
    std::vector<Interface> interfaces = std::move(*up);
    const bool is_on_links_only =
        std::ranges::all_of(*places, [](const node::Place& place) { return place.zone != 0; });
    if (is_on_links_only) {
        std::erase_if(interfaces, [&](const Interface& interface) {
            return std::ranges::find(*places, interface.zone, &node::Place::zone) == places->end();
        });
    }
    ssdp->set_interfaces(interfaces);
}

void NodeDriver::Parts::resolve_seeds() {
    if (literal_addresses(config.seeds).unresolved.empty()) return;
    seeds_asked_at = std::chrono::steady_clock::now();
    seed_resolver.start(
        config.seeds, [this](SeedAddresses found) { take_seeds(std::move(found)); });
}

void NodeDriver::Parts::take_seeds(SeedAddresses found) {
    const bool is_news = found.unresolved != seeds.unresolved;
    if (!found.unresolved.empty()) {
        // A name service that is away is no reason to forget what it said.
        for (const Endpoint& known : seeds.endpoints) {
            const bool is_there =
                std::ranges::find(found.endpoints, known) != found.endpoints.end();
            const bool has_room = found.endpoints.size() < kSeedsMax * kSeedAddressesMax;
            if (!is_there && has_room) found.endpoints.push_back(known);
        }
    }
    seeds = std::move(found);
    node.set_seeds(read_clocks(), seeds.endpoints);
    drain();
    if (seeds.unresolved.empty()) {
        seed_retry = kSeedRetryMin;
        seed_timer.expires_after(kSeedRefresh);
    } else {
        if (is_news && hooks.seeds_unresolved) hooks.seeds_unresolved(seeds.unresolved);
        seed_timer.expires_after(
            std::chrono::duration_cast<std::chrono::steady_clock::duration>(seed_retry));
        seed_retry = std::min<Duration>(2 * seed_retry, kSeedRetryMax);
    }
    seed_timer.async_wait(alive.guard([this](const boost::system::error_code& error) {
        if (!error) resolve_seeds();
    }));
}

void NodeDriver::Parts::receive(UdpSocket& socket) {
    for (int turn = 0; turn < kBatchesPerTurn; ++turn) {
        const auto batch = socket.receive_batch();
        if (batch.empty()) return;
        const Now now = read_clocks();
        for (const ReceivedDatagram& datagram : batch) {
            node.handle_datagram(now, arrival_of(node::Channel::pnrp, datagram));
        }
        drain();
        if (batch.size() < kUdpBatchMax) return; // should more have come, the descriptor says so
    }
}

void NodeDriver::Parts::receive_ssdp(int fd) {
    const Now now = read_clocks();
    ssdp->receive(fd, [&](const ReceivedDatagram& datagram) {
        node.handle_datagram(now, arrival_of(node::Channel::ssdp, datagram));
    });
    drain();
}

void NodeDriver::Parts::drain() {
    send_datagrams();
    take_events();
    alarm.set(node.next_timeout());
}

UdpSocket* NodeDriver::Parts::socket_for(const node::Datagram& datagram) {
    UdpSocket* fallback = nullptr;
    for (UdpSocket& socket : config.sockets) {
        if (socket.is_v4() != datagram.remote.address.is_v4()) continue;
        if (socket.local().address == datagram.local.address) return &socket;
        // A socket bound to another address is the last resort: the answer would come from there.
        if (fallback == nullptr || socket.local().address.is_unspecified()) fallback = &socket;
    }
    return fallback;
}

void NodeDriver::Parts::send_datagrams() {
    std::vector<node::Datagram> group; // consecutive ones of one socket
    UdpSocket* socket = nullptr;
    while (auto datagram = node.poll_datagram()) {
        if (datagram->channel == node::Channel::ssdp) {
            if (ssdp) ssdp->send(datagram->remote, datagram->zone, datagram->payload);
            continue;
        }
        UdpSocket* const next = socket_for(*datagram);
        if (next == nullptr) continue; // no socket of that family: lost, like any datagram may be
        if (next != socket || group.size() == kUdpBatchMax) {
            if (socket != nullptr) send_group(*socket, group);
            group.clear();
            socket = next;
        }
        group.push_back(std::move(*datagram));
    }
    if (socket != nullptr) send_group(*socket, group);
}

void NodeDriver::Parts::send_group(UdpSocket& socket, std::span<const node::Datagram> datagrams) {
    std::array<OutgoingDatagram, kUdpBatchMax> outgoing;
    std::size_t count = 0;
    for (const node::Datagram& datagram : datagrams) {
        // A bound socket sends from its address anyway.
        const bool is_bound = !socket.local().address.is_unspecified();
        outgoing[count++] = {
            .local = is_bound ? Address{} : datagram.local.address,
            .remote = datagram.remote,
            .zone = datagram.zone,
            .payload = datagram.payload};
    }
    socket.send_batch(std::span(outgoing).first(count));
}

void NodeDriver::Parts::take_events() {
    while (auto event = node.poll_event()) {
        if (const auto* done = std::get_if<node::QueryDone>(&*event)) {
            handle(*done);
        } else if (const auto* changed = std::get_if<node::CloudChanged>(&*event)) {
            if (hooks.state_changed) hooks.state_changed(*changed);
        } else if (const auto* reach = std::get_if<node::CloudReachChanged>(&*event)) {
            if (hooks.reach_changed) hooks.reach_changed(*reach);
        } else if (std::chrono::steady_clock::now() - seeds_asked_at >= kSeedLookupInterval) {
            resolve_seeds(); // SeedsNeeded
        }
    }
}

void NodeDriver::Parts::handle(const node::QueryDone& done) {
    const auto found = resolves.find(done.id);
    if (found == resolves.end()) return;
    asio::post(loop, [callback = std::move(found->second), done] { callback(done); });
    resolves.erase(found);
}

void NodeDriver::Parts::turn() {
    // After a stall the answers wait in the socket: who is late is not those who sent them.
    for (UdpSocket& socket : config.sockets)
        receive(socket);
    node.handle_timeout(read_clocks());
    drain();
}

NodeDriver::NodeDriver(
    asio::io_context& loop,
    DriverConfig config,
    DriverHooks hooks,
    SecureRandom& secure,
    PlainRandom& plain)
    : parts_(std::make_unique<Parts>(loop, std::move(config), std::move(hooks), secure, plain)) {}

NodeDriver::~NodeDriver() = default;

void NodeDriver::start() {
    KITH_CHECK(parts_->watched.empty());
    parts_->start();
}

std::expected<node::PublicationId, pnrp::RegisterErrc>
NodeDriver::publish(node::Publication publication) {
    auto outcome = parts_->node.publish(read_clocks(), std::move(publication));
    parts_->drain();
    return outcome;
}

std::expected<void, pnrp::RegisterErrc>
NodeDriver::update(node::PublicationId id, node::Publication publication) {
    auto outcome = parts_->node.update(read_clocks(), id, std::move(publication));
    parts_->drain();
    return outcome;
}

std::expected<void, pnrp::RegisterErrc> NodeDriver::unpublish(node::PublicationId id) {
    auto outcome = parts_->node.unpublish(read_clocks(), id);
    parts_->drain();
    return outcome;
}

std::expected<node::QueryId, pnrp::ResolveErrc> NodeDriver::resolve(
    const pnrp::ResolveQuery& query,
    const std::optional<std::string>& cloud,
    ResolveCallback done) {
    const auto id = parts_->node.resolve(read_clocks(), query, cloud);
    // Known before the drain, which may already bring the outcome.
    if (id) parts_->resolves.emplace(*id, std::move(done));
    parts_->drain();
    return id;
}

void NodeDriver::cancel(node::QueryId id) {
    parts_->node.cancel(read_clocks(), id);
    parts_->drain();
}

bool NodeDriver::leave() {
    const bool had_names = !parts_->node.names().empty();
    parts_->node.leave(read_clocks());
    parts_->drain();
    if (parts_->port_forwarding) parts_->port_forwarding->leave();
    return had_names;
}

const std::optional<Forwarding>& NodeDriver::forwarding() const {
    return parts_->forwarding;
}

std::span<const Endpoint> NodeDriver::listening() const {
    return parts_->locals;
}

const node::Clouds& NodeDriver::clouds() const {
    return parts_->node;
}

} // namespace kith::host
