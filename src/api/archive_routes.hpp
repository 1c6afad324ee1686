// Export and import of all records of a graph: store/archive.hpp over the local API.

#pragma once

#include "api/graph_call.hpp"
#include "api/graph_service.hpp"

namespace kith::api {

/// `GET /v1/graphs/NAME/export`.
Cancel export_archive(GraphService& service, GraphCall call);

/// `POST /v1/graphs/NAME/import`. Nothing is changed unless the whole archive is a good one.
Cancel import_archive(GraphService& service, GraphCall call);

} // namespace kith::api
