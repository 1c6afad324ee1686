#include "host/private_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <dirent.h>
#include <memory>
#include <optional>

namespace kith::host {

namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr mode_t kOthersMask = 0077;

// A file under this prefix is a write that has not ended.
constexpr std::string_view kUnfinished = ".unfinished-";

// What is wrong with something that has been opened, judged by what was opened and not by its name.
std::optional<FileErrc> fault(const struct stat& status, mode_t kind) {
    if ((status.st_mode & S_IFMT) != kind) return FileErrc::wrong_kind;
    if (status.st_uid != ::geteuid()) return FileErrc::wrong_owner;
    if ((status.st_mode & kOthersMask) != 0) return FileErrc::open_to_others;
    return std::nullopt;
}

// Makes `path` and its missing parents; false with errno set if one cannot be made.
bool make_directories(const std::filesystem::path& path) {
    std::filesystem::path so_far;
    for (const auto& part : path) {
        so_far /= part;
        if (::mkdir(so_far.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
            // Above a directory that exists nothing has to be writable.
            const int why = errno;
            struct stat status{};
            if (::stat(so_far.c_str(), &status) != 0) {
                errno = why;
                return false;
            }
        }
    }
    return true;
}

bool write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const ssize_t wrote = ::write(fd, content.data(), content.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return false;
        content.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
}

} // namespace

FileErrc file_errc(int error_number) {
    switch (error_number) {
    case ENOENT:
        return FileErrc::not_found;
    case EEXIST:
        return FileErrc::already_exists;
    case ELOOP:
        return FileErrc::is_symlink;
    case ENOTDIR:
    case EISDIR:
        return FileErrc::wrong_kind;
    case EFBIG:
        return FileErrc::too_large;
    case EWOULDBLOCK:
        return FileErrc::locked;
    case ENOSPC:
    case EDQUOT:
        return FileErrc::disk_full;
    case EROFS:
        return FileErrc::read_only;
    case EACCES:
    case EPERM:
        return FileErrc::not_permitted;
    default:
        return FileErrc::failed;
    }
}

FileError PrivateDirectory::error_at(const std::string& name, FileErrc code) const {
    return {code, name.empty() ? path_ : path_ / name};
}

FileError PrivateDirectory::last_error_at(const std::string& name) const {
    return error_at(name, file_errc(errno));
}

std::expected<PrivateDirectory, FileError>
PrivateDirectory::open(const std::filesystem::path& path) {
    if (!make_directories(path)) return std::unexpected(FileError{file_errc(errno), path});
    struct stat named{};
    if (::lstat(path.c_str(), &named) == 0 && S_ISLNK(named.st_mode)) {
        return std::unexpected(FileError{FileErrc::is_symlink, path});
    }
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        return std::unexpected(FileError{file_errc(errno), path});
    }
    if (const auto wrong = fault(status, S_IFDIR)) return std::unexpected(FileError{*wrong, path});
    PrivateDirectory directory(std::move(fd), path);
    directory.remove_leftovers();
    return directory;
}

void PrivateDirectory::remove_leftovers() const {
    std::error_code error;
    std::vector<std::string> found;
    for (auto i = std::filesystem::directory_iterator(path_, error);
         !error && i != std::filesystem::directory_iterator() && found.size() < kDirectoryNamesMax;
         i.increment(error)) {
        std::string name = i->path().filename().string();
        if (name.starts_with(kUnfinished)) found.push_back(std::move(name));
    }
    for (const std::string& name : found)
        ::unlinkat(fd_.get(), name.c_str(), 0);
}

std::vector<std::string> PrivateDirectory::names() const {
    std::error_code error;
    std::vector<std::string> out;
    for (auto i = std::filesystem::directory_iterator(path_, error);
         !error && i != std::filesystem::directory_iterator() && out.size() < kDirectoryNamesMax;
         i.increment(error)) {
        std::string name = i->path().filename().string();
        if (!name.starts_with('.')) out.push_back(std::move(name));
    }
    std::ranges::sort(out);
    return out;
}

std::expected<std::string, FileError>
PrivateDirectory::read(const std::string& name, std::size_t size_max) const {
    // O_NONBLOCK: a FIFO in place of the file must not hold us up.
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    const UniqueFd fd(::openat(fd_.get(), name.c_str(), flags));
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) != 0) return std::unexpected(last_error_at(name));
    if (const auto wrong = fault(status, S_IFREG)) return std::unexpected(error_at(name, *wrong));
    // One byte more than allowed shows a file that grows while it is read.
    std::string content(size_max + 1, '\0');
    std::size_t filled = 0;
    while (filled < content.size()) {
        const ssize_t got = ::read(fd.get(), content.data() + filled, content.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::unexpected(last_error_at(name));
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    if (filled > size_max) return std::unexpected(error_at(name, FileErrc::too_large));
    content.resize(filled);
    return content;
}

std::expected<void, FileError> PrivateDirectory::write(
    const std::string& name, std::string_view content, Existing existing) const {
    const std::string unfinished = std::string(kUnfinished) + name;
    ::unlinkat(fd_.get(), unfinished.c_str(), 0);
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd fd(::openat(fd_.get(), unfinished.c_str(), flags, kFileMode));
    if (!fd) return std::unexpected(last_error_at(name));
    const unsigned rename_flags = existing == Existing::keep ? RENAME_NOREPLACE : 0;
    const bool written =
        ::fchmod(fd.get(), kFileMode) == 0 && write_all(fd.get(), content) &&
        ::fsync(fd.get()) == 0 &&
        ::renameat2(fd_.get(), unfinished.c_str(), fd_.get(), name.c_str(), rename_flags) == 0;
    if (!written) {
        const FileError error = last_error_at(name);
        ::unlinkat(fd_.get(), unfinished.c_str(), 0);
        return std::unexpected(error);
    }
    // The new name itself is only safe once the directory is on the disk.
    if (::fsync(fd_.get()) != 0) return std::unexpected(last_error_at(name));
    return {};
}

std::expected<void, FileError> PrivateDirectory::remove(const std::string& name) const {
    if (::unlinkat(fd_.get(), name.c_str(), 0) != 0 || ::fsync(fd_.get()) != 0) {
        return std::unexpected(last_error_at(name));
    }
    return {};
}

std::expected<UniqueFd, FileError> PrivateDirectory::lock(const std::string& name) const {
    const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
    UniqueFd fd(::openat(fd_.get(), name.c_str(), flags, kFileMode));
    if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        return std::unexpected(last_error_at(name));
    }
    return fd;
}

} // namespace kith::host
