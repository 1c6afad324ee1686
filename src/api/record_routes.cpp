#include "api/record_routes.hpp"

#include "api/encoding.hpp"
#include "api/graph_text.hpp"
#include "graph/record_codec.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

namespace kith::api {

namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kRecordLifetimeMin = milliseconds(std::chrono::seconds(1)).count();
constexpr std::int64_t kRecordLifetimeMax = milliseconds(std::chrono::days(366)).count();
constexpr std::int64_t kRecordLifetimeDefault = milliseconds(std::chrono::days(30)).count();

constexpr std::int64_t kListedDefault = 1000; // records of one answer
constexpr std::int64_t kListedMax = 100'000;
constexpr std::int64_t kPayloadDefault = 1024; // bytes of a payload that an answer shows
constexpr std::int64_t kPayloadMax = 262'144;

// Bytes of one answer, about; what does not fit is left out, and the answer says so.
constexpr std::size_t kAnswerMax = std::size_t{8} * 1024 * 1024;

// More than any graph holds (graph::kRecordsMax); the store's own limit is the list's.
constexpr std::size_t kAll = 4'000'000;

// What a request says of a record, as it is written there; what it leaves out is absent.
struct Written {
    std::optional<std::string> type;
    std::optional<std::vector<std::string>> attributes;
    std::int64_t lifetime_ms = 0; // or absent
    std::optional<Bytes> payload;
    std::optional<bool> refreshes;
};

// The same, understood.
struct Wish {
    std::optional<store::RecordType> type;
    std::optional<std::string> attributes; // the document
    std::optional<std::chrono::seconds> lifetime;
    std::optional<Bytes> payload;
    std::optional<bool> refreshes;
};

std::expected<store::RecordType, Error> read_type(const std::string& text) {
    const auto type = parse_record_type(text);
    if (!type) {
        return refuse(
            ErrorCode::bad_type,
            fmt::format(
                "{} is no record type: a GUID, or a word of at most {} of A-Z, a-z, 0-9, and . _ -",
                text,
                kTypeWordMax));
    }
    return *type;
}

// Parameters, with the payload as body.
std::expected<Written, Error> read_parameters(GraphCall& call) {
    Written out;
    Parameters& given = call.parameters;
    out.type = given.text("type");
    auto texts = given.texts("attr");
    out.lifetime_ms = given.number_or("lifetime_ms", 0, kRecordLifetimeMin, kRecordLifetimeMax);
    const auto refreshes = given.number_or("refreshes", -1, 0, 1);
    if (const auto read = given.finish(); !read) return std::unexpected(read.error());
    if (refreshes >= 0) out.refreshes = refreshes == 1;
    if (!texts.empty()) out.attributes = std::move(texts);
    out.payload = to_owned(as_bytes(call.request.body));
    return out;
}

// Members of a JSON object, with the payload among them or behind it.
std::expected<Written, Error> read_members(
    const GraphCall& call, std::string_view members, std::optional<std::string_view> payload) {
    if (const auto read = call.parameters.finish(); !read) return std::unexpected(read.error());
    auto body = RequestBody::parse(members);
    if (!body) return std::unexpected(body.error());
    Written out;
    out.type = body->optional_text("type");
    // How many are too many is the graph's to say.
    if (body->has("attributes")) {
        out.attributes = body->texts("attributes", std::numeric_limits<std::size_t>::max());
    }
    out.lifetime_ms = body->number_or("lifetime_ms", 0, kRecordLifetimeMin, kRecordLifetimeMax);
    if (body->has("refreshes")) out.refreshes = body->flag_or("refreshes", false);
    const auto base64 = payload ? std::nullopt : body->optional_text("payload_base64");
    if (const auto read = body->finish(); !read) return std::unexpected(read.error());
    if (payload) out.payload = to_owned(as_bytes(*payload));
    if (base64) {
        out.payload = from_base64(*base64);
        if (!out.payload) return refuse(ErrorCode::bad_payload, "the payload is not base64");
    }
    return out;
}

std::expected<Written, Error> read_written(GraphCall& call) {
    const std::string_view type = call.request.content_type;
    const std::string_view body = call.request.body;
    if (type.starts_with("application/octet-stream")) return read_parameters(call);
    if (!type.starts_with("application/x-kith-record")) {
        return read_members(call, body, std::nullopt);
    }
    const std::size_t end = body.find('\n');
    if (end == std::string_view::npos) {
        return refuse(
            ErrorCode::bad_request, "the members end with a line feed, which the payload follows");
    }
    return read_members(call, body.substr(0, end), body.substr(end + 1));
}

std::expected<Wish, Error> read_wish(GraphCall& call) {
    auto written = read_written(call);
    if (!written) return std::unexpected(written.error());
    Wish wish;
    wish.payload = std::move(written->payload);
    wish.refreshes = written->refreshes;
    if (written->type) {
        const auto type = read_type(*written->type);
        if (!type) return std::unexpected(type.error());
        wish.type = *type;
    }
    if (written->attributes) {
        auto document = read_attributes(*written->attributes);
        if (!document) return std::unexpected(document.error());
        wish.attributes = std::move(*document);
    }
    if (written->lifetime_ms != 0) {
        wish.lifetime = std::chrono::ceil<std::chrono::seconds>(milliseconds(written->lifetime_ms));
    }
    return wish;
}

// Why a change was refused; where the graph has quotas, one of them is what is used up.
Error change_error(GraphService& service, const std::string& name, graph::GraphErrc code) {
    Error error = to_error(code);
    const graph::Graph* graph = service.graphs().find(name);
    if (code != graph::GraphErrc::too_many || graph == nullptr) return error;
    const graph::Quotas& quotas = graph->quotas();
    std::vector<std::string> bounds;
    const auto add = [&bounds](std::string_view what, std::uint64_t most) {
        if (most != 0) bounds.push_back(fmt::format("{} {}", what, most));
    };
    add("records", quotas.records);
    add("records of each creator", quotas.records_each);
    add("bytes of each creator", quotas.bytes_each);
    if (bounds.empty()) return error;
    error.message = fmt::format("the graph takes no more; its limits: {}", fmt::join(bounds, ", "));
    return error;
}

// The answer to a change of a record that is committed.
void answer_changed(
    GraphService& service,
    const std::string& name,
    const store::RecordId& id,
    unsigned status,
    const ReplyTo& reply) {
    graph::Graph* graph = service.graphs().find(name);
    const auto record = graph != nullptr ? graph->head(service.now(), id, kPayloadDefault)
                                         : std::unexpected(graph::GraphErrc::closed);
    if (!record) {
        // It was done; what came after it is somebody else's doing.
        return reply(to_reply(Answer{status, {{"id", to_string(id)}, {"graph", name}}}));
    }
    reply(to_reply(Answer{status, record_document(name, *record)}));
}

// Of a record that is in no graph here. Waiting for it is only worth while where every graph that
// was asked may still get it: who names the graph waits for that one.
std::unexpected<Error> missing(
    const store::RecordId& id,
    const std::vector<std::string>& names,
    const std::vector<std::string>& unready) {
    if (unready.size() == names.size()) {
        return refuse(
            ErrorCode::not_ready,
            fmt::format(
                "no record with this id is known, and not synchronized yet is {}",
                fmt::join(unready, ", ")));
    }
    std::vector<std::string> searched = names;
    std::erase_if(searched, [&](const std::string& name) {
        return std::ranges::find(unready, name) != unready.end();
    });
    std::string message =
        fmt::format("there is no record {} in {}", to_string(id), fmt::join(searched, ", "));
    if (!unready.empty()) {
        message += fmt::format("; not synchronized yet is {}", fmt::join(unready, ", "));
    }
    return refuse(ErrorCode::not_found, std::move(message));
}

} // namespace

std::expected<RecordRoutes::Found, Error>
RecordRoutes::find(const std::string& id, Parameters& parameters, std::size_t payload_max) {
    const auto guid = parse_guid(id);
    const auto given = parameters.text("graph");
    if (const auto read = parameters.finish(); !read) return std::unexpected(read.error());
    if (!guid) {
        return refuse(
            ErrorCode::bad_id,
            fmt::format("{} is no record id, as in 01234567-89ab-cdef-0123-456789abcdef", id));
    }
    std::vector<std::string> names = service_.graphs().names();
    if (given) {
        const std::string name = graph_called(service_, *given);
        const auto graph = require_graph(service_, name);
        if (!graph) return std::unexpected(graph.error());
        names = {name};
    }
    if (names.empty()) return refuse(ErrorCode::not_found, "no graph is open here");
    std::vector<std::string> places;
    std::vector<std::string> unready;
    std::optional<store::RecordHead> head;
    for (const std::string& name : names) {
        auto found = service_.graphs().find(name)->head(service_.now(), *guid, payload_max);
        if (found) {
            places.push_back(name);
            head = std::move(*found);
        } else if (found.error() == graph::GraphErrc::not_ready) {
            unready.push_back(name);
        } else if (found.error() != graph::GraphErrc::not_found) {
            return std::unexpected(to_error(found.error()));
        }
    }
    if (places.size() > 1) {
        return refuse(
            ErrorCode::ambiguous,
            fmt::format("a record with this id is in {}", fmt::join(places, " and in ")));
    }
    if (places.empty()) return missing(*guid, names, unready);
    return Found{std::move(places.front()), std::move(*head)};
}

Json RecordRoutes::records_json(
    const std::string& name,
    const std::vector<store::RecordId>& ids,
    std::size_t limit,
    std::size_t payload_max,
    bool shows_internal) {
    graph::Graph& graph = *service_.graphs().find(name);
    Json records = Json::array();
    std::size_t size = 0;
    bool is_truncated = false;
    for (const store::RecordId& id : ids) {
        // Whatever is read counts, so what is not shown is not read.
        const auto type = graph.type_of(id);
        if (!type || (!shows_internal && graph::is_internal(*type))) continue;
        if (records.size() == limit || size > kAnswerMax) {
            is_truncated = true;
            break;
        }
        const auto head = graph.head(service_.now(), id, payload_max);
        if (!head) continue;
        size += head->record.attributes.size() + 2 * head->record.payload.size() + 500;
        records.push_back(record_document(name, *head));
    }
    return {{"records", std::move(records)}, {"truncated", is_truncated}};
}

Cancel RecordRoutes::list(GraphCall call) {
    const std::string& name = call.arguments.front();
    const auto type_text = call.parameters.text("type");
    const std::string creator = call.parameters.text("creator").value_or("");
    const std::string order = call.parameters.text("order").value_or("oldest");
    const auto limit = call.parameters.number_or("limit", kListedDefault, 1, kListedMax);
    const auto payload = call.parameters.number_or("payload_max", kPayloadDefault, 0, kPayloadMax);
    if (const auto read = call.parameters.finish(); !read) return call.refuse(read.error());
    if (order != "oldest" && order != "newest") {
        return call.refuse(
            {ErrorCode::bad_request, "the order is \"oldest\" or \"newest\", which comes first"});
    }
    store::RecordType type;
    if (type_text) {
        const auto read = read_type(*type_text);
        if (!read) return call.refuse(read.error());
        type = *read;
    }
    const auto graph = require_graph(service_, name);
    if (!graph) return call.refuse(graph.error());
    auto ids = (*graph)->list(service_.now(), type, creator, kAll);
    if (!ids) return call.refuse(to_error(ids.error()));
    if (order == "newest") std::ranges::reverse(*ids);
    return call.answer(Answer{
        200,
        records_json(
            name,
            *ids,
            static_cast<std::size_t>(limit),
            static_cast<std::size_t>(payload),
            type_text.has_value())});
}

Cancel RecordRoutes::search(GraphCall call) {
    auto body = call.body();
    if (!body) return call.refuse(body.error());
    const std::string& name = call.arguments.front();
    const std::string text = body->text("query");
    const auto limit = body->number_or("limit", kListedDefault, 1, kListedMax);
    const auto payload = body->number_or("payload_max", kPayloadDefault, 0, kPayloadMax);
    if (const auto read = body->finish(); !read) return call.refuse(read.error());
    const auto graph = require_graph(service_, name);
    if (!graph) return call.refuse(graph.error());
    const auto query = store::parse_query(text);
    if (!query) return call.refuse(to_error(query.error()));
    // All of them: those of the graph itself are among them and are not shown.
    auto ids = (*graph)->search(service_.now(), *query, kAll);
    if (!ids) return call.refuse(to_error(ids.error()));
    return call.answer(Answer{
        200,
        records_json(
            name,
            *ids,
            static_cast<std::size_t>(limit),
            static_cast<std::size_t>(payload),
            false)});
}

Cancel RecordRoutes::show(GraphCall call) {
    const auto payload = call.parameters.number_or("payload_max", kPayloadMax, 0, kPayloadMax);
    const auto found =
        find(call.arguments.front(), call.parameters, static_cast<std::size_t>(payload));
    if (!found) return call.refuse(found.error());
    return call.answer(Answer{200, record_document(found->graph, found->head)});
}

Cancel RecordRoutes::payload(GraphCall call) {
    const auto found = find(call.arguments.front(), call.parameters, 0);
    if (!found) return call.refuse(found.error());
    const auto record =
        service_.graphs().find(found->graph)->get(service_.now(), found->head.record.id);
    if (!record) return call.refuse(to_error(record.error()));
    call.reply(
        {.status = 200,
         .body = std::string(as_text(record->payload)),
         .content_type = "application/octet-stream",
         .flow = nullptr});
    return {};
}

Cancel RecordRoutes::add(GraphCall call) {
    const std::string name = call.arguments.front();
    auto wish = read_wish(call);
    if (!wish) return call.refuse(wish.error());
    if (!wish->type) return call.refuse({ErrorCode::bad_type, "a record needs a type"});
    if (const auto graph = require_graph(service_, name); !graph) {
        return call.refuse(graph.error());
    }
    const auto record = std::make_shared<graph::NewRecord>();
    record->type = *wish->type;
    record->lifetime = wish->lifetime.value_or(
        std::chrono::ceil<std::chrono::seconds>(milliseconds(kRecordLifetimeDefault)));
    record->refreshes = wish->refreshes.value_or(false);
    record->payload = std::move(wish->payload).value_or(Bytes{});
    record->attributes = std::move(wish->attributes).value_or(std::string{});
    const auto id = std::make_shared<store::RecordId>();
    service_.change(
        name,
        [record, id](graph::Graph& graph, Now now) -> graph::GraphResult<void> {
            const auto added = graph.add(now, *record);
            if (!added) return std::unexpected(added.error());
            *id = *added;
            return {};
        },
        [this, name, id, reply = call.reply](const graph::GraphResult<void>& done) {
            if (!done) {
                return reply(to_reply(std::unexpected(change_error(service_, name, done.error()))));
            }
            answer_changed(service_, name, *id, kCreated, reply);
        });
    return {};
}

Cancel RecordRoutes::update(GraphCall call) {
    std::vector<std::pair<std::string, std::string>> place;
    if (auto graph = call.parameters.text("graph")) place.emplace_back("graph", std::move(*graph));
    auto wish = read_wish(call);
    if (!wish) return call.refuse(wish.error());
    if (wish->type) {
        return call.refuse({ErrorCode::bad_request, "the type of a record never changes"});
    }
    if (wish->refreshes) {
        return call.refuse(
            {ErrorCode::bad_request, "whether a record is renewed is said when it is added"});
    }
    if (!wish->attributes && !wish->payload && !wish->lifetime) {
        return call.refuse({ErrorCode::bad_request, "nothing is to be changed"});
    }
    Parameters where(std::move(place));
    const auto found = find(call.arguments.front(), where, 0);
    if (!found) return call.refuse(found.error());
    const auto change = std::make_shared<graph::RecordChange>();
    change->payload = std::move(wish->payload);
    change->attributes = std::move(wish->attributes);
    change->lifetime = wish->lifetime;
    service_.change(
        found->graph,
        [change, id = found->head.record.id](graph::Graph& graph, Now now) {
            return graph.update(now, id, *change);
        },
        [this, name = found->graph, id = found->head.record.id, reply = call.reply](
            const graph::GraphResult<void>& done) {
            if (!done) {
                return reply(to_reply(std::unexpected(change_error(service_, name, done.error()))));
            }
            answer_changed(service_, name, id, 200, reply);
        });
    return {};
}

Cancel RecordRoutes::remove(GraphCall call) {
    auto found = find(call.arguments.front(), call.parameters, kPayloadDefault);
    if (!found) return call.refuse(found.error());
    const auto gone = std::make_shared<Found>(std::move(*found));
    service_.change(
        gone->graph,
        [gone](graph::Graph& graph, Now now) { return graph.remove(now, gone->head.record.id); },
        [gone, reply = call.reply](const graph::GraphResult<void>& done) {
            if (!done) return reply(to_reply(std::unexpected(to_error(done.error()))));
            reply(to_reply(Answer{200, record_document(gone->graph, gone->head)}));
        });
    return {};
}

} // namespace kith::api
