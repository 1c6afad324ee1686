// A UDP socket of one family. It knows at which of the machine's addresses a datagram arrived, and
// sends from the address it is told, so that an answer leaves from the address that was asked.

#pragma once

#include "host/socket_address.hpp"
#include "host/unique_fd.hpp"

#include <system_error>

#include <cstddef>
#include <expected>
#include <span>

namespace kith::host {

/// Datagrams moved by one system call, either way.
inline constexpr std::size_t kUdpBatchMax = 32;

/// Longest datagram that is read whole; of a longer one only this much is delivered, which every
/// reader still refuses as oversized (a PNRP datagram has at most 1216 bytes).
inline constexpr std::size_t kUdpReadSizeMax = 2048;

struct UdpOptions {
    Endpoint local; // the address may be `::` or `0.0.0.0`, the port 0 for any
    Zone zone = 0;  // interface of link-local addresses; 0: not in a link-local cloud
    enum class Port : std::uint8_t {
        exclusive,
        shared, // several processes may bind it (SSDP)
    } port = Port::exclusive;
};

struct ReceivedDatagram {
    Endpoint local; // where it arrived
    Endpoint remote;
    Zone zone = 0;    // interface it arrived on
    ByteView payload; // valid until this thread's next call of receive_batch()
};

struct OutgoingDatagram {
    Address local; // unspecified: the kernel chooses
    Endpoint remote;
    Zone zone = 0; // interface to leave by; 0: the routing table's choice
    ByteView payload;
};

class UdpSocket {
public:
    static std::expected<UdpSocket, std::error_code> open(const UdpOptions& options);

    UdpSocket(UdpSocket&&) noexcept;
    UdpSocket& operator=(UdpSocket&&) noexcept;
    ~UdpSocket();

    int native_handle() const { return fd_.get(); }

    /// The address as asked for, with the port that was bound.
    const Endpoint& local() const { return local_; }
    bool is_v4() const { return local_.address.is_v4(); }

    Zone zone() const { return zone_; }
    void set_zone(Zone zone) { zone_ = zone; }

    /// Joins `group`, of this socket's family, on the interface `zone`.
    std::error_code join(const Address& group, Zone zone);

    /// Up to kUdpBatchMax datagrams that are waiting; empty when there are none. A link-local
    /// source of another zone than this socket's is not delivered.
    std::span<const ReceivedDatagram> receive_batch();

    /// Sends what it can, in order, and returns how many went out. What the kernel refuses (no
    /// route, full buffer) is dropped: to the protocol it is a lost datagram.
    /// Requires: at most kUdpBatchMax datagrams of this socket's family.
    std::size_t send_batch(std::span<const OutgoingDatagram> datagrams);

private:
    struct Batch;
    static Batch& batch_of_thread();
    UdpSocket(UniqueFd fd, const Endpoint& local, Zone zone);

    UniqueFd fd_;
    Endpoint local_;
    Zone zone_ = 0;
};

} // namespace kith::host
