// The members worth trying first after a restart, in a file of text: a head line, then one endpoint
// a line, best first.

#pragma once

#include "base/endpoint.hpp"
#include "host/private_directory.hpp"

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kith::host {

struct RememberedNodes {
    std::vector<Endpoint> endpoints; // at most node::kRememberedMax
    enum class Source : std::uint8_t {
        file,
        nothing,    // no file, or one of another cloud
        unreadable, // a file that is damaged or not ours: counts as nothing, and is worth a warning
    } source = Source::nothing;
};

/// Never fails: a node finds its cloud without them, only later.
RememberedNodes load_remembered_nodes(const PrivateDirectory& directory, std::string_view cloud);

std::expected<void, FileError> save_remembered_nodes(
    const PrivateDirectory& directory, std::string_view cloud, std::span<const Endpoint> nodes);

} // namespace kith::host
