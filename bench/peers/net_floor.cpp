// Loopback floors with plain sockets: UDP ping-pong, UDP one-way packets/s, TCP stream and TCP
// request/reply.
#include "common.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <atomic>
#include <thread>

using namespace bench;

static sockaddr_in local(uint16_t port) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}
static int udp(uint16_t port) {
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    int big = 4 << 20;
    setsockopt(s, SOL_SOCKET, SO_RCVBUF, &big, sizeof big);
    auto a = local(port);
    if (bind(s, reinterpret_cast<sockaddr*>(&a), sizeof a)) {
        perror("bind");
        std::exit(1);
    }
    timeval tv{1, 0};
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    return s;
}

static void udp_pingpong(size_t size, int count) {
    int a = udp(40001), b = udp(40002);
    auto to_a = local(40001), to_b = local(40002);
    std::thread echo([&] {
        char buf[2048];
        for (;;) {
            ssize_t r = recv(b, buf, sizeof buf, 0);
            if (r <= 1) return;
            sendto(
                b, buf, static_cast<size_t>(r), 0, reinterpret_cast<sockaddr*>(&to_a), sizeof to_a);
        }
    });
    std::vector<double> us;
    char buf[2048]{};
    double t0 = now();
    for (int i = 0; i < count; ++i) {
        double t = now();
        sendto(a, buf, size, 0, reinterpret_cast<sockaddr*>(&to_b), sizeof to_b);
        if (recv(a, buf, sizeof buf, 0) < 0) break;
        us.push_back((now() - t) * 1e6);
    }
    double dt = now() - t0;
    sendto(a, buf, 1, 0, reinterpret_cast<sockaddr*>(&to_b), sizeof to_b);
    echo.join();
    std::printf(
        "{\"floor\":\"udp_pingpong\",\"size\":%zu,\"rtt_us\":[%.1f,%.1f,%.1f],\"round_trips_per_"
        "s\":%.0f}\n",
        size,
        pct(us, .5),
        pct(us, .95),
        pct(us, .99),
        us.size() / dt);
    close(a);
    close(b);
}

// one core sends, the other receives; batch 1 uses sendto/recv, more uses sendmmsg/recvmmsg
static void udp_rate(size_t size, unsigned batch, double seconds) {
    int a = udp(40003), b = udp(40004);
    auto to_b = local(40004);
    connect(a, reinterpret_cast<sockaddr*>(&to_b), sizeof to_b);
    std::atomic<bool> stop{false};
    std::atomic<uint64_t> got{0};
    auto make = [&](std::vector<mmsghdr>& m, std::vector<iovec>& v, std::vector<char>& buf) {
        m.assign(batch, {});
        v.resize(batch);
        buf.resize(batch * 2048);
        for (unsigned i = 0; i < batch; ++i) {
            v[i] = {buf.data() + i * 2048, size};
            m[i].msg_hdr.msg_iov = &v[i];
            m[i].msg_hdr.msg_iovlen = 1;
        }
    };
    std::thread rx([&] {
        std::vector<mmsghdr> m;
        std::vector<iovec> v;
        std::vector<char> buf;
        make(m, v, buf);
        while (!stop) {
            int r = batch == 1 ? (recv(b, buf.data(), 2048, 0) > 0 ? 1 : 0)
                               : recvmmsg(b, m.data(), batch, MSG_WAITFORONE, nullptr);
            if (r > 0) got += static_cast<uint64_t>(r);
        }
    });
    std::vector<mmsghdr> m;
    std::vector<iovec> v;
    std::vector<char> buf;
    make(m, v, buf);
    uint64_t sent = 0;
    double t0 = now();
    while (now() - t0 < seconds)
        for (int k = 0; k < 64; ++k) {
            int r = batch == 1 ? (send(a, buf.data(), size, 0) > 0 ? 1 : 0)
                               : sendmmsg(a, m.data(), batch, 0);
            if (r > 0) sent += static_cast<uint64_t>(r);
        }
    double dt = now() - t0;
    uint64_t g = got;
    stop = true;
    rx.join();
    std::printf(
        "{\"floor\":\"udp_one_way\",\"size\":%zu,\"batch\":%u,\"sent_per_s\":%.0f,\"received_per_"
        "s\":%.0f}\n",
        size,
        batch,
        sent / dt,
        g / dt);
    close(a);
    close(b);
}

static void tcp_floor(bool stream, double seconds) {
    int l = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    auto addr = local(static_cast<uint16_t>(stream ? 40005 : 40006));
    if (bind(l, reinterpret_cast<sockaddr*>(&addr), sizeof addr) || listen(l, 1)) {
        perror("tcp");
        return;
    }
    std::thread server([&] {
        int s = accept(l, nullptr, nullptr);
        setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        std::vector<char> buf(256 << 10);
        for (;;) {
            ssize_t r = recv(s, buf.data(), buf.size(), 0);
            if (r <= 0) break;
            if (!stream) (void)!send(s, buf.data(), static_cast<size_t>(r), 0);
        }
        close(s);
    });
    int c = socket(AF_INET, SOCK_STREAM, 0);
    connect(c, reinterpret_cast<sockaddr*>(&addr), sizeof addr);
    setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    std::vector<char> buf(256 << 10);
    std::vector<double> us;
    uint64_t bytes = 0;
    double t0 = now();
    while (now() - t0 < seconds) {
        if (stream) {
            ssize_t r = send(c, buf.data(), buf.size(), 0);
            if (r <= 0) break;
            bytes += static_cast<uint64_t>(r);
        } else {
            double t = now();
            (void)!send(c, buf.data(), 64, 0);
            (void)!recv(c, buf.data(), 64, 0);
            us.push_back((now() - t) * 1e6);
        }
    }
    double dt = now() - t0;
    close(c);
    server.join();
    close(l);
    if (stream)
        std::printf(
            "{\"floor\":\"tcp_stream\",\"gbit_s\":%.2f}\n",
            static_cast<double>(bytes) * 8 / dt / 1e9);
    else
        std::printf(
            "{\"floor\":\"tcp_request_reply_64B\",\"rtt_us\":[%.1f,%.1f,%.1f],\"per_s\":%.0f}\n",
            pct(us, .5),
            pct(us, .95),
            pct(us, .99),
            us.size() / dt);
}

int main() {
    for (size_t size : {64, 512, 1200})
        udp_pingpong(size, 60000);
    for (size_t size : {64, 512, 1200})
        for (unsigned batch : {1u, 32u})
            udp_rate(size, batch, 2);
    tcp_floor(true, 3);
    tcp_floor(false, 2);
}
