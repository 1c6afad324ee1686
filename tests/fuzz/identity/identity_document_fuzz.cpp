// Identity documents. A clear one that is read is written back the same. A sealed one is read up to
// its password only: opening it costs what it asks for, by design. That it never gets more than the
// bounds, or anything for a cost outside them, is tried with costs out of the input.

#include "base/check.hpp"
#include "identity/document.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fmt/format.h>
#include <string>

using kith::identity::DocumentErrc;
using kith::identity::IdentityCard;

namespace {

// A sealed document of no key at all, correct but for its cost and its ciphertext.
std::string document_of_cost(std::uint64_t passes, std::uint64_t memory_kib) {
    return fmt::format(
        R"({{"format": "kith identity", "version": 1, "label": "x",
"name": "06e3fd8fda29bb60ab59557de61edb0aecdb2311", "algorithm": "ed25519",
"public_key": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
"created": "2026-01-31T12:34:56.7890123Z", "sealed": {{"kdf": "argon2id", "passes": {},
"memory_kib": {}, "salt": "{:032}", "cipher": "xchacha20-poly1305", "nonce": "{:048}",
"ciphertext": "{:096}"}}}})",
        passes,
        memory_kib,
        0,
        0,
        0);
}

// Refused before it is spent: were it not, one input would take gigabytes or minutes.
void check_cost(const std::uint8_t* data, std::size_t size) {
    std::uint64_t cost[2] = {};
    if (size < sizeof cost) return;
    std::memcpy(cost, data, sizeof cost);
    const bool is_legal = cost[0] >= 1 && cost[0] <= 10 && cost[1] >= 8 && cost[1] <= 1'048'576;
    constexpr std::uint64_t kCheapKib = 64;
    if (is_legal && cost[1] > kCheapKib) return;
    const auto identity = kith::identity::read_document(document_of_cost(cost[0], cost[1]), "x");
    KITH_CHECK(!identity.has_value());
    const auto expected = is_legal ? DocumentErrc::wrong_password : DocumentErrc::malformed;
    KITH_CHECK(identity.error() == expected);
}

void check_relabelled(std::string_view document, const IdentityCard& card) {
    const auto other = kith::identity::relabel_document(document, "another");
    KITH_CHECK(other.has_value());
    const auto other_card = kith::identity::read_card(*other);
    KITH_CHECK(other_card.has_value());
    KITH_CHECK(other_card->label == "another");
    KITH_CHECK(other_card->name == card.name);
    KITH_CHECK(other_card->public_key == card.public_key);
    KITH_CHECK(other_card->created == card.created);
    KITH_CHECK(other_card->is_sealed == card.is_sealed);
    // What is written is what is read: under the old label it is itself again.
    const auto same = kith::identity::relabel_document(*other, card.label);
    KITH_CHECK(same.has_value());
    KITH_CHECK(kith::identity::relabel_document(document, card.label) == same);
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    check_cost(data, size);
    const std::string_view document(reinterpret_cast<const char*>(data), size);
    const auto card = kith::identity::read_card(document);
    const auto identity = kith::identity::read_document(document, std::nullopt);
    if (!card) {
        KITH_CHECK(!identity.has_value());
        KITH_CHECK(identity.error() == card.error());
        return 0;
    }
    KITH_CHECK(card->name.authority() == kith::identity::authority_of(card->public_key));
    check_relabelled(document, *card);
    if (card->is_sealed) {
        KITH_CHECK(!identity.has_value());
        KITH_CHECK(identity.error() == DocumentErrc::password_needed);
        return 0;
    }
    // Only a seed that is not the public key's may still be wrong with it.
    if (!identity) {
        KITH_CHECK(identity.error() == DocumentErrc::malformed);
        return 0;
    }
    KITH_CHECK(identity->key->public_key() == card->public_key);
    const std::string written = kith::identity::to_clear_document(*identity);
    KITH_CHECK(kith::identity::relabel_document(document, card->label) == written);
    return 0;
}
