#include "cli/program.hpp"

#include "cli/api_socket.hpp"
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/embedded.hpp"
#include "cli/graph_arguments.hpp"
#include "cli/terminal_text.hpp"

#include <cstdint>
#include <fmt/format.h>
#include <memory>
#include <utility>
#include <variant>

namespace kith::cli {

namespace {

enum class Format : std::uint8_t { text, json, json_lines };

// ASCII only: JSON's own escapes keep what a terminal would act upon (C1 controls, bidirectional
// overrides) from reaching it, and every reader of JSON undoes them.
std::string json_text(const Json& document, Format format) {
    if (document.is_null() || format == Format::text) return {};
    const int indent = format == Format::json ? 2 : -1;
    return document.dump(indent, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace) + "\n";
}

// Of a command that goes on, each line is a document, a refusal too.
Format format_of(const Invocation& invocation) {
    if (!invocation.json) return Format::text;
    const bool goes_on = std::holds_alternative<Watch>(invocation.command) ||
                         std::holds_alternative<Chat>(invocation.command);
    return goes_on ? Format::json_lines : Format::json;
}

// What standard error has of a sentence; of none, nothing.
std::string sentence_line(const std::string& sentence) {
    return sentence.empty() ? std::string{} : fmt::format("kith: {}\n", printable(sentence));
}

Outcome outcome_of(const Failure& failure, Format format) {
    return {
        .exit_code = failure.exit_code,
        .out = json_text(failure.document, format),
        .err = sentence_line(failure.sentence)};
}

Page page_for(ColorChoice choice, const Environment& env) {
    const bool automatic = env.out_is_terminal && !env.no_color;
    const bool colored =
        choice == ColorChoice::always || (choice == ColorChoice::automatic && automatic);
    return {.colors = colored ? Colors::on : Colors::off, .columns_max = env.out_columns};
}

Result run_at(std::string socket, const Invocation& invocation, const Environment& env) {
    const Session session(
        ApiClient(std::move(socket)), env, page_for(invocation.color, env), invocation.json);
    if (invocation.embedded && need_of(invocation.command) == Need::cloud) {
        const auto joined = session.join();
        if (!joined) return std::unexpected(joined.error());
    }
    return std::visit(
        [&session](const auto& command) { return execute(session, command); }, invocation.command);
}

Outcome outcome_of(const Result& result, Format format) {
    if (!result) return outcome_of(result.error(), format);
    return {
        .exit_code = kExitDone,
        .out = format == Format::text ? result->text : json_text(result->document, format),
        .err = sentence_line(result->warning)};
}

// The node ends with the command, but for a name's, which is published for as long as it lives.
Outcome run_embedded(const Invocation& invocation, const Environment& env, Format format) {
    if (is_about_graphs(invocation.command)) {
        return outcome_of(
            misused("graphs need a kithd that stays; leave --embedded out").error(), format);
    }
    const Need need = need_of(invocation.command);
    auto started = EmbeddedNode::start(*invocation.embedded, env, need);
    if (!started) return outcome_of(started.error(), format);
    auto node = std::make_shared<EmbeddedNode>(std::move(*started));
    const Result result = run_at(node->socket(), invocation, env);
    Outcome outcome = outcome_of(result, format);
    if (need != Need::staying || !result) return outcome;
    outcome.err = "kith: published for as long as this runs; Ctrl-C takes the name back\n";
    outcome.afterwards = [node] {
        node->wait_for_signal();
        return kExitDone;
    };
    return outcome;
}

} // namespace

Outcome run(std::span<const std::string> arguments, const Environment& env) {
    const auto parsed = parse_arguments(arguments);
    if (!parsed) return outcome_of(parsed.error(), Format::text);
    if (const auto* information = std::get_if<Information>(&*parsed)) {
        return {.exit_code = kExitDone, .out = information->text, .err = {}};
    }
    const auto& invocation = std::get<Invocation>(*parsed);
    const Format format = format_of(invocation);
    if (invocation.embedded) return run_embedded(invocation, env, format);
    auto socket = locate_api_socket(invocation.api, env);
    if (!socket) return outcome_of(socket.error(), format);
    return outcome_of(run_at(std::move(*socket), invocation, env), format);
}

} // namespace kith::cli
