#include "api/event_stream.hpp"

#include "api/graph_text.hpp"

#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <memory>
#include <utility>

namespace kith::api {

namespace {

constexpr std::size_t kPieceMax = std::size_t{64} * 1024; // bytes, about

std::string line_of(const Json& document) {
    return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

class EventFlow final : public Flow {
public:
    EventFlow(GraphService& service, std::string name, std::vector<store::RecordType> types)
        : service_(service),
          name_(std::move(name)),
          types_(std::move(types)),
          watch_(service.watch(name_, [this](const graph::Event& event) { handle(event); })) {
        push(line_of({{"event", "watching"}, {"graph", name_}}));
    }
    ~EventFlow() override { service_.unwatch(watch_); }
    EventFlow(const EventFlow&) = delete;
    EventFlow& operator=(const EventFlow&) = delete;

    std::optional<std::string> next() override {
        if (lines_.empty() && lost_ == 0) return std::nullopt;
        std::string piece;
        while (!lines_.empty() && piece.size() < kPieceMax) {
            piece += lines_.front();
            size_ -= lines_.front().size();
            lines_.pop_front();
        }
        // What is missing was missing here: everything that waited has been told.
        if (lines_.empty() && lost_ > 0) {
            piece += line_of({{"event", "lost"}, {"count", std::exchange(lost_, 0)}});
        }
        return piece;
    }

    bool is_over() const override { return false; }

private:
    bool is_wanted(const graph::Event& event) const {
        if (types_.empty()) return true;
        const store::RecordType* type = nullptr;
        if (const auto* changed = std::get_if<graph::RecordChanged>(&event)) type = &changed->type;
        if (const auto* done = std::get_if<graph::Synchronized>(&event)) type = &done->type;
        return type == nullptr || std::ranges::find(types_, *type) != types_.end();
    }

    void handle(const graph::Event& event) {
        if (!is_wanted(event)) return;
        graph::Graph* graph = service_.graphs().find(name_);
        if (graph == nullptr) return;
        // Once something is lost nothing is taken until that could be said, or the order would lie.
        if (lost_ > 0 || lines_.size() >= kWaitingEventsMax || size_ >= kWaitingEventBytesMax) {
            ++lost_;
            return;
        }
        push(line_of(event_document(name_, *graph, service_.now(), event)));
        wake();
    }

    void push(std::string line) {
        size_ += line.size();
        lines_.push_back(std::move(line));
    }

    GraphService& service_;
    std::string name_;
    std::vector<store::RecordType> types_; // empty: every type
    std::deque<std::string> lines_;
    std::size_t size_ = 0; // bytes
    std::uint64_t lost_ = 0;
    GraphService::WatchId watch_;
};

} // namespace

Cancel watch_events(GraphService& service, GraphCall call) {
    const std::string& name = call.arguments.front();
    const auto texts = call.parameters.texts("type");
    if (const auto read = call.parameters.finish(); !read) return call.refuse(read.error());
    std::vector<store::RecordType> types;
    for (const std::string& text : texts) {
        const auto type = parse_record_type(text);
        if (!type) {
            return call.refuse({ErrorCode::bad_type, fmt::format("{} is no record type", text)});
        }
        types.push_back(*type);
    }
    if (const auto graph = require_graph(service, name); !graph) {
        return call.refuse(graph.error());
    }
    call.reply(
        {.status = 200,
         .body = {},
         .content_type = "application/x-ndjson",
         .flow = std::make_shared<EventFlow>(service, name, std::move(types))});
    return {};
}

} // namespace kith::api
