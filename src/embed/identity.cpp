#include "identity/identity.hpp"

#include "embed/error_text.hpp"
#include "host/clocks.hpp"
#include "host/entropy.hpp"

#include <kith/identity.hpp>
#include <utility>

namespace kith {

Identity::Identity(std::shared_ptr<const identity::Identity> inside) : inside_(std::move(inside)) {}

Result<Identity> Identity::create(std::string_view label) {
    auto checked = identity::parse_label(label);
    if (!checked) return std::unexpected(embed::to_error(checked.error()));
    host::EntropySource entropy;
    auto key = std::make_shared<const crypto::PrivateKey>(
        crypto::PrivateKey::generate(crypto::KeyAlgorithm::ed25519, entropy));
    auto name = identity::PeerName::secure(identity::authority_of(key->public_key()), "");
    if (!name) return std::unexpected(embed::to_error(name.error()));
    return Identity(std::make_shared<const identity::Identity>(identity::Identity{
        .label = std::move(*checked),
        .name = std::move(*name),
        .key = std::move(key),
        .created = host::read_clocks().wall}));
}

Result<Identity>
Identity::open(std::string_view document, std::optional<std::string_view> password) {
    auto read = identity::read_document(document, password);
    if (!read) return std::unexpected(embed::to_error(read.error()));
    return Identity(std::make_shared<const identity::Identity>(std::move(*read)));
}

Result<std::string> Identity::seal(std::string_view password) const {
    if (password.size() > crypto::kSealPasswordSizeMax) {
        return std::unexpected(Error{Errc::bad_argument, "the password is above 4096 bytes"});
    }
    host::EntropySource entropy;
    auto document =
        identity::to_sealed_document(*inside_, password, crypto::kSealCostDefault, entropy);
    if (!document) return std::unexpected(embed::to_error(document.error()));
    return std::move(*document);
}

const std::string& Identity::label() const {
    return inside_->label;
}

std::string Identity::authority() const {
    return inside_->name.to_string().substr(0, identity::kAuthorityDigits);
}

Result<std::string> Identity::name(std::string_view classifier) const {
    const auto name = identity::PeerName::secure(inside_->name.authority(), classifier);
    if (!name) return std::unexpected(embed::to_error(name.error()));
    return name->to_string();
}

} // namespace kith
