// What the definitions of commands share.

#pragma once

#include "base/unicode.hpp"
#include "cli/arguments.hpp"

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <memory>
#include <string>
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

} // namespace kith::cli
