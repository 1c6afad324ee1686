#include "api/graph_api.hpp"

#include "api/archive_routes.hpp"
#include "api/direct_streams.hpp"
#include "api/event_stream.hpp"
#include "api/graph_call.hpp"
#include "api/graph_routes.hpp"
#include "api/record_routes.hpp"

#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

namespace kith::api {

std::expected<graph::Graph*, Error> require_graph(GraphService& service, const std::string& name) {
    if (graph::Graph* graph = service.graphs().find(name)) return graph;
    const auto names = service.graphs().names();
    if (names.empty()) {
        return refuse(
            ErrorCode::not_found,
            fmt::format("no graph called {} is open here, and no other", name));
    }
    return refuse(
        ErrorCode::not_found,
        fmt::format("no graph called {} is open here; open are {}", name, fmt::join(names, ", ")));
}

struct GraphApi::Parts {
    explicit Parts(GraphService& given)
        : service(given),
          graphs(given),
          records(given),
          direct(given) {}

    Cancel list(GraphCall call) { return graphs.list(std::move(call)); }
    Cancel create(GraphCall call) { return graphs.create(std::move(call)); }
    Cancel show(GraphCall call) { return graphs.show(std::move(call)); }
    Cancel remove(GraphCall call) { return graphs.remove(std::move(call)); }
    Cancel open(GraphCall call) { return graphs.open(std::move(call)); }
    Cancel close(GraphCall call) { return graphs.close(std::move(call)); }
    Cancel connect(GraphCall call) { return graphs.connect(std::move(call)); }
    Cancel nodes(GraphCall call) { return graphs.nodes(std::move(call)); }
    Cancel neighbours(GraphCall call) { return graphs.neighbours(std::move(call)); }
    Cancel digest(GraphCall call) { return graphs.digest(std::move(call)); }
    Cancel presence(GraphCall call) { return graphs.set_presence(std::move(call)); }
    Cancel events(GraphCall call) { return watch_events(service, std::move(call)); }
    Cancel connect_direct(GraphCall call) { return direct.open(std::move(call)); }
    Cancel export_records(GraphCall call) { return export_archive(service, std::move(call)); }
    Cancel import_records(GraphCall call) { return import_archive(service, std::move(call)); }
    Cancel list_records(GraphCall call) { return records.list(std::move(call)); }
    Cancel add_record(GraphCall call) { return records.add(std::move(call)); }
    Cancel search(GraphCall call) { return records.search(std::move(call)); }
    Cancel show_record(GraphCall call) { return records.show(std::move(call)); }
    Cancel payload(GraphCall call) { return records.payload(std::move(call)); }
    Cancel update_record(GraphCall call) { return records.update(std::move(call)); }
    Cancel delete_record(GraphCall call) { return records.remove(std::move(call)); }

    GraphService& service;
    GraphRoutes graphs;
    RecordRoutes records;
    DirectStreams direct;
};

GraphApi::GraphApi(Services& services) {
    if (services.graphs != nullptr) parts_ = std::make_unique<Parts>(*services.graphs);
}

GraphApi::~GraphApi() = default;

bool GraphApi::serves(const std::vector<std::string>& path) {
    return path.size() >= 2 && path[0] == "v1" && (path[1] == "graphs" || path[1] == "records");
}

BodyRoom GraphApi::room_for(std::string_view method, std::string_view target) {
    const auto parsed = parse_target(target);
    if (method != "POST" || !parsed || !serves(parsed->path)) return BodyRoom::usual;
    const auto& path = parsed->path;
    const bool imports = path.size() == 4 && path[1] == "graphs" && path[3] == "import";
    if (imports) return BodyRoom::database;
    const bool adds = path.size() == 4 && path[1] == "graphs" && path[3] == "records";
    const bool updates = path.size() == 3 && path[1] == "records";
    return adds || updates ? BodyRoom::record : BodyRoom::usual;
}

Cancel GraphApi::handle(const Request& request, Target target, ReplyTo reply) {
    struct Route {
        std::string_view method;
        std::string_view path;
        Cancel (Parts::*run)(GraphCall);
    };
    static constexpr std::array kRoutes{
        Route{"GET", "/v1/graphs", &Parts::list},
        Route{"POST", "/v1/graphs", &Parts::create},
        Route{"GET", "/v1/graphs/*", &Parts::show},
        Route{"DELETE", "/v1/graphs/*", &Parts::remove},
        Route{"POST", "/v1/graphs/*/open", &Parts::open},
        Route{"POST", "/v1/graphs/*/close", &Parts::close},
        Route{"POST", "/v1/graphs/*/connect", &Parts::connect},
        Route{"GET", "/v1/graphs/*/nodes", &Parts::nodes},
        Route{"GET", "/v1/graphs/*/neighbours", &Parts::neighbours},
        Route{"GET", "/v1/graphs/*/digest", &Parts::digest},
        Route{"POST", "/v1/graphs/*/presence", &Parts::presence},
        Route{"GET", "/v1/graphs/*/events", &Parts::events},
        Route{"POST", "/v1/graphs/*/direct", &Parts::connect_direct},
        Route{"GET", "/v1/graphs/*/export", &Parts::export_records},
        Route{"POST", "/v1/graphs/*/import", &Parts::import_records},
        Route{"GET", "/v1/graphs/*/records", &Parts::list_records},
        Route{"POST", "/v1/graphs/*/records", &Parts::add_record},
        Route{"POST", "/v1/graphs/*/search", &Parts::search},
        Route{"GET", "/v1/records/*", &Parts::show_record},
        Route{"GET", "/v1/records/*/payload", &Parts::payload},
        Route{"POST", "/v1/records/*", &Parts::update_record},
        Route{"DELETE", "/v1/records/*", &Parts::delete_record},
    };
    for (const Route& route : kRoutes) {
        if (!parts_ || route.method != request.method) continue;
        auto arguments = match_path(route.path, target.path);
        if (!arguments) continue;
        return (parts_.get()->*route.run)(
            {request, std::move(*arguments), std::move(target.parameters), std::move(reply)});
    }
    reply(to_reply(refuse(
        ErrorCode::not_found,
        fmt::format("there is nothing at {} {}", request.method, request.target))));
    return {};
}

} // namespace kith::api
