#include "cli/client.hpp"

#include "base/bytes.hpp"
#include "cli/interrupt.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <exception>
#include <fmt/format.h>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

namespace kith::cli {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Local = asio::local::stream_protocol;
using Parser = http::response_parser<http::string_body>;

/// How often a wait looks for signals and tells that it goes on.
constexpr std::chrono::milliseconds kLookAroundInterval{100};

/// Between two attempts to get into kithd's queue of connections, where that is full.
constexpr std::chrono::milliseconds kConnectPause{20};

/// Levels of an answer's document; printing it takes stack for each. The documented ones have five.
constexpr int kAnswerDepthMax = 32;

void wipe_text(std::string& text) {
    wipe(std::as_writable_bytes(std::span(text)));
    text.clear();
}

// Bodies are flat objects (docs/api.md); what lies deeper holds no secret.
void wipe_strings(Json& body) {
    if (!body.is_object()) return;
    for (auto& [key, member] : body.items()) {
        if (member.is_string()) wipe_text(member.get_ref<std::string&>());
    }
}

http::verb verb_of(Method method) {
    switch (method) {
    case Method::get:
        return http::verb::get;
    case Method::post:
        return http::verb::post;
    case Method::remove:
        return http::verb::delete_;
    }
    return http::verb::get;
}

// Waits as long as it is let to: of a Unix socket whose queue is full the kernel says EAGAIN, which
// Asio's own connect takes for a connection that is under way.
asio::awaitable<void> connect(Local::socket& socket, Local::endpoint endpoint) {
    asio::steady_timer pause(co_await asio::this_coro::executor);
    socket.open();
    socket.native_non_blocking(true);
    const auto size = static_cast<socklen_t>(endpoint.size());
    while (::connect(socket.native_handle(), endpoint.data(), size) != 0) {
        const error_code error(errno, boost::system::system_category());
        if (error != boost::system::errc::resource_unavailable_try_again) {
            throw boost::system::system_error(error);
        }
        pause.expires_after(kConnectPause);
        co_await pause.async_wait(asio::use_awaitable);
    }
}

asio::awaitable<void>
converse(Local::endpoint endpoint, http::request<http::string_body>& message, Parser& parser) {
    Local::socket socket(co_await asio::this_coro::executor);
    co_await connect(socket, std::move(endpoint));
    // Who refuses a request does so before all of it has come, and then reads no further: what was
    // answered is there to be read all the same.
    error_code unsent;
    co_await http::async_write(socket, message, asio::redirect_error(asio::use_awaitable, unsent));
    boost::beast::flat_buffer buffer;
    co_await http::async_read(socket, buffer, parser, asio::use_awaitable);
}

error_code error_of(const std::exception_ptr& thrown) {
    if (!thrown) return {};
    try {
        std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
        return error.code();
    } catch (...) {
        return make_error_code(boost::system::errc::not_enough_memory);
    }
}

ClientErrc errc_of(const error_code& error) {
    namespace errc = boost::system::errc;
    if (error == errc::no_such_file_or_directory || error == errc::not_a_directory) {
        return ClientErrc::no_socket;
    }
    if (error == errc::connection_refused) return ClientErrc::nobody;
    if (error == errc::permission_denied) return ClientErrc::forbidden;
    if (error == http::error::body_limit) return ClientErrc::too_long;
    return ClientErrc::broken;
}

std::expected<Answer, ClientFailure> read_answer(const http::response<http::string_body>& message) {
    Answer answer{.status = message.result_int(), .document = {}};
    bool too_deep = false;
    const auto look = [&too_deep](int depth, Json::parse_event_t, const Json&) {
        too_deep = too_deep || depth > kAnswerDepthMax;
        return !too_deep;
    };
    answer.document = Json::parse(message.body(), look, /*allow_exceptions=*/false);
    if (too_deep || !answer.document.is_object()) {
        return std::unexpected(ClientFailure{.code = ClientErrc::no_document});
    }
    return answer;
}

} // namespace

ApiClient::ApiClient(std::string socket_path) : socket_path_(std::move(socket_path)) {}

std::expected<Answer, ClientFailure>
ApiClient::exchange(Request& request, const Waiting& waiting) const {
    http::request<http::string_body> message(verb_of(request.method), request.target, 11);
    message.set(http::field::host, "kith");
    message.set(http::field::accept, "application/json");
    message.keep_alive(false);
    if (!request.body.is_null()) {
        message.set(http::field::content_type, "application/json");
        message.body() = request.body.dump(-1, ' ', false, Json::error_handler_t::replace);
        wipe_strings(request.body);
    }
    if (request.raw) {
        // The members are one line: JSON has no line feed but between its tokens.
        const bool is_alone = message.body().empty();
        message.set(
            http::field::content_type,
            is_alone ? "application/octet-stream" : "application/x-kith-record");
        if (is_alone) {
            message.body() = std::move(*request.raw);
        } else {
            message.body() += '\n';
            message.body() += *request.raw;
        }
    }
    message.prepare_payload();
    Parser parser;
    parser.body_limit(kAnswerSizeMax);

    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    const auto deadline = start + request.time_max;
    InterruptWatch interrupts;
    std::optional<error_code> ended;
    std::optional<ClientFailure> gave_up;
    {
        // Destroyed before what the conversation borrows, and the conversation with it.
        asio::io_context loop(1);
        asio::co_spawn(
            loop,
            converse(Local::endpoint(socket_path_), message, parser),
            [&ended](const std::exception_ptr& thrown) { ended = error_of(thrown); });
        while (!ended && !gave_up) {
            loop.run_until(std::min(Clock::now() + kLookAroundInterval, deadline));
            if (ended) break;
            if (const auto signal = interrupts.take()) {
                gave_up = ClientFailure{.code = ClientErrc::interrupted, .signal = *signal};
            } else if (Clock::now() >= deadline) {
                gave_up = ClientFailure{.code = ClientErrc::timed_out};
            } else if (waiting) {
                waiting(
                    std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start));
            }
        }
    }
    wipe_text(message.body());
    if (gave_up) return std::unexpected(*gave_up);
    if (*ended) return std::unexpected(ClientFailure{.code = errc_of(*ended)});
    return read_answer(parser.get());
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                             "abcdefghijklmnopqrstuvwxyz"
                                             "0123456789-._~";
    std::string out;
    for (const char c : text) {
        if (kUnreserved.contains(c)) {
            out += c;
        } else {
            fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

} // namespace kith::cli
