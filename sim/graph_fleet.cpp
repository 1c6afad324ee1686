#include "sim/graph_fleet.hpp"

#include "base/check.hpp"
#include "sim/addresses.hpp"
#include "sim/seed.hpp"
#include "store/memory_store.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

namespace kith::sim {

namespace {

using graph::DropReason;

constexpr std::uint16_t kGraphPort = 3587; // as registered for groups of peers
// Clocks differ by twice the offset of one at the most; agreeing on a time must not make it worse.
constexpr std::chrono::milliseconds kPeerTimeSlack{5000};

// What honest nodes never give each other a reason for.
constexpr std::array kNeverAmongHonest{
    DropReason::bad_frame,
    DropReason::bad_message,
    DropReason::out_of_state,
    DropReason::not_authenticated,
    DropReason::bad_record,
    DropReason::other_graph,
    DropReason::rejected_record,
    DropReason::over_quota,
    DropReason::from_the_future,
    DropReason::version_jump,
    DropReason::too_many_invalid,
    DropReason::other_rules};

void add_up(graph::Counters& sum, const graph::Counters& more) {
    for (std::size_t i = 0; i < sum.dropped.size(); ++i)
        sum.dropped[i] += more.dropped[i];
    sum.floods_sent += more.floods_sent;
    sum.floods_useful += more.floods_useful;
    sum.floods_redundant += more.floods_redundant;
    sum.tree_useful += more.tree_useful;
    sum.tree_redundant += more.tree_redundant;
    sum.adverts_sent += more.adverts_sent;
    sum.grafts += more.grafts;
    sum.prunes += more.prunes;
    sum.syncs_started += more.syncs_started;
    sum.syncs_completed += more.syncs_completed;
    sum.sync_rounds += more.sync_rounds;
    sum.sync_bytes += more.sync_bytes;
    sum.bytes_sent += more.bytes_sent;
    sum.bytes_received += more.bytes_received;
}

} // namespace

const store::RecordType kSimulatedType =
    Guid::from_halves(0x6b69746800000001U, 0x73696d756c617465U);

GraphFleet::GraphFleet(const GraphFleetConfig& config)
    : config_(config),
      world_(config.stream, config.seed, *this),
      content_(derive_seed(config.seed, Stream::content, 1)) {}

GraphFleet::~GraphFleet() = default;

// Hosts ------------------------------------------------------------------------------------------

HostId GraphFleet::add() {
    const auto host = host_id(machines_.size());
    machines_.emplace_back();
    const auto number = static_cast<std::uint32_t>(host);
    return world_.add_host(
        endpoint_of(Scope::global, host, kGraphPort),
        make_host_clock(config_.seed, number, config_.clock_offset_max));
}

GraphNode& GraphFleet::boot(HostId host, Database database) {
    Machine& it = machine(host);
    KITH_CHECK(!world_.is_up(host));
    const bool has_store = database == Database::kept && it.store;
    if (!has_store) it.store = std::make_unique<store::MemoryStore>(config_.rules);
    graph::GraphConfig config;
    config.graph_id = kSimulatedGraph;
    config.peer_id = fmt::format("peer-{}", index_of(host));
    config.friendly_name = config.peer_id;
    config.rules = config_.rules;
    config.offers_capabilities = config_.rules == store::Rules::modern;
    config.tunes_itself = !config_.tuning;
    if (config_.tuning) config.tuning = *config_.tuning;
    const GraphNode::Origin origin{config_.seed, host, it.incarnation++, config_.is_secured};
    auto node = std::make_unique<GraphNode>(config, origin, *it.store, *this);
    it.node = node.get();
    world_.boot(host, std::move(node));
    ledger_.booted(host, has_store);
    return *it.node;
}

void GraphFleet::listen(HostId host) {
    const std::array own{world_.endpoint(host)};
    graph(host).set_addresses(world_.now_at(host), own);
}

void GraphFleet::found(HostId host) {
    boot(host, Database::lost);
    graph::GraphInfo info;
    info.scope = Scope::global;
    info.friendly_name = "a simulated graph";
    info.defers_expiration = config_.defers_expiration;
    const auto done = graph(host).create(world_.now_at(host), info);
    if (!done) world_.report_breach(host, "cannot found a graph");
    listen(host);
    world_.drain(host);
}

void GraphFleet::start(HostId host, Database database) {
    GraphNode& node = boot(host, database);
    const Now now = world_.now_at(host);
    if (!node.graph().open(now)) world_.report_breach(host, "cannot open its database");
    listen(host);
    node.join(now);
    world_.drain(host);
}

void GraphFleet::start_liar(HostId host, std::unique_ptr<StreamCore> liar) {
    machine(host).is_liar = true;
    ++liars_;
    world_.boot(host, std::move(liar));
    listening_.insert(std::ranges::lower_bound(listening_, host), host);
    world_.drain(host);
}

void GraphFleet::forget(HostId host) {
    Machine& it = machine(host);
    if (it.node != nullptr) add_up(it.gone, it.node->graph().counters());
    it.node = nullptr;
    std::erase(listening_, host);
    ledger_.halted(host);
}

void GraphFleet::crash(HostId host, Stop how) {
    forget(host);
    world_.halt(host, how);
}

void GraphFleet::leave(HostId host) {
    graph(host).close(world_.now_at(host));
    world_.drain(host);
    crash(host, Stop::process);
}

graph::Graph& GraphFleet::graph(HostId host) {
    KITH_CHECK(machine(host).node != nullptr);
    return machine(host).node->graph();
}

const graph::Graph& GraphFleet::graph(HostId host) const {
    const GraphNode* node = machines_[index_of(host)].node;
    KITH_CHECK(node != nullptr);
    return node->graph();
}

const store::RecordStore& GraphFleet::database(HostId host) const {
    return *machines_[index_of(host)].store;
}

std::vector<HostId> GraphFleet::live() const {
    std::vector<HostId> out;
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        if (machines_[i].node != nullptr) out.push_back(host_id(i));
    }
    return out;
}

std::optional<Endpoint> GraphFleet::somebody(HostId asker, PlainRandom& random) {
    constexpr unsigned kTriesMax = 32;
    for (unsigned i = 0; i < kTriesMax && !listening_.empty(); ++i) {
        const HostId found = listening_[random.below(listening_.size())];
        if (found != asker && !world_.is_cut(asker, found)) return world_.endpoint(found);
    }
    return std::nullopt;
}

// Records ----------------------------------------------------------------------------------------

Bytes GraphFleet::content(std::size_t size) {
    Bytes bytes(size);
    std::size_t at = 0;
    while (at < size) {
        std::uint64_t word = content_.next();
        for (unsigned i = 0; i < sizeof word && at < size; ++i, word >>= 8U)
            bytes[at++] = static_cast<std::byte>(word & 0xffU);
    }
    return bytes;
}

void GraphFleet::tell_ledger(HostId by, const store::RecordId& id) {
    const auto record = graph(by).get(world_.now_at(by), id);
    if (record) {
        ledger_.published(world_.now(), by, *record);
    } else {
        world_.report_breach(by, "does not show a record that it has published");
    }
    world_.drain(by);
}

graph::GraphResult<store::RecordId>
GraphFleet::add_record(HostId by, std::size_t size, std::chrono::seconds lifetime) {
    graph::NewRecord wish;
    wish.type = kSimulatedType;
    wish.lifetime = lifetime;
    wish.payload = content(size);
    auto id = graph(by).add(world_.now_at(by), wish);
    if (id) tell_ledger(by, *id);
    return id;
}

graph::GraphResult<void>
GraphFleet::update_record(HostId by, const store::RecordId& id, std::size_t size) {
    graph::RecordChange change;
    change.payload = content(size);
    const auto done = graph(by).update(world_.now_at(by), id, change);
    if (done) tell_ledger(by, id);
    return done;
}

graph::GraphResult<void> GraphFleet::remove_record(HostId by, const store::RecordId& id) {
    const auto done = graph(by).remove(world_.now_at(by), id);
    if (!done) return done;
    ledger_.deleted(world_.now(), by, id);
    world_.drain(by);
    return done;
}

// Events -----------------------------------------------------------------------------------------

Complaint GraphFleet::handle_event(
    Instant now, HostId host, std::optional<HostId> from, const graph::Event& event) {
    if (machine(host).is_liar) return std::nullopt;
    if (const auto* status = std::get_if<graph::StatusChanged>(&event)) {
        if (status->is_synchronized) ledger_.synchronized(now, host);
        std::erase(listening_, host);
        if (status->is_listening) {
            listening_.insert(std::ranges::lower_bound(listening_, host), host);
        }
        return std::nullopt;
    }
    if (std::holds_alternative<graph::StoreFailed>(event)) return "says that its store failed";
    const auto* changed = std::get_if<graph::RecordChanged>(&event);
    if (changed == nullptr || changed->type != kSimulatedType) return std::nullopt;
    return handle_record(now, host, from, *changed);
}

Complaint GraphFleet::handle_record(
    Instant now, HostId host, std::optional<HostId> from, const graph::RecordChanged& changed) {
    GraphNode* node = machine(host).node;
    if (node == nullptr) return "reports after it has left";
    const Now host_now = world_.now_at(host);
    RecordLedger::View view;
    view.host = host;
    view.from = from;
    view.now = node->graph().peer_time(host_now.wall);
    std::optional<store::Record> record;
    const bool is_there = changed.kind == graph::RecordChangeKind::added ||
                          changed.kind == graph::RecordChangeKind::updated;
    if (is_there) {
        const auto shown = node->graph().get(host_now, changed.id);
        if (shown) record = *shown;
        // While a node synchronises for the first time it tells of records and shows none.
        const bool is_early = !shown && shown.error() == graph::GraphErrc::not_ready;
        if (is_early) record = machine(host).store->get(changed.id).value_or(std::nullopt);
    }
    if (record) view.record = &*record;
    const SealProvider* security = node->security();
    if (record && security != nullptr && !security->knows(*record)) {
        return "shows a record that has not been validated";
    }
    return ledger_.saw(now, view, changed);
}

// Observation ------------------------------------------------------------------------------------

bool GraphFleet::all_synchronized() const {
    return std::ranges::all_of(
        live(), [&](HostId host) { return graph(host).status().is_synchronized; });
}

bool GraphFleet::has_equal_databases(const GraphFleet& fleet, std::span<const HostId> hosts) {
    std::optional<ByteArray<32>> first;
    // The last ones are the likelier to differ: they came last.
    for (std::size_t i = hosts.size(); i-- > 0;) {
        const auto digest = fleet.graph(hosts[i]).database_digest();
        if (!first) first = digest;
        if (digest != *first) return false;
    }
    return true;
}

bool GraphFleet::has_equal_databases() const {
    return has_equal_databases(*this, live());
}

std::string GraphFleet::difference() const {
    const auto hosts = live();
    for (const HostId host : hosts) {
        if (!graph(host).status().is_synchronized) {
            return fmt::format("host {} is not synchronised", index_of(host));
        }
        if (graph(host).database_digest() == graph(hosts.front()).database_digest()) continue;
        const store::RecordIndex& one = database(hosts.front()).index();
        const store::RecordIndex& other = database(host).index();
        std::size_t count = 0;
        std::string first;
        const auto compare = [&](const store::RecordIndex& here,
                                 const store::RecordIndex& there,
                                 bool is_first_host) {
            const auto look = [&](const store::IndexEntry& entry) {
                const store::IndexEntry* twin = there.find(entry.id);
                const bool is_same = twin != nullptr && twin->digest == entry.digest;
                if (is_same || graph::is_internal(entry.type)) return true;
                if (twin != nullptr && !is_first_host) return true; // counted already
                if (count++ > 0) return true;
                first = fmt::format(
                    "{} version {}{} at host {}, {} at host {}",
                    to_string(entry.id),
                    entry.version,
                    entry.is_deleted ? " (deleted)" : "",
                    index_of(is_first_host ? hosts.front() : host),
                    twin == nullptr ? "nothing" : fmt::format("version {}", twin->version),
                    index_of(is_first_host ? host : hosts.front()));
                return true;
            };
            here.visit(store::SyncKey::lowest(), store::SyncKey::highest(), look);
        };
        compare(one, other, true);
        compare(other, one, false);
        return fmt::format("{} records, the first: {}", count, first);
    }
    return "none";
}

std::chrono::milliseconds GraphFleet::peer_time_spread() const {
    std::optional<store::PeerTime> earliest;
    std::optional<store::PeerTime> latest;
    for (const HostId host : live()) {
        if (!graph(host).status().is_synchronized) continue;
        const store::PeerTime time = graph(host).peer_time(world_.now_at(host).wall);
        if (!earliest || time < *earliest) earliest = time;
        if (!latest || time > *latest) latest = time;
    }
    if (!earliest) return {};
    return std::chrono::duration_cast<std::chrono::milliseconds>(latest->since(*earliest));
}

store::PeerTime GraphFleet::peer_time() const {
    const auto hosts = live();
    KITH_CHECK(!hosts.empty());
    return graph(hosts.front()).peer_time(world_.now_at(hosts.front()).wall);
}

Complaint GraphFleet::check_counters(const graph::Counters& counters) const {
    for (const DropReason reason : kNeverAmongHonest) {
        if (liars_ > 0 || counters[reason] == 0) continue;
        return fmt::format("drops what honest nodes send: {}", to_string(reason));
    }
    return std::nullopt;
}

Complaint GraphFleet::check() {
    const auto hosts = live();
    for (const HostId host : hosts) {
        const graph::Graph& it = graph(host);
        const auto where = fmt::format("host {} ", index_of(host));
        if (it.memory() > config_.state_bytes_max) {
            return where + fmt::format("owns {} bytes of state", it.memory());
        }
        if (auto complaint = check_counters(it.counters())) return where + *complaint;
        const store::PeerTime now = it.peer_time(world_.now_at(host).wall);
        if (auto complaint = ledger_.check_expired(host, now)) return where + *complaint;
    }
    if (hosts.empty()) return std::nullopt;
    const auto spread = peer_time_spread();
    if (spread > 2 * config_.clock_offset_max + kPeerTimeSlack) {
        return fmt::format("peer times differ by {} ms", spread.count());
    }
    const graph::Counters sum = counters();
    if (liars_ == 0 && sum.bytes_received > sum.bytes_sent) {
        return "more bytes were received than sent";
    }
    if (liars_ == 0 && sum.floods_useful + sum.floods_redundant > sum.floods_sent) {
        return "more records were received than sent";
    }
    ledger_.retire(peer_time());
    return std::nullopt;
}

graph::Counters GraphFleet::counters() const {
    graph::Counters sum;
    for (const Machine& it : machines_) {
        add_up(sum, it.gone);
        if (it.node != nullptr) add_up(sum, it.node->graph().counters());
    }
    return sum;
}

} // namespace kith::sim
