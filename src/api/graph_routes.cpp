#include "api/graph_routes.hpp"

#include "api/graph_text.hpp"
#include "base/unicode.hpp"
#include "graph/wire_limits.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

namespace kith::api {

namespace {

constexpr std::int64_t kRecordMaxLeast = 1024; // bytes (MS-PPGRH 2.2.3.1)
constexpr std::int64_t kRecordMaxMost = 62'914'560;
// UTF-16 units, without the zero behind them on the wire.
constexpr std::size_t kTitleUnitsMax = graph::kNameUnitsMax - 1;
constexpr std::size_t kCommentUnitsMax = graph::kCommentUnitsMax - 1;
constexpr std::int64_t kPresenceMsMin = 300'000;
constexpr std::int64_t kPresenceMsMax = 31'536'000'000;

std::unexpected<Error> refuse_text(std::string_view what, std::size_t units_max) {
    return refuse(
        ErrorCode::bad_request,
        fmt::format("{} is text of at most {} characters", what, units_max));
}

// What takes part of a graph has as options, read from the members of a request.
std::expected<node::GraphOptions, Error> read_options(RequestBody& body) {
    node::GraphOptions out;
    out.peer_id = body.text_or("peer_id", "");
    const std::string durability = body.text_or("durability", "full");
    const std::string rules = body.text_or("rules", "modern");
    out.friendly_name = body.text_or("node_name", "");
    out.in_memory = body.flag_or("in_memory", false);
    out.listens = body.flag_or("listens", true);
    out.uses_names = body.flag_or("uses_names", true);
    out.is_published = body.flag_or("published_only", false);
    for (const std::string& text : body.texts("sync_first")) {
        const auto type = parse_record_type(text);
        if (!type) {
            return refuse(ErrorCode::bad_type, fmt::format("{} is no record type", text));
        }
        out.sync_first.push_back(*type);
    }
    if (durability != "full" && durability != "relaxed") {
        return refuse(ErrorCode::bad_request, "the durability is \"full\" or \"relaxed\"");
    }
    if (rules != "modern" && rules != "published") {
        return refuse(ErrorCode::bad_request, "the rules are \"modern\" or \"published\"");
    }
    for (const auto& [text, what] :
         {std::pair(&out.peer_id, "the peer_id"), std::pair(&out.friendly_name, "the node_name")}) {
        if (text->empty() || node::is_graph_name(*text)) continue;
        return refuse_text(what, node::kGraphNameUnitsMax);
    }
    out.durability = durability == "full" ? store::Durability::full : store::Durability::relaxed;
    out.rules = rules == "modern" ? store::Rules::modern : store::Rules::published;
    return out;
}

// What is to be read in lists and typed again. A graph that is here under another name keeps it.
std::expected<void, Error> check_name(GraphService& service, const std::string& name) {
    if (!is_utf8(name) || service.knows(name)) return {}; // what is no text is no name anyway
    if (!has_control_character(name) && !has_direction_control(name)) return {};
    return refuse(ErrorCode::bad_graph, "the name of a graph has no control characters");
}

std::optional<Scope> parse_scope(const std::string& text) {
    for (const Scope scope : {Scope::link, Scope::site, Scope::global}) {
        if (text == to_string(scope)) return scope;
    }
    return std::nullopt;
}

std::expected<graph::GraphInfo, Error> read_info(RequestBody& body) {
    graph::GraphInfo out;
    const std::string scope = body.text_or("scope", "global");
    out.friendly_name = body.text_or("friendly_name", "");
    out.comment = body.text_or("comment", "");
    out.defers_expiration = body.flag_or("defers_expiration", false);
    if (utf16_length(out.friendly_name) > kTitleUnitsMax) {
        return refuse_text("the title (friendly_name)", kTitleUnitsMax);
    }
    if (utf16_length(out.comment) > kCommentUnitsMax) {
        return refuse_text("the comment", kCommentUnitsMax);
    }
    out.record_max = static_cast<std::uint32_t>(
        body.number_or("record_size_max", kRecordMaxMost, kRecordMaxLeast, kRecordMaxMost));
    out.presence_lifetime = static_cast<std::uint32_t>(
        body.number_or("presence_lifetime_ms", kPresenceMsMin, kPresenceMsMin, kPresenceMsMax) /
        1000);
    out.presence_max =
        static_cast<std::uint32_t>(body.number_or("presence_max", 0xFFFF'FFFF, 0, 0xFFFF'FFFF));
    constexpr std::int64_t kMost = 0xFFFF'FFFF;
    graph::Quotas quotas;
    quotas.records = static_cast<std::uint32_t>(body.number_or("records_max", 0, 1, kMost));
    quotas.records_each =
        static_cast<std::uint32_t>(body.number_or("records_each_max", 0, 1, kMost));
    quotas.bytes_each = static_cast<std::uint64_t>(
        body.number_or("bytes_each_max", 0, 1, std::numeric_limits<std::int64_t>::max()));
    if (quotas.any()) out.extras.push_back(graph::write_quotas(quotas));
    const auto read = parse_scope(scope);
    if (!read) {
        return refuse(ErrorCode::bad_request, "the scope is \"global\", \"site\" or \"link\"");
    }
    out.scope = *read;
    return out;
}

Error rules_error(store::Rules ours) {
    const bool is_modern = ours == store::Rules::modern;
    return {
        ErrorCode::not_allowed,
        is_modern ? "this graph has published rules; open it with --published-rules (after kith "
                    "graph delete, as it was opened here with modern ones)"
                  : "this graph has modern rules; open it without --published-rules (after kith "
                    "graph delete, as it was opened here with published ones)"};
}

Error connection_error(const Endpoint& to, graph::FailureReason reason) {
    const std::string there = to_string(to);
    switch (reason) {
    case graph::FailureReason::refused:
        return {ErrorCode::not_allowed, fmt::format("the node at {} refused", there)};
    case graph::FailureReason::not_authenticated:
        return {
            ErrorCode::not_allowed,
            fmt::format(
                "the node at {} and this one do not trust each "
                "other",
                there)};
    case graph::FailureReason::protocol:
        return {
            ErrorCode::unreachable,
            fmt::format("what listens at {} does not speak the graph's protocol", there)};
    case graph::FailureReason::duplicate:
        return {
            ErrorCode::unreachable,
            fmt::format(
                "the node at {} is this one, or has not seen yet that an earlier connection is "
                "over; in that case, try again in a minute",
                there)};
    case graph::FailureReason::other_rules: // rules_error()
    case graph::FailureReason::none:
    case graph::FailureReason::unreachable:
        break;
    }
    return {
        ErrorCode::unreachable,
        fmt::format("nobody at {} takes part in this graph, or it cannot be reached", there)};
}

// One request to connect, from the call to the event that ends it.
struct Connecting {
    GraphService& service;
    std::string name;
    Endpoint to;
    ReplyTo reply;
    graph::LinkId link = 0;
    bool is_there = false; // the link was connected before it was asked for
    bool is_up = false;    // connected, and what the member has is on its way
    std::optional<GraphService::WatchId> watch = std::nullopt;

    void end(const Outcome& outcome) {
        if (watch) service.unwatch(*std::exchange(watch, std::nullopt));
        if (reply) std::exchange(reply, nullptr)(to_reply(outcome));
    }

    void succeed() {
        if (service.graphs().find(name) == nullptr) {
            return end(std::unexpected(to_error(graph::GraphErrc::closed)));
        }
        end(Answer{200, graph_document(service, name)});
    }

    bool is_synchronized() const {
        const graph::Graph* const graph = service.graphs().find(name);
        return graph != nullptr && graph->status().is_synchronized;
    }

    bool has_neighbours() const {
        const graph::Graph* const graph = service.graphs().find(name);
        return graph != nullptr && graph->status().has_neighbours;
    }

    void handle(const graph::Event& event) {
        // The first records tell whether the member's graph is ours.
        if (is_up && std::holds_alternative<graph::Synchronized>(event)) return succeed();
        const auto* changed = std::get_if<graph::ConnectionChanged>(&event);
        if (changed == nullptr || changed->link != link || link == 0) return;
        if (changed->reason == graph::FailureReason::other_rules) {
            const node::GraphOptions* const options = service.graphs().options(name);
            const store::Rules ours = options != nullptr ? options->rules : store::Rules::modern;
            return end(std::unexpected(rules_error(ours)));
        }
        if (changed->status == graph::ConnectionStatus::connected && !is_synchronized()) {
            is_up = true;
            return;
        }
        const bool is_done =
            is_up || changed->status == graph::ConnectionStatus::connected ||
            (changed->reason == graph::FailureReason::duplicate && has_neighbours());
        if (is_done) return succeed();
        if (changed->next != 0) {
            link = changed->next;
            return;
        }
        end(std::unexpected(connection_error(to, changed->reason)));
    }
};

} // namespace

Cancel GraphRoutes::list(GraphCall call) {
    if (const auto read = call.parameters.finish(); !read) return call.refuse(read.error());
    Json graphs = Json::array();
    for (const std::string& name : service_.graphs().names())
        graphs.push_back(graph_document(service_, name));
    Json unopened = Json::array();
    for (const auto& [name, why] : service_.unopened())
        unopened.push_back(unopened_document(name, why));
    return call.answer(
        Answer{200, {{"graphs", std::move(graphs)}, {"unopened", std::move(unopened)}}});
}

Cancel GraphRoutes::create(GraphCall call) {
    auto body = call.body();
    if (!body) return call.refuse(body.error());
    const std::string name = graph_called(service_, body->text("name"));
    const auto options = read_options(*body);
    const auto info = read_info(*body);
    if (const auto read = body->finish(); !read) return call.refuse(read.error());
    if (!options) return call.refuse(options.error());
    if (const auto good = check_name(service_, name); !good) return call.refuse(good.error());
    if (!info) return call.refuse(info.error());
    if (!info->extras.empty() && options->rules != store::Rules::modern) {
        return call.refuse(
            {ErrorCode::bad_request,
             "a graph with published rules has none of records_max, records_each_max and "
             "bytes_each_max"});
    }
    const auto created = service_.create(name, *options, *info);
    if (!created) return call.refuse(to_error(created.error()));
    return call.answer(Answer{kCreated, graph_document(service_, name)});
}

Cancel GraphRoutes::open(GraphCall call) {
    auto body = call.body();
    if (!body) return call.refuse(body.error());
    const std::string& name = call.arguments.front();
    const auto options = read_options(*body);
    if (const auto read = body->finish(); !read) return call.refuse(read.error());
    if (!options) return call.refuse(options.error());
    if (const auto good = check_name(service_, name); !good) return call.refuse(good.error());
    const auto opened = service_.open(name, *options);
    if (!opened) return call.refuse(to_error(opened.error()));
    return call.answer(Answer{200, graph_document(service_, name)});
}

Cancel GraphRoutes::close(GraphCall call) {
    auto body = call.body();
    if (!body) return call.refuse(body.error());
    if (const auto read = body->finish(); !read) return call.refuse(read.error());
    const std::string& name = call.arguments.front();
    Json document;
    if (const auto at = service_.unopened().find(name); at != service_.unopened().end()) {
        document = unopened_document(name, at->second);
    } else {
        const auto graph = require_graph(service_, name);
        if (!graph) return call.refuse(graph.error());
        document = graph_document(service_, name);
    }
    const auto closed = service_.close(name);
    if (!closed) return call.refuse(to_error(closed.error()));
    return call.answer(Answer{200, std::move(document)});
}

Cancel GraphRoutes::remove(GraphCall call) {
    if (const auto read = call.parameters.finish(); !read) return call.refuse(read.error());
    const std::string& name = call.arguments.front();
    if (!node::is_graph_name(name)) return call.refuse(to_error(node::GraphsErrc::bad_name));
    const auto removed = service_.remove(name);
    if (!removed && removed.error() == node::GraphsErrc::not_open) {
        return call.refuse(
            {ErrorCode::not_found,
             fmt::format("there is nothing of a graph called {} here", name)});
    }
    if (!removed) return call.refuse(to_error(removed.error()));
    return call.answer(Answer{200, {{"name", name}}});
}

Cancel GraphRoutes::show(GraphCall call) {
    if (const auto read = call.parameters.finish(); !read) return call.refuse(read.error());
    const auto graph = require_graph(service_, call.arguments.front());
    if (!graph) return call.refuse(graph.error());
    return call.answer(Answer{200, graph_document(service_, call.arguments.front())});
}

Cancel GraphRoutes::nodes(GraphCall call) {
    if (const auto read = call.parameters.finish(); !read) return call.refuse(read.error());
    const auto graph = require_graph(service_, call.arguments.front());
    if (!graph) return call.refuse(graph.error());
    Json nodes = Json::array();
    for (const graph::NodeInfo& node : (*graph)->nodes())
        nodes.push_back(graph_node_document(node, (*graph)->node_id()));
    return call.answer(Answer{200, {{"nodes", std::move(nodes)}}});
}

Cancel GraphRoutes::neighbours(GraphCall call) {
    if (const auto read = call.parameters.finish(); !read) return call.refuse(read.error());
    const auto graph = require_graph(service_, call.arguments.front());
    if (!graph) return call.refuse(graph.error());
    Json links = Json::array();
    for (const graph::LinkInfo& link : (*graph)->links())
        links.push_back(neighbour_document(link));
    return call.answer(Answer{200, {{"neighbours", std::move(links)}}});
}

Cancel GraphRoutes::digest(GraphCall call) {
    if (const auto read = call.parameters.finish(); !read) return call.refuse(read.error());
    const auto graph = require_graph(service_, call.arguments.front());
    if (!graph) return call.refuse(graph.error());
    return call.answer(Answer{
        200,
        {{"name", call.arguments.front()},
         {"synchronized", (*graph)->status().is_synchronized},
         {"digest", to_hex((*graph)->database_digest())}}});
}

Cancel GraphRoutes::set_presence(GraphCall call) {
    auto body = call.body();
    if (!body) return call.refuse(body.error());
    const std::string name = call.arguments.front();
    const auto texts = body->texts("attributes");
    if (const auto read = body->finish(); !read) return call.refuse(read.error());
    if (const auto graph = require_graph(service_, name); !graph) {
        return call.refuse(graph.error());
    }
    const auto document = read_attributes(texts);
    if (!document) return call.refuse(document.error());
    service_.change(
        name,
        [text = *document](graph::Graph& graph, Now now) {
            return graph.set_presence(now, text, true);
        },
        [this, name, reply = call.reply](const graph::GraphResult<void>& done) {
            if (!done) return reply(to_reply(std::unexpected(to_error(done.error()))));
            if (service_.graphs().find(name) == nullptr) {
                return reply(to_reply(std::unexpected(to_error(graph::GraphErrc::closed))));
            }
            reply(to_reply(Answer{200, graph_document(service_, name)}));
        });
    return {};
}

Cancel GraphRoutes::connect(GraphCall call) {
    auto body = call.body();
    if (!body) return call.refuse(body.error());
    const std::string& name = call.arguments.front();
    const std::string text = body->text("to");
    if (const auto read = body->finish(); !read) return call.refuse(read.error());
    if (const auto graph = require_graph(service_, name); !graph) {
        return call.refuse(graph.error());
    }
    const auto to = parse_endpoint(text);
    if (!to) {
        return call.refuse(
            {ErrorCode::bad_address, fmt::format("{} is no address of the form IP:PORT", text)});
    }
    const auto connecting = std::make_shared<Connecting>(
        Connecting{.service = service_, .name = name, .to = *to, .reply = call.reply});
    connecting->watch = service_.watch(name, [connecting](const graph::Event& event) {
        // The watch goes in the end, and this function with it.
        // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
        const auto alive = connecting;
        alive->handle(event);
    });
    service_.change(
        name,
        [connecting, to = *to](graph::Graph& graph, Now now) -> graph::GraphResult<void> {
            const auto link = graph.connect(now, to, std::nullopt);
            if (!link) return std::unexpected(link.error());
            connecting->link = *link;
            connecting->is_there = std::ranges::any_of(
                graph.links(), [&](const graph::LinkInfo& info) { return info.link == *link; });
            return {};
        },
        [connecting](const graph::GraphResult<void>& done) {
            if (!done && done.error() == graph::GraphErrc::bad_argument) {
                return connecting->end(refuse(
                    ErrorCode::bad_request,
                    fmt::format(
                        "{} is an address of this node itself", to_string(connecting->to))));
            }
            if (!done) return connecting->end(std::unexpected(to_error(done.error())));
            if (connecting->is_there) connecting->succeed();
        });
    return [connecting] {
        connecting->reply = nullptr;
        connecting->end(std::unexpected(Error{}));
    };
}

} // namespace kith::api
