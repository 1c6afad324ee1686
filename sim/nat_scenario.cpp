#include "sim/nat_scenario.hpp"

#include "base/random.hpp"
#include "sim/fleet.hpp"
#include "sim/seed.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::sim {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBehindShare = 4; // one in so many nodes
constexpr std::size_t kPerNat = 2;
constexpr std::size_t kQuestionsEach = 8;
constexpr Duration kNatJoinSpacing = 100ms;
constexpr Duration kNatPublishDelay = 1s;

class NatRun {
public:
    NatRun(const NamesOptions& options, Progress& progress)
        : progress_(progress),
          random_(derive_seed(options.seed, Stream::scenario)),
          fleet_(fleet_config(options)) {
        report_.nodes = options.nodes;
        report_.seed = options.seed;
        report_.kind = *options.nat;
        report_.behind = options.nodes / kBehindShare;
    }

    std::expected<NatReport, std::string> run() {
        const bool went_well = join() && find_out() && publish() && resolve() && wait();
        if (!went_well) return std::unexpected(broken());
        report_.trace_hash = fleet_.world().trace_hash();
        report_.virtual_s = std::chrono::duration<double>(fleet_.world().now() - kStart).count();
        return report_;
    }

private:
    struct Tally {
        std::size_t resolves = 0;
        std::size_t succeeded = 0;
    };

    static FleetConfig fleet_config(const NamesOptions& options) {
        FleetConfig config;
        config.seed = options.seed;
        config.link.loss = options.loss_percent ? *options.loss_percent / 100.0 : kWanLoss;
        config.has_v4 = true;
        return config;
    }

    bool pass(std::string_view stage, Duration duration) {
        progress_.show(stage, 0);
        if (!fleet_.world().run_for(duration)) return false;
        if (auto late = fleet_.ledger().check_overdue(fleet_.world().now())) {
            fleet_.world().report_breach(std::nullopt, *std::move(late));
            return false;
        }
        return true;
    }

    HostId add_behind() {
        if (report_.kind == NatKind::none) return fleet_.add();
        if (behind_.size() % kPerNat == 0) nat_ = fleet_.add_nat(report_.kind);
        return fleet_.add_behind(nat_);
    }

    bool join() {
        const std::size_t open = report_.nodes - report_.behind;
        std::vector<HostId> seeds;
        for (std::size_t i = 0; i < open; ++i) {
            open_.push_back(fleet_.add());
            if (i < 2) seeds.push_back(open_.back());
        }
        for (const HostId host : open_) {
            fleet_.start(host, seeds);
            if (!pass("joining", kNatPublishDelay)) return false;
            const auto name = fleet_.publish(host);
            if (!name) return fail("a public node was refused its registration");
            open_names_.push_back(*name);
        }
        if (!pass("joining", 1min)) return false;
        for (std::size_t i = 0; i < report_.behind; ++i) {
            behind_.push_back(add_behind());
            fleet_.start(behind_.back(), seeds);
            if (!pass("joining", kNatJoinSpacing)) return false;
        }
        return true;
    }

    bool find_out() {
        if (!pass("finding out", 3min)) return false;
        for (const HostId host : behind_) {
            const auto status = fleet_.node(host).status(fleet_.world().now_at(host));
            report_.publish += status.reach == pnrp::Reach::publish ? 1 : 0;
            report_.resolve_only += status.reach == pnrp::Reach::resolve_only ? 1 : 0;
            report_.unknown += status.reach == pnrp::Reach::unknown ? 1 : 0;
            ++report_.reasons[static_cast<std::size_t>(status.reach_reason)];
        }
        for (const HostId host : open_) {
            const auto status = fleet_.node(host).status(fleet_.world().now_at(host));
            report_.false_public += status.reach == pnrp::Reach::resolve_only ? 1 : 0;
        }
        return true;
    }

    bool publish() {
        for (const HostId host : behind_) {
            const auto name = fleet_.publish(host);
            if (name) {
                hidden_names_.emplace_back(host, *name);
            } else if (name.error() == pnrp::RegisterErrc::resolve_only) {
                ++report_.refused;
            } else {
                return fail("a registration was refused for another reason");
            }
        }
        report_.published = hidden_names_.size();
        return pass("publishing", 2min);
    }

    bool resolve() {
        fleet_.ledger().forget_answers();
        for (const HostId host : behind_) {
            for (std::size_t i = 0; i < kQuestionsEach; ++i) {
                fleet_.ask(host, open_names_[random_.below(open_names_.size())]);
                if (!pass("resolving", 50ms)) return false;
            }
            if (const auto other = name_elsewhere(host)) fleet_.ask(host, *other);
        }
        const auto own = count();
        if (!own) return false;
        report_.resolves = own->resolves;
        report_.succeeded = own->succeeded;
        const auto others = ask_for_hidden();
        if (!others) return false;
        report_.published_resolves = others->resolves;
        report_.published_succeeded = others->succeeded;
        return true;
    }

    bool wait() {
        const auto before = fleet_.world().traffic().bytes;
        if (!pass("waiting", 10min)) return false;
        report_.idle_bytes_per_node_minute =
            static_cast<double>(fleet_.world().traffic().bytes - before) /
            static_cast<double>(report_.nodes) / 10.0;
        const auto others = ask_for_hidden();
        if (!others) return false;
        report_.later_resolves = others->resolves;
        report_.later_succeeded = others->succeeded;
        return true;
    }

    // Nodes of one translator without hairpin do not meet outside: that is the site's cloud's.
    std::optional<PublicationId> name_elsewhere(HostId asker) {
        const auto home = [&](HostId host) {
            return (index_of(host) - index_of(behind_.front())) / kPerNat;
        };
        std::vector<PublicationId> elsewhere;
        for (const auto& [host, name] : hidden_names_) {
            if (home(host) != home(asker)) elsewhere.push_back(name);
        }
        if (elsewhere.empty()) return std::nullopt;
        return elsewhere[random_.below(elsewhere.size())];
    }

    std::optional<Tally> ask_for_hidden() {
        fleet_.ledger().forget_answers();
        for (const auto& [host, name] : hidden_names_) {
            fleet_.ask(open_[random_.below(open_.size())], name);
            if (!pass("resolving", 50ms)) return std::nullopt;
        }
        return count();
    }

    std::optional<Tally> count() {
        if (!pass("resolving", kResolveTimeout + 1s)) return std::nullopt;
        Tally tally;
        for (const Answer& answer : fleet_.ledger().answers()) {
            ++tally.resolves;
            tally.succeeded += answer.verdict == Verdict::correct ? 1 : 0;
            const bool is_false =
                answer.verdict == Verdict::forged || answer.verdict == Verdict::ghost;
            report_.forged += is_false ? 1 : 0;
        }
        return tally;
    }

    bool fail(std::string what) {
        fleet_.world().report_breach(std::nullopt, std::move(what));
        return false;
    }

    std::string broken() const {
        const auto& breach = fleet_.world().breach();
        if (!breach) return "stopped without a reason";
        return breach->host ? fmt::format("host {} {}", index_of(*breach->host), breach->what)
                            : breach->what;
    }

    Progress& progress_;
    SeededRandom random_;
    Fleet fleet_;
    NatReport report_;
    NatId nat_{};
    std::vector<HostId> open_;
    std::vector<HostId> behind_;
    std::vector<PublicationId> open_names_;
    std::vector<std::pair<HostId, PublicationId>> hidden_names_;
};

bool can_publish(NatKind kind) {
    return kind == NatKind::none || kind == NatKind::full_cone;
}

} // namespace

std::optional<std::string> NatReport::what_is_wrong() const {
    std::size_t right = can_publish(kind) ? publish : resolve_only;
    // At a public address of its own a node in a small cloud may run out of strangers to be reached
    // by: it says that it does not know, and publishes.
    if (kind == NatKind::none) right += unknown;
    if (right != behind) {
        return fmt::format("only {} of {} nodes said rightly what they can do", right, behind);
    }
    if (false_public != 0) {
        return fmt::format("{} public nodes believe that they can only resolve", false_public);
    }
    if ((can_publish(kind) ? published : refused) != behind) {
        return fmt::format("{} published, {} refused, of {} nodes", published, refused, behind);
    }
    if (succeeded != resolves) {
        return fmt::format("only {} of {} resolves from behind succeeded", succeeded, resolves);
    }
    if (published_succeeded != published_resolves || later_succeeded != later_resolves) {
        return fmt::format(
            "only {} of {} resolves of names behind succeeded, and {} of {} later",
            published_succeeded,
            published_resolves,
            later_succeeded,
            later_resolves);
    }
    if (forged != 0) return fmt::format("{} forged results", forged);
    return std::nullopt;
}

std::expected<NatReport, std::string>
run_nat_once(const NamesOptions& options, Progress& progress) {
    return NatRun(options, progress).run();
}

std::expected<NatReport, std::string>
run_nat_twice(const NamesOptions& options, Progress& progress) {
    auto first = run_nat_once(options, progress);
    if (!first) return first;
    const auto second = run_nat_once(options, progress);
    if (!second) return std::unexpected("only the second run failed: " + second.error());
    if (first->trace_hash != second->trace_hash) {
        return std::unexpected(fmt::format(
            "two runs of one seed differ: trace {:016x} and {:016x}",
            first->trace_hash,
            second->trace_hash));
    }
    return first;
}

std::string to_text(const NatReport& report) {
    std::string out = fmt::format(
        "nodes             {}\n"
        "translators       {}\n"
        "nodes behind      {}\n"
        "  can publish     {}\n"
        "  resolve only    {}\n"
        "  do not know     {}\n",
        report.nodes,
        to_string(report.kind),
        report.behind,
        report.publish,
        report.resolve_only,
        report.unknown);
    for (std::size_t i = 0; i < report.reasons.size(); ++i) {
        if (report.reasons[i] == 0) continue;
        const auto reason = static_cast<pnrp::ReachReason>(i);
        out += fmt::format("    {:<22}{}\n", to_string(reason), report.reasons[i]);
    }
    out += fmt::format(
        "  published       {}\n"
        "  refused         {}\n"
        "their resolves    {} of {}\n"
        "of their names    {} of {}, ten minutes later {} of {}\n"
        "idle traffic      {:.1f} B per node and minute\n"
        "trace hash        {:016x}, twice\n",
        report.published,
        report.refused,
        report.succeeded,
        report.resolves,
        report.published_succeeded,
        report.published_resolves,
        report.later_succeeded,
        report.later_resolves,
        report.idle_bytes_per_node_minute,
        report.trace_hash);
    return out;
}

std::string to_json(const NatReport& report) {
    nlohmann::ordered_json reasons = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < report.reasons.size(); ++i) {
        reasons[std::string(to_string(static_cast<pnrp::ReachReason>(i)))] = report.reasons[i];
    }
    const nlohmann::ordered_json json = {
        {"nodes", report.nodes},
        {"seed", report.seed},
        {"nat", to_string(report.kind)},
        {"nodes_behind", report.behind},
        {"publish", report.publish},
        {"resolve_only", report.resolve_only},
        {"unknown", report.unknown},
        {"reasons", reasons},
        {"public_resolve_only", report.false_public},
        {"published", report.published},
        {"refused", report.refused},
        {"resolves", report.resolves},
        {"succeeded", report.succeeded},
        {"published_resolves", report.published_resolves},
        {"published_succeeded", report.published_succeeded},
        {"later_resolves", report.later_resolves},
        {"later_succeeded", report.later_succeeded},
        {"forged", report.forged},
        {"idle_bytes_per_node_minute", report.idle_bytes_per_node_minute},
        {"signatures", "real"},
        {"trace_hash", fmt::format("{:016x}", report.trace_hash)},
        {"virtual_s", report.virtual_s},
    };
    return json.dump();
}

} // namespace kith::sim
