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
    node::CloudStatus status() const override { return driver_.status(); }
    std::vector<pnrp::PeerInfo> peers() const override { return driver_.peers(); }
    std::vector<pnrp::RegisteredName> names() const override { return driver_.names(); }

    std::expected<pnrp::RegistrationId, pnrp::RegisterErrc>
    publish(pnrp::Registration registration) override {
        return driver_.publish(std::move(registration));
    }

    std::expected<void, pnrp::RegisterErrc>
    update(pnrp::RegistrationId id, pnrp::Registration registration) override {
        return driver_.update(id, std::move(registration));
    }

    std::expected<void, pnrp::RegisterErrc> unpublish(pnrp::RegistrationId id) override {
        return driver_.unpublish(id);
    }

    std::expected<pnrp::ResolveId, pnrp::ResolveErrc>
    resolve(const pnrp::ResolveQuery& query, ResolveCallback done) override {
        return driver_.resolve(query, std::move(done));
    }

    void cancel(pnrp::ResolveId id) override { driver_.cancel(id); }

private:
    host::NodeDriver& driver_;
};

} // namespace kith::daemon
