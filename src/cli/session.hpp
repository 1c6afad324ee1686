// What every command works with, and how each of them talks to the API.

#pragma once

#include "cli/client.hpp"
#include "cli/environment.hpp"
#include "cli/failure.hpp"
#include "cli/page.hpp"

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace kith::cli {

/// What a command that was done prints: the one or the other.
struct Done {
    Json document;         // with --json; null: nothing more than it wrote as it went
    std::string text;      // without
    std::string warning{}; // for standard error in both cases: a sentence as that of a failure
};

using Result = std::expected<Done, Failure>;

class Session {
public:
    Session(ApiClient client, Environment env, Page page, bool prints_json = false);

    const Environment& env() const { return env_; }
    const Page& page() const { return page_; }
    const std::string& socket_path() const { return client_.socket_path(); }
    bool prints_json() const { return prints_json_; }

    /// The document of an answer below 400; every other outcome is a failure in words.
    /// `doing` is what a long wait is called on the terminal.
    std::expected<Json, Failure> call(Request request, const std::string& doing) const;

    std::expected<Json, Failure> get(std::string target) const;

    /// Waits until a node that has just begun knows members, or has looked for them in vain; a few
    /// seconds at most, with progress on the terminal.
    std::expected<void, Failure> join() const;

    /// Refuses to write a file to standard output where the document of --json is to stand.
    std::expected<void, Failure> check_output(const std::optional<std::string>& path) const;

    /// A line that says what was done.
    std::string headline(std::string_view text) const;

private:
    ApiClient client_;
    Environment env_;
    Page page_;
    bool prints_json_; // what a command writes as it goes is for programs
};

/// The path of one identity.
std::string identity_target(std::string_view name);

} // namespace kith::cli
