// Passphrases and passwords: from the terminal without echo, or from the first line of a file.
// Never from the command line or the environment, which other processes and histories can read.

#pragma once

#include "cli/failure.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::cli {

/// Bytes of one secret. A longer line is refused, not cut.
inline constexpr std::size_t kSecretSizeMax = 1024;

/// A secret that is overwritten when it goes. It is copied nowhere but into a request's body.
class Secret {
public:
    Secret();
    ~Secret();
    Secret(Secret&&) noexcept = default;
    Secret& operator=(Secret&&) noexcept = default;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;

    std::string_view view() const { return {bytes_.data(), bytes_.size()}; }

    /// False, and nothing changed, if it has `kSecretSizeMax` bytes already.
    [[nodiscard]] bool append(char byte);

private:
    std::vector<char> bytes_; // has its whole capacity from the start: growing would leave copies
};

/// Where the user said that a secret comes from.
struct SecretSource {
    enum class Kind : std::uint8_t { prompt, none, file };
    Kind kind = Kind::prompt;
    std::string path; // for Kind::file
};

/// The first line of the file at `path`, without its line end. An empty or missing one is the
/// user's mistake.
std::expected<Secret, Failure> read_secret_file(const std::string& path);

/// The terminal of the user, for questions.
class Terminal {
public:
    /// Nothing if there is no terminal at `path`.
    static std::optional<Terminal> open(const std::string& path);

    ~Terminal();
    Terminal(Terminal&& other) noexcept;
    Terminal& operator=(Terminal&&) = delete;
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    /// One line, typed without echo after `prompt`. The terminal is as before when this returns,
    /// whatever happened; Ctrl-C and the end of input (Ctrl-D) are failures.
    std::expected<Secret, Failure> ask_hidden(std::string_view prompt);

    /// True if the answer to `question` begins with `y` or `Y`.
    std::expected<bool, Failure> confirm(std::string_view question);

private:
    explicit Terminal(int fd) : fd_(fd) {}

    std::expected<Secret, Failure> read_line();

    int fd_ = -1;
};

/// What a secret is for, in the words of its prompts and errors.
struct SecretPurpose {
    std::string_view what;   // "passphrase"
    std::string for_whom;    // "alice"
    std::string_view option; // "--passphrase-file FILE": the way without a terminal
};

/// An existing secret: asked once.
std::expected<Secret, Failure> ask_secret(
    const SecretSource& source, const SecretPurpose& purpose, const std::string& terminal_path);

/// A secret that begins to be one now: asked twice, and not empty.
std::expected<Secret, Failure> ask_new_secret(
    const SecretSource& source, const SecretPurpose& purpose, const std::string& terminal_path);

} // namespace kith::cli
