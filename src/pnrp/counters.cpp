#include "pnrp/counters.hpp"

#include "base/check.hpp"

namespace kith::pnrp {

// No default: the compiler tells of a reason that was forgotten here.
// NOLINTNEXTLINE(readability-function-size)
std::string_view to_string(Drop reason) {
    switch (reason) {
    case Drop::truncated:
        return "truncated";
    case Drop::oversized:
        return "oversized";
    case Drop::not_pnrp:
        return "not_pnrp";
    case Drop::other_profile:
        return "other_profile";
    case Drop::unknown_type:
        return "unknown_type";
    case Drop::bad_syntax:
        return "bad_syntax";
    case Drop::bad_padding:
        return "bad_padding";
    case Drop::trailing_bytes:
        return "trailing_bytes";
    case Drop::bad_source:
        return "bad_source";
    case Drop::from_self:
        return "from_self";
    case Drop::unexpected_answer:
        return "unexpected_answer";
    case Drop::bad_fragment:
        return "bad_fragment";
    case Drop::bad_nonce:
        return "bad_nonce";
    case Drop::no_conversation:
        return "no_conversation";
    case Drop::bad_entry:
        return "bad_entry";
    case Drop::entry_table_full:
        return "entry_table_full";
    case Drop::entry_unconfirmed:
        return "entry_unconfirmed";
    case Drop::entry_diversity:
        return "entry_diversity";
    case Drop::cpa_syntax:
        return "cpa_syntax";
    case Drop::cpa_version:
        return "cpa_version";
    case Drop::cpa_expired:
        return "cpa_expired";
    case Drop::cpa_nonce:
        return "cpa_nonce";
    case Drop::cpa_id:
        return "cpa_id";
    case Drop::cpa_authority:
        return "cpa_authority";
    case Drop::cpa_signature:
        return "cpa_signature";
    case Drop::cpa_missing:
        return "cpa_missing";
    case Drop::chain_truncated:
        return "chain_truncated";
    case Drop::chain_trailing:
        return "chain_trailing";
    case Drop::chain_syntax:
        return "chain_syntax";
    case Drop::chain_too_long:
        return "chain_too_long";
    case Drop::chain_expired:
        return "chain_expired";
    case Drop::chain_name:
        return "chain_name";
    case Drop::chain_signer:
        return "chain_signer";
    case Drop::cpa_addresses:
        return "cpa_addresses";
    case Drop::payload_invalid:
        return "payload_invalid";
    case Drop::revoke_unknown_key:
        return "revoke_unknown_key";
    case Drop::rate_limited:
        return "rate_limited";
    case Drop::amplification:
        return "amplification";
    case Drop::count:
        break;
    }
    KITH_CHECK(reason < Drop::count);
    return {};
}

} // namespace kith::pnrp
