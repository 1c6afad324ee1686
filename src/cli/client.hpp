// One request to the local API (docs/api.md) and its answer: HTTP/1.1 over a Unix socket.

#pragma once

#include "cli/document.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kith::cli {

/// Bytes of an answer's body; a longer one is not read. The longest is a list of 4096 names, each
/// with the largest payload; lists of records have about 8 MiB.
inline constexpr std::size_t kAnswerSizeMax = std::size_t{32} * 1024 * 1024;

/// How long any answer may take that has no time limit of its own.
inline constexpr std::chrono::milliseconds kAnswerTimeMax{30'000};

/// The same where a key is made, opened or sealed. That takes a second and much memory by intent,
/// and on a machine that has something else to do many times as long.
inline constexpr std::chrono::milliseconds kKeyTimeMax{600'000};

enum class Method : std::uint8_t { get, post, remove };

struct Request {
    Method method = Method::get;
    std::string target;                            // a path, already percent-encoded
    Json body = nullptr;                           // null: none
    std::optional<std::string> raw = std::nullopt; // bytes as they are, behind `body` if there is
    bool upgrades = false;                         // of a stream: both ways
    std::chrono::milliseconds time_max = kAnswerTimeMax;
};

struct Answer {
    unsigned status = 0;
    Json document; // an object
};

enum class ClientErrc : std::uint8_t {
    no_socket,   // nothing at the path
    nobody,      // a socket that no process listens at
    forbidden,   // the system does not let us connect
    timed_out,   // no whole answer within the request's time
    too_long,    // an answer above kAnswerSizeMax
    broken,      // the connection ended within the answer, or it is not HTTP
    no_document, // HTTP, but no JSON object
    interrupted, // `signal` of the failure says by what
};

struct ClientFailure {
    ClientErrc code = ClientErrc::broken;
    int signal = 0;
};

class ApiClient {
public:
    /// Called about ten times a second while an answer is awaited, with the time since it began.
    using Waiting = std::function<void(std::chrono::milliseconds)>;

    /// Connects to nothing yet. Requires: a path of at most `kSocketPathMax` bytes.
    explicit ApiClient(std::string socket_path);

    const std::string& socket_path() const { return socket_path_; }

    /// Sends `request` on a connection of its own and waits for the answer, whatever its status.
    /// The strings of the request's body are wiped: they may be secrets. Throws nothing.
    std::expected<Answer, ClientFailure>
    exchange(Request& request, const Waiting& waiting = {}) const;

private:
    std::string socket_path_;
};

/// `text` as one segment of a path (RFC 3986 section 2: all but unreserved characters encoded).
std::string percent_encoded(std::string_view text);

} // namespace kith::cli
