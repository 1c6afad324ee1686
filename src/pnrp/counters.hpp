// What happened to datagrams, counted. A peer's nonsense ends here and nowhere else.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kith::pnrp {

/// Why something that arrived changed nothing.
enum class Drop : std::uint8_t {
    truncated,
    oversized,
    not_pnrp,
    other_profile,
    unknown_type,
    bad_syntax,
    bad_padding,
    trailing_bytes,
    bad_source,        // source port not above 1024, or an address outside the cloud's scope
    from_self,         // our own endpoint
    unexpected_answer, // acknowledges nothing that is pending, or comes from elsewhere
    bad_fragment,      // contradicts the fragments before it
    bad_nonce,         // a REQUEST that does not fit its conversation
    no_conversation,   // a REQUEST without a SOLICIT
    bad_entry,         // a route entry with a port or address that cannot be
    entry_table_full,  // more route entries to check than we check at once
    entry_unconfirmed, // the node at its address does not hold the id, or is silent
    entry_diversity,   // too many entries of one prefix
    cpa_syntax,
    cpa_version,
    cpa_expired,
    cpa_nonce,     // replayed: not our nonce
    cpa_id,        // claims an id that it does not own
    cpa_authority, // claims a name that its key does not own
    cpa_signature, // unsigned or wrongly signed
    cpa_missing,
    chain_truncated, // certificates that end too soon
    chain_trailing,  // something follows them
    chain_syntax,
    chain_too_long,
    chain_expired,
    chain_name,    // it delegates another name
    chain_signer,  // not from the owner of the name to the key of the CPA, or wrongly signed
    cpa_addresses, // signed for other addresses than the entry's
    payload_invalid,
    revoke_unknown_key, // a revoke by another key than the registration's
    rate_limited,       // over a token bucket
    amplification,      // the answer would exceed 3 times what an unproven source has sent
    count,              // not a reason
};

inline constexpr std::size_t kDropReasons = static_cast<std::size_t>(Drop::count);

/// Stable names for status documents: lower case with underscores.
std::string_view to_string(Drop reason);

struct Counters {
    std::array<std::uint64_t, kDropReasons> dropped{};
    std::uint64_t datagrams_in = 0;
    std::uint64_t datagrams_out = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint64_t resent = 0;
    std::uint64_t signatures_made = 0;
    std::uint64_t signatures_checked = 0;

    void drop(Drop reason) { ++dropped[static_cast<std::size_t>(reason)]; }
    std::uint64_t dropped_for(Drop reason) const {
        return dropped[static_cast<std::size_t>(reason)];
    }
};

} // namespace kith::pnrp
