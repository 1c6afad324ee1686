// The events of a graph as lines of JSON, for as long as somebody reads them.

#pragma once

#include "api/graph_call.hpp"
#include "api/graph_service.hpp"

#include <cstddef>

namespace kith::api {

// Of one client that reads too slowly. Beyond, events are lost, and a `lost` event says how many.
inline constexpr std::size_t kWaitingEventsMax = 10'000;
inline constexpr std::size_t kWaitingEventBytesMax = std::size_t{8} * 1024 * 1024;

/// `GET /v1/graphs/NAME/events`.
Cancel watch_events(GraphService& service, GraphCall call);

} // namespace kith::api
