#include "api/api.hpp"

#include "api/call.hpp"
#include "api/delegation_routes.hpp"
#include "api/documents.hpp"
#include "api/graph_api.hpp"
#include "api/identity_routes.hpp"
#include "api/name_book.hpp"
#include "api/name_routes.hpp"
#include "api/peer_name_text.hpp"
#include "api/target.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <utility>
#include <vector>

namespace kith::api {

namespace {

// What a resolve may take: docs/api.md.
constexpr std::int64_t kTimeoutMsDefault = 10'000;
constexpr std::int64_t kTimeoutMsMin = 100;
constexpr std::int64_t kTimeoutMsMax = 300'000;

} // namespace

struct Api::Parts {
    explicit Parts(Services&& given)
        : services(std::move(given)),
          identities(services, names),
          published(services, names),
          delegations(services),
          graphs(services) {}

    // Routes that take no members answer at once.
    Cancel status(Call call);
    Cancel clouds(Call call);
    Cancel cloud(Call call);
    Cancel peers(Call call);
    Cancel list_identities(Call call);
    Cancel show_identity(Call call);
    Cancel remove_identity(Call call);
    Cancel default_identity(Call call);
    Cancel rename_identity(Call call);
    Cancel create_identity(Call call);
    Cancel import_identity(Call call);
    Cancel export_identity(Call call);
    Cancel card(Call call);
    Cancel delegate(Call call);
    Cancel list_names(Call call);
    Cancel publish(Call call);
    Cancel unpublish(Call call);
    Cancel resolve(Call call);

    template<class Action>
    Cancel answer(Call& call, Action action);
    std::expected<node::CloudStatus, Error> find_cloud(const Call& call) const;

    Services services;
    NameBook names;
    IdentityRoutes identities;
    NameRoutes published;
    DelegationRoutes delegations;
    GraphApi graphs;
};

// Answers with what `action` gives, after making sure that the request had no members left over.
template<class Action>
Cancel Api::Parts::answer(Call& call, Action action) {
    const auto read = call.body.finish();
    const Outcome outcome = read ? action() : Outcome(std::unexpected(read.error()));
    call.reply(to_reply(outcome));
    return {};
}

std::expected<node::CloudStatus, Error> Api::Parts::find_cloud(const Call& call) const {
    const node::Clouds& clouds = services.node.clouds();
    const auto found = require_cloud(clouds, call.arguments.front());
    if (!found) return std::unexpected(found.error());
    if (found->size() > 1) {
        return refuse(
            ErrorCode::bad_request,
            fmt::format("{} may be any of {}", call.arguments.front(), fmt::join(*found, ", ")));
    }
    const auto all = clouds.status(services.node.now());
    return *std::ranges::find(all, found->front(), &node::CloudStatus::name);
}

Cancel Api::Parts::status(Call call) {
    return answer(call, [this] { return Outcome(Answer{200, status_document(services)}); });
}

Cancel Api::Parts::clouds(Call call) {
    return answer(
        call, [this] { return Outcome(Answer{200, {{"clouds", clouds_document(services)}}}); });
}

Cancel Api::Parts::cloud(Call call) {
    return answer(call, [&] {
        const auto found = find_cloud(call);
        if (!found) return Outcome(std::unexpected(found.error()));
        return Outcome(Answer{200, cloud_document(*found)});
    });
}

Cancel Api::Parts::peers(Call call) {
    return answer(call, [&] {
        const auto found = find_cloud(call);
        if (!found) return Outcome(std::unexpected(found.error()));
        Json peers = Json::array();
        const auto known = services.node.clouds().peers(services.node.now(), found->name);
        for (const pnrp::PeerInfo& peer : known)
            peers.push_back(peer_document(peer));
        return Outcome(Answer{200, {{"peers", std::move(peers)}}});
    });
}

Cancel Api::Parts::list_identities(Call call) {
    return answer(call, [this] { return identities.list(); });
}

Cancel Api::Parts::show_identity(Call call) {
    return answer(call, [&] { return identities.show(call.arguments.front()); });
}

Cancel Api::Parts::remove_identity(Call call) {
    return answer(call, [&] { return identities.remove(call.arguments.front()); });
}

Cancel Api::Parts::default_identity(Call call) {
    return answer(call, [&] { return identities.set_default(call.arguments.front()); });
}

Cancel Api::Parts::rename_identity(Call call) {
    call.reply(to_reply(identities.rename(call.arguments.front(), call.body)));
    return {};
}

Cancel Api::Parts::create_identity(Call call) {
    identities.create(std::move(call));
    return {};
}

Cancel Api::Parts::import_identity(Call call) {
    identities.import(std::move(call));
    return {};
}

Cancel Api::Parts::export_identity(Call call) {
    identities.export_document(std::move(call));
    return {};
}

Cancel Api::Parts::card(Call call) {
    return answer(call, [&] { return delegations.card(call.arguments.front()); });
}

Cancel Api::Parts::delegate(Call call) {
    delegations.delegate(std::move(call));
    return {};
}

Cancel Api::Parts::list_names(Call call) {
    return answer(call, [this] { return published.list(); });
}

Cancel Api::Parts::publish(Call call) {
    published.publish(std::move(call));
    return {};
}

Cancel Api::Parts::unpublish(Call call) {
    return answer(call, [&] { return published.unpublish(call.arguments.front()); });
}

Cancel Api::Parts::resolve(Call call) {
    const std::string text = call.body.text("peer_name");
    const auto timeout =
        call.body.number_or("timeout_ms", kTimeoutMsDefault, kTimeoutMsMin, kTimeoutMsMax);
    const auto refused = [&call](Error error) -> Cancel {
        call.reply(to_reply(std::unexpected(std::move(error))));
        return {};
    };
    const auto cloud = call.body.optional_text("cloud");
    const std::string which = call.body.text_or("which", "first");
    if (const auto read = call.body.finish(); !read) return refused(read.error());
    if (cloud) {
        if (const auto known = require_cloud(services.node.clouds(), *cloud); !known)
            return refused(known.error());
    }
    auto name = parse_peer_or_host_name(text);
    if (!name) return refused(name.error());
    if (which != "first" && which != "nearest" && which != "all") {
        return refused({ErrorCode::bad_request, "which is one of first, nearest and all"});
    }

    pnrp::ResolveQuery query{.name = std::move(*name)};
    query.timeout = std::chrono::milliseconds(timeout);
    if (which == "nearest") query.criteria = pnrp::kNearest;
    const bool wants_all = which == "all";
    if (wants_all) query.extent = pnrp::Extent::all;
    const auto done = [reply = call.reply, wants_all](const node::QueryDone& result) {
        const auto& outcome = result.outcome;
        if (!outcome) return reply(to_reply(std::unexpected(to_error(outcome.error()))));
        reply(to_reply(Answer{
            200,
            wants_all ? registrations_document(result)
                      : resolution_document(*outcome, result.cloud)}));
    };
    const auto id = services.node.resolve(query, cloud, done);
    if (!id) return refused(to_error(id.error()));
    return [this, id = *id] { services.node.cancel(id); };
}

Api::Api(Services services) : parts_(std::make_unique<Parts>(std::move(services))) {}
Api::~Api() = default;

void Api::resume_names() {
    parts_->published.resume();
}

Cancel Api::handle(const Request& request, ReplyTo reply) {
    struct Route {
        std::string_view method;
        std::string_view path;
        Cancel (Parts::*run)(Call);
    };
    // `import` stands before `*`, or an identity of that name would hide it.
    static constexpr std::array kRoutes{
        Route{"GET", "/v1/status", &Parts::status},
        Route{"GET", "/v1/clouds", &Parts::clouds},
        Route{"GET", "/v1/clouds/*", &Parts::cloud},
        Route{"GET", "/v1/clouds/*/peers", &Parts::peers},
        Route{"GET", "/v1/identities", &Parts::list_identities},
        Route{"POST", "/v1/identities", &Parts::create_identity},
        Route{"POST", "/v1/identities/import", &Parts::import_identity},
        Route{"GET", "/v1/identities/*", &Parts::show_identity},
        Route{"DELETE", "/v1/identities/*", &Parts::remove_identity},
        Route{"POST", "/v1/identities/*/rename", &Parts::rename_identity},
        Route{"POST", "/v1/identities/*/default", &Parts::default_identity},
        Route{"POST", "/v1/identities/*/export", &Parts::export_identity},
        Route{"GET", "/v1/identities/*/card", &Parts::card},
        Route{"POST", "/v1/delegations", &Parts::delegate},
        Route{"GET", "/v1/names", &Parts::list_names},
        Route{"POST", "/v1/names", &Parts::publish},
        Route{"DELETE", "/v1/names/*", &Parts::unpublish},
        Route{"POST", "/v1/resolve", &Parts::resolve},
    };
    auto target = parse_target(request.target);
    if (target && GraphApi::serves(target->path)) {
        return parts_->graphs.handle(request, std::move(*target), std::move(reply));
    }
    if (target && !target->parameters.finish()) target.reset();
    for (const Route& route : kRoutes) {
        if (!target || route.method != request.method) continue;
        auto arguments = match_path(route.path, target->path);
        if (!arguments) continue;
        if (route.path.starts_with("/v1/identities/")) {
            for (std::string& label : *arguments)
                label = composed(label);
        }
        auto body = RequestBody::parse(request.body);
        if (!body) {
            reply(to_reply(std::unexpected(body.error())));
            return {};
        }
        return (parts_.get()->*route.run)(
            {std::move(*arguments), std::move(*body), std::move(reply)});
    }
    reply(to_reply(std::unexpected(Error{
        ErrorCode::not_found,
        fmt::format("there is nothing at {} {}", request.method, request.target)})));
    return {};
}

BodyRoom Api::room_for(std::string_view method, std::string_view target) const {
    return GraphApi::room_for(method, target);
}

} // namespace kith::api
