// `kith graph ...`

#include "cli/graph_commands.hpp"

#include "cli/complaint.hpp"
#include "cli/graph_render.hpp"
#include "cli/interrupt.hpp"
#include "cli/progress.hpp"
#include "cli/secrets.hpp"
#include "cli/terminal_text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <poll.h>
#include <utility>

namespace kith::cli {

namespace {

using Steady = std::chrono::steady_clock;

// Between two looks at a graph that is on its way.
constexpr std::chrono::milliseconds kLookPause{100};

Json wish_json(const GraphWish& wish) {
    Json body = Json::object();
    body["peer_id"] = wish.peer_id;
    body["node_name"] = wish.node_name;
    body["durability"] = wish.is_relaxed ? "relaxed" : "full";
    body["in_memory"] = wish.in_memory;
    body["listens"] = !wish.never_listens;
    body["uses_names"] = !wish.uses_no_names;
    body["published_only"] = wish.published_only;
    body["rules"] = wish.published_rules ? "published" : "modern";
    body["sync_first"] = wish.sync_first;
    return body;
}

Result graph_done(const Session& session, Json graph, std::string_view headline) {
    std::string text = session.headline(headline) + render_graph(graph, session.page());
    return Done{std::move(graph), std::move(text)};
}

// A pause that a signal ends; the number of the signal.
std::optional<int> pause(const InterruptWatch& interrupts, std::chrono::milliseconds time) {
    pollfd waits{.fd = interrupts.fd(), .events = POLLIN, .revents = 0};
    static_cast<void>(::poll(&waits, 1, static_cast<int>(time.count())));
    return interrupts.take();
}

Failure out_of_patience(Failure failure, std::chrono::milliseconds timeout) {
    failure.sentence = fmt::format(
        "{}; it was not after {:.0f} s: connect it with: kith graph connect NAME --to IP:PORT",
        failure.sentence,
        std::chrono::duration<double>(timeout).count());
    return failure;
}

} // namespace

std::string graph_target(std::string_view name) {
    return "/v1/graphs/" + percent_encoded(name);
}

std::expected<void, Failure>
until_ready(const Session& session, std::chrono::milliseconds timeout, const Attempt& attempt) {
    const auto start = Steady::now();
    Progress progress(
        "waiting for the graph to be synchronized",
        session.env().err_is_terminal ? ProgressTo::terminal : ProgressTo::nowhere);
    const InterruptWatch interrupts;
    while (true) {
        auto done = attempt();
        if (done || error_code_of(done.error().document) != "not_ready") return done;
        const auto elapsed =
            std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - start);
        if (elapsed >= timeout) {
            return std::unexpected(out_of_patience(std::move(done.error()), timeout));
        }
        progress.show(elapsed);
        if (const auto signal = pause(interrupts, kLookPause)) return interrupted_by(*signal);
    }
}

std::expected<Json, Failure> call_when_ready(
    const Session& session,
    const Request& request,
    const std::string& doing,
    std::chrono::milliseconds timeout) {
    std::expected<Json, Failure> answer;
    const auto done = until_ready(session, timeout, [&]() -> std::expected<void, Failure> {
        answer = session.call(request, doing);
        if (!answer) return std::unexpected(answer.error());
        return {};
    });
    if (!done) return std::unexpected(done.error());
    return answer;
}

Result execute(const Session& session, const GraphCreate& command) {
    Json body = wish_json(command.wish);
    body["name"] = command.wish.name;
    body["friendly_name"] = command.title;
    body["comment"] = command.comment;
    body["scope"] = command.scope;
    if (command.records_max) body["records_max"] = *command.records_max;
    if (command.records_each_max) body["records_each_max"] = *command.records_each_max;
    if (command.bytes_each_max) body["bytes_each_max"] = *command.bytes_each_max;
    auto graph = session.call(
        {.method = Method::post, .target = "/v1/graphs", .body = std::move(body)}, "creating");
    if (!graph) return std::unexpected(graph.error());
    return graph_done(session, std::move(*graph), "created");
}

Result execute(const Session& session, const GraphOpen& command) {
    auto graph = session.call(
        {.method = Method::post,
         .target = graph_target(command.wish.name) + "/open",
         .body = wish_json(command.wish)},
        "opening");
    if (!graph) return std::unexpected(graph.error());
    const bool is_ready = flag_of(*graph, "synchronized");
    return graph_done(
        session,
        std::move(*graph),
        is_ready ? "opened"
                 : "opened; it is synchronized once it has a connection to one of its members");
}

Result execute(const Session& session, const GraphConnect& command) {
    const std::string target = graph_target(command.name);
    const auto start = Steady::now();
    const auto connected = session.call(
        {.method = Method::post,
         .target = target + "/connect",
         .body = {{"to", command.to}},
         .time_max = command.timeout},
        "connecting");
    if (!connected) {
        const Failure& failure = connected.error();
        const bool has_run_out = failure.exit_code == kExitFailed && failure.document.is_null() &&
                                 Steady::now() - start >= command.timeout;
        if (!has_run_out) return std::unexpected(failure);
        return failed(fmt::format(
            "nobody at {} answered as a member of {} within {:.0f} s; wait longer with --timeout "
            "TIME",
            command.to,
            command.name,
            std::chrono::duration<double>(command.timeout).count()));
    }
    // Connected is not synchronized yet.
    Progress progress(
        "synchronizing",
        session.env().err_is_terminal ? ProgressTo::terminal : ProgressTo::nowhere);
    const InterruptWatch interrupts;
    while (true) {
        auto graph = session.get(target);
        if (!graph) return std::unexpected(graph.error());
        const auto elapsed =
            std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - start);
        if (flag_of(*graph, "synchronized")) {
            return graph_done(session, std::move(*graph), "connected");
        }
        if (elapsed >= command.timeout) {
            return graph_done(session, std::move(*graph), "connected, and still synchronizing");
        }
        progress.show(elapsed);
        if (const auto signal = pause(interrupts, kLookPause)) return interrupted_by(*signal);
    }
}

Result execute(const Session& session, const GraphClose& command) {
    auto graph = session.call(
        {.method = Method::post,
         .target = graph_target(command.name) + "/close",
         .body = Json::object()},
        "closing");
    if (!graph) return std::unexpected(graph.error());
    std::string text = session.headline(fmt::format("{} is closed", command.name));
    return Done{std::move(*graph), std::move(text)};
}

Result execute(const Session& session, const GraphDelete& command) {
    if (!command.yes) {
        auto terminal = Terminal::open(session.env().terminal_path);
        if (!terminal) return misused("no terminal to ask on; say that you mean it with --yes");
        const auto sure = terminal->confirm(
            fmt::format("Forget every record of {} on this machine? [y/N] ", command.name));
        if (!sure) return std::unexpected(sure.error());
        if (!*sure) return failed("nothing was deleted");
    }
    auto gone =
        session.call({.method = Method::remove, .target = graph_target(command.name)}, "deleting");
    if (!gone) return std::unexpected(gone.error());
    std::string text = session.headline(fmt::format("{} is deleted here", command.name));
    return Done{std::move(*gone), std::move(text)};
}

Result execute(const Session& session, const GraphList& /*command*/) {
    auto graphs = session.get("/v1/graphs");
    if (!graphs) return std::unexpected(graphs.error());
    std::string text = render_graphs(*graphs, session.page());
    return Done{std::move(*graphs), std::move(text)};
}

Result execute(const Session& session, const GraphStatus& command) {
    auto graph = session.get(graph_target(command.name));
    if (!graph) return std::unexpected(graph.error());
    std::string text = render_graph(*graph, session.page());
    return Done{std::move(*graph), std::move(text)};
}

Result execute(const Session& session, const GraphDigest& command) {
    auto digest = session.get(graph_target(command.name) + "/digest");
    if (!digest) return std::unexpected(digest.error());
    std::string text = printable(text_of(*digest, "digest")) + "\n";
    return Done{std::move(*digest), std::move(text)};
}

Result execute(const Session& session, const GraphNodes& command) {
    auto nodes = session.get(graph_target(command.name) + "/nodes");
    if (!nodes) return std::unexpected(nodes.error());
    std::string text = render_nodes(*nodes, session.page());
    return Done{std::move(*nodes), std::move(text)};
}

Result execute(const Session& session, const GraphNeighbours& command) {
    auto links = session.get(graph_target(command.name) + "/neighbours");
    if (!links) return std::unexpected(links.error());
    std::string text = render_neighbours(*links, session.page());
    return Done{std::move(*links), std::move(text)};
}

} // namespace kith::cli
