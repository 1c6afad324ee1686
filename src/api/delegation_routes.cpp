#include "api/delegation_routes.hpp"

#include "api/documents.hpp"
#include "api/encoding.hpp"
#include "api/peer_name_text.hpp"
#include "identity/contact_card.hpp"
#include "identity/delegation.hpp"

#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <utility>

namespace kith::api {

namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kLifetimeMin = milliseconds(std::chrono::hours(1)).count();
constexpr std::int64_t kLifetimeDefault = milliseconds(std::chrono::days(30)).count();
constexpr std::int64_t kLifetimeMax = milliseconds(std::chrono::days(3650)).count();

// The delegate's clock may be behind ours.
constexpr std::chrono::minutes kHeadStart{5};

} // namespace

// What a request to delegate asks for, before the owner's key is there.
struct DelegationRoutes::Wish {
    identity::PeerName name;
    identity::StoredIdentity owner;
    identity::ContactCard to;
    milliseconds lifetime{};
    SharedSecret passphrase;
};

Outcome DelegationRoutes::card(const std::string& label) const {
    const auto stored = services_.vault.find(label);
    if (!stored) {
        return refuse(ErrorCode::not_found, fmt::format("there is no identity called {}", label));
    }
    const identity::IdentityCard& known = stored->card;
    return Answer{
        200,
        {{"name", known.label},
         {"peer_name", known.name.to_string()},
         {"safety_code", identity::safety_code(known.public_key)},
         {"document", identity::to_card_document({known.label, known.name, known.public_key})}}};
}

std::expected<DelegationRoutes::Wish, Error> DelegationRoutes::read_wish(RequestBody& body) const {
    const std::string name_text = body.text("peer_name");
    const std::string card_text = body.text("card");
    const std::int64_t lifetime =
        body.number_or("lifetime_ms", kLifetimeDefault, kLifetimeMin, kLifetimeMax);
    SharedSecret passphrase = body.optional_secret("passphrase");
    if (const auto read = body.finish(); !read) return std::unexpected(read.error());
    auto name = parse_peer_or_host_name(name_text);
    if (!name) return std::unexpected(name.error());
    auto card = identity::read_card_document(card_text);
    if (!card) return refuse(ErrorCode::bad_document, "this is no card, or a changed one");
    for (const identity::StoredIdentity& stored : services_.vault.list()) {
        if (!name->is_secure() || stored.card.name.authority() != name->authority()) continue;
        if (stored.card.public_key.algorithm() != card->public_key.algorithm()) {
            return refuse(ErrorCode::bad_request, "the card is of an identity of another profile");
        }
        return Wish{
            .name = std::move(*name),
            .owner = stored,
            .to = std::move(*card),
            .lifetime = milliseconds(lifetime),
            .passphrase = std::move(passphrase)};
    }
    return refuse(ErrorCode::not_found, fmt::format("no identity here owns {}", name->to_string()));
}

void DelegationRoutes::delegate(Call call) {
    auto read = read_wish(call.body);
    const auto refused = [&call](Error error) {
        call.reply(to_reply(std::unexpected(std::move(error))));
    };
    if (!read) return refused(read.error());
    const auto wish = std::make_shared<const Wish>(std::move(*read));
    const identity::IdentityCard& owner = wish->owner.card;
    if (owner.is_sealed && !wish->passphrase) {
        return refused(to_error(identity::DocumentErrc::password_needed));
    }
    auto content = services_.vault.document(owner.label);
    if (!content) return refused(to_error(content.error()));
    const auto text = std::make_shared<const Secret>(*content);
    wipe_text(*content);

    const WallTime now = services_.node.now().wall;
    const WallTime until = now + std::chrono::duration_cast<WallClock::duration>(wish->lifetime);
    using Made = std::expected<Bytes, identity::DocumentErrc>;
    const auto chain = std::make_shared<Made>();
    const bool runs = services_.run_blocking(
        [this, wish, text, chain, now, until] {
            std::optional<std::string_view> passphrase;
            if (wish->owner.card.is_sealed) passphrase = wish->passphrase->text();
            const auto opened = identity::read_document(text->text(), passphrase);
            if (!opened) {
                *chain = std::unexpected(opened.error());
                return;
            }
            *chain = identity::make_delegation(
                wish->name,
                *opened->key,
                wish->to.public_key,
                now - kHeadStart,
                until,
                services_.random);
        },
        [wish, chain, until, reply = call.reply] {
            if (!*chain) return reply(to_reply(std::unexpected(to_error(chain->error()))));
            reply(to_reply(Answer{
                kCreated,
                {{"peer_name", wish->name.to_string()},
                 {"to", wish->to.name.to_string()},
                 {"safety_code", identity::safety_code(wish->to.public_key)},
                 {"expires", to_rfc3339(until)},
                 {"document",
                  identity::to_delegation_document({wish->to.public_key.algorithm(), **chain})}}}));
        });
    if (!runs) {
        refused(keys_busy());
    }
}

} // namespace kith::api
