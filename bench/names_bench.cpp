#include "names_bench.hpp"

#include "base/check.hpp"
#include "crypto/key.hpp"
#include "identity/peer_name.hpp"
#include "measure.hpp"
#include "swarm.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kith::bench {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kValueSize = 200; // bytes of payload, as the peers' values have
constexpr auto kGetTimeout = 10s;
constexpr auto kPhaseLimit = 90s; // what is not done by then counts as missed
constexpr std::size_t kJoins = 20;

struct Item {
    std::shared_ptr<const crypto::PrivateKey> key;
    identity::PeerName name;
    std::size_t owner = 0; // index of the node that publishes it
    pnrp::PnrpId id;
};

class NamesBench {
public:
    explicit NamesBench(const NamesOptions& options) : options_(options) {}

    int run() {
        start();
        publish();
        for (std::size_t i = 0; i < kGetters; ++i)
            getters_.push_back(swarm_.start_node());
        swarm_.run_for(6);
        const Phase idle;
        swarm_.run_for(4);
        idle_ = idle.rate();
        const std::size_t quarter = items_.size() / 4;
        get("get_first_c1", {0, 1}, all_alive(0, quarter), 1);
        get("get_first_c32", {2, 3}, all_alive(0, items_.size()), 32);
        join();
        kill("killed30", 0.3);
        get("after_kill30_get_c8", {4, 5}, all_alive(quarter, 3 * quarter), 8);
        kill("killed50", 0.5);
        get("after_kill50_get_c8", {6, 7}, all_alive(quarter, 3 * quarter), 8);
        return missed_ == 0 ? 0 : 1;
    }

private:
    static constexpr std::size_t kGetters = 8; // two a phase, all joined before any get

    void start() {
        const double resident = resident_mib();
        const double cpu = cpu_s();
        const double started = now_s();
        for (std::size_t i = 0; i < options_.nodes; ++i)
            nodes_.push_back(swarm_.start_node());
        const double created_s = now_s() - started;
        swarm_.run_for(options_.settle_s);
        const Phase idle;
        swarm_.run_for(5);
        const IdleRate rate = idle.rate();
        const auto nodes = static_cast<double>(options_.nodes);
        print_line(fmt::format(
            R"({{"phase":"start","n":{},"created_s":{:.2f},"cpu_s":{:.2f},)"
            R"("rss_mib_per_node":{:.3f},)"
            R"("idle_udp_per_node_s":{:.2f},"idle_bytes_per_node_s":{:.0f}}})",
            options_.nodes,
            created_s,
            cpu_s() - cpu,
            (resident_mib() - resident) / nodes,
            rate.datagrams / nodes,
            rate.bytes / nodes));
    }

    void publish() {
        const double resident = resident_mib();
        const double started = now_s();
        for (std::size_t i = 0; i < options_.names; ++i) {
            auto key = std::make_shared<const crypto::PrivateKey>(
                crypto::PrivateKey::generate(crypto::KeyAlgorithm::ed25519, swarm_.entropy()));
            const auto authority = identity::authority_of(key->public_key());
            Item item{
                std::move(key),
                *identity::PeerName::secure(authority, "bench"),
                i % nodes_.size(),
                {}};
            pnrp::Registration registration{
                item.name,
                item.key,
                {{*parse_address("127.0.0.1"), 443, 6}},
                "",
                pnrp::Payload{pnrp::PayloadKind::binary, Bytes(kValueSize, std::byte{'v'})}};
            KITH_CHECK(nodes_[item.owner]
                           ->publish({.registration = std::move(registration), .cloud = {}})
                           .has_value());
            items_.push_back(std::move(item));
            swarm_.run_for(0.002); // names come one by one, not all in the same instant
        }
        const auto all_announced = [&] {
            return std::all_of(nodes_.begin(), nodes_.end(), [](const Swarm::Driver& node) {
                const auto names = node->clouds().names();
                return std::all_of(names.begin(), names.end(), [](const node::PublishedName& name) {
                    return name.presences.front().is_announced;
                });
            });
        };
        double checked_s = now_s();
        const bool is_complete = swarm_.run_until(60s, [&] {
            if (now_s() - checked_s < 0.25) return false;
            checked_s = now_s();
            return all_announced();
        });
        const double announced_s = now_s() - started;
        swarm_.run_for(options_.settle_s);
        for (const Swarm::Driver& node : nodes_) {
            for (const node::PublishedName& name : node->clouds().names()) {
                const auto item = std::find_if(items_.begin(), items_.end(), [&](const Item& each) {
                    return each.name == name.name;
                });
                item->id = name.presences.front().id;
            }
        }
        print_line(fmt::format(
            R"({{"phase":"published","n":{},"names":{},"all_announced":{},"took_s":{:.2f},)"
            R"("rss_mib_per_node":{:.3f}}})",
            options_.nodes,
            items_.size(),
            is_complete,
            announced_s,
            (resident_mib() - resident) / static_cast<double>(options_.nodes)));
    }

    std::vector<const Item*> all_alive(std::size_t first, std::size_t last) const {
        std::vector<const Item*> alive;
        for (std::size_t i = first; i < last; ++i) {
            if (nodes_[items_[i].owner] != nullptr) alive.push_back(&items_[i]);
        }
        return alive;
    }

    // A getter that has no route to the name yet; the first one if all have (counted).
    host::NodeDriver&
    getter_for(const Item& item, const std::vector<std::size_t>& getters, std::size_t& cached) {
        for (const std::size_t getter : getters) {
            if (!getters_[getter]->clouds().knows(item.id)) return *getters_[getter];
        }
        ++cached;
        return *getters_[getters.front()];
    }

    // Why a name was missed: nobody who lives knows of it, or the search did not come to them.
    void explain(const Item& item, const node::QueryDone& done) const {
        const auto knowing =
            std::count_if(nodes_.begin(), nodes_.end(), [&](const Swarm::Driver& node) {
                return node != nullptr && node->clouds().knows(item.id);
            });
        fmt::print(
            stderr,
            "missed {}: {}, known to {} living nodes, it {}\n",
            to_string(item.id),
            done.outcome                                           ? "wrong value"
            : done.outcome.error() == pnrp::ResolveErrc::not_found ? "not found"
                                                                   : "no answer",
            knowing,
            nodes_[item.owner] != nullptr ? "lives" : "is dead");
    }

    bool is_right(const Item& item, const node::QueryDone& done) const {
        return done.outcome && done.outcome->payload &&
               done.outcome->payload->bytes.size() == kValueSize &&
               std::ranges::equal(done.outcome->public_key, item.key->public_key().material());
    }

    void
    get(const std::string& name,
        const std::vector<std::size_t>& getters,
        const std::vector<const Item*>& items,
        std::size_t at_once) {
        Phase::Outcome outcome{name, options_.nodes, items.size(), 0, {}, 0};
        std::size_t next = 0;
        std::size_t under_way = 0;
        const Phase phase;
        const std::function<void()> start_more = [&] {
            while (next < items.size() && under_way < at_once) {
                const Item& item = *items[next++];
                ++under_way;
                const double started = now_s();
                pnrp::ResolveQuery query{.name = item.name};
                query.timeout = kGetTimeout;
                const auto id = getter_for(item, getters, outcome.cached)
                                    .resolve(query, {}, [&, started](const node::QueryDone& done) {
                                        --under_way;
                                        if (!is_right(item, done)) return explain(item, done);
                                        ++outcome.succeeded;
                                        outcome.first_ms.push_back((now_s() - started) * 1e3);
                                    });
                if (!id) --under_way;
            }
        };
        swarm_.run_until(kPhaseLimit, [&] {
            start_more();
            return next == items.size() && under_way == 0;
        });
        phase.report(outcome, idle_);
        missed_ += outcome.operations - outcome.succeeded;
    }

    // A fresh node: from its construction to its first verified value.
    void join() {
        std::vector<double> took_ms;
        for (std::size_t i = 0; i < kJoins; ++i) {
            const Item& item = items_[i % items_.size()];
            const double started = now_s();
            auto node = swarm_.start_node();
            bool is_done = false;
            bool is_found = false;
            pnrp::ResolveQuery query{.name = item.name};
            query.timeout = kGetTimeout;
            const auto id = node->resolve(query, {}, [&](const node::QueryDone& done) {
                is_done = true;
                is_found = is_right(item, done);
            });
            if (id) swarm_.run_until(15s, [&] { return is_done; });
            if (is_found) {
                took_ms.push_back((now_s() - started) * 1e3);
            } else {
                ++missed_;
            }
        }
        print_line(fmt::format(
            R"({{"phase":"join_to_first_get","n":{},"ok":{},"ms":[{:.1f},{:.1f},{:.1f}]}})",
            options_.nodes,
            took_ms.size(),
            quantile(took_ms, 0.5),
            quantile(took_ms, 0.95),
            quantile(took_ms, 1)));
    }

    // Stops nodes without a word until `share` of all are gone; the seed (node 0) stays.
    void kill(const std::string& phase, double share) {
        const auto wanted =
            static_cast<std::size_t>(share * static_cast<double>(nodes_.size()) + 0.5);
        std::vector<std::size_t> alive;
        for (std::size_t i = 1; i < nodes_.size(); ++i) {
            if (nodes_[i] != nullptr) alive.push_back(i);
        }
        std::size_t dead = nodes_.size() - 1 - alive.size();
        while (dead < wanted && !alive.empty()) {
            const auto pick = static_cast<std::size_t>(swarm_.plain().below(alive.size()));
            nodes_[alive[pick]].reset();
            alive.erase(alive.begin() + static_cast<std::ptrdiff_t>(pick));
            ++dead;
        }
        idle_ = {}; // dead nodes make no idle traffic, and the living a little more
        print_line(fmt::format(R"({{"phase":"{}","count":{}}})", phase, dead));
    }

    NamesOptions options_;
    Swarm swarm_;
    std::vector<Swarm::Driver> nodes_;
    std::vector<Swarm::Driver> getters_;
    std::vector<Item> items_;
    IdleRate idle_;
    std::size_t missed_ = 0;
};

} // namespace

int run_names(const NamesOptions& options) {
    return NamesBench(options).run();
}

} // namespace kith::bench
