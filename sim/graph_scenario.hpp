// The main scenario of graphs: nodes join one graph, and publish; after whatever the options do to
// them all databases are equal again.
//
//   joining     one node founds the graph; the others come, each by somebody whom it looks up
//   settling    until all databases are equal, and 11 minutes more
//   warming     a quarter of the records, which do not count: trees of pushing grow with them
//   publishing  `records` changes, `publish_per_second`: added, now and then updated or deleted
//   killing     (with kill_percent) amid the publishing nodes stop, half of them without a word
//   splitting   (with has_partition) two halves for `split_seconds`; both go on publishing, and
//               change the same records; healed
//   churning    (with has_churn) instead of publishing: `churn_hours` of leaving, crashing, coming
//               back with or without the database; records live for minutes to hours
//   shrinking   (with shrinks) all but ten leave, politely
//
// After each of them the run waits until all databases are equal, and fails if they do not become
// so.

#pragma once

#include "sim/graph_options.hpp"
#include "sim/graph_report.hpp"
#include "sim/progress.hpp"

#include <expected>
#include <string>

namespace kith::sim {

/// One run, or what was broken in it. Requires: options within their limits.
std::expected<GraphReport, std::string>
run_graph_once(const GraphOptions& options, Progress& progress);

/// The same run twice from scratch, side by side; it fails as well if their traces differ.
std::expected<GraphReport, std::string>
run_graph_twice(const GraphOptions& options, Progress& progress);

} // namespace kith::sim
