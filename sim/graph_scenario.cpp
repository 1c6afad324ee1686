#include "sim/graph_scenario.hpp"

#include "base/random.hpp"
#include "sim/figures.hpp"
#include "sim/graph_churn.hpp"
#include "sim/graph_fleet.hpp"
#include "sim/graph_liar.hpp"
#include "sim/seed.hpp"
#include "sim/twice.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fmt/format.h>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::sim {

namespace {

using namespace std::chrono_literals;

constexpr Duration kJoinSpacing = 50ms;
constexpr Duration kJoinedWithin = 30min; // all of them, after the last has started
// Two rounds of maintenance, 5 minutes each, and the renewal of the signature between them.
constexpr Duration kSettling = 11min;
constexpr Duration kEqualWithin = 20min; // of quiet
constexpr Duration kCheckEvery = 60s;
constexpr Duration kLookEvery = 1s; // at databases that are to become equal
constexpr Duration kQuietBeforeHealing = 60s;
constexpr std::size_t kContested = 10; // records that both halves change
constexpr std::size_t kLeftAfterShrinking = 10;
constexpr Duration kLeaveSpacing = 200ms;
constexpr std::chrono::hours kLifetime{24};
constexpr std::chrono::minutes kShortLifeMin{10}; // of a churn
constexpr std::chrono::minutes kShortLifeMax{240};
constexpr unsigned kUpdateOneIn = 8;
constexpr unsigned kDeleteOneIn = 16;
constexpr double kStateGrowthMax = 1.25;      // of a churn, after its first hours
constexpr double kStateGrowthFree = 32 << 10; // bytes that are nobody's concern
constexpr std::chrono::hours kChurnWarmUp{3};

class GraphRun {
public:
    GraphRun(const GraphOptions& options, Progress& progress)
        : options_(options),
          progress_(progress),
          random_(derive_seed(options.seed, Stream::scenario, 2)),
          fleet_(fleet_config(options)) {}

    std::expected<GraphReport, std::string> run() {
        if (!join() || !work() || !shrink() || !fine()) return std::unexpected(broken());
        return finish();
    }

private:
    static GraphFleetConfig fleet_config(const GraphOptions& options) {
        GraphFleetConfig config;
        config.seed = options.seed;
        config.stream = stream_config(options.network);
        config.rules = options.rules;
        config.is_secured = options.is_secured;
        if (options.neighbours || options.timers) {
            graph::Tuning tuning;
            const Neighbours wanted = options.neighbours.value_or(Neighbours{});
            tuning.neighbours_min = wanted.min;
            tuning.neighbours_ideal = wanted.ideal;
            tuning.neighbours_max = wanted.max;
            tuning.timer_scale = options.timers.value_or(1.0);
            config.tuning = tuning;
        }
        return config;
    }

    bool join();
    bool work();
    bool churn();
    bool publish_all();
    bool kill();
    bool split();
    bool shrink();
    bool fine();

    bool advance(Instant until);
    bool pass(std::string_view stage, Duration duration);
    bool publish(std::size_t count, std::string_view stage);
    bool publish_one(const std::vector<HostId>& among);
    bool change_one(const std::vector<HostId>& among);
    void contest_some(std::span<const HostId> one, std::span<const HostId> other);
    std::optional<Duration> wait_until_equal(std::string_view stage, Duration patience);
    bool fail(std::string what);
    bool check_growth();
    double mean_state() const;
    bool is_liar(HostId host) const { return is_liar_[index_of(host)]; }
    HostId any(std::span<const HostId> hosts) { return hosts[random_.below(hosts.size())]; }
    Duration spacing() const {
        return std::chrono::duration_cast<Duration>(
            std::chrono::duration<double>(1.0 / options_.publish_per_second));
    }
    std::chrono::seconds lifetime();

    std::string broken() const;
    GraphReport finish();
    void report_topology(const std::vector<HostId>& live);

    GraphOptions options_;
    Progress& progress_;
    SeededRandom random_;
    GraphFleet fleet_;
    std::vector<bool> is_liar_; // by host
    std::vector<GraphLiar*> liars_;
    struct Own {
        store::RecordId id;
        HostId owner{};
    };
    std::vector<Own> own_; // records that their publishers may change
    Instant next_check_ = kStart;
    graph::Counters before_;
    graph::Counters after_;
    Instant measured_from_{};
    double idle_bytes_per_s_ = 0;
    GraphReport report_;
};

bool GraphRun::fail(std::string what) {
    fleet_.world().report_breach(std::nullopt, std::move(what));
    return false;
}

bool GraphRun::fine() {
    if (auto complaint = fleet_.check()) return fail(*std::move(complaint));
    return !fleet_.world().breach();
}

bool GraphRun::advance(Instant until) {
    StreamWorld& world = fleet_.world();
    while (world.now() < until) {
        if (!world.run_until(std::min(until, next_check_))) return false;
        if (world.now() < next_check_) continue;
        next_check_ = world.now() + kCheckEvery;
        if (!fine()) return false;
    }
    return !world.breach();
}

bool GraphRun::pass(std::string_view stage, Duration duration) {
    const Instant begin = fleet_.world().now();
    const Instant end = begin + duration;
    while (fleet_.world().now() < end) {
        if (!advance(std::min(end, fleet_.world().now() + kLookEvery))) return false;
        progress_.show(stage, seconds(fleet_.world().now() - begin) / seconds(duration));
    }
    return true;
}

// How long it took; nothing if something broke or it took too long.
std::optional<Duration> GraphRun::wait_until_equal(std::string_view stage, Duration patience) {
    const Instant begin = fleet_.world().now();
    for (;;) {
        const Duration waited = fleet_.world().now() - begin;
        const bool is_done = fleet_.all_synchronized() &&
                             fleet_.ledger().is_complete(fleet_.live(), fleet_.peer_time()) &&
                             fleet_.has_equal_databases();
        if (is_done) return waited;
        if (waited >= patience) {
            fail(fmt::format(
                "{}: databases differ after {:.0f} s: {}; untold: {}",
                stage,
                seconds(waited),
                fleet_.difference(),
                fleet_.ledger()
                    .find_incomplete(fleet_.live(), fleet_.peer_time())
                    .value_or("none")));
            return std::nullopt;
        }
        if (!advance(fleet_.world().now() + kLookEvery)) return std::nullopt;
        progress_.show(stage, seconds(waited) / seconds(patience));
    }
}

// Joining ----------------------------------------------------------------------------------------

bool GraphRun::join() {
    is_liar_.resize(options_.nodes);
    std::vector<std::size_t> order(options_.nodes - 1); // of those that may lie
    std::iota(order.begin(), order.end(), 1);
    for (std::size_t i = 0; i < std::min(options_.liars(), order.size()); ++i) {
        std::swap(order[i], order[i + random_.below(order.size() - i)]);
        is_liar_[order[i]] = true;
    }
    for (std::size_t i = 0; i < options_.nodes; ++i)
        fleet_.add();
    const Instant begin = fleet_.world().now();
    fleet_.found(host_id(0));
    for (std::size_t i = 1; i < options_.nodes; ++i) {
        if (!advance(fleet_.world().now() + kJoinSpacing)) return false;
        const HostId host = host_id(i);
        if (is_liar(host)) {
            const GraphLie manner = options_.lies[liars_.size() % options_.lies.size()];
            const GraphLiar::Origin origin{
                options_.seed, host, options_.is_secured, options_.rules, manner};
            const StreamWorld& world = fleet_.world();
            auto liar = std::make_unique<GraphLiar>(
                origin, world.endpoint(host), fleet_, world.now_at(host));
            liars_.push_back(liar.get());
            fleet_.start_liar(host, std::move(liar));
        } else {
            fleet_.start(host);
        }
        progress_.show("joining", static_cast<double>(i) / static_cast<double>(options_.nodes));
    }
    if (!wait_until_equal("joining", kJoinedWithin)) return false;
    report_.joined_s = seconds(fleet_.world().now() - begin);
    const auto settling = std::chrono::duration_cast<Duration>(
        kSettling * std::max(1.0, options_.timers.value_or(1.0)));
    if (!pass("settling", settling / 2)) return false;
    const graph::Counters before = fleet_.counters();
    if (!pass("settling", settling / 2)) return false;
    const graph::Counters after = fleet_.counters();
    const auto idle = static_cast<double>(after.bytes_received - before.bytes_received);
    idle_bytes_per_s_ = idle / seconds(settling / 2);
    const auto live = static_cast<double>(fleet_.live().size());
    report_.idle_bytes_per_node_minute = idle_bytes_per_s_ * 60 / live;
    return true;
}

// Publishing -------------------------------------------------------------------------------------

std::chrono::seconds GraphRun::lifetime() {
    if (!options_.has_churn) return kLifetime;
    const auto range = std::chrono::seconds(kShortLifeMax - kShortLifeMin).count();
    const auto more = random_.below(static_cast<std::uint64_t>(range));
    return kShortLifeMin + std::chrono::seconds(more);
}

bool GraphRun::publish_one(const std::vector<HostId>& among) {
    const std::uint64_t dice = random_.next();
    const bool changes = dice % kUpdateOneIn == 0 && !own_.empty();
    if (changes && change_one(among)) return true;
    const HostId by = any(among);
    if (!fleet_.graph(by).status().is_synchronized) return true; // came back a moment ago
    const auto id = fleet_.add_record(by, options_.size, lifetime());
    if (!id) {
        return fail(fmt::format(
            "host {} may not publish: error {}", index_of(by), static_cast<unsigned>(id.error())));
    }
    own_.push_back({*id, by});
    return !fleet_.world().breach();
}

// An update or the end of a record by its own publisher; false if that one is not there.
bool GraphRun::change_one(const std::vector<HostId>& among) {
    const std::size_t at = random_.below(own_.size());
    const Own own = own_[at];
    const bool ends = random_.below(kDeleteOneIn / kUpdateOneIn + 1) == 0;
    if (!std::ranges::binary_search(among, own.owner)) return false;
    const bool is_done = ends ? fleet_.remove_record(own.owner, own.id).has_value()
                              : fleet_.update_record(own.owner, own.id, options_.size).has_value();
    if (ends || !is_done) {
        own_[at] = own_.back();
        own_.pop_back();
    }
    return is_done;
}

bool GraphRun::publish(std::size_t count, std::string_view stage) {
    const Duration between = spacing();
    for (std::size_t i = 0; i < count; ++i) {
        if (!publish_one(fleet_.live())) return false;
        if (!advance(fleet_.world().now() + between)) return false;
        progress_.show(stage, static_cast<double>(i) / static_cast<double>(count));
    }
    return true;
}

bool GraphRun::publish_all() {
    const std::size_t warm_up = std::max<std::size_t>(options_.records / 4, 10);
    if (!publish(warm_up, "warming up")) return false;
    if (!wait_until_equal("warming up", kEqualWithin)) return false;
    before_ = fleet_.counters();
    measured_from_ = fleet_.world().now();
    fleet_.ledger().measure(true);
    const std::size_t first = options_.killed() > 0 ? options_.records / 2 : options_.records;
    if (!publish(first, "publishing")) return false;
    if (options_.killed() > 0 && !kill()) return false;
    if (!publish(options_.records - first, "publishing")) return false;
    fleet_.ledger().measure(false);
    if (!wait_until_equal("published", kEqualWithin)) return false;
    after_ = fleet_.counters();
    const double measured_s = seconds(fleet_.world().now() - measured_from_);
    const auto bytes = static_cast<double>(after_.bytes_received - before_.bytes_received);
    const auto nodes = static_cast<double>(fleet_.live().size());
    report_.bytes_per_record_per_node = std::max(0.0, bytes - idle_bytes_per_s_ * measured_s) /
                                        nodes / static_cast<double>(options_.records);
    return true;
}

bool GraphRun::work() {
    if (options_.has_churn) return churn();
    return publish_all() && (!options_.has_partition || split());
}

// What happens to them ---------------------------------------------------------------------------

bool GraphRun::kill() {
    std::vector<HostId> hosts = fleet_.live();
    const std::size_t killed = std::min(options_.killed(), hosts.size() - 1);
    for (std::size_t i = 0; i < killed; ++i) {
        std::swap(hosts[i], hosts[i + random_.below(hosts.size() - i)]);
        fleet_.crash(hosts[i], random_.below(2) == 0 ? Stop::process : Stop::power);
    }
    const auto took = wait_until_equal("after the kill", kEqualWithin);
    if (!took) return false;
    report_.converged_after_kill_s = seconds(*took);
    return true;
}

// Some records that both halves change, and some that one deletes and the other one changes.
void GraphRun::contest_some(std::span<const HostId> one, std::span<const HostId> other) {
    for (std::size_t i = 0; i < kContested && !own_.empty(); ++i) {
        const std::size_t at = random_.below(own_.size());
        const store::RecordId id = own_[at].id;
        own_[at] = own_.back();
        own_.pop_back();
        fleet_.ledger().contest(id);
        (void)fleet_.update_record(any(one), id, options_.size);
        if (i % 3 == 0) {
            (void)fleet_.remove_record(any(other), id);
        } else {
            (void)fleet_.update_record(any(other), id, options_.size);
            if (i % 3 == 1) (void)fleet_.update_record(any(other), id, options_.size);
        }
    }
}

bool GraphRun::split() {
    std::vector<HostId> hosts = fleet_.live();
    for (std::size_t i = 0; i < options_.nodes; ++i) {
        if (is_liar(host_id(i))) fleet_.world().put(host_id(i), i % 2);
    }
    const std::size_t half = hosts.size() / 2;
    for (std::size_t i = 0; i < half; ++i) {
        std::swap(hosts[i], hosts[i + random_.below(hosts.size() - i)]);
        fleet_.world().put(hosts[i], 1);
    }
    std::vector<HostId> one(hosts.begin(), hosts.begin() + static_cast<std::ptrdiff_t>(half));
    std::vector<HostId> other(hosts.begin() + static_cast<std::ptrdiff_t>(half), hosts.end());
    std::ranges::sort(one);
    std::ranges::sort(other);
    fleet_.world().cut();
    const Instant healed_at = fleet_.world().now() + std::chrono::seconds(options_.split_seconds);
    if (!pass("split", 1s)) return false;
    contest_some(one, other);
    const Instant quiet_at = healed_at - kQuietBeforeHealing;
    for (std::size_t i = 0; i < options_.records && fleet_.world().now() < quiet_at; ++i) {
        if (!publish_one(i % 2 == 0 ? one : other)) return false;
        if (!advance(fleet_.world().now() + spacing())) return false;
    }
    if (!advance(healed_at)) return false;
    report_.halves_converged = GraphFleet::has_equal_databases(fleet_, one) &&
                               GraphFleet::has_equal_databases(fleet_, other);
    fleet_.world().heal();
    const auto took = wait_until_equal("healed", kEqualWithin);
    if (!took) return false;
    report_.converged_after_heal_s = seconds(*took);
    return true;
}

// Databases hold what lives, and little else.
bool GraphRun::check_growth() {
    const std::size_t expected = fleet_.ledger().unexpired() + 4 * options_.nodes + 200;
    for (const HostId host : fleet_.live()) {
        const std::size_t kept = fleet_.database(host).index().size();
        if (kept <= expected) continue;
        return fail(fmt::format(
            "host {} keeps {} records of {} that live or died lately",
            index_of(host),
            kept,
            fleet_.ledger().unexpired()));
    }
    return true;
}

bool GraphRun::churn() {
    std::vector<HostId> hosts = fleet_.live();
    GraphChurn churn(fleet_, hosts, random_);
    const Instant begin = fleet_.world().now();
    const Instant end = begin + std::chrono::hours(options_.churn_hours);
    const Instant warm_at = begin + std::min<Duration>(kChurnWarmUp, (end - begin) / 2);
    Instant next_publish = begin;
    Instant next_look = begin;
    std::optional<double> early;
    double most = 0;
    fleet_.ledger().measure(true);
    before_ = fleet_.counters();
    while (fleet_.world().now() < end) {
        const Instant next = std::min({next_publish, churn.next_at(), next_look, end});
        if (!advance(next)) return false;
        const Instant now = fleet_.world().now();
        if (churn.next_at() <= now) churn.turn();
        if (next_publish <= now) {
            next_publish = now + spacing();
            if (!publish_one(fleet_.live())) return false;
        }
        if (next_look > now) continue;
        next_look = now + 10min;
        if (!check_growth()) return false;
        most = std::max(most, mean_state());
        if (!early && now >= warm_at) early = std::exchange(most, 0.0);
        progress_.show("churning", seconds(now - begin) / seconds(end - begin));
    }
    fleet_.ledger().measure(false);
    churn.recall();
    report_.crashes = churn.crashes();
    report_.leaves = churn.leaves();
    report_.returns = churn.returns();
    if (!wait_until_equal("after the churn", kEqualWithin)) return false;
    after_ = fleet_.counters();
    if (early && most > *early * kStateGrowthMax + kStateGrowthFree) {
        return fail(fmt::format("state grew from {:.0f} to {:.0f} bytes", *early, most));
    }
    return true;
}

// Bytes of a node; one of them may be busy with a newcomer, not all.
double GraphRun::mean_state() const {
    double sum = 0;
    const std::vector<HostId> live = fleet_.live();
    for (const HostId host : live)
        sum += static_cast<double>(fleet_.graph(host).memory());
    return sum / static_cast<double>(std::max<std::size_t>(live.size(), 1));
}

bool GraphRun::shrink() {
    if (!options_.shrinks) return true;
    std::vector<HostId> hosts = fleet_.live();
    while (hosts.size() > kLeftAfterShrinking) {
        const std::size_t at = random_.below(hosts.size());
        fleet_.leave(hosts[at]);
        hosts.erase(hosts.begin() + static_cast<std::ptrdiff_t>(at));
        if (!advance(fleet_.world().now() + kLeaveSpacing)) return false;
        progress_.show("shrinking", 1.0 / static_cast<double>(hosts.size()));
    }
    return wait_until_equal("after the shrinking", kEqualWithin).has_value();
}

// The report -------------------------------------------------------------------------------------

std::string GraphRun::broken() const {
    const auto& breach = fleet_.world().breach();
    if (!breach) return "stopped without a reason";
    const double at = seconds(breach->at - kStart);
    if (!breach->host) return fmt::format("at {:.6f} s: {}", at, breach->what);
    return fmt::format("at {:.6f} s: host {} {}", at, index_of(*breach->host), breach->what);
}

void GraphRun::report_topology(const std::vector<HostId>& live) {
    double neighbours = 0;
    double state = 0;
    report_.neighbours_min = options_.nodes;
    for (const HostId host : live) {
        const graph::Graph& it = fleet_.graph(host);
        const auto links = it.links();
        const auto count = static_cast<std::size_t>(std::ranges::count_if(
            links, [](const graph::LinkInfo& link) { return !link.is_direct && link.node != 0; }));
        neighbours += static_cast<double>(count);
        report_.neighbours_min = std::min(report_.neighbours_min, count);
        report_.neighbours_max = std::max(report_.neighbours_max, count);
        state += static_cast<double>(it.memory());
        report_.state_bytes_max = std::max(report_.state_bytes_max, it.memory());
    }
    const auto nodes = static_cast<double>(live.size());
    report_.neighbours_mean = neighbours / nodes;
    report_.state_bytes_per_node = state / nodes;
    report_.contacts = fleet_.graph(live.front()).contacts();
    report_.store_records = fleet_.database(live.front()).index().size();
}

GraphReport GraphRun::finish() {
    const std::vector<HostId> live = fleet_.live();
    report_.nodes = options_.nodes;
    report_.live_nodes = live.size();
    report_.seed = options_.seed;
    report_.network = name_of(options_.network);
    report_.rules = options_.rules == store::Rules::modern ? "modern" : "published";

    const Deliveries deliveries = fleet_.ledger().deliveries(live, fleet_.peer_time());
    report_.published = deliveries.published;
    report_.expected = deliveries.expected;
    report_.missed = deliveries.expected - deliveries.delivered;
    report_.delivered_pct = deliveries.expected == 0
                                ? 100.0
                                : 100.0 * static_cast<double>(deliveries.delivered) /
                                      static_cast<double>(deliveries.expected);
    report_.last_delivery_hops_max = deliveries.hops_max;
    report_.hops_mean = deliveries.hops_mean;
    report_.latency_p50_ms = percentile(deliveries.latencies_ms, 0.5F);
    report_.latency_p99_ms = percentile(deliveries.latencies_ms, 0.99F);
    if (!deliveries.latencies_ms.empty()) {
        report_.latency_max_ms = deliveries.latencies_ms.back();
    }
    const auto redundant = static_cast<double>(after_.tree_redundant - before_.tree_redundant);
    const auto useful = static_cast<double>(after_.tree_useful - before_.tree_useful);
    report_.redundant_copies_per_node = redundant / std::max(useful, 1.0);

    report_topology(live);
    report_.peer_time_spread_ms = static_cast<double>(fleet_.peer_time_spread().count());
    report_.rtt_ms = median_round_trip_ms(fleet_.world().link(), options_.seed, options_.nodes);
    report_.liars = liars_.size();
    for (const GraphLiar* liar : liars_)
        report_.lies_told += liar->told();
    report_.counters = fleet_.counters();
    report_.connections_opened = fleet_.world().traffic().opened;
    report_.connections_broken = fleet_.world().traffic().broken;
    report_.trace_hash = fleet_.world().trace_hash();
    report_.virtual_s = seconds(fleet_.world().now() - kStart);
    return report_;
}

} // namespace

std::expected<GraphReport, std::string>
run_graph_once(const GraphOptions& options, Progress& progress) {
    return GraphRun(options, progress).run();
}

std::expected<GraphReport, std::string>
run_graph_twice(const GraphOptions& options, Progress& progress) {
    return run_twice([&](Progress& shown) { return run_graph_once(options, shown); }, progress);
}

} // namespace kith::sim
