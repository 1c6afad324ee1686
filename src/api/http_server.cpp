#include "api/http_server.hpp"

#include "api/call.hpp"
#include "api/secret.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>
#include <optional>
#include <set>
#include <string>
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

// How soon a flow that had no room is asked again.
constexpr std::chrono::milliseconds kRoomPause{5};

constexpr std::size_t kPieceSize = std::size_t{64} * 1024; // bytes of one read of a flow

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
    std::size_t large_bodies = 0;
    std::size_t flows = 0;
    bool is_accepting = false;
    bool is_stopped = false;
};

namespace {

class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(Local::socket socket, std::shared_ptr<HttpServerState> server)
        : stream_(std::move(socket)),
          server_(std::move(server)),
          pause_(server_->loop),
          buffer_(server_->limits.header_size_max + server_->limits.body_size_max) {}

    void read();
    void stop();

private:
    void head_received(const ErrorInfo& error);
    void received(const ErrorInfo& error);
    std::size_t body_size_max() const;
    void refuse_unread(const std::string& message, ErrorCode code = ErrorCode::bad_request);
    void take_body_place();
    void leave_body_place();
    void begin_flow(Reply reply);
    void pump();
    void send_piece();
    void read_input();
    void input(const ErrorInfo& error, std::size_t size);
    void end_flow_if_over();
    void watch_client();
    void answer(Reply reply, bool keeps_alive);
    void written(const ErrorInfo& error, bool keeps_alive);
    void close();

    Stream stream_;
    std::shared_ptr<HttpServerState> server_;
    asio::steady_timer pause_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::empty_body>> head_;
    std::optional<http::request_parser<http::string_body>> parser_;
    std::optional<http::response<http::string_body>> response_;
    std::optional<http::response<http::empty_body>> flow_head_;
    std::optional<http::response_serializer<http::empty_body>> flow_serializer_;
    std::shared_ptr<Flow> flow_;
    std::string piece_;                         // on its way
    std::array<std::byte, kPieceSize> input_{}; // of an upgraded connection
    BodyRoom room_ = BodyRoom::usual;
    bool has_body_place_ = false;
    bool is_upgraded_ = false;
    bool is_writing_ = false; // of a flow
    bool is_output_over_ = false;
    bool is_input_over_ = false;
    Cancel cancel_;              // of the request that waits for its answer
    std::uint64_t exchange_ = 0; // counts requests: a late answer finds a later number
    bool is_waiting_ = false;
    bool is_closed_ = false;
};

// Each of these ends before what it has started calls the next: a loop, no recursion.
// NOLINTBEGIN(misc-no-recursion)
void Connection::read() {
    head_.emplace();
    parser_.reset();
    head_->header_limit(static_cast<std::uint32_t>(server_->limits.header_size_max));
    head_->body_limit(boost::none);
    stream_.expires_after(server_->limits.read_time);
    http::async_read_header(
        stream_, buffer_, *head_, [self = shared_from_this()](const ErrorInfo& error, std::size_t) {
            self->head_received(error);
        });
}

std::size_t Connection::body_size_max() const {
    switch (room_) {
    case BodyRoom::usual:
        return server_->limits.body_size_max;
    case BodyRoom::record:
        return server_->limits.record_size_max;
    case BodyRoom::database:
        return server_->limits.database_size_max;
    }
    return server_->limits.body_size_max;
}

void Connection::take_body_place() {
    has_body_place_ = true;
    ++server_->large_bodies;
}

void Connection::leave_body_place() {
    if (has_body_place_) --server_->large_bodies;
    has_body_place_ = false;
}

void Connection::head_received(const ErrorInfo& error) {
    if (error) return received(error);
    if (is_closed_) return;
    const auto& head = head_->get();
    room_ = server_->handler.room_for(view(head.method_string()), view(head.target()));
    const std::size_t size_max = body_size_max();
    if (head_->content_length().value_or(0) > size_max) {
        return received(make_error_code(http::error::body_limit));
    }
    if (room_ != BodyRoom::usual) {
        if (server_->large_bodies >= server_->limits.large_bodies_max) {
            return refuse_unread(
                "as many large requests are being read as this node takes at once",
                ErrorCode::too_many);
        }
        take_body_place();
        stream_.expires_after(server_->limits.large_read_time);
    }
    parser_.emplace(std::move(*head_));
    parser_->body_limit(size_max);
    http::async_read(
        stream_,
        buffer_,
        *parser_,
        [self = shared_from_this()](const ErrorInfo& failed, std::size_t) {
            self->received(failed);
        });
}

void Connection::received(const ErrorInfo& error) {
    leave_body_place();
    if (is_closed_) return;
    if (error == http::error::body_limit) {
        return refuse_unread(
            fmt::format("the request is larger than {} KiB", body_size_max() / 1024));
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return refuse_unread(fmt::format(
            "the head of the request is larger than {} KiB",
            server_->limits.header_size_max / 1024));
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
        .body = std::move(message.body()),
        .content_type = std::string(view(message[http::field::content_type]))};
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

// A client that gives up closes its end, which makes the socket readable. Of an upgraded connection
// that is the end of what comes, and whoever reads it may have read to there already.
void Connection::watch_client() {
    stream_.socket().async_wait(
        Local::socket::wait_read,
        [self = shared_from_this(), exchange = exchange_](const ErrorInfo& error) {
            const bool lasts = self->is_waiting_ || (self->flow_ && !self->is_upgraded_);
            if (error || !lasts || self->exchange_ != exchange) return;
            char byte = 0;
            const ssize_t got =
                ::recv(self->stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
            if (got == 0) self->close();
        });
}

void Connection::refuse_unread(const std::string& message, ErrorCode code) {
    is_waiting_ = true;
    answer(to_reply(refuse(code, message)), false);
}

void Connection::answer(Reply reply, bool keeps_alive) {
    if (is_closed_) return;
    if (reply.flow && server_->flows >= server_->limits.flows_max) {
        reply = to_reply(refuse(
            ErrorCode::too_many, "as many watchers and streams are there as this node serves"));
    }
    is_waiting_ = false;
    cancel_ = nullptr;
    if (reply.flow) return begin_flow(std::move(reply));
    response_.emplace(static_cast<http::status>(reply.status), 11U);
    response_->set(http::field::content_type, reply.content_type);
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
// A flow has the rest of the connection: it ends with it.
void Connection::begin_flow(Reply reply) {
    flow_ = std::move(reply.flow);
    ++server_->flows;
    is_upgraded_ = reply.status == 101;
    flow_head_.emplace(static_cast<http::status>(reply.status), 11U);
    if (is_upgraded_) {
        flow_head_->set(http::field::connection, "upgrade");
        flow_head_->set(http::field::upgrade, "kith-direct");
    } else {
        flow_head_->set(http::field::content_type, reply.content_type);
        flow_head_->keep_alive(false);
        flow_head_->chunked(true);
    }
    flow_serializer_.emplace(*flow_head_);
    // A watcher that is stopped for a while keeps its place: what it misses is bounded by its flow.
    stream_.expires_never();
    is_writing_ = true;
    flow_->set_wake([weak = weak_from_this(), &loop = server_->loop] {
        asio::post(loop, [weak] {
            if (const auto self = weak.lock()) self->pump();
        });
    });
    http::async_write_header(
        stream_,
        *flow_serializer_,
        [self = shared_from_this()](const ErrorInfo& error, std::size_t) {
            self->is_writing_ = false;
            if (error) return self->close();
            if (self->is_upgraded_) {
                self->read_input();
            } else {
                self->watch_client();
            }
            self->pump();
        });
}

void Connection::pump() {
    if (is_closed_ || !flow_ || is_writing_ || is_output_over_) return;
    if (auto piece = flow_->next()) {
        piece_ = std::move(*piece);
        return send_piece();
    }
    if (!flow_->is_over()) return;
    is_output_over_ = true;
    if (is_upgraded_) {
        if (!flow_->wants_input()) return close();
        ErrorInfo ignored;
        static_cast<void>(stream_.socket().shutdown(Local::socket::shutdown_send, ignored));
        return end_flow_if_over();
    }
    is_writing_ = true;
    asio::async_write(
        stream_,
        http::make_chunk_last(),
        [self = shared_from_this()](const ErrorInfo&, std::size_t) { self->close(); });
}

void Connection::send_piece() {
    is_writing_ = true;
    const auto sent = [self = shared_from_this()](const ErrorInfo& error, std::size_t) {
        self->is_writing_ = false;
        if (error) return self->close();
        self->pump();
    };
    const asio::const_buffer bytes(piece_.data(), piece_.size());
    if (is_upgraded_) return asio::async_write(stream_, bytes, sent);
    asio::async_write(stream_, http::make_chunk(bytes), sent);
}

void Connection::read_input() {
    if (is_closed_ || is_input_over_) return;
    if (!flow_->wants_input()) {
        is_input_over_ = true;
        return end_flow_if_over();
    }
    if (!flow_->has_room()) {
        pause_.expires_after(kRoomPause);
        pause_.async_wait([self = shared_from_this()](const ErrorInfo& error) {
            if (!error) self->read_input();
        });
        return;
    }
    // What came behind the head of the request is the first of it.
    if (buffer_.size() > 0) {
        const auto unread = buffer_.data();
        const std::size_t size = std::min(unread.size(), kPieceSize);
        flow_->take({static_cast<const std::byte*>(unread.data()), size});
        buffer_.consume(size);
        return asio::post(server_->loop, [self = shared_from_this()] { self->read_input(); });
    }
    stream_.async_read_some(
        asio::buffer(input_),
        [self = shared_from_this()](const ErrorInfo& error, std::size_t size) {
            self->input(error, size);
        });
}

void Connection::input(const ErrorInfo& error, std::size_t size) {
    if (is_closed_) return;
    if (error == asio::error::eof) {
        is_input_over_ = true;
        flow_->end_input();
        return end_flow_if_over();
    }
    if (error) return close();
    flow_->take(ByteView(input_).first(size));
    read_input();
}

void Connection::end_flow_if_over() {
    if (is_input_over_ && is_output_over_) close();
}

void Connection::close() {
    if (is_closed_) return;
    is_closed_ = true;
    leave_body_place();
    pause_.cancel();
    if (flow_) {
        --server_->flows;
        flow_->set_wake(nullptr);
        flow_.reset();
    }
    is_waiting_ = false;
    if (cancel_) std::exchange(cancel_, nullptr)();
    const auto unread = buffer_.data();
    wipe({static_cast<std::byte*>(unread.data()), unread.size()});
    stream_.close();
    server_->closed(shared_from_this());
}

void Connection::stop() {
    // Whoever watches is told that this is the end, where it can be said at once.
    if (flow_ && flow_->is_endless() && !is_writing_) {
        constexpr std::string_view kChunkLast = "0\r\n\r\n";
        static_cast<void>(::send(
            stream_.socket().native_handle(),
            kChunkLast.data(),
            kChunkLast.size(),
            MSG_DONTWAIT | MSG_NOSIGNAL));
    }
    close();
}
// NOLINTEND(misc-no-recursion)

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
