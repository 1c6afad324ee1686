#include "api/identity_routes.hpp"

#include "api/documents.hpp"
#include "api/secret.hpp"
#include "base/unicode.hpp"
#include "identity/document.hpp"
#include "identity/identity.hpp"

#include <fmt/format.h>
#include <memory>
#include <optional>
#include <utility>

namespace kith::api {

namespace {

using Document = std::expected<std::string, identity::DocumentErrc>;

// Of an identity that is to have this name: one that has it already keeps it.
std::expected<std::string, Error> parse_label(const std::string& text) {
    auto label = identity::parse_label(text);
    if (!label) return std::unexpected(to_error(label.error()));
    if (has_direction_control(*label)) {
        return std::unexpected(to_error(identity::LabelErrc::bad_text));
    }
    return std::move(*label);
}

Error no_such_identity(const std::string& label) {
    return {ErrorCode::not_found, fmt::format("there is no identity called {}", label)};
}

std::optional<std::string_view> text_of(const SharedSecret& secret) {
    if (!secret) return std::nullopt;
    return secret->text();
}

// The document to store: sealed under `passphrase`, or in clear without one.
Document to_stored(
    const identity::Identity& identity,
    const SharedSecret& passphrase,
    crypto::SealCost cost,
    SecureRandom& random) {
    if (!passphrase) return identity::to_clear_document(identity);
    return identity::to_sealed_document(identity, passphrase->text(), cost, random);
}

} // namespace

Outcome IdentityRoutes::list() const {
    Json identities = Json::array();
    for (const auto& stored : services_.vault.list())
        identities.push_back(identity_document(stored));
    return Answer{200, {{"identities", std::move(identities)}}};
}

Outcome IdentityRoutes::show(const std::string& label) const {
    const auto stored = services_.vault.find(label);
    if (!stored) return std::unexpected(no_such_identity(label));
    return Answer{200, identity_document(*stored)};
}

Outcome IdentityRoutes::remove(const std::string& label) {
    const auto stored = services_.vault.find(label);
    if (!stored) return std::unexpected(no_such_identity(label));
    if (names_.uses(label)) {
        return refuse(
            ErrorCode::in_use, fmt::format("a name is published with the identity {}", label));
    }
    const auto removed = services_.vault.remove(label);
    if (!removed) return std::unexpected(to_error(removed.error()));
    return Answer{200, identity_document(*stored)};
}

Outcome IdentityRoutes::set_default(const std::string& label) {
    const auto chosen = services_.vault.set_default(label);
    if (!chosen) return std::unexpected(to_error(chosen.error()));
    return show(label);
}

Outcome IdentityRoutes::rename(const std::string& label, RequestBody& body) {
    const std::string text = body.text("name");
    if (const auto read = body.finish(); !read) return std::unexpected(read.error());
    const auto new_label = parse_label(text);
    if (!new_label) return std::unexpected(new_label.error());
    const auto renamed = services_.vault.rename(label, *new_label);
    if (!renamed) return std::unexpected(to_error(renamed.error()));
    names_.relabel(label, *new_label);
    return show(*new_label);
}

Outcome IdentityRoutes::add(const Document& document) {
    if (!document) return std::unexpected(to_error(document.error()));
    const auto card = identity::read_card(*document);
    if (!card) return std::unexpected(to_error(card.error()));
    const auto added = services_.vault.add(*document);
    if (!added) return std::unexpected(to_error(added.error()));
    Outcome shown = show(card->label);
    if (shown) shown->status = kCreated;
    return shown;
}

void IdentityRoutes::create(Call call) {
    const std::string text = call.body.text("name");
    const std::string classifier = call.body.text_or("classifier", "");
    const std::string profile_name =
        call.body.optional_text("profile").value_or(std::string(services_.profile->name));
    const SharedSecret passphrase = call.body.secret_or_null("passphrase");
    const auto refused = [&call](Error error) {
        call.reply(to_reply(std::unexpected(std::move(error))));
    };
    if (const auto read = call.body.finish(); !read) return refused(read.error());
    const auto label = parse_label(text);
    if (!label) return refused(label.error());
    const pnrp::Profile* profile = pnrp::find_profile(profile_name);
    if (profile == nullptr) {
        return refused({ErrorCode::bad_request, "a profile is modern or windows"});
    }
    // Looked at here as well, so that nobody waits a second to be told.
    if (services_.vault.find(*label)) return refused(to_error(identity::VaultErrc::already_exists));

    auto key = std::make_shared<const crypto::PrivateKey>(
        crypto::PrivateKey::generate(profile->key_algorithm, services_.random));
    const auto name =
        identity::PeerName::secure(identity::authority_of(key->public_key()), classifier);
    if (!name) return refused(to_error(name.error()));
    const identity::Identity identity{
        .label = *label,
        .name = *name,
        .key = std::move(key),
        .created = services_.node.now().wall};

    auto document = std::make_shared<Document>();
    const bool runs = services_.run_blocking(
        [this, document, identity, passphrase] {
            *document = to_stored(identity, passphrase, services_.seal_cost, services_.random);
        },
        [this, document, reply = call.reply] {
            reply(to_reply(add(*document)));
            if (*document) wipe_text(**document);
        });
    if (!runs) refused(keys_busy());
}

void IdentityRoutes::import(Call call) {
    auto text = std::make_shared<const std::string>(call.body.text("document"));
    const SharedSecret password = call.body.secret("password");
    const auto new_label = call.body.optional_text("name");
    const SharedSecret passphrase = call.body.secret_or_null("passphrase");
    const auto refused = [&call](Error error) {
        call.reply(to_reply(std::unexpected(std::move(error))));
    };
    if (const auto read = call.body.finish(); !read) return refused(read.error());
    const auto card = identity::read_card(*text);
    if (!card) return refused(to_error(card.error()));
    if (!card->is_sealed) {
        return refused({ErrorCode::bad_document, "the document is not protected by a password"});
    }
    const auto label = parse_label(new_label.value_or(card->label));
    if (!label) return refused(label.error());
    if (services_.vault.find(*label)) return refused(to_error(identity::VaultErrc::already_exists));

    auto document = std::make_shared<Document>();
    const bool runs = services_.run_blocking(
        [this, document, text, password, passphrase, label = *label] {
            auto identity = identity::read_document(*text, password->text());
            if (!identity) {
                *document = std::unexpected(identity.error());
                return;
            }
            identity->label = label;
            *document = to_stored(*identity, passphrase, services_.seal_cost, services_.random);
        },
        [this, document, reply = call.reply] {
            reply(to_reply(add(*document)));
            if (*document) wipe_text(**document);
        });
    if (!runs) refused(keys_busy());
}

void IdentityRoutes::export_document(Call call) {
    const std::string& label = call.arguments.front();
    const SharedSecret password = call.body.secret("password");
    const SharedSecret passphrase = call.body.optional_secret("passphrase");
    const auto refused = [&call](Error error) {
        call.reply(to_reply(std::unexpected(std::move(error))));
    };
    if (const auto read = call.body.finish(); !read) return refused(read.error());
    const auto stored = services_.vault.find(label);
    if (!stored) return refused(no_such_identity(label));
    if (stored->card.is_sealed && !passphrase) {
        return refused(to_error(identity::DocumentErrc::password_needed));
    }
    auto content = services_.vault.document(label);
    if (!content) return refused(to_error(content.error()));
    const auto text = std::make_shared<const Secret>(*content);
    wipe_text(*content);
    // A passphrase for a key in clear opens nothing, and does no harm.
    const SharedSecret opens = stored->card.is_sealed ? passphrase : nullptr;

    auto document = std::make_shared<Document>();
    const bool runs = services_.run_blocking(
        [this, document, text, opens, password] {
            const auto identity = identity::read_document(text->text(), text_of(opens));
            *document =
                identity ? identity::to_sealed_document(
                               *identity, password->text(), services_.seal_cost, services_.random)
                         : Document(std::unexpected(identity.error()));
        },
        [document, reply = call.reply] {
            if (!*document) return reply(to_reply(std::unexpected(to_error(document->error()))));
            reply(to_reply(Answer{200, {{"document", **document}}}));
        });
    if (!runs) refused(keys_busy());
}

} // namespace kith::api
