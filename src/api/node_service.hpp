// What the API needs of the running node. The loop around the node implements it; everything
// happens on that loop's thread.

#pragma once

#include "base/time.hpp"
#include "node/node.hpp"

#include <expected>
#include <functional>
#include <vector>

namespace kith::api {

class NodeService {
public:
    using ResolveCallback = std::function<void(const pnrp::ResolveDone&)>;

    virtual ~NodeService() = default;

    virtual Now now() const = 0;
    virtual node::CloudStatus status() const = 0;
    virtual std::vector<pnrp::PeerInfo> peers() const = 0;
    virtual std::vector<pnrp::RegisteredName> names() const = 0;

    virtual std::expected<pnrp::RegistrationId, pnrp::RegisterErrc>
    publish(pnrp::Registration registration) = 0;
    virtual std::expected<void, pnrp::RegisterErrc>
    update(pnrp::RegistrationId id, pnrp::Registration registration) = 0;
    virtual std::expected<void, pnrp::RegisterErrc> unpublish(pnrp::RegistrationId id) = 0;

    /// `done` comes from the loop, exactly once, never from inside this call.
    virtual std::expected<pnrp::ResolveId, pnrp::ResolveErrc>
    resolve(const pnrp::ResolveQuery& query, ResolveCallback done) = 0;
    virtual void cancel(pnrp::ResolveId id) = 0;

protected:
    NodeService() = default;
    NodeService(const NodeService&) = default;
    NodeService& operator=(const NodeService&) = default;
};

} // namespace kith::api
