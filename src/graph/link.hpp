// One connection with another node: its state, what is known of the peer, what waits to be sent,
// and what the machines keep about it. Each machine touches only its own part.

#pragma once

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "graph/capabilities.hpp"
#include "graph/frame.hpp"
#include "graph/graph.hpp"
#include "graph/limits.hpp"
#include "graph/message.hpp"
#include "graph/security.hpp"
#include "store/record_index.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kith::graph {

enum class LinkState : std::uint8_t {
    opening,       // the host is connecting
    accepted,      // AUTH_INFO is to come
    negotiating,   // the security providers talk
    authenticated, // incoming: CONNECT is to come
    connect_wait,  // outgoing: WELCOME or REFUSE is to come
    connected,
    draining, // nothing more is read; what waits still leaves
    ended,
};

enum class SyncType : std::uint8_t { none, all, since, ranges };

/// Records that a peer asked for by a SOLICIT_NEW or SOLICIT_TIME, sent as room appears.
struct SyncSource {
    TypeFilter types;
    store::SyncKey next;
    store::SyncKey last;
};

/// A range of records in which the ends differ, or may.
struct OpenRange {
    store::SyncKey lower;
    store::SyncKey upper;
    bool wants_list = false; // few records of our own: what is there is asked for
};

/// The initiator's side of a synchronisation (docs/protocol/graph.md, Synchronisation).
struct SyncSession {
    SyncType type = SyncType::none;
    bool was_first = false; // the graph becomes synchronised by it
    bool then_ranges = false;
    std::vector<store::RecordType> types;
    std::size_t next_type = 0;
    bool all_types = false; // the last question, for everything else, is out
    store::PeerTime since;
    std::vector<OpenRange> asked; // of the question that is out, in order
    std::vector<OpenRange> open;  // to be asked next, in order
    std::size_t rounds = 0;
    std::vector<RecordAbstract> to_request;
    std::vector<store::RecordId> to_send;
    bool has_requested = false;
    std::size_t arrived = 0; // bytes of a message under way since it was last heard
    Instant patience{};
};

// Grouped by who uses it, not by size: there are few links.
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)
struct Link {
    LinkId id = 0;
    bool is_incoming = false;
    LinkKind kind = LinkKind::neighbour;
    LinkState state = LinkState::opening;
    Endpoint remote; // dialled, or where it came from
    Instant deadline = Instant::max();

    // The peer.
    NodeId node = 0;
    std::string peer_id;
    std::string friendly_name; // as it said itself
    std::vector<Endpoint> addresses;
    std::optional<std::string> wanted_peer;
    Capabilities can;
    std::optional<store::RangeSum> their_root; // when we met

    // Bytes.
    std::unique_ptr<SecuritySession> session;
    bool is_protected = false; // the session is done: frames go through it
    std::deque<Bytes> raw;     // frames that leave before those of the writer
    FrameReader reader{kGreetingMax};
    FrameWriter writer;
    std::size_t in_flight = 0;
    bool is_opened = false; // the host has a connection

    // Handshake.
    Instant connect_sent{};
    Instant connected_at{};
    Duration round_trip = std::chrono::milliseconds(100);
    std::uint64_t order = 0; // of becoming a neighbour

    // Liveness.
    Instant heard{};
    Instant asked_at{};
    unsigned misses = 0;

    bool has_other_rules = false; // its records follow other rules than ours

    // Flooding.
    std::uint32_t utility = 0;
    bool is_eager = true;
    bool is_tree = false;              // the signature came or went this way first
    std::deque<store::RecordId> queue; // records to send, the newest version at that time
    std::set<store::RecordId> queued;
    std::vector<RecordAbstract> adverts;
    Instant adverts_due = Instant::max();
    std::vector<AckEntry> acks;
    Instant acks_due = Instant::max();
    double invalid_tokens = kInvalidBurst;
    Instant invalid_refilled{};

    // Synchronisation.
    SyncSession sync;
    Instant sync_again = Instant::max(); // the last one left something open
    std::deque<SyncSource> sources;
    std::deque<store::RecordId> backlog; // asked for, or found missing there
    bool owes_end = false;               // SYNC_END follows the backlog
    bool is_asked_for_ranges = false;    // a SOLICIT_HASH came, its REQUEST did not yet
    std::deque<Instant> solicits;

    bool is_neighbour() const {
        return state == LinkState::connected && kind == LinkKind::neighbour;
    }
    bool is_direct() const { return state == LinkState::connected && kind == LinkKind::direct; }
    bool is_dead() const { return state == LinkState::draining || state == LinkState::ended; }

    void send(const Message& message, Stream stream = Stream::small, Load load = Load::talk) {
        if (!is_dead()) writer.push(encode(message), stream, load);
    }

    /// Queues a record by id; false if the queue is full.
    bool enqueue(const store::RecordId& record) {
        if (!queued.insert(record).second) return true;
        if (queue.size() >= kFloodQueueMax) {
            queued.erase(record);
            return false;
        }
        queue.push_back(record);
        return true;
    }
};

} // namespace kith::graph
