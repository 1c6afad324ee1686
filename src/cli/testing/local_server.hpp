// A process-local stand-in for kithd in unit tests: a real Unix socket, real HTTP bytes, and
// answers that the test writes. (The end-to-end tests run the real kithd.)

#pragma once

#include "cli/document.hpp"
#include "cli/testing/temporary_directory.hpp"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <mutex>
#include <optional>
#include <poll.h>
#include <pthread.h>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace kith::cli::testing {

struct SeenRequest {
    std::string line; // "GET /v1/status"
    Json body = nullptr;
    std::string payload{}; // what comes behind the members of a record
};

/// The bytes of an answer as kithd sends it.
inline std::string http_answer(unsigned status, const std::string& body) {
    return fmt::format(
        "HTTP/1.1 {} Status\r\nContent-Type: application/json\r\nContent-Length: {}\r\n"
        "Connection: close\r\n\r\n{}",
        status,
        body.size(),
        body);
}

inline std::string http_error(unsigned status, const std::string& code, const std::string& text) {
    const Json document{{"error", {{"code", code}, {"message", text}}}};
    return http_answer(status, document.dump());
}

/// How much of a request is read before it is answered.
enum class Reading : std::uint8_t { all, head };

class LocalServer {
public:
    /// What to send for a request; nothing: keep silent and the connection open.
    using Answerer = std::function<std::optional<std::string>(const SeenRequest&)>;

    explicit LocalServer(Answerer answerer, Reading reading = Reading::all)
        : answerer_(std::move(answerer)),
          reading_(reading),
          path_(directory_.path() + "/api.sock"),
          stop_(eventfd(0, EFD_CLOEXEC)),
          listener_(socket(AF_UNIX, SOCK_STREAM, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(&address.sun_path[0], path_.c_str(), path_.size() + 1);
        EXPECT_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(listen(listener_, 8), 0);
        thread_ = std::thread([this] { serve(); });
    }

    ~LocalServer() {
        const std::uint64_t one = 1;
        EXPECT_EQ(write(stop_, &one, sizeof one), static_cast<ssize_t>(sizeof one));
        thread_.join();
        for (const int fd : silent_)
            close(fd);
        close(listener_);
        close(stop_);
    }

    LocalServer(const LocalServer&) = delete;
    LocalServer& operator=(const LocalServer&) = delete;

    const std::string& path() const { return path_; }

    std::vector<SeenRequest> seen() const {
        const std::scoped_lock lock(mutex_);
        return seen_;
    }

private:
    // False once the server is to stop.
    bool wait_for(int fd) const {
        std::array<pollfd, 2> waits{
            pollfd{.fd = fd, .events = POLLIN, .revents = 0},
            pollfd{.fd = stop_, .events = POLLIN, .revents = 0}};
        poll(waits.data(), waits.size(), -1);
        return waits[1].revents == 0;
    }

    void serve() {
        // Signals are for the thread under test.
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, nullptr);
        while (wait_for(listener_)) {
            const int fd = accept(listener_, nullptr, nullptr);
            const auto request = read_request(fd);
            std::optional<std::string> answer;
            if (request) {
                {
                    const std::scoped_lock lock(mutex_);
                    seen_.push_back(*request);
                }
                answer = answerer_(*request);
            }
            if (!answer) {
                silent_.push_back(fd);
                continue;
            }
            for (std::size_t sent = 0; sent < answer->size();) {
                const ssize_t size =
                    send(fd, answer->data() + sent, answer->size() - sent, MSG_NOSIGNAL);
                if (size <= 0) break;
                sent += static_cast<std::size_t>(size);
            }
            close(fd);
        }
    }

    std::optional<SeenRequest> read_request(int fd) const {
        std::string bytes;
        while (true) {
            const std::size_t end = bytes.find("\r\n\r\n");
            const bool is_enough =
                end != std::string::npos &&
                (reading_ == Reading::head || bytes.size() - end - 4 >= body_size(bytes));
            if (is_enough) return understood(bytes, bytes.substr(end + 4));
            std::array<char, 4096> chunk{};
            if (!wait_for(fd)) return std::nullopt;
            const ssize_t size = read(fd, chunk.data(), chunk.size());
            if (size <= 0) return std::nullopt;
            bytes.append(chunk.data(), static_cast<std::size_t>(size));
        }
    }

    SeenRequest understood(const std::string& bytes, const std::string& body) const {
        SeenRequest request{.line = bytes.substr(0, bytes.find(" HTTP/1.1\r\n"))};
        if (reading_ == Reading::head) return request;
        const std::size_t end = bytes.contains(kTwoParts) ? body.find('\n') : body.size();
        if (!body.empty()) request.body = Json::parse(body.substr(0, end));
        if (end < body.size()) request.payload = body.substr(end + 1);
        return request;
    }

    static constexpr std::string_view kTwoParts = "Content-Type: application/x-kith-record\r\n";

    static std::size_t body_size(const std::string& bytes) {
        constexpr std::string_view kField = "Content-Length: ";
        const std::size_t at = bytes.find(kField);
        std::size_t size = 0;
        if (at != std::string::npos) {
            const char* digits = bytes.data() + at + kField.size();
            std::from_chars(digits, bytes.data() + bytes.size(), size);
        }
        return size;
    }

    TemporaryDirectory directory_;
    Answerer answerer_;
    Reading reading_;
    std::string path_;
    int stop_;
    int listener_;
    std::vector<int> silent_;
    mutable std::mutex mutex_;
    std::vector<SeenRequest> seen_;
    std::thread thread_;
};

} // namespace kith::cli::testing
