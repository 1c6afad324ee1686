#include "api/name_routes.hpp"

#include "api/app_address.hpp"
#include "api/documents.hpp"
#include "api/encoding.hpp"
#include "api/peer_name_text.hpp"
#include "identity/contact_card.hpp"
#include "identity/delegation.hpp"
#include "identity/document.hpp"
#include "pnrp/limits.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace kith::api {

namespace {

std::optional<Error> contradiction(bool unsecured, bool has_identity, bool has_delegation) {
    if (unsecured && has_delegation) {
        return Error{ErrorCode::bad_request, "an unsecured name has no owner to delegate it"};
    }
    if (unsecured && has_identity) {
        return Error{ErrorCode::bad_request, "an unsecured name belongs to no identity"};
    }
    return std::nullopt;
}

std::optional<Error>
unknown_cloud(const node::Clouds& clouds, const std::optional<std::string>& wanted) {
    if (!wanted) return std::nullopt;
    const auto known = require_cloud(clouds, *wanted);
    return known ? std::nullopt : std::optional(known.error());
}

std::expected<std::string, Error> check_comment(std::string comment) {
    const bool has_controls = std::ranges::any_of(comment, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7f;
    });
    if (has_controls) {
        return refuse(ErrorCode::bad_comment, "a comment is text without control characters");
    }
    return comment;
}

std::expected<std::optional<pnrp::Payload>, Error>
read_payload(const std::optional<std::string>& base64) {
    if (!base64) return std::nullopt;
    auto bytes = from_base64(*base64);
    if (!bytes) return refuse(ErrorCode::bad_payload, "the payload is not base64");
    if (bytes->empty() || bytes->size() > pnrp::kPayloadBytesMax) {
        return std::unexpected(to_error(pnrp::RegisterErrc::payload_too_long));
    }
    return pnrp::Payload{.kind = pnrp::PayloadKind::binary, .bytes = std::move(*bytes)};
}

struct Delegated {
    Bytes chain;
    identity::Authority owner;
};

// What a delegation document gives to `delegate`. Whether it holds is for the cloud to say.
std::expected<Delegated, Error>
read_delegation(const std::string& text, const identity::StoredIdentity& delegate) {
    auto document = identity::read_delegation_document(text);
    if (!document) return refuse(ErrorCode::bad_document, "this is no delegation");
    const auto terms = identity::read_delegation(document->algorithm, document->chain);
    if (!terms) return refuse(ErrorCode::bad_document, "this is no delegation, or a changed one");
    if (terms->publisher != identity::authority_of(delegate.card.public_key)) {
        return refuse(
            ErrorCode::bad_request,
            fmt::format("the delegation is for another identity than {}", delegate.card.label));
    }
    return Delegated{std::move(document->chain), terms->authority};
}

} // namespace

// What a request to publish asks for, before its key is there.
struct NameRoutes::Wish {
    identity::PeerName name;
    std::optional<identity::StoredIdentity> identity; // nothing for an unsecured name
    std::vector<pnrp::AppEndpoint> endpoints;         // empty: the node's own
    std::string comment;
    std::optional<pnrp::Payload> payload;
    std::optional<std::string> cloud; // nothing: every cloud
    std::optional<Bytes> chain;       // of a name that its owner lets `identity` publish
    SharedSecret passphrase;
};

std::expected<std::vector<pnrp::AppEndpoint>, Error>
NameRoutes::read_addresses(const std::vector<std::string>& texts) const {
    bool on_loopback = false;
    for (const node::CloudStatus& cloud : services_.node.clouds().status(services_.node.now())) {
        on_loopback |= std::ranges::any_of(cloud.endpoints, [](const Endpoint& own) {
            return own.address.scope() == Scope::loopback;
        });
    }
    std::vector<pnrp::AppEndpoint> out;
    for (const std::string& text : texts) {
        const auto endpoint = parse_app_address(text);
        if (!endpoint) {
            return refuse(
                ErrorCode::bad_address,
                fmt::format("{} is no address of the form IP:PORT/PROTOCOL or IP", text));
        }
        const Scope scope = endpoint->address.scope();
        if (scope == Scope::none || (scope == Scope::loopback && !on_loopback)) {
            return refuse(ErrorCode::bad_address, fmt::format("nobody could reach {}", text));
        }
        if (std::ranges::find(out, *endpoint) == out.end()) out.push_back(*endpoint);
    }
    return out;
}

// The identity called so, or the default one; in any case one of this node's profile.
std::expected<identity::StoredIdentity, Error>
NameRoutes::choose_identity(const std::optional<std::string>& label) const {
    auto identity = label ? services_.vault.find(*label) : services_.vault.default_identity();
    if (!identity && label) {
        return refuse(ErrorCode::not_found, fmt::format("there is no identity called {}", *label));
    }
    if (!identity) return refuse(ErrorCode::not_found, "there is no default identity");
    if (identity->card.public_key.algorithm() != services_.profile->key_algorithm) {
        return refuse(
            ErrorCode::bad_request,
            fmt::format(
                "{} is an identity of another profile than this kithd's, which is {}",
                identity->card.label,
                services_.profile->name));
    }
    return std::move(*identity);
}

std::expected<NameRoutes::Wish, Error> NameRoutes::read_wish(RequestBody& body) const {
    const std::string classifier = body.text_or("classifier", "");
    const auto label = body.optional_text("identity");
    const bool unsecured = body.flag_or("unsecured", false);
    const auto addresses = body.texts("addresses");
    const std::string comment_text = body.text_or("comment", "");
    const auto payload_text = body.optional_text("payload_base64");
    auto cloud = body.optional_text("cloud");
    const auto delegation_text = body.optional_text("delegation");
    SharedSecret passphrase = body.optional_secret("passphrase");
    if (const auto read = body.finish(); !read) return std::unexpected(read.error());
    if (auto error = contradiction(unsecured, label.has_value(), delegation_text.has_value())) {
        return std::unexpected(std::move(*error));
    }
    if (auto error = unknown_cloud(services_.node.clouds(), cloud)) {
        return std::unexpected(std::move(*error));
    }
    auto endpoints = read_addresses(addresses);
    if (!endpoints) return std::unexpected(endpoints.error());
    auto comment = check_comment(comment_text);
    if (!comment) return std::unexpected(comment.error());
    auto payload = read_payload(payload_text);
    if (!payload) return std::unexpected(payload.error());

    std::optional<identity::StoredIdentity> identity;
    if (!unsecured) {
        auto chosen = choose_identity(label);
        if (!chosen) return std::unexpected(chosen.error());
        identity = std::move(*chosen);
    }
    auto name = unsecured ? identity::PeerName::unsecured(classifier)
                          : identity::PeerName::secure(identity->card.name.authority(), classifier);
    if (!name) return std::unexpected(to_error(name.error()));
    std::optional<Bytes> chain;
    if (delegation_text) {
        auto delegated = read_delegation(*delegation_text, *identity);
        if (!delegated) return std::unexpected(delegated.error());
        chain = std::move(delegated->chain);
        name = identity::PeerName::secure(delegated->owner, classifier);
        if (!name) return std::unexpected(to_error(name.error()));
    }
    return Wish{
        .name = std::move(*name),
        .identity = std::move(identity),
        .endpoints = std::move(*endpoints),
        .comment = std::move(*comment),
        .payload = std::move(*payload),
        .cloud = std::move(cloud),
        .chain = std::move(chain),
        .passphrase = std::move(passphrase)};
}

void NameRoutes::publish(Call call) {
    auto wish = read_wish(call.body);
    if (!wish) return call.reply(to_reply(std::unexpected(wish.error())));
    const auto known = names_.find(wish->name);
    // A name that is published already is ours: its key is at hand.
    if (known && !wish->passphrase) {
        const auto& key = names_.names().at(*known).publication.registration.key;
        return call.reply(to_reply(publish_with(*wish, key)));
    }
    if (!wish->identity) {
        // Whoever signs an unsecured name proves nothing by it, so no identity shows itself here.
        auto key = std::make_shared<const crypto::PrivateKey>(
            crypto::PrivateKey::generate(services_.profile->key_algorithm, services_.random));
        return call.reply(to_reply(publish_with(*wish, std::move(key))));
    }
    publish_secure(std::make_shared<Wish>(std::move(*wish)), call.reply);
}

void NameRoutes::publish_secure(const std::shared_ptr<Wish>& wish, const ReplyTo& reply) {
    const identity::IdentityCard& card = wish->identity->card;
    const auto refused = [&reply](Error error) {
        reply(to_reply(std::unexpected(std::move(error))));
    };
    if (card.is_sealed && !wish->passphrase) {
        return refused(to_error(identity::DocumentErrc::password_needed));
    }
    auto content = services_.vault.document(card.label);
    if (!content) return refused(to_error(content.error()));
    const auto text = std::make_shared<const Secret>(*content);
    wipe_text(*content);

    using Opened = std::expected<identity::Identity, identity::DocumentErrc>;
    const auto opened = std::make_shared<std::optional<Opened>>();
    const std::string label = card.label;
    names_.begin_opening(label);
    const bool runs = services_.run_blocking(
        [wish, text, opened, is_sealed = card.is_sealed] {
            std::optional<std::string_view> passphrase;
            if (is_sealed) passphrase = wish->passphrase->text();
            opened->emplace(identity::read_document(text->text(), passphrase));
        },
        [this, wish, opened, label, reply] {
            names_.end_opening(label);
            if (!**opened) {
                return reply(to_reply(std::unexpected(to_error((*opened)->error()))));
            }
            reply(to_reply(publish_with(*wish, (**opened)->key)));
        });
    if (!runs) {
        names_.end_opening(label);
        refused(keys_busy());
    }
}

Outcome NameRoutes::publish_with(const Wish& wish, std::shared_ptr<const crypto::PrivateKey> key) {
    using Addresses = node::Publication::Addresses;
    PublishedName published{
        .publication =
            {.registration =
                 {.name = wish.name,
                  .key = std::move(key),
                  .endpoints = wish.endpoints,
                  .comment = wish.comment,
                  .payload = wish.payload,
                  .chain = wish.chain},
             .addresses = wish.endpoints.empty() ? Addresses::node : Addresses::given,
             .cloud = wish.cloud},
        .identity = std::nullopt};
    if (wish.identity) published.identity = wish.identity->card.label;
    const auto refused = [&wish](pnrp::RegisterErrc error) -> Outcome {
        if (error == pnrp::RegisterErrc::no_endpoints && !wish.endpoints.empty()) {
            return refuse(
                ErrorCode::bad_address,
                "none of these addresses can be reached across the clouds of the name");
        }
        return std::unexpected(to_error(error));
    };
    if (const auto known = names_.find(wish.name)) {
        const auto updated = services_.node.update(*known, published.publication);
        if (!updated) return refused(updated.error());
        names_.put(*known, std::move(published));
        return show(*known);
    }
    const auto id = services_.node.publish(published.publication);
    if (!id) return refused(id.error());
    names_.put(*id, std::move(published));
    Outcome shown = show(*id);
    if (shown) shown->status = kCreated;
    return shown;
}

Outcome NameRoutes::show(node::PublicationId id) const {
    const auto published = names_.names().find(id);
    for (const node::PublishedName& name : services_.node.clouds().names()) {
        if (name.id == id && published != names_.names().end()) {
            return Answer{200, name_document(name, published->second)};
        }
    }
    return std::unexpected(to_error(pnrp::RegisterErrc::not_found));
}

Outcome NameRoutes::list() const {
    Json names = Json::array();
    for (const node::PublishedName& name : services_.node.clouds().names()) {
        const auto published = names_.names().find(name.id);
        if (published == names_.names().end()) continue;
        names.push_back(name_document(name, published->second));
    }
    return Answer{200, {{"names", std::move(names)}}};
}

Outcome NameRoutes::unpublish(const std::string& text) {
    const auto name = parse_peer_or_host_name(text);
    if (!name) return std::unexpected(name.error());
    const auto id = names_.find(*name);
    if (!id) return std::unexpected(to_error(pnrp::RegisterErrc::not_found));
    Outcome shown = show(*id);
    const auto removed = services_.node.unpublish(*id);
    if (!removed) return std::unexpected(to_error(removed.error()));
    names_.erase(*id);
    return shown;
}

} // namespace kith::api
