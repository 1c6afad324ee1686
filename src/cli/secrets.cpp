#include "cli/secrets.hpp"

#include "base/bytes.hpp"
#include "base/unicode.hpp"
#include "cli/interrupt.hpp"
#include "cli/terminal_text.hpp"

#include <fcntl.h>
#include <system_error>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <poll.h>
#include <span>
#include <termios.h>
#include <utility>

namespace kith::cli {

namespace {

// Echo off while it lives. Line ends are still echoed, so that the next output starts on a line of
// its own.
class Unechoed {
public:
    explicit Unechoed(int fd) : fd_(fd) {
        known_ = tcgetattr(fd_, &before_) == 0;
        if (!known_) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        quiet.c_lflag |= static_cast<tcflag_t>(ECHONL | ICANON | ISIG);
        // TCSAFLUSH: what was typed before the prompt was not meant for it.
        known_ = tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
    }
    ~Unechoed() {
        if (known_) tcsetattr(fd_, TCSAFLUSH, &before_);
    }
    Unechoed(const Unechoed&) = delete;
    Unechoed& operator=(const Unechoed&) = delete;

    bool works() const { return known_; }

private:
    int fd_;
    termios before_{};
    bool known_ = false;
};

void write_text(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = write(fd, text.data(), text.size());
        if (written <= 0) return; // the terminal has gone; reading from it will say so
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::expected<Secret, Failure> too_long() {
    return misused(fmt::format("a secret has at most {} bytes", kSecretSizeMax));
}

// What goes into a request is text. Replacing what is not would make another secret of it.
std::expected<Secret, Failure>
as_text(std::expected<Secret, Failure> secret, const SecretPurpose& purpose) {
    if (secret && !is_utf8(secret->view())) {
        return misused(fmt::format("the {} is not text (UTF-8)", purpose.what));
    }
    return secret;
}

std::expected<Terminal, Failure>
open_terminal(const SecretPurpose& purpose, const std::string& terminal_path) {
    auto terminal = Terminal::open(terminal_path);
    if (!terminal) {
        return misused(fmt::format(
            "no terminal to ask for the {} of {}; give it with {}",
            purpose.what,
            purpose.for_whom,
            purpose.option));
    }
    return std::move(*terminal);
}

} // namespace

Secret::Secret() {
    bytes_.reserve(kSecretSizeMax);
}

Secret::~Secret() {
    wipe(std::as_writable_bytes(std::span(bytes_)));
}

bool Secret::append(char byte) {
    if (bytes_.size() == kSecretSizeMax) return false;
    bytes_.push_back(byte);
    return true;
}

std::expected<Secret, Failure> read_secret_file(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return misused(
            fmt::format("cannot read {}: {}", path, std::generic_category().message(errno)));
    }
    // Byte by byte: the file may be a pipe whose further lines are for somebody else.
    Secret secret;
    bool fits = true;
    char byte = 0;
    ssize_t size = 0;
    const InterruptWatch interrupts;
    std::optional<int> signal;
    while (fits && !(signal = interrupts.wait_readable(fd)) && (size = read(fd, &byte, 1)) == 1 &&
           byte != '\n') {
        if (byte != '\r') fits = secret.append(byte);
    }
    const int error = size < 0 ? errno : 0;
    close(fd);
    if (signal) return interrupted_by(*signal);
    if (error != 0) {
        return misused(
            fmt::format("cannot read {}: {}", path, std::generic_category().message(error)));
    }
    if (!fits) return too_long();
    if (secret.view().empty()) {
        return misused(fmt::format("the first line of {} is empty; it must be the secret", path));
    }
    return secret;
}

std::optional<Terminal> Terminal::open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return std::nullopt;
    if (isatty(fd) != 1) {
        close(fd);
        return std::nullopt;
    }
    return Terminal(fd);
}

Terminal::~Terminal() {
    if (fd_ >= 0) close(fd_);
}

Terminal::Terminal(Terminal&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

std::expected<Secret, Failure> Terminal::read_line() {
    InterruptWatch interrupts;
    Secret line;
    bool fits = true;
    while (true) {
        std::array<pollfd, 2> waits{
            pollfd{.fd = fd_, .events = POLLIN, .revents = 0},
            pollfd{.fd = interrupts.fd(), .events = POLLIN, .revents = 0}};
        if (poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) break;
        if (const auto signal = interrupts.take()) return interrupted_by(*signal);
        if (waits[0].revents == 0) continue;
        char byte = 0;
        if (read(fd_, &byte, 1) != 1) break; // Ctrl-D, or the terminal has gone
        if (byte != '\n') {
            fits = fits && line.append(byte);
        } else if (fits) {
            return line;
        } else {
            return too_long();
        }
    }
    return misused("nothing was typed");
}

std::expected<Secret, Failure> Terminal::ask_hidden(std::string_view prompt) {
    // Outlives the restoring of the echo, so that a second Ctrl-C cannot come between.
    const InterruptWatch interrupts;
    const Unechoed quiet(fd_);
    if (!quiet.works()) return failed("this terminal cannot hide what is typed");
    write_text(fd_, printable(prompt));
    auto line = read_line();
    if (!line) write_text(fd_, "\n");
    return line;
}

std::expected<bool, Failure> Terminal::confirm(std::string_view question) {
    write_text(fd_, printable(question));
    const auto line = read_line();
    if (!line) {
        write_text(fd_, "\n");
        return std::unexpected(line.error());
    }
    return line->view().starts_with('y') || line->view().starts_with('Y');
}

std::expected<Secret, Failure> ask_secret(
    const SecretSource& source, const SecretPurpose& purpose, const std::string& terminal_path) {
    if (source.kind == SecretSource::Kind::file) {
        return as_text(read_secret_file(source.path), purpose);
    }
    auto terminal = open_terminal(purpose, terminal_path);
    if (!terminal) return std::unexpected(terminal.error());
    return as_text(
        terminal->ask_hidden(fmt::format("{} of {}: ", purpose.what, purpose.for_whom)), purpose);
}

std::expected<Secret, Failure> ask_new_secret(
    const SecretSource& source, const SecretPurpose& purpose, const std::string& terminal_path) {
    if (source.kind == SecretSource::Kind::file) {
        return as_text(read_secret_file(source.path), purpose);
    }
    auto terminal = open_terminal(purpose, terminal_path);
    if (!terminal) return std::unexpected(terminal.error());
    auto first =
        terminal->ask_hidden(fmt::format("new {} of {}: ", purpose.what, purpose.for_whom));
    if (!first) return first;
    if (first->view().empty()) {
        return misused(fmt::format("an empty {} protects nothing", purpose.what));
    }
    const auto second = terminal->ask_hidden(fmt::format("the same {} again: ", purpose.what));
    if (!second) return std::unexpected(second.error());
    if (first->view() != second->view()) return misused("the two entries differ; nothing was done");
    return as_text(std::move(first), purpose);
}

} // namespace kith::cli
