// A directory of this user alone: mode 0700, files of mode 0600, written whole or not at all.

#pragma once

#include "host/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace kith::host {

enum class FileErrc : std::uint8_t {
    not_found,
    already_exists,
    is_symlink,     // symbolic links are not followed: who made it may point it elsewhere
    wrong_kind,     // a directory, device or socket where a file belongs, or the reverse
    wrong_owner,    // belongs to another user
    open_to_others, // its mode lets others read or change it
    too_large,
    damaged, // what is in it makes no sense, or comes from a later version
    locked,  // another process holds the lock
    disk_full,
    read_only,
    not_permitted,
    failed, // anything else that the system may say
};

struct FileError {
    FileErrc code{};
    std::filesystem::path path;
};

/// The system's error number in these words.
FileErrc file_errc(int error_number);

/// Names that are listed of one directory; more are left out.
inline constexpr std::size_t kDirectoryNamesMax = 4096;

class PrivateDirectory {
public:
    /// Opens `path`, after making it and its missing parents with mode 0700. Refuses one that is a
    /// symbolic link, is not ours, or is open to others. What an interrupted write left is removed.
    static std::expected<PrivateDirectory, FileError> open(const std::filesystem::path& path);

    const std::filesystem::path& path() const { return path_; }

    /// The names of what lies in it, sorted; without hidden ones.
    std::vector<std::string> names() const;

    /// Refuses what is not a file of ours with mode 0600 or stricter.
    std::expected<std::string, FileError> read(const std::string& name, std::size_t size_max) const;

    enum class Existing : std::uint8_t { keep, replace };

    /// After success the content is on the disk; after failure or a crash whatever was there before
    /// still is. With Existing::keep an existing file is `already_exists`.
    std::expected<void, FileError>
    write(const std::string& name, std::string_view content, Existing existing) const;

    std::expected<void, FileError> remove(const std::string& name) const;

    /// Holds `name` locked for as long as the result lives, also against other threads of this
    /// process; the kernel lets go when the process ends.
    std::expected<UniqueFd, FileError> lock(const std::string& name) const;

private:
    PrivateDirectory(UniqueFd fd, std::filesystem::path path)
        : fd_(std::move(fd)),
          path_(std::move(path)) {}

    FileError error_at(const std::string& name, FileErrc code) const;
    FileError last_error_at(const std::string& name) const;
    void remove_leftovers() const;

    UniqueFd fd_;
    std::filesystem::path path_;
};

} // namespace kith::host
