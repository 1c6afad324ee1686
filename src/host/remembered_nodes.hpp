// The members worth trying first after a restart, in a file of text: for each cloud a head line
// with its name, then one endpoint a line, best first.

#pragma once

#include "host/private_directory.hpp"
#include "node/clouds.hpp"

#include <cstdint>
#include <expected>

namespace kith::host {

struct RememberedNodes {
    node::Remembered clouds; // at most node::kCloudsMax, of at most node::kRememberedMax each
    enum class Source : std::uint8_t {
        file,
        nothing,    // no file
        unreadable, // a file that is damaged or not ours: counts as nothing, and is worth a warning
    } source = Source::nothing;
};

/// Never fails: a node finds its clouds without them, only later.
RememberedNodes load_remembered_nodes(const PrivateDirectory& directory);

std::expected<void, FileError>
save_remembered_nodes(const PrivateDirectory& directory, const node::Remembered& clouds);

} // namespace kith::host
