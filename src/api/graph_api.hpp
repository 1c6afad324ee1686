// The part of the local API that is about graphs: /v1/graphs and /v1/records.

#pragma once

#include "api/exchange.hpp"
#include "api/services.hpp"
#include "api/target.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kith::api {

class GraphApi {
public:
    /// `services` outlives this object.
    explicit GraphApi(Services& services);
    ~GraphApi();
    GraphApi(const GraphApi&) = delete;
    GraphApi& operator=(const GraphApi&) = delete;

    static bool serves(const std::vector<std::string>& path);
    static BodyRoom room_for(std::string_view method, std::string_view target);

    Cancel handle(const Request& request, Target target, ReplyTo reply);

private:
    struct Parts;
    Cancel route(const Request& request, Target target, ReplyTo reply);

    std::unique_ptr<Parts> parts_;
};

} // namespace kith::api
