#include "host/remembered_nodes.hpp"

#include "node/node.hpp"

#include <algorithm>

namespace kith::host {

namespace {

const std::string kFile = "nodes";
constexpr std::string_view kHead = "kith nodes 1 ";
constexpr std::size_t kLineSizeMax = 64;   // "[" IPv6 "]:" port and the newline
constexpr std::size_t kCloudSizeMax = 256; // of the name in the head line
constexpr std::size_t kFileSizeMax =
    kHead.size() + kCloudSizeMax + node::kRememberedMax * kLineSizeMax;

// The text up to the next newline, which is taken away with it.
std::string_view next_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

} // namespace

RememberedNodes load_remembered_nodes(const PrivateDirectory& directory, std::string_view cloud) {
    using Source = RememberedNodes::Source;
    const auto content = directory.read(kFile, kFileSizeMax);
    if (!content) {
        const bool absent = content.error().code == FileErrc::not_found;
        return {.endpoints = {}, .source = absent ? Source::nothing : Source::unreadable};
    }
    std::string_view rest = *content;
    const std::string_view head = next_line(rest);
    if (!head.starts_with(kHead)) return {.endpoints = {}, .source = Source::unreadable};
    if (head.substr(kHead.size()) != cloud) return {};

    RememberedNodes out{.endpoints = {}, .source = Source::file};
    while (!rest.empty() && out.endpoints.size() < node::kRememberedMax) {
        const auto endpoint = parse_endpoint(next_line(rest));
        if (!endpoint) return {.endpoints = {}, .source = Source::unreadable};
        out.endpoints.push_back(*endpoint);
    }
    return out;
}

std::expected<void, FileError> save_remembered_nodes(
    const PrivateDirectory& directory, std::string_view cloud, std::span<const Endpoint> nodes) {
    std::string text = std::string(kHead) + std::string(cloud) + "\n";
    for (const Endpoint& node : nodes.first(std::min(nodes.size(), node::kRememberedMax)))
        text += to_string(node) + "\n";
    return directory.write(kFile, text, PrivateDirectory::Existing::replace);
}

} // namespace kith::host
