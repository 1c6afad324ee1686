#include "api/graph_api.hpp"

#include "api/archive_routes.hpp"
#include "api/direct_streams.hpp"
#include "api/event_stream.hpp"
#include "api/graph_call.hpp"
#include "api/graph_routes.hpp"
#include "api/record_routes.hpp"
#include "base/overload.hpp"

#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>
#include <variant>

namespace kith::api {

std::string graph_called(GraphService& service, const std::string& text) {
    return service.knows(text) ? text : composed(text);
}

std::expected<graph::Graph*, Error> require_graph(GraphService& service, const std::string& name) {
    if (graph::Graph* graph = service.graphs().find(name)) return graph;
    if (const auto at = service.unopened().find(name); at != service.unopened().end()) {
        const Error why = to_error(at->second);
        return refuse(why.code, fmt::format("{} cannot be opened: {}", name, why.message));
    }
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
          direct(given),
          events(given) {}

    GraphService& service;
    GraphRoutes graphs;
    RecordRoutes records;
    DirectStreams direct;
    EventStreams events;
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
    if (parts_ && target.path.size() > 2 && target.path[1] == "graphs") {
        target.path[2] = graph_called(parts_->service, target.path[2]);
    }
    const std::string graph = target.path.size() > 2 ? target.path[2] : std::string{};
    const bool may_reopen = parts_ && request.method != "GET";
    Cancel cancel = route(request, std::move(target), std::move(reply));
    if (may_reopen) parts_->direct.follow(graph);
    return cancel;
}

Cancel GraphApi::route(const Request& request, Target target, ReplyTo reply) {
    using Action = std::variant<
        Cancel (GraphRoutes::*)(GraphCall),
        Cancel (RecordRoutes::*)(GraphCall),
        Cancel (DirectStreams::*)(GraphCall),
        Cancel (EventStreams::*)(GraphCall),
        Cancel (*)(GraphService&, GraphCall)>;
    struct Route {
        std::string_view method;
        std::string_view path;
        Action action;
    };
    static constexpr std::array kRoutes{
        Route{"GET", "/v1/graphs", &GraphRoutes::list},
        Route{"POST", "/v1/graphs", &GraphRoutes::create},
        Route{"GET", "/v1/graphs/*", &GraphRoutes::show},
        Route{"DELETE", "/v1/graphs/*", &GraphRoutes::remove},
        Route{"POST", "/v1/graphs/*/open", &GraphRoutes::open},
        Route{"POST", "/v1/graphs/*/close", &GraphRoutes::close},
        Route{"POST", "/v1/graphs/*/connect", &GraphRoutes::connect},
        Route{"GET", "/v1/graphs/*/nodes", &GraphRoutes::nodes},
        Route{"GET", "/v1/graphs/*/neighbours", &GraphRoutes::neighbours},
        Route{"GET", "/v1/graphs/*/digest", &GraphRoutes::digest},
        Route{"POST", "/v1/graphs/*/presence", &GraphRoutes::set_presence},
        Route{"GET", "/v1/graphs/*/events", &EventStreams::open},
        Route{"POST", "/v1/graphs/*/direct", &DirectStreams::open},
        Route{"GET", "/v1/graphs/*/export", &export_archive},
        Route{"POST", "/v1/graphs/*/import", &import_archive},
        Route{"GET", "/v1/graphs/*/records", &RecordRoutes::list},
        Route{"POST", "/v1/graphs/*/records", &RecordRoutes::add},
        Route{"POST", "/v1/graphs/*/search", &RecordRoutes::search},
        Route{"GET", "/v1/records/*", &RecordRoutes::show},
        Route{"GET", "/v1/records/*/payload", &RecordRoutes::payload},
        Route{"POST", "/v1/records/*", &RecordRoutes::update},
        Route{"DELETE", "/v1/records/*", &RecordRoutes::remove},
    };
    for (const Route& route : kRoutes) {
        if (!parts_ || route.method != request.method) continue;
        auto arguments = match_path(route.path, target.path);
        if (!arguments) continue;
        GraphCall call{
            request, std::move(*arguments), std::move(target.parameters), std::move(reply)};
        return std::visit(
            Overload{
                [&](Cancel (GraphRoutes::*run)(GraphCall)) {
                    return (parts_->graphs.*run)(std::move(call));
                },
                [&](Cancel (RecordRoutes::*run)(GraphCall)) {
                    return (parts_->records.*run)(std::move(call));
                },
                [&](Cancel (DirectStreams::*run)(GraphCall)) {
                    return (parts_->direct.*run)(std::move(call));
                },
                [&](Cancel (EventStreams::*run)(GraphCall)) {
                    return (parts_->events.*run)(std::move(call));
                },
                [&](Cancel (*run)(GraphService&, GraphCall)) {
                    return run(parts_->service, std::move(call));
                },
            },
            route.action);
    }
    reply(to_reply(refuse(
        ErrorCode::not_found,
        fmt::format("there is nothing at {} {}", request.method, request.target))));
    return {};
}

} // namespace kith::api
