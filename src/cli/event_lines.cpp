#include "cli/event_lines.hpp"

#include "cli/complaint.hpp"
#include "cli/graph_commands.hpp"

#include <utility>

namespace kith::cli {

namespace {

constexpr unsigned kFirstRefusalStatus = 400;

} // namespace

Failure refusal_of(ApiStream& stream, const std::string& socket_path) {
    std::string text;
    while (!stream.is_over()) {
        auto piece = stream.receive_within(kAnswerTimeMax);
        if (!piece) return complaint_of(piece.error(), socket_path);
        text += *piece;
    }
    return complaint_of(
        Answer{stream.status(), Json::parse(text, nullptr, /*allow_exceptions=*/false)});
}

EventLines::EventLines(ApiStream stream, std::string socket_path)
    : stream_(std::move(stream)),
      socket_path_(std::move(socket_path)) {}

std::expected<EventLines, Failure> EventLines::open(
    const Session& session, const std::string& graph, const std::vector<std::string>& types) {
    std::string target = graph_target(graph) + "/events";
    for (const std::string& type : types) {
        target += target.find('?') == std::string::npos ? '?' : '&';
        target += "type=" + percent_encoded(type);
    }
    auto stream = ApiStream::open(session.socket_path(), {.target = std::move(target)});
    if (!stream) return std::unexpected(complaint_of(stream.error(), session.socket_path()));
    if (stream->status() >= kFirstRefusalStatus) {
        return std::unexpected(refusal_of(*stream, session.socket_path()));
    }
    return EventLines(std::move(*stream), session.socket_path());
}

std::expected<std::vector<Json>, Failure> EventLines::receive() {
    auto bytes = stream_.receive();
    if (!bytes) return std::unexpected(complaint_of(bytes.error(), socket_path_));
    line_ += *bytes;
    std::vector<Json> events;
    std::size_t begin = 0;
    for (std::size_t end = line_.find('\n'); end != std::string::npos;
         end = line_.find('\n', begin)) {
        auto event = Json::parse(
            line_.begin() + static_cast<std::ptrdiff_t>(begin),
            line_.begin() + static_cast<std::ptrdiff_t>(end),
            nullptr,
            /*allow_exceptions=*/false);
        if (event.is_object()) events.push_back(std::move(event));
        begin = end + 1;
    }
    line_.erase(0, begin);
    return events;
}

} // namespace kith::cli
