// The main scenario: a cloud grows from a few seeds, every node publishes a name, and nodes resolve
// each other's names, after whatever the options do to them.
//
//   joining     the seeds, then everybody else, 30 ms apart; each publishes 3 s later
//   settling    15 minutes: caches go on filling their gaps for a while
//   killing     (with kill_percent) nodes stop without a word; 5 minutes
//   splitting   (with has_partition) two halves for 10 minutes, healed; 8 minutes
//   idling      the last 3 minutes before the resolves are what idle traffic is measured by
//   resolving   about one resolve per node and minute, uniformly chosen live names and askers;
//               (with has_churn) 2 % of the nodes crash each minute and are back 30 s later
//
// After a partition everything is resolved within 10 minutes of the healing.

#pragma once

#include "sim/names_options.hpp"
#include "sim/names_report.hpp"
#include "sim/progress.hpp"

#include <expected>
#include <string>

namespace kith::sim {

/// One run, or what was broken in it. Requires: options within their limits.
std::expected<NamesReport, std::string>
run_names_once(const NamesOptions& options, Progress& progress);

/// The same run twice from scratch, side by side or, if large, one after the other; it fails as
/// well if their traces differ.
std::expected<NamesReport, std::string>
run_names_twice(const NamesOptions& options, Progress& progress);

} // namespace kith::sim
