// The certificates of a chain (MS-PNRP 2.2.3.5): X.509 version 3 with the extensions that say what
// is delegated, and the SignedData around them. Bytes in docs/protocol/pnrp.md, Certificate chain.
//
// Read tolerantly where the text is vague (decisions A27 to A30), written in one way.

#pragma once

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "crypto/key.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace kith::identity {

inline constexpr std::size_t kCertificatesMax = 25;     // 2.2.3.5
inline constexpr std::size_t kChainSizeMax = 28 * 1024; // bytes: an AUTHORITY_BUFFER holds no more
inline constexpr std::size_t kClassifiersMax = 64;      // of one certificate; ours

enum class ChainErrc : std::uint8_t {
    truncated,      // the bytes end too soon
    trailing_bytes, // something follows the end
    bad_syntax,     // not a certificate as 2.2.3.5 has it
    too_long,       // more than 25 certificates, or more than kChainSizeMax bytes
    wrong_algorithm,
    unknown_critical, // a critical extension that nobody knows here
    expired,          // or not valid yet
    wrong_name,       // it delegates another name than the one it is shown for
    not_delegated,    // a certificate gives what the one before does not
    wrong_owner,      // the first one is not of the key that owns the name
    wrong_publisher,  // the last one is not of the key that signed
    broken_link,      // two neighbours do not belong together
    bad_signature,
};

enum class Role : std::uint8_t { member, inviting_member, admin }; // 2.2.3.5.1.4

enum class CertificateType : std::uint8_t { member = 1, root = 2 }; // 2.2.3.5.1.1

/// What a certificate says.
struct CertificateFields {
    ByteArray<16> serial{}; // its first byte 0x01 to 0x7f
    std::string subject;    // a common name; also the subject's alternative name
    std::string issuer;
    WallTime not_before; // whole seconds
    WallTime not_after;
    CertificateType type = CertificateType::member;
    std::string peer_name;                               // empty: none
    std::optional<std::vector<Role>> roles;              // nothing: no such extension
    std::optional<std::vector<std::string>> classifiers; // empty list: every classifier
};

/// A certificate as it was read: nothing of it is believed before its signature was checked.
struct Certificate {
    Bytes to_be_signed;
    Bytes signature;
    WallTime not_before;
    WallTime not_after;
    crypto::PublicKey key;
    Bytes subject_alt_name; // content of the extension; empty: none
    Bytes issuer_alt_name;
    CertificateType type{};
    std::string peer_name;
    std::optional<std::vector<Role>> roles;
    std::optional<std::vector<std::string>> classifiers;
};

/// DER of a certificate for `key`, signed by `signer`, which is of the same algorithm. Requires:
/// texts of at most 255 characters, dates from 1950 to 9999.
Bytes make_certificate(
    const CertificateFields& fields,
    const crypto::PublicKey& key,
    const crypto::PrivateKey& signer);

std::expected<Certificate, ChainErrc>
parse_certificate(crypto::KeyAlgorithm algorithm, ByteView bytes);

/// SignedData without signers (PKCS #7 1.5; RFC 5652 has the same bytes), certificates in order.
/// Requires: 1 to kCertificatesMax.
Bytes bundle(const std::vector<Bytes>& certificates);

/// Counts before it looks into any of them.
std::expected<std::vector<ByteView>, ChainErrc> unbundle(ByteView bytes);

} // namespace kith::identity
