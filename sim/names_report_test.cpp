#include "sim/names_report.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>

namespace kith::sim {
namespace {

NamesReport sample() {
    NamesReport report;
    report.nodes = 64;
    report.live_nodes = 48;
    report.seed = UINT64_MAX;
    report.resolves = 10;
    report.succeeded = 9;
    report.timed_out = 1;
    report.lookups_mean = 1.5;
    report.lookups_p99 = 3;
    report.lookups_max = 4;
    report.latency_p50_ms = 120.25;
    report.latency_p99_ms = 500.5;
    report.trace_hash = 0xabc;
    report.counters.drop(pnrp::Drop::cpa_nonce);
    report.liars = 13;
    report.lies_told[static_cast<std::size_t>(Lie::silence)] = 5;
    return report;
}

TEST(NamesReport, json_has_every_promised_key) {
    const auto json = nlohmann::json::parse(to_json(sample()));
    for (const char* key :
         {"nodes",
          "seed",
          "resolves",
          "succeeded",
          "lookups_mean",
          "lookups_p99",
          "lookups_max",
          "rtt_ms",
          "messages_per_resolve",
          "bytes_per_resolve",
          "idle_bytes_per_node_minute",
          "wakeups_per_node_minute",
          "state_bytes_per_node",
          "state_bytes_max",
          "liars",
          "forged",
          "virtual_s",
          "wall_s"}) {
        EXPECT_TRUE(json.at(key).is_number()) << key;
    }
    EXPECT_EQ(json["seed"].get<std::uint64_t>(), UINT64_MAX);
    EXPECT_EQ(json["signatures"], "real");
    EXPECT_EQ(json["trace_hash"], "0000000000000abc");
    EXPECT_EQ(json["latency_ms"]["p50"], 120.25);
    EXPECT_EQ(json["latency_ms"]["p99"], 500.5);
    EXPECT_EQ(json["dropped"]["cpa_nonce"], 1);
    EXPECT_EQ(json["lies_told"]["silence"], 5);
    EXPECT_EQ(json["lies_told"].size(), kLies);
    EXPECT_EQ(json["dropped"].size(), pnrp::kDropReasons);
}

TEST(NamesReport, text_names_failures_and_drops_that_happened_only) {
    const std::string text = to_text(sample());
    EXPECT_NE(text.find("  succeeded                 9\n"), std::string::npos) << text;
    EXPECT_NE(text.find("  timed out                 1\n"), std::string::npos);
    EXPECT_EQ(text.find("not found"), std::string::npos);
    EXPECT_NE(text.find("dropped cpa_nonce"), std::string::npos);
    EXPECT_NE(text.find("  silence                   5\n"), std::string::npos);
    EXPECT_EQ(text.find("  floods"), std::string::npos);
    EXPECT_EQ(text.find("dropped truncated"), std::string::npos);
}

} // namespace
} // namespace kith::sim
