// A core that does what a test tells it and writes down what happens to it.

#pragma once

#include "base/bytes.hpp"
#include "sim/addresses.hpp"
#include "sim/stream_world.hpp"

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kith::sim::testing {

struct StreamDiary {
    std::vector<graph::LinkId> accepted;
    std::vector<graph::LinkId> opened;
    std::vector<graph::LinkId> closed;
    std::string heard;
    std::vector<Instant> heard_at;
    std::size_t sent = 0;
    std::optional<Instant> opened_at;
    std::optional<Instant> closed_at;
};

class ScriptedStream final : public StreamCore {
public:
    explicit ScriptedStream(StreamDiary& diary) : diary_(diary) {}

    bool listens = true;
    bool reads = true;
    std::optional<Instant> timeout;
    std::deque<graph::LinkCommand> commands;
    std::deque<graph::Event> events;
    std::optional<graph::LinkCommand> answer; // to the next bytes

    bool is_listening() const override { return listens; }
    bool is_reading(graph::LinkId /*link*/) const override { return reads; }
    graph::LinkId take_link_id() override { return ++last_; }
    void handle_accepted(Now /*now*/, graph::LinkId link, const Endpoint& /*from*/) override {
        diary_.accepted.push_back(link);
    }
    void handle_opened(Now now, graph::LinkId link) override {
        diary_.opened.push_back(link);
        diary_.opened_at = now.instant;
    }
    void handle_bytes(Now now, graph::LinkId /*link*/, ByteView bytes) override {
        diary_.heard += as_text(bytes);
        diary_.heard_at.push_back(now.instant);
        if (answer) commands.push_back(*std::exchange(answer, std::nullopt));
    }
    void handle_sent(Now /*now*/, graph::LinkId /*link*/, std::size_t size) override {
        diary_.sent += size;
    }
    void handle_closed(Now now, graph::LinkId link) override {
        diary_.closed.push_back(link);
        diary_.closed_at = now.instant;
    }
    void handle_timeout(Now /*now*/) override {
        if (!keeps_timeout) timeout.reset();
    }
    void commit(Now /*now*/) override {}
    std::optional<graph::LinkCommand> poll_link() override { return pop(commands); }
    std::optional<graph::Event> poll_event() override { return pop(events); }
    std::optional<Instant> next_timeout() const override { return timeout; }
    std::size_t state_bytes() const override { return 0; }

    bool keeps_timeout = false; // a fault: asks for what it was just given

private:
    template<class Item>
    static std::optional<Item> pop(std::deque<Item>& queue) {
        if (queue.empty()) return std::nullopt;
        Item item = std::move(queue.front());
        queue.pop_front();
        return item;
    }

    StreamDiary& diary_;
    graph::LinkId last_ = 1000; // outgoing ones are the test's
};

class NoEvents final : public StreamSink {
public:
    Complaint handle_event(
        Instant /*now*/,
        HostId /*host*/,
        std::optional<HostId> from,
        const graph::Event& event) override {
        if (std::holds_alternative<graph::DataReceived>(event)) last_from = from;
        return std::nullopt;
    }
    std::optional<HostId> last_from;
};

inline Bytes bytes_of(std::string_view text) {
    return to_owned(as_bytes(text));
}

/// Two hosts, each with a scripted core.
class TwoStreams {
public:
    explicit TwoStreams(const StreamConfig& config, std::uint64_t seed = 1)
        : world(config, seed, sink) {
        for (std::size_t i = 0; i < 2; ++i) {
            const Endpoint endpoint = endpoint_of(Scope::global, host_id(i), 3587);
            world.add_host(endpoint, HostClock{});
            boot(i);
        }
    }

    void boot(std::size_t i) {
        auto core = std::make_unique<ScriptedStream>(diaries[i]);
        cores[i] = core.get();
        world.boot(host_id(i), std::move(core));
    }

    void command(std::size_t i, graph::LinkCommand command) {
        cores[i]->commands.push_back(std::move(command));
        world.drain(host_id(i));
    }

    /// Host 0 opens link 1 to host 1, and waits until both have it.
    void connect() {
        command(0, graph::OpenLink{1, world.endpoint(host_id(1))});
        world.run_for(std::chrono::seconds(5));
    }

    void say(std::size_t i, std::string_view text) {
        const graph::LinkId link = i == 0 ? 1 : diaries[1].accepted.front();
        command(i, graph::SendBytes{link, bytes_of(text)});
    }

    NoEvents sink;
    std::array<StreamDiary, 2> diaries;
    std::array<ScriptedStream*, 2> cores{};
    StreamWorld world;
};

} // namespace kith::sim::testing
