// HTTP/1.1 over a Unix socket, bounded in every direction.

#pragma once

#include "api/exchange.hpp"

#include <chrono>
#include <cstddef>
#include <memory>

namespace boost::asio {
class io_context; // NOLINT(readability-identifier-naming): theirs
}

namespace kith::api {

/// What one server gives to its clients. The defaults are the product's; tests shorten the times.
struct HttpLimits {
    std::size_t connections_max = 64;       // further ones wait in the kernel's queue
    std::size_t header_size_max = 8 * 1024; // bytes; larger: 400 and the end
    std::size_t body_size_max = 256 * 1024; // bytes; larger: 400 and the end
    std::size_t record_size_max = 62'914'560 + (std::size_t{8} << 20U); // bytes of a body that is
        // a record: its payload (MS-PPGRH 2.2.3.1), and more than the graph takes of its attributes
    std::size_t database_size_max = std::size_t{1} << 30U; // bytes of a body that is a database
    std::size_t large_bodies_max = 4; // of the two kinds above at once; more: 429 and the end
    std::size_t flows_max = 32;       // answers without an end in sight at once; more: 429
    std::chrono::milliseconds read_time{10'000}; // for a whole request, from its first byte or the
        // start of the connection; then the connection ends
    std::chrono::milliseconds large_read_time{120'000}; // the same for a large body
    std::chrono::milliseconds write_time{10'000};       // for a client to take its answer
};

struct HttpServerState;

class HttpServer {
public:
    /// Takes the listening socket `fd` and closes it in the end. `handler` outlives the server; the
    /// loop does not run once the server has gone.
    HttpServer(boost::asio::io_context& loop, int fd, Handler& handler, const HttpLimits& limits);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// Takes no further connections, and drops those that wait for an answer.
    void stop();

    std::size_t connections() const;

private:
    std::shared_ptr<HttpServerState> state_;
};

} // namespace kith::api
