// kith-bench: measures, and prints what it measured as lines of JSON.

#include "base/argument_words.hpp"
#include "cloud_bench.hpp"
#include "graph_bench.hpp"
#include "names_bench.hpp"
#include "store_bench.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <kith_version.hpp>

int main(int argc, char** argv) {
    CLI::App app{"Measures Kith on real sockets; one JSON object a line."};
    app.set_version_flag("--version", std::string(kKithVersion) + " (" + kKithCommit + ")");
    app.require_subcommand(1);
    kith::bench::NamesOptions names;
    CLI::App* names_command =
        app.add_subcommand("names", "Names on loopback: publish, get, join, kill");
    names_command->add_option("--nodes", names.nodes, "Nodes in this process")
        ->check(CLI::Range(2, 1024))
        ->capture_default_str();
    names_command->add_option("--names", names.names, "Names published over all nodes")
        ->check(CLI::Range(4, 100'000))
        ->capture_default_str();
    names_command->add_option("--settle", names.settle_s, "Seconds to settle after each step")
        ->check(CLI::Range(1.0, 300.0))
        ->capture_default_str();
    kith::bench::CloudOptions cloud;
    CLI::App* cloud_command =
        app.add_subcommand("cloud", "An idle cloud on loopback, for others to be measured in");
    cloud_command->add_option("--nodes", cloud.nodes, "Nodes in this process")
        ->check(CLI::Range(2, 4096))
        ->capture_default_str();
    cloud_command->add_option("--port", cloud.port, "UDP port of the first node, the seed")
        ->check(CLI::Range(1025, 65535))
        ->capture_default_str();
    cloud_command->add_option("--seconds", cloud.seconds, "How long it lives")
        ->check(CLI::Range(1.0, 36'000.0))
        ->capture_default_str();
    kith::bench::StoreOptions store;
    CLI::App* store_command = app.add_subcommand(
        "store", "Records on disk: inserts in batches, opening, searches of two clauses");
    store_command->add_option("--dir", store.folder, "Where the file is made")
        ->check(CLI::ExistingDirectory)
        ->capture_default_str();
    store_command->add_option("--seconds", store.seconds, "Of each phase of inserts")
        ->check(CLI::Range(0.1, 300.0))
        ->capture_default_str();
    store_command
        ->add_option("--records", store.records, "In the store searched; 0 leaves that out")
        ->check(CLI::Range(0, 10'000'000))
        ->capture_default_str();
    kith::bench::GraphOptions graph;
    CLI::App* graph_command =
        app.add_subcommand("graph", "Graphs on loopback: catch up, reconcile, spread, publish");
    graph_command->add_option("--only", graph.only, "One phase")
        ->check(CLI::IsMember(
            {"catch_up",
             "reconcile",
             "reach_all_unloaded",
             "throughput",
             "publish_durable",
             "search"}));
    graph_command->add_option("--dir", graph.folder, "Folder for files, which are removed again")
        ->capture_default_str();
    graph_command->add_option("--runs", graph.runs, "Runs of each phase; medians are printed")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    graph_command->add_option("--records", graph.records, "Records to catch up with")
        ->check(CLI::Range(1, 10'000'000))
        ->capture_default_str();
    graph_command
        ->add_option("--reconcile-records", graph.reconcile_records, "Records of two stores")
        ->check(CLI::Range(1, 10'000'000))
        ->capture_default_str();
    graph_command
        ->add_option("--differences", graph.differences, "Of each kind, reconciled one at a time")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    graph_command->add_option("--nodes", graph.nodes, "Nodes that a record reaches")
        ->check(CLI::Range(2, 256))
        ->capture_default_str();
    graph_command->add_option("--seconds", graph.seconds, "Of each run of throughput")
        ->check(CLI::Range(0.1, 600.0))
        ->capture_default_str();
    graph_command->add_option("--window", graph.window, "Records under way")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    graph_command->add_option("--publish-records", graph.publish_records, "Published durably")
        ->check(CLI::Range(1, 10'000'000))
        ->capture_default_str();
    graph_command->add_option("--search-records", graph.search_records, "In the searched store")
        ->check(CLI::Range(1000, 10'000'000))
        ->capture_default_str();
    try {
        auto words = kith::split_empty_values({argv + 1, argv + argc});
        std::ranges::reverse(words); // CLI11 takes them last first
        app.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    }
    if (cloud_command->parsed()) return kith::bench::run_cloud(cloud);
    if (store_command->parsed()) return kith::bench::run_store(store);
    if (graph_command->parsed()) return kith::bench::run_graph(graph);
    return kith::bench::run_names(names);
}
