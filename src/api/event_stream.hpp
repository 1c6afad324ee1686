// The events of a graph as lines of JSON, for as long as somebody reads them.

#pragma once

#include "api/graph_call.hpp"
#include "api/graph_service.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <string>

namespace kith::api {

// Of one client that reads too slowly. Beyond, events are lost, and a `lost` event says how many.
inline constexpr std::size_t kWaitingEventsMax = 10'000;
inline constexpr std::size_t kWaitingEventBytesMax = std::size_t{8} * 1024 * 1024;

/// What all that watch one graph share: each event is looked up and written once.
class EventFeed;

class EventStreams {
public:
    explicit EventStreams(GraphService& service) : service_(service) {}

    /// `GET /v1/graphs/NAME/events`.
    Cancel open(GraphCall call);

private:
    std::shared_ptr<EventFeed> feed_of(const std::string& name);

    GraphService& service_;
    std::map<std::string, std::weak_ptr<EventFeed>> feeds_; // of graphs that somebody watched
};

} // namespace kith::api
