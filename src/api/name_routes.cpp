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
    std::optional<std::string> cloud;      // nothing: every cloud
    std::optional<Bytes> chain;            // of a name that its owner lets `identity` publish
    std::optional<std::string> delegation; // the document that the chain is from
    SharedSecret passphrase;
    bool is_resumed = false; // asked for before this process began, not now
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

// What an identity that is here is called by now: it may have been renamed since its card was read.
std::string NameRoutes::label_now(const identity::IdentityCard& card) const {
    for (const auto& identity : services_.vault.list()) {
        if (identity.card.name.authority() == card.name.authority()) return identity.card.label;
    }
    return card.label;
}

std::expected<NameRoutes::Wish, Error> NameRoutes::read_wish(RequestBody& body) const {
    const std::string classifier = body.text_or("classifier", "");
    auto label = body.optional_text("identity");
    if (label) label = composed(*label);
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
        .delegation = delegation_text,
        .passphrase = std::move(passphrase)};
}

// What is kept of a wish is a request to publish it, with the identity by its authority: a label
// may change.
bool NameRoutes::keep(const Wish& wish) const {
    if (services_.store == nullptr) return false;
    Json kept{{"classifier", wish.name.classifier()}};
    kept["authority"] =
        wish.identity ? Json(to_hex(wish.identity->card.name.authority().bytes)) : Json(nullptr);
    Json addresses = Json::array();
    for (const pnrp::AppEndpoint& endpoint : wish.endpoints)
        addresses.push_back(to_string(endpoint));
    kept["addresses"] = std::move(addresses);
    kept["comment"] = wish.comment;
    kept["payload_base64"] = wish.payload ? Json(to_base64(wish.payload->bytes)) : Json(nullptr);
    kept["cloud"] = wish.cloud ? Json(*wish.cloud) : Json(nullptr);
    kept["delegation"] = wish.delegation ? Json(*wish.delegation) : Json(nullptr);
    const std::string text = kept.dump();
    return text.size() <= kWishSizeMax && services_.store->keep(wish.name.to_string(), text);
}

std::expected<NameRoutes::Wish, Error> NameRoutes::read_kept(const std::string& kept) const {
    Json request = Json::parse(kept, nullptr, false);
    if (!request.is_object() || !request.contains("authority")) {
        return refuse(ErrorCode::bad_request, "what is kept is no request to publish");
    }
    const Json authority = request["authority"];
    request.erase("authority");
    request["unsecured"] = authority.is_null();
    if (authority.is_string()) {
        const auto identities = services_.vault.list();
        const auto owner = std::ranges::find_if(identities, [&](const auto& identity) {
            return to_hex(identity.card.name.authority().bytes) == authority.get<std::string>();
        });
        if (owner == identities.end()) {
            return refuse(ErrorCode::not_found, "the identity of this name is not here");
        }
        request["identity"] = owner->card.label;
    }
    auto body = RequestBody::parse(request.dump());
    if (!body) return std::unexpected(body.error());
    return read_wish(*body);
}

void NameRoutes::load() {
    if (is_loaded_ || services_.store == nullptr) return;
    is_loaded_ = true;
    for (KeptWish& kept : services_.store->wishes()) {
        // The name is not in it: who owns it says the identity, or the delegation. One that makes
        // no sense any more is no name that could be shown, and stays where it is.
        const auto wish = read_kept(kept.wish);
        if (!wish) {
            services_.store->complain(
                kept.place, fmt::format("cannot be used: {}", wish.error().message));
            continue;
        }
        WaitingName waiting{
            .wish = std::move(kept.wish), .identity = {}, .reason = ErrorCode::no_network};
        if (wish->identity) waiting.identity = wish->identity->card.label;
        if (wish->identity && wish->identity->card.is_sealed)
            waiting.reason = ErrorCode::passphrase_needed;
        names_.waiting().insert_or_assign(wish->name.to_string(), std::move(waiting));
    }
}

void NameRoutes::resume() {
    load();
    std::vector<std::string> due;
    for (const auto& [name, waiting] : names_.waiting()) {
        if (!waiting.is_tried && waiting.reason != ErrorCode::passphrase_needed)
            due.push_back(name);
    }
    for (const std::string& name : due) {
        const auto waiting = names_.waiting().find(name);
        if (waiting == names_.waiting().end()) continue;
        auto wish = read_kept(waiting->second.wish);
        if (!wish) {
            waiting->second.reason = wish.error().code;
            continue;
        }
        waiting->second.is_tried = true;
        wish->is_resumed = true;
        publish_wish(
            std::make_shared<Wish>(std::move(*wish)), [this, name](const Outcome& outcome) {
                const auto tried = names_.waiting().find(name);
                if (tried == names_.waiting().end()) return; // published, or taken back meanwhile
                tried->second.is_tried = false;
                if (!outcome) tried->second.reason = outcome.error().code;
            });
    }
}

// One passphrase opens the key for every name that waits for it.
void NameRoutes::publish_waiting_of(
    const std::string& label, const std::shared_ptr<const crypto::PrivateKey>& key) {
    std::vector<std::string> kept;
    for (const auto& [name, waiting] : names_.waiting()) {
        if (waiting.identity == label && !waiting.is_tried) kept.push_back(waiting.wish);
    }
    for (const std::string& text : kept) {
        const auto wish = read_kept(text);
        if (wish) static_cast<void>(publish_with(*wish, key));
    }
}

void NameRoutes::publish(Call call) {
    load();
    auto wish = read_wish(call.body);
    if (!wish) return call.reply(to_reply(std::unexpected(wish.error())));
    publish_wish(
        std::make_shared<Wish>(std::move(*wish)),
        [reply = call.reply](const Outcome& outcome) { reply(to_reply(outcome)); });
}

void NameRoutes::publish_wish(const std::shared_ptr<Wish>& wish, const Published& done) {
    if (auto error = unknown_cloud(services_.node.clouds(), wish->cloud)) {
        return done(std::unexpected(std::move(*error)));
    }
    const auto known = names_.find(wish->name);
    // A name that is published already is ours: its key is at hand.
    if (known && !wish->passphrase) {
        const auto& key = names_.names().at(*known).publication.registration.key;
        return done(publish_with(*wish, key));
    }
    if (!wish->identity) {
        // Whoever signs an unsecured name proves nothing by it, so no identity shows itself here.
        auto key = std::make_shared<const crypto::PrivateKey>(
            crypto::PrivateKey::generate(services_.profile->key_algorithm, services_.random));
        return done(publish_with(*wish, std::move(key)));
    }
    publish_secure(wish, done);
}

void NameRoutes::publish_secure(const std::shared_ptr<Wish>& wish, const Published& done) {
    const identity::IdentityCard& card = wish->identity->card;
    const auto refused = [&done](Error error) { done(std::unexpected(std::move(error))); };
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
        [this, wish, opened, done] {
            std::string& current = wish->identity->card.label;
            current = label_now(wish->identity->card);
            names_.end_opening(current);
            if (!**opened) return done(std::unexpected(to_error((*opened)->error())));
            // Taken back, or published anew, while its key was being opened.
            if (wish->is_resumed && !names_.waiting().contains(wish->name.to_string())) {
                return done(std::unexpected(to_error(pnrp::RegisterErrc::not_found)));
            }
            const auto& key = (**opened)->key;
            done(publish_with(*wish, key));
            publish_waiting_of(current, key);
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
        published.is_kept = keep(wish);
        names_.put(*known, std::move(published));
        return show(*known);
    }
    const auto id = services_.node.publish(published.publication);
    if (!id) return refused(id.error());
    published.is_kept = keep(wish);
    names_.waiting().erase(wish.name.to_string());
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
    for (const auto& [name, waiting] : names_.waiting()) {
        if (const auto wish = read_kept(waiting.wish))
            names.push_back(waiting_document(*wish, waiting));
    }
    return Answer{200, {{"names", std::move(names)}}};
}

Outcome NameRoutes::unpublish(const std::string& text) {
    const auto name = parse_peer_or_host_name(text);
    if (!name) return std::unexpected(name.error());
    load();
    const auto id = names_.find(*name);
    if (!id) return unpublish_waiting(name->to_string());
    Outcome shown = show(*id);
    const auto removed = services_.node.unpublish(*id);
    if (!removed) return std::unexpected(to_error(removed.error()));
    names_.erase(*id);
    if (services_.store != nullptr) services_.store->forget(name->to_string());
    return shown;
}

Outcome NameRoutes::unpublish_waiting(const std::string& name) {
    const auto waiting = names_.waiting().find(name);
    if (waiting == names_.waiting().end()) {
        return std::unexpected(to_error(pnrp::RegisterErrc::not_found));
    }
    const auto wish = read_kept(waiting->second.wish);
    Outcome shown = std::unexpected(to_error(pnrp::RegisterErrc::not_found));
    if (wish) shown = Answer{200, waiting_document(*wish, waiting->second)};
    names_.waiting().erase(waiting);
    services_.store->forget(name);
    return shown;
}

// As a published one that is nowhere.
Json NameRoutes::waiting_document(const Wish& wish, const WaitingName& waiting) {
    PublishedName wanted{
        .publication =
            {.registration =
                 {.name = wish.name,
                  .key = nullptr,
                  .endpoints = {},
                  .comment = wish.comment,
                  .payload = wish.payload},
             .cloud = wish.cloud},
        .identity = waiting.identity,
        .is_kept = true};
    Json document = name_document({{}, wish.name, {}}, wanted);
    for (const pnrp::AppEndpoint& endpoint : wish.endpoints)
        document["addresses"].push_back(to_string(endpoint));
    document["waiting"] = to_string(waiting.reason);
    return document;
}

} // namespace kith::api
