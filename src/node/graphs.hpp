// The graphs of one host: several participants behind one listening port.
//
// A graph is known by its name, which is the graph id as its users write it. Each has a store of
// its own. A connection that was accepted belongs to no graph until its AUTH_INFO has come and says
// which one it is for (MS-PPGRH 2.2.2.1); what names no graph of this host ends there. Members
// that look for each other find a name in the clouds (`graph_name()`), which whoever drives this
// object publishes and resolves for it.
//
// The contract is that of every core: changes, then `commit()` once for all of them, then drain
// `poll_link()` and `poll_event()`, then ask `next_timeout()`. The links of commands and of
// `handle_...` are the host's, one sequence for all graphs; those of a graph's own functions and
// events are that graph's.

#pragma once

#include "base/endpoint.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "graph/graph.hpp"
#include "identity/peer_name.hpp"
#include "store/record_store.hpp"

#include <array>
#include <chrono>
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

namespace kith::node {

inline constexpr std::size_t kGraphsMax = 64;          // open at once; more are refused
inline constexpr std::size_t kGraphNameUnitsMax = 255; // UTF-16 units (MS-PPGRH 2.2.3.1)
/// Of graphs, not taken: further ones stay with their graph, which says what it loses.
inline constexpr std::size_t kGraphEventsMax = 100'000;
inline constexpr std::size_t kNameEventsMax = 1000; // beside them; further ones are dropped

/// Accepted connections without an AUTH_INFO: in all, of one /64 or IPv4 /24 (connections of this
/// machine to itself do not count), for how long, and in how many bytes (modernization 4.8).
inline constexpr std::size_t kGreetersMax = 64;
inline constexpr std::size_t kGreetersOfPrefixMax = 4;
inline constexpr std::chrono::seconds kGreetingTime{20};
inline constexpr std::size_t kGreetingSizeMax = 4096;       // of the message
inline constexpr std::size_t kGreetingBytesMax = 32 * 1024; // as it came, in whatever frames

/// A graph that was never synchronised and has no neighbour asks for members this often.
inline constexpr std::chrono::seconds kAskPeersInterval{15};

enum class GraphsErrc : std::uint8_t {
    bad_name,       // not 1 to 255 UTF-16 units of UTF-8 without NUL
    bad_argument,   // the graph did not take its properties or options
    already_open,   // a graph of this name is open
    already_exists, // `create`: there are records of a graph of this name here
    not_open,
    too_many,   // graphs
    store_full, // the rest: what the store said
    store_read_only,
    store_corrupt,
    store_locked,
    store_newer,
    store_wrong_graph,
    store_missing,
    store_failed,
};

/// How this node takes part in a graph. What a host keeps to open it again after a restart.
struct GraphOptions {
    std::string peer_id{};                     // empty: GraphsConfig::peer_id
    std::string friendly_name{};               // of this node; may be empty
    store::Rules rules = store::Rules::modern; // of a store that is new
    store::Durability durability = store::Durability::full;
    bool in_memory = false;    // nothing is kept
    bool listens = true;       // others may connect
    bool uses_names = true;    // members find each other in the clouds, if the node listens
    bool is_published = false; // speaks the published protocol only, without capabilities
    std::vector<store::RecordType> sync_first{};

    bool operator==(const GraphOptions&) const = default;
};

struct StoreWish {
    std::string graph_id;
    std::string peer_id;
    store::Rules rules = store::Rules::modern; // of a store that is new
    store::Durability durability = store::Durability::full;
    bool in_memory = false;
};

/// Opens the stores of graphs: files for a host, memory for tests and simulations.
class StoreFactory {
public:
    virtual ~StoreFactory() = default;

    /// The store of that graph, made if there is none.
    virtual std::expected<std::unique_ptr<store::RecordStore>, store::StoreErrc>
    open(const StoreWish& wish) = 0;

    /// Everything kept of a graph that is not open; no-op if there is nothing.
    virtual std::expected<void, store::StoreErrc> remove(const std::string& graph_id) = 0;

protected:
    StoreFactory() = default;
    StoreFactory(const StoreFactory&) = default;
    StoreFactory& operator=(const StoreFactory&) = default;
};

struct GraphsConfig {
    std::string peer_id; // of this node, in graphs that name no other; not empty
    graph::Tuning tuning{};
    bool tunes_itself = true;
};

// Events ------------------------------------------------------------------------------------------

/// What a graph says.
struct GraphEvent {
    std::string graph;
    graph::Event event;
};

/// The host is to publish `name` with these endpoints in every cloud, in place of what it published
/// for this graph before.
struct NameWanted {
    std::string graph;
    identity::PeerName name;
    std::vector<Endpoint> endpoints; // at least one
};

/// The host is to unpublish what it published for this graph.
struct NameUnwanted {
    std::string graph;
};

/// The host is to resolve `name`, and to say `offer_peer()` for each address that it finds.
struct PeersWanted {
    std::string graph;
    identity::PeerName name;
};

using GraphsEvent = std::variant<GraphEvent, NameWanted, NameUnwanted, PeersWanted>;

/// Why a connection was closed before any graph had it.
enum class GreetingRefusal : std::uint8_t {
    no_such_graph, // none that is open and listens
    no_greeting,   // something else than an AUTH_INFO came
    too_large,
    timed_out,
    too_many,
    too_many_of_prefix,
    count,
};

using GreetingCounters =
    std::array<std::uint64_t, static_cast<std::size_t>(GreetingRefusal::count)>;

std::string_view to_string(GreetingRefusal reason);

/// The unsecured name under which members of a graph find each other: `0.kith-graph-` and the first
/// 32 hexadecimal digits of SHA-256 of "kith graph" followed by the graph id.
identity::PeerName graph_name(std::string_view graph_id);

/// True for 1 to 255 UTF-16 units of UTF-8 without NUL.
bool is_graph_name(std::string_view text);

class Graphs {
public:
    /// `stores`, `secure` and `plain` outlive this object.
    Graphs(GraphsConfig config, StoreFactory& stores, SecureRandom& secure, PlainRandom& plain);
    ~Graphs();
    Graphs(const Graphs&) = delete;
    Graphs& operator=(const Graphs&) = delete;

    // Commands -----------------------------------------------------------------------------------

    /// Where this host can be reached, for all graphs that listen.
    void set_endpoints(Now now, std::span<const Endpoint> endpoints);

    /// Founds a graph; `info.graph_id` and `info.creator` are filled in. `security` may be null.
    std::expected<void, GraphsErrc> create(
        Now now,
        const std::string& name,
        const GraphOptions& options,
        const graph::GraphInfo& info,
        std::shared_ptr<graph::SecurityProvider> security = {});

    /// Takes part in a graph that exists: from what its store holds, or from nothing.
    std::expected<void, GraphsErrc> open(
        Now now,
        const std::string& name,
        const GraphOptions& options,
        std::shared_ptr<graph::SecurityProvider> security = {});

    /// Says goodbye; what it said is for the host to send. The name is free at once.
    std::expected<void, GraphsErrc> close(Now now, std::string_view name);
    void close_all(Now now);

    /// Closes the graph if it is open, and removes everything that is kept of it here.
    std::expected<void, GraphsErrc> remove(Now now, const std::string& name);

    /// The graph of this name, or null; lives until it is closed. Whoever changes it commits and
    /// drains this object, never the graph itself.
    graph::Graph* find(std::string_view name);
    const graph::Graph* find(std::string_view name) const;

    /// Everything that is kept of an open graph, for reading alone; null for one that is not open.
    store::RecordStore* store(std::string_view name);

    /// An address of a member, in answer to `PeersWanted`. No-op for a graph that is not open.
    void offer_peer(Now now, std::string_view name, const Endpoint& address);

    // The world ----------------------------------------------------------------------------------

    /// An id for a connection that was accepted.
    graph::LinkId take_link_id();
    void handle_accepted(Now now, graph::LinkId link, const Endpoint& from);
    void handle_opened(Now now, graph::LinkId link);
    void handle_bytes(Now now, graph::LinkId link, ByteView bytes);
    void handle_sent(Now now, graph::LinkId link, std::size_t size);
    void handle_closed(Now now, graph::LinkId link);
    void handle_timeout(Now now);

    /// Ends the turn of every graph: commits what changed.
    void commit(Now now);

    std::optional<graph::LinkCommand> poll_link();
    std::optional<GraphsEvent> poll_event();
    std::optional<Instant> next_timeout() const;

    // Observation --------------------------------------------------------------------------------

    /// The names of the graphs that are open, sorted.
    std::vector<std::string> names() const;

    /// Null for a graph that is not open.
    const GraphOptions* options(std::string_view name) const;

    /// True if the graph has a security provider; false too for one that is not open.
    bool is_secured(std::string_view name) const;

    /// True for a connection that was accepted and that no graph has yet.
    bool is_greeting(graph::LinkId link) const;
    std::size_t greeters() const;
    const GreetingCounters& refused() const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace kith::node
