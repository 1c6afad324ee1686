#include "sim/graph_trace.hpp"

#include <variant>

namespace kith::sim {

namespace {

class GraphEventMixer {
public:
    explicit GraphEventMixer(TraceHash& hash) : hash_(hash) {}

    void operator()(const graph::StatusChanged& status) {
        hash_.mix(
            (status.is_listening ? 1U : 0U) + (status.has_neighbours ? 2U : 0U) +
            (status.is_synchronized ? 4U : 0U));
    }

    void operator()(const graph::PropertiesChanged& /*changed*/) {}

    void operator()(const graph::RecordChanged& changed) {
        hash_.mix(static_cast<std::uint64_t>(changed.kind));
        hash_.mix(ByteView(changed.id.bytes));
        hash_.mix(ByteView(changed.type.bytes));
    }

    void operator()(const graph::ConnectionChanged& changed) {
        hash_.mix(static_cast<std::uint64_t>(changed.status));
        hash_.mix(changed.is_direct ? 1U : 0U);
        hash_.mix(changed.link);
        hash_.mix(changed.node);
        hash_.mix(changed.next);
        hash_.mix(static_cast<std::uint64_t>(changed.reason));
    }

    void operator()(const graph::DataReceived& received) {
        hash_.mix(received.link);
        hash_.mix(ByteView(received.type.bytes));
        hash_.mix(ByteView(received.data));
    }

    void operator()(const graph::PeersNeeded& /*needed*/) {}

    void operator()(const graph::NodeChanged& changed) {
        hash_.mix(static_cast<std::uint64_t>(changed.kind));
        hash_.mix(changed.node);
        hash_.mix(as_bytes(changed.peer_id));
    }

    void operator()(const graph::Synchronized& synchronized) {
        hash_.mix(ByteView(synchronized.type.bytes));
    }

    void operator()(const graph::StoreFailed& failed) {
        hash_.mix(static_cast<std::uint64_t>(failed.why));
    }

    void operator()(const graph::EventsLost& lost) { hash_.mix(lost.count); }

private:
    TraceHash& hash_;
};

} // namespace

void mix_event(TraceHash& hash, const graph::Event& event) {
    hash.mix(event.index());
    std::visit(GraphEventMixer(hash), event);
}

} // namespace kith::sim
