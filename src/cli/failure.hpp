// Why a command did not do what it was asked to, as the person at the keyboard is told.

#pragma once

#include "cli/document.hpp"

#include <expected>
#include <string>
#include <utility>

namespace kith::cli {

// The exit codes of `kith` (docs/cli.md). A signal ends it with 128 plus its number, as shells say.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1; // not found, refused, kithd not running
inline constexpr int kExitUsage = 2;  // what was typed is wrong
inline constexpr int kExitSignalBase = 128;

struct Failure {
    int exit_code = kExitFailed;
    /// One sentence without the leading `kith: `; may hold what a peer sent, so it is made
    /// printable where it is written. Empty: there is nothing to add (the user pressed Ctrl-C).
    std::string sentence;
    /// The API's own error document; null if the API did not answer.
    Json document = nullptr;
};

inline std::unexpected<Failure> failed(std::string sentence) {
    return std::unexpected(Failure{.exit_code = kExitFailed, .sentence = std::move(sentence)});
}

inline std::unexpected<Failure> misused(std::string sentence) {
    return std::unexpected(Failure{.exit_code = kExitUsage, .sentence = std::move(sentence)});
}

inline std::unexpected<Failure> interrupted_by(int signal) {
    return std::unexpected(Failure{.exit_code = kExitSignalBase + signal, .sentence = {}});
}

} // namespace kith::cli
