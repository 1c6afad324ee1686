#include "host/udp_socket.hpp"

#include "base/check.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace kith::host {

namespace {

// Room for a burst of answers while the loop is busy; the kernel caps it at its own limit.
constexpr int kSocketBufferSize = 1 << 20;

constexpr std::size_t kControlSize = CMSG_SPACE(sizeof(in6_pktinfo));

std::error_code last_error() {
    return {errno, std::system_category()};
}

template<class T>
bool set_option(int fd, int level, int name, const T& value) {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

struct alignas(cmsghdr) ControlBuffer {
    std::array<std::byte, kControlSize> bytes{};
};

// The local address and interface of a received datagram, from its ancillary data.
ZonedEndpoint arrival(msghdr& header, const Endpoint& bound) {
    ZonedEndpoint out{.endpoint = bound};
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info{};
            std::memcpy(&info, CMSG_DATA(c), sizeof info);
            std::memcpy(out.endpoint.address.bytes.data(), &info.ipi6_addr, 16);
            out.zone = info.ipi6_ifindex;
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            in_pktinfo info{};
            std::memcpy(&info, CMSG_DATA(c), sizeof info);
            out.endpoint.address = Address::v4(ntohl(info.ipi_addr.s_addr));
            out.zone = static_cast<Zone>(info.ipi_ifindex);
        }
    }
    return out;
}

template<class Info>
void put_control(msghdr& header, ControlBuffer& buffer, int level, int type, const Info& info) {
    header.msg_control = buffer.bytes.data();
    header.msg_controllen = CMSG_SPACE(sizeof info);
    cmsghdr* c = CMSG_FIRSTHDR(&header);
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(c), &info, sizeof info);
}

void put_source(msghdr& header, ControlBuffer& buffer, const Address& local, Zone zone, bool v4) {
    if (v4) {
        in_pktinfo info{};
        info.ipi_ifindex = static_cast<int>(zone);
        if (!local.is_unspecified()) std::memcpy(&info.ipi_spec_dst, local.bytes.data() + 12, 4);
        put_control(header, buffer, IPPROTO_IP, IP_PKTINFO, info);
    } else {
        in6_pktinfo info{};
        info.ipi6_ifindex = zone;
        std::memcpy(&info.ipi6_addr, local.bytes.data(), 16);
        put_control(header, buffer, IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
}

bool configure(int fd, const UdpOptions& options) {
    const int on = 1;
    const int off = 0;
    // A smaller buffer than asked for is no failure.
    set_option(fd, SOL_SOCKET, SO_RCVBUF, kSocketBufferSize);
    set_option(fd, SOL_SOCKET, SO_SNDBUF, kSocketBufferSize);
    if (options.port == UdpOptions::Port::shared && !set_option(fd, SOL_SOCKET, SO_REUSEADDR, on)) {
        return false;
    }
    // Groups that other programs joined are not ours to hear, hence MULTICAST_ALL.
    if (options.local.address.is_v4()) {
        return set_option(fd, IPPROTO_IP, IP_PKTINFO, on) &&
               set_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, off);
    }
    return set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, on) &&
           set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, on) &&
           set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, off);
}

} // namespace

// What the system calls of one thread work with: 64 KiB that no two sockets need at once. A batch
// that was received stays as it is while datagrams are sent.
struct UdpSocket::Batch {
    std::array<std::array<std::byte, kUdpReadSizeMax>, kUdpBatchMax> buffers{};
    std::array<SocketAddress, kUdpBatchMax> addresses;
    std::array<ControlBuffer, kUdpBatchMax> controls;
    std::array<iovec, kUdpBatchMax> vectors{};
    std::array<mmsghdr, kUdpBatchMax> headers{};
    std::array<ReceivedDatagram, kUdpBatchMax> received;
};

UdpSocket::UdpSocket(UniqueFd fd, const Endpoint& local, Zone zone)
    : fd_(std::move(fd)),
      local_(local),
      zone_(zone) {}

UdpSocket::Batch& UdpSocket::batch_of_thread() {
    static thread_local const auto batch = std::make_unique<Batch>();
    return *batch;
}

UdpSocket::UdpSocket(UdpSocket&&) noexcept = default;
UdpSocket& UdpSocket::operator=(UdpSocket&&) noexcept = default;
UdpSocket::~UdpSocket() = default;

std::expected<UdpSocket, std::error_code> UdpSocket::open(const UdpOptions& options) {
    const int family = options.local.address.is_v4() ? AF_INET : AF_INET6;
    UniqueFd fd(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd || !configure(fd.get(), options)) return std::unexpected(last_error());
    const SocketAddress address = to_socket_address(options.local, options.zone);
    if (::bind(fd.get(), address.get(), address.size) != 0) return std::unexpected(last_error());
    SocketAddress bound;
    bound.size = sizeof bound.storage;
    if (::getsockname(fd.get(), bound.get(), &bound.size) != 0) {
        return std::unexpected(last_error());
    }
    Endpoint local = options.local;
    local.port = from_socket_address(bound.storage)->endpoint.port;
    return UdpSocket(std::move(fd), local, options.zone);
}

std::error_code UdpSocket::join(const Address& group, Zone zone) {
    if (is_v4()) {
        ip_mreqn request{};
        std::memcpy(&request.imr_multiaddr, group.bytes.data() + 12, 4);
        request.imr_ifindex = static_cast<int>(zone);
        const bool joined = set_option(fd_.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, request);
        return joined ? std::error_code() : last_error();
    }
    ipv6_mreq request{};
    std::memcpy(&request.ipv6mr_multiaddr, group.bytes.data(), 16);
    request.ipv6mr_interface = zone;
    const bool joined = set_option(fd_.get(), IPPROTO_IPV6, IPV6_JOIN_GROUP, request);
    return joined ? std::error_code() : last_error();
}

std::span<const ReceivedDatagram> UdpSocket::receive_batch() {
    Batch& batch = batch_of_thread();
    for (std::size_t i = 0; i < kUdpBatchMax; ++i) {
        batch.vectors[i] = {batch.buffers[i].data(), kUdpReadSizeMax};
        msghdr& header = batch.headers[i].msg_hdr;
        header = {};
        header.msg_name = &batch.addresses[i].storage;
        header.msg_namelen = sizeof batch.addresses[i].storage;
        header.msg_iov = &batch.vectors[i];
        header.msg_iovlen = 1;
        header.msg_control = batch.controls[i].bytes.data();
        header.msg_controllen = kControlSize;
    }
    // An error here is one that an earlier send provoked, or no datagram: nothing to deliver.
    const int got = ::recvmmsg(fd_.get(), batch.headers.data(), kUdpBatchMax, 0, nullptr);
    std::size_t kept = 0;
    for (std::size_t i = 0; got > 0 && i < static_cast<std::size_t>(got); ++i) {
        const auto remote = from_socket_address(batch.addresses[i].storage);
        if (!remote) continue;
        const ZonedEndpoint local = arrival(batch.headers[i].msg_hdr, local_);
        const bool foreign =
            remote->endpoint.address.scope() == Scope::link && zone_ != 0 && local.zone != zone_;
        if (foreign) continue;
        batch.received[kept++] = {
            .local = local.endpoint,
            .remote = remote->endpoint,
            .zone = local.zone,
            .payload = ByteView(batch.buffers[i]).first(batch.headers[i].msg_len)};
    }
    return std::span(batch.received).first(kept);
}

std::size_t UdpSocket::send_batch(std::span<const OutgoingDatagram> datagrams) {
    KITH_CHECK(datagrams.size() <= kUdpBatchMax);
    Batch& batch = batch_of_thread();
    for (std::size_t i = 0; i < datagrams.size(); ++i) {
        const OutgoingDatagram& datagram = datagrams[i];
        const Zone zone = datagram.zone != 0 ? datagram.zone : zone_;
        batch.addresses[i] = to_socket_address(datagram.remote, zone);
        // sendmmsg() takes what it only reads through pointers to non-const.
        batch.vectors[i] = {
            const_cast<std::byte*>(datagram.payload.data()), datagram.payload.size()};
        msghdr& header = batch.headers[i].msg_hdr;
        header = {};
        header.msg_name = &batch.addresses[i].storage;
        header.msg_namelen = batch.addresses[i].size;
        header.msg_iov = &batch.vectors[i];
        header.msg_iovlen = 1;
        const bool has_local =
            !datagram.local.is_unspecified() && datagram.local.is_v4() == is_v4();
        if (has_local || datagram.zone != 0) {
            const Address local = has_local ? datagram.local : Address{};
            put_source(header, batch.controls[i], local, datagram.zone, is_v4());
        }
    }
    std::size_t next = 0;
    std::size_t sent = 0;
    while (next < datagrams.size()) {
        const auto left = static_cast<unsigned>(datagrams.size() - next);
        const int went = ::sendmmsg(fd_.get(), batch.headers.data() + next, left, 0);
        if (went > 0) {
            next += static_cast<std::size_t>(went);
            sent += static_cast<std::size_t>(went);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            break; // the buffer is full: the rest counts as lost on the way
        } else if (errno != EINTR) {
            ++next; // this one cannot be sent; the others may
        }
    }
    return sent;
}

} // namespace kith::host
