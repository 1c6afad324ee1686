// The local API, from a request to its answer, without any transport: docs/api.md in code.

#pragma once

#include "api/exchange.hpp"
#include "api/services.hpp"

#include <memory>

namespace kith::api {

class Api final : public Handler {
public:
    explicit Api(Services services);
    ~Api() override;
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;

    Cancel handle(const Request& request, ReplyTo reply) override;
    BodyRoom room_for(std::string_view method, std::string_view target) const override;

    /// Publishes what is kept and not published, as far as its keys are at hand. To be called when
    /// the node begins and when it comes to a network.
    void resume_names();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace kith::api
