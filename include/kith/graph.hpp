// Graphs, for programs that carry Kith in themselves: a database of records that every member
// holds, on a node of its own, on a thread of its own. See examples/graph.cpp and
// examples/graph_security.cpp.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <kith/identity.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kith {

/// `12345678-1234-1234-1234-123456789abc`: types of records and of data, and ids of records.
using Id = std::string;

using GraphTime = std::chrono::system_clock::time_point;

struct Attribute {
    enum class Type : std::uint8_t { string, integer, date };

    std::string name; // 1 to 40 of 0-9, A-Z and a-z
    Type type = Type::string;
    std::string value; // UTF-8; a number's digits; a date as of ISO 8601

    bool operator==(const Attribute&) const = default;
};

struct Record {
    Id id;
    Id type;
    std::uint32_t version = 1;
    std::string creator;  // peer id
    std::string modifier; // peer id; empty until the first change
    GraphTime created;    // on the graph's clock
    GraphTime modified;
    GraphTime expires;
    std::vector<std::byte> payload;
    std::vector<Attribute> attributes;
    std::vector<std::byte> security; // what the security provider made
    bool is_deleted = false;         // what is left of one; only a security provider sees it
};

struct NewRecord {
    Id type;
    std::chrono::seconds lifetime{0}; // from now on; above zero
    bool refreshes = false;           // renewed before it expires, for as long as this node runs
    std::vector<std::byte> payload{};
    std::vector<Attribute> attributes{};
};

/// What is absent stays.
struct RecordChange {
    std::optional<std::vector<std::byte>> payload{};
    std::optional<std::vector<Attribute>> attributes{};
    std::optional<std::chrono::seconds> lifetime{}; // from now on; never ends before it did
};

struct GraphProperties {
    std::string friendly_name{};                 // at most 255 UTF-16 units
    std::string comment{};                       // at most 511
    std::chrono::seconds presence_lifetime{300}; // 300 s to 366 days
    std::optional<std::uint32_t> presence_max{}; // nothing: every node says that it is there
    std::uint32_t record_size_max = 0;           // bytes, 1024 to 60 MiB, which is 0
    // Quotas, for good once the graph is created; 0: none. A creator that has more keeps what it
    // modified first. Not in graphs of published rules.
    std::uint32_t records_max = 0;      // of the graph
    std::uint32_t records_each_max = 0; // of one creator
    std::uint64_t bytes_each_max = 0;   // of one creator: payloads and attributes
    std::string creator{};              // peer id; filled in
};

// Security ----------------------------------------------------------------------------------------
// Who may connect and whose records count is the application's to say. These are called on the
// node's thread (while `create()` or `open()` runs, on the caller's), have to be quick, and may not
// call the graph. One that throws has said no; a record that it was to judge is deferred.

/// What a handshake wants after bytes of the peer's, or at its start.
struct SecurityStep {
    std::vector<std::byte> reply{}; // to send; may be empty
    bool is_done = false;           // the peer is who it may be
    bool has_failed = false;        // the connection ends
};

/// One connection: its handshake, and then what becomes of every piece that travels.
class SecuritySession {
public:
    virtual ~SecuritySession() = default;

    virtual SecurityStep begin() = 0;
    virtual SecurityStep feed(std::span<const std::byte> bytes) = 0;

    /// Of a connection that this node opened, once the handshake is done: the other end calls
    /// itself `peer_id`. False ends the connection. True unless overridden.
    virtual bool is_peer(const std::string& peer_id);

    /// What travels for a piece of at most 16 KiB, and back: at least a byte, at most 32 KiB.
    /// Nothing, or another size, drops the piece. As it is unless overridden.
    virtual std::optional<std::vector<std::byte>> protect(std::span<const std::byte> plain);
    virtual std::optional<std::vector<std::byte>> unprotect(std::span<const std::byte> wire);
};

struct PeerAnnounced {
    bool is_initiator = false; // this node opened the connection
    bool is_direct = false;    // for data alone
    std::string peer_id;       // that the other end claims; of one that we opened it may be empty
};

class SecurityProvider {
public:
    enum class Verdict : std::uint8_t {
        valid,
        invalid, // forgotten
        defer,   // kept aside until `Graph::validate_deferred()`
    };

    virtual ~SecurityProvider() = default;

    /// Null refuses the connection.
    virtual std::unique_ptr<SecuritySession> start(const PeerAnnounced& peer) = 0;

    /// The security data of a record of the application's types that is about to be published, at
    /// most 64 KiB; nothing, or more, aborts it.
    virtual std::optional<std::vector<std::byte>> secure(const Record& record) = 0;

    /// Judges a record of the application's types that arrived, or was read from the disk. One that
    /// is on the disk stays there, and in sight, while it is deferred.
    virtual Verdict validate(const Record& record) = 0;

    /// The same for the graph's own records: its properties, and who is there. Without data, and
    /// valid, unless overridden; that properties are the creator's alone is seen to anyway, as far
    /// as the creator is who it says.
    virtual std::optional<std::vector<std::byte>> secure_internal(const Record& record);
    virtual Verdict validate_internal(const Record& record);
};

// Events ------------------------------------------------------------------------------------------

using LinkId = std::uint64_t;

struct GraphStatus {
    bool is_listening = false;
    bool has_neighbours = false;
    bool is_synchronized = false; // before it only `connect()` works

    bool operator==(const GraphStatus&) const = default;
};

struct RecordChanged {
    enum class Kind : std::uint8_t { added, updated, deleted, expired };

    Kind kind{};
    Id id;
    Id type;
};

struct ConnectionChanged {
    enum class State : std::uint8_t { connected, disconnected, failed };
    enum class Why : std::uint8_t {
        none,
        unreachable,       // no answer, or the connection broke
        refused,           // the node has no room, or takes no direct connections
        not_authenticated, // the security provider of one end said no
        protocol,          // the other end broke the rules
        duplicate,         // already connected with that node
        other_rules,       // one end's graph has published rules, the other's modern ones
    };

    State state{};
    LinkId link = 0;
    bool is_direct = false;
    std::uint64_t node = 0;
    LinkId next = 0;    // after a refusal: the attempt that follows it
    Why why{};          // of the end
    std::string reason; // the same in a few words
};

struct DataReceived {
    LinkId link = 0;
    Id type;
    std::vector<std::byte> data;
};

struct NodeChanged {
    enum class Kind : std::uint8_t { connected, disconnected, updated };

    Kind kind{};
    std::uint64_t node = 0;
    std::string peer_id;
};

struct PropertiesChanged {};

/// The node has lost its neighbours, or could do with more: `connect()` or `offer_peer()` helps.
struct PeersNeeded {};

/// The records of a type have all arrived; an empty type: of all others.
struct Synchronized {
    Id type;
};

/// The disk failed: what was changed since the last success was undone.
struct StoreFailed {
    Error error;
};

/// So many events are missing here, as too much waited in the queue: beyond 8 MiB data, and beyond
/// 100 000 events the oldest ones.
struct EventsLost {
    std::uint64_t count = 0;
};

using GraphEvent = std::variant<
    GraphStatus,
    RecordChanged,
    ConnectionChanged,
    DataReceived,
    NodeChanged,
    PropertiesChanged,
    PeersNeeded,
    Synchronized,
    StoreFailed,
    EventsLost>;

// The graph ---------------------------------------------------------------------------------------

struct GraphOptions {
    std::string name;                  // the graph's id: 1 to 255 UTF-16 units
    std::string friendly_name{};       // of this node, as its neighbours see it
    std::filesystem::path folder{};    // of the records, mode 0700; empty: in memory
    std::string peer_id{};             // empty: one that the folder remembers
    bool is_durable = true;            // a change survives a power failure once it is acknowledged
    std::vector<std::string> listen{}; // `ADDRESS:PORT`, port 0: any; empty: nobody can connect
    std::shared_ptr<SecurityProvider> security{}; // null: who reaches the node reads and writes
    bool accepts_direct = false;                  // direct connections, and neighbours' data

    /// Every event, also those that happen before `create()` or `open()` returns; without it they
    /// go into the queue.
    std::function<void(GraphEvent)> told{};
    /// Runs `told`, on whatever thread it likes, one event at a time. Without one it runs on the
    /// node's thread.
    std::function<void(std::function<void()>)> executor{};
};

struct GraphNode {
    std::uint64_t node = 0;
    std::string peer_id;
    std::vector<std::string> addresses;
    std::vector<Attribute> attributes; // that `set_presence()` gave there
    bool is_own = false;               // this node
};

struct GraphLink {
    LinkId link = 0;
    std::uint64_t node = 0;
    std::string peer_id;
    std::string address;
    bool is_direct = false;
    bool is_incoming = false;
    std::string friendly_name; // what the node calls itself; it may be empty, and it proves nothing
};

/// One graph on a node of its own. Every function may be called from any thread. Those that change
/// records return when the change is on the disk (with `is_durable`), or at once if they are called
/// on the node's thread.
class Graph {
public:
    /// Founds a graph, of which this node is a member at once.
    static Result<Graph> create(GraphOptions options, const GraphProperties& properties = {});

    /// Takes part in a graph: from what the folder has of it, or from nothing.
    static Result<Graph> open(GraphOptions options);

    /// Says goodbye; up to two seconds. Waits for a callback that runs, and none runs afterwards:
    /// what an executor still holds does nothing. Not to be called by a callback on the node's
    /// thread: that would wait for itself to end.
    ~Graph();
    Graph(Graph&&) noexcept;
    Graph& operator=(Graph&&) noexcept;

    /// To a member; `ConnectionChanged` follows, or else it is the connection that is there.
    Result<LinkId>
    connect(std::string_view address, std::optional<std::string> peer_id = std::nullopt);
    /// For data alone; `ConnectionChanged` follows.
    Result<LinkId>
    connect_direct(std::string_view address, std::optional<std::string> peer_id = std::nullopt);
    /// At most 1 MiB; `too_many` while more than that waits.
    Result<void> send(LinkId link, const Id& type, std::span<const std::byte> data);
    /// `not_found` where there is no such connection, and no attempt.
    Result<void> disconnect(LinkId link);
    /// An address at which a member may listen: tried when the node needs more neighbours.
    Result<void> offer_peer(std::string_view address);

    Result<Id> add(const NewRecord& wish);
    /// All of them in one go, which is much faster; where one cannot be, those before it are there.
    Result<std::vector<Id>> add(std::span<const NewRecord> wishes);
    Result<void> update(const Id& id, const RecordChange& change);
    Result<void> remove(const Id& id);

    Result<Record> get(const Id& id) const;
    /// In the order of creation; empty: of any type (also the graph's own), by anybody.
    Result<std::vector<Id>>
    list(const Id& type = {}, std::string_view creator = {}, std::size_t limit = 10'000) const;
    /// By a `<peersearch>` document.
    Result<std::vector<Id>> search(std::string_view query, std::size_t limit = 10'000) const;

    Result<GraphProperties> properties() const;
    Result<void> set_properties(const GraphProperties& properties); // the creator alone
    /// What other nodes see of this one in `nodes()`. In a large graph some nodes stay unseen (see
    /// `presence_max`), unless they are forced to be seen.
    Result<void> set_presence(std::span<const Attribute> attributes, bool is_forced = false);

    GraphStatus status() const;
    std::vector<GraphNode> nodes() const;
    std::vector<GraphLink> links() const;
    std::vector<std::string> listening() const;
    std::string peer_id() const;

    /// Judges the deferred records again.
    void validate_deferred();

    /// The next event of the queue; nothing if there is none (within `patience`, a year at most).
    std::optional<GraphEvent> poll();
    std::optional<GraphEvent> wait(std::chrono::milliseconds patience);

private:
    struct Inside;
    explicit Graph(std::unique_ptr<Inside> inside);

    std::unique_ptr<Inside> inside_;
};

} // namespace kith
