// Certified peer addresses: what a publisher signs (MS-PNRP 2.2.3.1). Bytes in
// docs/protocol/pnrp.md.
//
// `Cpa` is what was read, `VerifiedCpa` is what was proved; only verify_cpa() makes the second.

#pragma once

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "crypto/key.hpp"
#include "identity/certificate.hpp"
#include "identity/peer_name.hpp"
#include "pnrp/id.hpp"
#include "pnrp/message.hpp"
#include "pnrp/profile.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::pnrp {

/// Where the application of a name listens (MS-PNRP 2.2.3.1.3).
struct AppEndpoint {
    Address address;
    std::uint16_t port = 0;
    std::uint16_t protocol = 0; // IANA protocol number: 6 TCP, 17 UDP

    auto operator<=>(const AppEndpoint&) const = default;
};

/// The TLVs of the second payload (modern): unknown optional ones are skipped, unknown critical
/// ones refuse the CPA.
struct ReachTlv {
    std::uint16_t type = 0; // bit 15 set: critical
    Bytes value;

    bool operator==(const ReachTlv&) const = default;
};

/// SHA-256 of the extended payload that comes with the CPA, whose signature then stands for both
/// (docs/protocol/pnrp.md, Room for reach). Critical: who passed over it would look for another.
inline constexpr std::uint16_t kPayloadDigestTlv = 0x8001;
inline constexpr std::size_t kPayloadDigestSize = 32;

/// How a friendly name is written (U).
enum class NameEncoding : std::uint8_t { utf8, utf16 };

struct Cpa {
    bool has_extended_payload = false; // X
    bool is_revoke = false;            // R
    WallTime not_after;
    ServiceLocation service_location{};
    Nonce nonce{};
    std::optional<ByteArray<20>> authority;       // A; digest order
    std::optional<ByteArray<20>> classifier_hash; // C
    std::string friendly_name; // F; UTF-8 here, at most 78 bytes there; empty: none
    NameEncoding name_encoding = NameEncoding::utf8; // modern: no other
    std::vector<Endpoint> service_addresses;         // where the publisher's PNRP listens
    std::vector<AppEndpoint> app_endpoints;          // empty: no payload
    std::vector<ReachTlv> reach;                     // empty: no second payload
    Bytes public_key;                                // material, of the profile's size
    Bytes signature;

    bool operator==(const Cpa&) const = default;
};

enum class CpaErrc : std::uint8_t {
    bad_syntax,
    other_version,
    unknown_critical_tlv,
    expired,
    wrong_nonce,
    wrong_id,        // the id it computes to is not the one asked for
    wrong_authority, // the key in it does not own the name it claims
    bad_key,
    bad_signature,
    not_a_revoke,
    // Of the certificate chain (identity/certificate.hpp has the finer reasons).
    chain_truncated,
    chain_trailing,
    chain_syntax,
    chain_too_long,
    chain_expired,
    chain_name,
    chain_signer,
};

/// What decodes encodes to the same bytes, except in the forms that only a profile with
/// `Reserved::ignored` takes (docs/protocol/pnrp.md, decision A6). No signature is checked.
std::expected<Cpa, CpaErrc> decode_cpa(const Profile& profile, ByteView bytes);

/// Requires: counts and lengths within limits.hpp, key and signature of the profile's sizes.
Bytes encode_cpa(const Profile& profile, const Cpa& cpa);

/// Fills in key and signature over all that comes before the signature.
Bytes sign_cpa(const Profile& profile, Cpa cpa, const crypto::PrivateKey& key);

/// The id that the hash, authority and service location of `cpa` make (MS-PNRP 3.1.4.4.1).
PnrpId id_of(const Profile& profile, const Cpa& cpa);

class VerifiedCpa {
public:
    const Cpa& operator*() const { return cpa_; }
    const Cpa* operator->() const { return &cpa_; }
    const PnrpId& id() const { return id_; }

private:
    friend std::expected<VerifiedCpa, CpaErrc>
    verify_cpa(const Profile&, ByteView, const struct CpaExpectation&);
    VerifiedCpa(Cpa cpa, const PnrpId& id) : cpa_(std::move(cpa)), id_(id) {}

    Cpa cpa_;
    PnrpId id_;
};

/// What the receiver of a CPA knows. Checks run cheapest first, the signature last.
struct CpaExpectation {
    WallTime now;
    bool revoke = false;              // then id and nonce are not compared (decision A22)
    std::optional<PnrpId> id{};       // the id asked for
    Nonce nonce{};                    // of the INQUIRE, zero without one
    WallClock::duration clock_skew{}; // tolerated beyond Not After
    std::optional<ByteView> chain{};  // that came with it: it has to hold
    std::string_view classifier{};    // that came with it; what a chain is checked for
    bool key_is_known = false;        // it published this id before: its authority was proved then
};

std::expected<VerifiedCpa, CpaErrc>
verify_cpa(const Profile& profile, ByteView bytes, const CpaExpectation& expected);

/// True if the key in `cpa` is the one that its authority is the digest of: no delegate's.
bool is_owners(const Profile& profile, const Cpa& cpa);

/// What a chain that does not hold means for the CPA that it came with.
CpaErrc cpa_error(identity::ChainErrc error);

/// The first half of SHA-256 over a key as it is on the wire: what is remembered of it for
/// continuity.
ByteArray<16> key_fingerprint(ByteView public_key);

/// The digest of a classifier (MS-PNRP 2.2.3.1); of the empty text for a name without one (A5).
ByteArray<20> classifier_hash(const Profile& profile, std::string_view classifier);

/// The upper half of every id of `name` (MS-PNRP 3.1.4.4.1).
P2pId p2p_id(const Profile& profile, const identity::PeerName& name);

} // namespace kith::pnrp
