// Events of a graph in the fingerprint of a run.

#pragma once

#include "graph/graph.hpp"
#include "sim/trace.hpp"

namespace kith::sim {

void mix_event(TraceHash& hash, const graph::Event& event);

} // namespace kith::sim
