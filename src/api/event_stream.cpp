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

using Line = std::shared_ptr<const std::string>;

} // namespace

class EventFlow;

class EventFeed {
public:
    EventFeed(GraphService& service, std::string name)
        : service_(service),
          name_(std::move(name)),
          watch_(service.watch(name_, [this](const graph::Event& event) { handle(event); })) {}
    ~EventFeed() { service_.unwatch(watch_); }
    EventFeed(const EventFeed&) = delete;
    EventFeed& operator=(const EventFeed&) = delete;

    void join(EventFlow& flow) { flows_.push_back(&flow); }
    void leave(const EventFlow& flow) { std::erase(flows_, &flow); }

private:
    void handle(const graph::Event& event);

    GraphService& service_;
    std::string name_;
    std::vector<EventFlow*> flows_;
    GraphService::WatchId watch_;
};

class EventFlow final : public Flow {
public:
    EventFlow(
        std::shared_ptr<EventFeed> feed,
        const std::string& name,
        std::vector<store::RecordType> types)
        : feed_(std::move(feed)),
          types_(std::move(types)) {
        feed_->join(*this);
        push(
            std::make_shared<const std::string>(line_of({{"event", "watching"}, {"graph", name}})));
    }
    ~EventFlow() override { feed_->leave(*this); }
    EventFlow(const EventFlow&) = delete;
    EventFlow& operator=(const EventFlow&) = delete;

    std::optional<std::string> next() override {
        if (lines_.empty() && lost_ == 0) return std::nullopt;
        std::string piece;
        while (!lines_.empty() && piece.size() < kPieceMax) {
            piece += *lines_.front();
            size_ -= lines_.front()->size();
            lines_.pop_front();
        }
        // What is missing was missing here: everything that waited has been told.
        if (lines_.empty() && lost_ > 0) {
            piece += line_of({{"event", "lost"}, {"count", std::exchange(lost_, 0)}});
        }
        return piece;
    }

    bool is_over() const override { return false; }
    bool is_endless() const override { return true; }

    /// False if the client does not want it, or loses it.
    bool takes(const graph::Event& event) {
        if (!is_wanted(event)) return false;
        // Once something is lost nothing is taken until that could be said, or the order would lie.
        const bool is_full =
            lost_ > 0 || lines_.size() >= kWaitingEventsMax || size_ >= kWaitingEventBytesMax;
        if (is_full) ++lost_;
        return !is_full;
    }

    void push(Line line) {
        size_ += line->size();
        lines_.push_back(std::move(line));
        wake();
    }

private:
    bool is_wanted(const graph::Event& event) const {
        if (types_.empty()) return true;
        const store::RecordType* type = nullptr;
        if (const auto* changed = std::get_if<graph::RecordChanged>(&event)) type = &changed->type;
        if (const auto* done = std::get_if<graph::Synchronized>(&event)) type = &done->type;
        return type == nullptr || std::ranges::find(types_, *type) != types_.end();
    }

    std::shared_ptr<EventFeed> feed_;
    std::vector<store::RecordType> types_; // empty: every type
    std::deque<Line> lines_;
    std::size_t size_ = 0; // bytes
    std::uint64_t lost_ = 0;
};

void EventFeed::handle(const graph::Event& event) {
    graph::Graph* graph = service_.graphs().find(name_);
    if (graph == nullptr) return;
    Line line;
    for (EventFlow* flow : flows_) {
        if (!flow->takes(event)) continue;
        if (!line) {
            line = std::make_shared<const std::string>(
                line_of(event_document(name_, *graph, service_.now(), event)));
        }
        flow->push(line);
    }
}

std::shared_ptr<EventFeed> EventStreams::feed_of(const std::string& name) {
    std::erase_if(feeds_, [](const auto& item) { return item.second.expired(); });
    auto feed = feeds_[name].lock();
    if (!feed) feeds_[name] = feed = std::make_shared<EventFeed>(service_, name);
    return feed;
}

Cancel EventStreams::open(GraphCall call) {
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
    if (const auto graph = require_graph(service_, name); !graph) {
        return call.refuse(graph.error());
    }
    call.reply(
        {.status = 200,
         .body = {},
         .content_type = "application/x-ndjson",
         .flow = std::make_shared<EventFlow>(feed_of(name), name, std::move(types))});
    return {};
}

} // namespace kith::api
