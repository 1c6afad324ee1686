// What one hands to others so that they can name one's key: no secret is in it.
//
//   {
//     "format": "kith card",
//     "version": 1,
//     "label": "alice",                    what its owner calls the identity
//     "name": "<40 hex>",                  its peer name
//     "algorithm": "ed25519",              or "rsa1024"
//     "public_key": "<64 hex>",            must own the authority of the name
//     "safety_code": "12345 ..."           six groups of five digits, of the key alone
//   }
//
// A card that was changed on its way is another key's card: whoever gets one compares the safety
// code with its owner, over the telephone or on paper. docs/formats.md has the bytes.

#pragma once

#include "crypto/key.hpp"
#include "identity/document.hpp"
#include "identity/peer_name.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace kith::identity {

struct ContactCard {
    std::string label;
    PeerName name;
    crypto::PublicKey public_key;
};

/// Thirty digits that two people can compare: "12345 67890 12345 67890 12345 67890".
std::string safety_code(const crypto::PublicKey& key);

/// Requires: the label is one of `parse_label`, and the key owns the name.
std::string to_card_document(const ContactCard& card);

/// `malformed` as well if a field contradicts another.
std::expected<ContactCard, DocumentErrc> read_card_document(std::string_view document);

// The delegation of a name, as it goes from its owner to the delegate:
//
//   { "format": "kith delegation", "version": 1, "algorithm": "ed25519", "chain": "<hex>" }

struct DelegationDocument {
    crypto::KeyAlgorithm algorithm{};
    Bytes chain; // unverified: delegation.hpp says what it is worth
};

std::string to_delegation_document(const DelegationDocument& delegation);
std::expected<DelegationDocument, DocumentErrc> read_delegation_document(std::string_view document);

} // namespace kith::identity
