// Somebody who speaks the wire of a graph and means ill: a member by the look of it, who holds no
// database and has one manner of harming its neighbours.

#pragma once

#include "base/random.hpp"
#include "graph/frame.hpp"
#include "graph/message.hpp"
#include "sim/graph_lies.hpp"
#include "sim/graph_node.hpp"
#include "sim/graph_security.hpp"
#include "sim/stream_core.hpp"
#include "store/record.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kith::sim {

class GraphLiar final : public StreamCore {
public:
    struct Origin {
        std::uint64_t seed = 0; // of the world
        HostId host{};
        bool is_secured = false;
        store::Rules rules = store::Rules::modern;
        GraphLie manner = GraphLie::floods;
    };

    /// `directory` outlives the liar, which begins by looking for victims.
    GraphLiar(const Origin& origin, const Endpoint& endpoint, Directory& directory, Now now);

    /// Things said that no honest node says, silence left out.
    std::uint64_t told() const { return told_; }
    GraphLie manner() const { return origin_.manner; }

    bool is_listening() const override { return true; }
    bool is_reading(graph::LinkId link) const override;
    graph::LinkId take_link_id() override { return ++last_link_; }
    void handle_accepted(Now now, graph::LinkId link, const Endpoint& from) override;
    void handle_opened(Now now, graph::LinkId link) override;
    void handle_bytes(Now now, graph::LinkId link, ByteView bytes) override;
    void handle_sent(Now now, graph::LinkId link, std::size_t size) override;
    void handle_closed(Now now, graph::LinkId link) override;
    void handle_timeout(Now now) override;
    void commit(Now now) override;
    std::optional<graph::LinkCommand> poll_link() override;
    std::optional<graph::Event> poll_event() override { return std::nullopt; }
    std::optional<Instant> next_timeout() const override { return next_; }
    std::size_t state_bytes() const override { return 0; }

private:
    enum class Phase : std::uint8_t { opening, hello, seal, greeting, joined };

    struct Victim {
        explicit Victim(Phase begin);

        bool is_incoming = false;
        Phase phase;
        graph::FrameReader reader;
        Bytes unsent;           // of a slow one
        std::size_t flying = 0; // bytes handed over that have not left
        std::uint64_t turns = 0;
    };

    void take_frames(Now now, graph::LinkId link, Victim& victim);
    void handle(Now now, graph::LinkId link, Victim& victim, const graph::Message& message);
    void introduce(graph::LinkId link, Victim& victim);
    void say(graph::LinkId link, Victim& victim, const graph::Message& message);
    void say_bytes(graph::LinkId link, Victim& victim, Bytes bytes);
    void send(graph::LinkId link, Victim& victim, Bytes bytes);
    void hang_up(graph::LinkId link);
    void lie_to(Now now, graph::LinkId link, Victim& victim);
    void lie_about_sizes(graph::LinkId link, Victim& victim);
    void flood(Now now, graph::LinkId link, Victim& victim);
    void replay(graph::LinkId link, Victim& victim);
    void lie_about_time(Now now, graph::LinkId link, Victim& victim);
    void hold(graph::LinkId link, Victim& victim);
    Bytes own_record(Now now, std::int64_t ahead_s, std::uint32_t version);
    bool has_room(const Victim& victim) const;

    Origin origin_;
    Endpoint endpoint_;
    Directory& directory_;
    SeededRandom random_;
    SealProvider seals_;
    graph::NodeId node_;
    std::string name_;
    std::map<graph::LinkId, Victim> victims_;
    std::deque<graph::LinkCommand> commands_;
    std::deque<Bytes> recorded_; // records of others as they were, the oldest first
    std::vector<Bytes> own_;     // records of ours, to be said again
    graph::LinkId last_link_ = 0;
    std::uint64_t ticks_ = 0;
    std::uint64_t told_ = 0;
    Instant next_;
};

} // namespace kith::sim
