#include "cli/program.hpp"

#include "cli/api_socket.hpp"
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/terminal_text.hpp"

#include <cstdint>
#include <fmt/format.h>
#include <utility>
#include <variant>

namespace kith::cli {

namespace {

enum class Format : std::uint8_t { text, json };

// ASCII only: JSON's own escapes keep what a terminal would act upon (C1 controls, bidirectional
// overrides) from reaching it, and every reader of JSON undoes them.
std::string json_text(const Json& document) {
    return document.dump(2, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace) + "\n";
}

Outcome outcome_of(const Failure& failure, Format format) {
    Outcome outcome{.exit_code = failure.exit_code, .out = {}, .err = {}};
    if (format == Format::json && !failure.document.is_null()) {
        outcome.out = json_text(failure.document);
    }
    if (!failure.sentence.empty()) {
        outcome.err = fmt::format("kith: {}\n", printable(failure.sentence));
    }
    return outcome;
}

Page page_for(ColorChoice choice, const Environment& env) {
    const bool automatic = env.out_is_terminal && !env.no_color;
    const bool colored =
        choice == ColorChoice::always || (choice == ColorChoice::automatic && automatic);
    return {.colors = colored ? Colors::on : Colors::off, .columns_max = env.out_columns};
}

Result run(const Invocation& invocation, const Environment& env) {
    auto socket = locate_api_socket(invocation.api, env);
    if (!socket) return std::unexpected(socket.error());
    const Session session(ApiClient(std::move(*socket)), env, page_for(invocation.color, env));
    return std::visit(
        [&session](const auto& command) { return execute(session, command); }, invocation.command);
}

} // namespace

Outcome run(std::span<const std::string> arguments, const Environment& env) {
    const auto parsed = parse_arguments(arguments);
    if (!parsed) return outcome_of(parsed.error(), Format::text);
    if (const auto* information = std::get_if<Information>(&*parsed)) {
        return {.exit_code = kExitDone, .out = information->text, .err = {}};
    }
    const auto& invocation = std::get<Invocation>(*parsed);
    const Format format = invocation.json ? Format::json : Format::text;
    const Result result = run(invocation, env);
    if (!result) return outcome_of(result.error(), format);
    return {
        .exit_code = kExitDone,
        .out = format == Format::json ? json_text(result->document) : result->text,
        .err = {}};
}

} // namespace kith::cli
