#include "host/remembered_nodes.hpp"

#include "node/cloud_name.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kith::host {

namespace {

const std::string kFile = "nodes";
constexpr std::string_view kHead = "kith nodes 1 ";
constexpr std::size_t kLineSizeMax = 64;   // "[" IPv6 "]:" port and the newline
constexpr std::size_t kCloudSizeMax = 256; // of the name in a head line
constexpr std::size_t kFileSizeMax =
    node::kCloudsMax * (kHead.size() + kCloudSizeMax + node::kRememberedMax * kLineSizeMax);

// The text up to the next newline, which is taken away with it.
std::string_view next_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

} // namespace

RememberedNodes load_remembered_nodes(const PrivateDirectory& directory) {
    using Source = RememberedNodes::Source;
    const auto content = directory.read(kFile, kFileSizeMax);
    if (!content) {
        const bool absent = content.error().code == FileErrc::not_found;
        return {.clouds = {}, .source = absent ? Source::nothing : Source::unreadable};
    }
    RememberedNodes unreadable{.clouds = {}, .source = Source::unreadable};
    std::string_view rest = *content;
    RememberedNodes out{.clouds = {}, .source = Source::file};
    std::vector<Endpoint>* nodes = nullptr;
    while (!rest.empty()) {
        const std::string_view line = next_line(rest);
        if (line.starts_with(kHead)) {
            const std::string cloud(line.substr(kHead.size()));
            const bool is_sound = node::scope_of_cloud(cloud) && !out.clouds.contains(cloud);
            if (!is_sound || out.clouds.size() == node::kCloudsMax) return unreadable;
            nodes = &out.clouds[cloud];
            continue;
        }
        const auto endpoint = parse_endpoint(line);
        if (nodes == nullptr || !endpoint || nodes->size() == node::kRememberedMax) {
            return unreadable;
        }
        nodes->push_back(*endpoint);
    }
    return out.clouds.empty() ? unreadable : out;
}

std::expected<void, FileError>
save_remembered_nodes(const PrivateDirectory& directory, const node::Remembered& clouds) {
    std::string text;
    std::size_t count = 0;
    for (const auto& [cloud, nodes] : clouds) {
        if (count++ == node::kCloudsMax) break;
        text += std::string(kHead) + cloud + "\n";
        const std::size_t kept = std::min(nodes.size(), node::kRememberedMax);
        for (const Endpoint& node : std::span(nodes).first(kept))
            text += to_string(node) + "\n";
    }
    return directory.write(kFile, text, PrivateDirectory::Existing::replace);
}

} // namespace kith::host
