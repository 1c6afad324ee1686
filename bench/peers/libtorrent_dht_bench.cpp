// libtorrent-rasterbar DHT (BEP 44 mutable items): N in-process sessions on 127.0.0.1.
// Each output line is one JSON object. Ends by itself.
#include "common.hpp"

#include <array>
#include <deque>
#include <libtorrent/alert_types.hpp>
#include <libtorrent/bencode.hpp>
#include <libtorrent/kademlia/ed25519.hpp>
#include <libtorrent/kademlia/item.hpp>
#include <libtorrent/session.hpp>
#include <libtorrent/session_params.hpp>
#include <map>
#include <memory>
#include <random>

using namespace bench;
namespace lt = libtorrent;
using Key = std::array<char, 32>;
using Session = std::unique_ptr<lt::session>;

static int g_port = 30000;
static std::mt19937 g_rng(4242);

static Session start_node(int bootstrap_port) {
    lt::session_params p;
    auto& s = p.settings;
    s.set_int(lt::settings_pack::alert_mask, lt::alert_category::dht);
    s.set_str(lt::settings_pack::listen_interfaces, "127.0.0.1:" + std::to_string(g_port++));
    s.set_str(lt::settings_pack::dht_bootstrap_nodes, "");
    s.set_bool(lt::settings_pack::enable_dht, true);
    for (int b :
         {lt::settings_pack::enable_upnp,
          lt::settings_pack::enable_natpmp,
          lt::settings_pack::enable_lsd,
          lt::settings_pack::dht_restrict_routing_ips,
          lt::settings_pack::dht_restrict_search_ips,
          lt::settings_pack::dht_enforce_node_id,
          lt::settings_pack::dht_prefer_verified_node_ids,
          lt::settings_pack::dht_ignore_dark_internet})
        s.set_bool(b, false);
    s.set_int(lt::settings_pack::dht_upload_rate_limit, 1 << 30);
    s.set_int(lt::settings_pack::dht_block_ratelimit, 1 << 20);
    s.set_int(lt::settings_pack::dht_max_dht_items, 1 << 20);
    s.set_int(lt::settings_pack::alert_queue_size, 100000);
    lt::dht::node_id id; // random id: the address-derived one would give 8 prefixes for one address
    for (auto& b : id)
        b = static_cast<std::uint8_t>(g_rng());
    p.dht_state.nids.emplace_back(lt::make_address("127.0.0.1"), id);
    auto ses = std::make_unique<lt::session>(std::move(p));
    if (bootstrap_port) ses->add_dht_node({"127.0.0.1", bootstrap_port});
    return ses;
}

struct Item {
    Key pk;
    std::array<char, 64> sk;
};

// conc gets at a time from one session; until_first: a get is over at its first value, else at the
// authoritative answer
static void run_gets(
    const char* name,
    int n,
    lt::session& s,
    const std::vector<Item>& items,
    size_t a,
    size_t b,
    int conc,
    bool until_first) {
    std::map<Key, double> open;
    std::map<Key, bool> got;
    std::vector<double> first, done;
    std::vector<lt::alert*> alerts;
    s.pop_alerts(&alerts);
    size_t next = a;
    Phase ph;
    while ((next < b || !open.empty()) && now() - ph.t0 < 90) {
        while (next < b && open.size() < static_cast<size_t>(conc)) {
            open[items[next].pk] = now();
            s.dht_get_item(items[next].pk);
            ++next;
        }
        if (!s.wait_for_alert(std::chrono::milliseconds(500))) continue;
        s.pop_alerts(&alerts);
        for (auto* al : alerts)
            if (auto* m = lt::alert_cast<lt::dht_mutable_item_alert>(al)) {
                auto it = open.find(m->key);
                if (it == open.end()) continue;
                double ms = (now() - it->second) * 1e3;
                bool& g = got[m->key];
                if (m->item.type() == lt::entry::string_t && m->item.string().size() == 200 && !g) {
                    g = true;
                    first.push_back(ms);
                }
                if (m->authoritative) done.push_back(ms);
                if (m->authoritative || (g && until_first)) open.erase(it);
            }
    }
    ph.report(name, n, first, done, first.size(), b - a);
}

int main(int argc, char** argv) {
    const int n = argi(argc, argv, "--n", 16);
    const int n_keys = argi(argc, argv, "--keys", 600);
    const int settle = argi(argc, argv, "--settle", 15);
    g_port = argi(argc, argv, "--port", 30000);
    const int boot = g_port;

    double rss0 = rss_mib(), t0 = now(), cpu0 = cpu_s();
    std::vector<Session> nodes;
    for (int i = 0; i < n; ++i) {
        nodes.push_back(start_node(i ? boot : 0));
        if (i == 0) sleep_s(0.5);
    }
    double t_start = now() - t0;
    sleep_s(settle);
    Phase::measure_idle(5);
    std::printf(
        "{\"phase\":\"start\",\"n\":%d,\"created_s\":%.2f,\"cpu_s\":%.2f,\"rss_mib_per_node\":%.3f,"
        "\"idle_udp_per_node_s\":%.2f,\"idle_bytes_per_node_s\":%.0f}\n",
        n,
        t_start,
        cpu_s() - cpu0,
        (rss_mib() - rss0) / n,
        Phase::idle_dps / n,
        Phase::idle_bps / n);
    std::fflush(stdout);

    std::vector<Item> items(static_cast<size_t>(n_keys));
    for (auto& it : items) {
        auto [pk, sk] = lt::dht::ed25519_create_keypair(lt::dht::ed25519_create_seed());
        it.pk = pk.bytes;
        it.sk = sk.bytes;
    }
    { // puts from session 1, 16 at a time
        auto& s = *nodes[1];
        std::map<Key, double> open;
        std::vector<double> done;
        std::vector<lt::alert*> alerts;
        size_t next = 0, ok = 0, fin = 0, copies = 0;
        Phase ph;
        while (fin < items.size() && now() - ph.t0 < 120) {
            while (next < items.size() && open.size() < 16) {
                const Item& it = items[next++];
                open[it.pk] = now();
                s.dht_put_item(
                    it.pk,
                    [it](
                        lt::entry& e,
                        std::array<char, 64>& sig,
                        std::int64_t& seq,
                        const std::string& salt) {
                        e = std::string(200, 'v');
                        ++seq;
                        std::vector<char> buf;
                        lt::bencode(std::back_inserter(buf), e);
                        sig = lt::dht::sign_mutable_item(
                                  buf,
                                  salt,
                                  lt::dht::sequence_number(seq),
                                  lt::dht::public_key(it.pk.data()),
                                  lt::dht::secret_key(it.sk.data()))
                                  .bytes;
                    });
            }
            if (!s.wait_for_alert(std::chrono::milliseconds(500))) continue;
            s.pop_alerts(&alerts);
            for (auto* al : alerts)
                if (auto* p = lt::alert_cast<lt::dht_put_alert>(al)) {
                    auto it = open.find(p->public_key);
                    if (it == open.end()) continue;
                    done.push_back((now() - it->second) * 1e3);
                    copies += static_cast<size_t>(p->num_success);
                    ok += p->num_success > 0;
                    ++fin;
                    open.erase(it);
                }
        }
        ph.report("mutable_put_c16", n, {}, done, ok, items.size());
        std::printf(
            "{\"phase\":\"stored\",\"copies_per_key\":%.2f,\"rss_mib_per_node\":%.3f}\n",
            static_cast<double>(copies) / static_cast<double>(items.size()),
            (rss_mib() - rss0) / n);
    }

    std::vector<Session> getters;
    for (int i = 0; i < 4; ++i)
        getters.push_back(start_node(boot));
    sleep_s(6);
    Phase::measure_idle(4);
    size_t q = items.size() / 4;
    run_gets("get_first_c1", n, *getters[0], items, 0, q, 1, true);
    run_gets("get_full_c1", n, *getters[1], items, 0, q, 1, false);
    run_gets("get_first_c32", n, *getters[2], items, 0, 4 * q, 32, true);

    std::vector<double> join;
    for (int i = 0; i < 10; ++i) {
        double tj = now();
        auto s = start_node(boot);
        std::vector<lt::alert*> alerts;
        bool got = false;
        const Key& k = items[static_cast<size_t>(i)].pk;
        s->dht_get_item(k);
        while (!got && now() - tj < 15) {
            bool again = !s->wait_for_alert(std::chrono::milliseconds(100));
            s->pop_alerts(&alerts);
            for (auto* al : alerts)
                if (auto* m = lt::alert_cast<lt::dht_mutable_item_alert>(al)) {
                    if (m->item.type() == lt::entry::string_t && m->item.string().size() == 200)
                        got = true;
                    else if (m->authoritative)
                        again = true;
                }
            if (!got && again) {
                sleep_s(0.002);
                s->dht_get_item(k);
            }
        }
        if (got) join.push_back((now() - tj) * 1e3);
    }
    std::printf(
        "{\"phase\":\"join_to_first_get\",\"n\":%d,\"ok\":%zu,\"ms\":[%.1f,%.1f,%.1f]}\n",
        n,
        join.size(),
        pct(join, .5),
        pct(join, .95),
        pct(join, 1));
    std::fflush(stdout);

    std::vector<size_t> idx;
    for (size_t i = 1; i < nodes.size(); ++i)
        idx.push_back(i);
    std::shuffle(idx.begin(), idx.end(), g_rng);
    idx.resize(static_cast<size_t>(0.3 * n + 0.5));
    double tk = now();
    {
        std::vector<lt::session_proxy> proxies;
        for (size_t i : idx) {
            proxies.push_back(nodes[i]->abort());
            nodes[i].reset();
        }
    }
    std::printf("{\"phase\":\"killed\",\"count\":%zu,\"took_s\":%.2f}\n", idx.size(), now() - tk);
    Phase::idle_dps = Phase::idle_bps = Phase::idle_cpu = 0;
    run_gets("after_kill30_get_c8", n, *getters[3], items, q, 3 * q, 8, true);
    sleep_s(15);
    run_gets("after_kill30_plus15s_get_c8", n, *getters[0], items, 3 * q, 4 * q, 8, true);
    std::fflush(stdout);
    std::_Exit(0);
}
