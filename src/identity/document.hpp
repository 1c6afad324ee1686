// The forms in which an identity leaves memory.
//
// Both are one JSON object. The private key is either sealed under a password (export documents
// always; stored files by default) or, in stored files only and only where the user asked for it,
// in clear: then the file's mode is what protects it.
//
//   {
//     "format": "kith identity",
//     "version": 1,
//     "label": "alice",
//     "name": "<40 hex>.web",                      the peer name, as PeerName::to_string prints it
//     "algorithm": "ed25519",                      or "rsa1024", of the windows profile
//     "public_key": "<64 hex>",                    must own the authority of the name
//     "created": "2026-01-31T12:00:00.0000000Z",
//     "sealed": {                                  or  "seed": "<64 hex>"  in clear
//       "kdf": "argon2id",
//       "passes": 3,
//       "memory_kib": 262144,
//       "salt": "<32 hex>",
//       "cipher": "xchacha20-poly1305",
//       "nonce": "<48 hex>",
//       "ciphertext": "<96 hex>"                   the seed and 16 bytes of tag
//     }
//   }
//
// With rsa1024 public_key has 280 digits, seed 256 and ciphertext 288: the seed is two primes
// (crypto/key.hpp).
//
// Every field is there, no other is, none twice; hexadecimal digits are lower case. The order and
// the blanks between the fields mean nothing. The seal covers all of it but the label, which
// therefore can change without the password. docs/formats.md has the bytes.

#pragma once

#include "base/random.hpp"
#include "crypto/seal.hpp"
#include "identity/identity.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace kith::identity {

inline constexpr std::size_t kDocumentSizeMax = 65'536; // bytes; a larger one is not read
inline constexpr std::uint64_t kDocumentVersion = 1;

enum class DocumentErrc : std::uint8_t {
    malformed,           // not this kind of document, or a field that contradicts another
    unsupported_version, // made by a later Kith
    wrong_password,      // or a changed document
    password_needed,
    out_of_memory,
};

/// What can be told of a stored or exported identity without its password.
struct IdentityCard {
    std::string label;
    PeerName name;
    crypto::PublicKey public_key;
    WallTime created;
    bool is_sealed = false;
};

/// A document with the key sealed under `password`: `password_needed` if that is empty, `malformed`
/// if it or the cost is out of the bounds of crypto/seal.hpp. Requires: the label is one of
/// `parse_label`, and the key owns the name.
std::expected<std::string, DocumentErrc> to_sealed_document(
    const Identity& identity,
    std::string_view password,
    crypto::SealCost cost,
    SecureRandom& random);

/// A document with the key in clear: for a file of mode 0600 only; the caller wipes it. Requires
/// the same as above.
std::string to_clear_document(const Identity& identity);

std::expected<IdentityCard, DocumentErrc> read_card(std::string_view document);

/// `password` is nothing for a clear document; one that is given has no use there. The key must be
/// the one of the document's name. A cost out of bounds is `malformed` and is not spent.
std::expected<Identity, DocumentErrc>
read_document(std::string_view document, std::optional<std::string_view> password);

/// The same document under another label: the sealed key stays sealed. `malformed` also if
/// `parse_label` refuses the label. The result of a clear document is wiped by the caller.
std::expected<std::string, DocumentErrc>
relabel_document(std::string_view document, const std::string& label);

} // namespace kith::identity
