// OpenDHT: N in-process nodes on 127.0.0.1; putSigned, get, join and kill figures.
// Each output line is one JSON object. Ends by itself.
#include "common.hpp"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <opendht.h>
#include <random>
#include <thread>

using namespace bench;
using Runner = std::shared_ptr<dht::DhtRunner>;

static int g_port = 20000;
// 1: no rate limit (all nodes share one address, so the per-address default would be an artefact)
static int g_limit = 1;

static Runner
start_node(const dht::crypto::Identity& id, int bootstrap_port, std::atomic<int>* connected) {
    auto r = std::make_shared<dht::DhtRunner>();
    dht::DhtRunner::Config c;
    c.dht_config.node_config.network = 77;
    c.dht_config.id = id;
    if (g_limit) {
        c.dht_config.node_config.max_req_per_sec = -1;
        c.dht_config.node_config.max_peer_req_per_sec = -1;
    }
    c.threaded = true;
    dht::DhtRunner::Context ctx;
    if (connected) {
        auto once = std::make_shared<std::atomic<bool>>(false);
        ctx.statusChangedCallback = [=](dht::NodeStatus s4, dht::NodeStatus) {
            if (s4 == dht::NodeStatus::Connected && !once->exchange(true)) ++*connected;
        };
    }
    r->run("127.0.0.1", "", std::to_string(g_port++).c_str(), c, std::move(ctx));
    if (bootstrap_port) r->bootstrap("127.0.0.1", std::to_string(bootstrap_port));
    return r;
}

struct Gets {
    std::mutex m;
    std::condition_variable cv;
    std::vector<double> first, done;
    size_t ok = 0, finished = 0, inflight = 0;
};

// conc gets at a time, keys given, getter chosen by pick(i). stop_at_first ends the search at the
// first valid value.
static void run_gets(
    const char* name,
    int n,
    const std::vector<dht::InfoHash>& keys,
    int conc,
    bool stop_at_first,
    const std::function<dht::DhtRunner&(size_t)>& pick) {
    auto g = std::make_shared<Gets>();
    Phase ph;
    for (size_t i = 0; i < keys.size(); ++i) {
        {
            std::unique_lock<std::mutex> l(g->m);
            g->cv.wait(l, [&] { return g->inflight < static_cast<size_t>(conc); });
            ++g->inflight;
        }
        auto t0 = now();
        auto got = std::make_shared<std::atomic<bool>>(false);
        pick(i).get(
            keys[i],
            [g, got, t0, stop_at_first](const std::vector<std::shared_ptr<dht::Value>>& vs) {
                for (auto& v : vs)
                    if (v->isSigned() && !got->exchange(true)) {
                        std::lock_guard<std::mutex> l(g->m);
                        g->first.push_back((now() - t0) * 1e3);
                    }
                return !(stop_at_first && got->load());
            },
            [g, got, t0](bool, const std::vector<std::shared_ptr<dht::Node>>&) {
                std::lock_guard<std::mutex> l(g->m);
                g->done.push_back((now() - t0) * 1e3);
                if (got->load()) ++g->ok;
                ++g->finished;
                --g->inflight;
                g->cv.notify_all();
            });
    }
    std::unique_lock<std::mutex> l(g->m);
    g->cv.wait_for(l, std::chrono::seconds(60), [&] { return g->finished == keys.size(); });
    ph.report(name, n, g->first, g->done, g->ok, keys.size());
}

int main(int argc, char** argv) {
    const int n = argi(argc, argv, "--n", 16);
    const int n_keys = argi(argc, argv, "--keys", 600);
    const int settle = argi(argc, argv, "--settle", 10);
    const std::string key_type = arg(argc, argv, "--key", "rsa2048");
    g_limit = argi(argc, argv, "--unlimited", 1);
    g_port = argi(argc, argv, "--port", 20000);
    const int boot_port = g_port;
    std::mt19937 rng(12345);

    std::vector<dht::crypto::Identity> ids;
    double tid = now();
    for (int i = 0; i < 8; ++i)
        ids.push_back(
            key_type == "ec"
                ? dht::crypto::generateEcIdentity("p" + std::to_string(i))
                : dht::crypto::generateIdentity(
                      "p" + std::to_string(i), {}, key_type == "rsa4096" ? 4096 : 2048));
    std::printf(
        "{\"phase\":\"identity\",\"key\":\"%s\",\"ms_each\":%.1f}\n",
        key_type.c_str(),
        (now() - tid) / 8 * 1e3);

    double rss0 = rss_mib(), t0 = now(), cpu0 = cpu_s();
    std::atomic<int> connected{0};
    std::vector<Runner> nodes;
    for (int i = 0; i < n; ++i)
        nodes.push_back(start_node(
            i >= 1 && i <= 8 ? ids[static_cast<size_t>(i - 1)] : dht::crypto::Identity{},
            i ? boot_port : 0,
            &connected));
    while (connected < n && now() - t0 < 90)
        sleep_s(0.02);
    double t_conn = now() - t0;
    sleep_s(settle);
    Phase::measure_idle(5);
    unsigned long good = 0;
    for (auto& r : nodes)
        good += r->getNodesStats(AF_INET).good_nodes;
    std::printf(
        "{\"phase\":\"start\",\"n\":%d,\"connected\":%d,\"all_connected_s\":%.2f,\"cpu_s\":%.2f,"
        "\"rss_mib_per_node\":%.3f,"
        "\"good_nodes_mean\":%.1f,\"idle_udp_per_node_s\":%.2f,\"idle_bytes_per_node_s\":%.0f}\n",
        n,
        connected.load(),
        t_conn,
        cpu_s() - cpu0,
        (rss_mib() - rss0) / n,
        static_cast<double>(good) / n,
        Phase::idle_dps / n,
        Phase::idle_bps / n);
    std::fflush(stdout);

    // puts: 8 publishers, 16 at a time
    std::vector<dht::InfoHash> keys;
    for (int i = 0; i < n_keys; ++i)
        keys.push_back(dht::InfoHash::get("key" + std::to_string(i)));
    {
        auto g = std::make_shared<Gets>();
        Phase ph;
        for (size_t i = 0; i < keys.size(); ++i) {
            {
                std::unique_lock<std::mutex> l(g->m);
                g->cv.wait(l, [&] { return g->inflight < 16; });
                ++g->inflight;
            }
            auto v = std::make_shared<dht::Value>(dht::Blob(200, static_cast<uint8_t>(i)));
            auto tp = now();
            nodes[1 + i % 8]->putSigned(keys[i], v, [g, tp](bool ok) {
                std::lock_guard<std::mutex> l(g->m);
                g->done.push_back((now() - tp) * 1e3);
                if (ok) ++g->ok;
                ++g->finished;
                --g->inflight;
                g->cv.notify_all();
            });
        }
        std::unique_lock<std::mutex> l(g->m);
        g->cv.wait_for(l, std::chrono::seconds(120), [&] { return g->finished == keys.size(); });
        ph.report("putSigned_c16", n, {}, g->done, g->ok, keys.size());
    }
    size_t stored = 0;
    for (auto& r : nodes)
        stored += r->getStoreSize().second;
    std::printf(
        "{\"phase\":\"stored\",\"copies_per_key\":%.2f,\"rss_mib_per_node\":%.3f}\n",
        static_cast<double>(stored) / n_keys,
        (rss_mib() - rss0) / n);

    // late-joining getters hold no values themselves
    std::vector<Runner> getters;
    for (int i = 0; i < 4; ++i)
        getters.push_back(start_node({}, boot_port, nullptr));
    sleep_s(5);
    Phase::measure_idle(4);
    auto slice = [&](size_t a, size_t b) {
        return std::vector<dht::InfoHash>(
            keys.begin() + static_cast<long>(a), keys.begin() + static_cast<long>(b));
    };
    const size_t q = keys.size() / 4;
    run_gets("get_first_c1", n, slice(0, q), 1, true, [&](size_t) -> dht::DhtRunner& {
        return *getters[0];
    });
    run_gets("get_full_c1", n, slice(0, q), 1, false, [&](size_t) -> dht::DhtRunner& {
        return *getters[1];
    });
    run_gets("get_first_c32", n, slice(0, 4 * q), 32, true, [&](size_t) -> dht::DhtRunner& {
        return *getters[2];
    });
    run_gets("get_random_nodes_c1", n, slice(q, 2 * q), 1, true, [&](size_t) -> dht::DhtRunner& {
        return *nodes[9 % nodes.size() + rng() % (nodes.size() - 9 % nodes.size())];
    });

    // join: time from construction to the first value
    std::vector<double> join;
    for (int i = 0; i < 10; ++i) {
        auto tj = now();
        auto r = start_node({}, boot_port, nullptr);
        auto got = std::make_shared<std::atomic<int>>(0);
        auto busy = std::make_shared<std::atomic<int>>(0);
        while (!*got && now() - tj < 15) {
            if (!*busy) {
                *busy = 1;
                r->get(
                    keys[static_cast<size_t>(i)],
                    [got](const std::vector<std::shared_ptr<dht::Value>>& vs) {
                        if (!vs.empty()) *got = 1;
                        return vs.empty();
                    },
                    [busy](bool, const std::vector<std::shared_ptr<dht::Node>>&) { *busy = 0; });
            }
            sleep_s(0.001);
        }
        if (*got) join.push_back((now() - tj) * 1e3);
        r->join();
    }
    std::printf(
        "{\"phase\":\"join_to_first_get\",\"n\":%d,\"ok\":%zu,\"ms\":[%.1f,%.1f,%.1f]}\n",
        n,
        join.size(),
        pct(join, .5),
        pct(join, .95),
        pct(join, 1));
    std::fflush(stdout);

    // abrupt stop of 30 % (never the bootstrap node)
    std::vector<size_t> idx;
    for (size_t i = 1; i < nodes.size(); ++i)
        idx.push_back(i);
    std::shuffle(idx.begin(), idx.end(), rng);
    idx.resize(static_cast<size_t>(0.3 * n + 0.5));
    std::vector<std::thread> ts;
    double tk = now();
    for (size_t i : idx)
        ts.emplace_back([&, i] { nodes[i]->join(); });
    for (auto& t : ts)
        t.join();
    std::printf("{\"phase\":\"killed\",\"count\":%zu,\"took_s\":%.2f}\n", idx.size(), now() - tk);
    Phase::idle_dps = Phase::idle_bps = Phase::idle_cpu =
        0; // tables are in flux; no idle correction here
    run_gets("after_kill30_get_c8", n, slice(q, 3 * q), 8, true, [&](size_t i) -> dht::DhtRunner& {
        return *getters[i % 2];
    });
    sleep_s(15);
    run_gets(
        "after_kill30_plus15s_get_c8",
        n,
        slice(3 * q, 4 * q),
        8,
        true,
        [&](size_t i) -> dht::DhtRunner& { return *getters[i % 2]; });

    std::fflush(stdout);
    std::_Exit(0); // teardown of hundreds of runners is not measured
}
