#include "identity/contact_card.hpp"

#include "base/check.hpp"
#include "crypto/digest.hpp"
#include "identity/certificate.hpp"
#include "identity/identity.hpp"
#include "identity/json_fields.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace kith::identity {

namespace {

using crypto::KeyAlgorithm;

constexpr std::string_view kContactCardFormat = "kith card";
constexpr std::string_view kDelegationFormat = "kith delegation";
constexpr std::size_t kContactCardFields = 7;
constexpr std::size_t kDelegationFields = 4;
constexpr std::size_t kCodeGroups = 6;
constexpr std::unexpected<DocumentErrc> kBadDocument{DocumentErrc::malformed};

std::string as_json(std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The fields of a document of `format` and our version, and no others.
std::expected<JsonFields, DocumentErrc>
fields_of(std::string_view document, std::string_view format, std::size_t count) {
    if (document.size() > kDocumentSizeMax) return kBadDocument;
    auto fields = JsonFields::parse(document);
    if (!fields) return kBadDocument;
    const std::string* said = fields->text("format");
    const std::uint64_t* version = fields->number("version");
    if (said == nullptr || *said != format || version == nullptr || *version == 0) {
        return kBadDocument;
    }
    if (*version > kDocumentVersion) return std::unexpected(DocumentErrc::unsupported_version);
    if (fields->has_strangers() || fields->size() != count) return kBadDocument;
    return std::move(*fields);
}

std::optional<KeyAlgorithm> algorithm_in(const JsonFields& fields) {
    const std::string* text = fields.text("algorithm");
    for (const KeyAlgorithm algorithm : {KeyAlgorithm::ed25519, KeyAlgorithm::rsa1024}) {
        if (text != nullptr && *text == to_string(algorithm)) return algorithm;
    }
    return std::nullopt;
}

std::optional<Bytes> hex_in(const JsonFields& fields, std::string_view path) {
    const std::string* text = fields.text(path);
    const auto is_upper = [](char c) { return c >= 'A' && c <= 'F'; };
    if (text == nullptr || std::ranges::any_of(*text, is_upper)) return std::nullopt;
    return from_hex(*text);
}

} // namespace

std::string safety_code(const crypto::PublicKey& key) {
    // A text of its own before it, so that the code is no digest used for anything else.
    constexpr std::string_view kContext{"kith safety code 1\0", 19};
    const auto digest = crypto::sha256({as_bytes(kContext), key.subject_public_key_info()});
    std::string code;
    for (std::size_t group = 0; group < kCodeGroups; ++group) {
        std::uint64_t number = 0; // of 40 bits: 100000 divides them evenly enough
        for (std::size_t i = 0; i < 5; ++i)
            number = number << 8U | std::to_integer<std::uint64_t>(digest[5 * group + i]);
        code += fmt::format("{}{:05}", group == 0 ? "" : " ", number % 100'000);
    }
    return code;
}

std::string to_card_document(const ContactCard& card) {
    KITH_CHECK(card.name.authority() == authority_of(card.public_key));
    return fmt::format(
        "{{\n  \"format\": \"{}\",\n  \"version\": {},\n  \"label\": {},\n  \"name\": {},\n"
        "  \"algorithm\": \"{}\",\n  \"public_key\": \"{}\",\n  \"safety_code\": \"{}\"\n}}\n",
        kContactCardFormat,
        kDocumentVersion,
        as_json(card.label),
        as_json(card.name.to_string()),
        to_string(card.public_key.algorithm()),
        to_hex(card.public_key.material()),
        safety_code(card.public_key));
}

std::expected<ContactCard, DocumentErrc> read_card_document(std::string_view document) {
    const auto fields = fields_of(document, kContactCardFormat, kContactCardFields);
    if (!fields) return std::unexpected(fields.error());
    const std::string* label_text = fields->text("label");
    const std::string* name_text = fields->text("name");
    const std::string* code = fields->text("safety_code");
    const auto algorithm = algorithm_in(*fields);
    const auto material = hex_in(*fields, "public_key");
    if (label_text == nullptr || name_text == nullptr || code == nullptr || !algorithm ||
        !material) {
        return kBadDocument;
    }
    auto label = parse_label(*label_text);
    auto name = PeerName::parse(*name_text);
    auto key = crypto::PublicKey::parse(*algorithm, *material);
    if (!label || !name || !key) return kBadDocument;
    if (name->authority() != authority_of(*key) || *code != safety_code(*key)) return kBadDocument;
    return ContactCard{std::move(*label), std::move(*name), std::move(*key)};
}

std::string to_delegation_document(const DelegationDocument& delegation) {
    return fmt::format(
        "{{\n  \"format\": \"{}\",\n  \"version\": {},\n  \"algorithm\": \"{}\",\n"
        "  \"chain\": \"{}\"\n}}\n",
        kDelegationFormat,
        kDocumentVersion,
        to_string(delegation.algorithm),
        to_hex(delegation.chain));
}

std::expected<DelegationDocument, DocumentErrc>
read_delegation_document(std::string_view document) {
    const auto fields = fields_of(document, kDelegationFormat, kDelegationFields);
    if (!fields) return std::unexpected(fields.error());
    const auto algorithm = algorithm_in(*fields);
    auto chain = hex_in(*fields, "chain");
    if (!algorithm || !chain || chain->empty() || chain->size() > kChainSizeMax)
        return kBadDocument;
    return DelegationDocument{*algorithm, std::move(*chain)};
}

} // namespace kith::identity
