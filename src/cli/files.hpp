// The files that the user names: identity documents, payloads and archives.

#pragma once

#include "cli/failure.hpp"
#include "cli/interrupt.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace kith::cli {

enum class Existing : std::uint8_t { refuse, replace };

/// The name that means standard output, as it means standard input where a file is read.
inline constexpr std::string_view kStandardOutput = "-";

/// The content of the file at `path`, or of standard input where `path` is "-". A file above
/// `size_max` bytes is refused.
std::expected<std::string, Failure> read_file(const std::string& path, std::size_t size_max);

/// Refuses if something is at `path` already: for asking before the user has typed passwords.
/// `OutputFile` checks again. Nothing is in the way of standard output.
std::expected<void, Failure> check_free(const std::string& path);

/// A file of mode 0600 that is written as its content comes, and is there whole or not at all. What
/// is replaced must be a regular file; a device or a pipe is written to as it is, and so is
/// standard output. Signals wait until nothing unfinished is left.
class OutputFile {
public:
    static std::expected<OutputFile, Failure> open(const std::string& path, Existing existing);
    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&&) = delete;
    ~OutputFile();

    std::expected<void, Failure> write(std::string_view bytes);

    /// After the last `write()`: the file has its name, and is on the disk.
    std::expected<void, Failure> finish();

private:
    OutputFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
    static std::expected<OutputFile, Failure>
    open_beside(const std::string& path, Existing existing);
    int close();

    std::string path_;
    int fd_;
    Existing existing_ = Existing::refuse;
    std::string unfinished_; // its name until it is finished; empty: it has no other
    std::unique_ptr<InterruptWatch> interrupts_;
};

/// An `OutputFile` of this content.
std::expected<void, Failure>
write_private_file(const std::string& path, std::string_view content, Existing existing);

/// Writes `content` to whatever is at `path` (a device, a pipe), to standard output, or to a new
/// file.
std::expected<void, Failure> write_plain_file(const std::string& path, std::string_view content);

} // namespace kith::cli
