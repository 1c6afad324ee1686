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

class NameFiles {
public:
    static std::expected<NameFiles, FileError> open(const std::filesystem::path& directory);

    /// The contents of those up to `size_max` bytes; what else lies there is passed over.
    std::vector<std::string> read_all(std::size_t size_max) const;

    std::expected<void, FileError>
    write(std::string_view peer_name, std::string_view content) const;

    /// A missing one is no error.
    std::expected<void, FileError> remove(std::string_view peer_name) const;

private:
    explicit NameFiles(PrivateDirectory directory) : directory_(std::move(directory)) {}

    PrivateDirectory directory_;
};

} // namespace kith::host
