// What the definitions of commands share.

#pragma once

#include "base/unicode.hpp"
#include "cli/arguments.hpp"

#include <system_error>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace kith::cli {

inline CLI::Validator make_check(const char* complaint, bool (*is_good)(const std::string&)) {
    return CLI::Validator(
        [complaint, is_good](std::string& text) {
            return is_good(text) ? std::string{} : std::string(complaint);
        },
        "");
}

// What goes into a request must be text; a file's path may be any bytes.
inline CLI::Validator is_text() {
    return make_check("not text (UTF-8)", [](const std::string& text) { return is_utf8(text); });
}

inline CLI::Validator is_name() {
    return make_check("must not be empty, and text (UTF-8)", [](const std::string& text) {
        return !text.empty() && is_utf8(text);
    });
}

inline CLI::Validator is_path() {
    return make_check(
        "needs the path of a file", [](const std::string& text) { return !text.empty(); });
}

/// What an option's text looks like, and what is said of one that does not.
struct Form {
    const char* text;
    const char* complaint;
};

// An option whose text `parse` understands: `take` gets what it makes of it.
template<auto parse, class Take>
void add_parsed(
    CLI::App& command, const char* option, const char* description, const Form& form, Take take) {
    command.add_option(option)
        ->description(description)
        ->option_text(form.text)
        ->check(make_check(
            form.complaint, [](const std::string& text) { return parse(text).has_value(); }))
        ->each([take = std::move(take)](const std::string& text) {
            if (const auto value = parse(text)) take(*value);
        });
}

// A whole number and one of `units` ("s", "m", "h", "d"), as in 90s; nothing if it is more than
// `most`.
inline std::optional<std::chrono::milliseconds>
parse_span(std::string_view text, std::string_view units, std::chrono::milliseconds most) {
    if (text.size() < 2 || text.size() > 10 || !units.contains(text.back())) return std::nullopt;
    unsigned count = 0;
    const char* end = text.data() + text.size() - 1;
    const auto [stop, error] = std::from_chars(text.data(), end, count);
    if (error != std::errc{} || stop != end || count == 0) return std::nullopt;
    const std::chrono::milliseconds unit = text.back() == 's'   ? std::chrono::seconds(1)
                                           : text.back() == 'm' ? std::chrono::minutes(1)
                                           : text.back() == 'h' ? std::chrono::hours(1)
                                                                : std::chrono::days(1);
    const std::chrono::milliseconds span = unit * count;
    return span <= most ? std::optional(span) : std::nullopt;
}

template<class Path>
CLI::Option*
add_file_option(CLI::App& command, const char* option, Path& path, const char* description) {
    return command.add_option(option, path, description)->option_text("FILE")->check(is_path());
}

inline CLI::Option* add_name(CLI::App& command, const char* title, std::string& name) {
    return command.add_option(title, name)->required()->check(is_name());
}

inline CLI::App& add_group(CLI::App& root, const char* name, const char* description) {
    CLI::App& group = *root.add_subcommand(name, description);
    group.require_subcommand(1);
    group.fallthrough(); // global options may follow
    return group;
}

// A command whose values are those of a `T`. The values live as long as the command does.
template<class T>
std::pair<CLI::App*, std::shared_ptr<T>>
add_command(CLI::App& group, const char* name, const char* description, Command& chosen) {
    CLI::App* command = group.add_subcommand(name, description);
    command->fallthrough();
    auto values = std::make_shared<T>();
    command->callback([values, &chosen] { chosen = std::move(*values); });
    return {command, values};
}

// The commands that take one name and nothing else.
template<class T>
void add_command_of_one(
    CLI::App& group,
    const char* name,
    const char* description,
    std::string T::* member,
    Command& chosen) {
    auto [command, values] = add_command<T>(group, name, description, chosen);
    const char* title = std::is_same_v<T, NameUnpublish> ? "PEERNAME"
                        : std::is_same_v<T, CloudStatus> || std::is_same_v<T, CloudPeers> ? "CLOUD"
                                                                                          : "NAME";
    add_name(*command, title, (*values).*member);
}

} // namespace kith::cli
