// A connection to the local API whose answer goes on: events, files, and the two streams of a
// direct connection.

#pragma once

#include "cli/client.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace kith::cli {

class ApiStream {
public:
    /// Connects, sends the request and waits for the head of the answer, at most `time_max` of the
    /// request. `wait` is called about ten times a second meanwhile.
    static std::expected<ApiStream, ClientFailure>
    open(const std::string& socket_path, Request request, const ApiClient::Waiting& wait = {});

    ApiStream(ApiStream&&) noexcept;
    ApiStream& operator=(ApiStream&&) = delete;
    ~ApiStream();

    unsigned status() const;

    /// Readable when `receive()` has something to do, once it was called: what came along with the
    /// head makes nothing readable.
    int fd() const { return fd_; }

    /// Reads what is there, and does not wait. The bytes of the body, maybe none.
    std::expected<std::string, ClientFailure> receive();

    /// What is there, or what comes next; `timed_out` if nothing does within `time_max`, and
    /// `interrupted` once a signal came. For those who have nothing else to wait for.
    std::expected<std::string, ClientFailure> receive_within(std::chrono::milliseconds time_max);

    /// True once the body has ended as it should; after an upgrade: once the connection has.
    bool is_over() const { return is_over_; }

    // Of an upgraded connection.

    /// Writes without waiting; how many bytes went.
    std::expected<std::size_t, ClientFailure> write_some(std::string_view bytes) const;
    void end_writing() const;

private:
    using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

    explicit ApiStream(int fd);
    std::expected<void, ClientFailure> parse();

    int fd_ = -1;
    std::unique_ptr<Parser> parser_;
    std::string unread_; // as it came
    bool is_over_ = false;
};

/// Whether there is something to do at one of `fds` (those below zero are left out), or the time is
/// up: the answer is a bit for each.
unsigned wait_readable(std::initializer_list<int> fds, std::chrono::milliseconds time_max);

} // namespace kith::cli
