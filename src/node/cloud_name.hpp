// The names of clouds: `Global_`, `SiteLocal_<rest>`, `LinkLocal_<rest>` (MS-PPSEC 2.2.1.1). The
// rest tells sites or links apart, and is this machine's own: a link's is `%` and its interface.

#pragma once

#include "base/endpoint.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kith::node {

inline constexpr std::string_view kGlobalCloud = "Global_";
inline constexpr std::string_view kSiteCloud = "SiteLocal_";  // alone: the site's, or every one
inline constexpr std::string_view kLinkClouds = "LinkLocal_"; // alone: those of all links

/// The scope that a cloud's name announces; nothing for a name outside the grammar.
std::optional<Scope> scope_of_cloud(std::string_view name);

/// The name of the cloud on the link of `interface`: "LinkLocal_%eth0".
std::string link_cloud(std::string_view interface);

/// True if `wanted`, as a user writes it, means the cloud called `name`: the same name; a scope
/// without a rest; for a link also its interface without the `%`, or the interface's number.
bool selects_cloud(std::string_view wanted, std::string_view name, Zone zone);

} // namespace kith::node
