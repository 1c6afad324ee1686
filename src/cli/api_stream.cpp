#include "cli/api_stream.hpp"

#include "cli/interrupt.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <poll.h>
#include <utility>

namespace kith::cli {

namespace {

namespace http = boost::beast::http;
using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kHeadLookInterval{100};
constexpr std::size_t kReceiveSize = std::size_t{64} * 1024;
constexpr unsigned kSwitching = 101;

std::unexpected<ClientFailure> broken() {
    return std::unexpected(ClientFailure{.code = ClientErrc::broken});
}

ClientErrc connect_error(int error) {
    if (error == ENOENT || error == ENOTDIR) return ClientErrc::no_socket;
    if (error == ECONNREFUSED) return ClientErrc::nobody;
    if (error == EACCES || error == EPERM) return ClientErrc::forbidden;
    return ClientErrc::broken;
}

std::string message_of(const Request& request) {
    const bool is_get = request.method == Method::get;
    const std::string body = request.raw              ? *request.raw
                             : request.body.is_null() ? std::string{}
                                                      : request.body.dump();
    std::string out =
        fmt::format("{} {} HTTP/1.1\r\nHost: kith\r\n", is_get ? "GET" : "POST", request.target);
    if (request.upgrades) {
        out += "Connection: upgrade\r\nUpgrade: kith-direct\r\n";
    } else {
        out += "Connection: close\r\n";
    }
    if (!is_get) {
        out += fmt::format(
            "Content-Type: {}\r\nContent-Length: {}\r\n",
            request.raw ? "application/octet-stream" : "application/json",
            body.size());
    }
    return out + "\r\n" + body;
}

} // namespace

unsigned wait_readable(std::initializer_list<int> fds, std::chrono::milliseconds time_max) {
    std::array<pollfd, 4> polled{};
    std::size_t count = 0;
    for (const int fd : fds)
        polled.at(count++) = {.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(polled.data(), count, static_cast<int>(time_max.count())) <= 0) return 0;
    unsigned ready = 0;
    for (std::size_t i = 0; i < count; ++i)
        ready |= polled.at(i).revents != 0 ? 1U << i : 0U;
    return ready;
}

ApiStream::ApiStream(int fd) : fd_(fd), parser_(std::make_unique<Parser>()) {
    parser_->eager(true);
    parser_->body_limit(boost::none);
}

ApiStream::ApiStream(ApiStream&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      parser_(std::move(other.parser_)),
      unread_(std::move(other.unread_)),
      is_over_(other.is_over_) {}

ApiStream::~ApiStream() {
    if (fd_ >= 0) ::close(fd_);
}

unsigned ApiStream::status() const {
    return parser_->get().result_int();
}

std::expected<ApiStream, ClientFailure>
ApiStream::open(const std::string& socket_path, Request request, const ApiClient::Waiting& wait) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy_n(
        socket_path.data(),
        std::min(socket_path.size(), sizeof address.sun_path - 1),
        address.sun_path);
    ApiStream stream(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (stream.fd_ < 0) return broken();
    if (::connect(stream.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return std::unexpected(ClientFailure{.code = connect_error(errno)});
    }
    const std::string message = message_of(request);
    for (std::string_view rest = message; !rest.empty();) {
        const ssize_t sent = ::send(stream.fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return broken();
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    ::fcntl(stream.fd_, F_SETFL, ::fcntl(stream.fd_, F_GETFL) | O_NONBLOCK);

    const InterruptWatch interrupts;
    const auto start = Steady::now();
    while (!stream.parser_->is_header_done()) {
        const unsigned ready = wait_readable({stream.fd_, interrupts.fd()}, kHeadLookInterval);
        if (const auto signal = interrupts.take()) {
            return std::unexpected(
                ClientFailure{.code = ClientErrc::interrupted, .signal = *signal});
        }
        const auto elapsed =
            std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - start);
        if ((ready & 1U) == 0) {
            if (elapsed >= request.time_max) {
                return std::unexpected(ClientFailure{.code = ClientErrc::timed_out});
            }
            if (wait) wait(elapsed);
            continue;
        }
        std::array<char, kReceiveSize> piece{};
        const ssize_t got = ::recv(stream.fd_, piece.data(), piece.size(), 0);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got <= 0) return broken();
        stream.unread_.append(piece.data(), static_cast<std::size_t>(got));
        if (const auto parsed = stream.parse(); !parsed) return std::unexpected(parsed.error());
    }
    return stream;
}

std::expected<void, ClientFailure> ApiStream::parse() {
    const bool is_raw = parser_->is_header_done() && status() == kSwitching;
    while (!is_raw && !unread_.empty() && !parser_->is_done()) {
        boost::system::error_code error;
        const std::size_t used =
            parser_->put(boost::asio::buffer(unread_.data(), unread_.size()), error);
        unread_.erase(0, used);
        if (error == http::error::need_more) break;
        if (error) return broken();
        if (parser_->is_header_done() && status() == kSwitching) break;
    }
    return {};
}

std::expected<std::string, ClientFailure> ApiStream::receive() {
    std::array<char, kReceiveSize> piece{};
    const ssize_t got = is_over_ ? 0 : ::recv(fd_, piece.data(), piece.size(), MSG_DONTWAIT);
    const bool waits = got < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK);
    if (got < 0 && !waits) return broken();
    if (got > 0) unread_.append(piece.data(), static_cast<std::size_t>(got));
    if (const auto parsed = parse(); !parsed) return std::unexpected(parsed.error());
    if (status() == kSwitching) {
        is_over_ = is_over_ || (got == 0 && !waits);
        return std::exchange(unread_, {});
    }
    is_over_ = parser_->is_done();
    if (got == 0 && !waits && !is_over_) return broken();
    return std::exchange(parser_->get().body(), {});
}

std::expected<std::string, ClientFailure>
ApiStream::receive_within(std::chrono::milliseconds time_max) {
    const InterruptWatch interrupts;
    auto piece = receive(); // of what came along with the head
    const bool has_any = !piece || !piece->empty() || is_over();
    const unsigned ready =
        wait_readable({fd_, interrupts.fd()}, has_any ? std::chrono::milliseconds(0) : time_max);
    if (const auto signal = interrupts.take()) {
        return std::unexpected(ClientFailure{.code = ClientErrc::interrupted, .signal = *signal});
    }
    if (has_any) return piece;
    if (ready == 0) return std::unexpected(ClientFailure{.code = ClientErrc::timed_out});
    return receive();
}

std::expected<std::size_t, ClientFailure> ApiStream::write_some(std::string_view bytes) const {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK) return std::size_t{0};
    return broken();
}

void ApiStream::end_writing() const {
    ::shutdown(fd_, SHUT_WR);
}

} // namespace kith::cli
