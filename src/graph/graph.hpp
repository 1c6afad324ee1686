// One participant in one graph: the protocol core of shared data (MS-PPGRH).
//
// A `Graph` holds the links to other nodes and keeps a database of records equal to theirs. It
// opens no socket, reads no clock and draws no entropy of its own: the host (or the simulator)
// hands it what arrived on which link and the time, and takes bytes, wishes about links and events
// away. The records lie in a store that it is given. The bytes are docs/protocol/graph.md; how its
// parts fit together is docs/ARCHITECTURE.md.

#pragma once

#include "base/bytes.hpp"
#include "base/endpoint.hpp"
#include "base/guid.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "graph/counters.hpp"
#include "graph/message.hpp"
#include "graph/quotas.hpp"
#include "graph/record_codec.hpp"
#include "graph/security.hpp"
#include "store/query.hpp"
#include "store/record.hpp"
#include "store/record_store.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kith::graph {

/// One connection, incoming or outgoing; never used twice. Ids of outgoing ones are the graph's,
/// ids of incoming ones come from `take_link_id()`.
using LinkId = std::uint64_t;

enum class GraphErrc : std::uint8_t {
    not_ready,      // never synchronised: connect first (PEER_E_GRAPH_NOT_READY)
    closed,         // the graph is closed
    not_found,      // no such record, node or link, or the record is deleted
    bad_type,       // a type that is reserved for the graph or for groups
    bad_expiration, // not in the future, or before the one that the record has
    bad_attributes, // the attributes do not follow the schema
    too_large,      // above the graph's maximum record size, or a message's
    refused,        // the security provider did not secure the record
    too_many,       // links, records or bytes above the graph's limits
    not_allowed,    // only the graph's creator may do this
    bad_argument,   // text too long or not UTF-8
    store_full,     // the rest: what the store said
    store_read_only,
    store_corrupt,
    store_failed,
};

/// What it means for a graph that its store failed.
GraphErrc graph_error(store::StoreErrc why);

template<class T>
using GraphResult = std::expected<T, GraphErrc>;

struct Tuning {
    // Neighbours (MS-PPGRH 3.1.1; 3/4/8 in graphs of above 10 nodes).
    unsigned neighbours_min = 2;
    unsigned neighbours_ideal = 3;
    unsigned neighbours_max = 7;
    double timer_scale = 1.0; // all intervals of maintenance are multiplied by this
};

struct GraphConfig {
    std::string graph_id;
    std::string peer_id; // ours
    std::string friendly_name;
    store::Rules rules = store::Rules::modern;
    bool offers_capabilities = true; // false: speak as the published protocol does
    bool accepts_direct = false;     // may change: `accept_direct()`
    Tuning tuning;
    bool tunes_itself = true;                  // chooses neighbours by the size of the graph
    std::vector<store::RecordType> sync_first; // record types that are synchronised before others
};

/// What an application asks for when it adds a record.
struct NewRecord {
    store::RecordType type;
    std::chrono::seconds lifetime{0}; // from now on; above zero
    bool refreshes = false;           // renewed before it expires, as long as this node runs
    Bytes payload;
    std::string attributes;
};

/// What an update changes; what is absent stays.
struct RecordChange {
    std::optional<Bytes> payload;
    std::optional<std::string> attributes;
    std::optional<std::chrono::seconds> lifetime; // from now on; never ends before it did
};

// What the host has to do with links, in order ---------------------------------------------------

struct OpenLink {
    LinkId link = 0;
    Endpoint to;
};

struct SendBytes {
    LinkId link = 0;
    Bytes bytes;
};

struct CloseLink {
    LinkId link = 0;
    bool drains = false; // what was sent leaves first
};

using LinkCommand = std::variant<OpenLink, SendBytes, CloseLink>;

// Events (spec: api 3.7) --------------------------------------------------------------------------

/// The set of flags changed.
struct StatusChanged {
    bool is_listening = false;
    bool has_neighbours = false;
    bool is_synchronized = false;

    bool operator==(const StatusChanged&) const = default;
};

/// The graph's properties were published again.
struct PropertiesChanged {};

enum class RecordChangeKind : std::uint8_t { added = 1, updated, deleted, expired };

struct RecordChanged {
    RecordChangeKind kind = RecordChangeKind::added;
    store::RecordId id;
    store::RecordType type;
};

enum class ConnectionStatus : std::uint8_t { connected = 1, disconnected, failed };

enum class FailureReason : std::uint8_t {
    none,
    unreachable,       // no answer, or the connection broke
    refused,           // the node has no room, or does not take direct connections
    not_authenticated, // the security provider of one end said no
    protocol,          // the other end broke the rules
    duplicate,         // already connected with that node
    other_rules,       // its graph has published rules and ours modern ones, or the reverse
};

struct ConnectionChanged {
    bool is_direct = false;
    ConnectionStatus status = ConnectionStatus::connected;
    LinkId link = 0;
    NodeId node = 0;
    LinkId next = 0; // after a refusal: the attempt that follows it, or 0
    FailureReason reason = FailureReason::none;
};

/// Data of a direct connection, or of a neighbour (MS-PPGRH 2.2.2.13).
struct DataReceived {
    LinkId link = 0;
    bool is_direct = false; // else a neighbour's
    Guid type;
    Bytes data;
};

/// The graph is, or may be, cut off and wants an address of some member: answer with
/// `offer_peer()`.
struct PeersNeeded {};

enum class NodeChangeKind : std::uint8_t { connected = 1, disconnected, updated };

struct NodeChanged {
    NodeChangeKind kind = NodeChangeKind::connected;
    NodeId node = 0;
    std::string peer_id;
};

/// The records of a type have all arrived; a nil type: of all other types.
struct Synchronized {
    store::RecordType type;
};

/// The store failed and undid the changes since the last commit: what was added or changed in them
/// was not published.
struct StoreFailed {
    store::StoreErrc why = store::StoreErrc::io;
};

/// So many events are missing here: the oldest ones, where more waited than `kEventsMax`.
struct EventsLost {
    std::uint64_t count = 0;
};

using Event = std::variant<
    StatusChanged,
    PropertiesChanged,
    RecordChanged,
    ConnectionChanged,
    DataReceived,
    PeersNeeded,
    NodeChanged,
    Synchronized,
    StoreFailed,
    EventsLost>;

// Observation -------------------------------------------------------------------------------------

struct NodeInfo {
    NodeId node = 0;
    std::string peer_id;
    std::string attributes;
    std::vector<Endpoint> addresses;
};

struct LinkInfo {
    LinkId link = 0;
    NodeId node = 0;
    std::string peer_id;
    std::string friendly_name; // what the node calls itself; may be empty
    Endpoint address;          // where it listens, or where it came from
    bool is_direct = false;
    bool is_incoming = false;
    bool is_modern = false; // has agreed on capabilities
    bool is_eager = true;   // gets records whole
    double utility = 0;     // 0 to 1: how often it was first, lately
    std::size_t queued = 0; // bytes that wait
};

class Graph {
public:
    /// `store` is empty or belongs to this graph and peer id; `security` may be null. All outlive
    /// the graph.
    Graph(
        const GraphConfig& config,
        store::RecordStore& store,
        SecurityProvider* security,
        SecureRandom& secure,
        PlainRandom& plain);
    ~Graph();
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;

    // Commands -----------------------------------------------------------------------------------

    /// Founds the graph: publishes its properties, and is synchronised at once. Once in a graph's
    /// life, before anything else. `info.graph_id` and `info.creator` are filled in. `too_large` if
    /// the properties are no record that the graph would take.
    GraphResult<void> create(Now now, GraphInfo info);

    /// Takes part in a graph that exists: from what the store holds, or from nothing, and then
    /// nothing but `connect()` works until it is synchronised. Before anything else.
    GraphResult<void> open(Now now);

    /// Where others can reach this node, up to 10; the node listens while there is one. May be
    /// called at any time, and takes effect when the node is synchronised (MS-PPGRH 1.3.2).
    void set_addresses(Now now, std::span<const Endpoint> addresses);

    /// `ConnectionChanged` follows, after a refusal several; it was told before if the link is one
    /// of `links()`: what there is, or what is under way, is not made twice. Nothing for an address
    /// that is ours.
    GraphResult<LinkId> connect(Now now, const Endpoint& to, std::optional<std::string> peer_id);

    /// An address of a member, in answer to `PeersNeeded` or found otherwise.
    void offer_peer(Now now, const Endpoint& address);

    /// A connection for data alone; `ConnectionChanged` follows.
    GraphResult<LinkId>
    connect_direct(Now now, const Endpoint& to, std::optional<std::string> peer_id);
    void accept_direct(bool accepts);

    /// `too_many` while more than a message waits: try again when `is_writable()`.
    GraphResult<void> send(Now now, LinkId id, const Guid& type, ByteView data);
    bool is_writable(LinkId id) const;
    GraphResult<void> disconnect(Now now, LinkId id);

    GraphResult<store::RecordId> add(Now now, const NewRecord& wish);
    GraphResult<void> update(Now now, const store::RecordId& id, const RecordChange& change);
    GraphResult<void> remove(Now now, const store::RecordId& id);

    /// Friendly name, comment, presence lifetime and maximum; others stay (spec: api 1.3).
    GraphResult<void> set_properties(Now now, const GraphInfo& info);

    /// The attributes of our presence; `forced`: published whatever the maximum is. `too_large` if
    /// there would be no room for ten addresses beside them.
    GraphResult<void> set_presence(Now now, std::string attributes, bool forced);

    /// Judges the deferred records again.
    void validate_deferred(Now now);

    /// Says goodbye. The commands still have to be drained; nothing works afterwards.
    void close(Now now);

    // The world ----------------------------------------------------------------------------------

    /// An id for a connection that was accepted.
    LinkId take_link_id();
    void handle_accepted(Now now, LinkId id, const Endpoint& from);
    void handle_opened(Now now, LinkId id);
    void handle_bytes(Now now, LinkId id, ByteView bytes);

    /// `size` bytes of what was to be sent have left; more may come.
    void handle_sent(Now now, LinkId id, std::size_t size);

    /// The connection is gone, or could not be made.
    void handle_closed(Now now, LinkId id);
    void handle_timeout(Now now);

    /// Ends the turn: commits what changed. Call it before the polls; they give nothing that
    /// depends on what is not committed. After a failure everything is as it was at the last
    /// commit, and `StoreFailed` stands for the events of the turn.
    GraphResult<void> commit(Now now);

    std::optional<LinkCommand> poll_link();
    std::optional<Event> poll_event();
    std::optional<Instant> next_timeout() const;

    // Observation --------------------------------------------------------------------------------

    GraphResult<store::Record> get(Now now, const store::RecordId& id);
    /// The same without reading a payload of more than `payload_max` bytes.
    GraphResult<store::RecordHead>
    head(Now now, const store::RecordId& id, std::size_t payload_max);
    /// Of what `list()` and `search()` found, without reading it; nothing once it has gone.
    std::optional<store::RecordType> type_of(const store::RecordId& id) const;
    GraphResult<std::vector<store::RecordId>>
    list(Now now, const store::RecordType& type, std::string_view creator, std::size_t limit);
    GraphResult<std::vector<store::RecordId>>
    search(Now now, const store::Query& query, std::size_t limit);

    NodeId node_id() const;
    StatusChanged status() const;
    std::optional<GraphInfo> properties() const;
    /// As they were when this node first knew the graph.
    Quotas quotas() const;
    store::PeerTime peer_time(WallTime wall) const;
    std::vector<NodeInfo> nodes() const;
    std::vector<LinkInfo> links() const;
    std::optional<std::uint64_t> signature() const;
    std::size_t contacts() const;
    const Counters& counters() const;

    /// Bytes owned by the core's containers, the store's left out.
    std::size_t memory() const;

    /// Digest over (id, version, content) of every record that applications see: equal databases
    /// have equal ones.
    ByteArray<32> database_digest() const;

private:
    class State;
    std::unique_ptr<State> state_;
};

} // namespace kith::graph
