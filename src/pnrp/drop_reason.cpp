#include "pnrp/drop_reason.hpp"

namespace kith::pnrp {

Drop drop_reason(MessageErrc error) {
    switch (error) {
    case MessageErrc::truncated:
        return Drop::truncated;
    case MessageErrc::oversized:
        return Drop::oversized;
    case MessageErrc::not_pnrp:
        return Drop::not_pnrp;
    case MessageErrc::other_profile:
        return Drop::other_profile;
    case MessageErrc::unknown_type:
        return Drop::unknown_type;
    case MessageErrc::bad_syntax:
        return Drop::bad_syntax;
    case MessageErrc::bad_padding:
        return Drop::bad_padding;
    case MessageErrc::trailing_bytes:
        return Drop::trailing_bytes;
    }
    return Drop::bad_syntax;
}

Drop drop_reason(CpaErrc error) {
    switch (error) {
    case CpaErrc::bad_syntax:
    case CpaErrc::unknown_critical_tlv:
    case CpaErrc::not_a_revoke:
        return Drop::cpa_syntax;
    case CpaErrc::other_version:
        return Drop::cpa_version;
    case CpaErrc::expired:
        return Drop::cpa_expired;
    case CpaErrc::wrong_nonce:
        return Drop::cpa_nonce;
    case CpaErrc::wrong_id:
        return Drop::cpa_id;
    case CpaErrc::wrong_authority:
        return Drop::cpa_authority;
    case CpaErrc::bad_key:
    case CpaErrc::bad_signature:
        return Drop::cpa_signature;
    case CpaErrc::chain_truncated:
        return Drop::chain_truncated;
    case CpaErrc::chain_trailing:
        return Drop::chain_trailing;
    case CpaErrc::chain_syntax:
        return Drop::chain_syntax;
    case CpaErrc::chain_too_long:
        return Drop::chain_too_long;
    case CpaErrc::chain_expired:
        return Drop::chain_expired;
    case CpaErrc::chain_name:
        return Drop::chain_name;
    case CpaErrc::chain_signer:
        return Drop::chain_signer;
    }
    return Drop::cpa_syntax;
}

} // namespace kith::pnrp
