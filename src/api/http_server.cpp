#include "api/http_server.hpp"

#include "api/call.hpp"
#include "api/secret.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <optional>
#include <set>
#include <utility>

namespace kith::api {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Local = asio::local::stream_protocol;
using Stream = beast::basic_stream<Local>;
using ErrorInfo = boost::system::error_code;

// After accept() failed for want of descriptors or memory.
constexpr std::chrono::milliseconds kAcceptPause{200};

// The socket's mode keeps others out already; this holds even where somebody changed it.
bool may_connect(int fd) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    return peer.uid == ::geteuid() || peer.uid == 0;
}

std::string_view view(beast::string_view text) {
    return {text.data(), text.size()};
}

class Connection;

} // namespace

struct HttpServerState : std::enable_shared_from_this<HttpServerState> {
    HttpServerState(asio::io_context& io, int fd, Handler& routes, const HttpLimits& given)
        : loop(io),
          acceptor(io, Local(), fd),
          pause(io),
          handler(routes),
          limits(given) {}

    void accept();
    void accepted(const ErrorInfo& error, Local::socket socket);
    void closed(const std::shared_ptr<Connection>& connection);

    asio::io_context& loop;
    Local::acceptor acceptor;
    asio::steady_timer pause;
    Handler& handler;
    HttpLimits limits;
    std::set<std::shared_ptr<Connection>> open; // order decides nothing
    bool is_accepting = false;
    bool is_stopped = false;
};

namespace {

class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(Local::socket socket, std::shared_ptr<HttpServerState> server)
        : stream_(std::move(socket)),
          server_(std::move(server)),
          buffer_(server_->limits.header_size_max + server_->limits.body_size_max) {}

    void read();
    void stop();

private:
    void received(const ErrorInfo& error);
    void refuse_unread(const char* message);
    void watch_client();
    void answer(Reply reply, bool keeps_alive);
    void written(const ErrorInfo& error, bool keeps_alive);
    void close();

    Stream stream_;
    std::shared_ptr<HttpServerState> server_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    std::optional<http::response<http::string_body>> response_;
    Cancel cancel_;              // of the request that waits for its answer
    std::uint64_t exchange_ = 0; // counts requests: a late answer finds a later number
    bool is_waiting_ = false;
    bool is_closed_ = false;
};

// Each of these ends before what it has started calls the next: a loop, no recursion.
// NOLINTBEGIN(misc-no-recursion)
void Connection::read() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(server_->limits.header_size_max));
    parser_->body_limit(server_->limits.body_size_max);
    stream_.expires_after(server_->limits.read_time);
    http::async_read(
        stream_,
        buffer_,
        *parser_,
        [self = shared_from_this()](const ErrorInfo& error, std::size_t) {
            self->received(error);
        });
}

void Connection::received(const ErrorInfo& error) {
    if (is_closed_) return;
    if (error == http::error::body_limit) {
        return refuse_unread("the request is larger than 256 KiB");
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return refuse_unread("the head of the request is too large");
    }
    if (error.category() == make_error_code(http::error::bad_method).category() &&
        error != http::error::end_of_stream && error != http::error::partial_message) {
        return refuse_unread("this is not an HTTP/1.1 request");
    }
    if (error) return close();

    stream_.expires_never(); // the handler has its own bounds
    auto& message = parser_->get();
    const bool keeps_alive = message.keep_alive();
    Request request{
        .method = std::string(view(message.method_string())),
        .target = std::string(view(message.target())),
        .body = std::move(message.body())};
    is_waiting_ = true;
    const std::uint64_t exchange = ++exchange_;
    Cancel cancel = server_->handler.handle(
        request, [weak = weak_from_this(), exchange, keeps_alive](Reply reply) {
            const auto self = weak.lock();
            if (!self || !self->is_waiting_ || self->exchange_ != exchange) return;
            self->answer(std::move(reply), keeps_alive);
        });
    wipe_text(request.body);
    if (!is_waiting_ || exchange_ != exchange) return; // answered at once
    cancel_ = std::move(cancel);
    watch_client();
}

// A client that gives up closes its end, which makes the socket readable.
void Connection::watch_client() {
    stream_.socket().async_wait(
        Local::socket::wait_read,
        [self = shared_from_this(), exchange = exchange_](const ErrorInfo& error) {
            if (error || !self->is_waiting_ || self->exchange_ != exchange) return;
            char byte = 0;
            const ssize_t got =
                ::recv(self->stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
            if (got == 0) self->close();
        });
}

void Connection::refuse_unread(const char* message) {
    is_waiting_ = true;
    answer(to_reply(refuse(ErrorCode::bad_request, message)), false);
}

void Connection::answer(Reply reply, bool keeps_alive) {
    is_waiting_ = false;
    cancel_ = nullptr;
    response_.emplace(static_cast<http::status>(reply.status), 11U);
    response_->set(http::field::content_type, "application/json");
    response_->keep_alive(keeps_alive);
    response_->body() = std::move(reply.body);
    response_->prepare_payload();
    stream_.expires_after(server_->limits.write_time);
    http::async_write(
        stream_,
        *response_,
        [self = shared_from_this(), keeps_alive](const ErrorInfo& error, std::size_t) {
            self->written(error, keeps_alive);
        });
}

void Connection::written(const ErrorInfo& error, bool keeps_alive) {
    if (is_closed_) return;
    if (error || !keeps_alive) return close();
    read();
}
// NOLINTEND(misc-no-recursion)

void Connection::close() {
    if (is_closed_) return;
    is_closed_ = true;
    is_waiting_ = false;
    if (cancel_) std::exchange(cancel_, nullptr)();
    const auto unread = buffer_.data();
    wipe({static_cast<std::byte*>(unread.data()), unread.size()});
    stream_.close();
    server_->closed(shared_from_this());
}

void Connection::stop() {
    close();
}

} // namespace

void HttpServerState::accept() {
    if (is_stopped || is_accepting || open.size() >= limits.connections_max) return;
    is_accepting = true;
    acceptor.async_accept(
        [self = shared_from_this()](const ErrorInfo& error, Local::socket socket) {
            self->is_accepting = false;
            self->accepted(error, std::move(socket));
        });
}

void HttpServerState::accepted(const ErrorInfo& error, Local::socket socket) {
    if (is_stopped) return;
    if (error) {
        pause.expires_after(kAcceptPause);
        pause.async_wait([self = shared_from_this()](const ErrorInfo& cancelled) {
            if (!cancelled) self->accept();
        });
        return;
    }
    if (may_connect(socket.native_handle())) {
        const auto connection = std::make_shared<Connection>(std::move(socket), shared_from_this());
        open.insert(connection);
        connection->read();
    }
    accept();
}

void HttpServerState::closed(const std::shared_ptr<Connection>& connection) {
    open.erase(connection);
    accept();
}

HttpServer::HttpServer(asio::io_context& loop, int fd, Handler& handler, const HttpLimits& limits)
    : state_(std::make_shared<HttpServerState>(loop, fd, handler, limits)) {
    state_->accept();
}

// NOLINTNEXTLINE(bugprone-exception-escape): out of memory only, and that ends the program
HttpServer::~HttpServer() {
    stop();
}

void HttpServer::stop() {
    state_->is_stopped = true;
    ErrorInfo ignored;
    static_cast<void>(state_->acceptor.close(ignored));
    state_->pause.cancel();
    const auto open = state_->open;
    for (const auto& connection : open)
        connection->stop();
}

std::size_t HttpServer::connections() const {
    return state_->open.size();
}

} // namespace kith::api
