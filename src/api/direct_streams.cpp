#include "api/direct_streams.hpp"

#include "api/graph_text.hpp"

#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <utility>
#include <variant>

namespace kith::api {

namespace {

// The kinds of message (docs/api.md).
Guid data_type() {
    static const Guid type = record_type_of("kith.direct.data");
    return type;
}
Guid end_type() {
    static const Guid type = record_type_of("kith.direct.end");
    return type;
}
Guid taken_type() {
    static const Guid type = record_type_of("kith.direct.taken");
    return type;
}

// The reader's end tells how much it has taken each time that it was this much more.
constexpr std::uint64_t kTakenStep = kDirectWindow / 4;

// In four and in eight bytes, big-endian.
std::string number_text(std::uint64_t value, unsigned size) {
    std::string out(size, '\0');
    for (unsigned i = 0; i < size; ++i)
        out[size - 1 - i] = static_cast<char>(value >> (8 * i) & 0xFF);
    return out;
}

std::uint64_t read_number(ByteView bytes) {
    std::uint64_t value = 0;
    for (const std::byte byte : bytes)
        value = value << 8U | std::to_integer<std::uint64_t>(byte);
    return value;
}

// The node that a request names, if it names one.
std::expected<std::optional<graph::NodeId>, Error>
read_node(const std::optional<std::string>& text) {
    if (!text) return std::nullopt;
    const auto node = parse_node(*text);
    if (node) return node;
    return refuse(
        ErrorCode::bad_id, fmt::format("{} is no node id of 16 hexadecimal digits", *text));
}

// One direct connection, from the request to the end of both streams.
class DirectFlow final : public Flow, public std::enable_shared_from_this<DirectFlow> {
public:
    DirectFlow(GraphService& service, std::string name)
        : service_(service),
          name_(std::move(name)) {}
    ~DirectFlow() override { leave(); }
    DirectFlow(const DirectFlow&) = delete;
    DirectFlow& operator=(const DirectFlow&) = delete;

    /// `ended` is called when the connection is there, or with why there is none.
    void connect(
        std::vector<Endpoint> addresses,
        std::optional<std::string> peer_id,
        std::function<void(Outcome)> ended) {
        addresses_ = std::move(addresses);
        peer_id_ = std::move(peer_id);
        ended_ = std::move(ended);
        watch();
        dial();
    }

    /// Takes a connection that came in.
    void adopt(graph::LinkId link) {
        link_ = link;
        is_connected_ = true;
        watch();
    }

    std::optional<std::string> next() override {
        if (pieces_.empty()) return std::nullopt;
        std::string piece = std::move(pieces_.front());
        pieces_.pop_front();
        waiting_ -= piece.size();
        passed_ += piece.size();
        settle();
        return number_text(piece.size(), 4) + piece;
    }

    bool is_over() const override { return pieces_.empty() && (is_confirmed_ || is_broken_); }

    bool has_room() override {
        flush();
        const bool owes_end = is_input_over_ && !is_end_sent_;
        return is_broken_ || (held_.empty() && !owes_end && sent_ - taken_ < kDirectWindow);
    }

    void take(ByteView bytes) override {
        while (!bytes.empty() && !is_input_over_) {
            if (left_ > 0) {
                const ByteView content = bytes.first(std::min(left_, bytes.size()));
                held_.insert(held_.end(), content.begin(), content.end());
                left_ -= content.size();
                bytes = bytes.subspan(content.size());
                continue;
            }
            length_.push_back(bytes.front());
            bytes = bytes.subspan(1);
            if (length_.size() < 4) continue;
            left_ = read_number(length_);
            length_.clear();
            is_input_over_ = left_ == 0;
        }
        flush();
    }

    void end_input() override {
        if (is_input_over_) return;
        // A client that was ended in the middle must not look like one that had said all.
        is_broken_ = true;
        leave();
        wake();
    }

    bool wants_input() const override { return !is_broken_; }

    void leave() {
        if (watch_) service_.unwatch(*std::exchange(watch_, std::nullopt));
        drop_link();
    }

private:
    void drop_link() {
        if (link_ == 0) return;
        const graph::LinkId link = std::exchange(link_, 0);
        service_.change(
            name_,
            [link](graph::Graph& graph, Now now) { return graph.disconnect(now, link); },
            [](const graph::GraphResult<void>&) {});
    }

    void watch() {
        watch_ = service_.watch(name_, [weak = weak_from_this()](const graph::Event& event) {
            if (const auto self = weak.lock()) self->handle(event);
        });
    }

    void dial() {
        if (addresses_.empty()) {
            return fail({ErrorCode::unreachable, "the node cannot be reached at any address"});
        }
        const Endpoint to = addresses_.front();
        addresses_.erase(addresses_.begin());
        service_.change(
            name_,
            [weak = weak_from_this(),
             to](graph::Graph& graph, Now now) -> graph::GraphResult<void> {
                const auto self = weak.lock();
                if (!self) return {};
                const auto link = graph.connect_direct(now, to, self->peer_id_);
                if (!link) return std::unexpected(link.error());
                self->link_ = *link;
                return {};
            },
            [weak = weak_from_this()](const graph::GraphResult<void>& done) {
                if (const auto self = weak.lock(); self && !done)
                    self->fail(to_error(done.error()));
            });
    }

    void fail(Error error) {
        link_ = 0;
        if (ended_) std::exchange(ended_, nullptr)(std::unexpected(std::move(error)));
    }

    void handle(const graph::Event& event) {
        if (const auto* changed = std::get_if<graph::ConnectionChanged>(&event)) {
            if (link_ == 0 || changed->link != link_) return;
            if (changed->status == graph::ConnectionStatus::connected) {
                is_connected_ = true;
                if (ended_) std::exchange(ended_, nullptr)(Answer{101, {}});
                return;
            }
            if (is_connected_) {
                link_ = 0;
                return break_off();
            }
            // Whom the node names in its place is somebody else.
            link_ = changed->next;
            drop_link();
            if (changed->reason == graph::FailureReason::refused) {
                fail(
                    {ErrorCode::not_allowed,
                     "the node takes no direct connections now: nobody waits for one there"});
            } else {
                dial();
            }
        } else if (const auto* received = std::get_if<graph::DataReceived>(&event)) {
            if (link_ != 0 && received->link == link_) handle(*received);
        }
    }

    void handle(const graph::DataReceived& received) {
        if (received.type == data_type() && !is_remote_over_) {
            if (received.data.empty()) return;
            // Who sends more than the window takes no notice of us.
            if (waiting_ + received.data.size() > kDirectWindow + kDirectPieceMax) {
                leave();
                return break_off();
            }
            waiting_ += received.data.size();
            pieces_.emplace_back(as_text(received.data));
        } else if (received.type == end_type() && !is_remote_over_) {
            is_remote_over_ = true;
            pieces_.emplace_back(); // of length zero: the end
            settle();
        } else if (received.type == taken_type() && received.data.size() == 8) {
            taken_ = std::clamp(read_number(received.data), taken_, sent_);
            return flush();
        } else {
            return;
        }
        wake();
    }

    void break_off() {
        is_broken_ = is_broken_ || !is_confirmed_;
        wake();
    }

    // False if the graph does not take it now.
    bool send(const Guid& type, ByteView data) {
        if (link_ == 0) return true;
        const graph::Graph* graph = service_.graphs().find(name_);
        if (graph == nullptr || !graph->is_writable(link_)) return graph == nullptr;
        const auto copy = std::make_shared<const Bytes>(to_owned(data));
        service_.change(
            name_,
            [link = link_, type, copy](graph::Graph& open, Now now) {
                return open.send(now, link, type, *copy);
            },
            [](const graph::GraphResult<void>&) {}); // a link that is gone tells of itself
        return true;
    }

    void flush() {
        if (!held_.empty() && send(data_type(), held_)) {
            sent_ += held_.size();
            held_.clear();
        }
        if (held_.empty() && is_input_over_ && !is_end_sent_ && send(end_type(), {})) {
            is_end_sent_ = true;
        }
        settle();
    }

    void tell_taken() {
        const bool is_all = is_remote_over_ && waiting_ == 0;
        if (passed_ == told_ || (passed_ - told_ < kTakenStep && !is_all)) return;
        if (send(taken_type(), as_bytes(number_text(passed_, 8)))) told_ = passed_;
    }

    // The client is told once the other end's reader has all that it said, which is then a success
    // whatever becomes of the connection.
    void settle() {
        tell_taken();
        if (!is_confirmed_ && !is_broken_ && is_remote_over_ && is_end_sent_ && taken_ == sent_) {
            is_confirmed_ = true;
            pieces_.emplace_back(); // of length zero, the second one
            wake();
        }
        if (is_confirmed_ && pieces_.empty() && told_ == passed_) leave();
    }

    GraphService& service_;
    std::string name_;
    std::optional<GraphService::WatchId> watch_;
    std::function<void(Outcome)> ended_;
    std::vector<Endpoint> addresses_;    // not tried yet
    std::optional<std::string> peer_id_; // of the node that is meant; nothing: not known
    graph::LinkId link_ = 0;
    std::deque<std::string> pieces_; // for the client
    std::size_t waiting_ = 0;        // bytes of them
    std::uint64_t passed_ = 0;       // bytes that went to the client
    std::uint64_t told_ = 0;         // of these, how many the other end knows of
    Bytes length_;                   // of the client's next piece, as far as it has come
    std::size_t left_ = 0;           // bytes of its piece to come
    Bytes held_;                     // from the client, not taken by the graph yet
    std::uint64_t sent_ = 0;         // bytes
    std::uint64_t taken_ = 0;        // of these, by the reader at the other end
    bool is_connected_ = false;
    bool is_remote_over_ = false;
    bool is_input_over_ = false;
    bool is_end_sent_ = false;
    bool is_confirmed_ = false;
    bool is_broken_ = false;
};

Reply upgraded(std::shared_ptr<Flow> flow) {
    return {.status = 101, .body = {}, .content_type = {}, .flow = std::move(flow)};
}

} // namespace

// Who waits for a connection to come in, in the order of asking.
struct DirectStreams::Acceptors : std::enable_shared_from_this<Acceptors> {
    struct Waiting {
        std::uint64_t id = 0;
        std::string graph;
        std::optional<graph::NodeId> from;
        ReplyTo reply;
    };

    explicit Acceptors(GraphService& given) : service(given) {}

    std::uint64_t add(Waiting wish) {
        const std::string graph = wish.graph;
        wish.id = ++last_id;
        waiting.push_back(std::move(wish));
        if (!watches.contains(graph)) {
            watches[graph] =
                service.watch(graph, [weak = weak_from_this(), graph](const graph::Event& event) {
                    // The watch may go meanwhile, and what it holds with it.
                    // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
                    const std::string name = graph;
                    if (const auto self = weak.lock()) self->handle(name, event);
                });
        }
        open_door(graph);
        return last_id;
    }

    void drop(std::uint64_t id) {
        const auto at = std::ranges::find(waiting, id, &Waiting::id);
        if (at == waiting.end()) return;
        const std::string graph = at->graph;
        waiting.erase(at);
        open_door(graph);
    }

    // Direct connections are taken while somebody waits for one.
    void open_door(const std::string& name) {
        const bool is_open = std::ranges::any_of(
            waiting, [&name](const Waiting& wish) { return wish.graph == name; });
        service.change(
            name,
            [is_open](graph::Graph& graph, Now) -> graph::GraphResult<void> {
                graph.accept_direct(is_open);
                return {};
            },
            [](const graph::GraphResult<void>&) {});
        if (!is_open) {
            const auto watch = watches.find(name);
            if (watch == watches.end()) return;
            service.unwatch(watch->second);
            watches.erase(watch);
        }
    }

    void follow(const std::string& name) {
        if (!watches.contains(name)) return;
        std::vector<ReplyTo> left;
        if (service.graphs().find(name) == nullptr) {
            for (Waiting& wish : waiting) {
                if (wish.graph == name) left.push_back(std::move(wish.reply));
            }
            std::erase_if(waiting, [&](const Waiting& wish) { return wish.graph == name; });
        }
        open_door(name);
        for (const ReplyTo& reply : left)
            reply(to_reply(std::unexpected(to_error(graph::GraphErrc::closed))));
    }

    void handle(const std::string& name, const graph::Event& event) {
        const auto* changed = std::get_if<graph::ConnectionChanged>(&event);
        const bool is_new = changed != nullptr && changed->is_direct &&
                            changed->status == graph::ConnectionStatus::connected;
        graph::Graph* graph = service.graphs().find(name);
        if (!is_new || graph == nullptr) return;
        const auto links = graph->links();
        const auto link = std::ranges::find(links, changed->link, &graph::LinkInfo::link);
        if (link == links.end() || !link->is_incoming) return;
        const auto at = std::ranges::find_if(waiting, [&](const Waiting& wish) {
            return wish.graph == name && wish.from.value_or(link->node) == link->node;
        });
        if (at == waiting.end()) {
            service.change(
                name,
                [id = link->link](graph::Graph& open, Now now) { return open.disconnect(now, id); },
                [](const graph::GraphResult<void>&) {});
            return;
        }
        const ReplyTo reply = std::move(at->reply);
        waiting.erase(at);
        auto flow = std::make_shared<DirectFlow>(service, name);
        flow->adopt(link->link);
        reply(upgraded(std::move(flow)));
        open_door(name);
    }

    GraphService& service;
    std::vector<Waiting> waiting;
    std::map<std::string, GraphService::WatchId> watches;
    std::uint64_t last_id = 0;
};

// Where a node of the graph is; nobody knows of it: nothing.
std::optional<DirectStreams::Way> DirectStreams::way_to(graph::Graph& graph, graph::NodeId node) {
    const auto nodes = graph.nodes();
    const auto known = std::ranges::find(nodes, node, &graph::NodeInfo::node);
    Way way;
    if (known != nodes.end()) way = {known->addresses, known->peer_id};
    for (const graph::LinkInfo& link : graph.links()) {
        const bool is_new = std::ranges::find(way.addresses, link.address) == way.addresses.end();
        if (link.node == node && !link.is_incoming && is_new) {
            way.addresses.push_back(link.address);
        }
    }
    if (known == nodes.end() && way.addresses.empty()) return std::nullopt;
    return way;
}

DirectStreams::DirectStreams(GraphService& service)
    : service_(service),
      acceptors_(std::make_shared<Acceptors>(service)) {}

DirectStreams::~DirectStreams() {
    for (const auto& [name, watch] : acceptors_->watches)
        service_.unwatch(watch);
}

Cancel DirectStreams::open(GraphCall call) {
    auto body = call.body();
    if (!body) return call.refuse(body.error());
    const auto text = body->optional_text("node");
    const bool accepts = body->flag_or("accept", false);
    if (const auto read = body->finish(); !read) return call.refuse(read.error());
    const auto graph = require_graph(service_, call.arguments.front());
    if (!graph) return call.refuse(graph.error());
    const auto node = read_node(text);
    if (!node) return call.refuse(node.error());
    if (accepts) return accept(std::move(call), *node);
    if (!*node) return call.refuse({ErrorCode::bad_id, "say which node: \"node\" is missing"});
    if (**node == (*graph)->node_id()) {
        return call.refuse({ErrorCode::bad_id, "this is the node itself"});
    }
    auto way = way_to(**graph, **node);
    if (!way) {
        return call.refuse(
            {ErrorCode::not_found, fmt::format("no node {} is in this graph now", *text)});
    }
    return dial(std::move(call), *std::move(way));
}

void DirectStreams::follow(const std::string& graph) {
    acceptors_->follow(graph);
}

Cancel DirectStreams::accept(GraphCall call, std::optional<graph::NodeId> from) {
    const std::uint64_t id = acceptors_->add(
        {.id = 0,
         .graph = std::move(call.arguments.front()),
         .from = from,
         .reply = std::move(call.reply)});
    return [acceptors = acceptors_, id] { acceptors->drop(id); };
}

Cancel DirectStreams::dial(GraphCall call, Way way) {
    auto flow = std::make_shared<DirectFlow>(service_, std::move(call.arguments.front()));
    // The flow lives as long as somebody waits for it or reads it: until the answer it is its own.
    const auto held = std::make_shared<std::shared_ptr<DirectFlow>>(flow);
    flow->connect(
        std::move(way.addresses),
        std::move(way.peer_id),
        [held, reply = std::move(call.reply)](const Outcome& outcome) {
            const auto done = std::exchange(*held, nullptr);
            if (!outcome) return reply(to_reply(outcome));
            reply(upgraded(done));
        });
    return [held] { held->reset(); };
}

} // namespace kith::api
