#include "api/archive_routes.hpp"

#include "store/archive.hpp"

#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <utility>

namespace kith::api {

namespace {

// Bytes of an archive, either way: what the transport takes as a body.
constexpr std::size_t kArchiveMax = std::size_t{1} << 30U;

constexpr std::size_t kFeedSize = std::size_t{1} << 20U;

Error archive_error(store::ArchiveErrc error) {
    using store::ArchiveErrc;
    switch (error) {
    case ArchiveErrc::not_an_archive:
        return {ErrorCode::bad_document, "this is no archive of records"};
    case ArchiveErrc::newer_version:
        return {ErrorCode::bad_document, "a later version of Kith made this archive"};
    case ArchiveErrc::damaged:
        return {ErrorCode::bad_document, "the archive is damaged; nothing was taken from it"};
    case ArchiveErrc::truncated:
        return {ErrorCode::bad_document, "the archive ends too early; nothing was taken from it"};
    case ArchiveErrc::too_large:
        return {ErrorCode::bad_document, "a record in the archive is larger than any may be"};
    }
    return {ErrorCode::bad_document, "this is no archive of records"};
}

// What was read in one turn of the loop, on its way.
class ArchiveFlow final : public Flow {
public:
    explicit ArchiveFlow(std::deque<Bytes> parts) : parts_(std::move(parts)) {}

    std::optional<std::string> next() override {
        if (parts_.empty()) return std::nullopt;
        std::string part(as_text(parts_.front()));
        parts_.pop_front();
        return part;
    }
    bool is_over() const override { return parts_.empty(); }

private:
    std::deque<Bytes> parts_;
};

using Take = std::function<std::expected<void, Error>(const store::Record&)>;

// The whole archive, record by record; its head.
std::expected<store::ArchiveHead, Error> read_archive(ByteView bytes, const Take& take) {
    store::ArchiveReader reader;
    while (true) {
        auto record = reader.next();
        if (!record) return std::unexpected(archive_error(record.error()));
        if (*record) {
            if (auto taken = take(**record); !taken) return std::unexpected(taken.error());
            continue;
        }
        if (bytes.empty()) break;
        const ByteView piece = bytes.first(std::min(kFeedSize, bytes.size()));
        reader.feed(piece);
        bytes = bytes.subspan(piece.size());
    }
    if (const auto whole = reader.finish(); !whole)
        return std::unexpected(archive_error(whole.error()));
    return *reader.head();
}

std::string peer_of(GraphService& service, const std::string& name) {
    return service.graphs().options(name)->peer_id;
}

// Who the archive belongs to has to be who takes it (PEER_E_INVALID_DATABASE).
std::expected<void, Error>
check_head(GraphService& service, const std::string& name, const store::ArchiveHead& head) {
    if (head.graph != name) {
        return refuse(
            ErrorCode::bad_document, fmt::format("the archive is of the graph {}", head.graph));
    }
    if (head.peer != peer_of(service, name)) {
        return refuse(
            ErrorCode::bad_document,
            fmt::format(
                "the archive is of the peer {}, and this node is another one in the graph; "
                "it can be that one in a graph opened with its peer id",
                head.peer));
    }
    if (head.rules != service.graphs().options(name)->rules) {
        return refuse(ErrorCode::bad_document, "the archive is of a graph with other rules");
    }
    return {};
}

} // namespace

Cancel export_archive(GraphService& service, GraphCall call) {
    const std::string& name = call.arguments.front();
    if (const auto read = call.parameters.finish(); !read) return call.refuse(read.error());
    const auto graph = require_graph(service, name);
    if (!graph) return call.refuse(graph.error());
    if (!(*graph)->status().is_synchronized) {
        return call.refuse(to_error(graph::GraphErrc::not_ready));
    }
    store::RecordStore& store = *service.graphs().store(name);
    store::ArchiveWriter writer(store, {name, peer_of(service, name), store.rules()});
    std::deque<Bytes> parts;
    std::size_t size = 0;
    while (true) {
        auto part = writer.next();
        if (!part) return call.refuse(to_error(graph::GraphErrc::store_failed));
        if (part->empty()) break;
        size += part->size();
        if (size > kArchiveMax) {
            return call.refuse(
                {ErrorCode::too_large,
                 fmt::format("an archive has at most {} MiB", kArchiveMax >> 20U)});
        }
        parts.push_back(std::move(*part));
    }
    call.reply(
        {.status = 200,
         .body = {},
         .content_type = "application/octet-stream",
         .flow = std::make_shared<ArchiveFlow>(std::move(parts))});
    return {};
}

Cancel import_archive(GraphService& service, GraphCall call) {
    const std::string& name = call.arguments.front();
    if (const auto read = call.parameters.finish(); !read) return call.refuse(read.error());
    if (const auto graph = require_graph(service, name); !graph) {
        return call.refuse(graph.error());
    }
    if (service.graphs().options(name)->in_memory) {
        return call.refuse(
            {ErrorCode::bad_request, "a graph that is kept in memory takes no archive"});
    }
    const ByteView archive = as_bytes(call.request.body);
    std::size_t records = 0;
    const auto head =
        read_archive(archive, [&records](const store::Record&) -> std::expected<void, Error> {
            ++records;
            return {};
        });
    if (!head) return call.refuse(head.error());
    if (const auto ours = check_head(service, name, *head); !ours) {
        return call.refuse(ours.error());
    }
    std::size_t taken = 0;
    std::expected<void, Error> outcome;
    const auto merge = [&](store::RecordStore& store) {
        const auto put = [&](const store::Record& record) -> std::expected<void, Error> {
            const auto merged = store::merge_record(store, record);
            if (!merged) return std::unexpected(to_error(graph::GraphErrc::store_failed));
            taken += *merged ? 1U : 0U;
            return {};
        };
        const auto read = read_archive(archive, put);
        if (!read) {
            outcome = std::unexpected(read.error());
        } else if (!store.commit()) {
            outcome = std::unexpected(to_error(graph::GraphErrc::store_failed));
        }
    };
    if (const auto done = service.rework(name, merge); !done) {
        return call.refuse(to_error(done.error()));
    }
    if (!outcome) return call.refuse(outcome.error());
    return call.answer(Answer{200, {{"name", name}, {"records", records}, {"taken", taken}}});
}

} // namespace kith::api
