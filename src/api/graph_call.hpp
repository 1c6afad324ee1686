// One request about graphs or records on its way through its route.

#pragma once

#include "api/call.hpp"
#include "api/graph_documents.hpp"
#include "api/graph_service.hpp"
#include "api/target.hpp"

#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace kith::api {

struct GraphCall {
    const Request& request; // only during the call
    std::vector<std::string> arguments;
    Parameters parameters;
    ReplyTo reply;

    Cancel refuse(Error error) const {
        reply(to_reply(std::unexpected(std::move(error))));
        return {};
    }

    Cancel answer(const Outcome& outcome) const {
        reply(to_reply(outcome));
        return {};
    }

    /// The members of the body, once the parameters are read.
    std::expected<RequestBody, Error> body() const {
        if (const auto read = parameters.finish(); !read) return std::unexpected(read.error());
        return RequestBody::parse(request.body);
    }
};

/// What the graph that a request calls `text` is called: that, if anything of such a graph is here,
/// else `text` composed.
std::string graph_called(GraphService& service, const std::string& text);

/// The graph, which has to be open; the message names those that are.
std::expected<graph::Graph*, Error> require_graph(GraphService& service, const std::string& name);

} // namespace kith::api
