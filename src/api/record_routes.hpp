// The routes of records.

#pragma once

#include "api/graph_call.hpp"
#include "api/graph_service.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace kith::api {

class RecordRoutes {
public:
    explicit RecordRoutes(GraphService& service) : service_(service) {}

    Cancel list(GraphCall call);
    Cancel search(GraphCall call);
    Cancel show(GraphCall call);
    Cancel payload(GraphCall call);

    // These answer once the change is committed.
    Cancel add(GraphCall call);
    Cancel update(GraphCall call);
    Cancel remove(GraphCall call);

private:
    struct Found {
        std::string graph;
        store::RecordHead head;
    };

    /// With the payload if it has at most `payload_max` bytes.
    std::expected<Found, Error>
    find(const std::string& id, Parameters& parameters, std::size_t payload_max);
    Json records_json(
        const std::string& name,
        const std::vector<store::RecordId>& ids,
        std::size_t limit,
        std::size_t payload_max,
        bool shows_internal);

    GraphService& service_;
};

} // namespace kith::api
