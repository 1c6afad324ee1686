#include "cli/files.hpp"

#include "cli/standard_output.hpp"
#include "cli/writing.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>

namespace kith::cli {

namespace {

std::string reason(int error) {
    return std::generic_category().message(error);
}

// An open file that is closed when it goes; `close` tells what the last write came to.
class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ > STDERR_FILENO) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int fd() const { return fd_; }

    bool close() {
        const int closed = ::close(fd_);
        fd_ = -1;
        return closed == 0;
    }

private:
    int fd_;
};

std::unexpected<Failure> taken(const std::string& path) {
    return failed(fmt::format("{} exists already; --force replaces it", path));
}

std::unexpected<Failure> unwritable(const std::string& path, int error) {
    return failed(fmt::format("cannot write {}: {}", path, reason(error)));
}

std::unexpected<Failure> unwritable(const std::string& path, const Unwritten& why) {
    if (why.signal) return interrupted_by(*why.signal);
    return unwritable(path, why.error);
}

// Gives the finished file its name. Zero, or the reason why not.
int put_in_place(const std::string& from, const std::string& to, Existing existing) {
    if (existing == Existing::replace) return rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
    if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL) return errno;
    // Not every file system can rename without replacing (NFS); those have hard links.
    if (link(from.c_str(), to.c_str()) != 0) return errno;
    unlink(from.c_str());
    return 0;
}

void sync_directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const Descriptor opened(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Where a directory cannot be synchronised the file is as safe as that file system makes it.
    if (opened.fd() >= 0) (void)fsync(opened.fd());
}

} // namespace

std::expected<std::string, Failure> read_file(const std::string& path, std::size_t size_max) {
    const Descriptor file(path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.fd() < 0) return misused(fmt::format("cannot read {}: {}", path, reason(errno)));
    std::string content;
    std::array<char, 65536> chunk{};
    const InterruptWatch interrupts; // whoever waits for signals itself has them blocked
    while (true) {
        if (const auto signal = interrupts.wait_readable(file.fd())) return interrupted_by(*signal);
        const ssize_t size = read(file.fd(), chunk.data(), chunk.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return misused(fmt::format("cannot read {}: {}", path, reason(errno)));
        if (size == 0) return content;
        content.append(chunk.data(), static_cast<std::size_t>(size));
        if (content.size() > size_max) {
            return misused(
                fmt::format("{} is too large: at most {} bytes are allowed", path, size_max));
        }
    }
}

std::expected<void, Failure> check_free(const std::string& path) {
    struct stat status{};
    if (path != kStandardOutput && lstat(path.c_str(), &status) == 0) return taken(path);
    return {};
}

std::expected<OutputFile, Failure> OutputFile::open(const std::string& path, Existing existing) {
    if (path == kStandardOutput) return OutputFile(path, STDOUT_FILENO);
    struct stat status{};
    if (lstat(path.c_str(), &status) != 0) return open_beside(path, existing);
    if (existing == Existing::refuse) return taken(path);
    if (S_ISREG(status.st_mode)) return open_beside(path, existing);
    // Through a link as well (/dev/stdout): nothing is replaced there.
    const bool takes_bytes =
        stat(path.c_str(), &status) == 0 && (S_ISCHR(status.st_mode) || S_ISFIFO(status.st_mode));
    if (!takes_bytes) {
        return failed(fmt::format("{} is not a regular file and is not replaced", path));
    }
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return unwritable(path, errno);
    return OutputFile(path, fd);
}

std::expected<OutputFile, Failure>
OutputFile::open_beside(const std::string& path, Existing existing) {
    auto interrupts = std::make_unique<InterruptWatch>();
    std::string unfinished = path + ".XXXXXX";
    const int fd = mkostemp(unfinished.data(), O_CLOEXEC); // mode 0600
    if (fd < 0) return unwritable(path, errno);
    OutputFile file(path, fd);
    file.existing_ = existing;
    file.unfinished_ = std::move(unfinished);
    file.interrupts_ = std::move(interrupts);
    return file;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      existing_(other.existing_),
      unfinished_(std::exchange(other.unfinished_, {})),
      interrupts_(std::move(other.interrupts_)) {}

OutputFile::~OutputFile() {
    close();
    if (!unfinished_.empty()) unlink(unfinished_.c_str());
}

// Zero, or the error: what the last write came to.
int OutputFile::close() {
    const int fd = std::exchange(fd_, -1);
    return fd > STDERR_FILENO && ::close(fd) != 0 ? errno : 0;
}

std::expected<void, Failure> OutputFile::write(std::string_view bytes) {
    if (path_ == kStandardOutput) return print(bytes);
    if (const auto written = write_all(fd_, bytes); !written) {
        return unwritable(path_, written.error());
    }
    return {};
}

std::expected<void, Failure> OutputFile::finish() {
    int error = !unfinished_.empty() && fsync(fd_) != 0 ? errno : 0;
    if (const int unclosed = close(); error == 0) error = unclosed;
    if (unfinished_.empty() && error == 0) return {};
    if (error == 0) error = put_in_place(unfinished_, path_, existing_);
    if (error == EEXIST) return taken(path_);
    if (error != 0) return unwritable(path_, error);
    unfinished_.clear();
    sync_directory_of(path_);
    return {};
}

std::expected<void, Failure>
write_private_file(const std::string& path, std::string_view content, Existing existing) {
    auto file = OutputFile::open(path, existing);
    if (!file) return std::unexpected(file.error());
    if (auto written = file->write(content); !written) return written;
    return file->finish();
}

std::expected<void, Failure> write_plain_file(const std::string& path, std::string_view content) {
    if (path == kStandardOutput) return print(content);
    Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (file.fd() < 0) return unwritable(path, errno);
    if (const auto written = write_all(file.fd(), content); !written) {
        return unwritable(path, written.error());
    }
    if (!file.close()) return unwritable(path, errno);
    return {};
}

} // namespace kith::cli
