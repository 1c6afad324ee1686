// The routes of graphs.

#pragma once

#include "api/graph_call.hpp"
#include "api/graph_service.hpp"

namespace kith::api {

class GraphRoutes {
public:
    explicit GraphRoutes(GraphService& service) : service_(service) {}

    Cancel list(GraphCall call);
    Cancel create(GraphCall call);
    Cancel open(GraphCall call);
    Cancel close(GraphCall call);
    Cancel remove(GraphCall call);
    Cancel show(GraphCall call);
    Cancel nodes(GraphCall call);
    Cancel neighbours(GraphCall call);
    Cancel digest(GraphCall call);
    Cancel set_presence(GraphCall call);

    /// Answers when the node is a neighbour, or cannot become one.
    Cancel connect(GraphCall call);

private:
    GraphService& service_;
};

} // namespace kith::api
