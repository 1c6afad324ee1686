// `kith send`

#include "cli/api_stream.hpp"
#include "cli/complaint.hpp"
#include "cli/event_lines.hpp"
#include "cli/files.hpp"
#include "cli/graph_commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/progress.hpp"
#include "cli/writing.hpp"

#include <fcntl.h>
#include <system_error>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <poll.h>
#include <utility>

namespace kith::cli {

namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kInputPieceSize = std::size_t{64} * 1024;
constexpr std::chrono::milliseconds kDialTimeMax{130'000};
constexpr std::chrono::milliseconds kAcceptTimeMax{std::chrono::hours(24 * 365)};
constexpr std::chrono::milliseconds kProgressPause{250};

// What comes, and what goes, is in pieces, each behind its length in four bytes; length zero is the
// end. After it another one comes once the other end has taken all that went.
class Pieces {
public:
    /// The content of the pieces that are whole.
    std::string add(std::string_view bytes) {
        unread_ += bytes;
        std::string out;
        std::size_t at = 0;
        while (unread_.size() - at >= 4) {
            std::size_t size = 0;
            for (std::size_t i = 0; i < 4; ++i)
                size = size << 8U | static_cast<unsigned char>(unread_[at + i]);
            if (unread_.size() - at - 4 < size) break;
            out.append(unread_, at + 4, size);
            at += 4 + size;
            if (size > 0) continue;
            is_confirmed_ = has_ended_;
            has_ended_ = true;
        }
        unread_.erase(0, at);
        return out;
    }

    bool has_ended() const { return has_ended_; }
    bool is_confirmed() const { return is_confirmed_; }

private:
    std::string unread_;
    bool has_ended_ = false;
    bool is_confirmed_ = false;
};

// What is open and is closed when it goes, but for the standard ones.
class File {
public:
    explicit File(int fd) : fd_(fd) {}
    ~File() {
        if (fd_ > STDERR_FILENO) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    int fd() const { return fd_; }

private:
    int fd_;
};

int open_for_reading(const std::string& path) {
    return path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
}

// What is there stays, and what is not there is not made, until there is a connection.
int open_what_is_there(const std::string& path) {
    return ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
}

// Whether there is a place for a new file; errno says why not.
bool can_make(const std::string& path) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    return ::access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) == 0;
}

int make_file(const std::string& path) {
    return ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
}

std::unexpected<Failure> unwritable(const Send& command) {
    return failed(
        fmt::format("cannot write {}: {}", *command.out, std::generic_category().message(errno)));
}

class Exchange {
public:
    Exchange(const Session& session, ApiStream& stream, int input, int out)
        : session_(session),
          stream_(stream),
          input_(input),
          out_(out) {}

    Result run() {
        const InterruptWatch interrupts;
        // What came along with the answer's head makes nothing readable any more.
        if (auto failure = take()) return std::unexpected(std::move(*failure));
        while (!stream_.is_over()) {
            std::array<pollfd, 3> waits{
                pollfd{.fd = stream_.fd(), .events = POLLIN, .revents = 0},
                pollfd{.fd = interrupts.fd(), .events = POLLIN, .revents = 0},
                pollfd{
                    .fd = is_input_over_ || !held_.empty() ? -1 : input_,
                    .events = POLLIN,
                    .revents = 0}};
            if (!held_.empty()) waits[0].events |= POLLOUT;
            ::poll(waits.data(), waits.size(), static_cast<int>(kProgressPause.count()));
            if (const auto signal = interrupts.take()) {
                end_progress();
                return interrupted_by(*signal);
            }
            if (waits[0].revents != 0) {
                if (auto failure = take()) return std::unexpected(std::move(*failure));
            }
            if (stream_.is_over()) break;
            if (waits[2].revents != 0) {
                if (auto failure = read()) return std::unexpected(std::move(*failure));
            }
            if (auto failure = write()) return std::unexpected(std::move(*failure));
            show_progress();
        }
        end_progress();
        if (!pieces_.has_ended()) {
            return failed("the connection broke off before the other end had said all");
        }
        if (!pieces_.is_confirmed()) {
            return failed("the connection broke off before the other end had taken all");
        }
        Json document{{"sent_bytes", sent_}, {"received_bytes", received_}};
        if (!session_.prints_json()) document = nullptr;
        return Done{std::move(document), {}};
    }

private:
    std::optional<Failure> take() {
        auto bytes = stream_.receive();
        if (!bytes) return complaint_of(bytes.error(), session_.socket_path());
        const std::string content = pieces_.add(*bytes);
        received_ += content.size();
        const auto written = write_all(out_, content);
        if (written) return std::nullopt;
        end_progress();
        if (written.error().signal) return interrupted_by(*written.error().signal).error();
        return failed(fmt::format(
                          "cannot write what was received: {}",
                          std::generic_category().message(written.error().error)))
            .error();
    }

    std::optional<Failure> read() {
        std::array<char, kInputPieceSize> piece{};
        const ssize_t got = ::read(input_, piece.data(), piece.size());
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) return std::nullopt;
        if (got < 0) {
            return misused(fmt::format(
                               "cannot read what is to be sent: {}",
                               std::generic_category().message(errno)))
                .error();
        }
        const auto size = static_cast<std::uint32_t>(got);
        for (const unsigned shift : {24U, 16U, 8U, 0U})
            held_ += static_cast<char>(size >> shift & 0xFFU);
        held_.append(piece.data(), size);
        read_ += size;
        is_input_over_ = got == 0;
        return std::nullopt;
    }

    std::optional<Failure> write() {
        if (!held_.empty()) {
            const auto sent = stream_.write_some(held_);
            if (!sent) return failed("the connection broke off").error();
            held_.erase(0, *sent);
            if (held_.empty()) sent_ = read_;
        }
        return std::nullopt;
    }

    void show_progress() {
        if (!session_.env().err_is_terminal) return;
        const auto now = Steady::now();
        if (now - shown_at_ < kProgressPause) return;
        shown_at_ = now;
        fmt::print(
            stderr,
            "\r\x1b[K{:.1f} MiB sent, {:.1f} MiB received",
            static_cast<double>(sent_) / 1048576,
            static_cast<double>(received_) / 1048576);
        std::fflush(stderr);
    }

    void end_progress() {
        if (!session_.env().err_is_terminal) return;
        std::fputs("\r\x1b[K", stderr);
        std::fflush(stderr);
    }

    const Session& session_;
    ApiStream& stream_;
    int input_;
    int out_;
    Pieces pieces_;
    std::string held_;       // read, and not sent yet
    std::uint64_t read_ = 0; // bytes of the input
    std::uint64_t sent_ = 0; // of these
    std::uint64_t received_ = 0;
    Steady::time_point shown_at_;
    bool is_input_over_ = false;
};

} // namespace

Result execute(const Session& session, const Send& command) {
    if (!command.node && !command.accepts) {
        return misused("say with whom: --node ID (see: kith graph nodes GRAPH), or --accept");
    }
    const File input(open_for_reading(command.file));
    if (input.fd() < 0) {
        return misused(fmt::format(
            "cannot read {}: {}", command.file, std::generic_category().message(errno)));
    }
    const bool has_file = command.out && *command.out != kStandardOutput;
    if (session.prints_json() && !has_file) {
        return misused("with --json say where to write what comes: --out FILE");
    }
    std::optional<File> out(
        std::in_place, has_file ? open_what_is_there(*command.out) : STDOUT_FILENO);
    const bool is_new = out->fd() < 0 && errno == ENOENT;
    if (out->fd() < 0 && !(is_new && can_make(*command.out))) return unwritable(command);
    Progress progress(
        command.accepts ? "waiting for a connection" : "connecting",
        session.env().err_is_terminal ? ProgressTo::terminal : ProgressTo::nowhere);
    std::optional<ApiStream> stream;
    {
        auto opened = ApiStream::open(
            session.socket_path(),
            {.method = Method::post,
             .target = graph_target(command.graph) + "/direct",
             .body =
                 {{"node", command.node ? Json(*command.node) : Json(nullptr)},
                  {"accept", command.accepts}},
             .upgrades = true,
             .time_max = command.accepts ? kAcceptTimeMax : kDialTimeMax},
            [&progress](std::chrono::milliseconds elapsed) { progress.show(elapsed); });
        if (!opened) {
            return std::unexpected(complaint_of(opened.error(), session.socket_path()));
        }
        stream.emplace(std::move(*opened));
    }
    if (stream->status() != 101) {
        return std::unexpected(refusal_of(*stream, session.socket_path()));
    }
    if (is_new) out.emplace(make_file(*command.out));
    if (out->fd() < 0) return unwritable(command);
    // EINVAL: a device or a pipe, which has no length.
    if (has_file && ::ftruncate(out->fd(), 0) != 0 && errno != EINVAL) return unwritable(command);
    return Exchange(session, *stream, input.fd(), out->fd()).run();
}

} // namespace kith::cli
