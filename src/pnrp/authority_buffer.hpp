// What an AUTHORITY carries once its fragments are together (MS-PNRP 2.2.2.6.1), and the fragments.

#pragma once

#include "pnrp/limits.hpp"
#include "pnrp/message.hpp"

#include <cstddef>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kith::pnrp {

struct AuthorityBuffer {
    bool suspicious = false; // L: the target should have been in a leaf set here, and is not
    bool busy = false;       // B
    bool not_found = false;  // N: the Validate id is not registered here
    std::optional<Bytes> chain;
    std::optional<std::string> classifier; // UTF-8 here, UTF-16 big-endian on the wire
    std::optional<Bytes> extended_payload;
    std::optional<RouteEntry> entry;
    std::optional<Bytes> cpa;

    bool operator==(const AuthorityBuffer&) const = default;
};

std::expected<AuthorityBuffer, MessageErrc>
decode_authority_buffer(const Profile& profile, ByteView bytes);

/// Requires: the result is at most `kAuthorityBufferSizeMax` bytes.
Bytes encode_authority_buffer(const Profile& profile, const AuthorityBuffer& buffer);

/// The AUTHORITY messages that carry `buffer`: 1188 bytes each but the last (MS-PNRP 3.2.5.10).
std::vector<Authority> split_authority(MessageId acked, ByteView buffer);

/// Puts one buffer together from fragments in any order (MS-PNRP 3.1.5.6). Memory grows with the
/// fragments that arrived, never with the size that was claimed.
class Reassembly {
public:
    enum class Outcome : std::uint8_t {
        incomplete,
        complete,
        refused, // beyond Size, another Size, a wrong offset or length: the state is lost
    };

    /// Requires: nothing was refused before.
    Outcome add(const Authority& fragment);

    /// Requires: `complete`.
    Bytes take();

    std::size_t state_bytes() const;

private:
    std::optional<std::uint16_t> size_;
    std::map<std::uint16_t, Bytes> fragments_; // by offset
    std::size_t received_ = 0;
};

} // namespace kith::pnrp
