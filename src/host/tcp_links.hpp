// Connections of graphs over TCP, IPv6 and IPv4: bytes in, bytes out, bounded both ways. What they
// mean is the core's to say.
//
// Everything runs on the thread of the io_context, which may go on when this object has gone. Hooks
// are called from the loop, never from inside a call; they may call anything here, and may destroy
// this object.

#pragma once

#include "base/bytes.hpp"
#include "base/endpoint.hpp"

#include <system_error>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string_view>

namespace boost::asio {
class io_context; // NOLINT(readability-identifier-naming): the library's
}

namespace kith::host {

using TcpLinkId = std::uint64_t;     // from 1, never used again
using TcpListenerId = std::uint64_t; // likewise

/// Why a connection is no more, or never was.
enum class TcpEnd : std::uint8_t {
    ended,       // the peer ended it
    broken,      // reset, or what was sent was not acknowledged for kTcpUserTimeout
    unreachable, // outgoing: nobody listens there, or no way leads there
    timed_out,   // outgoing: no answer in time
};

/// Why a connection was closed as it came.
enum class TcpRefusal : std::uint8_t {
    pending,         // too many have not said who they are
    pending_network, // too many of one /64, or of one IPv4 address
    links,           // too many connections
    count,
};

std::string_view to_string(TcpRefusal refusal);

/// Data that nobody acknowledges for so long ends a connection (MS-PPGRH leaves it to TCP, whose
/// own patience is a quarter of an hour).
inline constexpr std::chrono::seconds kTcpUserTimeout{90};

/// Bytes that the kernel holds unsent for a connection before it says that there is room: what is
/// in the kernel cannot be overtaken by a small message.
inline constexpr int kTcpUnsentLow = 128 * 1024;

/// Bytes delivered by one call of `received`.
inline constexpr std::size_t kTcpReadMax = 64 * 1024;

struct TcpLimits {
    std::size_t links_max = 1024;            // all connections; a further incoming one is closed
    std::size_t pending_max = 64;            // incoming ones that were not admitted yet
    std::size_t pending_per_network_max = 4; // of those, of one /64 or IPv4 address but loopback's
    std::size_t queue_max = 1 << 20;         // bytes that wait to be sent on one connection
    std::chrono::milliseconds connect_time{20'000};
    std::chrono::milliseconds linger_time{5'000}; // for what waits when a connection is closed
};

struct TcpCounters {
    std::array<std::uint64_t, static_cast<std::size_t>(TcpRefusal::count)> refused{};
    std::uint64_t accept_failed = 0; // no descriptors, no memory
    std::uint64_t accepted = 0;
    std::uint64_t opened = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_sent = 0;

    std::uint64_t operator[](TcpRefusal refusal) const {
        return refused[static_cast<std::size_t>(refusal)];
    }
};

/// All of them are there.
struct TcpHooks {
    std::function<void(TcpListenerId, TcpLinkId, const Endpoint& from)> accepted;
    std::function<void(TcpLinkId)> opened;
    std::function<void(TcpLinkId, ByteView)> received; // valid during the call
    std::function<void(TcpLinkId, std::size_t)> sent;  // so many bytes have left the queue
    std::function<void(TcpLinkId, TcpEnd)> ended;      // the last that is heard of it
};

enum class TcpClose : std::uint8_t {
    drain, // what waits is sent first, and the peer has `linger_time` to take it
    abort, // at once; what waits is lost
};

class TcpLinks {
public:
    TcpLinks(boost::asio::io_context& loop, TcpHooks hooks, const TcpLimits& limits = {});
    ~TcpLinks(); // aborts every connection
    TcpLinks(const TcpLinks&) = delete;
    TcpLinks& operator=(const TcpLinks&) = delete;

    struct Listener {
        TcpListenerId id = 0;
        Endpoint local; // as bound
    };

    /// An address of either family, `::` or `0.0.0.0` for all of that family; port 0 for any.
    std::expected<Listener, std::error_code> listen(const Endpoint& at, Zone zone = 0);

    /// Connections that it accepted stay.
    void stop_listening(TcpListenerId listener);

    /// `opened` or `ended` follows. `zone` for a link-local address.
    TcpLinkId connect(const Endpoint& to, Zone zone = 0);

    /// Takes the bytes to be sent in order. False, and nothing is taken, if more than `queue_max`
    /// would wait: try again after `sent`. True, and nothing happens, for a connection that is gone
    /// or closed.
    [[nodiscard]] bool send(TcpLinkId id, Bytes bytes);

    /// Nothing more is heard of the connection.
    void close(TcpLinkId id, TcpClose how);

    /// The peer of an incoming connection is who it may be: it counts as pending no longer.
    void admit(TcpLinkId id);

    /// Connections of every kind, those that drain included.
    std::size_t size() const;
    std::size_t pending() const;

    /// Bytes that wait on one connection; 0 if it is gone.
    std::size_t queued(TcpLinkId id) const;

    /// Connections that were closed and still send what waited: at a process's end worth a moment.
    std::size_t draining() const;

    const TcpCounters& counters() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace kith::host
