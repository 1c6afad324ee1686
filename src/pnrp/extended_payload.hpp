// Extended payloads: up to 4096 signed bytes beside a CPA (MS-PNRP 2.2.3.3).

#pragma once

#include "base/time.hpp"
#include "crypto/key.hpp"
#include "pnrp/cpa.hpp"

#include <cstdint>
#include <expected>

namespace kith::pnrp {

enum class PayloadKind : std::uint8_t { binary, text_utf8, text_utf16 };

struct ExtendedPayload {
    WallTime not_after;
    PnrpId id;
    Nonce nonce{};
    PayloadKind kind = PayloadKind::binary;
    Bytes payload; // 1 to 4096 bytes; text is kept as UTF-8 or UTF-16LE with its NUL
    Bytes signature;

    bool operator==(const ExtendedPayload&) const = default;
};

/// True if `payload` may go over the wire as `kind`: 1 to `kPayloadBytesMax` bytes, text
/// well-formed and with its NUL.
bool is_legal_payload(PayloadKind kind, ByteView payload);

std::expected<ExtendedPayload, CpaErrc>
decode_extended_payload(const Profile& profile, ByteView bytes);
Bytes encode_extended_payload(const Profile& profile, const ExtendedPayload& payload);

Bytes sign_extended_payload(
    const Profile& profile, ExtendedPayload payload, const crypto::PrivateKey& key);

/// With a signature of zeros, for a CPA that has its digest among its TLVs.
Bytes encode_vouched_payload(const Profile& profile, ExtendedPayload payload);

/// The TLV by which a CPA vouches for the encoded extended payload `bytes`: for profiles with
/// `vouches_for_payload`.
ReachTlv payload_digest(ByteView bytes);

/// True if `cpa` has the digest of an extended payload.
bool vouches_for_payload(const Cpa& cpa);

/// Checks Not After, id and nonce against `expected` and the signature against the CPA's key.
std::expected<ExtendedPayload, CpaErrc> verify_extended_payload(
    const Profile& profile, ByteView bytes, const CpaExpectation& expected, ByteView public_key);

/// The same for what came with `cpa`: where that has a digest, the digest takes the place of the
/// signature.
std::expected<ExtendedPayload, CpaErrc> verify_extended_payload(
    const Profile& profile, ByteView bytes, const CpaExpectation& expected, const VerifiedCpa& cpa);

} // namespace kith::pnrp
