// The scenario `names --nat`: a cloud whose last quarter of nodes has private IPv4 addresses only,
// two of them behind each translator of one kind (with `none`: public addresses, like everybody).
//
//   joining     the seeds and the other public nodes, each with a name; a minute later those behind
//   finding     three minutes in which they find out what they can do
//   publishing  each of them tries to publish a name; two minutes
//   resolving   each asks for eight names of public nodes and one that was published behind another
//               translator, and of those each is asked for by a public node
//   waiting     ten minutes: longer than a mapping or a permission lasts in silence; then the names
//               behind translators are asked for once more
//
// What a node says of itself is compared with what its translator is.

#pragma once

#include "pnrp/cloud.hpp"
#include "sim/names_options.hpp"
#include "sim/progress.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

namespace kith::sim {

struct NatReport {
    std::size_t nodes = 0;
    std::uint64_t seed = 0;
    NatKind kind{};
    std::size_t behind = 0;       // nodes behind translators
    std::size_t publish = 0;      // of them: who said, before publishing, that it can
    std::size_t resolve_only = 0; // that it cannot
    std::size_t unknown = 0;      // that it does not know
    std::array<std::size_t, pnrp::kReachReasons> reasons{};
    std::size_t published = 0;    // of them: whose publication was accepted
    std::size_t refused = 0;      // with `resolve_only`
    std::size_t false_public = 0; // public nodes that say that they can only resolve

    std::size_t resolves = 0; // by those behind, of everybody's names
    std::size_t succeeded = 0;
    std::size_t published_resolves = 0; // by public nodes, of names published behind
    std::size_t published_succeeded = 0;
    std::size_t later_resolves = 0; // the same, ten minutes later
    std::size_t later_succeeded = 0;
    std::size_t forged = 0;

    double idle_bytes_per_node_minute = 0; // of all nodes, in the ten minutes
    std::uint64_t trace_hash = 0;
    double virtual_s = 0;

    /// Nothing, or the first thing that a node said or did wrongly.
    std::optional<std::string> what_is_wrong() const;
};

/// One run, or what was broken in it. Requires: `options.nat`, and nodes within the limits.
std::expected<NatReport, std::string> run_nat_once(const NamesOptions& options, Progress& progress);

/// The same run twice from scratch; it fails as well if their traces differ.
std::expected<NatReport, std::string>
run_nat_twice(const NamesOptions& options, Progress& progress);

std::string to_text(const NatReport& report);

/// One object on one line. Keys are never renamed; new ones may be added.
std::string to_json(const NatReport& report);

} // namespace kith::sim
