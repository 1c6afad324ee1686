// Direct connections between two nodes of a graph as two streams of bytes: docs/api.md, Direct
// connections.

#pragma once

#include "api/graph_call.hpp"
#include "api/graph_service.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kith::api {

/// Bytes on their way to the other end that its reader has not taken; what either end keeps at
/// most.
inline constexpr std::size_t kDirectWindow = std::size_t{1024} * 1024;

/// One message of a stream.
inline constexpr std::size_t kDirectPieceMax = std::size_t{64} * 1024;

class DirectStreams {
public:
    explicit DirectStreams(GraphService& service);
    ~DirectStreams();
    DirectStreams(const DirectStreams&) = delete;
    DirectStreams& operator=(const DirectStreams&) = delete;

    /// `POST /v1/graphs/NAME/direct`: answers when there is a connection, with its flow.
    Cancel open(GraphCall call);

    /// The graph of this name may have been opened again, or be gone: who waits there for a
    /// connection goes on waiting, or is answered `not_found`. No-op where nobody waits.
    void follow(const std::string& graph);

private:
    struct Acceptors;
    struct Way {
        std::vector<Endpoint> addresses;
        std::optional<std::string> peer_id;
    };

    static std::optional<Way> way_to(graph::Graph& graph, graph::NodeId node);
    Cancel accept(GraphCall call, std::optional<graph::NodeId> from);
    Cancel dial(GraphCall call, Way way);

    GraphService& service_;
    std::shared_ptr<Acceptors> acceptors_;
};

} // namespace kith::api
