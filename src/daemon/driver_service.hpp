// The node's driver as the API wants it.

#pragma once

#include "api/node_service.hpp"
#include "host/clocks.hpp"
#include "host/node_driver.hpp"

#include <utility>

namespace kith::daemon {

class DriverService final : public api::NodeService {
public:
    explicit DriverService(host::NodeDriver& driver) : driver_(driver) {}

    Now now() const override { return host::read_clocks(); }
    const node::Clouds& clouds() const override { return driver_.clouds(); }

    std::expected<node::PublicationId, pnrp::RegisterErrc>
    publish(node::Publication publication) override {
        return driver_.publish(std::move(publication));
    }

    std::expected<void, pnrp::RegisterErrc>
    update(node::PublicationId id, node::Publication publication) override {
        return driver_.update(id, std::move(publication));
    }

    std::expected<void, pnrp::RegisterErrc> unpublish(node::PublicationId id) override {
        return driver_.unpublish(id);
    }

    std::expected<node::QueryId, pnrp::ResolveErrc> resolve(
        const pnrp::ResolveQuery& query,
        const std::optional<std::string>& cloud,
        ResolveCallback done) override {
        return driver_.resolve(query, cloud, std::move(done));
    }

    void cancel(node::QueryId id) override { driver_.cancel(id); }

private:
    host::NodeDriver& driver_;
};

} // namespace kith::daemon
