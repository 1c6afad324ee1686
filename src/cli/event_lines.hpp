// The events of a graph as they come from the local API.

#pragma once

#include "cli/api_stream.hpp"
#include "cli/session.hpp"

#include <expected>
#include <string>
#include <vector>

namespace kith::cli {

class EventLines {
public:
    /// `types`: of records of these only; empty: of all.
    static std::expected<EventLines, Failure>
    open(const Session& session, const std::string& graph, const std::vector<std::string>& types);

    int fd() const { return stream_.fd(); }

    /// What has come, without waiting.
    std::expected<std::vector<Json>, Failure> receive();

    bool is_over() const { return stream_.is_over(); }

private:
    EventLines(ApiStream stream, std::string socket_path);

    ApiStream stream_;
    std::string socket_path_;
    std::string line_; // not whole yet
};

/// The failure that an answer of the API stands for, read to its end.
Failure refusal_of(ApiStream& stream, const std::string& socket_path);

} // namespace kith::cli
