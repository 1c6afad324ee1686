// A hand-driven peer of one graph, for tests of what bad or odd neighbours do.

#pragma once

#include "base/overload.hpp"
#include "base/random.hpp"
#include "graph/capabilities.hpp"
#include "graph/frame.hpp"
#include "graph/graph.hpp"
#include "graph/message.hpp"
#include "graph/record_codec.hpp"
#include "graph/test_world.hpp"
#include "graph/wire_limits.hpp"

#include <cstddef>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kith::graph {

/// Where a stranger says that he listens.
inline Endpoint endpoint_at(unsigned number) {
    return {Address::v4(0x0A00'0A00U + number), 4000};
}

/// One end of a link whose other end is `graph`; what the graph sends to others stays unread.
class Stranger {
public:
    explicit Stranger(Graph& graph, NodeId node = 77) : graph_(graph), node_(node) {}

    /// Connects to the graph, up to AUTH_INFO.
    void
    come(Now now, const std::string& graph_id = "a graph", LinkKind kind = LinkKind::neighbour) {
        link_ = graph_.take_link_id();
        graph_.handle_accepted(
            now, link_, {Address::v4(0x0A00'00FFU), static_cast<std::uint16_t>(40'000 + link_)});
        say(now, AuthInfo{kind, graph_id, "stranger", std::nullopt});
    }

    /// Makes the graph call, and takes the call: reads up to its CONNECT.
    void be_called(Now now, const Endpoint& at = {Address::v4(0x0A00'0AFFU), 4000}) {
        const auto link = graph_.connect(now, at, std::nullopt);
        ASSERT_TRUE(link);
        while (graph_.poll_link()) {
        }
        answer(now, *link);
    }

    /// Becomes a neighbour that the graph has called.
    void be_joined(Now now, const Capabilities& can = {}) {
        be_called(now);
        welcome(now, graph_.peer_time(now.wall), can);
    }

    /// Takes the call of a graph that dials: reads up to its CONNECT.
    void answer(Now now, LinkId link) {
        link_ = link;
        graph_.handle_opened(now, link_);
        listen(now);
    }

    /// Answers the CONNECT of a graph that dialled.
    void welcome(Now now, store::PeerTime time, const Capabilities& can = {}) {
        Welcome welcome;
        welcome.node = node_;
        welcome.time = time;
        welcome.peer_id = "stranger";
        if (can.any()) welcome.capabilities = write_greeting({can, std::nullopt});
        can_ = can;
        writer_.push(encode(welcome), Stream::small);
        const auto frame = writer_.poll();
        if (can.streams) {
            reader_.use_streams();
            writer_.use_streams();
        }
        say_bytes(now, *frame);
    }

    /// Becomes a neighbour.
    void join(Now now, const Capabilities& can = {}, std::vector<Endpoint> addresses = {}) {
        come(now);
        Connect connect;
        connect.node = node_;
        connect.addresses = std::move(addresses);
        if (can.any()) connect.capabilities = write_greeting({can, std::nullopt});
        say(now, connect);
        ASSERT_TRUE(heard<Welcome>());
        can_ = can;
        if (can.streams) {
            reader_.use_streams();
            writer_.use_streams();
        }
    }

    void say(Now now, const Message& message) {
        writer_.push(encode(message), Stream::small);
        while (auto frame = writer_.poll())
            say_bytes(now, *frame);
    }

    /// `most` times at most; how often it was.
    std::size_t say_until_closed(Now now, const Message& message, std::size_t most) {
        std::size_t said = 0;
        for (; said < most && !is_closed; ++said)
            say(now, message);
        return said;
    }

    void say_bytes(Now now, ByteView bytes) {
        graph_.handle_bytes(now, link_, bytes);
        listen(now);
    }

    /// Takes what the graph sends; without `reads` its bytes never leave.
    void listen(Now now) {
        graph_.commit(now);
        while (auto command = graph_.poll_link()) {
            std::visit(
                Overload{
                    [&](const OpenLink& open) { dialled.push_back(open.to); },
                    [&](const SendBytes& send) {
                        if (send.link != link_) return;
                        bytes_ += send.bytes.size();
                        if (!reads) return;
                        graph_.handle_sent(now, link_, send.bytes.size());
                        ASSERT_TRUE(reader_.feed(send.bytes));
                        take_messages();
                    },
                    [&](const CloseLink& close) { is_closed |= close.link == link_; },
                },
                *command);
        }
        while (auto event = graph_.poll_event())
            events.push_back(std::move(*event));
    }

    template<class T>
    std::optional<T> heard() const {
        for (auto at = messages.rbegin(); at != messages.rend(); ++at) {
            if (const auto* it = std::get_if<T>(&*at)) return *it;
        }
        return std::nullopt;
    }

    template<class T>
    std::size_t count() const {
        return static_cast<std::size_t>(std::ranges::count_if(
            messages, [](const Message& it) { return std::holds_alternative<T>(it); }));
    }

    LinkId link() const { return link_; }

    /// What the graph says of the link, which is there.
    LinkInfo info() const {
        for (const LinkInfo& info : graph_.links()) {
            if (info.link == link_) return info;
        }
        ADD_FAILURE() << "no such link";
        return {};
    }
    std::size_t bytes() const { return bytes_; }

    bool reads = true;
    bool is_closed = false;
    std::vector<Message> messages;
    std::vector<Event> events;
    std::vector<Endpoint> dialled; // by the graph, while this one listened

private:
    void take_messages() {
        while (auto message = reader_.poll()) {
            const Agreed agreed{can_.sums, can_.sums, can_.lazy_push};
            auto decoded = decode(*message, agreed);
            ASSERT_TRUE(decoded);
            messages.push_back(std::move(*decoded));
        }
    }

    Graph& graph_;
    NodeId node_;
    LinkId link_ = 0;
    Capabilities can_;
    FrameReader reader_{kMessageSizeMax};
    FrameWriter writer_;
    std::size_t bytes_ = 0;
};

/// A record by the stranger, sound in every way.
inline store::Record strangers_record(Graph& graph, Now now, std::uint64_t number) {
    store::Record record;
    record.type = kNotes;
    record.creator = "stranger";
    record.id = make_record_id(
        record.creator, Guid::from_halves(number, ~number * 31), store::Rules::modern);
    record.created = graph.peer_time(now.wall);
    record.modified = record.created;
    record.expires = record.created.plus(std::chrono::hours(1));
    record.payload = to_owned(as_bytes("from afar"));
    return record;
}

inline Flood flood_of(const store::Record& record) {
    return Flood{encode_record(record, "a graph", store::Rules::modern)};
}

} // namespace kith::graph
