#include "node/cloud_name.hpp"

#include <algorithm>
#include <cstddef>

namespace kith::node {

namespace {

struct CloudKind {
    std::string_view prefix;
    Scope scope;
    bool has_rest;
};

constexpr CloudKind kCloudKinds[] = {
    {kGlobalCloud, Scope::global, false},
    {kSiteCloud, Scope::site, true},
    {kLinkClouds, Scope::link, true},
};
constexpr std::size_t kCloudNameMax = 255; // characters; longer names are refused

// What tells a link from others, without the sign that it is an interface's name.
std::string_view link_of(std::string_view name) {
    name.remove_prefix(kLinkClouds.size());
    if (name.starts_with('%')) name.remove_prefix(1);
    return name;
}

} // namespace

std::optional<Scope> scope_of_cloud(std::string_view name) {
    if (name.size() > kCloudNameMax) return std::nullopt;
    for (const CloudKind& kind : kCloudKinds) {
        if (!name.starts_with(kind.prefix)) continue;
        const bool has_rest = name.size() > kind.prefix.size();
        if (has_rest && !kind.has_rest) return std::nullopt;
        const bool is_printable =
            std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f; });
        if (!is_printable) return std::nullopt;
        return kind.scope;
    }
    return std::nullopt;
}

std::string link_cloud(std::string_view interface) {
    return std::string(kLinkClouds) + "%" + std::string(interface);
}

bool selects_cloud(std::string_view wanted, std::string_view name, Zone zone) {
    if (wanted == name) return true;
    const auto scope = scope_of_cloud(name);
    if (!scope || scope_of_cloud(wanted) != scope) return false;
    if (*scope == Scope::site) return wanted == kSiteCloud;
    if (*scope != Scope::link) return false;
    if (wanted == kLinkClouds) return true;
    const std::string_view link = link_of(wanted);
    return link == link_of(name) || (zone != 0 && link == std::to_string(zone));
}

} // namespace kith::node
