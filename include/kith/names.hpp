// Names without servers, for programs that carry Kith in themselves: a node of its own, on a thread
// of its own. See examples/names.cpp.

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <kith/identity.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kith {

struct NodeOptions {
    std::vector<std::string>
        listen{}; // `ADDRESS:PORT`, one port for all, 0: any; empty: IPv4 and IPv6
    std::vector<std::string> seeds{};  // `HOST[:PORT]`
    std::vector<std::string> clouds{}; // `Global_`, ...; empty: all that the addresses allow
    bool discover_on_link = true;      // SSDP
    std::filesystem::path memory{};    // folder for the nodes met; empty: forget them

    /// Runs a callback, on whatever thread it likes, one at a time. Without one, callbacks run on
    /// the node's thread and have to be quick.
    std::function<void(std::function<void()>)> executor{};
};

struct Publication {
    std::optional<Identity> owner{};      // nothing: an unsecured name, which proves nothing
    std::string classifier{};             // at most 149 UTF-16 units
    std::vector<std::string> addresses{}; // `IP:PORT/tcp|udp|N` or `IP`; empty: the node's own
    std::string comment{};                // at most 39 characters
    std::vector<std::byte> payload{};     // at most 4096 bytes
    std::optional<std::string> cloud{};   // nothing: every cloud
};

struct Found {
    std::string name;
    std::vector<std::string> addresses; // of the forms above
    std::string comment;
    std::vector<std::byte> payload;
    std::vector<std::byte> public_key; // that signed all of this
    std::string cloud;                 // that answered
    bool is_secure = false;            // the key owns the name
};

enum class Ticket : std::uint32_t {};

/// Several nodes may publish one name, each with addresses of its own.
enum class Which : std::uint8_t {
    first,   // whichever answers first
    nearest, // this node's own, else one of the narrowest cloud, the nearest in address there
    all,     // every one that is found within the timeout
};

/// The end of a question.
struct Resolved {
    Ticket ticket{};
    Result<Found> outcome;
    // With `Which::all`:
    std::vector<Found> others{}; // beside `outcome`
    bool is_complete = false;    // nobody was left to ask
};

/// A node. Every function may be called from any thread and, but for `wait()`, returns at once.
class Names {
public:
    /// Opens the sockets and begins to look for members.
    static Result<Names> open(NodeOptions options = {});

    /// Revokes what is published and says goodbye; up to a second. Waits for a callback that runs,
    /// and none runs afterwards: what an executor still holds does nothing. Not to be called by a
    /// callback on the node's thread: that would wait for itself to end.
    ~Names();
    Names(Names&&) noexcept;
    Names& operator=(Names&&) noexcept;

    /// Publishes until `unpublish()` or the end of this object; again for the same name replaces
    /// it. Returns the peer name.
    Result<std::string> publish(const Publication& wish);
    Result<void> unpublish(std::string_view name);

    struct Question {
        std::string name;
        std::chrono::milliseconds timeout{10'000}; // a year at most
        std::optional<std::string> cloud{};        // nothing: every cloud
        Which which = Which::first;
    };

    /// One `Resolved` follows: to `done`, or without it into the queue.
    Result<Ticket> resolve(const Question& question, std::function<void(Resolved)> done = {});

    /// The next one of the queue; nothing if there is none (within `patience`, a year at most).
    std::optional<Resolved> poll();
    std::optional<Resolved> wait(std::chrono::milliseconds patience);

    /// The addresses at which this node listens.
    std::vector<std::string> listening() const;

private:
    struct Inside;
    explicit Names(std::unique_ptr<Inside> inside);
    static Result<Names> open_node(NodeOptions options);

    std::unique_ptr<Inside> inside_;
};

} // namespace kith
