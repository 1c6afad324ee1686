// One request on its way through its route.

#pragma once

#include "api/error.hpp"
#include "api/exchange.hpp"
#include "api/request_body.hpp"
#include "node/clouds.hpp"

#include <expected>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace kith::api {

struct Call {
    std::vector<std::string> arguments; // the decoded parts of the path that the route leaves open
    RequestBody body;
    ReplyTo reply;
};

/// Members keep the order of docs/api.md.
using Json = nlohmann::ordered_json;

/// What a route does in the end: a document with its status, or an error.
struct Answer {
    unsigned status = 200;
    Json document;
};
using Outcome = std::expected<Answer, Error>;

inline constexpr unsigned kCreated = 201; // the status of what was made

Reply to_reply(const Outcome& outcome);

inline std::unexpected<Error> refuse(ErrorCode code, std::string message) {
    return std::unexpected(Error{code, std::move(message)});
}

/// A name as it is kept: composed (NFC), where it is text at all.
std::string composed(const std::string& name);

/// The clouds that `wanted` means; refused if there is none.
std::expected<std::vector<std::string>, Error>
require_cloud(const node::Clouds& clouds, const std::string& wanted);

} // namespace kith::api
