// What the API needs of the running node. The loop around the node implements it; everything
// happens on that loop's thread.

#pragma once

#include "base/time.hpp"
#include "node/clouds.hpp"

#include <expected>
#include <functional>
#include <optional>
#include <string>

namespace kith::api {

class NodeService {
public:
    using ResolveCallback = std::function<void(const node::QueryDone&)>;

    virtual ~NodeService() = default;

    virtual Now now() const = 0;
    virtual const node::Clouds& clouds() const = 0;

    // As node::Clouds has them.
    virtual std::expected<node::PublicationId, pnrp::RegisterErrc>
    publish(node::Publication publication) = 0;
    virtual std::expected<void, pnrp::RegisterErrc>
    update(node::PublicationId id, node::Publication publication) = 0;
    virtual std::expected<void, pnrp::RegisterErrc> unpublish(node::PublicationId id) = 0;

    /// `done` comes from the loop, exactly once, never from inside this call.
    virtual std::expected<node::QueryId, pnrp::ResolveErrc> resolve(
        const pnrp::ResolveQuery& query,
        const std::optional<std::string>& cloud,
        ResolveCallback done) = 0;
    virtual void cancel(node::QueryId id) = 0;

protected:
    NodeService() = default;
    NodeService(const NodeService&) = default;
    NodeService& operator=(const NodeService&) = default;
};

} // namespace kith::api
