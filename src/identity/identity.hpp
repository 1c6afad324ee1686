// An identity: a key, a classifier and a name for people. Its peer name is
// `authority(key).classifier`.

#pragma once

#include "base/time.hpp"
#include "crypto/key.hpp"
#include "identity/peer_name.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace kith::identity {

inline constexpr std::size_t kFriendlyNameUnitsMax = 255; // UTF-16 code units, spec/api 1.1

enum class LabelErrc : std::uint8_t { empty, too_long, bad_text };

/// What people call an identity on this machine: 1 to 255 UTF-16 units of UTF-8 without control
/// characters, normalised to NFC.
std::expected<std::string, LabelErrc> parse_label(std::string_view text);

struct Identity {
    std::string label;
    PeerName name;
    std::shared_ptr<const crypto::PrivateKey> key; // never null
    WallTime created;
};

} // namespace kith::identity
