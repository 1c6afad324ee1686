// `kith record ...`

#include "cli/api_stream.hpp"
#include "cli/complaint.hpp"
#include "cli/event_lines.hpp"
#include "cli/files.hpp"
#include "cli/graph_commands.hpp"
#include "cli/graph_render.hpp"
#include "cli/search_text.hpp"

#include <fmt/format.h>
#include <optional>
#include <utility>

namespace kith::cli {

namespace {

// Bytes of a payload: a record is smaller than 60 MiB (MS-PPGRH 2.2.3.1).
constexpr std::size_t kRecordSizeMax = 62'914'559;

// A large payload takes the disk and the loop a while.
constexpr std::chrono::milliseconds kRecordTimeMax{120'000};

// What kithd takes and gives at once.
constexpr std::size_t kArchiveSizeMax = std::size_t{1} << 30U;
constexpr std::chrono::milliseconds kArchiveTimeMax{600'000};

class Query {
public:
    explicit Query(std::string target) : text_(std::move(target)) {}

    void add(std::string_view name, std::string_view value) {
        text_ += fmt::format("{}{}={}", has_any_ ? '&' : '?', name, percent_encoded(value));
        has_any_ = true;
    }
    void add(std::string_view name, const std::optional<std::string>& value) {
        if (value) add(name, std::string_view(*value));
    }

    std::string take() { return std::move(text_); }

private:
    std::string text_;
    bool has_any_ = false;
};

std::string record_target(std::string_view id) {
    return "/v1/records/" + percent_encoded(id);
}

// What is said of a record by its attributes and its file, where they are given.
std::expected<void, Failure> wish(
    Request& request,
    const std::vector<std::string>& attributes,
    const std::optional<std::string>& file) {
    if (!attributes.empty()) request.body["attributes"] = attributes;
    if (!file) return {};
    auto payload = read_file(*file, kRecordSizeMax);
    if (!payload) return std::unexpected(payload.error());
    request.raw = std::move(*payload);
    return {};
}

Result record_done(const Session& session, Json record, std::string_view headline) {
    std::string text = session.headline(headline) + render_record(record, session.page());
    return Done{std::move(record), std::move(text)};
}

// The payload goes where it is wanted as it comes: it may be large.
std::expected<void, Failure>
save_payload(const Session& session, const std::string& target, const std::string& path) {
    auto stream = ApiStream::open(session.socket_path(), {.target = target});
    if (!stream) return std::unexpected(complaint_of(stream.error(), session.socket_path()));
    std::string content;
    while (!stream->is_over()) {
        auto piece = stream->receive_within(kRecordTimeMax);
        if (!piece) return std::unexpected(complaint_of(piece.error(), session.socket_path()));
        content += *piece;
    }
    if (stream->status() >= 400) {
        return std::unexpected(complaint_of(
            Answer{stream->status(), Json::parse(content, nullptr, /*allow_exceptions=*/false)}));
    }
    return write_plain_file(path, content);
}

Result show_records(const Session& session, const std::expected<Json, Failure>& records) {
    if (!records) return std::unexpected(records.error());
    return Done{*records, render_records(*records, session.page())};
}

} // namespace

Result execute(const Session& session, const RecordAdd& command) {
    Request request{
        .method = Method::post,
        .target = graph_target(command.graph) + "/records",
        .body = {{"type", command.type}, {"lifetime_ms", command.lifetime.count()}},
        .time_max = kRecordTimeMax};
    if (const auto wished = wish(request, command.attributes, command.file); !wished) {
        return std::unexpected(wished.error());
    }
    if (command.refreshes) request.body["refreshes"] = true;
    auto record = call_when_ready(session, request, "adding", command.timeout);
    if (!record) return std::unexpected(record.error());
    return record_done(session, std::move(*record), "added");
}

Result execute(const Session& session, const RecordUpdate& command) {
    if (command.clears_attributes && !command.attributes.empty()) {
        return misused("--attr and --no-attrs say two things");
    }
    const bool changes_attributes = command.clears_attributes || !command.attributes.empty();
    if (!changes_attributes && !command.file && !command.lifetime) {
        return misused("nothing is to be changed: give a FILE, --attr, --no-attrs or --expires");
    }
    Query query(record_target(command.id));
    query.add("graph", command.graph);
    Request request{
        .method = Method::post,
        .target = query.take(),
        .body = Json::object(),
        .time_max = kRecordTimeMax};
    if (const auto wished = wish(request, command.attributes, command.file); !wished) {
        return std::unexpected(wished.error());
    }
    if (command.clears_attributes) request.body["attributes"] = Json::array();
    if (command.lifetime) request.body["lifetime_ms"] = command.lifetime->count();
    auto record = call_when_ready(session, request, "changing", command.timeout);
    if (!record) return std::unexpected(record.error());
    return record_done(session, std::move(*record), "changed");
}

Result execute(const Session& session, const RecordDelete& command) {
    Query query(record_target(command.id));
    query.add("graph", command.graph);
    auto record = call_when_ready(
        session, {.method = Method::remove, .target = query.take()}, "deleting", command.timeout);
    if (!record) return std::unexpected(record.error());
    return record_done(session, std::move(*record), "deleted");
}

Result execute(const Session& session, const RecordGet& command) {
    if (const auto good = session.check_output(command.payload_out); !good) {
        return std::unexpected(good.error());
    }
    Query query(record_target(command.id));
    query.add("graph", command.graph);
    auto record =
        call_when_ready(session, {.target = query.take()}, "asking kithd", command.timeout);
    if (!record) return std::unexpected(record.error());
    if (command.payload_out) {
        Query payload(record_target(command.id) + "/payload");
        payload.add("graph", std::string_view(text_of(*record, "graph")));
        const auto saved = save_payload(session, payload.take(), *command.payload_out);
        if (!saved) return std::unexpected(saved.error());
        if (*command.payload_out == kStandardOutput) return Done{nullptr, {}};
    }
    std::string text = render_record(*record, session.page());
    return Done{std::move(*record), std::move(text)};
}

Result execute(const Session& session, const RecordExport& command) {
    if (const auto good = session.check_output(command.file); !good) {
        return std::unexpected(good.error());
    }
    if (!command.force) {
        if (const auto free = check_free(command.file); !free) {
            return std::unexpected(free.error());
        }
    }
    std::optional<ApiStream> stream;
    const auto begin = [&]() -> std::expected<void, Failure> {
        auto opened = ApiStream::open(
            session.socket_path(),
            {.target = graph_target(command.graph) + "/export", .time_max = kArchiveTimeMax});
        if (!opened) return std::unexpected(complaint_of(opened.error(), session.socket_path()));
        if (opened->status() >= 400) {
            return std::unexpected(refusal_of(*opened, session.socket_path()));
        }
        stream.emplace(std::move(*opened));
        return {};
    };
    if (const auto begun = until_ready(session, command.timeout, begin); !begun) {
        return std::unexpected(begun.error());
    }
    auto output =
        OutputFile::open(command.file, command.force ? Existing::replace : Existing::refuse);
    if (!output) return std::unexpected(output.error());
    std::size_t size = 0;
    while (!stream->is_over()) {
        const auto piece = stream->receive_within(kArchiveTimeMax);
        if (!piece) return std::unexpected(complaint_of(piece.error(), session.socket_path()));
        size += piece->size();
        if (const auto written = output->write(*piece); !written) {
            return std::unexpected(written.error());
        }
    }
    if (const auto finished = output->finish(); !finished) {
        return std::unexpected(finished.error());
    }
    if (command.file == kStandardOutput) return Done{nullptr, {}};
    std::string text = session.headline(fmt::format("{} bytes in {}", size, command.file));
    return Done{
        {{"graph", command.graph}, {"file", command.file}, {"size", size}}, std::move(text)};
}

Result execute(const Session& session, const RecordImport& command) {
    auto archive = read_file(command.file, kArchiveSizeMax);
    if (!archive) return std::unexpected(archive.error());
    auto taken = session.call(
        {.method = Method::post,
         .target = graph_target(command.graph) + "/import",
         .raw = std::move(*archive),
         .time_max = kArchiveTimeMax},
        "importing");
    if (!taken) return std::unexpected(taken.error());
    std::string text = session.headline(fmt::format(
        "{:.0f} records read, {:.0f} of them new here",
        number_of(*taken, "records").value_or(0),
        number_of(*taken, "taken").value_or(0)));
    return Done{std::move(*taken), std::move(text)};
}

Result execute(const Session& session, const RecordList& command) {
    Query query(graph_target(command.graph) + "/records");
    query.add("type", command.type);
    query.add("creator", command.creator);
    query.add("limit", std::string_view(std::to_string(command.limit)));
    if (command.newest_first) query.add("order", std::string_view("newest"));
    return show_records(
        session,
        call_when_ready(session, {.target = query.take()}, "asking kithd", command.timeout));
}

Result execute(const Session& session, const RecordSearch& command) {
    auto document = search_document(command.query);
    if (!document) return std::unexpected(document.error());
    return show_records(
        session,
        call_when_ready(
            session,
            {.method = Method::post,
             .target = graph_target(command.graph) + "/search",
             .body = {{"query", std::move(*document)}, {"limit", command.limit}}},
            "searching",
            command.timeout));
}

} // namespace kith::cli
