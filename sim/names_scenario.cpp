#include "sim/names_scenario.hpp"

#include "base/random.hpp"
#include "sim/addresses.hpp"
#include "sim/adversary.hpp"
#include "sim/churn.hpp"
#include "sim/content.hpp"
#include "sim/figures.hpp"
#include "sim/fleet.hpp"
#include "sim/seed.hpp"
#include "sim/twice.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fmt/format.h>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::sim {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kSeedsMax = 3;
constexpr std::size_t kNodesPerSeed = 64; // a small cloud has one seed
constexpr Duration kJoinSpacing = 30ms;
constexpr Duration kPublishDelay = 3s;
constexpr Duration kSettling = 15min; // caches go on filling gaps for 10 minutes or so
constexpr Duration kAfterKill = 5min;
constexpr Duration kSplit = 10min;
constexpr Duration kAfterHealing = 8min;
constexpr Duration kIdleWindow = 3min; // the last part of whatever comes before the resolves
constexpr Duration kResolvingMin = 20s;
constexpr Duration kResolvingMax = 10min;
constexpr Duration kResolvingMaxHealed = 100s; // and 10 s of timeout: within 10 minutes of healing
constexpr Duration kAdversaryHour = 1h;        // of a run with an adversary, all in all
constexpr Duration kAnnounced = 10s;           // a younger name is not asked for
constexpr Duration kOverdueCheckEvery = 1s;
constexpr std::size_t kNodesSideBySideMax = 20'000; // larger runs come one after the other: memory

class NamesRun {
public:
    NamesRun(const NamesOptions& options, Progress& progress)
        : options_(options),
          progress_(progress),
          random_(derive_seed(options.seed, Stream::scenario)),
          fleet_(fleet_config(options)) {
        if (!options.has_adversary()) return;
        adversary_.emplace(options.seed, options.lies);
        fleet_.world().set_tap(&*adversary_);
    }

    std::expected<NamesReport, std::string> run() {
        const bool went_well = join() && pass("settling", kSettling - kIdleWindow) && kill() &&
                               split() && idle(idle_) && resolve() && idle(idle_later_);
        if (!went_well) return std::unexpected(broken());
        return report();
    }

private:
    static FleetConfig fleet_config(const NamesOptions& options) {
        const bool is_lan = options.latency == Latency::lan;
        FleetConfig config;
        config.seed = options.seed;
        config.link.latency = options.latency;
        config.link.loss = options.loss_percent ? *options.loss_percent / 100.0
                           : is_lan             ? 0.0
                                                : kWanLoss;
        config.scope = is_lan ? Scope::link : Scope::global;
        config.profile = options.profile;
        return config;
    }

    bool join();
    bool kill();
    bool split();
    struct Window {
        Traffic before;
        Traffic after;
    };

    bool idle(Window& window);
    bool resolve();
    bool ask();
    bool pass(std::string_view stage, Duration duration);
    bool advance(Instant until);
    bool fail(std::string what);
    bool publish(HostId host);
    void add_hosts();
    void recruit();
    void prepare_attack(std::vector<HostId>& seeds);
    bool is_liar(HostId host) const {
        return index_of(host) < is_liar_.size() && is_liar_[index_of(host)];
    }
    Duration resolve_window(std::size_t resolves) const;
    struct Published {
        HostId owner{};
        PublicationId name{};
    };
    std::optional<Published> live_name();

    std::string broken() const;
    NamesReport report();
    void report_answers(NamesReport& report) const;

    NamesOptions options_;
    Progress& progress_;
    SeededRandom random_;
    Fleet fleet_;
    LiveNames names_;
    std::optional<Adversary> adversary_;
    std::vector<bool> is_liar_;              // by host
    std::vector<pnrp::Registration> ground_; // what the liars from `first_ground_` on publish
    std::size_t first_ground_ = 0;
    std::optional<HostId> attacked_; // whose name everybody asks for
    Window idle_;
    Window idle_later_;
    Traffic resolve_after_;
    Duration resolve_window_{};
};

bool NamesRun::fail(std::string what) {
    fleet_.world().report_breach(std::nullopt, std::move(what));
    return false;
}

bool NamesRun::advance(Instant until) {
    World& world = fleet_.world();
    while (world.now() < until) {
        if (!world.run_until(std::min(until, world.now() + kOverdueCheckEvery))) return false;
        if (auto complaint = fleet_.ledger().check_overdue(world.now())) {
            return fail(*std::move(complaint));
        }
    }
    return !world.breach();
}

bool NamesRun::pass(std::string_view stage, Duration duration) {
    const Instant begin = fleet_.world().now();
    const Instant end = begin + duration;
    while (fleet_.world().now() < end) {
        const Instant next = std::min(end, fleet_.world().now() + kOverdueCheckEvery);
        if (!advance(next)) return false;
        progress_.show(stage, seconds(next - begin) / seconds(duration));
    }
    return true;
}

bool NamesRun::publish(HostId host) {
    const std::size_t at = index_of(host);
    const bool is_ground = at >= first_ground_ && at < first_ground_ + ground_.size();
    const auto id =
        is_ground ? fleet_.publish(host, ground_[at - first_ground_]) : fleet_.publish(host);
    if (!id) return fail(fmt::format("host {} was refused its registration", index_of(host)));
    names_[at] = *id;
    if (is_liar(host)) {
        adversary_->enlist(
            fleet_.world().endpoints(host).front(),
            fleet_.id_of(host, *id),
            fleet_.ledger().publication(*id).content);
    }
    return true;
}

void NamesRun::recruit() {
    if (!adversary_) return;
    for (std::size_t i = 0; i < is_liar_.size(); ++i) {
        if (is_liar_[i]) adversary_->recruit(fleet_.world().endpoints(host_id(i)).front());
    }
}

// Any of the nodes, the seeds among them, as long as one seed is honest.
void NamesRun::add_hosts() {
    const std::size_t hosts = options_.nodes + options_.ground();
    names_.resize(hosts);
    is_liar_.resize(hosts);
    for (std::size_t i = 0; i < hosts; ++i) {
        // Hosts 2 to 65 of an attack are one network's: addresses are cheap within a /48.
        const bool is_ground = i > 1 && i < 2 + options_.ground();
        const bool is_beside = is_ground && options_.latency == Latency::wan;
        if (is_beside) {
            fleet_.add_at(global_endpoint_beside(host_id(1), host_id(i)));
        } else {
            fleet_.add();
        }
    }
    std::vector<std::size_t> order(options_.nodes - 1); // of those that may be his
    std::iota(order.begin(), order.end(), 1);
    const auto liars = static_cast<std::size_t>(
        static_cast<double>(options_.nodes) * options_.adversary_percent / 100);
    for (std::size_t i = 0; i < std::min(liars, order.size()); ++i) {
        std::swap(order[i], order[i + random_.below(order.size() - i)]);
        is_liar_[order[i]] = true;
    }
}

// The second seed is hostile, and his other nodes are there before the name that they surround.
void NamesRun::prepare_attack(std::vector<HostId>& seeds) {
    seeds = {host_id(0), host_id(1)};
    first_ground_ = seeds.size();
    std::fill_n(is_liar_.begin() + 1, 1 + options_.ground(), true);
    const std::size_t honest = first_ground_ + options_.ground();
    attacked_ = host_id(honest + random_.below(names_.size() - honest));
    const Address& address = fleet_.world().endpoints(*attacked_).front().address;
    const ContentSource source{options_.seed, options_.profile->key_algorithm};
    const auto content = make_content(source, *attacked_, 0, address);
    ground_ = grind_content(source, content.name, options_.ground(), options_.nodes);
}

bool NamesRun::join() {
    const std::size_t seeds = std::clamp<std::size_t>(options_.nodes / kNodesPerSeed, 1, kSeedsMax);
    add_hosts();
    const std::size_t hosts = names_.size();
    std::vector<HostId> seed_hosts;
    seed_hosts.reserve(seeds);
    for (std::size_t i = 0; i < seeds; ++i)
        seed_hosts.push_back(host_id(i));
    if (options_.has_attack) prepare_attack(seed_hosts);
    recruit();
    const Instant begin = fleet_.world().now();
    const auto lag = static_cast<std::size_t>(kPublishDelay / kJoinSpacing);
    for (std::size_t i = 0; i < hosts + lag; ++i) {
        if (i < hosts) fleet_.start(host_id(i), seed_hosts);
        if (i >= lag && !publish(host_id(i - lag))) return false;
        if (!advance(begin + static_cast<Duration::rep>(i + 1) * kJoinSpacing)) return false;
        progress_.show("joining", static_cast<double>(i) / static_cast<double>(hosts + lag));
    }
    return true;
}

bool NamesRun::kill() {
    if (options_.killed() == 0) return true;
    std::vector<HostId> hosts = fleet_.live();
    for (std::size_t i = 0; i < options_.killed(); ++i) {
        std::swap(hosts[i], hosts[i + random_.below(hosts.size() - i)]);
        fleet_.crash(hosts[i]);
        names_[index_of(hosts[i])].reset();
    }
    return pass("after the kill", kAfterKill - kIdleWindow);
}

bool NamesRun::split() {
    if (!options_.has_partition) return true;
    std::vector<HostId> hosts = fleet_.live();
    for (std::size_t i = 0; i < hosts.size() / 2; ++i) {
        std::swap(hosts[i], hosts[i + random_.below(hosts.size() - i)]);
        fleet_.world().partition().put(hosts[i], 1);
    }
    fleet_.world().partition().cut(0, 1);
    if (!pass("split", kSplit)) return false;
    fleet_.world().partition().heal();
    return pass("healed", kAfterHealing - kIdleWindow);
}

// Before the resolves and after them: a cloud grows calmer with time, and its mean is what they
// are measured against.
bool NamesRun::idle(Window& window) {
    if (&window == &idle_later_ && options_.adversary_percent > 0) { // its hour is over
        window = idle_;
        return true;
    }
    window.before = fleet_.world().traffic();
    if (!pass("idling", kIdleWindow)) return false;
    window.after = fleet_.world().traffic();
    return true;
}

std::optional<NamesRun::Published> NamesRun::live_name() {
    constexpr unsigned kTriesMax = 10'000; // one in ten nodes is alive: all of them fail never
    for (unsigned i = 0; i < kTriesMax; ++i) {
        const HostId host = host_id(random_.below(names_.size()));
        const auto& name = names_[index_of(host)];
        if (name && !is_liar(host) &&
            fleet_.ledger().publication(*name).since + kAnnounced <= fleet_.world().now()) {
            return Published{host, *name};
        }
    }
    return std::nullopt;
}

bool NamesRun::ask() {
    constexpr unsigned kTriesMax = 1000; // to find somebody else
    auto wanted = live_name();
    if (attacked_) wanted = Published{*attacked_, *names_[index_of(*attacked_)]};
    for (unsigned i = 0; wanted && i < kTriesMax; ++i) {
        const auto asker = live_name();
        if (!asker) break;
        if (asker->owner == wanted->owner) continue;
        fleet_.ask(asker->owner, wanted->name);
        return true;
    }
    return fail("too few live nodes to resolve anything");
}

Duration NamesRun::resolve_window(std::size_t resolves) const {
    if (options_.adversary_percent > 0) {
        const Duration left = kStart + kAdversaryHour - fleet_.world().now() - kResolveTimeout;
        return std::max<Duration>(left, kResolvingMin);
    }
    const auto per_node = static_cast<double>(resolves) / static_cast<double>(options_.nodes);
    const auto wanted = std::chrono::duration_cast<Duration>(60s * per_node);
    const Duration longest = options_.has_partition ? kResolvingMaxHealed : kResolvingMax;
    return std::clamp<Duration>(wanted, kResolvingMin, longest);
}

bool NamesRun::resolve() {
    const std::size_t resolves = options_.resolves.value_or(options_.nodes);
    const Duration window = resolve_window(resolves);
    Churn churn(fleet_, names_, random_);
    const Instant begin = fleet_.world().now();
    for (std::size_t i = 0; i < resolves; ++i) {
        const double share = static_cast<double>(i) / static_cast<double>(resolves);
        const Instant at = begin + std::chrono::duration_cast<Duration>(window * share);
        while (options_.has_churn && churn.next_at() <= at) {
            if (!advance(churn.next_at())) return false;
            if (!churn.turn()) return fail("a node that came back was refused its registration");
        }
        if (!advance(at) || !ask()) return false;
        progress_.show("resolving", share);
    }
    // Ends: an open question beyond its timeout is a breach.
    while (fleet_.ledger().open_questions() > 0) {
        if (!advance(fleet_.world().now() + 100ms)) return false;
    }
    resolve_window_ = fleet_.world().now() - begin;
    resolve_after_ = fleet_.world().traffic();
    return true;
}

std::string NamesRun::broken() const {
    const auto& breach = fleet_.world().breach();
    if (!breach) return "stopped without a reason";
    const double at = seconds(breach->at - kStart);
    if (!breach->host) return fmt::format("at {:.6f} s: {}", at, breach->what);
    return fmt::format("at {:.6f} s: host {} {}", at, index_of(*breach->host), breach->what);
}

void NamesRun::report_answers(NamesReport& report) const {
    std::vector<unsigned> lookups;
    std::vector<double> latencies;
    double lookups_sum = 0;
    for (const Answer& answer : fleet_.ledger().answers()) {
        if (!answer.publication) continue;
        const auto& until = fleet_.ledger().publication(*answer.publication).until;
        const bool owner_went = until && *until <= answer.started + answer.took;
        const bool is_false = answer.verdict == Verdict::forged || answer.verdict == Verdict::ghost;
        // Churn took the owner away while it was looked for: neither outcome says anything.
        if (owner_went && !is_false) continue;
        ++report.resolves;
        report.not_found += answer.verdict == Verdict::not_found ? 1 : 0;
        report.no_valid_answer += answer.verdict == Verdict::no_valid_answer ? 1 : 0;
        report.timed_out += answer.verdict == Verdict::timed_out ? 1 : 0;
        report.refused += answer.verdict == Verdict::refused ? 1 : 0;
        report.forged += is_false ? 1 : 0;
        if (answer.verdict != Verdict::correct) continue;
        ++report.succeeded;
        lookups.push_back(answer.lookups);
        lookups_sum += answer.lookups;
        latencies.push_back(milliseconds(answer.took));
    }
    std::ranges::sort(lookups);
    std::ranges::sort(latencies);
    if (!lookups.empty()) report.lookups_mean = lookups_sum / static_cast<double>(lookups.size());
    report.lookups_p99 = percentile(lookups, 0.99);
    report.lookups_max = lookups.empty() ? 0 : lookups.back();
    report.latency_p50_ms = percentile(latencies, 0.5);
    report.latency_p99_ms = percentile(latencies, 0.99);
}

NamesReport NamesRun::report() {
    NamesReport report;
    report.nodes = options_.nodes;
    report.seed = options_.seed;
    report.profile = options_.profile->name;
    report_answers(report);
    report.rtt_ms = median_round_trip_ms(fleet_.world().link(), options_.seed, options_.nodes);

    std::vector<HostId> live = fleet_.live();
    std::erase_if(live, [&](HostId host) { return is_liar(host); });
    const auto live_count = static_cast<double>(live.size());
    report.live_nodes = live.size();
    const auto mean_idle = [&](std::uint64_t Traffic::* of) {
        const auto in = [&](const Window& window) { return window.after.*of - window.before.*of; };
        return static_cast<double>(in(idle_) + in(idle_later_)) / 2;
    };
    const double idle_messages = mean_idle(&Traffic::datagrams);
    const double idle_bytes = mean_idle(&Traffic::bytes);
    const double windows = seconds(resolve_window_) / seconds(kIdleWindow);
    const auto messages = static_cast<double>(resolve_after_.datagrams - idle_.after.datagrams);
    const auto bytes = static_cast<double>(resolve_after_.bytes - idle_.after.bytes);
    const auto resolves = static_cast<double>(std::max<std::size_t>(report.resolves, 1));
    report.messages_per_resolve = std::max(0.0, messages - idle_messages * windows) / resolves;
    report.bytes_per_resolve = std::max(0.0, bytes - idle_bytes * windows) / resolves;
    const double node_minutes = live_count * seconds(kIdleWindow) / 60.0;
    report.idle_bytes_per_node_minute = idle_bytes / node_minutes;
    report.wakeups_per_node_minute = mean_idle(&Traffic::wakeups) / node_minutes;

    double state = 0;
    for (const HostId host : live) {
        const Now now = fleet_.world().now_at(host);
        const std::size_t owned = fleet_.world().core(host).state_bytes(now);
        state += static_cast<double>(owned);
        report.state_bytes_max = std::max(report.state_bytes_max, owned);
    }
    if (adversary_) {
        report.liars = adversary_->liars();
        report.lies_told = adversary_->told();
    }
    report.state_bytes_per_node = state / live_count;
    report.counters = fleet_.counters();
    report.trace_hash = fleet_.world().trace_hash();
    report.virtual_s = seconds(fleet_.world().now() - kStart);
    return report;
}

} // namespace

std::expected<NamesReport, std::string>
run_names_once(const NamesOptions& options, Progress& progress) {
    return NamesRun(options, progress).run();
}

std::expected<NamesReport, std::string>
run_names_twice(const NamesOptions& options, Progress& progress) {
    const bool is_large = options.nodes > kNodesSideBySideMax;
    return run_twice(
        [&](Progress& shown) { return run_names_once(options, shown); },
        progress,
        is_large ? Order::in_turn : Order::side_by_side);
}

} // namespace kith::sim
