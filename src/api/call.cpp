#include "api/call.hpp"

#include "base/unicode.hpp"

#include <fmt/format.h>

namespace kith::api {

namespace {

// What a peer signed is shown even where it is not well-formed text.
std::string dump(const Json& document) {
    return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace

Reply to_reply(const Outcome& outcome) {
    if (outcome) return {outcome->status, dump(outcome->document)};
    const Error& error = outcome.error();
    const Json document = {
        {"error", {{"code", to_string(error.code)}, {"message", error.message}}}};
    return {http_status(error.code), dump(document)};
}

std::string composed(const std::string& name) {
    return to_nfc(name).value_or(name);
}

std::expected<std::vector<std::string>, Error>
require_cloud(const node::Clouds& clouds, const std::string& wanted) {
    auto found = clouds.names_of(wanted);
    if (found.empty()) {
        return refuse(
            ErrorCode::not_found, fmt::format("this node is in no cloud called {}", wanted));
    }
    return found;
}

} // namespace kith::api
