#include "cloud_bench.hpp"

#include "base/check.hpp"
#include "crypto/key.hpp"
#include "identity/peer_name.hpp"
#include "measure.hpp"
#include "swarm.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <utility>
#include <vector>

namespace kith::bench {

namespace {

constexpr double kSpacing_s = 0.02;
constexpr double kReportEvery_s = 60;

void publish(Swarm& swarm, host::NodeDriver& node) {
    auto key = std::make_shared<const crypto::PrivateKey>(
        crypto::PrivateKey::generate(crypto::KeyAlgorithm::ed25519, swarm.entropy()));
    const auto authority = identity::authority_of(key->public_key());
    pnrp::Registration registration{
        *identity::PeerName::secure(authority, "idle"),
        std::move(key),
        {{*parse_address("127.0.0.1"), 443, 6}},
        "",
        std::nullopt};
    KITH_CHECK(node.publish({.registration = std::move(registration), .cloud = {}}).has_value());
}

} // namespace

int run_cloud(const CloudOptions& options) {
    Swarm swarm(options.port);
    std::vector<Swarm::Driver> nodes;
    for (std::size_t i = 0; i < options.nodes; ++i) {
        nodes.push_back(swarm.start_node());
        swarm.run_for(kSpacing_s);
        publish(swarm, *nodes.back());
    }
    print_line(fmt::format(R"({{"phase":"started","n":{}}})", options.nodes));
    for (double left = options.seconds; left > 0; left -= kReportEvery_s) {
        const Phase idle;
        swarm.run_for(std::min(left, kReportEvery_s));
        const IdleRate rate = idle.rate();
        const auto count = static_cast<double>(options.nodes);
        print_line(fmt::format(
            R"({{"phase":"idle","n":{},"udp_per_node_min":{:.1f},"bytes_per_node_min":{:.0f},)"
            R"("cpu_ms_per_node_min":{:.1f},"rss_mib_per_node":{:.3f}}})",
            options.nodes,
            60 * rate.datagrams / count,
            60 * rate.bytes / count,
            60e3 * rate.cpu_s / count,
            resident_mib() / count));
    }
    return 0;
}

} // namespace kith::bench
