#include "identity/document.hpp"

#include "base/check.hpp"
#include "crypto/secret.hpp"
#include "identity/date.hpp"
#include "identity/json_fields.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>
#include <variant>

namespace kith::identity {

namespace {

using crypto::KeyAlgorithm;
using crypto::PrivateKey;
using crypto::PublicKey;
using crypto::SealedBox;
using crypto::SealErrc;
using crypto::SecretBytes;

constexpr std::string_view kFormat = "kith identity";
constexpr std::string_view kKdf = "argon2id";
constexpr std::string_view kCipher = "xchacha20-poly1305";

// A document has exactly so many fields, and each of them is asked for: no other can be there.
constexpr std::size_t kCardFields = 7;
constexpr std::size_t kClearFields = kCardFields + 1;
constexpr std::size_t kSealedFields = kCardFields + 8; // the object and its seven

// What a document says, in either of its forms.
struct Content {
    IdentityCard card;
    std::variant<SealedBox, SecretBytes> seed;
};

template<class T>
using Read = std::expected<T, DocumentErrc>;

constexpr std::unexpected<DocumentErrc> kMalformed{DocumentErrc::malformed};

// What the seal authenticates beside the key: everything but the label. The parts have no NUL.
std::string seal_context(const IdentityCard& card) {
    std::string context;
    for (const std::string& part :
         {fmt::format("{} {}", kFormat, kDocumentVersion),
          card.name.to_string(),
          std::string(to_string(card.public_key.algorithm())),
          to_hex(card.public_key.material()),
          to_date(card.created)}) {
        context += part;
        context += '\0';
    }
    return context;
}

// ---- Writing

std::string json_text(std::string_view text) {
    // `replace` only keeps it from throwing: labels and names are well-formed UTF-8.
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// Field by field, so that a key in clear is nowhere but in the one text that goes out.
std::string render(const Content& content) {
    const IdentityCard& card = content.card;
    const std::string label = json_text(card.label);
    const std::string name = json_text(card.name.to_string());
    constexpr std::size_t kRestMax = 1536; // all but the two: growing would leave copies of the key
    std::string text;
    text.reserve(label.size() + name.size() + kRestMax);
    const auto out = std::back_inserter(text);
    fmt::format_to(
        out, "{{\n  \"format\": \"{}\",\n  \"version\": {},\n", kFormat, kDocumentVersion);
    fmt::format_to(out, "  \"label\": {},\n  \"name\": {},\n", label, name);
    fmt::format_to(out, "  \"algorithm\": \"{}\",\n", to_string(card.public_key.algorithm()));
    fmt::format_to(out, "  \"public_key\": \"{}\",\n", to_hex(card.public_key.material()));
    fmt::format_to(out, "  \"created\": \"{}\",\n", to_date(card.created));
    if (const auto* clear = std::get_if<SecretBytes>(&content.seed)) {
        std::string seed = to_hex(clear->view());
        text += "  \"seed\": \"";
        text += seed;
        text += "\"\n}\n";
        wipe(std::as_writable_bytes(std::span(seed)));
        return text;
    }
    const SealedBox& box = std::get<SealedBox>(content.seed);
    fmt::format_to(out, "  \"sealed\": {{\n    \"kdf\": \"{}\",\n", kKdf);
    fmt::format_to(out, "    \"passes\": {},\n", box.cost.passes);
    fmt::format_to(out, "    \"memory_kib\": {},\n", box.cost.memory_kib);
    fmt::format_to(out, "    \"salt\": \"{}\",\n", to_hex(box.salt));
    fmt::format_to(out, "    \"cipher\": \"{}\",\n", kCipher);
    fmt::format_to(out, "    \"nonce\": \"{}\",\n", to_hex(box.nonce));
    fmt::format_to(out, "    \"ciphertext\": \"{}\"\n  }}\n}}\n", to_hex(box.ciphertext));
    return text;
}

// A document that could not be read again would lose the key: such an identity is our own bug.
IdentityCard card_of(const Identity& identity) {
    KITH_CHECK(identity.key != nullptr);
    const PublicKey& key = identity.key->public_key();
    KITH_CHECK(identity.name.authority() == authority_of(key));
    KITH_CHECK(parse_label(identity.label).has_value());
    return {identity.label, identity.name, key, identity.created, false};
}

// ---- Reading

bool says(const JsonFields& fields, std::string_view path, std::string_view value) {
    const std::string* text = fields.text(path);
    return text != nullptr && *text == value;
}

// The bytes of a field of exactly `size` lower-case hexadecimal bytes.
std::optional<Bytes> hex_field(const JsonFields& fields, std::string_view path, std::size_t size) {
    const std::string* text = fields.text(path);
    if (text == nullptr || text->size() != 2 * size) return std::nullopt;
    const auto is_upper = [](char c) { return c >= 'A' && c <= 'F'; };
    if (std::ranges::any_of(*text, is_upper)) return std::nullopt;
    return from_hex(*text);
}

template<std::size_t N>
bool read_hex(const JsonFields& fields, std::string_view path, ByteArray<N>& out) {
    const auto bytes = hex_field(fields, path, N);
    if (!bytes) return false;
    std::ranges::copy(*bytes, out.begin());
    return true;
}

std::optional<PeerName> read_name(const JsonFields& fields) {
    const std::string* text = fields.text("name");
    if (text == nullptr) return std::nullopt;
    const auto name = PeerName::parse(*text);
    // `<40 hex>.` and upper-case digits are names as well, but not as documents spell them.
    if (!name || name->to_string() != *text) return std::nullopt;
    return *name;
}

std::optional<PublicKey> read_public_key(const JsonFields& fields) {
    for (const KeyAlgorithm algorithm : {KeyAlgorithm::ed25519, KeyAlgorithm::rsa1024}) {
        if (!says(fields, "algorithm", to_string(algorithm))) continue;
        const auto material = hex_field(fields, "public_key", crypto::public_key_size(algorithm));
        if (!material) return std::nullopt;
        auto key = PublicKey::parse(algorithm, *material);
        if (!key) return std::nullopt;
        return std::move(*key);
    }
    return std::nullopt;
}

Read<IdentityCard> read_card_fields(const JsonFields& fields) {
    const auto name = read_name(fields);
    const auto key = read_public_key(fields);
    const std::string* label_text = fields.text("label");
    const std::string* date_text = fields.text("created");
    if (!name || !key || label_text == nullptr || date_text == nullptr) return kMalformed;
    const auto label = parse_label(*label_text);
    const auto created = parse_date(*date_text);
    if (!label || !created) return kMalformed;
    if (name->authority() != authority_of(*key)) return kMalformed;
    return IdentityCard{*label, *name, *key, *created, false};
}

bool read_cost(const JsonFields& fields, crypto::SealCost& out) {
    const std::uint64_t* passes = fields.number("sealed.passes");
    const std::uint64_t* memory_kib = fields.number("sealed.memory_kib");
    constexpr std::uint64_t kMax = std::numeric_limits<std::uint32_t>::max();
    if (passes == nullptr || memory_kib == nullptr) return false;
    if (*passes > kMax || *memory_kib > kMax) return false;
    out = {static_cast<std::uint32_t>(*passes), static_cast<std::uint32_t>(*memory_kib)};
    return crypto::is_legal(out);
}

std::optional<SealedBox> read_box(const JsonFields& fields, KeyAlgorithm algorithm) {
    SealedBox box;
    if (!says(fields, "sealed.kdf", kKdf) || !says(fields, "sealed.cipher", kCipher)) {
        return std::nullopt;
    }
    if (!read_cost(fields, box.cost) || !read_hex(fields, "sealed.salt", box.salt) ||
        !read_hex(fields, "sealed.nonce", box.nonce)) {
        return std::nullopt;
    }
    const std::size_t size = crypto::seed_size(algorithm) + crypto::kSealTagSize;
    auto ciphertext = hex_field(fields, "sealed.ciphertext", size);
    if (!ciphertext) return std::nullopt;
    box.ciphertext = std::move(*ciphertext);
    return box;
}

Read<Content> read_content(std::string_view document) {
    if (document.size() > kDocumentSizeMax) return kMalformed;
    const auto fields = JsonFields::parse(document);
    if (!fields || !says(*fields, "format", kFormat)) return kMalformed;
    const std::uint64_t* version = fields->number("version");
    if (version == nullptr || *version == 0) return kMalformed;
    // Before anything else: what a later version has is not ours to judge.
    if (*version > kDocumentVersion) return std::unexpected(DocumentErrc::unsupported_version);

    if (fields->has_strangers()) return kMalformed;
    auto card = read_card_fields(*fields);
    if (!card) return kMalformed;
    const KeyAlgorithm algorithm = card->public_key.algorithm();
    if (fields->size() == kClearFields) {
        auto seed = hex_field(*fields, "seed", crypto::seed_size(algorithm));
        if (!seed) return kMalformed;
        return Content{std::move(*card), SecretBytes(std::move(*seed))};
    }
    auto box = read_box(*fields, algorithm);
    if (!box || fields->size() != kSealedFields) return kMalformed;
    card->is_sealed = true;
    return Content{std::move(*card), *std::move(box)};
}

DocumentErrc document_error(SealErrc error) {
    switch (error) {
    case SealErrc::malformed:
        return DocumentErrc::malformed;
    case SealErrc::wrong_password:
        return DocumentErrc::wrong_password;
    case SealErrc::out_of_memory:
        return DocumentErrc::out_of_memory;
    }
    return DocumentErrc::malformed;
}

Read<SecretBytes> open_seed(Content& content, std::optional<std::string_view> password) {
    if (auto* clear = std::get_if<SecretBytes>(&content.seed)) return std::move(*clear);
    if (!password) return std::unexpected(DocumentErrc::password_needed);
    const std::string context = seal_context(content.card);
    auto seed = crypto::unseal(std::get<SealedBox>(content.seed), *password, as_bytes(context));
    if (!seed) return std::unexpected(document_error(seed.error()));
    return SecretBytes(std::move(*seed));
}

} // namespace

std::expected<std::string, DocumentErrc> to_sealed_document(
    const Identity& identity,
    std::string_view password,
    crypto::SealCost cost,
    SecureRandom& random) {
    IdentityCard card = card_of(identity);
    if (password.empty()) return std::unexpected(DocumentErrc::password_needed);
    const SecretBytes seed(identity.key->seed());
    const std::string context = seal_context(card);
    auto box = crypto::seal(seed.view(), password, as_bytes(context), cost, random);
    if (!box) return std::unexpected(document_error(box.error()));
    card.is_sealed = true;
    return render({std::move(card), std::move(*box)});
}

std::string to_clear_document(const Identity& identity) {
    return render({card_of(identity), SecretBytes(identity.key->seed())});
}

std::expected<IdentityCard, DocumentErrc> read_card(std::string_view document) {
    auto content = read_content(document);
    if (!content) return std::unexpected(content.error());
    return std::move(content->card);
}

std::expected<Identity, DocumentErrc>
read_document(std::string_view document, std::optional<std::string_view> password) {
    auto content = read_content(document);
    if (!content) return std::unexpected(content.error());
    const auto seed = open_seed(*content, password);
    if (!seed) return std::unexpected(seed.error());
    auto key = PrivateKey::from_seed(content->card.public_key.algorithm(), seed->view());
    if (!key || key->public_key() != content->card.public_key) return kMalformed;
    IdentityCard& card = content->card;
    return Identity{
        std::move(card.label),
        std::move(card.name),
        std::make_shared<const PrivateKey>(std::move(*key)),
        card.created};
}

std::expected<std::string, DocumentErrc>
relabel_document(std::string_view document, const std::string& label) {
    auto content = read_content(document);
    if (!content) return std::unexpected(content.error());
    auto legal = parse_label(label);
    if (!legal) return kMalformed;
    content->card.label = std::move(*legal);
    return render(*content);
}

} // namespace kith::identity
