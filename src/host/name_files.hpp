// The names that are to be published again after a restart: a file of mode 0600 for each, called
// after a digest of the peer name. What is in it is the API's business (docs/formats.md, Names).

#pragma once

#include "host/private_directory.hpp"

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace kith::host {

struct NameFile {
    std::filesystem::path file;
    std::string content;
};

class NameFiles {
public:
    static std::expected<NameFiles, FileError> open(const std::filesystem::path& directory);

    /// Those up to `size_max` bytes. `problems` gets what is called like one and cannot be used.
    std::vector<NameFile> read_all(std::size_t size_max, std::vector<FileError>& problems) const;

    std::expected<void, FileError>
    write(std::string_view peer_name, std::string_view content) const;

    /// A missing one is no error.
    std::expected<void, FileError> remove(std::string_view peer_name) const;

private:
    explicit NameFiles(PrivateDirectory directory) : directory_(std::move(directory)) {}

    PrivateDirectory directory_;
};

} // namespace kith::host
