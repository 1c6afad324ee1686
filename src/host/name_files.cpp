#include "host/name_files.hpp"

#include "base/bytes.hpp"
#include "crypto/digest.hpp"

#include <utility>

namespace kith::host {

namespace {

constexpr std::string_view kNameSuffix = ".json";

// A peer name may have any characters; the digest is a name that any file system can hold.
std::string file_of(std::string_view peer_name) {
    return to_hex(crypto::sha256({as_bytes(peer_name)})) + std::string(kNameSuffix);
}

} // namespace

std::expected<NameFiles, FileError> NameFiles::open(const std::filesystem::path& directory) {
    auto opened = PrivateDirectory::open(directory);
    if (!opened) return std::unexpected(opened.error());
    return NameFiles(std::move(*opened));
}

std::vector<NameFile>
NameFiles::read_all(std::size_t size_max, std::vector<FileError>& problems) const {
    std::vector<NameFile> out;
    for (const std::string& name : directory_.names()) {
        if (!name.ends_with(kNameSuffix)) continue;
        auto content = directory_.read(name, size_max);
        if (content)
            out.push_back({directory_.path() / name, std::move(*content)});
        else
            problems.push_back(content.error());
    }
    return out;
}

std::expected<void, FileError>
NameFiles::write(std::string_view peer_name, std::string_view content) const {
    return directory_.write(file_of(peer_name), content, PrivateDirectory::Existing::replace);
}

std::expected<void, FileError> NameFiles::remove(std::string_view peer_name) const {
    auto removed = directory_.remove(file_of(peer_name));
    if (!removed && removed.error().code != FileErrc::not_found) return removed;
    return {};
}

} // namespace kith::host
