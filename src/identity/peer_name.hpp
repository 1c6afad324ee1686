// Peer names: `authority.classifier` (MS-PNRP 2.2.4).
//
// The authority is "0" (unsecured: anybody may register it) or 40 hexadecimal digits, the digest of
// the key that owns the name. The classifier is any text without U+0000, at most 149 UTF-16 units;
// it may contain dots: the name is split at the first one.

#pragma once

#include "base/bytes.hpp"
#include "crypto/key.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace kith::identity {

inline constexpr std::size_t kClassifierUnitsMax = 149; // UTF-16 code units, MS-PNRP 2.2.4

/// The owner of a secure name: 160 bits of a digest of its public key, first digest byte first.
struct Authority {
    ByteArray<20> bytes{};

    auto operator<=>(const Authority&) const = default;
};

/// Hexadecimal digits of an authority in a name.
inline constexpr std::size_t kAuthorityDigits = 2 * sizeof(Authority::bytes);

/// Of an Ed25519 key (modern) the first 160 bits of SHA-256 of the DER SubjectPublicKeyInfo, of an
/// RSA key (windows) SHA-1 of the 140 bytes of its material (decision A2).
Authority authority_of(const crypto::PublicKey& key);

enum class PeerNameErrc : std::uint8_t {
    empty,
    bad_authority,      // neither "0" nor 40 hexadecimal digits
    zero_authority,     // 40 zeros: its ids are those of the unsecured name (decision A44)
    missing_classifier, // an unsecured name needs one
    classifier_too_long,
    bad_classifier, // U+0000, or not well-formed UTF-8
};

/// A valid peer name. There is no other kind of value of this type.
class PeerName {
public:
    /// Reads `0.cls`, `hex40`, `hex40.` and `hex40.cls`. Hexadecimal digits are folded to lower
    /// case; the classifier is taken as it is (spec/api 3.10: only composing normalises).
    static std::expected<PeerName, PeerNameErrc> parse(std::string_view text);

    /// `classifier` is normalised to NFC; it may be empty.
    static std::expected<PeerName, PeerNameErrc>
    secure(const Authority& authority, std::string_view classifier);

    static std::expected<PeerName, PeerNameErrc> unsecured(std::string_view classifier);

    bool is_secure() const { return secure_; }

    /// All zero for an unsecured name (MS-PNRP 3.1.4.4.1).
    const Authority& authority() const { return authority_; }

    /// UTF-8; may be empty only in a secure name.
    const std::string& classifier() const { return classifier_; }

    /// `0.cls`, `hex40.cls`, or `hex40` without a classifier. Parses back to an equal name.
    std::string to_string() const;

    /// Ordinal and case-sensitive.
    auto operator<=>(const PeerName&) const = default;

private:
    PeerName() = default;

    bool secure_ = false;
    Authority authority_;
    std::string classifier_;
};

} // namespace kith::identity
